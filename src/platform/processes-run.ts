/**
 * Running a program to its end, never through a shell; and finding one on the PATH.
 *
 * `run` gives a child nothing of our environment, and a process group of its own, so that a timeout ends its helpers too, by
 * a group id that is ours. `runAsPerson` is for a client's own command: it has the person's environment, and only the
 * program itself is ever ended, for among what it started may be the person's browser. Output is bounded, and a helper
 * that keeps the pipes open cannot hold us up.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isatty } from 'node:tty';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Milliseconds } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Processes, RunOptions, RunResult } from '../ports/processes.ts';
import { ownChild } from './processes-own.ts';

const grace = 500;
/** For a client to put away what it holds. */
const personGrace = 2000;
const usualOutput = 1024 * 1024;

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
  const child = await started(program, args, options.folder, {
    env: { ...options.env },
    detached: process.platform !== 'win32',
    stdio: 'pipe',
  });
  return untilEnd(child, program, options, { grace, end: (signal) => endGroup(child.pid, signal) });
}

export const runAsPerson: Processes['runAsPerson'] = async (program, args, options) => {
  const { attended = false, env, signal, folder } = options;
  if (attended && (options.input ?? options.inputUntil) !== undefined) {
    throw new Error('a program that has the terminal is given no input');
  }
  signal?.throwIfAborted();
  const stdio = attended ? terminal(program) : 'pipe';
  const child = await started(program, args, folder, {
    env: { ...process.env, ...env },
    // A group of its own would put a program out of the terminal's foreground.
    detached: !attended && process.platform !== 'win32',
    stdio,
  });
  return untilEnd(child, program, options, { grace: personGrace, end: (name) => void child.kill(name), signal });
};

/** The terminal, in place of an output that goes elsewhere (`--json` into a file). */
function terminal(program: string): SpawnOptions['stdio'] {
  const out = [1, 2].find((descriptor) => isatty(descriptor));
  if (!isatty(0) || out === undefined) {
    throw new Problem('rotation/needs-person', {
      what: `${printable(program)} needs a terminal with a person at it`,
      next: 'run the command in a terminal',
    });
  }
  return [0, out, isatty(2) ? 2 : out];
}

async function started(
  program: string,
  args: readonly string[],
  folder: FilePath | undefined,
  options: SpawnOptions,
): Promise<ChildProcess> {
  const path = await which(program);
  if (path === undefined) throw absent(program);
  // On Windows npm installs programs as batch files.
  const start =
    process.platform === 'win32'
      ? (await import('./mcp-windows.ts')).windowsStart(path, args)
      : { program: path, args, verbatim: false };
  return spawn(start.program, [...start.args], {
    ...options,
    ...(folder === undefined ? {} : { cwd: folder }),
    windowsHide: true,
    windowsVerbatimArguments: start.verbatim,
  });
}

interface Ending {
  readonly grace: Milliseconds;
  end(signal: 'SIGTERM' | 'SIGKILL'): void;
  readonly signal?: AbortSignal | undefined;
}

async function untilEnd(
  child: ChildProcess,
  program: string,
  options: Pick<RunOptions, 'input' | 'inputUntil' | 'timeoutMs' | 'mostOutput'>,
  { grace: patience, end, signal }: Ending,
): Promise<RunResult> {
  const most = options.mostOutput ?? usualOutput;
  const output = gather(child.stdout, most);
  const errors = gather(child.stderr, most);
  // A program that does not read its input closes the pipe: that is its right.
  child.stdin?.on('error', () => {});
  child.stdin?.write(options.input ?? '');
  if (options.inputUntil === undefined) child.stdin?.end();
  else whenSaid(child.stdout, options.inputUntil, () => child.stdin?.end());
  const forget = child.pid === undefined ? () => {} : ownChild(child.pid);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    end('SIGTERM');
    timer = setTimeout(() => end('SIGKILL'), patience);
  };
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', () => reject(absent(program)));
      child.once('close', (code) => resolve(code));
      child.once('exit', (code) => setTimeout(resolve, grace, code).unref());
      timer = setTimeout(stop, options.timeoutMs);
      signal?.addEventListener('abort', stop, { once: true });
    });
    signal?.throwIfAborted();
    return { status: stopped ? null : status, output: output(), errors: errors() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    if (stopped) end('SIGKILL');
    child.stdout?.destroy();
    child.stderr?.destroy();
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

function gather(stream: NodeJS.ReadableStream | null, most: number): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, most - length);
    if (kept.length > 0) chunks.push(kept);
    length += kept.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Once the text has come, also in two chunks or behind what is kept; or nothing more can come. */
function whenSaid(stream: NodeJS.ReadableStream | null, text: string, then: () => void): void {
  const sought = Buffer.from(text);
  let tail = Buffer.alloc(0);
  const look = (chunk: Buffer): void => {
    const seen = Buffer.concat([tail, chunk]);
    tail = seen.subarray(Math.max(0, seen.length - sought.length + 1));
    if (!seen.includes(sought)) return;
    stream?.off('data', look);
    then();
  };
  stream?.on('data', look);
  stream?.once('end', then);
}

function absent(program: string): Problem {
  return new Problem('file/absent', { what: `the program ${printable(program)} is not there or cannot be started` });
}
