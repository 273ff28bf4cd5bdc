/**
 * Wait some minutes with both credentials alive, and watch for somebody who still uses the old one.
 *
 * Before: everything that we know of uses the new one. After: the time is over by the journal's clock (a restart of the
 * tool does not start it anew, a clock that was set back does), and where the provider tells of a last use, there was
 * none; or a person said to go on (failure mode 32).
 */
import { isoSeconds, type Milliseconds, second } from '../../base/time.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';

const lookEvery: Milliseconds = 15 * second;

function left(run: Run): Milliseconds {
  const startedAt = run.known.steps.get('soak')?.startedAt;
  if (startedAt === undefined || startedAt > run.now) return run.plan.options.soakMs;
  return Math.max(0, startedAt + run.plan.options.soakMs - run.now);
}

export const soak: Step = {
  name: 'soak',
  async settle(run) {
    return run.known.steps.get('soak')?.state === 'done';
  },
  async run(run): Promise<Outcome> {
    if (run.plan.options.soakMs === 0) return { state: 'skipped', note: 'no soak was asked for' };
    for (let rest = left(run); rest > 0; rest = left(run)) {
      run.note('soak', `until ${isoSeconds(run.now + rest)}`);
      await run.pause('soak', Math.min(rest, lookEvery));
    }
    const standing = await run.provider.check(run.ports, run.old);
    const verified = run.known.steps.get('verify')?.endedAt ?? run.known.openedAt;
    // Our own look at the old key is a use too; a provider that counts it has seen it just now, not before.
    const usedSince =
      standing.lastUsedAt !== undefined && standing.lastUsedAt > verified && standing.lastUsedAt < run.now - second;
    if (!usedSince) return done;
    // Consent that `verify` was given is not consent to this.
    if (run.takeAnswer('accept-unproven', 'accept')) {
      return { state: 'done', note: 'the old key was used meanwhile; a person said to go on' };
    }
    return {
      state: 'needs',
      need: {
        kind: 'accept-unproven',
        what: ['the old key was used after every client had the new one: somebody else holds it'],
      },
    };
  },
};
