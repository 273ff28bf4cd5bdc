/**
 * Goal: a lone key of every provider is ended in the way that needs no successor: by a call where one can be made with what is at
 * hand, else by a person on a page, else it is said what is missing; never by a method that only replaces.
 * Method: the registry's providers, with and without an issuing credential; the engine's refusals.
 */
import { describe, expect, it } from 'vitest';
import { World } from '../../../test/world/world.ts';
import { Secret } from '../../base/secret.ts';
import type { Issuer } from '../../providers/provider.ts';
import { providers } from '../../registry.ts';
import { endingOf } from './plan.ts';

const issuer: Issuer = { source: 'pasted', parts: {}, context: {} };

/** By method and by what; null: nothing ends it. */
const ways: Readonly<Record<string, readonly [alone: string | null, withIssuer: string]>> = {
  'aws-iam': ['second-key: api', 'second-key-by-issuer: api'],
  github: ['page: api', 'page: api'],
  gitlab: ['self-rotate: api', 'self-rotate: api'],
  mysql: ['own-second-password: api', 'second-password: api'],
  postgresql: [null, 'sibling-role: api'],
  redis: ['own-second-password: api', 'second-password: api'],
  stripe: ['page: page', 'page: page'],
};

describe('the way in which a lone key ends', () => {
  it('is known for every provider', () => {
    expect(Object.keys(ways).sort()).toEqual(providers.map(({ id }) => id).sort());
  });

  it.each(providers.map((provider) => [provider.id, provider] as const))('%s', (id, provider) => {
    const told = (given: Issuer | undefined): string => {
      const { id: method, revocation } = endingOf(provider, given);
      return `${method}: ${revocation.by}`;
    };
    const [alone, withIssuer] = ways[id] ?? [];
    expect(told(issuer)).toBe(withIssuer);
    if (alone === null)
      expect(() => endingOf(provider, undefined)).toThrow(expect.objectContaining({ code: 'rotation/needs-issuer' }));
    else expect(told(undefined)).toBe(alone);
  });
});

describe('a lone key', () => {
  const options = { soakMs: 0, restart: false, leaveRunning: [], folders: [] };

  it('is not rotated by routine: there is no place for another', async () => {
    const world = new World({ kind: 'many', because: 'leak', seed: 5, lone: 'known' });
    const engine = world.engine();
    const id = await world.credentialId(engine);
    await expect(engine.plan(id, { ...options, because: 'routine' })).rejects.toMatchObject({ code: 'usage/unknown-credential' });
    expect(await engine.plan(id, { ...options, because: 'leak' })).toMatchObject({
      edits: [],
      lone: { name: 'Toy' },
      overlap: 'none',
    });
  });

  it('is known to the engine that was given it, and to no other until it was started', async () => {
    const world = new World({ kind: 'many', because: 'leak', seed: 6, lone: 'known' });
    const engine = world.engine();
    const id = await world.credentialId(engine);
    await expect(world.engine().plan(id, { ...options, because: 'leak' })).rejects.toMatchObject({
      code: 'usage/unknown-credential',
    });
    const plan = await engine.plan(id, { ...options, because: 'leak' });
    const rotation = await engine.start(plan);
    await expect(engine.start(plan)).rejects.toMatchObject({ code: 'rotation/unfinished' });
    expect(await world.engine().advance(rotation, { onEvent: () => undefined })).toMatchObject({ state: 'complete' });
    expect(world.upstream.works(world.used.text)).toBe(true);
  });

  it('that a client holds has the id of the inventory, and is replaced', async () => {
    const world = new World({ kind: 'many', because: 'leak', seed: 7 });
    const held = { kind: 'token', parts: { token: new Secret(world.old.text) }, context: {} };
    const engine = world.engine();
    const [id = ''] = await engine.takeLone([{ provider: 'toy', held }], []);
    expect(id).toBe(await world.credentialId(engine));
    const plan = await engine.plan(id, { ...options, because: 'leak' });
    expect(plan).not.toHaveProperty('lone');
    expect(plan.edits).toHaveLength(3);
  });

  it('is taken back before anything was revoked, and shredded', async () => {
    const world = new World({ kind: 'many', because: 'leak', seed: 8, lone: 'known' });
    const engine = world.engine();
    const rotation = await engine.start(await engine.plan(await world.credentialId(engine), { ...options, because: 'leak' }));
    expect(await engine.undo(rotation, { onEvent: () => undefined })).toMatchObject({ state: 'rolled-back' });
    expect(world.upstream.works(world.old.text)).toBe(true);
    expect(world.memory.sealed.size).toBe(0);
    world.assertEnd('rolled-back');
  });
});
