/**
 * What a step is. A playbook is a table of steps; starting and recovering are the same walk over it.
 *
 * `settle` asks the world (not memory) whether the step's effect is already true. `run` brings it about. `undo`, where
 * there is one, takes it back, and is as safe to repeat as `run`; steps from the point of no return on have none.
 */
import type { Journaled } from './journaled.ts';
import type { Debt, Need, StepName } from './rotation.ts';
import type { Run } from './run.ts';

export type Outcome =
  | { readonly state: 'done'; readonly note?: string }
  /** Nothing to do for this credential. */
  | { readonly state: 'skipped'; readonly note: string }
  /** A person must act; the step is run again with the answer. */
  | { readonly state: 'needs'; readonly need: Need }
  /** The rotation goes on, and something is left to be done. */
  | { readonly state: 'debt'; readonly debt: Debt };

/** Of keys, or (`Journaled`) of anything that is rotated. */
export interface Step<Of extends Journaled = Run> {
  readonly name: StepName;
  settle(run: Of): Promise<boolean>;
  run(run: Of): Promise<Outcome>;
  undo?(run: Of): Promise<Outcome>;
}

export const done: Outcome = { state: 'done' };
