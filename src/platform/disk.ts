/** The real Disk: Node's file system behind the port. How a file is replaced safely is told in disk-replace.ts. */

import { type Dirent, renameSync, type Stats, statSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import type { Disk, EntryKind, FilePath, LockRule } from '../ports/disk.ts';
import { withLock } from './disk-lock.ts';
import { fileProblem, readProblem, systemCode, writeProblem } from './disk-problems.ts';
import { type Calls, mostBytesByDefault, readRegularFile, versionOf } from './disk-read.ts';
import { createFile, type Replaced, replaceFile } from './disk-replace.ts';
import { checkOwn } from './own-folder.ts';

const timeoutByDefaultMs = 10_000;

export const systemCalls: Calls = { ...promises, statSync: (path) => statSync(path), renameSync };

export function createDisk(fs: Calls = systemCalls): Disk {
  let lastRead: { readonly version: string; readonly bytes: WeakRef<Uint8Array> } | undefined;
  return {
    async read(path, mostBytes = mostBytesByDefault) {
      const { realPath, bytes, stats } = await readRegularFile(fs, path, mostBytes);
      const version = versionOf(bytes);
      lastRead = { version, bytes: new WeakRef(bytes) };
      return {
        path,
        realPath,
        bytes,
        version,
        mode: process.platform === 'win32' ? 0 : stats.mode & 0o7777,
        modifiedAt: stats.mtimeMs,
        // File systems that keep no birth time answer 0, or the time of the last change.
        ...(stats.birthtimeMs > 0 && stats.birthtimeMs <= stats.mtimeMs ? { createdAt: stats.birthtimeMs } : {}),
      };
    },

    async replace(path, version, bytes, options = {}) {
      const { lock, mode = 0o600, timeoutMs = timeoutByDefaultMs } = options;
      const started = performance.now();
      const work = (): Promise<Replaced> => {
        if (version === 'absent') return createFile(fs, path, bytes, mode);
        const expected = { version, bytes: lastRead?.version === version ? lastRead.bytes.deref() : undefined };
        return replaceFile(fs, path, expected, bytes, Math.max(0, timeoutMs - (performance.now() - started)));
      };
      return lock ? withLock(fs, lock, timeoutMs, work) : work();
    },

    withLock<T>(lock: LockRule, work: () => Promise<T>, timeoutMs = timeoutByDefaultMs): Promise<T> {
      return withLock(fs, lock, timeoutMs, work);
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

    async list(path) {
      let entries: Dirent[];
      try {
        entries = await fs.readdir(path, { withFileTypes: true });
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
      return fs.stat(path).then(kindOf, () => undefined);
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
