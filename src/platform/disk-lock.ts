/**
 * The locks that clients take beside their files. A folder that stands for a lock ('mkdir') is the convention of the npm
 * package proper-lockfile, which Claude Code and others take; a file that is made only when there is none ('create') that of
 * mcp-remote; flock(2) is in disk-flock.ts.
 *
 * Making the folder or file takes the lock; its modification time is refreshed while it is held, and a lock whose time is
 * older than `staleMs` is abandoned and may be removed by anyone. As in the originals, two who find the same abandoned lock
 * at the same instant can, within the time between two system calls, both believe to hold it; the comparison that every
 * replacement makes stays behind it. A lock that was taken from us is noticed at the next refresh and not removed.
 *
 * mcp-remote 0.15.1 (read on 2026-11-23) judges a lock file by what is in it, not by its time: `at` and a living `pid`. A file
 * without them counts as none and is removed, so ours has them.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockRule } from '../ports/disk.ts';
import { inFolder } from './disk-lock-folder.ts';
import { type LockNotes, type Note, ourFolderMode } from './disk-lock-notes.ts';
import { heldProblem, systemCode, writeProblem } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';

const longestWaitMs = 8;

/** Locks of killed processes are looked for this often while we wait. */
const lookEveryMs = 500;

/** One kind of lock: how it is made, kept young and removed. Made in one go: what is noted of it is written right after. */
interface Form {
  make(path: string): void;
  renew(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export async function withLock<T>(
  fs: Calls,
  rule: LockRule,
  timeoutMs: number,
  work: () => Promise<T>,
  notes?: LockNotes,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  if (rule.kind === 'flock') {
    const { withFlock } = await import('./disk-flock.ts');
    return withFlock(fs, rule, deadline, work);
  }
  const nonce = randomUUID();
  const form = rule.kind === 'mkdir' ? folder(fs) : file(fs, nonce);
  const note = await acquire(fs, rule, form, deadline, nonce, notes);
  /** Time of the lock as we last set it; undefined once it is no longer ours. */
  let ours = refresh(fs, rule, form, undefined);
  const timer = setInterval(
    () => {
      ours = ours.then((time) => (time === undefined ? undefined : refresh(fs, rule, form, time)));
    },
    Math.max(1000, rule.staleMs / 2),
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    const time = await ours;
    if (time !== undefined && (await timeOf(fs, rule)) === time) await form.remove(rule.path).catch(() => undefined);
    note?.end();
  }
}

function folder(fs: Calls): Form {
  return {
    make: (path) => fs.mkdirSync(path, { mode: ourFolderMode }),
    renew: async () => undefined,
    remove: (path) => fs.rmdir(path),
  };
}

function file(fs: Calls, nonce: string): Form {
  // Always of one length: whoever reads while it is renewed reads a whole text.
  const text = (): string => JSON.stringify({ pid: process.pid, nonce, at: Date.now() });
  const write = (path: string, flags: number): void => {
    const descriptor = fs.openSync(path, flags, 0o600);
    try {
      fs.writeSync(descriptor, text());
    } finally {
      fs.closeSync(descriptor);
    }
  };
  return {
    make: (path) => write(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL),
    renew: async (path) => write(path, constants.O_WRONLY),
    remove: (path) => fs.unlink(path),
  };
}

async function acquire(
  fs: Calls,
  rule: LockRule,
  form: Form,
  deadline: number,
  nonce: string,
  notes: LockNotes | undefined,
): Promise<Note | undefined> {
  let lookAt = 0;
  for (;;) {
    // Nothing is noted while another's stands: a note says that the lock is ours, or was about to be.
    if (isFree(fs, rule)) {
      try {
        return await inFolder(fs, rule.path, async () => make(rule, form, notes?.begin(rule, nonce)));
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw writeProblem(error, rule.path);
      }
    }
    if (notes && performance.now() >= lookAt) {
      await notes.takeBack(rule.path);
      lookAt = performance.now() + lookEveryMs;
      if (isFree(fs, rule)) continue;
    }
    const time = await timeOf(fs, rule);
    if (time !== undefined && time < Date.now() - rule.staleMs) {
      await form.remove(rule.path).catch(() => undefined);
      if (performance.now() < deadline) continue;
    }
    if (performance.now() >= deadline) throw heldProblem(rule.path);
    // Short and uneven, so that we get our turn among writers who ask as often.
    await sleep(longestWaitMs * Math.random());
  }
}

function make({ path }: LockRule, form: Form, note: Note | undefined): Note | undefined {
  try {
    form.make(path);
  } catch (error) {
    note?.end();
    throw error;
  }
  note?.made();
  return note;
}

/** Where it cannot be told, making it tells why. */
function isFree(fs: Calls, { path }: LockRule): boolean {
  try {
    return fs.whatSync(path) === undefined;
  } catch {
    return true;
  }
}

/** Sets the lock's time to now and answers it; undefined when the lock is no longer the one with time `mine`. */
async function refresh(fs: Calls, rule: LockRule, form: Form, mine: number | undefined): Promise<number | undefined> {
  if (mine !== undefined) {
    if ((await timeOf(fs, rule)) !== mine) return undefined;
    await form.renew(rule.path).catch(() => undefined);
  }
  const now = new Date();
  await fs.utimes(rule.path, now, now).catch(() => undefined);
  return timeOf(fs, rule);
}

async function timeOf(fs: Calls, rule: LockRule): Promise<number | undefined> {
  try {
    return (await fs.stat(rule.path)).mtimeMs;
  } catch {
    return undefined;
  }
}
