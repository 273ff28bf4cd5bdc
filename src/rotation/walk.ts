/**
 * The walk over a playbook, and what is done when a step fails.
 *
 * Three answers to a problem: take everything back (before the point of no return, when something is wrong), stop and
 * keep (when the world could not tell, or a person is in the way), or go on (a revocation that failed is judged by
 * `prove dead`, which leaves a debt). Past the point of no return nothing is taken back; an issued key that does not work
 * is given up for another, a few times.
 */
import { type Code, Problem } from '../base/problem.ts';
import { payDebts } from './debts.ts';
import type { Playbook } from './playbooks.ts';
import { ended, rollBack } from './rollback.ts';
import type { Progress, StepName } from './rotation.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';
import { issue } from './steps/issue.ts';

/** Not decided by us: the process may not go on at all. */
const notOurs = new Set<Code>(['rotation/interrupted', 'rotation/locked', 'state/unusable', 'state/damaged', 'store/locked']);

/** Nobody said no: trying again may do. The old credential stays alive meanwhile. */
const undecided = new Set<Code>([
  'rotation/not-proven',
  'rotation/still-running',
  'rotation/unsafe-revoke',
  'rotation/drift',
  'provider/rate-limited',
  'provider/unavailable',
  'provider/timeout',
  'provider/unreachable',
  'provider/garbled',
  'file/locked',
  'file/changed',
]);

/** The new key is of no use as it is: another one may be. */
const unusable = new Set<Code>(['rotation/new-does-not-work', 'rotation/other-account', 'rotation/wider-scope']);

/** Given up in one call; the next `resume` may try as often. */
const mostCandidates = 3;

export async function walk(run: Run, playbook: Playbook): Promise<Progress> {
  for (const step of playbook.steps) {
    const stopped = await take(run, playbook, step);
    if (stopped) return stopped;
  }
  return ended(run);
}

async function take(run: Run, playbook: Playbook, step: Step): Promise<Progress | undefined> {
  const { name } = step;
  run.stopIfAsked(name);
  try {
    if (await step.settle(run)) {
      const state = run.known.steps.get(name)?.state;
      if (name !== 'receipt' && state !== 'done' && state !== 'skipped' && state !== undefined) await run.step(name, 'done');
      return undefined;
    }
    if (name === 'receipt' && run.known.debts.length > 0) await payDebts(run);
    if (run.known.steps.get(name)?.state !== 'started') await run.step(name, 'started');
    else run.emit({ kind: 'step', step: name, state: 'started', at: run.now });
    const outcome = await step.run(run);
    if (outcome.state === 'needs') return run.wait(name, outcome.need);
    if (outcome.state === 'debt') {
      await run.owe(outcome.debt);
      await run.step(name, 'done', outcome.debt.text);
    } else if (name !== 'receipt') {
      await run.step(name, outcome.state, outcome.note);
    }
    return undefined;
  } catch (error) {
    run.stopIfAsked(name);
    if (!(error instanceof Problem) || notOurs.has(error.code)) throw error;
    return failed(run, playbook, name, error);
  }
}

async function failed(run: Run, playbook: Playbook, step: StepName, problem: Problem): Promise<Progress | undefined> {
  await run.step(step, 'failed', problem.what);
  if (step === 'revoke' && problem.code.startsWith('provider/')) return undefined;
  if (canTakeBack(run, playbook, step)) {
    if (step === 'preflight' || !undecided.has(problem.code)) return rollBack(run, { code: problem.code, why: problem.what });
  } else if (unusable.has(problem.code) && (await giveUp(run, step))) {
    return walk(run, playbook);
  }
  return {
    state: 'stopped',
    rotation: run.id,
    step,
    code: problem.code,
    why: problem.what,
    holds: problem.state ?? holds(run, playbook, step),
  };
}

function canTakeBack(run: Run, playbook: Playbook, step: StepName): boolean {
  const names = playbook.steps.map((one) => one.name);
  // A leaked credential is never put back.
  if (run.plan.because === 'leak' || run.known.pastReturn) return false;
  return names.indexOf(step) <= names.indexOf(playbook.pointOfNoReturn);
}

/** A new key that is of no use, where there is no way back: end it and ask for another. */
async function giveUp(run: Run, step: StepName): Promise<boolean> {
  const { method } = run;
  if (step !== 'check' || method.overlap === 'replaces' || run.givenUp + 1 >= mostCandidates) return false;
  run.givenUp++;
  const outcome = await issue.undo?.(run);
  if (outcome?.state === 'debt') await run.owe(outcome.debt);
  await run.record({ kind: 'decision', what: 'new-candidate', why: 'the new key could not be used' });
  return true;
}

function holds(run: Run, playbook: Playbook, step: StepName): string {
  if (canTakeBack(run, playbook, step)) {
    return run.known.firstWriteAt === undefined
      ? 'every place holds the old key, which was not revoked'
      : 'old and new key both stand; each place holds one of them';
  }
  if (!run.known.pastReturn) return 'the old key is not revoked: it still works';
  return run.known.lastWriteAt === undefined
    ? 'the places still hold the old key, which is revoked'
    : 'the places hold the new key';
}
