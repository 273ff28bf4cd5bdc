/**
 * Looking through folders and files on this thread: what one job of a search is.
 *
 * Links are never followed: their targets are texts to look at. Only regular files are opened, and so that nothing can block
 * or be woken even when the path leads elsewhere by then. A file is read in windows, so its size does not matter. A file
 * system that does not answer (a network folder whose server is gone) holds this thread up, not the one that waits for it.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { FilePath } from '../ports/disk.ts';
import type { FileMatch } from '../ports/searches.ts';
import { type Looked, matchBytes, matchStream, type SoughtBytes } from '../search/match.ts';
import type { Gap } from '../search/search.ts';
import { systemCode } from './disk-problems.ts';
import { type Depth, deeper, depthOfBytes, isProgram } from './search-files-quick.ts';
import type { ObjectLook } from './search-look.ts';

export interface FilesJob {
  /** Folders to be looked at, not with what is in the folders in them. */
  readonly folders: readonly FilePath[];
  /** Named by the caller: files, folders, links or nothing at all. */
  readonly roots: readonly FilePath[];
  readonly mostBytes: number;
  /** Everything is looked at in full. */
  readonly exhaustive: boolean;
  /** Larger files are left to a later job: this thread has other things to do. */
  readonly leaveLarger: number;
}

export interface FolderFound {
  readonly path: FilePath;
  /** Of its file system, and what it is there. */
  readonly device: string;
  readonly file: string;
}

export interface FilesLooked {
  readonly folders: readonly FolderFound[];
  /** Files that were left. */
  readonly large: readonly FilePath[];
  readonly matches: readonly FileMatch[];
  readonly names: readonly FileMatch[];
  readonly links: readonly FileMatch[];
  readonly files: number;
  readonly bytes: number;
  readonly gaps: readonly Gap[];
}

/** As much as stays in the processor's memory while it is looked at. */
const readSize = 256 * 1024;
/** Of one reading, shown again with the next: longer than what the quick question is about. */
const overlap = 4096;
const page = 4096;
const nothing: Looked = { matches: [], gaps: [] };

export class FilesLook {
  readonly #objects: ObjectLook;
  /** One for all files: the beginning of what is read lies behind room for the end of what was read before. */
  readonly #buffer = Buffer.allocUnsafeSlow(overlap + readSize);
  readonly #spare = Buffer.alloc(1);
  #exhaustive = false;
  #folders: FolderFound[] = [];
  #large: FilePath[] = [];
  #matches: FileMatch[] = [];
  #names: FileMatch[] = [];
  #links: FileMatch[] = [];
  #gaps: Gap[] = [];
  #files = 0;
  #bytes = 0;

  constructor(objects: ObjectLook) {
    this.#objects = objects;
  }

  look(job: FilesJob): FilesLooked {
    this.#exhaustive = job.exhaustive;
    this.#folders = [];
    this.#large = [];
    this.#matches = [];
    this.#names = [];
    this.#links = [];
    this.#gaps = [];
    this.#files = 0;
    this.#bytes = 0;
    for (const root of job.roots) this.#root(root, job);
    for (const folder of job.folders) this.#folder(folder, job);
    return {
      folders: this.#folders,
      large: this.#large,
      matches: this.#matches,
      names: this.#names,
      links: this.#links,
      files: this.#files,
      bytes: this.#bytes,
      gaps: this.#gaps,
    };
  }

