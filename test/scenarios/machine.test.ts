/**
 * Goal: what goes wrong on this machine (a full disk, a locked keyring, programs that cache, a second process) costs no
 * key and no proof.
 * Method: each scenario in the failing world, its promises asserted after every effect.
 */
import { expect, it } from 'vitest';
import { collect } from '../../src/inventory/collect.ts';
import { configs } from '../world/configs.ts';
import { drive } from '../world/drive.ts';
import { configOf } from '../world/promises.ts';
import { secondProcess } from '../world/second-process.ts';
import { githubAnswer, World } from '../world/world.ts';
import { begun } from './begun.ts';

it('with a journal that cannot be written no call of the provider is made (failure mode 10)', async () => {
  const calm = new World({ kind: 'many', because: 'routine', seed: 4 });
  await drive(calm);
  const appends = calm.power.names.flatMap((name, number) => (name === 'journal.append' ? [number] : []));
  expect(appends.length).toBeGreaterThan(40);
  for (const number of appends) {
    const world = new World({ kind: 'many', because: 'routine', seed: 4 });
    let full = true;
    world.power.refuses = (name, at) => full && at >= number && name.startsWith('journal.');
    let stop = 0;
    const { progress } = await drive(world, {
      between: () => {
        if (!full || !world.power.names.slice(number).includes('journal.append')) return;
        expect(world.power.names.slice(number).filter((name) => name.startsWith('upstream'))).toEqual([]);
        full = stop++ < 2;
      },
    });
    expect(progress.state).toBe('complete');
    world.assertEnd('complete');
  }
});

it('a keyring that is locked meanwhile loses no value: nothing happens until it is open (failure mode 5)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1, seal: 'real' });
  const { advance } = await begun(world);
  expect(await advance()).toMatchObject({ state: 'waiting', step: 'restart' });
  world.keyring.state = 'locked';
  const effects = world.power.names.filter((name) => name?.startsWith('upstream')).length;
  await expect(advance()).rejects.toMatchObject({ code: 'store/locked' });
  expect(world.power.names.filter((name) => name?.startsWith('upstream')).length).toBe(effects);
  expect(world.old.deadFrom).toBeUndefined();
  world.keyring.state = 'unlocked';
  expect(await advance('restart-by-hand')).toMatchObject({ state: 'complete' });
  world.assertEnd('complete');
});

it('programs that start again with a cached key keep the old one alive (failure modes 20, 21)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.cachedStarts = 99;
  const { advance } = await begun(world);
  const progress = await advance('restart-by-hand');
  expect(progress).toMatchObject({ state: 'waiting', step: 'restart', need: { kind: 'restart-by-hand' } });
  expect(world.old.deadFrom).toBeUndefined();
});

it('a server that answers with a broken key too proves nothing (failure mode 22)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.server = () => ({ kind: 'answered', isError: false, text: githubAnswer });
  const { advance } = await begun(world);
  const progress = await advance('restart-by-hand');
  expect(progress).toMatchObject({ state: 'waiting', step: 'verify', need: { kind: 'accept-unproven' } });
  expect(world.old.deadFrom).toBeUndefined();
});

it('a second process is told of the first, at any moment (failure modes 7, 51)', async () => {
  const calm = new World({ kind: 'many', because: 'routine', seed: 1 });
  await drive(calm);
  for (let number = 20; number <= calm.power.count; number += 7) {
    const world = new World({ kind: 'many', because: 'routine', seed: 1 });
    let second: ReturnType<typeof secondProcess> | undefined;
    world.power.onBefore = (_name, at) => {
      if (at === number) second = secondProcess(world);
    };
    const { progress } = await drive(world);
    expect(await second).toBeUndefined();
    expect(progress.state).toBe('complete');
    world.assertEnd('complete');
  }
});

it('another key under the same name is another credential and stays (failure mode 17)', async () => {
  const world = new World({ kind: 'many', because: 'leak', seed: 1 });
  const other = world.upstream.add({ text: 'tok_aaaaaaaaaaaaaaaa', label: '', madeBy: 'somebody' });
  const codex = configOf('codex');
  world.disk.write(codex.path, codex.text(other.text, 1));
  await drive(world);
  expect(world.keyIn(codex)).toBe(other.text);
  expect(other.deadFrom).toBeUndefined();
  expect(world.upstream.works(world.old.text)).toBe(false);
  expect(world.keyIn(configOf('claude'))).not.toBe(world.old.text);
});

it('one key under another name and in another client is one credential (failure mode 17)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  const claude = configOf('claude');
  world.power.onEffect = () => undefined; // its own files are not as it wrote them
  world.disk.write(claude.path, world.text(claude).replace('GITHUB_PERSONAL_ACCESS_TOKEN', 'GH_TOKEN'));
  const { credentials } = await collect(world.ports, world.adapters, { folders: [] });
  expect(credentials).toHaveLength(1);
  expect(credentials[0]?.places.map(({ use }) => use.client).sort()).toEqual(['claude-code', 'codex', 'cursor']);
});

it('a client that is not installed has no place and is no problem (failure mode 19)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.power.onEffect = () => undefined; // its own files are not as it wrote them
  for (const config of configs.slice(1)) world.disk.delete(config.path);
  const { credentials, problems } = await collect(world.ports, world.adapters, { folders: [] });
  expect(problems).toEqual([]);
  expect(credentials.map(({ places }) => places.map(({ use }) => use.client))).toEqual([['claude-code']]);
});
