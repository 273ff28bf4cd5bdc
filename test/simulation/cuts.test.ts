/**
 * Goal: a rotation cut anywhere ends with nobody locked out, no stray key upstream, no torn file and nothing spilled
 * (failure modes 1, 2, 3, 14, 33).
 * Method: each playbook with each kind of provider once without a cut, to list its effects; then once for every effect
 * with the power cut before it, once with the power cut after it, and once for every write with the power cut in its
 * middle. The cuts that the power tells of must be exactly those of the list. The promises are asserted after every effect.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type CutRun, cutAt, cutAtEach, everyMoment, playbooks } from '../world/cuts.ts';
import { type Kind, kinds } from '../world/toy-providers.ts';

// A world without its files throws thousands of problems; their stacks are a tenth of the time, and a cut is found by its number.
beforeAll(() => {
  Error.stackTraceLimit = 0;
});

/** What must be among the effects: a world of which a part does not pass the power would be cut nowhere in it. */
function effectsOf({ kind, lone }: CutRun): string[] {
  const journal = ['append', 'putSealed', 'shred', 'acquire', 'release'].map((name) => `journal.${name}`);
  // Its receipt is the one file that is written, and it is issued nothing.
  const receipt = ['temporary', 'create', 'folder'].map((name) => `disk.${name}`);
  if (lone) return [...journal, ...receipt, ...(lone === 'attended' || kind === 'page only' ? [] : ['upstream revoke'])];
  const disk = ['temporary', 'rename', 'folder', 'create'].map((name) => `disk.${name}`);
  const issues = kind.startsWith('page') ? [] : ['upstream issue'];
  const revokes = kind === 'page only' || kind.startsWith('replaces') ? [] : ['upstream revoke'];
  return [...journal, ...disk, ...issues, ...revokes];
}

async function cutEverywhere(run: CutRun): Promise<void> {
  const calm = await cutAt(run, undefined);
  expect(calm.state).toBe('complete');
  const { names, count } = calm.world.power;
  const effects = names.slice(1);
  expect(effects).toHaveLength(count);
  expect(effects.map((name) => name.replace(/ \/.*/, ''))).toEqual(expect.arrayContaining(effectsOf(run)));
  const moments = everyMoment(names);
  const writes = effects.filter((name) => name.startsWith('disk.temporary')).length;
  expect(moments).toHaveLength(2 * count + writes);
  await cutAtEach(run, names, moments);
}

describe.each(playbooks)('%s', (because) => {
  it.each<Kind>(kinds)('%s: every single cut (failure modes 1, 2, 3, 14, 33)', (kind) => cutEverywhere({ kind, because }));
});

describe('lone', () => {
  const because = 'leak';
  it.each<Kind>(['many', 'by itself', 'replaces', 'page only'])('%s: every single cut (failure modes 2, 14, 33)', (kind) =>
    cutEverywhere({ kind, because, lone: 'known' }),
  );

  it('of a provider that no folder knows: every single cut', () => cutEverywhere({ kind: 'many', because, lone: 'attended' }));
});
