/**
 * What landed is what was wanted: another pair than before, of the same account, reaching no further, for this server.
 *
 * Before: the client's store says something. After: it was read again and compared. Another account or more scope ends the new
 * grant and asks again; less scope is told.
 */
import { Problem } from '../../../base/problem.ts';
import { holdingLabel } from '../../../oauth/holdings.ts';
import { claimsOf } from '../../../oauth/standing.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { shareToken, tokensOf } from '../held.ts';
import { followed } from '../kept.ts';
import { lookedAt, ownerOf } from './preflight.ts';

/** Asked for so that there is a refresh token; says nothing of what may be done. */
const harmless = new Set(['offline_access', 'openid']);

async function run_(run: GrantRun): Promise<Outcome> {
  const holding = await followed(run);
  if (!holding) throw new Problem('rotation/drift', { what: `${run.planned.client} does not keep the new tokens` });
  const [next, old] = [await run.nextOrFail(), tokensOf(run.old)];
  const tokens = tokensOf(next);
  const isNew = !shareToken(tokens, old);
  await run.prove({
    kind: 'read-back',
    answer: isNew ? 'yes' : 'no',
    client: run.planned.client,
    server: run.planned.server,
    file: holdingLabel(holding),
    at: run.now,
  });
  if (!isNew) throw new Problem('rotation/new-does-not-work', { what: `${run.planned.client} still keeps an old token` });
  await sameOwner(run);
  const notes = [
    ...narrower(run),
    ...(old.refresh && !tokens.refresh ? ['no refresh token was issued: it ends with its access token'] : []),
  ];
  await audience(run);
  return notes.length === 0 ? done : { state: 'done', note: notes.join('; ') };

  function narrower(of: GrantRun): string[] {
    const before = of.known.outcomes.get(lookedAt)?.detail.rights ?? old.scopes;
    const now = tokens.scopes;
    if (!before || !now) return [];
    const wider = now.filter((scope) => !before.includes(scope) && !harmless.has(scope));
    if (wider.length > 0) {
      throw new Problem('rotation/wider-scope', {
        what: `the new sign-in may do more than the old one: ${wider.map((scope) => JSON.stringify(scope)).join(', ')}`,
      });
    }
    const lost = before.filter((scope) => !now.includes(scope) && !harmless.has(scope));
    return lost.length === 0 ? [] : [`may do less than before: ${lost.map((scope) => JSON.stringify(scope)).join(', ')} is gone`];
  }
}

async function sameOwner(run: GrantRun): Promise<void> {
  const before = run.known.outcomes.get(lookedAt)?.detail.account;
  const { account } = await ownerOf(run, await run.nextOrFail());
  if (before === undefined || account === undefined || account === before) return;
  throw new Problem('rotation/other-account', { what: 'another account signed in than the one that had signed in before' });
}

/** A token that names its audience must name this server. */
async function audience(run: GrantRun): Promise<void> {
  const { access } = tokensOf(await run.nextOrFail());
  const named = access && claimsOf(access)?.audience;
  if (!named || named.length === 0) return;
  const { resource } = await run.discovery();
  const origin = new URL(resource).origin;
  if (named.some((one) => one === resource || resource.startsWith(`${one.replace(/\/$/, '')}/`) || one === origin)) return;
  throw new Problem('rotation/new-does-not-work', { what: `the new token is for another server than ${origin}` });
}

export const confirm: Step<GrantRun> = {
  name: 'confirm',
  async settle(run) {
    return run.known.doneSinceIssued.has('confirm');
  },
  run: run_,
};
