/**
 * flock(2), which Node has no call for: held by flock(1) of util-linux or busybox in a child of ours.
 *
 * The child runs `cat` under the lock, and our end of its input is all that keeps it running: the kernel closes that when we
 * end, however we end, so the lock never outlives us. That the lock is held is known when `cat` gives our first byte back.
 * The child is out of our process group: an interrupt at the terminal must not free the lock under work that goes on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { FilePath, LockRule } from '../ports/disk.ts';
import { inFolder } from './disk-lock-folder.ts';
import { fileProblem, heldProblem, writeProblem } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';
import { ownChild } from './processes-own.ts';
import { findProgram } from './processes-run.ts';

export async function withFlock<T>(
  fs: Calls,
  { path }: LockRule,
  deadline: number,
  work: () => Promise<T>,
  programs = process.env['PATH'] ?? '',
): Promise<T> {
  const at = { windows: process.platform === 'win32', path: programs, endings: '.EXE' };
  const flock = findProgram('flock', at);
  if (flock === undefined || findProgram('cat', at) === undefined) {
    throw fileProblem('file/locked', path, 'is locked by flock(2), and this system has no flock program', {
      next: 'install util-linux (the program flock), then run the command again',
    });
  }
  await makeFile(fs, path);
  const child = spawn(flock, ['-x', path, 'cat'], {
    env: { PATH: programs },
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const forget = child.pid === undefined ? () => {} : ownChild(child.pid);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  try {
    await held(child, ended, path, deadline);
    return await work();
  } finally {
    child.stdin?.end();
    await ended;
    forget();
  }
}

/** flock(1) would make it for others to write to. */
async function makeFile(fs: Calls, path: FilePath): Promise<void> {
  try {
    const handle = await inFolder(fs, path, () => fs.open(path, 'a', 0o600));
    await handle.close();
  } catch (error) {
    throw writeProblem(error, path);
  }
}

async function held(child: ChildProcess, ended: Promise<void>, path: FilePath, deadline: number): Promise<void> {
  child.stdin?.on('error', () => undefined);
  child.stdin?.write('\n');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, deadline - performance.now()));
  });
  const got = new Promise<'held'>((resolve) => child.stdout?.once('data', () => resolve('held')));
  const answer = await Promise.race([got, late, ended]);
  clearTimeout(timer);
  if (answer === 'held') return;
  if (answer !== 'late') throw fileProblem('file/unwritable', path, 'cannot be locked');
  // It still waits for the lock, and would not look at its input before it has it.
  child.kill('SIGTERM');
  throw heldProblem(path);
}
