/**
 * The real Disk: Node's file system behind the port. How a file is replaced safely is told in disk-replace.ts.
 *
 * Looking is done by calls that block: on a local disk each takes microseconds, and its way through Node's pool of threads
 * ten times as long. Changing is done by calls that do not, in modules of their own that a look does not load.
 */
import type { Dirent, Stats } from 'node:fs';
import * as node from 'node:fs';
import { dirname } from 'node:path';
import type { Disk, EntryKind, FilePath, LockRule } from '../ports/disk.ts';
import type { LockNotes, NotesOptions } from './disk-lock-notes.ts';
import { fileProblem, readProblem, systemCode, writeProblem } from './disk-problems.ts';
import { type Calls, mostBytesByDefault, readRegularFile, versionOf } from './disk-read.ts';
import type { Replaced } from './disk-replace.ts';
import { checkOwn } from './own-folder.ts';

const timeoutByDefaultMs = 10_000;

export const systemCalls: Calls = {
  // Node makes `promises` when it is first asked for.
  open: (...given) => node.promises.open(...given),
  stat: ((path) => node.promises.stat(path)) as Calls['stat'],
  lstat: ((path) => node.promises.lstat(path)) as Calls['lstat'],
  realpath: ((path) => node.promises.realpath(path)) as Calls['realpath'],
  rename: (...given) => node.promises.rename(...given),
  link: (...given) => node.promises.link(...given),
  unlink: (path) => node.promises.unlink(path),
  readdir: ((path) => node.promises.readdir(path)) as Calls['readdir'],
  mkdir: ((...given: Parameters<Calls['mkdir']>) => node.promises.mkdir(...given)) as Calls['mkdir'],
  rmdir: (path) => node.promises.rmdir(path),
  utimes: (...given) => node.promises.utimes(...given),
  access: (...given) => node.promises.access(...given),
  statSync: (path) => node.statSync(path),
  markSync: (path) => node.statSync(path, { bigint: true, throwIfNoEntry: false }),
  isLinkSync: (path) => node.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true,
  renameSync: (from, to) => node.renameSync(from, to),
  lstatSync: (path) => node.lstatSync(path),
  realpathSync: (path) => node.realpathSync.native(path),
  readdirSync: (path) => node.readdirSync(path, { withFileTypes: true }),
  whatSync: (path) => node.lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  openSync: (path, flags, mode) => node.openSync(path, flags, mode),
  fstatSync: (descriptor) => node.fstatSync(descriptor),
  readSync: (descriptor, buffer, at, length, position) => node.readSync(descriptor, buffer, at, length, position),
  writeSync: (descriptor, text) => void node.writeSync(descriptor, text),
  closeSync: (descriptor) => node.closeSync(descriptor),
  textSync: (path) => node.readFileSync(path, 'utf8'),
  mkdirSync: (path, options) => void node.mkdirSync(path, options),
  rmdirSync: (path) => node.rmdirSync(path),
  unlinkSync: (path) => node.unlinkSync(path),
};

