/**
 * The promises of the design, asserted in the failing world after every effect and at the end of a rotation. A promise
 * that does not hold is named.
 */
import type { StoredEntry } from '../../src/ports/journal-store.ts';
import type { Because } from '../../src/rotation/rotation.ts';
import { type ConfigFile, configs } from './configs.ts';
import type { Kind } from './toy-providers.ts';
import { openToySeal } from './toy-sealer.ts';
import type { Key, Revoker } from './upstream.ts';
import type { World } from './world.ts';

export const promises = [
  'never locked out',
  'nothing revoked without proof',
  'dead means dead',
  'no unknown live key',
  'not one other byte',
  'nothing spilled',
  'one writer',
  'journal before effect',
  'nobody else’s key',
] as const;
export type PromiseName = (typeof promises)[number];

export class BrokenPromise extends Error {
  readonly promise: PromiseName;

  constructor(promise: PromiseName, how: string) {
    super(`${promise}: ${how}`);
    this.name = 'BrokenPromise';
    this.promise = promise;
  }
}

function must(holds: boolean, promise: PromiseName, how: () => string): void {
  if (!holds) throw new BrokenPromise(promise, how());
}

export const overlapping = (kind: Kind, because: Because): boolean => because !== 'leak' && !kind.startsWith('replaces');

export function assertAfter(world: World, effect: string): void {
  const { kind, because, lone } = world.options;
  const guarded = lone !== undefined || overlapping(kind, because);
  for (const config of configs) {
    const text = world.text(config);
    const key = world.keyIn(config);
    must(text === config.text(key, world.counterOf(config)), 'not one other byte', () => `${config.path} after "${effect}"`);
    if (!guarded || (world.oldLost && key === world.old.text)) continue;
    must(world.upstream.works(key), 'never locked out', () => `${config.client} holds a dead key after "${effect}"`);
  }
}

/** Before the toy upstream makes a key at our call. */
export function assertMayIssue(world: World, text: string | undefined): void {
  must(lastOf(world, 'issue') === 'intent', 'journal before effect', () => 'a key is asked for without an intent');
  const sealed = [...world.memory.sealed.values()].flatMap((names) => [...names]);
  must(
    sealed.some(([name]) => name === 'old'),
    'journal before effect',
    () => 'a key is asked for before the old one is sealed',
  );
  if (text === undefined) return;
  must(
    sealed.some(([name, bytes]) => name.startsWith('proposed') && openToySeal(bytes).includes(text)),
    'journal before effect',
    () => 'a value of ours goes out before it is sealed',
  );
}

/** Before the toy upstream ends a key. */
export function assertMayRevoke(world: World, key: Key, by: Revoker): void {
  if (by !== 'us') return;
  const ours = key === world.old || key.madeBy === 'us' || world.handedOver.has(key.text);
  must(ours, 'nobody else’s key', () => `${key.id}, which the tool did not make, is revoked`);
  must(lastOf(world, 'revoke') === 'intent', 'journal before effect', () => `${key.id} is revoked without an intent`);
  if (key !== world.old || !overlapping(world.options.kind, world.options.because) || key.deadFrom !== undefined) return;
  for (const config of configs) {
    const held = world.keyIn(config);
    must(held !== key.text, 'nothing revoked without proof', () => `${config.client} still holds the old key`);
    must(world.upstream.works(held), 'nothing revoked without proof', () => `the key of ${config.client} does not work`);
    const runs = JSON.stringify(world.heldByServerOf(config)) ?? '';
    must(!runs.includes(key.text), 'nothing revoked without proof', () => `${config.client} still runs with the old key`);
  }
  assertProofs(world);
}

interface Entry {
  readonly kind: string;
  readonly effect?: string;
  readonly result?: string;
  readonly answer?: string;
  readonly need?: unknown;
  readonly proof?: { readonly kind: string; readonly answer: string; readonly which?: string; readonly client?: string };
}

/** What is stored never changes: each entry is parsed once. */
const parsed = new WeakMap<StoredEntry, Entry>();

const entriesOf = (world: World): readonly Entry[] =>
  world.memory.entries.map((stored) => {
    const entry = parsed.get(stored) ?? { kind: stored.kind, ...JSON.parse(stored.body) };
    parsed.set(stored, entry);
    return entry;
  });

