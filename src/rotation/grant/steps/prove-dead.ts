/**
 * Dead means dead: the server refuses the old access token, and the old refresh token buys nothing.
 *
 * A refresh token is tried only after its revocation was accepted: trying uses it up, and a server that takes it gives new
 * tokens, which are then revoked as well. An access token that the server checks by itself (a JWT) may be taken until it
 * expires, whatever was revoked: that is said with its time, and is a debt until then.
 */
import { Problem } from '../../../base/problem.ts';
import type { Secret } from '../../../base/secret.ts';
import { isoSeconds, type Milliseconds, second } from '../../../base/time.ts';
import type { Standing } from '../../../oauth/oauth.ts';
import { accessStanding, claimsOf, introspect, refreshStanding } from '../../../oauth/standing.ts';
import type { Held } from '../../../providers/provider.ts';
import type { Registration } from '../../../stores/store.ts';
import type { Debt } from '../../rotation.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf, tokensOf } from '../held.ts';
import { unlessBug } from './preflight.ts';
import { pageOf } from './revoke.ts';

/** How long a server is given until all of its parts have heard of it; one that checks tokens offline never does. */
const within: Milliseconds = 30 * second;
const withinOffline: Milliseconds = 3 * second;

const lookAtRefresh = 'look at old refresh token';
const tryRefresh = 'try old refresh token';

/** Both tokens, for so long as told. */
export async function tryDead(run: GrantRun, length: Milliseconds): Promise<'yes' | 'no' | 'unknown'> {
  const until = run.ports.clock.elapsed() + length;
  for (let wait = 500; ; wait = Math.min(2 * wait, 4000)) {
    const { alive, how } = await standing(run);
    if (run.plan.because === 'leak') run.emit({ kind: 'clock', sinceMs: run.now - run.known.openedAt });
    if (alive === 'no' || run.ports.clock.elapsed() >= until) {
      const answer = alive === 'no' ? 'yes' : alive === 'yes' ? 'no' : 'unknown';
      await run.prove({ kind: 'dead', which: 'old', answer, how, at: run.now });
      return answer;
    }
    await run.pause('prove dead', wait);
  }
}

async function accessesTried(run: GrantRun): Promise<Standing[]> {
  const all: Standing[] = [];
  for (const { access } of run.olds.map(tokensOf)) if (access) all.push(await accessTried(run, access));
  return all;
}

export async function accessRefused(run: GrantRun): Promise<boolean> {
  return (await accessesTried(run)).every(({ alive }) => alive === 'no');
}

async function standing(run: GrantRun): Promise<Standing> {
  const byAccess = await accessesTried(run);
  const byRefresh = tokensOf(youngest(run)).refresh ? [await refreshTried(run)] : [];
  const found = [...byAccess, ...byRefresh];
  const how = found.map((one) => one.how).join('; ');
  if (found.some(({ alive }) => alive === 'yes')) return { alive: 'yes', how };
  if (found.length > 0 && found.every(({ alive }) => alive === 'no')) return { alive: 'no', how };
  // Refused before its time: the grant was ended, by a person where its server revokes nothing.
  const early = (expiryOf(run) ?? run.now) >= run.now;
  const refused = byAccess.length > 0 && byAccess.every(({ alive }) => alive === 'no');
  if (refused && !revocationAccepted(run) && early) return { alive: 'no', how };
  return { alive: 'unknown', how: how === '' ? 'there is no token to try' : how };
}

/** Of the pairs of the old grant: the one whose refresh token nobody has used up. */
const youngest = (run: GrantRun): Held => run.olds.at(-1) ?? run.old;

function revocationAccepted(run: GrantRun): boolean {
  return run.known.outcomes.get('revoke old')?.detail.revocation === 'accepted';
}

/** Of the old access token; undefined when nobody knows. */
function expiryOf(run: GrantRun): number | undefined {
  const { access, expiresAt } = tokensOf(youngest(run));
  return (access && claimsOf(access)?.expiresAt) ?? expiresAt;
}

async function accessTried(run: GrantRun, access: Secret): Promise<Standing> {
  const told = await accessStanding(run.wire, await run.discovery(), access);
  // Refused because it is past its time says nothing of the grant.
  const expired = (expiryOf(run) ?? Number.POSITIVE_INFINITY) < run.now;
  return told.alive === 'no' && expired ? { ...told, how: `${told.how}, expired` } : told;
}

