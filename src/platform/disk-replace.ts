/**
 * Replacing a file: compare-and-swap by a temporary file in the same folder and a rename.
 *
 * At every instant the path holds the whole old or the whole new text. The temporary file is made for its owner alone
 * and gets the mode and owner of the old file once it is written. It is removed on every failure; one that a killed
 * process left is recognised by its name and removed by the next replacement in that folder.
 *
 * Against other writers of the same file:
 * - who take the lock that is given: nobody's change is lost.
 * - who rename without a lock: a change made before the last look at the file is noticed and nothing is written. One
 *   that falls between that look and our rename, two system calls apart (some ten microseconds), is overwritten unseen.
 *   No system call in Node's reach closes that window.
 * - who write in place without a lock: also a change that falls into that window, or goes on behind it until the
 *   folder is flushed, is noticed, because the old file is kept open. It then goes back in place, whole, and the
 *   answer is "not written", so that the caller starts over from it.
 *
 * A symbolic link stays, and the file that it leads to is replaced. A hard link is parted: the other name keeps the
 * old text. Access control lists and extended attributes of the old file are not copied (Node cannot).
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FilePath } from '../ports/disk.ts';
import { removeLeftovers, temporaryName } from './disk-leftovers.ts';
import { fileProblem, readProblem, systemCode, writeProblem } from './disk-problems.ts';
import { type Calls, isLink, readWhole, sameState, versionOf } from './disk-read.ts';

export type Replaced = { readonly written: true; readonly version: string } | { readonly written: false };
/** What the file has to hold: a version and, where they are still at hand, its bytes (quicker to compare). */
export interface Expected {
  readonly version: string;
  readonly bytes?: Uint8Array | undefined;
}
const notWritten: Replaced = { written: false };
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** An old file that was written to is taken back once it has not changed for this long. */
const quietMs = 50;
const tickMs = 12;
const mostBytesAtOnce = 1024 * 1024;

export async function replaceFile(
  fs: Calls,
  path: FilePath,
  expected: Expected,
  bytes: Uint8Array,
  timeoutMs: number,
): Promise<Replaced> {
  const deadline = performance.now() + timeoutMs;
  let target: FilePath;
  let old: FileHandle;
  try {
    target = await fs.realpath(path);
    if (!(await fs.stat(target)).isFile()) throw fileProblem('file/not-a-file', path, 'is not a regular file');
    old = await fs.open(target, readFlags);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readProblem(error, path);
    if (await isLink(fs, path)) throw fileProblem('file/dangling-link', path, 'is a link that leads nowhere');
    return notWritten;
  }
  try {
    // A rename asks only the folder: a file that a person made read-only stays as it is.
    await fs.access(target, constants.W_OK);
    await removeLeftovers(fs, dirname(target));
    const stats = await old.stat();
    // Cheap to see, so seen before anything is written.
    if (!expected.version.startsWith(`${stats.size}-`)) return notWritten;
    const swapped = await swap(fs, target, old, expected, bytes, stats, deadline);
    if (!swapped) return notWritten;
    await syncFolder(fs, target).catch((error: unknown) => Promise.reject(replacedAlready(error, path)));
    if (sameContent(swapped.replaced, await old.stat())) return { written: true, version: swapped.version };
    return await giveBack(fs, target, old, swapped, deadline);
  } catch (error) {
    throw writeProblem(error, path);
  } finally {
    await old.close();
  }
}