/** Without `notes` (a disk of tests) a lock that a killed process left grows stale. */
export function createDisk(fs: Calls = systemCalls, notes?: NotesOptions): Disk {
  let opened: Promise<LockNotes> | undefined;
  let lastRead: { readonly version: string; readonly bytes: WeakRef<Uint8Array> } | undefined;
  /** What we wrote last, by real path. */
  const written = new Map<FilePath, string>();
  return {
    async read(path, mostBytes = mostBytesByDefault) {
      const { realPath, bytes, stats } = await readRegularFile(
        fs,
        path,
        mostBytes,
        (at, read) => written.has(at) && written.get(at) === versionOf(read),
      );
      let version: string | undefined;
      return {
        path,
        realPath,
        bytes,
        get version() {
          if (version === undefined) {
            version = versionOf(bytes);
            lastRead = { version, bytes: new WeakRef(bytes) };
          }
          return version;
        },
        mode: process.platform === 'win32' ? 0 : stats.mode & 0o7777,
        modifiedAt: stats.mtimeMs,
        links: stats.nlink,
        // File systems that keep no birth time answer 0, or the time of the last change.
        ...(stats.birthtimeMs > 0 && stats.birthtimeMs <= stats.mtimeMs ? { createdAt: stats.birthtimeMs } : {}),
      };
    },

    async replace(path, version, bytes, options = {}) {
      const { lock, mode = 0o600, timeoutMs = timeoutByDefaultMs } = options;
      const started = performance.now();
      const { createFile, replaceFile } = await import('./disk-replace.ts');
      const work = async (): Promise<Replaced> => {
        const expected = { version, bytes: lastRead?.version === version ? lastRead.bytes.deref() : undefined };
        const left = Math.max(0, timeoutMs - (performance.now() - started));
        const replaced = await (version === 'absent'
          ? createFile(fs, path, bytes, mode)
          : replaceFile(fs, path, expected, bytes, left));
        if (replaced.written) written.set(realPathOf(path), replaced.version);
        return replaced;
      };
      return lock ? locked(lock, work, timeoutMs) : work();
    },

    withLock: locked,

    async freeLocks() {
      await (await noted())?.takeBack();
    },

    async remove(path) {
      try {
        await fs.unlink(path);
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') return;
        if (code === 'EISDIR' || (await isFolder(fs, path))) throw fileProblem('file/not-a-file', path, 'is not a regular file');
        throw writeProblem(error, path);
      }
    },

    async tidy(path) {
      const { removeLeftovers } = await import('./disk-leftovers.ts');
      try {
        await removeLeftovers(fs, dirname(await fs.realpath(path)));
      } catch {
        // The folder is gone or may not be read: there is nothing that we could remove.
      }
    },

    async list(path) {
      let entries: Dirent[];
      try {
        entries = fs.readdirSync(path);
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') return [];
        throw readProblem(error, path);
      }
      return entries
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },

    async kind(path) {
      try {
        return kindOf(fs.statSync(path));
      } catch {
        return undefined;
      }
    },

    async mark(path) {
      try {
        const stats = fs.markSync(path);
        if (stats === undefined) return { text: fs.isLinkSync(path) ? 'dangling' : 'absent', size: 0, changedAt: undefined };
        const { dev, ino, mode, uid, size, mtimeNs, ctimeNs } = stats;
        const text = [fs.realpathSync(path), dev, ino, mode, uid, size, mtimeNs, ctimeNs].join(' ');
        // A file's modification time is whatever its owner sets it to; the change time is the system's own.
        return { text, size: stats.isFile() ? Number(size) : 0, changedAt: Number(ctimeNs / 1_000_000n) };
      } catch (error) {
        return { text: systemCode(error) ?? 'unknown', size: 0, changedAt: undefined };
      }
    },

    async makeFolder(path) {
      try {
        await fs.mkdir(path, { recursive: true, mode: 0o700 });
        checkOwn(await fs.stat(path), path);
      } catch (error) {
        throw writeProblem(error, path);
      }
    },
  };

  /** As given where it cannot be told: then the next reader waits a moment. */
  function realPathOf(path: FilePath): FilePath {
    try {
      return fs.realpathSync(path);
    } catch {
      return path;
    }
  }

  async function locked<T>(lock: LockRule, work: () => Promise<T>, timeoutMs = timeoutByDefaultMs): Promise<T> {
    const { withLock } = await import('./disk-lock.ts');
    return withLock(fs, lock, timeoutMs, work, await noted());
  }

  async function noted(): Promise<LockNotes | undefined> {
    if (notes === undefined) return undefined;
    const { openNotes } = await import('./disk-lock-notes.ts');
    opened ??= openNotes(fs, notes);
    return opened;
  }
}

function kindOf(entry: Stats | Dirent): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

async function isFolder(fs: Calls, path: FilePath): Promise<boolean> {
  return fs.lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
