/**
 * A scratch machine for tests: a home of its own on the real disk, an environment that the test decides, a clock that
 * stands. Nothing of the person who runs the tests is read (files that an administrator may have put into /etc are).
 */
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { Problem } from '../../src/base/problem.ts';
import { createDisk } from '../../src/platform/disk.ts';
import { createRandom } from '../../src/platform/random.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { RunOptions, RunResult } from '../../src/ports/processes.ts';

export type LocalPorts = Pick<Ports, 'host' | 'disk' | 'clock' | 'random' | 'processes'>;

export interface Machine extends AsyncDisposable {
  readonly ports: LocalPorts;
  readonly home: string;
  /** Environment of the tool; change it as the test needs. */
  readonly env: Record<string, string>;
  /** `~/x`, or an absolute path below the home. Folders are made. Mode 0600 unless given. */
  write(path: string, text: string | Uint8Array, mode?: number): Promise<string>;
  bytes(path: string): Promise<Buffer>;
  text(path: string): Promise<string>;
  mode(path: string): Promise<number>;
  path(path: string): string;
  /** Programs that were run, with their arguments. */
  readonly ran: readonly (readonly string[])[];
  now: number;
}

export async function scratchMachine(): Promise<Machine> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'mcp-rotate-test-')));
  const env: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
  const ran: string[][] = [];
  const path = (given: string): string => (given.startsWith('~/') ? join(home, given.slice(2)) : given);
  const machine: Machine = {
    home,
    env,
    ran,
    path,
    now: Date.now(),
    async write(given, text, mode = 0o600) {
      await mkdir(dirname(path(given)), { recursive: true, mode: 0o700 });
      await writeFile(path(given), text);
      await chmod(path(given), mode);
      return path(given);
    },
    bytes: (given) => readFile(path(given)),
    text: (given) => readFile(path(given), 'utf8'),
    mode: async (given) => (await stat(path(given))).mode & 0o777,
    ports: {
      host: {
        os: 'linux',
        home,
        folder: join(home, 'empty'),
        userName: 'tester',
        userId: process.getuid?.(),
        stateFolder: join(home, '.local/state/mcp-rotate'),
        env: (name) => env[name],
        join,
        dirname,
        basename,
        isAbsolute,
      },
      disk: createDisk(),
      clock: {
        now: () => machine.now,
        elapsed: () => performance.now(),
        sleep: (length) => new Promise((resolve) => setTimeout(resolve, length)),
      },
      random: createRandom(),
      processes: {
        self: notHere,
        list: notHere,
        holding: notHere,
        quit: notHere,
        launchOf: notHere,
        relaunch: notHere,
        runAsPerson: notHere,
        which: (program) => which(program, env['PATH'] ?? ''),
        run: (program, args, options) => {
          ran.push([program, ...args]);
          return run(program, args, options);
        },
      },
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
  await mkdir(join(home, 'empty'));
  return machine;
}

function notHere(): never {
  throw new Error('no part of this machine');
}

async function which(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, program);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env: { ...options.env }, cwd: options.folder, timeout: options.timeoutMs },
      (error, output, errors) => {
        if (error && error.code === 'ENOENT') reject(new Problem('file/absent', { what: `there is no program ${program}` }));
        else resolve({ status: error ? (typeof error.code === 'number' ? error.code : null) : 0, output, errors });
      },
    );
    // A program may end without reading what it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
