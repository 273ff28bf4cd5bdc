/**
 * The new tokens stand where their client reads them. After a sign-in through the client they do already.
 *
 * Before: the entry is cleared. After: it holds the new pair with its registration, neighbours as they were.
 */
import { Problem } from '../../../base/problem.ts';
import { putEntry } from '../../../oauth/holdings.ts';
import { done, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf, tokensOf } from '../held.ts';
import { entryFor, followed, target } from '../kept.ts';

const tries = 5;

export const update: Step<GrantRun> = {
  name: 'update',
  async settle(run) {
    return (await followed(run)) !== undefined;
  },
  async run(run) {
    const next = await run.nextOrFail();
    const [tokens, registration] = [tokensOf(next), registrationOf(next)];
    const { access } = tokens;
    if (!access || !registration) throw new Error('a sign-in without token or registration');
    if (run.planned.signIn === 'client') {
      throw new Problem('rotation/drift', {
        what: `${run.planned.client} no longer keeps the tokens that it got`,
        next: `sign in there again, then mcp-rotate resume ${run.id}`,
      });
    }
    const { row, where, key } = target(run);
    const entry = await entryFor(run, registration, { ...tokens, access });
    for (let i = 0; i < tries; i++) {
      const outcome = await run.effect('update', `write ${run.store.id}`, { client: run.store.client }, () =>
        putEntry(run.ports, run.store, row, where, key, entry),
      );
      if (outcome === 'written') return done;
    }
    throw new Problem('file/changed', {
      what: `${run.planned.client} rewrites its tokens all the time`,
      state: 'the new tokens are sealed in the journal; its store holds none',
      next: `end ${run.planned.client}, then mcp-rotate resume ${run.id}`,
    });
  },
};
