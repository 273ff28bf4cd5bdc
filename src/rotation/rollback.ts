/**
 * Taking a rotation back, up to the point of no return: old value into every place, programs onto it again, the old
 * credential seen to work, and only then the new one revoked. At every instant what each place holds works. When the old
 * one turns out to be dead, taking back would lock everybody out: then the rotation goes on instead.
 *
 * Each part is safe to repeat: a cut during rolling back is resumed by rolling back again.
 */
import { type Code, Problem } from '../base/problem.ts';
import { untilWorks } from '../verification/standing.ts';
import type { Journaled } from './journaled.ts';
import { leftoverCounts } from './receipt.ts';
import type { Progress } from './rotation.ts';
import type { Run } from './run.ts';
import type { Outcome } from './step.ts';
import { issue, lookForLateKeys } from './steps/issue.ts';
import { close } from './steps/receipt.ts';
import { clearHolders } from './steps/restart.ts';
import { update } from './steps/update.ts';

export async function rollBack(run: Run, because?: { readonly code: Code; readonly why: string }): Promise<Progress> {
  if (!run.known.rollingBack) {
    await run.record({
      kind: 'decision',
      what: 'roll-back',
      code: because?.code ?? 'rotation/unfinished',
      why: because?.why ?? 'asked for',
    });
  }
  const restored = await takeBack(run);
  if (restored.state === 'needs') return run.wait(run.known.firstWriteAt === undefined ? 'issue' : 'update', restored.need);
  if (restored.state === 'debt') await run.owe(restored.debt);
  await lookForLateKeys(run);
  await close(run, run.known.debts.length > 0 ? 'debt' : 'rolled-back');
  return ended(run);
}

async function takeBack(run: Run): Promise<Outcome> {
  const touched = run.known.firstWriteAt !== undefined;
  if (touched) {
    // Somebody else may have revoked it meanwhile: then what the places hold is better than what they held.
    await oldWorks(run, 'every place is as it was left; nothing was taken back');
    const restored = (await update.undo?.(run)) ?? { state: 'done' };
    if (restored.state === 'needs') return restored;
    await run.step('update', 'undone');
    await oldWorks(run, restoredState);
    const next = await run.next();
    const changedOver: Outcome = next ? await clearHolders(run, 'restart', next) : { state: 'done' };
    if (changedOver.state === 'needs') return changedOver;
  }
  // Where nothing was touched the new one is in no place: ending it locks nobody out, whatever became of the old one.
  const revoked: Outcome = (await issue.undo?.(run)) ?? { state: 'done' };
  if (revoked.state === 'done' && run.known.steps.has('issue')) await run.step('issue', 'undone');
  return revoked;
}

const restoredState = 'every place that we can edit holds the old key; the new one was not revoked';

/** The new one is not revoked unless the old one is seen to work; neither yes nor no is not yes. */
async function oldWorks(run: Run, state: string): Promise<void> {
  const standing = await run.provider.check(run.ports, run.old);
  await run.prove({ kind: 'works', which: 'old', answer: standing.alive, how: standing.how, at: run.now });
  if (standing.alive === 'yes') return;
  // Refused both: neither way helps, so what was begun is taken back, and the person hears why.
  if (standing.alive === 'no' && (await goOn(run)) === 'both dead')
    return run.note('update', 'the old and the new key are both refused');
  throw new Problem(standing.alive === 'no' ? 'rotation/unsafe-revoke' : 'rotation/not-proven', {
    what: `the old key was not seen to work while rolling back (${standing.how})`,
    state,
    next: `mcp-rotate resume ${run.id}`,
  });
}

/** Somebody revoked the old credential meanwhile (failure mode 35): with a new one that works the way out is forwards. */
async function goOn(run: Run): Promise<'forwards' | 'both dead' | 'unknown'> {
  const next = await run.next();
  if (!next) return 'unknown';
  const { answer } = await untilWorks(run.ports, run.provider, next, run.waiting(run.provider.pace.worksWithinMs));
  run.stopIfAsked('update');
  if (answer !== 'yes') return answer === 'no' ? 'both dead' : 'unknown';
  await run.record({
    kind: 'decision',
    what: 'go-on',
    code: 'rotation/unsafe-revoke',
    why: 'the old credential is refused and the new one works',
  });
  return 'forwards';
}

/** What `advance` answers for a rotation that has ended. */
export function ended(run: Journaled): Progress {
  const { closed, rollingBack, debts } = run.known;
  const found = leftoverCounts(run.known);
  const leftovers = found ? { leftovers: found } : {};
  if (closed?.state === 'debt') return { ...run.of, state: 'debt', debts, ...leftovers };
  if (closed?.state === 'rolled-back') {
    const { code, why } = rollingBack ?? { code: 'rotation/unfinished', why: 'asked for' };
    return { ...run.of, state: 'rolled-back', code, why };
  }
  const byWord = run.known.plan.lone?.attended ? { byWord: true as const } : {};
  return { ...run.of, state: 'complete', ...byWord, ...leftovers };
}
