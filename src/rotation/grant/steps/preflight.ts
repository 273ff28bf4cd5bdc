/**
 * What can be found out before anything is touched: the server as it is today, whether the old grant works, whether a new one
 * can be had. What is missing for that stops the rotation here, where nothing is lost.
 */
import { Problem } from '../../../base/problem.ts';
import type { Standing } from '../../../oauth/oauth.ts';
import { isKnown, registrationKinds } from '../../../oauth/registration.ts';
import { accessStanding, claimsOf, introspect } from '../../../oauth/standing.ts';
import type { Held } from '../../../providers/provider.ts';
import { done, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { issuerOf, registrationOf, tokensOf } from '../held.ts';

export const lookedAt = 'look at old';

/** Who a grant belongs to and what it may do, as far as its server or its token tells. */
export async function ownerOf(
  run: GrantRun,
  held: Held,
): Promise<{ readonly account?: string | undefined; readonly scopes?: readonly string[] | undefined }> {
  const [registration, { access }] = [registrationOf(held), tokensOf(held)];
  if (!access) return {};
  const server = run.olds.includes(held) ? await run.oldServer() : await run.discovery();
  const told = registration ? await introspect(run.wire, server, registration, access).catch(unlessBug) : undefined;
  const claims = claimsOf(access);
  return { account: told?.account ?? claims?.account, scopes: told?.scopes ?? claims?.scopes };
}

/** Not to be told is an answer of its own. */
export function unlessBug(error: unknown): undefined {
  if (error instanceof Problem) return undefined;
  throw error;
}

async function oldStanding(run: GrantRun): Promise<Standing> {
  const { access } = tokensOf(run.old);
  if (!access) return { alive: 'unknown', how: 'there is no access token' };
  return accessStanding(run.wire, await run.discovery(), access);
}

export const preflight: Step<GrantRun> = {
  name: 'preflight',
  async settle(run) {
    return run.known.outcomes.has(lookedAt);
  },
  async run(run) {
    const discovery = await run.discovery();
    const issuer = issuerOf(run.subject, discovery);
    const moved = issuer !== discovery.issuer;
    if (run.planned.signIn === 'tool') await assertSignInIsPossible(run, moved);
    await run.effect(
      'preflight',
      lookedAt,
      {},
      async () => {
        const standing = await oldStanding(run);
        return { standing, ...(await ownerOf(run, run.old)) };
      },
      ({ standing, account, scopes }) => ({
        alive: standing.alive,
        issuer: discovery.issuer,
        note: standing.how,
        ...(account === undefined ? {} : { account }),
        ...(scopes === undefined ? {} : { rights: scopes }),
      }),
    );
    return moved
      ? { state: 'done', note: `the server now signs in at ${discovery.issuer}; the old grant is revoked at ${issuer}` }
      : done;
  },
};

async function assertSignInIsPossible(run: GrantRun, moved: boolean): Promise<void> {
  const discovery = await run.discovery();
  if (registrationKinds(discovery).includes('dynamic registration')) return;
  const kept = moved || run.planned.newRegistration ? undefined : registrationOf(run.old);
  if (kept && (await isKnown(run.wire, discovery, kept)) !== 'no') return;
  throw new Problem('oauth/no-registration', {
    what: `${discovery.issuer} lets no client register itself, and the one that ${run.planned.client} uses cannot be used again`,
    state: 'nothing was changed',
    next: `mcp-rotate rotate ${run.plan.credential} --sign-in client`,
  });
}
