/**
 * Goal: the whole job through the real program and the real clients: they write their configs, `mcp-rotate rotate`
 * rotates a PostgreSQL password through all of them, and they read it back and say that they are connected.
 * Method: four real clients in one scratch home over one real PostgreSQL and the real server-postgres; the program runs
 * as a person starts it, with its issuing credential on standard input. Then a leak, and the same again.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../kits/machine.ts';
import { adminPassword, startPostgresql } from '../real/postgresql.ts';
import type { RealServer } from '../real/server.ts';
import { leftRunning, runClient } from './parts.ts';

const program = join(dirname(fileURLToPath(import.meta.url)), '../../bin/mcp-rotate.js');
const mcpServer = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-postgres/dist/index.js');

let server: RealServer;
let machine: Machine;

const dsnOf = (user: string, password: string, database = 'app'): string =>
  `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${database}`;

async function worksAs(dsn: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: dsn });
  try {
    await client.connect();
    await client.query('select count(*) from notes');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Told {
  readonly status: number | null;
  readonly output: string;
}

function mcpRotate(args: readonly string[], input?: string): Promise<Told> {
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: machine.home, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { env, cwd: machine.home, timeout: 120_000 });
    let output = '';
    const keep = (chunk: unknown): void => {
      output += String(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
    child.stdin.end(input ?? '');
  });
}

async function configured(): Promise<string[]> {
  const files = ['~/.claude.json', '~/.codex/config.toml', '~/.gemini/settings.json', '~/.config/opencode/opencode.json'];
  const texts = await Promise.all(files.map((file) => machine.text(file)));
  return texts.map((text) => /postgresql:\/\/[^"\s]+/.exec(text)?.[0] ?? 'none');
}

async function connected(): Promise<void> {
  const claude = await runClient(machine, 'claude', ['mcp', 'get', 'app-db']);
  expect(claude).toContain('Connected');
  const codex = await runClient(machine, 'codex', ['mcp', 'list', '--json']);
  const [dsn] = await configured();
  expect(codex).toContain(dsn);
  expect(await runClient(machine, 'gemini', ['mcp', 'list'])).toMatch(/app-db.*Connected/);
  expect(await runClient(machine, 'opencode', ['mcp', 'list'])).toMatch(/app-db\s+connected/);
}

beforeAll(async () => {
  server = await startPostgresql();
  machine = await scratchMachine();
  const admin = new pg.Client({ connectionString: dsnOf('postgres', adminPassword, 'postgres') });
  await admin.connect();
  await admin.query(`CREATE ROLE app LOGIN PASSWORD 'first pass/word'`);
  await admin.query('CREATE DATABASE app OWNER app');
  await admin.end();
  const owner = new pg.Client({ connectionString: dsnOf('app', 'first pass/word') });
  await owner.connect();
  await owner.query('CREATE TABLE notes (text text)');
  await owner.end();
  const launch = [process.execPath, mcpServer, dsnOf('app', 'first pass/word')];
  await machine.write('~/.gemini/trustedFolders.json', JSON.stringify({ [machine.home]: 'TRUST_FOLDER' }));
  await runClient(machine, 'claude', ['mcp', 'add', '-s', 'user', 'app-db', '--', ...launch]);
  await runClient(machine, 'codex', ['mcp', 'add', 'app-db', '--', ...launch]);
  await runClient(machine, 'gemini', ['mcp', 'add', '-s', 'user', 'app-db', ...launch]);
  await machine.write(
    '~/.config/opencode/opencode.json',
    JSON.stringify({ mcp: { 'app-db': { type: 'local', command: launch, enabled: true } } }),
  );
});

afterAll(async () => {
  const left = await leftRunning(machine);
  await machine[Symbol.asyncDispose]();
  await server.stop();
  expect(left).toEqual([]);
});

describe('a real password through four real clients', () => {
  it('is rotated by routine, then by leak, and every client connects with the new one', async () => {
    const before = await configured();
    expect(new Set(before).size).toBe(1);
    const added = await mcpRotate(
      ['issuer', 'add', 'postgresql', '--stdin', '--without-keyring'],
      dsnOf('postgres', adminPassword, 'postgres'),
    );
    expect(added, added.output).toMatchObject({ status: 0 });
    let old = before[0] ?? '';
    for (const because of ['routine', 'leak']) {
      const status = await mcpRotate(['status', '--json']);
      const { credentials } = JSON.parse(status.output) as { credentials: { id: string; provider: string }[] };
      expect(credentials.map(({ provider }) => provider)).toEqual(['postgresql']);
      const words = because === 'routine' ? ['--soak', '0s'] : ['--because', because];
      const told = await mcpRotate(['rotate', credentials[0]?.id ?? '', ...words, '--yes']);
      expect(told, told.output).toMatchObject({ status: 0 });
      const now = await configured();
      expect(new Set(now).size).toBe(1);
      expect(now[0]).not.toBe(old);
      expect(await worksAs(now[0] ?? ''), 'the new one works').toBe(true);
      expect(await worksAs(old), 'the old one is refused').toBe(false);
      await connected();
      for (const dsn of [old, now[0] ?? '']) {
        const { password } = new URL(dsn);
        expect(told.output).not.toContain(password);
        expect(told.output).not.toContain(decodeURIComponent(password));
      }
      old = now[0] ?? '';
    }
  });
});
