/**
 * One random series: a rotation in the failing world with several cuts (some in the middle of a write), lost answers, slow
 * propagation, rate limits, outages, a full disk, clients that rewrite their files or cache the old key, keys that never
 * work or have other rights, a second process, somebody who revokes the old key, and a wall clock that jumps. Everything
 * comes from the seed.
 */
import { day, minute, second } from '../../src/base/time.ts';
import type { Because } from '../../src/rotation/rotation.ts';
import { drive } from './drive.ts';
import { secondProcess } from './second-process.ts';
import { type Kind, kinds, toyText } from './toy-providers.ts';
import type { UpstreamFault } from './upstream.ts';
import { World, type WorldOptions } from './world.ts';

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
type Chooser = ReturnType<typeof chooser>;

const faults: readonly UpstreamFault[] = ['lost-answer', 'rate-limited', 'unavailable', 'garbled'];

/** What a series did, for the coverage of the whole loop. */
export interface Told {
  readonly kind: Kind;
  readonly because: Because;
  readonly end: string;
  /** What happened in it, each once: `cut journal.append`, `fault lost-answer`, `client write`, `jump`. */
  readonly happened: ReadonlySet<string>;
}

export async function runSeries(seed: number, more: Pick<WorldOptions, 'plant'> = {}): Promise<Told> {
  const choose = chooser(seed);
  const kind = choose.of(kinds);
  const because = choose.of(['routine', 'departure', 'leak'] as const);
  const happened = new Set<string>();
  const world = new World({ kind, because, seed, soakMs: choose.of([0, 30 * second, 3 * minute]), ...more });
  troubleUpstream(world, choose, happened);
  const others = troubleHere(world, choose, happened);
  const cuts = choose.whole(5);
  const between = async (start: number): Promise<void> => {
    await others();
    const when = choose.of(['before', 'after', 'torn'] as const);
    world.power.cutAt(start <= cuts ? { number: world.power.count + 1 + choose.whole(60), when } : undefined);
  };
  try {
    const { progress } = await drive(world, { between, undo: () => choose.chance(0.1) });
    await others();
    if (progress.state === 'complete' || progress.state === 'rolled-back') world.assertEnd(progress.state);
    else if (progress.state !== 'debt') throw new Error(`ended as ${progress.state}`);
    for (const { name } of world.power.cuts) happened.add(`cut ${name.split(' ').slice(0, 2).join(' ').replace(/ \/.*/, '')}`);
    for (const fault of world.upstream.fired) happened.add(`fault ${fault}`);
    return { kind, because, end: progress.state, happened };
  } catch (error) {
    throw new Error(`seed ${seed} (${kind}, ${because})`, { cause: error });
  }
}

/** Slow, failing and odd answers; keys that are not what was asked for. */
function troubleUpstream(world: World, choose: Chooser, happened: Set<string>): void {
  const { upstream } = world;
  const { kind, because } = world.options;
  upstream.worksAfterMs = choose.of([0, 0, 5 * second, 50 * second]);
  upstream.deadAfterMs = choose.of([0, 0, 9 * second, 100 * second, 20 * minute]);
  const rate = choose.of([0, 0.05, 0.2]);
  upstream.faults = Array.from({ length: 60 }, () => (choose.chance(rate) ? choose.of(faults) : 'none'));
  if (choose.chance(kind === 'most 2' ? 0.05 : 0.3)) {
    upstream.add({ text: toyText(world.random), label: 'mcp-rotate r-20260101-aaaaaa', madeBy: 'somebody' });
    happened.add('a key of somebody else');
  }
  // Where there is no way back, a key that nobody should use is a person's decision: told apart in the scenarios.
  if (because === 'leak' || kind.startsWith('replaces')) return;
  const odd = choose.whole(20);
  if (odd === 0) upstream.gives = { rights: ['read', 'write', 'admin'] };
  if (odd === 1) upstream.gives = { rights: ['read'] };
  if (odd === 2) upstream.gives = { account: 'eve' };
  if (odd === 3) upstream.poison = 1;
  if (odd < 4) happened.add(`odd key ${odd}`);
}

/** What goes on on this machine meanwhile. Answers how to wait for the other processes of ours. */
function troubleHere(world: World, choose: Chooser, happened: Set<string>): () => Promise<void> {
  const others: ReturnType<typeof secondProcess>[] = [];
  if (choose.chance(0.15)) world.cachedStarts = 1 + choose.whole(4);
  const full = choose.chance(0.2) ? { from: choose.whole(120), length: 1 + choose.whole(25) } : undefined;
  world.power.refuses = (name, number) => {
    const write = /^(disk\.(temporary|create|folder)|journal\.(append|putSealed|acquire))/.test(name);
    const refused = full !== undefined && write && number >= full.from && number < full.from + full.length;
    if (refused) happened.add('disk full');
    return refused;
  };
  const lostAt = choose.chance(0.1) ? choose.whole(100) : -1;
  world.power.onBefore = (name, number) => {
    if (name.startsWith('disk.rename') && choose.chance(0.2)) {
      happened.add('client write');
      world.clientWrites(choose.whole(3));
    }
    if (choose.chance(0.005)) {
      happened.add('jump');
      world.clock.jump(choose.of([-3 * day, -minute, minute, 3 * day]));
    }
    if (number === lostAt) {
      happened.add('revoked by somebody');
      world.somebodyRevokesOld();
    }
    if (choose.chance(0.004)) {
      happened.add('second process');
      others.push(secondProcess(world));
    }
  };
  return async () => {
    for (const other of others.splice(0)) {
      const broken = await other;
      if (broken) throw broken;
    }
  };
}
