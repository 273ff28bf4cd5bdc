/**
 * The walk over a playbook, and what is done when a step fails.
 *
 * Three answers to a problem: take everything back (before the point of no return, when something is wrong), stop and
 * keep (when the world could not tell, or a person is in the way), or go on (a revocation that failed is judged by
 * `prove dead`, which leaves a debt). Past the point of no return nothing is taken back; a new credential that does not work
 * is given up for another, a few times.
 */
import { type Code, Problem } from '../base/problem.ts';
import type { Journaled } from './journaled.ts';
import type { Playbook } from './playbooks.ts';
import { ended } from './rollback.ts';
import type { Need, Progress, StepName } from './rotation.ts';
import type { Step } from './step.ts';

/** What is particular to a sort of credential: of keys, of grants. */
export interface Trade<Of extends Journaled> {
  rollBack(run: Of, because?: { readonly code: Code; readonly why: string }): Promise<Progress>;
  /** Tries each debt once. Answers what a person must do for one of them, if so. */
  payDebts(run: Of): Promise<Need | undefined>;
  /** A new credential that is of no use, where there is no way back: ends it. Answers whether another is asked for. */
  giveUp(run: Of, step: StepName): Promise<boolean>;
  /** Before it is closed without debts: what else may have been left behind. May add debts. */
  lastLook(run: Of): Promise<void>;
  /** What the places hold, for a rotation that stops. */
  holds(run: Of, canTakeBack: boolean): string;
}

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

/** The new credential is of no use as it is: another one may be. */
const unusable = new Set<Code>(['rotation/new-does-not-work', 'rotation/other-account', 'rotation/wider-scope']);

export async function walk<Of extends Journaled>(run: Of, playbook: Playbook<Of>, trade: Trade<Of>): Promise<Progress> {
  for (const step of playbook.steps) {
    const stopped = await take(run, playbook, trade, step);
    if (stopped) return stopped;
  }
  return ended(run);
}

async function take<Of extends Journaled>(
  run: Of,
  playbook: Playbook<Of>,
  trade: Trade<Of>,
  step: Step<Of>,
): Promise<Progress | undefined> {
  const { name } = step;
  run.stopIfAsked(name);
  try {
    if (await step.settle(run)) {
      const state = run.known.steps.get(name)?.state;
      if (name !== 'receipt' && state !== 'done' && state !== 'skipped' && state !== undefined) await run.step(name, 'done');
      return undefined;
    }
    if (name === 'receipt' && run.known.debts.length > 0) await trade.payDebts(run);
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
    return failed(run, playbook, trade, name, error);
  }
}

async function failed<Of extends Journaled>(
  run: Of,
  playbook: Playbook<Of>,
  trade: Trade<Of>,
  step: StepName,
  problem: Problem,
): Promise<Progress | undefined> {
  await run.step(step, 'failed', problem.what);
  if (step === 'revoke' && problem.code.startsWith('provider/')) return undefined;
  if (canTakeBack(run, playbook, step)) {
    if (step === 'preflight' || !undecided.has(problem.code))
      return trade.rollBack(run, { code: problem.code, why: problem.what });
  } else if (unusable.has(problem.code) && (await trade.giveUp(run, step))) {
    return walk(run, playbook, trade);
  }
  return {
    ...run.of,
    state: 'stopped',
    step,
    code: problem.code,
    why: problem.what,
    holds: problem.state ?? trade.holds(run, canTakeBack(run, playbook, step)),
  };
}

function canTakeBack<Of extends Journaled>(run: Of, playbook: Playbook<Of>, step: StepName): boolean {
  const names = playbook.steps.map((one) => one.name);
  // A leaked credential is never put back.
  if (run.plan.because === 'leak' || run.known.pastReturn) return false;
  return names.indexOf(step) <= names.indexOf(playbook.pointOfNoReturn);
}
