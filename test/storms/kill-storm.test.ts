/**
 * Goal: SIGKILL at any moment of `rotate`, `resume` or `undo`, any number of times, locks nobody out, tears no file, leaves
 * no stray role and spills no secret; in a leak no two roles may log in at once (failure modes 1, 2, 3, 9, 13).
 * Method: the packed program against a real PostgreSQL, 200 rounds in two lanes: 100 routine, 60 of a leak, 40 taken back
 * from where a kill left them; kills at random moments of a whole run and within the step that was hit least; files, logins,
 * roles and the journal's bytes are looked at after every kill and every round without the product's help. STORM_ROUNDS sets the number, STORM_SEED repeats the choice of moments.
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
import { Lane, type Round, stands, stepsOf } from './kill-storm-lane.ts';
import { randomOf } from './seeded.ts';

const rounds = Number(process.env['STORM_ROUNDS'] ?? 200);
const seed = Number(process.env['STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const lanes = 2;
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

/** Of ten rounds three are of a leak and two are taken back; a tenth of all calls the real server. */
const turns = ['routine', 'leak', 'routine', 'undo', 'routine', 'leak', 'routine', 'undo', 'routine', 'leak'] as const;
const realTurns = [0, 20, 23, 39];

function roundOf(number: number): Round {
  const kind = realTurns.includes(number % 40) ? 'real' : 'quick';
  return { number, what: turns[number % turns.length] ?? 'routine', kind };
}

it(`${rounds} rounds of kills`, async () => {
  console.log(`kill storm: STORM_SEED=${seed}, ${rounds} rounds`);
  const { bin } = await pack(folder);
  const hits = new Map<string, number>();
  const hit = (what: string): void => void hits.set(what, (hits.get(what) ?? 0) + 1);
  const taken: string[] = [];
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
      hits: (what, step) => hits.get(`${what}: ${step}`) ?? 0,
      onKill: (what, at) => hit(`${what}: ${at}`),
      onUndo: (step, how) => void taken.push(`${how} from ${step}`),
    });
    await lane.begin();
    while (next < rounds) {
      const round = roundOf(next++);
      await lane.round(round).catch((error: Error) => {
        next = rounds;
        error.message = `STORM_SEED=${seed}, lane ${number}, round ${round.number} (${round.what}, ${round.kind}): ${error.message}`;
        throw error;
      });
    }
    lane.passwords.add(adminPassword);
    lane.finish();
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => runLane(number)));
  const count = Map.groupBy(taken, (what) => what);
  const undone = [...count].map(([what, all]) => `${what} ${all.length}`).sort();
  const table = [...hits].sort().map(([at, count]) => `${at} ${count}`);
  console.log(
    `kill storm: ${Math.round((performance.now() - start) / 1000)} s; kills by where the journal stood:\n${[...table, ...undone].join('\n')}`,
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
  expect(
    stepsOf.leak.filter((step) => !hits.has(`leak: ${step}`)),
    'steps of a leak that no kill hit',
  ).toEqual([]);
  const outcomes = stands.filter((step) => step !== 'revoke');
  expect(
    outcomes.filter((step) => !taken.includes(`${step === 'prove dead' ? 'refused' : 'undone'} from ${step}`)),
    'steps from which nothing was taken back, or not refused when it was too late',
  ).toEqual([]);
  const whileTakingBack = [...hits].filter(([at]) => /^undo: (rolling back|after \w+ was undone)/.test(at));
  expect(whileTakingBack.length, 'moments of taking back that kills hit').toBeGreaterThan(3);
  expect(
    whileTakingBack.reduce((sum, [, many]) => sum + many, 0),
    'kills while taking back',
  ).toBeGreaterThanOrEqual(rounds / 20);
});
