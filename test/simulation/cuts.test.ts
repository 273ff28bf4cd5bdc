/**
 * Goal: a rotation cut anywhere ends with nobody locked out, no stray key upstream, no torn file and nothing spilled
 * (failure modes 1, 2, 3, 14, 33).
 * Method: each playbook with each kind of provider once without a cut, to count its effects; then once for every effect
 * with the power cut after it, and once for every write with the power cut in its middle. A cut before an effect finds
 * the same durable world as one after the effect before it, and is made at the first effect and at every call of the
 * provider. The promises are asserted after every effect.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Because } from '../../src/rotation/rotation.ts';
import { drive } from '../world/drive.ts';
import type { Moment } from '../world/power.ts';
import { type Kind, kinds } from '../world/toy-providers.ts';
import { World } from '../world/world.ts';

// A world without its files throws thousands of problems; their stacks are a tenth of the time, and a cut is found by its number.
beforeAll(() => {
  Error.stackTraceLimit = 0;
});

const playbooks: readonly Because[] = ['routine', 'departure', 'leak'];

async function cutAt(kind: Kind, because: Because, moment: Moment | undefined): Promise<World> {
  const world = new World({ kind, because, seed: 7 });
  const told = (): string =>
    `${kind}, ${because}, cut ${moment?.when} ${moment?.number} (${moment && world.power.names[moment.number]})`;
  try {
    world.power.cutAt(moment);
    const { progress, cuts } = await drive(world);
    if (progress.state !== 'complete' && progress.state !== 'rolled-back') throw new Error(progress.state);
    if (cuts !== (moment ? 1 : 0)) throw new Error(`${cuts} cuts were made`);
    world.assertEnd(progress.state);
  } catch (error) {
    throw new Error(told(), { cause: error });
  }
  return world;
}

function momentsOf(names: readonly string[]): Moment[] {
  return names.flatMap((name, number): Moment[] => {
    if (number === 0) return [];
    const moments: Moment[] = [{ number, when: 'after' }];
    if (number === 1 || name.startsWith('upstream')) moments.push({ number, when: 'before' });
    if (name.startsWith('disk.temporary')) moments.push({ number, when: 'torn' });
    return moments;
  });
}

describe.each(playbooks)('%s', (because) => {
  it.each(kinds)('%s: every single cut (failure modes 1, 2, 3, 14, 33)', async (kind) => {
    const calm = await cutAt(kind, because, undefined);
    const seen = new Set(calm.power.names.filter(Boolean).map((name) => name.split(' ')[0]));
    expect([...seen]).toEqual(
      expect.arrayContaining(['journal.append', 'journal.putSealed', 'journal.shred', 'disk.temporary', 'disk.rename']),
    );
    const moments = momentsOf(calm.power.names.map((name) => name ?? ''));
    expect(moments.length).toBeGreaterThan(80);
    for (const moment of moments) await cutAt(kind, because, moment);
  });
});
