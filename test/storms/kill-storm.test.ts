/**
 * Goal: SIGKILL at any moment of `rotate` or `resume`, any number of times, locks nobody out, tears no file, leaves no
 * stray role and spills no secret (failure modes 1, 2, 3, 9, 13).
 * Method: the packed program against a real PostgreSQL, 200 rounds in two lanes; kills at random moments of a whole run and
 * within each step in turn; files, logins, roles and the journal's bytes are looked at after every kill and every round
 * without the product's help. STORM_ROUNDS sets the number, STORM_SEED repeats the choice of moments.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pack } from '../packed/pack.ts';
import { adminPassword, startPostgresql } from '../real/postgresql.ts';
import type { RealServer } from '../real/server.ts';
import { openDatabase, type StormDatabase } from './kill-storm-database.ts';
import { createHome } from './kill-storm-home.ts';
import { Lane, type Round, stepsOf } from './kill-storm-lane.ts';

const rounds = Number(process.env['STORM_ROUNDS'] ?? 200);
const seed = Number(process.env['STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const lanes = 2;
const leakEvery = 10;
const realEvery = 20;
/** With fewer rounds a step may be missed by chance. */
const roundsThatCover = 150;

let folder: string;
let server: RealServer;
let database: StormDatabase;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-storm-')));
  server = await startPostgresql();
  database = await openDatabase(server.port);
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** mulberry32 */
function randomOf(from: number): () => number {
  let state = from | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function roundOf(number: number): Round {
  const because = number % leakEvery === leakEvery - 1 ? 'leak' : 'routine';
  // Of both playbooks.
  const real = number % realEvery === 0 || number % (2 * realEvery) === realEvery - 1;
  const kind = real ? 'real' : 'quick';
  return { number, because, kind };
}

it(`${rounds} rounds of kills`, async () => {
  console.log(`kill storm: STORM_SEED=${seed}, ${rounds} rounds`);
  const { bin } = await pack(folder);
  const hits = new Map<string, number>();
  const start = performance.now();
  let next = 0;
  const runLane = async (number: number): Promise<void> => {
    const home = createHome(join(folder, `home-${number}`));
    mkdirSync(home.folder);
    const role = `app${number}`;
    const lane = new Lane({
      bin,
      home,
      database,
      role,
      firstDsn: await database.makeRole(role),
      random: randomOf(seed + number),
      onKill: (because, at) => void hits.set(`${because}: ${at}`, (hits.get(`${because}: ${at}`) ?? 0) + 1),
    });
    await lane.begin();
    while (next < rounds) {
      const round = roundOf(next++);
      await lane.round(round).catch((error: Error) => {
        next = rounds;
        error.message = `STORM_SEED=${seed}, lane ${number}, round ${round.number} (${round.because}, ${round.kind}): ${error.message}`;
        throw error;
      });
    }
    lane.passwords.push(adminPassword);
    lane.finish();
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => runLane(number)));
  const table = [...hits].sort().map(([at, count]) => `${at} ${count}`);
  console.log(
    `kill storm: ${Math.round((performance.now() - start) / 1000)} s; kills by where the journal stood:\n${table.join('\n')}`,
  );
  expect(
    [...hits.values()].reduce((sum, count) => sum + count, 0),
    'kills',
  ).toBeGreaterThanOrEqual(rounds / 2);
  if (rounds < roundsThatCover) return;
  expect(
    stepsOf.routine.filter((step) => !hits.has(`routine: ${step}`)),
    'steps that no kill hit',
  ).toEqual([]);
  expect(stepsOf.leak.filter((step) => hits.has(`leak: ${step}`)).length, 'steps of a leak that kills hit').toBeGreaterThan(4);
});
