/**
 * The old grant is revoked where it was issued: the refresh token first, since it is the grant, then the access token.
 *
 * Before: the grant lives. After: its server was told (RFC 7009), or cannot be told and a person was. What it answers proves
 * nothing (200 stands for unknown tokens too): `prove dead` judges.
 */
import type { Revocation } from '../../../oauth/oauth.ts';
import { revoke as revokeToken } from '../../../oauth/revoke.ts';
import type { Held, Page } from '../../../providers/provider.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf, tokensOf } from '../held.ts';

/** More would be a client that does nothing else than refresh; `prove dead` tries the last. */
const mostPairs = 16;

/** Both tokens; the answer is that to the refresh token, where there is one. */
export async function tellServer(run: GrantRun, held: Held): Promise<Revocation> {
  const registration = registrationOf(held);
  if (!registration) return 'client-refused';
  const server = run.olds.includes(held) ? await run.oldServer() : await run.discovery();
  const { refresh, access } = tokensOf(held);
  const answers: Revocation[] = [];
  if (refresh) answers.push(await revokeToken(run.wire, server, registration, refresh, 'refresh'));
  if (access) answers.push(await revokeToken(run.wire, server, registration, access, 'access'));
  return answers[0] ?? 'not-supported';
}

/** Where a person ends it: no standard names the page, so the server's own documentation is the best address there is. */
export function pageOf(issuer: string, metadata: Readonly<Record<string, unknown>>): Page {
  const known = [metadata['service_documentation'], metadata['op_policy_uri'], issuer].find(
    (each): each is string => typeof each === 'string' && /^https:\/\/[\x21-\x7e]{1,500}$/.test(each) && URL.canParse(each),
  );
  return {
    url: known ?? issuer,
    steps: ['sign in there', 'open the page of connected applications (or authorized apps)', 'end the access of this client'],
  };
}

export const revoke: Step<GrantRun> = {
  name: 'revoke',
  async settle(run) {
    return run.known.steps.get('revoke')?.state === 'done';
  },
  async run(run): Promise<Outcome> {
    const told = run.known.outcomes.get('revoke old')?.detail.revocation ?? (await tell(run));
    if (told === 'accepted') return done;
    const why = told === 'client-refused' ? 'the server does not take the client’s name for it' : 'the server cannot revoke';
    if (run.takeAnswer('revoke-by-hand', 'done')) return { state: 'done', note: `${why}; a person ended it on its page` };
    const page = pageOf(run.planned.issuer, (await run.oldServer()).metadata);
    return { state: 'needs', need: { kind: 'revoke-by-hand', page, since: run.known.openedAt } };
  },
};

const tell = (run: GrantRun): Promise<Revocation> =>
  run.effect(
    'revoke',
    'revoke old',
    {},
    async () => {
      // A client that refreshed meanwhile holds a younger pair: where the server ends tokens one by one, that has to be named.
      while (run.olds.length < mostPairs && (await run.takeYounger()));
      const answers: Revocation[] = [];
      for (const held of run.olds.toReversed()) answers.push(await run.patiently('revoke', () => tellServer(run, held)));
      return answers[0] ?? 'not-supported';
    },
    (revocation) => ({ revocation }),
  );

/** The client refreshed while the server was told: so is the younger pair. Answers whether there was one. */
export async function tellOfYounger(run: GrantRun): Promise<boolean> {
  const held = await run.takeYounger();
  if (!held) return false;
  await run.effect('clear', 'revoke younger', {}, () => run.patiently('clear', () => tellServer(run, held)));
  return true;
}
