/**
 * The new tokens stand where their client reads them. After a sign-in through the client they do already.
 *
 * Before: the entry is cleared. After: it holds the new pair with its registration, neighbours as they were.
 */
import { Problem } from '../../../base/problem.ts';
import { putEntry } from '../../../oauth/holdings.ts';
import type { Holding } from '../../../oauth/oauth.ts';
import type { Row, Where } from '../../../stores/store.ts';
import { done, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf, shareToken, tokensOf } from '../held.ts';

const tries = 5;

/** The spot where the client kept the old ones: it reads there. */
export function target({ store, subject }: GrantRun): {
  readonly row: Row;
  readonly where: readonly Where[];
  readonly key: string;
} {
  const row = store.rows[Number(subject.row)];
  if (!row) throw new Error(`${store.id} has no such row any more`);
  return { row, where: JSON.parse(subject.where) as Where[], key: subject.key };
}

/** The current entry, when it keeps the new tokens. */
export async function placed(run: GrantRun): Promise<Holding | undefined> {
  const next = await run.nextOrFail();
  return (await run.holdings()).find(
    ({ store, stale, entry }) =>
      store.id === run.store.id && stale === undefined && entry.tokens !== undefined && shareToken(entry.tokens, tokensOf(next)),
  );
}

export const update: Step<GrantRun> = {
  name: 'update',
  async settle(run) {
    return (await placed(run)) !== undefined;
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
    const { url, server } = run.planned;
    const discovery = await run.discovery();
    const tokenEndpoint = discovery.metadata['token_endpoint'];
    const entry = {
      server,
      url,
      issuer: discovery.issuer,
      registration,
      tokens: { ...tokens, access },
      tokenEndpoint: typeof tokenEndpoint === 'string' ? tokenEndpoint : '',
      resource: discovery.resource,
      writtenAt: run.now,
    };
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
