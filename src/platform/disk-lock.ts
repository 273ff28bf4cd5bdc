/**
 * The lock of the npm package proper-lockfile, which Claude Code and others take: a folder beside the file.
 *
 * Making the folder takes the lock; its modification time is refreshed while it is held, and a lock whose time is older
 * than `staleMs` is abandoned and may be removed by anyone. As in the original, two who find the same abandoned lock at
 * the same instant can, within the time between two system calls, both believe to hold it; the comparison that every
 * replacement makes stays behind it. A lock that was taken from us is noticed at the next refresh and not removed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockRule } from '../ports/disk.ts';
import { fileProblem, systemCode, writeProblem } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';

const longestWaitMs = 8;

export async function withLock<T>(fs: Calls, rule: LockRule, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  await acquire(fs, rule, performance.now() + timeoutMs);
  /** Time of the lock as we last set it; undefined once it is no longer ours. */
  let ours = refresh(fs, rule, undefined);
  const timer = setInterval(
    () => {
      ours = ours.then((time) => (time === undefined ? undefined : refresh(fs, rule, time)));
    },
    Math.max(1000, rule.staleMs / 2),
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    const time = await ours;
    if (time !== undefined && (await timeOf(fs, rule)) === time) await fs.rmdir(rule.path).catch(() => undefined);
  }
}

async function acquire(fs: Calls, rule: LockRule, deadline: number): Promise<void> {
  for (;;) {
    try {
      await fs.mkdir(rule.path, 0o700);
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw writeProblem(error, rule.path);
    }
    const time = await timeOf(fs, rule);
    if (time !== undefined && time < Date.now() - rule.staleMs) {
      await fs.rmdir(rule.path).catch(() => undefined);
      if (performance.now() < deadline) continue;
    }
    if (performance.now() >= deadline) {
      throw fileProblem('file/locked', rule.path, 'is held by a running program', { next: 'end that program or try again' });
    }
    // Short and uneven, so that we get our turn among writers who ask as often.
    await sleep(longestWaitMs * Math.random());
  }
}

/** Sets the lock's time to now and answers it; undefined when the lock is no longer the one with time `mine`. */
async function refresh(fs: Calls, rule: LockRule, mine: number | undefined): Promise<number | undefined> {
  if (mine !== undefined && (await timeOf(fs, rule)) !== mine) return undefined;
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
