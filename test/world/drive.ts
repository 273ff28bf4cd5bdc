/**
 * Drives one rotation in the failing world to its end, as a patient person would: after a cut the tool is started again,
 * after a need it is met, after a stop it is tried again.
 */
import { Problem } from '../../src/base/problem.ts';
import { minute } from '../../src/base/time.ts';
import type { Event, PersonAnswer, Progress, RotateOptions } from '../../src/rotation/rotation.ts';
import { PowerCut as TornWrite } from '../twins/disk.ts';
import { PowerCut } from './power.ts';
import type { World } from './world.ts';

const mostStarts = 80;

export interface Driven {
  readonly progress: Progress;
  readonly cuts: number;
  readonly starts: number;
}

export interface DriveOptions {
  /** Runs before each start of the tool: the next cut is armed there. */
  readonly between?: (start: number) => void;
  /** Does the person change their mind now? Then the rotation is undone, if that can still be. */
  readonly undo?: () => boolean;
}

export async function drive(world: World, { between = () => undefined, undo = () => false }: DriveOptions = {}): Promise<Driven> {
  let cuts = 0;
  let answer: PersonAnswer | undefined;
  let seen: Progress | undefined;
  for (let start = 1; start <= mostStarts; start++) {
    between(start);
    try {
      const progress = await once(world, answer, undo);
      answer = undefined;
      seen = progress;
      if (progress.state === 'complete' || progress.state === 'rolled-back') return { progress, cuts, starts: start };
      if (progress.state === 'waiting') answer = await world.person(progress.need);
      else await world.clock.advance(5 * minute);
    } catch (error) {
      answer = undefined;
      if (error instanceof PowerCut || error instanceof TornWrite) {
        cuts++;
        world.reboot();
      } else if (error instanceof Problem) {
        world.shown.push(`${error.message} ${error.state ?? ''} ${error.next ?? ''}`);
        await world.clock.advance(5 * minute);
      } else {
        throw error;
      }
    }
  }
  throw new Error(`no end after ${mostStarts} starts: ${JSON.stringify(seen)}`);
}

async function once(world: World, answer: PersonAnswer | undefined, undo: () => boolean): Promise<Progress> {
  const engine = world.engine();
  const [open] = await engine.open();
  if (!open && world.memory.entries.length > 0) {
    const [last] = await engine.history();
    if (last) return { state: last.state === 'complete' ? 'complete' : 'rolled-back', rotation: last.rotation } as Progress;
  }
  const rotation = open?.rotation ?? (await begin(world));
  const onEvent = (event: Event): void => void world.shown.push(JSON.stringify(event));
  if (answer !== undefined && undo()) return engine.undo(rotation, { onEvent });
  const given = answer === undefined ? {} : { answer };
  return engine.advance(rotation, { ...given, onEvent });
}

async function begin(world: World): Promise<string> {
  const engine = world.engine();
  const options: RotateOptions = {
    because: world.options.because,
    soakMs: world.options.soakMs ?? 0,
    restart: world.options.restart ?? false,
    leaveRunning: [],
    folders: [],
  };
  const plan = await engine.plan(await world.credentialId(), options);
  world.shown.push(JSON.stringify(plan));
  return engine.start(plan);
}
