/**
 * Goal: nothing is kept in, or carried on from, a folder into which another user can put files.
 * Method: the real disk and journal store over folders of every mode, through a link too; other owners by number.
 */
import { chmod, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDisk } from './disk.ts';
import { openJournalStore } from './journal-store.ts';
import { checkOwn } from './own-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-own-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([0o777, 0o1777, 0o770, 0o702])('mode %o is refused, through a link too', async (mode) => {
  const state = join(folder, 'state');
  await mkdir(state);
  await chmod(state, mode);
  await symlink(state, join(folder, 'link'));
  for (const path of [state, join(folder, 'link')]) {
    await expect(openJournalStore(join(path, 'journal.sqlite'))).rejects.toMatchObject({ code: 'state/unusable' });
    await expect(createDisk().makeFolder(path)).rejects.toMatchObject({ code: 'state/unusable' });
  }
  expect(await readdir(state)).toEqual([]);
});

it.each([0o700, 0o750, 0o755])('mode %o is taken', async (mode) => {
  await chmod(folder, mode);
  await createDisk().makeFolder(folder);
  await (await openJournalStore(join(folder, 'journal.sqlite'))).close();
  expect(await readdir(folder)).toEqual(['journal.sqlite']);
});

it('a folder of another user is refused, also by root', () => {
  expect(() => checkOwn({ uid: 1000, mode: 0o40700 }, '/x', 0)).toThrow('belongs to another user');
  expect(() => checkOwn({ uid: 0, mode: 0o40700 }, '/x', 1000)).toThrow('belongs to another user');
  expect(() => checkOwn({ uid: 1000, mode: 0o40700 }, '/x', 1000)).not.toThrow();
});
