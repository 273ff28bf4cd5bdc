/**
 * The texts of a store as they lie in a scratch home, read and written without locks and without any care: the client sleeps.
 * So a test of a store judges the store alone.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pathOf } from '../../src/clients/patterns.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../../src/stores/store.ts';
import type { Home } from './sign-in-clients.ts';

const textOf = async (file: string): Promise<Text> => ({
  name: file,
  text: await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  }),
});

/** The path of a file row, or the folder of a folder row. */
function placeOf({ machine }: Home, pattern: string): string {
  const path = pathOf(machine.ports.host, pattern.replace(/\/\*[^/]*$/, ''));
  if (path === undefined) throw new Error(`${pattern} is no path here`);
  return path;
}

export async function textsOf(home: Home, row: Row): Promise<readonly Text[]> {
  const beside = 'beside' in row && row.beside !== undefined ? [await textOf(placeOf(home, row.beside))] : [];
  if (row.kind === 'file') return [await textOf(placeOf(home, row.path)), ...beside];
  if (row.kind === 'items') return [...((await home.keyring?.items(row.service)) ?? []), ...beside];
  if (row.kind !== 'folder') throw new Error(`no client here keeps tokens in ${row.kind}`);
  const folder = placeOf(home, row.path);
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => textOf(join(folder, name))));
}

export async function entriesOf(home: Home, store: TokenStore, row: Row): Promise<readonly Entry[]> {
  const texts = (await textsOf(home, row)).filter(({ text }) => text !== '');
  return store.read(row, texts).entries;
}

export async function write(home: Home, row: Row, changes: readonly Change[]): Promise<void> {
  for (const { name, text } of changes) {
    if (row.kind === 'items' && !isAbsolute(name)) {
      if (text === undefined) throw new Error('no test removes an item');
      await home.keyring?.set(row.service, name, text);
      continue;
    }
    const file = isAbsolute(name) || row.kind !== 'folder' ? name : join(placeOf(home, row.path), basename(name));
    if (text === undefined) await rm(file);
    else {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, text, { mode: 0o600 });
    }
  }
}
