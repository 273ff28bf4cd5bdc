/**
 * Dead means dead: the server refuses the old access token, and the old refresh token buys nothing.
 *
 * A refresh token is tried only after its revocation was accepted: trying uses it up, and a server that takes it gives new
 * tokens, which are then revoked as well. An access token that the server checks by itself (a JWT) may be taken until it
 * expires, whatever was revoked: that is said with its time, and is a debt until then.
 */
import { isoSeconds, type Milliseconds, second } from '../../../base/time.ts';
import type { Standing } from '../../../oauth/oauth.ts';
import { accessStanding, claimsOf, refreshStanding } from '../../../oauth/standing.ts';
import type { Debt } from '../../rotation.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf, tokensOf } from '../held.ts';
import { pageOf } from './revoke.ts';

const within: Milliseconds = 30 * second;

/** Both tokens, as long as the server may take to hear of it. */
export async function tryDead(run: GrantRun): Promise<'yes' | 'no' | 'unknown'> {
  const until = run.ports.clock.elapsed() + within;
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

async function standing(run: GrantRun): Promise<Standing> {
  const { access, refresh, expiresAt } = tokensOf(run.old);
  const found: Standing[] = [];
  if (access) {
    const expires = claimsOf(access)?.expiresAt ?? expiresAt;
    const told = await accessStanding(run.wire, await run.discovery(), access);
    // Refused because it is past its time says nothing of the grant; where there is no other token it is all there is.
    found.push(
      expires !== undefined && expires < run.now && told.alive === 'no' ? { ...told, how: `${told.how}, expired` } : told,
    );
  }
  if (refresh) found.push(await refreshTried(run));
  const living = found.find(({ alive }) => alive === 'yes') ?? found.find(({ alive }) => alive === 'unknown');
  return living ?? { alive: found.length > 0 ? 'no' : 'unknown', how: found.map(({ how }) => how).join('; ') };
}

async function refreshTried(run: GrantRun): Promise<Standing> {
  const { refresh } = tokensOf(run.old);
  const registration = registrationOf(run.old);
  const told = run.known.outcomes.get('revoke old')?.detail.revocation;
  if (!refresh || !registration) return { alive: 'unknown', how: 'the refresh token cannot be tried without its client’s name' };
  const ended = run.known.outcomes.get('try old refresh token')?.detail.alive;
  if (ended === 'no') return { alive: 'no', how: 'the refresh token buys nothing' };
  if (told !== 'accepted' || run.known.pending.has('try old refresh token')) {
    return { alive: 'unknown', how: 'the server did not revoke, so its refresh token was not tried' };
  }
  return run.effect(
    'prove dead',
    'try old refresh token',
    {},
    async () => refreshStanding(run.wire, await run.oldServer(), registration, refresh),
    ({ alive, how }) => ({ alive, note: how }),
  );
}

/** What is owed, in words with a time where there is one. */
export async function notDead(run: GrantRun, answer: 'no' | 'unknown'): Promise<Debt> {
  const { access, expiresAt } = tokensOf(run.old);
  const expires = (access && claimsOf(access)?.expiresAt) ?? expiresAt;
  const name = `the old grant of ${run.plan.credential}`;
  const since = run.known.debts.find(({ kind }) => kind === 'not-dead')?.since ?? run.now;
  const told = run.known.outcomes.get('revoke old')?.detail.revocation;
  if (answer === 'no' && told === 'accepted' && expires !== undefined && expires > run.now) {
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
    const answer = await tryDead(run);
    return answer === 'yes' ? done : { state: 'debt', debt: await notDead(run, answer) };
  },
};
