/**
 * Dead means dead: the provider refuses the old credential.
 *
 * Before: revoked, or said to be. After: a refusal seen, or a debt with the time since when. "Accepted" (200, 202) is no
 * proof (failure mode 28). A revocation that had no effect is asked for once more before it becomes debt.
 */
import { Problem } from '../../base/problem.ts';
import { duration } from '../../base/time.ts';
import { untilDead } from '../../verification/standing.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { revokeOld } from './revoke.ts';

/** Looks until refused, or as long as the provider may take. */
export async function tryDead(run: Run): Promise<'yes' | 'no' | 'unknown'> {
  const witness = await run.next();
  const { answer, standing, at } = await untilDead(run.ports, run.provider, run.old, {
    ...run.waiting(run.provider.pace.deadWithinMs),
    ...(witness ? { witness } : {}),
    onTry: () => {
      if (run.plan.because === 'leak') run.emit({ kind: 'clock', sinceMs: run.now - run.known.openedAt });
    },
  });
  run.stopIfAsked('prove dead');
  await run.prove({ kind: 'dead', which: 'old', answer, how: standing.how, at });
  return answer;
}

async function runProveDead(run: Run): Promise<Outcome> {
  let dead = await tryDead(run);
  if (dead === 'no' && run.method.overlap !== 'replaces' && run.method.revocation.by === 'api') {
    run.note('prove dead', 'the provider still takes the old key; revoking once more');
    const outcome = await revokeOld(run, await run.next());
    if (outcome.state === 'needs') return outcome;
    dead = await tryDead(run);
  }
  if (dead !== 'yes') {
    const untold = run.plan.lone?.attended ? 'only a person can see it' : 'could not tell';
    const how = dead === 'no' ? 'the provider still takes it' : untold;
    return {
      state: 'debt',
      debt: { kind: 'not-dead', text: `the old key of ${run.plan.credential} is not proven dead: ${how}`, since: run.now },
    };
  }
  await surviving(run);
  if (run.plan.because !== 'leak') return done;
  return { state: 'done', note: `dead after ${duration(run.now - run.known.openedAt)}` };
}

/** A refusal of the old one proves nothing if the new one is refused as well: the account may be locked. */
async function surviving(run: Run): Promise<void> {
  const next = await run.next();
  if (!next) return;
  const standing = await run.provider.check(run.ports, next);
  await run.prove({ kind: 'works', which: 'new', answer: standing.alive, how: standing.how, at: run.now });
  if (standing.alive !== 'no') return;
  throw new Problem('rotation/new-does-not-work', {
    what: `after the old key died the new one is refused too: ${standing.how}`,
    state: 'every place holds the new key, which does not work now',
    next: `look at the account at ${run.provider.name}, then mcp-rotate resume ${run.id}`,
  });
}

export const proveDead: Step = {
  name: 'prove dead',
  async settle(run) {
    return run.known.proofs.some((proof) => proof.kind === 'dead' && proof.answer === 'yes');
  },
  run: runProveDead,
};
