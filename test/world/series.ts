/**
 * One random series: a rotation in the failing world with several cuts, lost answers, slow propagation, rate limits,
 * outages, clients that rewrite their files, and a wall clock that jumps. Everything comes from the seed.
 */
import { day, minute, second } from '../../src/base/time.ts';
import type { Because } from '../../src/rotation/rotation.ts';
import { drive } from './drive.ts';
import { type Kind, kinds } from './toy-providers.ts';
import type { UpstreamFault } from './upstream.ts';
import { World } from './world.ts';

/** mulberry32: small, fast, good enough for choosing what goes wrong. */
export function chooser(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (probability: number): boolean => next() < probability,
    whole: (below: number): number => Math.floor(next() * below),
    of: <T>(items: readonly T[]): T => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to choose from');
      return item;
    },
  };
}

const faults: readonly UpstreamFault[] = ['lost-answer', 'rate-limited', 'unavailable', 'garbled'];

/** What a series did, for the coverage of the whole loop. */
export interface Told {
  readonly kind: Kind;
  readonly because: Because;
  readonly end: string;
  /** What happened in it, each once: `cut journal.append`, `fault lost-answer`, `client write`, `jump`. */
  readonly happened: ReadonlySet<string>;
}

export async function runSeries(seed: number): Promise<Told> {
  const choose = chooser(seed);
  const kind = choose.of(kinds);
  const because = choose.of(['routine', 'departure', 'leak'] as const);
  const happened = new Set<string>();
  const world = new World({ kind, because, seed, soakMs: choose.of([0, 30 * second, 3 * minute]) });
  world.upstream.worksAfterMs = choose.of([0, 0, 5 * second, 50 * second]);
  world.upstream.deadAfterMs = choose.of([0, 0, 9 * second, 100 * second, 20 * minute]);
  const rate = choose.of([0, 0.05, 0.2]);
  world.upstream.faults = Array.from({ length: 60 }, () => (choose.chance(rate) ? choose.of(faults) : 'none'));
  world.power.onBefore = (name) => {
    if (name.startsWith('disk.rename') && choose.chance(0.2)) {
      happened.add('client write');
      world.clientWrites(choose.whole(3));
    }
    if (choose.chance(0.005)) {
      happened.add('jump');
      world.clock.jump(choose.of([-3 * day, -minute, minute, 3 * day]));
    }
  };
  const cuts = choose.whole(5);
  const between = (start: number): void => {
    const moment = { number: world.power.count + 1 + choose.whole(50), when: choose.of(['before', 'after'] as const) };
    world.power.cutAt(start <= cuts ? moment : undefined);
  };
  try {
    const { progress } = await drive(world, { between, undo: () => choose.chance(0.1) });
    if (progress.state !== 'complete' && progress.state !== 'rolled-back') throw new Error(`ended as ${progress.state}`);
    world.assertEnd(progress.state);
    for (const name of world.power.cuts) happened.add(`cut ${name.split(' ').slice(0, 2).join(' ').replace(/\/.*/, '')}`);
    for (const fault of world.upstream.fired) happened.add(`fault ${fault}`);
    return { kind, because, end: progress.state, happened };
  } catch (error) {
    throw new Error(`seed ${seed} (${kind}, ${because})`, { cause: error });
  }
}
