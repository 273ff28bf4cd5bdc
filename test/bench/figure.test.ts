/**
 * Goal: the bench fails when a bound is broken or a figure is missing, and its scratch home is as large as it says.
 * Method: figures on both sides of a bound, figures that are no numbers, a bench module that is not there or throws.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measureModule } from './bench.ts';
import { judge, median, table } from './figure.ts';
import { writeScratchHome } from './scratch-home.ts';

const bound = { words: '<= 2.0 x floor', most: (floorMs: number) => 2 * floorMs };
const verdict = (valueMs: number, floorMs: number): string => judge({ name: 'a', valueMs, floorMs, note: '' }, bound).verdict;

it('judges by the bound, and what is no measurement is missing', () => {
  expect(verdict(20, 10)).toBe('ok');
  expect(verdict(20.1, 10)).toBe('BROKEN');
  expect(verdict(Number.NaN, 10)).toBe('MISSING');
  expect(verdict(0, 10)).toBe('MISSING');
  expect(verdict(1, 0)).toBe('MISSING');
});

it('reports a bench that is not there, or that throws, as missing', async () => {
  const absent = await measureModule({ name: 'x', file: './no-such-bench.ts', function: 'run', bound });
  expect(absent).toMatchObject({ name: 'x', verdict: 'MISSING' });
  const wrong = await measureModule({ name: 'x', file: './figure.ts', function: 'noSuchFunction', bound });
  expect(wrong).toMatchObject({ verdict: 'MISSING', note: 'figure.ts exports no function noSuchFunction' });
  const broken = await measureModule({ name: 'x', file: './figure.ts', function: 'table', bound });
  expect(broken.verdict).toBe('MISSING');
});

it('takes the middle and prints aligned columns', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(table([judge({ name: 'long name', valueMs: 1, floorMs: 1, note: 'n' }, bound)]).split('\n')[1]).toBe(
    'long name  1.0 ms  1.0 ms  <= 2.0 x floor  ok       n',
  );
});

it('writes eight clients and two hundred servers', async () => {
  const home = await mkdtemp(join(tmpdir(), 'mcp-rotate-home-'));
  try {
    const { clients, servers } = await writeScratchHome(home);
    expect({ clients, servers }).toEqual({ clients: 8, servers: 200 });
    const cursor = JSON.parse(await readFile(join(home, '.cursor/mcp.json'), 'utf8')) as { mcpServers: object };
    expect(Object.keys(cursor.mcpServers)).toHaveLength(25);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
