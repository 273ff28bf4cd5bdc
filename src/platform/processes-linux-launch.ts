/**
 * Ending a program and starting it again as it was, on Linux.
 *
 * Ending is SIGTERM to one process that is still the same one (its identity is read again right before), then waiting;
 * never SIGKILL. How it was started is kept beside the `Launch`, not in it: arguments and environment may hold secrets.
 *
 * Not started again from here: programs in a sandbox with its own root (flatpak, snap), whose file cannot be run from
 * outside. An AppImage runs from a mount that is gone after it ends, so the image itself is started. A program that was
 * replaced on disk while it ran is started from its new file. A wrapper script is not run again: the program that it
 * ended in is, with the environment that the wrapper made.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, readlinkSync } from 'node:fs';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Milliseconds } from '../base/time.ts';
import type { Launch, ProcessInfo } from '../ports/processes.ts';
import { argumentsOf, bootId, executableOf, identityOf, info, readStat } from './processes-linux.ts';

const pollMs = 25;

interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

const starts = new WeakMap<Launch, Start>();

const pause = (length: number) => new Promise<void>((resolve) => setTimeout(resolve, length));

function runs(process: ProcessInfo): boolean {
  const stat = readStat(process.pid);
  return stat !== undefined && stat.state !== 'Z' && identityOf(process.pid, stat, bootId()) === process.identity;
}

export async function quit(target: ProcessInfo, timeoutMs: Milliseconds): Promise<'ended' | 'running'> {
  if (!runs(target)) return 'ended';
  try {
    process.kill(target.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return 'running';
  }
  const until = performance.now() + timeoutMs;
  while (runs(target)) {
    if (performance.now() >= until) return 'running';
    await pause(pollMs);
  }
  return 'ended';
}

/** NAME=value pairs; one without a name or `=` is not passed on by exec either. */
export function parseEnviron(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of text.split('\0')) {
    const at = pair.indexOf('=');
    if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return env;
}

/** What to start for a program with this environment; undefined when it lives in a sandbox. */
export function startable(executable: string, env: Readonly<Record<string, string>>): string | undefined {
  if (env['FLATPAK_ID'] !== undefined || /^\/snap\//.test(executable)) return undefined;
  const image = env['APPIMAGE'];
  return image !== undefined && env['APPDIR'] !== undefined && executable.startsWith(`${env['APPDIR']}/`) ? image : executable;
}

export async function launchOf(process: ProcessInfo): Promise<Launch | undefined> {
  try {
    const at = `/proc/${process.pid}`;
    const env = parseEnviron(readFileSync(`${at}/environ`, 'utf8'));
    const args = argumentsOf(process.pid);
    const folder = readlinkSync(`${at}/cwd`);
    const executable = executableOf(process.pid);
    const program = executable === undefined || readlinkSync(`${at}/root`) !== '/' ? undefined : startable(executable, env);
    // Both after reading: what was read is that of this process, and it can be started from here.
    if (program === undefined || !runs(process)) return undefined;
    accessSync(program, constants.X_OK);
    const launch: Launch = { process, program };
    starts.set(launch, { args, env, folder: program === env['APPIMAGE'] ? (env['OWD'] ?? folder) : folder });
    return launch;
  } catch {
    return undefined;
  }
}

export async function relaunch(launch: Launch): Promise<ProcessInfo> {
  const start = starts.get(launch);
  if (start === undefined) throw new Error('a launch that this process did not read');
  const child = spawn(launch.program, start.args.slice(1), {
    argv0: start.args[0] ?? launch.program,
    env: { ...start.env },
    cwd: start.folder,
    detached: true,
    stdio: 'ignore',
  });
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  child.unref();
  const now = started && child.pid !== undefined ? info(child.pid) : undefined;
  if (now === undefined) {
    throw new Problem('file/absent', {
      what: `${printable(launch.program)} could not be started again`,
      next: 'start it yourself',
    });
  }
  return now;
}