/** Makes a file that must not exist yet. The link is what makes it: unlike a rename it never replaces. */
export async function createFile(fs: Calls, path: FilePath, bytes: Uint8Array, mode: number): Promise<Replaced> {
  try {
    if ((await fs.lstat(path)).isSymbolicLink() && !(await exists(fs, path))) {
      throw fileProblem('file/dangling-link', path, 'is a link that leads nowhere');
    }
    return notWritten;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw writeProblem(error, path);
  }
  try {
    await removeLeftovers(fs, dirname(path));
  } catch (error) {
    throw writeProblem(error, path);
  }
  const temporary = await writeTemporary(fs, path, bytes, mode);
  try {
    await fs.link(temporary, path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return notWritten;
    // A file system without hard links. Between this look and the rename another writer's new file would be lost.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw writeProblem(error, path);
    if (await exists(fs, path)) return notWritten;
    await fs.rename(temporary, path).catch((problem: unknown) => Promise.reject(writeProblem(problem, path)));
  } finally {
    await fs.unlink(temporary).catch(() => undefined);
  }
  await syncFolder(fs, path).catch((error: unknown) => Promise.reject(writeProblem(error, path)));
  return { written: true, version: versionOf(bytes) };
}

async function exists(fs: Calls, path: FilePath): Promise<boolean> {
  return fs.stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The text, flushed, in a new file beside `target`, with the mode (and owner, where we may) of `like`. `meanwhile` is
 * done while the disk flushes.
 */
async function writeTemporary(
  fs: Calls,
  target: FilePath,
  bytes: Uint8Array,
  like: Stats | number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<FilePath> {
  const temporary = join(dirname(target), temporaryName(basename(target), process.pid, randomBytes(6).toString('hex')));
  let handle: FileHandle | undefined;
  try {
    handle = await fs.open(temporary, 'wx', 0o600);
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    if (typeof like === 'number') await handle.chmod(like);
    else {
      const own = await handle.stat();
      // Only root may give a file away; others keep at least the group where they are in it.
      if (own.uid !== like.uid) await handle.chown(like.uid, like.gid).catch(() => undefined);
      else if (own.gid !== like.gid) await handle.chown(own.uid, like.gid).catch(() => undefined);
      // Rights meant for a group that could not be kept are not given to another.
      const groupKept = (await handle.stat()).gid === like.gid;
      await handle.chmod(like.mode & (groupKept ? 0o7777 : 0o1707));
    }
    const [flushed, done] = await Promise.allSettled([handle.sync(), meanwhile()]);
    for (const each of [flushed, done]) if (each.status === 'rejected') throw each.reason;
    await handle.close();
    return temporary;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    if (handle) await fs.unlink(temporary).catch(() => undefined);
    throw writeProblem(error, target);
  }
}

interface Swapped {
  /** The state in which the old file was replaced. */
  readonly replaced: Stats;
  /** Of the new text. */
  readonly version: string;
}

/**
 * Puts `bytes` where `old` is, if that still is what is expected and the path still leads to it; else undefined. The path is
 * looked at last of all. While the disk flushes the new text, the old one is read and compared.
 */
async function swap(
  fs: Calls,
  target: FilePath,
  old: FileHandle,
  expected: Expected,
  bytes: Uint8Array,
  like: Stats,
  deadline: number,
): Promise<Swapped | undefined> {
  let replaced: Stats | undefined;
  let newVersion = '';
  const temporary = await writeTemporary(fs, target, bytes, like, async () => {
    newVersion = versionOf(bytes);
    await settle(old, deadline);
    replaced = await compare(old, expected);
  });
  try {
    // Not awaited, so that nothing of ours runs between the look and the rename.
    if (replaced && sameState(replaced, fs.statSync(target))) {
      fs.renameSync(temporary, target);
      return { replaced, version: newVersion };
    }
    await fs.unlink(temporary);
    return undefined;
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined);
    // Removed by its owner since it was compared.
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Waits until the file's time would tell another change: systems count it in steps of up to 10 ms. */
async function settle(old: FileHandle, deadline: number): Promise<void> {
  while (Math.abs(Date.now() - (await old.stat()).mtimeMs) < tickMs && performance.now() < deadline) await sleep(tickMs);
}

/** The state of the old file if its text is the expected one. */
async function compare(old: FileHandle, { version, bytes }: Expected): Promise<Stats | undefined> {
  const before = await old.stat();
  const same = bytes ? await holds(old, before.size, bytes) : versionOf(await readWhole(old, before.size)) === version;
  return same && sameState(before, await old.stat()) ? before : undefined;
}

/** Compared piece by piece: another copy of a large file costs more than its comparison. */
async function holds(old: FileHandle, size: number, bytes: Uint8Array): Promise<boolean> {
  if (size !== bytes.length) return false;
  const piece = Buffer.allocUnsafeSlow(Math.min(size, mostBytesAtOnce));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await old.read(piece, 0, piece.length, at);
    // It has become shorter, or longer.
    if (bytesRead === 0 || at + bytesRead > size) return false;
    if (!piece.subarray(0, bytesRead).equals(bytes.subarray(at, at + bytesRead))) return false;
    at += bytesRead;
  }
  return true;
}

/** The rename itself changes the inode (its count of links), so only size and time of the content count. */
function sameContent(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** Somebody wrote into the old file while it was replaced: their text, once it is whole, takes the place of ours. */
async function giveBack(fs: Calls, target: FilePath, old: FileHandle, swapped: Swapped, deadline: number): Promise<Replaced> {
  let state = await old.stat();
  for (;;) {
    await sleep(quietMs);
    const now = await old.stat();
    if (now.size > 0 && sameContent(state, now)) break;
    state = now;
    if (performance.now() > deadline) {
      throw fileProblem('file/changed', target, 'was being rewritten by another program at the same time', {
        state: 'the file holds our text; what the other program wrote may be lost',
        effect: 'unknown',
      });
    }
  }
  const theirs = await readWhole(old, state.size);
  const current = await fs.open(target, readFlags);
  try {
    // Whoever has replaced our text meanwhile did it after both.
    await swap(fs, target, current, { version: swapped.version }, theirs, swapped.replaced, deadline);
    await syncFolder(fs, target);
  } finally {
    await current.close();
  }
  return notWritten;
}

function replacedAlready(error: unknown, path: FilePath): unknown {
  if (systemCode(error) === undefined) return error;
  return fileProblem('file/unwritable', path, 'was replaced, but the system could not say that it is on the disk for good', {
    effect: 'unknown',
  });
}

/** Makes the rename durable. Windows cannot open a folder and needs no flush. */
async function syncFolder(fs: Calls, target: FilePath): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await fs.open(dirname(target), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
