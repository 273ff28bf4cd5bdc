/**
 * Goal: nothing is carried on, taken back or revoked from a state folder that was damaged or tampered with: the journal's
 * chain, the sealed credential, the key of the fingerprints. Repaired, the rotation goes on to its end.
 * Method: a rotation in the failing world, stopped after every place was written; one part of its state changed; resume,
 * undo and a new start are refused with nothing done upstream; the part put back.
 */
import { describe, expect, it } from 'vitest';
import type { RotationId } from '../../src/base/ids.ts';
import type { StoredEntry } from '../../src/ports/journal-store.ts';
import { World } from '../world/world.ts';

const folder = (world: World): string => world.ports.host.stateFolder;

async function stopped(world: World): Promise<RotationId> {
  const engine = world.engine();
  const options = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;
  const rotation = await engine.start(await engine.plan(await world.credentialId(), options));
  const stop = new AbortController();
  const onEvent = (event: { kind: string; step?: string }): void => {
    if (event.kind === 'step' && event.step === 'restart') stop.abort();
  };
  await expect(engine.advance(rotation, { onEvent, signal: stop.signal })).rejects.toMatchObject({
    code: 'rotation/interrupted',
  });
  expect(world.memory.entries.some(({ kind, body }) => kind === 'outcome' && body.includes('write '))).toBe(true);
  return rotation;
}

type Repair = () => Promise<void> | void;

function changeEntry(world: World, change: (entry: StoredEntry) => StoredEntry): Repair {
  const at = Math.floor(world.memory.entries.length / 2);
  const before = world.memory.entries[at] as StoredEntry;
  world.memory.entries[at] = change(before);
  return () => void world.memory.entries.splice(at, 1, before);
}

const damages: Readonly<Record<string, (world: World, rotation: RotationId) => Promise<Repair> | Repair>> = {
  'an entry was changed': (world) => changeEntry(world, (entry) => ({ ...entry, at: entry.at + 1 })),
  'the plan was changed': (world) => {
    const before = world.memory.entries[0] as StoredEntry;
    world.memory.entries[0] = { ...before, body: before.body.replace('"verify",', '') };
    expect(world.memory.entries[0]?.body).not.toBe(before.body);
    return () => void world.memory.entries.splice(0, 1, before);
  },
  'another credential was put under the seal of the old one': async (world, rotation) => {
    const sealed = world.memory.sealed.get(rotation) as Map<string, Uint8Array>;
    const before = sealed.get('old') as Uint8Array;
    const [other] = [...sealed].filter(([name]) => name !== 'old').map(([, bytes]) => bytes);
    sealed.set('old', other as Uint8Array);
    return () => void sealed.set('old', before);
  },
  'the key of the fingerprints is gone': async (world) => {
    const path = `${folder(world)}/fingerprint.key`;
    const { bytes } = await world.disk.read(path);
    await world.disk.remove(path);
    return async () => {
      await world.disk.remove(path);
      await world.disk.replace(path, 'absent', bytes, { mode: 0o600 });
    };
  },
};

describe.each(Object.entries(damages))('%s', (_title, damage) => {
  it.each(['advance', 'undo'] as const)('%s is refused, and works again once it is repaired', async (command) => {
    const world = new World({ kind: 'many', because: 'routine', seed: 11 });
    const rotation = await stopped(world);
    const repair = await damage(world, rotation);
    const keys = JSON.stringify(world.upstream.keys);
    const call = () => world.engine()[command](rotation, { onEvent: () => undefined });
    await expect(call()).rejects.toMatchObject({ code: 'state/damaged' });
    expect(JSON.stringify(world.upstream.keys)).toBe(keys);
    await repair();
    const progress = await call();
    expect(progress.state).not.toBe('stopped');
  });
});

it('no rotation is begun in a damaged journal', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 12 });
  const engine = world.engine();
  const options = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;
  const plan = await engine.plan(await world.credentialId(), options);
  await engine.start(plan);
  const repair = changeEntry(world, (entry) => ({ ...entry, at: entry.at + 1 }));
  await expect(engine.start(plan)).rejects.toMatchObject({ code: 'state/damaged' });
  await repair();
  await expect(engine.start(plan)).rejects.toMatchObject({ code: 'rotation/unfinished' });
});
