/**
 * Reading a regular file whole: bounded, never blocking, and never half of an old and half of a new text.
 *
 * What is not a regular file is recognised before it is opened: opening a fifo could wake, and then break, the program
 * that writes to it. The opened file is looked at again, as the path may lead elsewhere by then, and opened so that it
 * cannot block even then. A file that changes while it is read is read again, and one that was changed this very moment
 * is waited for until it rests: who writes in place may have been stopped half-way, and size and times look settled then.
 */

import { type BigIntStats, constants, type Dirent, type Stats } from 'node:fs';
import type * as Fs from 'node:fs/promises';
import type { FilePath } from '../ports/disk.ts';
import { cryptography } from './cryptography.ts';
import { fileProblem, readProblem, systemCode } from './disk-problems.ts';

/** Node's calls as far as they are used; tests put in ones that fail. */
export type Calls = Pick<
  typeof Fs,
  'open' | 'stat' | 'lstat' | 'realpath' | 'rename' | 'link' | 'unlink' | 'readdir' | 'mkdir' | 'rmdir' | 'utimes' | 'access'
> & {
  readonly statSync: (path: string) => Stats;
  /** undefined where nothing stands. */
  readonly markSync: (path: string) => BigIntStats | undefined;
  readonly isLinkSync: (path: string) => boolean;
  readonly lstatSync: (path: string) => Stats;
  readonly renameSync: (from: string, to: string) => void;
  readonly realpathSync: (path: string) => string;
  readonly readdirSync: (path: string) => Dirent[];
  /** Of the path itself, links not followed; undefined where nothing stands. */
  readonly whatSync: (path: string) => BigIntStats | undefined;
  readonly openSync: (path: string, flags: number, mode?: number) => number;
  readonly fstatSync: (descriptor: number) => Stats;
  readonly readSync: (descriptor: number, buffer: Uint8Array, at: number, length: number, position: number) => number;
  readonly writeSync: (descriptor: number, text: string) => void;
  readonly closeSync: (descriptor: number) => void;
  readonly textSync: (path: string) => string;
  readonly mkdirSync: (path: string, options: { readonly recursive?: true; readonly mode: number }) => void;
  readonly rmdirSync: (path: string) => void;
  readonly unlinkSync: (path: string) => void;
};

export interface ReadFile {
  readonly realPath: FilePath;
  readonly bytes: Buffer;
  readonly stats: Stats;
}

export const mostBytesByDefault = 64 * 1024 * 1024;
const mostTries = 20;
/** Who overwrites a file in place empties it first: an empty file is believed once it has been so for this long. */
const emptyMs = 100;
/** Any other is believed after this long: a writer on a busy machine waits about a time slice for its turn. */
const restMs = 20;
const waitMs = 5;
// Both are 0 where the system has none (Windows).
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

export function versionOf(bytes: Uint8Array): string {
  const { hash } = cryptography();
  return `${bytes.length}-${hash('sha256', bytes)}`;
}

/** Same file with the same content, as far as the system tells without reading it. */
export function sameState(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** `isOurs` tells bytes that were written here, and so whole, whatever their age. */
export async function readRegularFile(
  fs: Calls,
  path: FilePath,
  mostBytes: number,
  isOurs: (realPath: FilePath, bytes: Uint8Array) => boolean,
): Promise<ReadFile> {
  try {
    const realPath = fs.realpathSync(path);
    checkRegular(fs.statSync(realPath), path);
    const descriptor = fs.openSync(realPath, openFlags);
    try {
      for (let tries = 1; ; tries++) {
        const before = fs.fstatSync(descriptor);
        checkRegular(before, path);
        if (before.size > mostBytes) {
          throw fileProblem('file/too-large', path, `is larger than ${Math.floor(mostBytes / 1024 / 1024)} MiB`);
        }
        const bytes = readAll(fs, descriptor, before.size);
        const stats = fs.fstatSync(descriptor);
        const youngerThan = (ms: number): boolean => Math.abs(Date.now() - stats.mtimeMs) < ms;
        const resting = youngerThan(stats.size === 0 ? emptyMs : restMs) && !isOurs(realPath, bytes);
        const whole = bytes.length === stats.size && sameState(before, stats);
        // Who writes without a pause would be waited for in vain.
        if (whole && (!resting || tries >= mostTries)) return { realPath, bytes, stats };
        if (resting) await new Promise((done) => setTimeout(done, waitMs));
        if (tries >= 2 * mostTries) throw fileProblem('file/unreadable', path, 'changes all the time');
      }
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && (await isLink(fs, path))) {
      throw fileProblem('file/dangling-link', path, 'is a link that leads nowhere');
    }
    throw readProblem(error, path);
  }
}

function checkRegular(stats: Stats, path: FilePath): void {
  if (!stats.isFile()) throw fileProblem('file/not-a-file', path, 'is not a regular file');
}

function readAll(fs: Calls, descriptor: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    const more = fs.readSync(descriptor, buffer, length, size - length, length);
    if (more === 0) break;
    length += more;
  }
  return buffer.subarray(0, length);
}

/** At most `size` bytes, from the start. */
export async function readWhole(handle: Fs.FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(buffer, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

export async function isLink(fs: Calls, path: FilePath): Promise<boolean> {
  try {
    return (await fs.lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}
