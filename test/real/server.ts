/**
 * Real servers for tests: a child process with its own temporary folder and a free port on 127.0.0.1. `stop` ends that
 * child alone, waits for it, and removes the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RealServer {
  readonly port: number;
  readonly folder: string;
  /** What the server has written so far. */
  log(): string;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  // A server that drops its rights must get in.
  chmodSync(folder, 0o755);
  return folder;
}

/** Ends a child by its own id, gently first. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const hard = setTimeout(() => child.kill('SIGKILL'), 8000);
  await gone;
  clearTimeout(hard);
}

/** Starts a program and waits until `ready` answers true. */
export async function startServer(options: {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly port: number;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  ready(log: string): Promise<boolean>;
}): Promise<RealServer> {
  const child = spawn(options.program, options.args, {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    ...options.user,
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += String(chunk)));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${options.program} ended with ${code}:\n${log.slice(-2000)}`)));
  });
  failed.catch(() => {});
  // A run that is cut off must not leave the server behind.
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    process.off('exit', onExit);
    await end(child);
    rmSync(options.folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 60_000;
  const waiting = (async () => {
    while (!(await options.ready(log))) {
      if (Date.now() > deadline) throw new Error(`${options.program} is not ready:\n${log.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  try {
    await Promise.race([waiting, failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: options.port, folder: options.folder, log: () => log, stop };
}

/** Runs a program to its end. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  user?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    ...user,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output.slice(-2000)}`);
}
