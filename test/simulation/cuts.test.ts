/**
 * Goal: a rotation cut anywhere ends with nobody locked out, no stray key upstream, no torn file and nothing spilled
 * (failure modes 1, 2, 3, 14, 33).
 * Method: each playbook with each kind of provider once without a cut, to count its effects; then once for every effect
 * with the power cut before it, and once with the power cut after it. The promises are asserted after every effect.
 */
import { describe, expect, it } from 'vitest';
import type { Because } from '../../src/rotation/rotation.ts';
import { drive } from '../world/drive.ts';
import type { Moment } from '../world/power.ts';
import { type Kind, kinds } from '../world/toy-providers.ts';
import { World } from '../world/world.ts';

const playbooks: readonly Because[] = ['routine', 'departure', 'leak'];

async function cutAt(kind: Kind, because: Because, moment: Moment | undefined): Promise<World> {
  const world = new World({ kind, because, seed: 7 });
  const { progress } = await drive(world, { between: (start) => world.power.cutAt(start === 1 ? moment : undefined) });
  const told = `${kind}, ${because}, cut ${moment?.when} ${moment?.number} (${moment && world.power.names[moment.number]})`;
  if (progress.state !== 'complete' && progress.state !== 'rolled-back') throw new Error(`${told}: ${progress.state}`);
  try {
    world.assertEnd(progress.state);
  } catch (error) {
    throw new Error(told, { cause: error });
  }
  return world;
}

describe.each(playbooks)('%s', (because) => {
  it.each(kinds)('%s: every single cut', async (kind) => {
    const calm = await cutAt(kind, because, undefined);
    const effects = calm.power.count;
    expect(effects).toBeGreaterThan(40);
    const seen = new Set(calm.power.names.filter(Boolean).map((name) => name.split(' ')[0]));
    expect([...seen]).toEqual(expect.arrayContaining(['journal.append', 'journal.putSealed', 'disk.rename']));
    for (let number = 1; number <= effects; number++) {
      for (const when of ['before', 'after'] as const) await cutAt(kind, because, { number, when });
    }
  });
});