/** What the journal holds last of an effect: its intent, or that it ended. */
function lastOf(world: World, effect: string): string | undefined {
  const last = entriesOf(world).findLast(
    (entry) => entry.kind === effect || entry.effect?.startsWith(effect) || entry.kind === `${effect}d`,
  );
  return last?.kind;
}

/** By the journal alone: each use read back, signed in with and called since the last write, and the survivor tried last. */
function assertProofs(world: World): void {
  const entries = entriesOf(world);
  const written = entries.findLastIndex((entry) => entry.effect?.startsWith('write ') && entry.kind === 'intent');
  const accepted = entries.some(
    ({ kind, need, answer }) => kind === 'answered' && need === 'accept-unproven' && answer === 'accept',
  );
  let last = written;
  for (const { client } of configs) {
    for (const kind of ['read-back', 'authenticated', 'tool-call']) {
      const at = entries.findLastIndex(({ proof }) => proof?.kind === kind && proof.client?.startsWith(client) === true);
      const answer = entries[at]?.proof?.answer;
      const proven = at > written && (answer === 'yes' || (kind === 'tool-call' && answer === 'unknown' && accepted));
      must(proven, 'nothing revoked without proof', () => `${kind} of ${client} is ${answer ?? 'missing'}`);
      last = Math.max(last, at);
    }
  }
  const survivor = entries.findLast((entry, at) => at > last && entry.proof?.kind === 'works' && entry.proof.which === 'new');
  must(survivor?.proof?.answer === 'yes', 'nothing revoked without proof', () => 'the survivor was not tried right before');
}

/** At the end of a rotation that is complete or rolled back. */
export function assertEnd(world: World, state: 'complete' | 'rolled-back'): void {
  const keys = new Set(configs.map((config) => world.keyIn(config)));
  const [key = ''] = keys;
  must(keys.size === 1, 'never locked out', () => 'the clients hold different keys at the end');
  const lost = world.oldLost && key === world.old.text;
  must(lost || world.upstream.works(key), 'never locked out', () => `the key in the clients does not work at the end (${state})`);
  const kept = world.options.lone !== undefined || state === 'rolled-back';
  must((key === world.used.text) === kept, 'never locked out', () => `${state}, but the clients hold the other key`);
  const oldDead = !world.upstream.works(world.old.text);
  must(state === 'rolled-back' || oldDead, 'dead means dead', () => 'complete, and the old key works');
  // A key whose text was lost cannot be tried: it counts as ended when it was revoked.
  const spared = state === 'rolled-back' ? world.old : undefined;
  const strays = world.upstream
    .live()
    .filter((one) => one.text !== key && one !== spared && one.deadFrom === undefined)
    .filter((one) => one.madeBy === 'us' || one === world.old);
  must(strays.length === 0, 'no unknown live key', () => `${strays.map((one) => one.id).join(', ')} at the end (${state})`);
  const sealed = [...world.memory.sealed.values()].flatMap((names) => [...names.keys()]);
  must(sealed.length === 0, 'nothing spilled', () => `still sealed: ${sealed.join(', ')}`);
  assertNothingSpilled(world);
}

export function assertNothingSpilled(world: World): void {
  const files = [...world.disk.files()];
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const texts = [
    ...world.memory.entries.map((entry) => entry.body),
    ...world.shown,
    ...files.filter(([path]) => path.startsWith(world.ports.host.stateFolder)).map(([, bytes]) => text(bytes)),
  ];
  const temporary = files.filter(([path]) => /\.mcp-rotate-\d/.test(path)).map(([path, bytes]) => ({ path, text: text(bytes) }));
  for (const key of world.upstream.keys) {
    const spill = texts.find((one) => one.includes(key.text));
    must(spill === undefined, 'nothing spilled', () => spill?.replaceAll(key.text, '[the key]').slice(0, 200) ?? '');
    if (!world.upstream.works(key.text)) continue;
    const left = temporary.find((one) => one.text.includes(key.text));
    must(left === undefined, 'nothing spilled', () => `a live key in ${left?.path}`);
  }
}

/** A config file, for tests that change one. */
export function configOf(client: string): ConfigFile {
  const config = configs.find((one) => one.client === client);
  if (!config) throw new Error(`no config of ${client}`);
  return config;
}
