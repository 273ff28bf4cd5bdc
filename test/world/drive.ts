/**
 * Drives one rotation in the failing world to its end, as a patient person would: after a cut the tool is started again,
 * after a need it is met, after a stop it is tried again.
 */
import { type Code, Problem } from '../../src/base/problem.ts';
import { minute } from '../../src/base/time.ts';
import type { Event, PersonAnswer, Progress, RotateOptions, StepName } from '../../src/rotation/rotation.ts';
import { PowerCut as TornWrite } from '../twins/disk.ts';
import { PowerCut } from './power.ts';
import type { World } from './world.ts';

const mostStarts = 80;

/** Said before anything begins: trying again does not help. */
const refused = new Set<Code>(['provider/at-limit', 'provider/refused']);

export interface Driven {
  readonly progress: Progress;
  readonly cuts: number;
  readonly starts: number;
  /** Effects until the person began to take it back; undefined: never. */
  readonly takenBackFrom: number | undefined;
}

export interface DriveOptions {
  /** Runs before each start of the tool: the next cut is armed there. */
  readonly between?: (start: number) => void | Promise<void>;
  /** Does the person change their mind now? Then the rotation is undone, if that can still be. */
  readonly undo?: () => boolean;
  /** The person stops it where this step begins, or finds it after the first cut, and takes it back, if that can still be. */
  readonly takeBackAt?: StepName | 'cut' | undefined;
}

interface Wish {
  readonly at: StepName | 'cut' | undefined;
  /** Effects until then. */
  from: number | undefined;
  refused: boolean;
}

export async function drive(world: World, options: DriveOptions = {}): Promise<Driven> {
  const { between = () => undefined, undo = () => false, takeBackAt } = options;
  const wish: Wish = { at: takeBackAt, from: undefined, refused: false };
  let cuts = 0;
  let answer: PersonAnswer | undefined;
  let seen: Progress | undefined;
  let stops = 0;
  let refusals = 0;
  let locked = 0;
  for (let start = 1; start <= mostStarts; start++) {
    await between(start);
    try {
      // Stopped again and again: a person gives up and takes it back, where that can be.
      const progress = await once(world, answer, wish, stops > 5 && stops % 6 === 0 ? () => true : undo, stops > 5);
      answer = undefined;
      seen = progress;
      if (progress.state === 'complete' || progress.state === 'rolled-back')
        return { progress, cuts, starts: start, takenBackFrom: wish.from };
      if (progress.state === 'waiting') {
        answer = await world.person(progress.need);
        // A page takes a while, for the person and until the provider has heard of it.
        if (progress.need.kind === 'revoke-by-hand') await world.clock.advance(minute);
      } else {
        await world.clock.advance(5 * minute);
      }
      if (progress.state === 'stopped') stops++;
      if (progress.state === 'stopped' && progress.code === 'file/locked' && stops % 4 === 0) world.removeLocks();
      // The account's keys are all dead: nobody can prove more, and the tool goes on saying so.
      if (progress.state === 'debt' && world.oldLost && start > mostStarts / 2)
        return { progress, cuts, starts: start, takenBackFrom: wish.from };
    } catch (error) {
      answer = undefined;
      if (error instanceof PowerCut || error instanceof TornWrite) {
        cuts++;
        world.reboot();
        if (wish.at === 'cut') wish.from ??= world.power.count;
      } else if (error instanceof Problem) {
        world.shown.push(`${error.message} ${error.state ?? ''} ${error.next ?? ''}`);
        if (error.code === 'rotation/past-return') [stops, wish.refused] = [1, true];
        if (error.code === 'usage/unknown-credential') world.forgetId();
        if (error.code === 'file/locked' && ++locked % 4 === 0) world.removeLocks();
        if (world.memory.entries.length === 0 && refused.has(error.code) && ++refusals > 2) {
          const progress = {
            state: 'rolled-back',
            rotation: '',
            credential: '',
            provider: '',
            code: error.code,
            why: error.what,
          } as const;
          return { progress, cuts, starts: start, takenBackFrom: wish.from };
        }
        await world.clock.advance(5 * minute);
      } else {
        throw error;
      }
    }
  }
  throw new Error(`no end after ${mostStarts} starts: ${JSON.stringify(seen)} ${world.shown.at(-1)}`);
}

async function once(
  world: World,
  answer: PersonAnswer | undefined,
  wish: Wish,
  undo: () => boolean,
  tired: boolean,
): Promise<Progress> {
  const engine = world.engine();
  const [open] = await engine.open();
  if (!open && world.memory.entries.length > 0) {
    const [last] = await engine.history();
    if (last) return { state: last.state === 'complete' ? 'complete' : 'rolled-back', rotation: last.rotation } as Progress;
  }
  const rotation = open?.rotation ?? (await begin(world));
  const stop = new AbortController();
  const onEvent = (event: Event): void => {
    world.shown.push(JSON.stringify(event));
    if (wish.from !== undefined || event.kind !== 'step' || event.step !== wish.at) return;
    wish.from = world.power.count;
    stop.abort();
  };
  const asked = wish.from !== undefined && !wish.refused && answer === undefined && open !== undefined && open.state !== 'debt';
  if (asked || ((answer !== undefined || tired) && undo())) return engine.undo(rotation, { onEvent });
  const given = answer === undefined ? {} : { answer };
  return engine.advance(rotation, { ...given, onEvent, signal: stop.signal });
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
  const plan = await engine.plan(await world.credentialId(engine), options);
  world.shown.push(JSON.stringify(plan));
  return engine.start(plan);
}
