/**
 * Goal: history lists rotations, newest first, within the width; its JSON is exactly mcp-rotate/history@1.
 * Method: the whole program over made-up rows; a strict zod schema as judge.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { now, runCommand } from '../../../test/cli/world.ts';
import type { HistoryRow } from '../../rotation/rotation.ts';
import { columns } from '../text.ts';

const rows: HistoryRow[] = [
  {
    rotation: 'r-20261120-aaaaaa',
    credential: 'github-9a40',
    provider: 'github',
    because: 'leak',
    state: 'complete',
    step: undefined,
    startedAt: now - 2e8,
    endedAt: now - 1e8,
  },
  {
    rotation: 'r-20261122-bbbbbb',
    credential: `aws-${'x'.repeat(90)}`,
    provider: 'aws',
    because: 'routine',
    state: 'waiting',
    step: 'prove dead',
    startedAt: now,
    endedAt: undefined,
  },
];
const rotations = { history: async () => rows };

const schema = z.strictObject({
  schema: z.literal('mcp-rotate/history@1'),
  rotations: z.array(
    z.strictObject({
      rotation: z.string(),
      credential: z.string(),
      provider: z.string(),
      because: z.enum(['routine', 'departure', 'leak']),
      state: z.enum(['running', 'waiting', 'complete', 'debt', 'rolled-back']),
      step: z.string().nullable(),
      startedAt: z.iso.datetime(),
      endedAt: z.iso.datetime().nullable(),
    }),
  ),
});

describe('history', () => {
  it('is newest first, within the width', async () => {
    const { status, out } = await runCommand(['history'], { rotations });
    expect(status).toBe(0);
    expect([...out.matchAll(/^r-\S+/gm)].map(([id]) => id)).toEqual(['r-20261122-bbbbbb', 'r-20261120-aaaaaa']);
    expect(out).toContain('waiting at prove dead');
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(80);
  });

  it('prints exactly mcp-rotate/history@1', async () => {
    const value = schema.parse(JSON.parse((await runCommand(['history', '--json'], { rotations })).out));
    expect(value.rotations.map(({ step, endedAt }) => [step, endedAt])).toEqual([
      ['prove dead', null],
      [null, '2026-11-21T08:13:20Z'],
    ]);
  });

  it('says when there is none', async () => {
    expect((await runCommand(['history'], { rotations: { history: async () => [] } })).out).toBe('no rotation yet\n');
  });
});
