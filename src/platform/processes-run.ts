/**
 * Running a program to its end, never through a shell and never with our environment; and finding one on the PATH.
 *
 * The child gets its own process group, so that a timeout ends its helpers too, by a group id that is ours. Its output
 * is bounded, and a helper that keeps the pipes open cannot hold us up.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { RunOptions, RunResult } from '../ports/processes.ts';
import { ownChild } from './processes-own.ts';

const grace = 500;

/** Looks along `path`; on Windows also with the endings of `endings` (PATHEXT). */
export function findProgram(
  program: string,
  at: { readonly windows: boolean; readonly path: string; readonly endings: string },
): FilePath | undefined {
  const endings = at.windows && !/\.[A-Za-z0-9]+$/.test(program) ? at.endings.split(';').filter((e) => e !== '') : [''];
  const folders = /[/\\]/.test(program) ? [''] : at.path.split(at.windows ? ';' : delimiter).filter((f) => f !== '');
  for (const folder of folders) {
    for (const ending of endings) {
      const path = `${folder === '' ? program : join(folder, program)}${ending}`;
      if (runnable(path)) return path;
    }
  }
  return undefined;
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export async function which(program: string): Promise<FilePath | undefined> {
  return findProgram(program, {
    windows: process.platform === 'win32',
    path: process.env['PATH'] ?? '',
    endings: process.env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD',
  });
}

export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const path = await which(program);
  if (path === undefined) throw absent(program);
  const child = spawn(path, [...args], {
    env: { ...options.env },
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: 'pipe',
  });
  const most = options.mostOutput ?? 1024 * 1024;
  const output = gather(child.stdout, most);
  const errors = gather(child.stderr, most);
  // A program that does not read its input closes the pipe: that is its right.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const forget = child.pid === undefined ? () => {} : ownChild(child.pid);
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', () => reject(absent(program)));
      child.once('close', (code) => resolve(code));
      child.once('exit', (code) => setTimeout(resolve, grace, code).unref());
      timer = setTimeout(() => {
        late = true;
        endGroup(child.pid, 'SIGTERM');
        timer = setTimeout(() => endGroup(child.pid, 'SIGKILL'), grace);
      }, options.timeoutMs);
    });
    return { status: late ? null : status, output: output(), errors: errors() };
  } finally {
    clearTimeout(timer);
    if (late) endGroup(child.pid, 'SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
    forget();
  }
}

/** Only for groups that we made: the id is that of our own child. */
export function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // nobody is left in it
  }
}

function gather(stream: NodeJS.ReadableStream, most: number): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, most - length);
    if (kept.length > 0) chunks.push(kept);
    length += kept.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function absent(program: string): Problem {
  return new Problem('file/absent', { what: `the program ${printable(program)} is not there or cannot be started` });
}
