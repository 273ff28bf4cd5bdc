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
 *   that falls between that look and our rename, two system calls apart (tens of microseconds), is overwritten unseen.
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
const notWritten: Replaced = { written: false };
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** An old file that was written to is taken back once it has not changed for this long. */
const quietMs = 50;

export async function replaceFile(
  fs: Calls,
  path: FilePath,
  version: string,
  bytes: Uint8Array,
  timeoutMs: number,
): Promise<Replaced> {
  const deadline = performance.now() + timeoutMs;
  let target: FilePath;
  let old: FileHandle;
  try {
    target = await fs.realpath(path);
    if (!(await fs.stat(target)).isFile()) throw fileProblem('file/not-a-file', path, 'is not a regular file');
    await fs.access(target, constants.W_OK);
    old = await fs.open(target, readFlags);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT')
      throw systemCode(error) === 'EACCES' ? writeProblem(error, path) : readProblem(error, path);
    if (await isLink(fs, path)) throw fileProblem('file/dangling-link', path, 'is a link that leads nowhere');
    return notWritten;
  }
  try {
    await removeLeftovers(fs, dirname(target));
    const stats = await old.stat();
    // Cheap to see, so seen before anything is written.
    if (!version.startsWith(`${stats.size}-`)) return notWritten;
    const temporary = await writeTemporary(fs, target, bytes, stats);
    try {
      const compared = await compare(fs, target, old, version);
      if (!compared) {
        await fs.unlink(temporary);
        return notWritten;
      }
      await fs.rename(temporary, target);
      await syncFolder(fs, target);
      return sameContent(compared, await old.stat())
        ? { written: true, version: versionOf(bytes) }
        : await giveBack(fs, target, old, compared, bytes, deadline);
    } catch (error) {
      await fs.unlink(temporary).catch(() => undefined);
      throw writeProblem(error, path);
    }
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

/** The text, flushed, in a new file beside `target`, with the mode (and owner, where we may) of `like`. */
async function writeTemporary(fs: Calls, target: FilePath, bytes: Uint8Array, like: Stats | number): Promise<FilePath> {
  const temporary = join(dirname(target), temporaryName(basename(target), process.pid, randomBytes(6).toString('hex')));
  let handle: FileHandle | undefined;
  try {
    handle = await fs.open(temporary, 'wx', 0o600);
    await handle.writeFile(bytes);
    if (typeof like === 'number') await handle.chmod(like);
    else {
      const own = await handle.stat();
      // Only root may give a file away; others keep at least the group where they are in it.
      if (own.uid !== like.uid) await handle.chown(like.uid, like.gid).catch(() => undefined);
      else if (own.gid !== like.gid) await handle.chown(own.uid, like.gid).catch(() => undefined);
      await handle.chmod(like.mode & 0o7777);
    }
    await handle.sync();
    await handle.close();
    return temporary;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    if (handle) await fs.unlink(temporary).catch(() => undefined);
    throw writeProblem(error, target);
  }
}

/**
 * The state of the old file if its text is still `version` and the path still leads to it; looked at last of all, so
 * that the time which comparing takes is not part of the window.
 */
async function compare(fs: Calls, target: FilePath, old: FileHandle, version: string): Promise<Stats | undefined> {
  const before = await old.stat();
  if (versionOf(await readWhole(old, before.size)) !== version) return undefined;
  const now = await fs.stat(target).catch(() => undefined);
  return now && sameState(before, now) ? before : undefined;
}

/** The rename itself changes the inode (its count of links), so only size and time of the content count. */
function sameContent(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** Somebody wrote into the old file while it was replaced: their text, once it is whole, takes the place of ours. */
async function giveBack(
  fs: Calls,
  target: FilePath,
  old: FileHandle,
  compared: Stats,
  ours: Uint8Array,
  deadline: number,
): Promise<Replaced> {
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
    const version = versionOf(ours);
    const temporary = await writeTemporary(fs, target, theirs, compared);
    // Whoever has replaced our text meanwhile did it after both.
    if (await compare(fs, target, current, version)) await fs.rename(temporary, target);
    else await fs.unlink(temporary);
    await syncFolder(fs, target);
  } finally {
    await current.close();
  }
  return notWritten;
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
