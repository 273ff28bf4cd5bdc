/** Runs many random series and keeps account of what happened in them, so that a loop that tests nothing is seen. */
import { expect } from 'vitest';
import { runSeries } from '../world/series.ts';
import { kinds } from '../world/toy-providers.ts';

/**
 * The same seeds in every run, so that a red run means the change; `SEEDS=new npm run test:storms` looks where nobody has
 * looked, and `SEED=123` repeats one. A seed that found something goes into test/simulation/seeds.test.ts.
 */
const firstSeed = Number(process.env['SEED'] ?? (process.env['SEEDS'] === 'new' ? Math.floor(Math.random() * 2 ** 31) : 1));

export async function storm(part: number, count: number): Promise<void> {
  // Stacks of expected problems are a tenth of the time; a seed that failed is repeated alone, with stacks.
  if (process.env['SEED'] === undefined) Error.stackTraceLimit = 0;
  const seeds = process.env['SEED'] === undefined ? count : 1;
  console.log(`series ${part}: seeds ${firstSeed + part * count} to ${firstSeed + part * count + seeds - 1}`);
  const seen = new Map<string, number>();
  const tell = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  for (let number = 0; number < seeds; number++) {
    const seed = process.env['SEED'] === undefined ? firstSeed + part * count + number : firstSeed;
    const told = await runSeries(seed);
    tell(`${told.kind}, ${told.because}`);
    tell(`ended ${told.end}`);
    for (const what of told.happened) tell(what);
  }
  if (seeds === 1) return;
  const expected = [
    ...kinds.flatMap((kind) => ['routine', 'departure', 'leak'].map((because) => `${kind}, ${because}`)),
    'ended complete',
    'ended rolled-back',
    'client write',
    'jump',
    ...['lost-answer', 'rate-limited', 'unavailable', 'garbled'].map((fault) => `fault ${fault}`),
    ...['journal.append', 'journal.putSealed', 'journal.acquire', 'journal.release', 'journal.shred'].map(
      (name) => `cut ${name}`,
    ),
    ...['disk full', 'second process', 'revoked by somebody', 'a key of somebody else'],
    ...[0, 1, 2, 3].map((kind) => `odd key ${kind}`),
    ...['cut disk.temporary', 'cut upstream issue', 'cut upstream revoke', 'cut disk.rename'],
  ];
  const never = expected.filter((what) => (seen.get(what) ?? 0) < count / 2000);
  expect(never, `too rare in ${count} series: the loop does not test what it says`).toEqual([]);
}