async function refreshTried(run: GrantRun): Promise<Standing> {
  const held = youngest(run);
  const { refresh } = tokensOf(held);
  const registration = registrationOf(held);
  if (!refresh || !registration) return { alive: 'unknown', how: 'the refresh token cannot be tried without its client’s name' };
  // Once only: a second try of a token that was taken would count as its theft, and end what hangs on it.
  const before = run.known.outcomes.get(tryRefresh)?.detail;
  if (before?.alive === 'no') return { alive: 'no', how: 'the refresh token buys nothing' };
  if (before?.alive === 'yes') return { alive: 'yes', how: 'the server gave new tokens for the old refresh token' };
  if (!revocationAccepted(run)) {
    return { alive: 'unknown', how: 'the server did not revoke, so its refresh token was not tried' };
  }
  // Where it hung on our own registration, which a lost sign-in made us delete, nobody can use it any more (RFC 7592 section 2.3).
  const ended = run.known.outcomes.get(`delete registration ${registration.clientId}`)?.detail.note;
  if (ended === 'deleted' || ended === 'gone') {
    return { alive: 'no', how: 'the registration of the refresh token was deleted' };
  }
  if (run.known.pending.has(tryRefresh)) {
    // What the server said of it before it was tried still holds: it was not the try that ended it.
    const told = run.known.outcomes.get(lookAtRefresh)?.detail.alive;
    if (told === 'no') return { alive: 'no', how: 'introspection: the refresh token was ended before it was tried' };
    return { alive: 'unknown', how: 'the answer to the try of the refresh token was lost, and it is not tried twice' };
  }
  if (!run.known.outcomes.has(lookAtRefresh)) await look(run, registration, refresh);
  try {
    return await run.effect(
      'prove dead',
      tryRefresh,
      {},
      async () => {
        const told = await refreshStanding(run.wire, await run.oldServer(), registration, refresh);
        if (told.lost) throw new Problem('provider/timeout', { what: told.how, effect: 'unknown' });
        return told;
      },
      ({ alive, how }) => ({ alive, note: how }),
    );
  } catch (error) {
    if (error instanceof Problem && error.effect === 'unknown') return { alive: 'unknown', how: error.what };
    throw error;
  }
}

/** Asks without using it up (RFC 7662), so that a try whose answer is lost leaves something known. */
async function look(run: GrantRun, registration: Registration, refresh: Secret): Promise<void> {
  await run.effect(
    'prove dead',
    lookAtRefresh,
    {},
    async () => introspect(run.wire, await run.oldServer(), registration, refresh).catch(unlessBug),
    (told) => ({ alive: told?.active === undefined ? 'unknown' : told.active ? 'yes' : 'no' }),
  );
}

/** What is owed, in words with a time where there is one. */
export async function notDead(run: GrantRun, answer: 'no' | 'unknown'): Promise<Debt> {
  const expires = expiryOf(run);
  const name = `the old grant of ${run.plan.credential}`;
  const since = run.known.debts.find(({ kind }) => kind === 'not-dead')?.since ?? run.now;
  const refreshed = run.known.outcomes.get(tryRefresh)?.detail.alive === 'yes';
  if (answer === 'no' && revocationAccepted(run) && !refreshed && expires !== undefined && expires > run.now) {
    const text = `${name} is revoked, but its access token is taken without asking: valid until ${isoSeconds(expires)}`;
    return { kind: 'not-dead', text, since };
  }
  const { url } = pageOf(run.planned.issuer, (await run.oldServer()).metadata);
  const how = answer === 'no' ? 'its server still takes it' : 'could not tell';
  return { kind: 'not-dead', text: `${name} is not proven dead: ${how}; end it at ${url}`, since };
}

export const proveDead: Step<GrantRun> = {
  name: 'prove dead',
  async settle(run) {
    const ended = run.known.steps.get('prove dead');
    return ended?.state === 'done';
  },
  async run(run): Promise<Outcome> {
    const { access } = tokensOf(run.old);
    const answer = await tryDead(run, access && claimsOf(access) ? withinOffline : within);
    return answer === 'yes' ? done : { state: 'debt', debt: await notDead(run, answer) };
  },
};
