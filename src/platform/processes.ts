/**
 * The real port of processes: Linux by /proc, macOS and Windows by the system's own programs.
 *
 * On macOS and Windows nobody but the system sees another process's environment: `holding` says so, and the caller
 * judges by start times.
 */
import { spawn } from 'node:child_process';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { minute, second } from '../base/time.ts';
import type { Launch, Processes, ProcessInfo } from '../ports/processes.ts';
import {
  type Asked,
  bundleOf,
  cimList,
  macOpen,
  macQuit,
  psArguments,
  psList,
  readCim,
  readPs,
  windowsQuit,
} from './processes-foreign.ts';
import * as linux from './processes-linux.ts';
import { launchOf, quit, relaunch } from './processes-linux-launch.ts';
import { run, runAsPerson, which } from './processes-run.ts';

export function createProcesses(): Processes {
  if (process.platform === 'linux') {
    const { self, list, holding } = linux;
    return { self, list, holding, run, runAsPerson, which, quit, launchOf, relaunch };
  }
  return process.platform === 'win32' ? foreign(windows) : foreign(mac);
}

interface System {
  list(): Promise<readonly ProcessInfo[]>;
  quit(process: ProcessInfo): Promise<void>;
  /** What is started to run the program again; undefined when it is not ours to start. */
  program(process: ProcessInfo): string | undefined;
  start(program: string): Promise<void>;
}

const ask = async ({ program, args }: Asked, env: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await run(program, args, { env, timeoutMs: minute, mostOutput: 16 * 1024 * 1024 })).output;

const mac: System = {
  list: async () => {
    const [list, lines] = await Promise.all([psList, psArguments].map((asked) => ask(asked, { LC_ALL: 'C' })));
    return readPs(list ?? '', process.getuid?.() ?? -1, lines);
  },
  async quit(target) {
    const bundle = target.executable === undefined ? undefined : bundleOf(target.executable);
    if (bundle === undefined) process.kill(target.pid, 'SIGTERM');
    else await ask(macQuit(bundle));
  },
  program: ({ executable }) => (executable === undefined ? undefined : bundleOf(executable)),
  start: async (bundle) => void (await ask(macOpen(bundle))),
};

/** What Windows programs need of our environment to run at all. */
const systemEnv = () =>
  Object.fromEntries(['SystemRoot', 'PATH', 'TEMP'].flatMap((name) => [[name, process.env[name] ?? '']] as const));

const windows: System = {
  list: async () => readCim(await ask(cimList(process.pid), systemEnv())),
  quit: async ({ pid }) => void (await ask(windowsQuit(pid), systemEnv())),
  program: ({ executable }) => executable,
  async start(program) {
    const child = spawn(program, [], { detached: true, stdio: 'ignore' });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
  },
};

const pollMs = 500;

/** `startTimeoutMs`: how long a relaunched program may take to appear in the list. */
export function foreign(system: System, startTimeoutMs = 30 * second): Processes {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, pollMs));
  const all = async () => {
    const rows = await system.list();
    // A list without us was not read: an empty one must not pass for "it has ended".
    if (!rows.some(({ pid }) => pid === process.pid)) throw new Error('the list of processes could not be read');
    return rows;
  };
  const runs = async (target: ProcessInfo) => (await all()).some(({ identity }) => identity === target.identity);
  return {
    run,
    runAsPerson,
    which,
    async self() {
      const found = (await all()).find(({ pid }) => pid === process.pid);
      if (found === undefined) throw new Error('the list of processes lacks our own');
      return found;
    },
    list: async () => (await all()).filter(({ pid }) => pid !== process.pid),
    holding: async () => 'cannot-tell',
    async quit(target, timeoutMs) {
      if (!(await runs(target))) return 'ended';
      await system.quit(target);
      const until = performance.now() + timeoutMs;
      while (await runs(target)) {
        if (performance.now() >= until) return 'running';
        await pause();
      }
      return 'ended';
    },
    async launchOf(target): Promise<Launch | undefined> {
      const program = system.program(target);
      return program === undefined ? undefined : { process: target, program };
    },
    async relaunch({ process: before, program }) {
      const known = new Set((await all()).map(({ identity }) => identity));
      await system.start(program);
      const until = performance.now() + startTimeoutMs;
      do {
        const now = (await all()).find(({ identity, name }) => name === before.name && !known.has(identity));
        if (now !== undefined) return now;
        await pause();
      } while (performance.now() < until);
      throw new Problem('file/absent', {
        what: `${printable(before.name)} was started but did not appear`,
        next: 'start it yourself',
      });
    },
  };
}
