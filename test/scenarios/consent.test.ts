/**
 * Goal: what a person says to one question is never taken as the answer to another.
 * Method: a key is lost with its answer and owed; later the person accepts an unproven call, which by then is proven.
 */
import { expect, it } from 'vitest';
import { PowerCut } from '../world/power.ts';
import { githubAnswer, honestServer, World } from '../world/world.ts';
import { begun } from './begun.ts';

it('consent to an unproven call does not pay for a lost key (failure mode 3)', async () => {
  const world = new World({ kind: 'replaces', because: 'routine', seed: 1 });
  const { advance } = await begun(world);
  world.power.onBefore = (name, number) => {
    if (name === 'upstream issue') world.power.cutAt({ number, when: 'after' });
  };
  await expect(advance()).rejects.toThrow(PowerCut);
  world.reboot();
  world.server = () => ({ kind: 'answered', isError: false, text: githubAnswer });
  await advance('new-credential');
  expect(await advance('restart-by-hand')).toMatchObject({ state: 'waiting', need: { kind: 'accept-unproven' } });
  world.server = (key) => honestServer(key, world);
  expect(await advance(undefined, { kind: 'accept' })).toMatchObject({ state: 'debt', debts: [{ kind: 'lost-key' }] });
  expect(await advance()).toMatchObject({ state: 'waiting', need: { kind: 'confirm-strays' } });
});
