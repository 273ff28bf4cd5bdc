/**
 * The tool's own time in a whole routine rotation, plan to receipt: real files, journal, sealing, process list, PostgreSQL
 * and MCP servers, with the time taken out in which it waits for server, client or another program. No soak.
 *
 * Floor: as many appends to SQLite and replacements of files as the rotation made, durable, by no code of the product.
 */
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Secret } from '../../src/base/secret.ts';
import { createIssuers } from '../../src/cli/issuer/issuers.ts';
import { collect } from '../../src/inventory/collect.ts';
import { createHost } from '../../src/platform/host.ts';
import { createPorts } from '../../src/platform/ports.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { clients, providers } from '../../src/registry.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import { startPostgresql } from '../real/postgresql.ts';
import { openDatabase } from '../storms/kill-storm-database.ts';
import { createHome } from '../storms/kill-storm-home.ts';
import { twinKeyring } from '../twins/keyring.ts';
import { type Measured, median } from './figure.ts';
import { timed, Waiting } from './waiting.ts';

const runs = 9;
const adapters = { clients, providers, stores: [] };

interface Run {
  readonly ownMs: number;
  readonly wallMs: number;
  readonly appends: number;
  readonly replacements: number;
}

export async function benchRotation(): Promise<Measured> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-bench-')));
  const server = await startPostgresql();
  try {
    const database = await openDatabase(server.port);
    const home = createHome(join(folder, 'home'));
    mkdirSync(home.folder);
    home.write(await database.makeRole('app'), 'real');
    const ports = portsIn(home.folder);
    await createIssuers(ports, adapters).add('postgresql', new Secret(database.adminDsn));
    await database.close();
    // The first one also loads the program's parts, which a user pays too: it is told beside the figure.
    const first = await rotate(ports);
    const later: Run[] = [];
    const floors: number[] = [];
    for (let i = 0; i < runs; i++) {
      const run = await rotate(ports);
      later.push(run);
      floors.push(floor(folder, run));
    }
    // The fastest run of each: what other programs of a busy machine add to a run of seconds is not the tool's own.
    const own = later.map(({ ownMs }) => ownMs);
    const { appends, replacements, wallMs } = later[0] ?? first;
    const all = `fastest of ${runs}, median ${Math.round(median(own))} ms, first in its process ${Math.round(first.ownMs)} ms, with waiting ${Math.round(wallMs)} ms`;
    return {
      name: 'own time of a routine rotation',
      valueMs: Math.min(...own),
      floorMs: Math.min(...floors),
      note: `${all}; floor: ${appends} appends, ${replacements} replacements`,
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function portsIn(home: string): Ports {
  const env = { HOME: home, PATH: process.env['PATH'] };
  const facts = { env, platform: process.platform, folder: home, home, userName: 'bench', userId: process.getuid?.() };
  return { ...createPorts({ host: createHost(facts) }), keyring: twinKeyring() };
}

async function rotate(real: Ports): Promise<Run> {
  const found = (await collect(real, adapters, { folders: [] })).credentials.find(({ provider }) => provider === 'postgresql');
  const waiting = new Waiting();
  const ports = timed(real, waiting);
  const start = performance.now();
  const rotations = createRotations(ports, adapters);
  const because = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;
  const rotation = await rotations.start(await rotations.plan(found?.id ?? '', because));
  const ended = await rotations.advance(rotation, { onEvent: () => {} });
  const wallMs = performance.now() - start;
  if (ended.state !== 'complete') throw new Error(`the rotation is not complete: ${JSON.stringify(ended)}`);
  const { parts, waitedMs } = waiting;
  const calls = (names: readonly string[]): number => names.reduce((sum, name) => sum + (parts.get(name)?.calls ?? 0), 0);
  return {
    ownMs: wallMs - waitedMs,
    wallMs,
    appends: calls(['append', 'putSealed', 'acquire', 'release', 'shred'].map((name) => `journal.${name}`)),
    replacements: calls(['disk.replace']),
  };
}

function floor(folder: string, { appends, replacements }: Run): number {
  const db = new DatabaseSync(join(folder, 'floor.sqlite'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (body TEXT)');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const body = 'x'.repeat(500);
  const start = performance.now();
  for (let i = 0; i < appends; i++) insert.run(body);
  for (let i = 0; i < replacements; i++) {
    const [temporary, path] = [join(folder, 'floor.tmp'), join(folder, 'floor.txt')];
    const file = openSync(temporary, 'w', 0o600);
    writeSync(file, body);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
    const parent = openSync(folder, 'r');
    fsyncSync(parent);
    closeSync(parent);
  }
  const took = performance.now() - start;
  db.close();
  return took;
}
