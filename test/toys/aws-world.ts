/** A toy AWS with a user `deploy` whose key is to be rotated, another user, and an admin without a key yet. */
import { afterEach } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Held, Issuer, MethodContext } from '../../src/providers/provider.ts';
import { markers } from '../kits/provider.ts';
import { ToyAws, type ToyKey } from './aws.ts';
import { ToyClock, toyUpstream } from './server.ts';

const partsOf = (key: Pick<ToyKey, 'id' | 'secret'>) => ({
  accessKeyId: new Secret(key.id),
  secretAccessKey: new Secret(key.secret),
});

export const heldOf = (key: Pick<ToyKey, 'id' | 'secret'>, region = 'eu-west-1'): Held => ({
  kind: 'access key',
  parts: partsOf(key),
  context: { region },
});

export const issuerOf = (key: ToyKey): Issuer => ({ source: 'pasted', parts: partsOf(key), context: {} });

async function start() {
  const clock = new ToyClock();
  const toy = await ToyAws.start(clock);
  const key = toy.make('deploy');
  toy.make('someone');
  toy.admins.add('boss');
  const old = heldOf(key);
  const at: MethodContext = { old, issuer: undefined, marker: markers(0) };
  return { clock, toy, key, old, at, up: toyUpstream(clock, toy.routes('eu-west-1'), 500) };
}

/** For a test file: starts fresh ones, and closes them after each test. */
export function usingAws(): typeof start {
  const open: ToyAws[] = [];
  afterEach(async () => {
    for (const toy of open.splice(0)) await toy.server.close();
  });
  return async () => {
    const world = await start();
    open.push(world.toy);
    return world;
  };
}
