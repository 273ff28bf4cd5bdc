/**
 * Goal: one credential has one open rotation, by whichever of its two ids it is named; a key that a person hands over and
 * that is not for this rotation is neither kept nor revoked; no lock of a killed process outlives the next run.
 * Method: the failing world, without failures; the state of the toy upstream is the judge.
 */
import { describe, expect, it } from 'vitest';
import { toyText } from '../../test/world/toy-providers.ts';
import { World } from '../../test/world/world.ts';
import { Secret } from '../base/secret.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Event, PersonAnswer, RotateOptions } from './rotation.ts';

const options: RotateOptions = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] };
const onEvent = (): void => undefined;

async function opened(world: World): Promise<string> {
  return world.engine().start(await world.engine().plan(await world.credentialId(), options));
}

describe('while a rotation is open', () => {
  it('another of the same credential is refused, also when its places hold the new one already', async () => {
    const world = new World({ kind: 'many', because: 'routine', seed: 3 });
    const first = await world.credentialId();
    const rotation = await opened(world);
    await expect(opened(world)).rejects.toMatchObject({ code: 'rotation/unfinished' });
    const progress = await world.engine().advance(rotation, { onEvent });
    expect(progress).toMatchObject({ state: 'waiting', step: 'restart' });
    expect(world.configKeys()).not.toContain(world.old.text);
    world.forgetId();
    expect(await world.credentialId()).not.toBe(first);
    await expect(opened(world)).rejects.toMatchObject({ code: 'rotation/unfinished', next: expect.stringContaining(rotation) });
    world.disk.write(journalFile(world.ports.host), ''); // the twin of the journal is in no file
    await expect(world.engine().plan(first, options)).rejects.toMatchObject({
      code: 'rotation/unfinished',
      next: expect.stringContaining(rotation),
    });
  });
});

describe('locks of killed processes', () => {
  it('are taken back first by every run of a rotation, also by one that wants none', async () => {
    const world = new World({ kind: 'many', because: 'routine', seed: 3 });
    const rotation = await opened(world);
    let freed = 0;
    const free = world.disk.freeLocks.bind(world.disk);
    world.disk.freeLocks = () => {
      freed++;
      return free();
    };
    await world.engine().advance(rotation, { onEvent });
    await world.engine().advance(rotation, { onEvent });
    expect(freed).toBe(2);
    await world.engine().undo(rotation, { onEvent });
    expect(freed).toBe(3);
  });
});

describe('a key that a person hands over', () => {
  async function handOver(which: (world: World) => string): Promise<{ world: World; told: string[]; progress: unknown }> {
    const world = new World({ kind: 'page', because: 'routine', seed: 3 });
    const rotation = await opened(world);
    const told: string[] = [];
    const note = (event: Event): void => void (event.kind === 'note' && told.push(event.text));
    await world.engine().advance(rotation, { onEvent });
    const answer: PersonAnswer = { kind: 'new-credential', parts: { token: new Secret(which(world)) } };
    const progress = await world.engine().advance(rotation, { onEvent: note, answer });
    expect(await world.engine().history()).toMatchObject([{ state: 'waiting', step: 'issue' }]);
    return { world, told, progress };
  }
  const again = { state: 'waiting', step: 'issue', need: { kind: 'new-credential' } };

  it('of another account is asked for again, and lives on', async () => {
    const foreign = ({ upstream, random }: World): string => {
      upstream.gives = { account: 'eve' };
      return upstream.add({ text: toyText(random), label: '', madeBy: 'person' }).text;
    };
    const { world, told, progress } = await handOver(foreign);
    expect(progress).toMatchObject(again);
    expect(told.join()).toContain('another account');
    expect(world.upstream.keys.map((key) => key.deadFrom)).toEqual([undefined, undefined]);
  });

  it.each<[string, (world: World) => string, string]>([
    ['is the old one', ({ old }) => old.text, 'the old key'],
    ['is not of this provider', () => 'correct horse battery staple', 'does not look like a Toy credential'],
  ])('and %s is asked for again, and was sent nowhere', async (_title, which, words) => {
    let looks = 0;
    const { world, told, progress } = await handOver((it) => {
      const look = it.upstream.look.bind(it.upstream);
      it.upstream.look = (apply) => {
        looks++;
        return look(apply);
      };
      return which(it);
    });
    expect(progress).toMatchObject(again);
    expect(told.join()).toContain(words);
    expect(told.join() + JSON.stringify(progress)).not.toContain(which(world));
    expect(looks).toBe(0);
    expect(world.old.deadFrom).toBeUndefined();
  });
});
