/**
 * Goal: SIGKILL at any moment of rotating a grant, or of `resume`, ends with the client signed in by one pair that works, the old
 * grant dead, neighbours untouched, nothing spilt, no lock left or waited for, and no live grant of which nobody knows (failure
 * modes 1, 2, 3).
 * Method: the packed program against a real authorization server and MCP server, 50 rounds in two lanes (Gemini CLI's store, and
 * Claude Code's with its locks), each killed one to three times: half of the kills at any moment, half within the step that was
 * hit least; a fifth of the rounds are of a leak. The server tells every token that it ever gave out. SIGN_IN_ROUNDS sets the
 * number, STORM_SEED repeats the choice of moments.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StepName } from '../../src/rotation/rotation.ts';
import { pack } from '../packed/pack.ts';
import { randomOf } from './seeded.ts';
import { type KilledClient, signInHome } from './sign-in-kill-home.ts';
import { SignInLane } from './sign-in-kill-lane.ts';

const rounds = Number(process.env['SIGN_IN_ROUNDS'] ?? 50);
const seed = Number(process.env['STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const clients: readonly KilledClient[] = ['gemini-cli', 'claude-code'];
/** Steps in which half of something may be done. */
const halves: readonly StepName[] = ['revoke', 'clear', 'sign in', 'update', 'prove dead'];
/** With fewer rounds a step may be missed by chance. */
const roundsThatCover = 40;

let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-sign-ins-')));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(`${rounds} rounds of kills while grants are rotated`, async () => {
  console.log(`kill storm of sign-ins: STORM_SEED=${seed}, ${rounds} rounds`);
  const { bin } = await pack(folder);
  const start = performance.now();
  const hits = new Map<string, number>();
  const ends = new Map<string, number>();
  const count = (of: Map<string, number>, what: string): void => void of.set(what, (of.get(what) ?? 0) + 1);
  let next = 0;
  const runLane = async (client: KilledClient, number: number): Promise<void> => {
    mkdirSync(join(folder, client));
    await using home = await signInHome(join(folder, client), client);
    const lane = new SignInLane({
      bin,
      home,
      random: randomOf(seed + number),
      hits: (step: StepName) => hits.get(step) ?? 0,
      onKill: (at) => count(hits, at),
      onEnd: (how) => count(ends, how),
    });
    await lane.begin();
    while (next < rounds) {
      const round = next++;
      const because = round % 5 === 4 ? 'leak' : 'routine';
      await lane.round(because).catch((error: Error) => {
        next = rounds;
        error.message = `STORM_SEED=${seed}, ${client}, round ${round} (${because}): ${error.message}`;
        throw error;
      });
    }
    lane.finish();
  };
  await Promise.all(clients.map(runLane));
  const table = [...hits, ...ends].map(([at, many]) => `${at} ${many}`).sort();
  console.log(`kill storm of sign-ins: ${Math.round((performance.now() - start) / 1000)} s\n${table.join('\n')}`);
  const kills = [...hits.values()].reduce((sum, many) => sum + many, 0);
  expect(kills, 'kills').toBeGreaterThanOrEqual(rounds / 2);
  if (rounds < roundsThatCover) return;
  expect(
    halves.filter((step) => !hits.has(step) && !hits.has(`after ${step}`)),
    'steps that change the world, and no kill hit',
  ).toEqual([]);
});
