/**
 * GitHub's own description as a server: prism answers by it and refuses what does not fit it.
 *
 * One process per description, on a free port, reused by all who ask in one test file and ended by its own handle. Without
 * `--errors`: the description's 202 example of /credentials/revoke breaks its own schema, which would answer 500. A request
 * that does not fit is answered 4xx, sometimes by an example of the description: the reason is then in the log only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Prism {
  readonly url: string;
  /** All that prism has said. */
  log(): string;
}

const running = new Map<string, Promise<{ prism: Prism; child: ChildProcess }>>();

/** `description`: file in test/descriptions. */
export async function prismOf(description: string): Promise<Prism> {
  let started = running.get(description);
  if (started === undefined) {
    started = start(description);
    running.set(description, started);
  }
  return (await started).prism;
}

/** To be called in afterAll. */
export async function endPrisms(): Promise<void> {
  const all = [...running.values()];
  running.clear();
  for (const started of all) {
    const { child } = await started;
    if (child.exitCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port was given');
  return address.port;
}

async function start(description: string): Promise<{ prism: Prism; child: ChildProcess }> {
  const program = createRequire(import.meta.url).resolve('@stoplight/prism-cli/dist/index.js');
  const file = fileURLToPath(new URL(`../descriptions/${description}`, import.meta.url));
  const port = await freePort();
  // Color codes would get into the log's words; nothing of this process' environment is needed.
  const child = spawn(process.execPath, [program, 'mock', file, '--host', '127.0.0.1', '--port', String(port)], {
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (data: Buffer) => {
    log += data.toString('utf8');
  });
  child.stderr.on('data', (data: Buffer) => {
    log += data.toString('utf8');
  });
  await new Promise<void>((resolve, reject) => {
    const tooLong = setTimeout(() => reject(new Error(`prism did not start: ${log}`)), 60_000);
    child.once('exit', () => reject(new Error(`prism ended: ${log}`)));
    const look = setInterval(() => {
      if (!log.includes('listening')) return;
      clearTimeout(tooLong);
      clearInterval(look);
      resolve();
    }, 50);
  });
  const prism: Prism = { url: `http://127.0.0.1:${port}`, log: () => log };
  return { prism, child };
}
