/**
 * Goal: the simulation sees what it is there to see: a plausible bug in the product is caught, and by the promise that it
 * breaks.
 * Method: each bug is planted and the world run with the power cut before and after every effect in turn, with a second process
 * beside it, until a promise is broken; and the same world without the bug breaks none.
 */
import { afterEach, beforeAll, expect, it } from 'vitest';
import { drive } from '../world/drive.ts';
import type { Moment } from '../world/power.ts';
import { secondProcess } from '../world/second-process.ts';
import { World } from '../world/world.ts';
import { type Bug, bugs as bugsForwards } from './bugs.ts';
import { loneBugs } from './lone-bugs.ts';
import { undoBugs } from './undo-bugs.ts';

const bugs = [...bugsForwards, ...undoBugs, ...loneBugs];

beforeAll(() => {
  Error.stackTraceLimit = 0;
});

let remove: () => void = () => undefined;
afterEach(() => {
  remove();
  remove = () => undefined;
});

/** One rotation with one cut. A second process tries to take it up at the same effect, when nothing is cut. */
async function rotate(bug: Bug, planted: boolean, number: number, trouble: Moment['when'] | 'second'): Promise<World> {
  const plant = planted && bug.parts ? { plant: bug.parts } : {};
  const lone = bug.lone ? { lone: bug.lone } : {};
  const world = new World({ kind: bug.kind, because: bug.because, seed: 3, ...lone, ...plant });
  bug.world?.(world);
  let second: ReturnType<typeof secondProcess> | undefined;
  if (trouble !== 'second') {
    world.power.cutAt({ number, when: trouble });
  } else {
    const also = world.power.onBefore;
    world.power.onBefore = (name, at) => {
      also(name, at);
      if (at === number && second === undefined) second = secondProcess(world);
    };
  }
  const { progress } = await drive(world, { takeBackAt: bug.takeBackAt });
  const broken = await second;
  if (broken) throw broken;
  if (progress.state !== 'complete' && progress.state !== 'rolled-back') throw new Error(`ended as ${progress.state}`);
  world.assertEnd(progress.state);
  return world;
}

async function firstBroken(bug: Bug, planted: boolean, every = 1): Promise<unknown> {
  try {
    const { power } = await rotate(bug, planted, 0, 'after');
    for (let number = 1; number <= power.count; number += every) {
      await rotate(bug, planted, number, 'before');
      await rotate(bug, planted, number, 'after');
      if (number % 8 === 1) await rotate(bug, planted, number, 'second');
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

it.each(bugs)('a product that $name is caught', async (bug) => {
  remove = bug.steps?.() ?? remove;
  const error = await firstBroken(bug, true);
  if (bug.breaks instanceof RegExp) expect(String(error)).toMatch(bug.breaks);
  else expect(error).toMatchObject({ name: 'BrokenPromise', promise: bug.breaks });
});

it.each(bugs)('the right product in the world of "$name" is not', async (bug) => {
  expect(await firstBroken(bug, false, 16)).toBeUndefined();
});
