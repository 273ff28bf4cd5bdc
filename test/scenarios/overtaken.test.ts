/**
 * Goal: a process that slept in its call to issue and was overtaken leaves no key behind, though its call arrives after
 * the other process has looked for it (failure modes 3, 7).
 * Method: the failing world with two processes; the call of the first is held until the second is about to close.
 */
import { expect, it } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import type { Progress } from '../../src/rotation/rotation.ts';
import type { Kind } from '../world/toy-providers.ts';
import { World, type WorldParts } from '../world/world.ts';

interface Overtaken {
  readonly world: World;
  readonly progress: Progress;
  /** Goes on as a third process would. */
  readonly resume: () => Promise<Progress>;
}

/** The first one's call arrives as the second process reads the activity, its last look at the provider before the end. */
async function overtaken(kind: Kind, listing: 'works' | 'is down at the end' = 'works'): Promise<Overtaken> {
  let asleep = true;
  let down = false;
  const [reached, wake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const sleepers: Promise<unknown>[] = [];
  const arrive = async (): Promise<void> => {
    wake.resolve();
    await Promise.allSettled(sleepers);
    down = listing === 'is down at the end';
  };
  const plant = ({ ports, adapters }: WorldParts): WorldParts => {
    const [provider] = adapters.providers;
    const [method] = provider?.methods ?? [];
    if (provider === undefined || method?.issue !== 'api' || method.value !== 'theirs') throw new Error('no such method');
    const issueNew: typeof method.issueNew = async (up, at) => {
      if (asleep) {
        asleep = false;
        reached.resolve();
        await wake.promise;
        // It was sent when its intent was the journal's last word; by now others have written.
        world.upstream.onIssue = () => undefined;
      }
      return method.issueNew(up, at);
    };
    const activity: typeof provider.activity = async (up, at) => {
      await arrive();
      return provider.activity?.(up, at) ?? Promise.reject(new Error('the toy has a record'));
    };
    const findStrays: typeof method.findStrays = async (up, at, since) => {
      if (down) throw new Problem('provider/unavailable', { what: 'the list cannot be had' });
      return method.findStrays?.(up, at, since) ?? [];
    };
    const methods = [{ ...method, issueNew, findStrays }];
    return { ports, adapters: { ...adapters, providers: [{ ...provider, activity, methods }] } };
  };
  const world = new World({ kind, because: 'routine', seed: 5, plant });
  const options = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;
  const onEvent = (): void => undefined;
  const rotation = await world.engine().start(await world.engine().plan(await world.credentialId(), options));
  const first = world
    .engine()
    .advance(rotation, { onEvent })
    .then(
      () => 'went on',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
  sleepers.push(first);
  await reached.promise;
  // Seen as gone, it is overtaken; in truth it only sleeps.
  world.ours.delete(10);
  world.ours.add(5000);
  const second = world.engine(world.portsOf(5000));
  const goOn = async (): Promise<Progress> => {
    down = false;
    let progress = await second.advance(rotation, { onEvent });
    for (let times = 0; progress.state === 'waiting' && times < 8; times++) {
      progress = await second.advance(rotation, { onEvent, answer: await world.person(progress.need) });
    }
    return progress;
  };
  const progress = await goOn();
  expect(await first).toBe('rotation/locked');
  return { world, progress, resume: goOn };
}

it('a key that came late and carries the marker is found before the end, and revoked', async () => {
  const { world, progress } = await overtaken('many');
  expect(progress).toMatchObject({ state: 'complete' });
  expect(world.upstream.keys.filter((key) => key.madeBy === 'us')).toHaveLength(2);
  expect(world.upstream.live().map(({ text }) => text)).toEqual([...new Set(world.configKeys())]);
  world.assertEnd('complete');
});

it('one that nothing proves to be ours stays in sight until a person says whose it is', async () => {
  const { world, progress, resume } = await overtaken('most 2');
  expect(progress).toMatchObject({
    state: 'debt',
    debts: [{ kind: 'doubtful-key', text: expect.stringContaining('nothing tells') }],
  });
  expect(world.upstream.live()).toHaveLength(2);
  expect(await resume()).toMatchObject({ state: 'complete' });
  expect(world.upstream.live().map(({ text }) => text)).toEqual([...new Set(world.configKeys())]);
  world.assertEnd('complete');
});

it('when keys cannot be listed at the end, that is owed, and the late one found later', async () => {
  const { world, progress, resume } = await overtaken('many', 'is down at the end');
  expect(progress).toMatchObject({
    state: 'debt',
    debts: [{ kind: 'lost-key', text: expect.stringContaining('could not be looked for') }],
  });
  let later = await resume();
  // The first look ends it; that it is gone is seen by the next.
  if (later.state === 'debt') later = await resume();
  expect(later).toMatchObject({ state: 'complete' });
  expect(world.upstream.live().map(({ text }) => text)).toEqual([...new Set(world.configKeys())]);
  world.assertEnd('complete');
});
