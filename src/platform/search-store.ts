/**
 * What there is in an object folder: its packs and its loose objects, by the names of their files.
 */
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePath } from '../ports/disk.ts';
import type { Gap } from '../search/search.ts';

export interface Store {
  /** Packs with an index: their files without ending. */
  readonly packs: readonly FilePath[];
  readonly loose: readonly string[];
  readonly gaps: readonly Gap[];
}

export function listStore(folder: FilePath, hash: 'sha1' | 'sha256'): Store {
  const gaps: Gap[] = [];
  const list = (path: FilePath, mayLack: boolean): Dirent[] => {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!(isAbsent && mayLack))
        gaps.push(
          isAbsent
            ? { code: 'missing', where: path, why: 'there is no such folder of objects' }
            : { code: 'unreadable', where: path, why: 'a folder of objects that may not be read' },
        );
      return [];
    }
  };
  const loose: string[] = [];
  const rest = new RegExp(`^[0-9a-f]{${hash === 'sha1' ? 38 : 62}}$`);
  const unfinished = (path: FilePath): void =>
    void gaps.push({ code: 'unreadable', where: path, why: 'git never finished to write it' });
  for (const { name } of list(folder, false)) {
    if (!/^[0-9a-f]{2}$/.test(name)) continue;
    for (const file of list(join(folder, name), true)) {
      if (rest.test(file.name)) loose.push(name + file.name);
      else if (file.name.startsWith('tmp_obj_')) unfinished(join(folder, name, file.name));
    }
  }
  return { packs: packsIn(join(folder, 'pack'), list, gaps, unfinished), loose, gaps };
}

function packsIn(
  folder: FilePath,
  list: (path: FilePath, mayLack: boolean) => Dirent[],
  gaps: Gap[],
  unfinished: (path: FilePath) => void,
): FilePath[] {
  const names = new Set(list(folder, true).map(({ name }) => name));
  const packs: FilePath[] = [];
  for (const name of names) {
    if (name.startsWith('tmp_pack_')) unfinished(join(folder, name));
    const [, base, ending] = /^(.+)\.(pack|idx)$/.exec(name) ?? [];
    if (base === undefined) continue;
    if (ending === 'idx') {
      if (names.has(`${base}.pack`)) packs.push(join(folder, base));
      else gaps.push({ code: 'missing', where: join(folder, `${base}.pack`), why: 'an index speaks of it, but it is not there' });
    } else if (!names.has(`${base}.idx`))
      gaps.push({ code: 'missing', where: join(folder, `${base}.idx`), why: 'a pack without index' });
  }
  return packs.sort();
}
