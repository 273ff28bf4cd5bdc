/**
 * Files that are kept outside of git's stores (git LFS): a commit holds a pointer with the hash of the real one, which may be on
 * this machine or not. Pointers are found like secrets, by their first line.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { ObjectMatch } from '../ports/searches.ts';
import type { Needles } from '../search/needles.ts';
import type { Gap } from '../search/search.ts';
import type { Repository } from './leaks.ts';
import { said } from './search-names.ts';

const mark = 'version https://git-lfs.github.com/spec/v1';
/** The specification's limit for a pointer. */
const mostPointer = 1024;

export const withPointers = (known: Needles): Needles => known.withMark(mark, 'git-lfs.');

export const isPointer = (known: Needles, { of }: ObjectMatch): boolean => 'known' in of && of.known >= known.ids.length;

/** Where LFS puts its files: below the git folder unless configured otherwise. */
export async function lfsFolder({ host, git }: Pick<Ports, 'host' | 'git'>, { commonDir }: Repository): Promise<FilePath> {
  const named = (await said({ git }, { gitDir: commonDir }, ['config', '--null', '--get', 'lfs.storage']))
    ?.toString()
    .replace(/\0$/, '');
  if (!named) return host.join(commonDir, 'lfs', 'objects');
  return host.join(host.isAbsolute(named) ? named : host.join(commonDir, named), 'objects');
}

/** A gap for each file that pointers name and that is not here. */
export async function missingLfs(
  { disk, host, git }: Pick<Ports, 'disk' | 'host' | 'git'>,
  repository: Repository,
  folder: FilePath,
  pointers: readonly ObjectMatch[],
): Promise<Gap[]> {
  const ids = new Set(pointers.filter(({ type, offset }) => type === 'blob' && offset === 0).map(({ object }) => object));
  if (ids.size === 0) return [];
  const stores = { folders: repository.objectFolders, hash: repository.hash };
  const sized = await git.objects(stores, ['cat-file', '--batch-check=%(objectname) %(objectsize)'], { input: lines(ids) });
  const small = [...text(sized.output).matchAll(/^([0-9a-f]+) (\d+)$/gm)].filter(([, , size]) => Number(size) <= mostPointer);
  const read = await git.objects(stores, ['cat-file', '--batch'], { input: lines(small.map(([, id = '']) => id)) });
  const wanted = new Set([...text(read.output).matchAll(/^oid sha256:([0-9a-f]{64})$/gm)].map(([, oid = '']) => oid));
  const gaps: Gap[] = [];
  for (const oid of wanted) {
    const file = host.join(folder, oid.slice(0, 2), oid.slice(2, 4), oid);
    if ((await disk.kind(file)) !== 'file')
      gaps.push({ code: 'not-here', where: oid, why: 'an LFS object that is not on this machine' });
  }
  return gaps;
}

const lines = (ids: Iterable<string>): string => [...ids].map((id) => `${id}\n`).join('');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
