/**
 * Goal: what goes wrong at the provider leads to no lock-out, no stray key and no claim without evidence.
 * Method: each scenario in the failing world, its promises asserted after every effect.
 */
import { expect, it } from 'vitest';
import { minute } from '../../src/base/time.ts';
import { drive } from '../world/drive.ts';
import { World } from '../world/world.ts';
import { begun } from './begun.ts';

it('a key that never works is given up, revoked, and asked for anew at most twice in one call (failure mode 8)', async () => {
  const world = new World({ kind: 'many', because: 'leak', seed: 1 });
  world.upstream.poison = 9;
  const { advance } = await begun(world);
  expect(await advance()).toMatchObject({ state: 'stopped', step: 'check', code: 'rotation/new-does-not-work' });
  const ended = () => world.upstream.keys.filter((key) => key.madeBy === 'us').map((key) => key.deadFrom !== undefined);
  expect(ended()).toEqual([true, true, false]);
  await advance();
  expect(ended()).toEqual([true, true, true, true, false]);
  world.upstream.poison = 0;
  expect((await drive(world)).progress.state).toBe('complete');
  world.assertEnd('complete');
});

it('a wider new key in a leak is given up for another (failure mode 27)', async () => {
  const world = new World({ kind: 'many', because: 'leak', seed: 1 });
  world.upstream.gives = { rights: ['read', 'write', 'admin'] };
  const { advance } = await begun(world);
  expect(await advance()).toMatchObject({ state: 'stopped', step: 'check', code: 'rotation/wider-scope' });
  world.upstream.gives = {};
  const { progress } = await drive(world);
  expect(progress.state).toBe('complete');
  world.assertEnd('complete');
});

it('a wider new key that replaced the old one is for a person to accept (failure mode 27)', async () => {
  const world = new World({ kind: 'replaces', because: 'routine', seed: 1 });
  world.upstream.gives = { rights: ['read', 'write', 'admin'] };
  const { advance } = await begun(world);
  expect(await advance()).toMatchObject({ state: 'waiting', step: 'check', need: { kind: 'accept-unproven' } });
  const { progress } = await drive(world);
  expect(progress.state).toBe('complete');
  world.assertEnd('complete');
});

it('a key that never works is taken back in a routine rotation (failure mode 8)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.upstream.poison = 1;
  const { progress } = await drive(world);
  expect(progress).toMatchObject({ state: 'rolled-back', code: 'rotation/new-does-not-work' });
  world.assertEnd('rolled-back');
});

it('at the limit of two keys nothing is made and nothing deleted (failure mode 4)', async () => {
  const world = new World({ kind: 'most 2', because: 'routine', seed: 1 });
  const other = world.upstream.add({ text: 'tok_aaaaaaaaaaaaaaaa', label: 'of the team', madeBy: 'somebody' });
  const { progress } = await drive(world);
  expect(progress).toMatchObject({ state: 'rolled-back', code: 'provider/at-limit' });
  expect(world.upstream.keys).toHaveLength(2);
  expect(other.deadFrom).toBeUndefined();
});

it.each([
  ['wider rights', { rights: ['read', 'write', 'admin'] }, 'rotation/wider-scope'],
  ['another account', { account: 'eve' }, 'rotation/other-account'],
])('a new key with %s is taken back (failure mode 27)', async (_what, gives, code) => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.upstream.gives = gives;
  const { progress } = await drive(world);
  expect(progress).toMatchObject({ state: 'rolled-back', code });
  world.assertEnd('rolled-back');
});

it('a new key with fewer rights is used, and what was lost is said (failure mode 27)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.upstream.gives = { rights: ['read'] };
  const { progress } = await drive(world);
  expect(progress.state).toBe('complete');
  world.assertEnd('complete');
  expect(world.shown.join('\n')).toMatch(/rights lost against the old key: write/);
});

it('somebody revokes the old key at any moment: it ends all the same (failure modes 29, 35)', async () => {
  const calm = new World({ kind: 'many', because: 'routine', seed: 2 });
  await drive(calm);
  for (let number = 1; number <= calm.power.count; number += 2) {
    const world = new World({ kind: 'many', because: 'routine', seed: 2 });
    world.power.onBefore = (_name, at) => {
      if (at === number) world.somebodyRevokesOld();
    };
    const { progress } = await drive(world);
    if (progress.state !== 'complete' && progress.state !== 'rolled-back') throw new Error(`${number}: ${progress.state}`);
    world.assertEnd(progress.state);
  }
});

it('a use of the old key during the soak stops before revoking, and a person decides (failure mode 32)', async () => {
  const world: World = new World({
    kind: 'many',
    because: 'routine',
    seed: 1,
    soakMs: minute,
    plant: ({ ports, adapters }) => ({
      ports,
      adapters: {
        ...adapters,
        providers: adapters.providers.map((provider) => ({
          ...provider,
          check: async (up, held) => ({ ...(await provider.check(up, held)), lastUsedAt: ports.clock.now() - 5000 }),
        })),
      },
    }),
  });
  const { advance } = await begun(world);
  const progress = await advance('restart-by-hand');
  expect(progress).toMatchObject({ state: 'waiting', step: 'soak', need: { kind: 'accept-unproven' } });
  expect(world.old.deadFrom).toBeUndefined();
});

it('a revocation on a page that nobody made stays unresolved (failure mode 34)', async () => {
  const world = new World({ kind: 'page only', because: 'leak', seed: 1 });
  const { advance, events } = await begun(world);
  const first = await advance();
  expect(first).toMatchObject({
    state: 'waiting',
    step: 'revoke',
    need: { kind: 'revoke-by-hand', page: { steps: ['Revoke the key k1.'] } },
  });
  const later = await advance(undefined, { kind: 'done' });
  expect(later.state).not.toBe('complete');
  expect(events.some((event) => event.kind === 'clock')).toBe(true);
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'proof', proof: expect.objectContaining({ kind: 'dead', answer: 'no' }) }),
  );
});

it('"accepted" is told as debt, never as complete, until the key is refused (failure modes 30, 54)', async () => {
  const world = new World({ kind: 'many', because: 'routine', seed: 1 });
  world.upstream.deadAfterMs = 60 * minute;
  const { advance, rotation } = await begun(world);
  const progress = await advance('restart-by-hand');
  expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'not-dead' }] });
  expect(await world.engine().history()).toMatchObject([{ state: 'debt' }]);
  expect(await world.engine().receipt(rotation)).toMatchObject({ state: 'debt' });
  await world.clock.advance(90 * minute);
  expect(await advance()).toMatchObject({ state: 'complete' });
  world.assertEnd('complete');
});
