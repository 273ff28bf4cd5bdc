/**
 * A rotation with one cut, in every playbook with every kind of provider: which cuts there are, and one made.
 *
 * Which cuts there are is counted in a run without one; which were made is told by the power that was cut. The same
 * world from the same seed has the same effects up to the cut, so the two lists must be equal.
 */
import { expect } from 'vitest';
import type { Because, StepName } from '../../src/rotation/rotation.ts';
import { drive } from './drive.ts';
import type { Moment } from './power.ts';
import type { Kind } from './toy-providers.ts';
import { World } from './world.ts';

export const playbooks: readonly Because[] = ['routine', 'departure', 'leak'];

export interface CutRun {
  readonly kind: Kind;
  readonly because: Because;
  readonly takeBackAt?: StepName | 'cut';
  readonly lone?: 'known' | 'attended';
}

export interface CutWorld {
  readonly world: World;
  readonly state: 'complete' | 'rolled-back';
  readonly takenBackFrom: number | undefined;
}

const told = (moment: Moment, names: readonly string[]): string => `${moment.when} ${moment.number} ${names[moment.number]}`;

/** Runs to the end with this cut, or with none; the promises are asserted on the way and at the end. */
export async function cutAt(run: CutRun, moment: Moment | undefined): Promise<CutWorld> {
  const { kind, because, takeBackAt, lone } = run;
  const world = new World({ kind, because, seed: 7, ...(lone ? { lone } : {}) });
  try {
    world.power.cutAt(moment);
    const { progress, cuts, takenBackFrom } = await drive(world, { takeBackAt });
    const { state } = progress;
    if (state !== 'complete' && state !== 'rolled-back') throw new Error(state);
    if (cuts !== (moment ? 1 : 0)) throw new Error(`${cuts} cuts were made`);
    world.assertEnd(state);
    return { world, state, takenBackFrom };
  } catch (error) {
    throw new Error(`${kind}, ${because}${lone ? `, ${lone} lone key` : ''}, cut ${moment && told(moment, world.power.names)}`, {
      cause: error,
    });
  }
}

/** One cut at each of these moments: the cuts that the power tells of are exactly these, each at its effect. */
export async function cutAtEach(run: CutRun, names: readonly string[], moments: readonly Moment[]): Promise<void> {
  const made: string[] = [];
  for (const moment of moments) {
    const { power } = (await cutAt(run, moment)).world;
    for (const cut of power.cuts) made.push(`${cut.when} ${cut.number} ${cut.name}`);
  }
  expect(made).toEqual(moments.map((moment) => told(moment, names)));
}

/** One cut before and one after each effect from this number on, and one in the middle of each write. */
export function everyMoment(names: readonly string[], from = 1): Moment[] {
  return names.flatMap((name, number): Moment[] => {
    if (name === undefined || number < from) return [];
    const around: Moment[] = [
      { number, when: 'before' },
      { number, when: 'after' },
    ];
    return name.startsWith('disk.temporary') ? [...around, { number, when: 'torn' }] : around;
  });
}
