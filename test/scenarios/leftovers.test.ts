/**
 * Goal: a rotation tells which backups, swap files, copies and histories hold the old value or the new one, once, whatever
 * becomes of the power; it touches none of them and shows no value.
 * Method: the failing world with such files in it; the receipt read from the journal and from the state folder.
 */
import { expect, it } from 'vitest';
import type { Because, Receipt } from '../../src/rotation/rotation.ts';
import { home } from '../world/configs.ts';
import { drive } from '../world/drive.ts';
import { assertNothingSpilled } from '../world/promises.ts';
import { World } from '../world/world.ts';

const spilledAt = [`${home}/.bash_history`, `${home}/.claude.json.backup`, `${home}/.cursor/mcp (conflicted copy).json`];

/** A world in which copies of the old value lie about, and some program copies the new one as soon as it is written. */
function untidy(because: Because): World {
  const world = new World({ kind: 'many', because, seed: 1 });
  for (const path of spilledAt) world.disk.write(path, `export KEY=${world.old.text}\n`);
  world.disk.write(`${home}/.codex/config.toml.orig`, 'nothing of ours');
  const { onEffect } = world.power;
  world.power.onEffect = (name) => {
    const written = world.disk.text(`${home}/.cursor/mcp.json`) ?? '';
    if (name === `disk.rename ${home}/.cursor/mcp.json`) world.disk.write(`${home}/.cursor/.mcp.json.swp`, written);
    onEffect(name);
  };
  return world;
}

async function receiptOf(world: World): Promise<Receipt> {
  const [row] = await world.engine().history();
  return world.engine().receipt(row?.rotation ?? '');
}

const found = [
  ...spilledAt.map((file) => ({ file, which: 'old' })),
  { file: `${home}/.cursor/.mcp.json.swp`, which: 'new' },
].sort((a, b) => (a.file < b.file ? -1 : 1));

const sorted = (receipt: Receipt) => receipt.leftovers?.toSorted((a, b) => (a.file < b.file ? -1 : 1));

it.each(['routine', 'leak'] as const)('copies are listed and left alone: %s (failure mode 18)', async (because) => {
  const world = untidy(because);
  const before = spilledAt.map((path) => world.disk.text(path));
  const { progress } = await drive(world);
  expect(progress).toMatchObject({ state: 'complete', leftovers: { old: 3, new: 1 } });
  const receipt = await receiptOf(world);
  expect(sorted(receipt)).toEqual(found);
  expect(receipt.leftoversNotSearched).toEqual([]);
  const kept = world.disk.text(`${world.ports.host.stateFolder}/receipts/${receipt.rotation}.json`) ?? '';
  expect(JSON.parse(kept).leftovers).toEqual(receipt.leftovers);
  expect(world.shown.join('\n')).toContain('warning: the new value also stands in /home/ada/.cursor/.mcp.json.swp');
  expect(spilledAt.map((path) => world.disk.text(path))).toEqual(before);
  assertNothingSpilled(world);
});

it('a cut anywhere during the audit loses no copy and asks nothing twice (failure mode 18)', async () => {
  const calm = untidy('routine');
  await drive(calm);
  const last = calm.power.names.findLastIndex((name) => name?.startsWith('upstream'));
  expect(calm.power.count - last).toBeGreaterThan(6);
  for (let number = last; number <= calm.power.count; number++) {
    const world = untidy('routine');
    world.power.cutAt({ number, when: 'after' });
    const { progress, cuts } = await drive(world);
    expect(cuts).toBe(1);
    expect(progress.state).toBe('complete');
    expect(sorted(await receiptOf(world))).toEqual(found);
    const outcomes = world.memory.entries.filter(
      ({ kind, body }) => kind === 'outcome' && JSON.parse(body).effect === 'find leftovers',
    );
    expect(outcomes).toHaveLength(1);
  }
});

it('a rotation that was taken back claims nothing about copies (failure mode 18)', async () => {
  const world = untidy('routine');
  world.upstream.gives = { account: 'somebody else' };
  const { progress } = await drive(world);
  expect(progress.state).toBe('rolled-back');
  expect(progress).not.toHaveProperty('leftovers');
  expect((await receiptOf(world)).leftovers).toBeUndefined();
});