  #root(path: FilePath, job: FilesJob): void {
    const stats = this.#try(path, () => lstatSync(path, { bigint: true }));
    if (stats === undefined) return;
    if (stats.isDirectory()) this.#folders.push({ path, device: String(stats.dev), file: String(stats.ino) });
    else if (stats.isSymbolicLink()) this.#link(path);
    else if (stats.isFile()) this.#file(path, job);
    else this.#gaps.push({ code: 'unreadable', where: path, why: 'neither a file nor a folder' });
  }

  #folder(folder: FilePath, job: FilesJob): void {
    const entries = this.#try(folder, () => readdirSync(folder, { withFileTypes: true }));
    if (entries === undefined) return;
    if (entries.length === 0) return;
    // names are looked at together: one look costs more than a name
    const together = Buffer.from(entries.map(({ name }) => name).join('\0'));
    if (this.#look(together).matches.length > 0)
      for (const { name } of entries) this.#tell(this.#names, join(folder, name), Buffer.from(name), 'its name');
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isFile()) this.#file(path, job);
      else if (entry.isSymbolicLink()) this.#link(path);
      else if (entry.isDirectory() || isUnknown(entry)) this.#root(path, job);
    }
  }

  #link(path: FilePath): void {
    const target = this.#try(path, () => readlinkSync(path));
    if (target !== undefined) this.#tell(this.#links, path, Buffer.from(target), 'the target of the link');
  }

  /** The exact look at a short text. */
  #tell(list: FileMatch[], file: FilePath, text: Buffer, what: string): void {
    const { matches, gaps } = this.#look(text);
    if (matches.length > 0) list.push(...matches.map((match) => ({ ...match, file })));
    if (gaps.length > 0) this.#gaps.push(...gaps.map((gap) => ({ ...gap, where: file, why: `${what}: ${gap.why}` })));
  }

  /** At what is in memory whole. */
  #look(bytes: Buffer): Looked {
    const depth = this.#exhaustive ? 'deep' : depthOfBytes(this.#objects, bytes, { first: true, program: isProgram(bytes) });
    return depth === 'none' ? nothing : matchBytes(bytes, this.#soughtAt(depth), this.#objects.tools);
  }

  #soughtAt(depth: 'quick' | 'deep'): SoughtBytes {
    return { ...this.#objects.sought, quick: depth === 'quick' };
  }

  #file(path: FilePath, job: FilesJob): void {
    const handle = this.#try(path, () =>
      openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)),
    );
    if (handle === undefined) return;
    try {
      this.#try(path, () => this.#opened(path, handle, job));
    } finally {
      closeSync(handle);
    }
  }

  #opened(path: FilePath, handle: number, { mostBytes, leaveLarger }: FilesJob): void {
    const first = readSync(handle, this.#buffer, overlap, readSize, 0);
    // less than was asked for is all there is; only a file system that reads by its pages may say so too early
    const more = first === readSize || (first % page === 0 && first > 0 && readSync(handle, this.#spare, 0, 1, first) > 0);
    if (!more && first <= mostBytes) {
      this.#looked(path, first, this.#look(this.#buffer.subarray(overlap, overlap + first)));
      return;
    }
    const before = fstatSync(handle);
    if (!before.isFile()) return;
    if (before.size > mostBytes) {
      this.#gaps.push({ code: 'too-large', where: path, why: `larger than ${mostBytes} bytes` });
      return;
    }
    if (before.size > leaveLarger) {
      this.#large.push(path);
      return;
    }
    // what is written meanwhile, perhaps by what reads it, has an end
    const end = 2 * before.size;
    const { depth, size } = this.#exhaustive ? { depth: 'deep' as const, size: 0 } : this.#depthOf(handle, first, end);
    if (depth === 'none') this.#looked(path, size, nothing);
    else this.#stream(path, handle, depth, end);
    if (changed(before, fstatSync(handle)))
      this.#gaps.push({ code: 'changed', where: path, why: 'it changed while it was read' });
  }

  /** The quick question, of a file whose first bytes are in the buffer. Each reading is seen with the end of the one before. */
  #depthOf(handle: number, first: number, end: number): { readonly depth: Depth; readonly size: number } {
    const program = isProgram(this.#buffer.subarray(overlap, overlap + first));
    let depth: Depth = 'none';
    let at = 0;
    for (let read = first; read > 0; read = readSync(handle, this.#buffer, overlap, readSize, at)) {
      const stretch = this.#buffer.subarray(Math.max(0, overlap - at), overlap + read);
      depth = deeper(depth, depthOfBytes(this.#objects, stretch, { first: at === 0, program }));
      at += read;
      if (depth === 'deep' || at > end) break;
      this.#buffer.copyWithin(0, read, read + overlap);
    }
    return { depth, size: at };
  }

  #stream(path: FilePath, handle: number, depth: 'quick' | 'deep', end: number): void {
    const stream = matchStream(this.#soughtAt(depth), this.#objects.tools);
    let at = 0;
    while (at <= end) {
      const read = readSync(handle, this.#buffer, 0, readSize, at);
      if (read === 0) break;
      stream.push(this.#buffer.subarray(0, read));
      at += read;
    }
    this.#looked(path, at, stream.end());
  }

  #looked(path: FilePath, size: number, { matches, gaps }: Looked): void {
    this.#files++;
    this.#bytes += size;
    for (const match of matches) this.#matches.push({ ...match, file: path });
    for (const gap of gaps) this.#gaps.push({ ...gap, where: gap.where === '' ? path : `${path} > ${gap.where}` });
  }

  #try<T>(path: FilePath, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      this.#gaps.push({ code: code === 'ENOENT' ? 'missing' : 'unreadable', where: path, why: whyOf(code) });
      return undefined;
    }
  }
}

const isUnknown = (entry: {
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
}): boolean => !entry.isFIFO() && !entry.isSocket() && !entry.isCharacterDevice() && !entry.isBlockDevice();

/** Grown at its end is no change: what was there was looked at, and a log always grows. */
const changed = (before: Stats, after: Stats): boolean =>
  after.size < before.size || (after.size === before.size && after.mtimeMs !== before.mtimeMs);

function whyOf(code: string): string {
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ENOENT') return 'it is not there (any more)';
  if (code === 'ELOOP') return 'it became a link';
  return `it cannot be read (${code})`;
}
