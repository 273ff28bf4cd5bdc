/**
 * The history search over a repository of more than 100 MB of packs: 50 known secrets in all their writings, then formats too.
 *
 * Floor: `git cat-file --batch-all-objects --unordered --batch` into nothing, which is git unpacking the same objects and
 * nothing else. The figure is the wall time of a whole process of ours, bundled as users have it. A search that does not find
 * exactly the planted objects yields no figure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundle } from '../../tools/bundle/bundle.ts';
import type { Measured } from './figure.ts';
import { type BenchRepository, benchRepository } from './leak-search-repository.ts';

const rounds = 3;
const mostBytes = 220 * 1024 * 1024;

interface Run {
  readonly ms: number;
  readonly found: readonly (readonly [object: string, secret: number])[];
  readonly objects: number;
  readonly bytes: number;
  readonly gaps: number;
  readonly peakBytes: number;
}

export async function benchLeakSearch(): Promise<Measured> {
  return bench('50 known secrets in a history', 'known');
}

export async function benchFormatSearch(): Promise<Measured> {
  return bench('provider formats in a history', 'formats');
}

async function bench(name: string, what: 'known' | 'formats'): Promise<Measured> {
  const repository = await benchRepository();
  const folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-bench-'));
  try {
    // As users have it: one file for the program, one for its threads.
    await bundle('test/bench/leak-search-run.ts', folder);
    return await measured(name, what, repository, join(folder, 'mcp-rotate.cjs'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(name: string, what: string, repository: BenchRepository, program: string): Promise<Measured> {
  const floors: number[] = [];
  const runs: Run[] = [];
  // In turns, so that a busy moment meets both.
  for (let round = 0; round < rounds; round++) {
    floors.push(await floor(repository));
    runs.push(await search(program, repository, what));
  }
  for (const run of runs) check(run, repository, what);
  const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes));
  if (peak > mostBytes) throw new Error(`${name}: peak memory ${mib(peak)} MiB, at most ${mib(mostBytes)}`);
  const [run] = runs as [Run];
  return {
    name,
    valueMs: Math.min(...runs.map(({ ms }) => ms)),
    floorMs: Math.min(...floors),
    note: `fastest of ${rounds}; ${mib(repository.packedBytes)} MiB packed, ${run.objects} objects, ${repository.planted.size} holding; peak ${mib(peak)} MiB; floor: cat-file into nothing`,
  };
}

const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024);

/** Every planted object is found with its secret, and nothing else is. */
function check({ found, gaps }: Run, { planted }: BenchRepository, what: string): void {
  const right = new Set(found.filter(([object, secret]) => planted.get(object) === secret).map(([object]) => object));
  const wrong = found.filter(([object]) => !planted.has(object)).length;
  if (right.size !== planted.size || wrong > 0 || gaps > 0)
    throw new Error(`${what}: ${right.size} of ${planted.size} planted found, ${wrong} not planted, ${gaps} gaps`);
}

async function floor({ gitDir }: BenchRepository): Promise<number> {
  const args = [`--git-dir=${gitDir}`, 'cat-file', '--batch-all-objects', '--unordered', '--batch'];
  const started = performance.now();
  const child = spawn('git', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error('git cat-file failed');
  return performance.now() - started;
}

async function search(program: string, { gitDir }: BenchRepository, what: string): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [program, `${gitDir}/objects`, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
  if (code !== 0) throw new Error('the search failed');
  return { ...(JSON.parse(output) as Omit<Run, 'ms'>), ms: performance.now() - started };
}
