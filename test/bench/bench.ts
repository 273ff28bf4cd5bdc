/**
 * `npm run bench`: every figure of speed and memory with its floor and its bound; not zero when one is broken or missing.
 * With `--report` only a missing figure counts: CI shows what a busy machine measures, and does not fail by the clock.
 *
 * A bench is a module beside this one that exports a function answering `Measured`; its bound stands here, so that all
 * bounds are read in one place.
 */
import { basename } from 'node:path';
import { type Bound, type Figure, judge, type Measured, missing, table } from './figure.ts';
import { benchGuard } from './guard-bench.ts';
import { benchStatus } from './status-bench.ts';

interface Slot {
  readonly name: string;
  readonly file: string;
  readonly function: string;
  readonly bound: Bound;
}

const atMost = (mostMs: number): Bound => ({ words: `<= ${mostMs} ms`, most: () => mostMs });

const slots: readonly Slot[] = [
  { name: 'edit of one value in 10 MB', file: './edit-bench.ts', function: 'benchEdit', bound: atMost(60) },
  { name: 'own time of a routine rotation', file: './rotation-bench.ts', function: 'benchRotation', bound: atMost(150) },
  {
    name: '50 revocations at once',
    file: './revocations-bench.ts',
    function: 'benchRevocations',
    bound: { words: '<= 1.5 x floor', most: (floorMs) => 1.5 * floorMs },
  },
  {
    name: 'search of files for 50 known secrets',
    file: './leak-files-bench.ts',
    function: 'benchLeakFiles',
    bound: { words: '<= 3 x floor', most: (floorMs) => 3 * floorMs },
  },
  {
    name: '50 known secrets in a history',
    file: './leak-search-bench.ts',
    function: 'benchLeakSearch',
    bound: { words: '<= 0.8 x floor', most: (floorMs) => 0.8 * floorMs },
  },
  {
    name: 'provider formats in a history',
    file: './leak-search-bench.ts',
    function: 'benchFormatSearch',
    bound: { words: '<= 2 x floor', most: (floorMs) => 2 * floorMs },
  },
];

export async function measureModule(slot: Slot): Promise<Figure> {
  try {
    const module = (await import(slot.file)) as Record<string, unknown>;
    const bench = module[slot.function];
    if (typeof bench !== 'function')
      return missing(slot.name, slot.bound.words, `${basename(slot.file)} exports no function ${slot.function}`);
    return judge((await bench()) as Measured, slot.bound);
  } catch (error) {
    return missing(slot.name, slot.bound.words, error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'failed');
  }
}

if (import.meta.main) {
  const figures: Figure[] = await benchStatus().catch((error: Error) => [
    missing('status', '-', error.message.split('\n')[0] ?? ''),
  ]);
  figures.push(...(await benchGuard().catch((error: Error) => [missing('guard run', '-', error.message.split('\n')[0] ?? '')])));
  for (const slot of slots) figures.push(await measureModule(slot));
  console.log(table(figures));
  const bad = figures.filter((figure) => figure.verdict !== 'ok').length;
  if (bad > 0) console.log(`\n${bad} of ${figures.length} figures broken or missing`);
  const failing = process.argv.includes('--report') ? figures.filter((figure) => figure.verdict === 'MISSING').length : bad;
  process.exitCode = failing === 0 ? 0 : 1;
}
