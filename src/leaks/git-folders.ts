/**
 * git's folders, read as files: which folder is one, where it leads to, and which object folders it reads from.
 *
 * Nothing here asks git, for git says nothing at all about a repository that is a little broken, and that one is searched too.
 */
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Gap } from '../search/search.ts';

export type FolderPorts = Pick<Ports, 'disk' | 'host'>;

const mostPointer = 64 * 1024;
const mostList = 16 * 1024 * 1024;

/** Names in a folder; undefined when it cannot be read, with a gap. */
export async function namesIn({ disk }: FolderPorts, folder: FilePath, gaps: Gap[]): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await disk.list(folder)).map(({ name }) => name));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    gaps.push({ code: 'unreadable', where: folder, why: 'a folder that could not be listed' });
    return undefined;
  }
}

/** By what stands in it. A `.git` that has lost its HEAD is one still: its objects are there. */
export function isGitFolder(names: ReadonlySet<string>, folderName: string): boolean {
  if (names.has('HEAD') && (names.has('commondir') || (names.has('objects') && names.has('refs')))) return true;
  return folderName === '.git' && names.has('objects');
}

/** The text of a small file; undefined when there is none or it cannot be read. */
export async function textOf({ disk }: FolderPorts, path: FilePath, most = mostPointer): Promise<string | undefined> {
  try {
    return new TextDecoder().decode((await disk.read(path, most)).bytes);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Where a `.git` file (of a submodule, a linked work tree) says that its git folder is. */
export async function gitFileTarget(ports: FolderPorts, file: FilePath): Promise<FilePath | undefined> {
  const named = /^gitdir: ?([^\0]+?)[\r\n]*$/.exec((await textOf(ports, file)) ?? '')?.[1];
  return named === undefined ? undefined : resolved(ports, ports.host.dirname(file), named);
}

/** Where the refs and objects of a work tree's git folder are. */
export async function commonDirOf(ports: FolderPorts, gitDir: FilePath): Promise<FilePath> {
  const named = (await textOf(ports, ports.host.join(gitDir, 'commondir')))?.replace(/[\r\n]+$/, '');
  return named === undefined || named === '' ? gitDir : resolved(ports, gitDir, named);
}

export function resolved({ host }: FolderPorts, base: FilePath, path: string): FilePath {
  const whole = host.isAbsolute(path) ? host.join(path) : host.join(base, path);
  const bare = whole.replace(/[\\/]+$/, '');
  return bare === '' || /^[A-Za-z]:$/.test(bare) ? whole : bare;
}

/**
 * The object folders of a git folder: its own, what an interrupted push left in it, and those that they borrow from. Borrowing
 * can go through several stores, and in a circle.
 */
export async function objectFoldersOf(ports: FolderPorts, commonDir: FilePath, gaps: Gap[]): Promise<FilePath[]> {
  const { disk, host } = ports;
  const found = new Set([host.join(commonDir, 'objects')]);
  const marks = new Set<string>();
  for (const folder of found) {
    const { text: mark } = await disk.mark(folder);
    if (marks.has(mark)) found.delete(folder);
    marks.add(mark);
    if (!found.has(folder)) continue;
    const names = await namesIn(ports, folder, gaps);
    for (const name of names ?? []) {
      // Objects that were received and not yet taken in, by the names of newer and older gits.
      if (/^(?:tmp_objdir-)?incoming-/.test(name)) found.add(host.join(folder, name));
    }
    if (!names?.has('info')) continue;
    const listed = await textOf(ports, host.join(folder, 'info', 'alternates'), mostList);
    for (const line of (listed ?? '').split('\n')) {
      const path = alternateIn(line);
      if (path === undefined) continue;
      const other = resolved(ports, folder, path);
      if (found.has(other)) continue;
      if ((await disk.kind(other)) === 'directory') found.add(other);
      else gaps.push({ code: 'missing', where: other, why: 'an object store that is borrowed from is not there' });
    }
  }
  return [...found];
}

/** One line of `info/alternates`: a comment, a path, or a path quoted as in C. */
export function alternateIn(line: string): string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  return line.startsWith('"') ? (unquoted(line) ?? line) : line;
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/** git's C quoting: single letters, and bytes in octal. undefined when it is not well formed. */
function unquoted(line: string): string | undefined {
  const inner = /^"((?:[^"\\]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*)"\s*$/.exec(line)?.[1];
  if (inner === undefined) return undefined;
  const parts = inner.match(/\\[0-3][0-7]{2}|\\.|[^\\]+/gs) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (!part.startsWith('\\')) return Buffer.from(part);
      const code = part.slice(1);
      return Buffer.from([escapes[code] ?? Number.parseInt(code, 8)]);
    }),
  ).toString('utf8');
}

/**
 * The folder that a path leads to when links are followed: as told by a file that stands in it, for the disk tells real paths
 * of files only. The path itself where none can be read.
 */
export async function realFolder(ports: FolderPorts, folder: FilePath): Promise<FilePath> {
  const { disk, host } = ports;
  try {
    const files = (await disk.list(folder)).filter(({ kind }) => kind === 'file').map(({ name }) => name);
    // Those that are small and always there first.
    files.sort((a, b) => Number(usual.has(b)) - Number(usual.has(a)));
    for (const name of files.slice(0, 8)) {
      const real = await disk.read(host.join(folder, name)).then(({ realPath }) => realPath, absent);
      if (real !== undefined) return host.dirname(real);
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  return folder;
}

const usual = new Set(['.git', 'HEAD', 'config']);

function absent(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error;
}
