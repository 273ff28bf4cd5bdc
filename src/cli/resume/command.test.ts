/**
 * Goal: resume goes on with one rotation or with all that are open, oldest first, and ends with the status of the worst.
 * Method: the whole program over an engine made of values.
 */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { HistoryRow, Progress, Rotations } from '../../rotation/rotation.ts';

const row = (rotation: string, startedAt: number): HistoryRow => ({
  rotation,
  credential: 'postgresql-7c1e',
  provider: 'postgresql',
  because: 'routine',
  state: 'waiting',
  step: 'issue',
  startedAt,
  endedAt: undefined,
});

function engine(ends: Readonly<Record<string, Progress>>): { rotations: Partial<Rotations>; advanced: string[] } {
  const advanced: string[] = [];
  return {
    advanced,
    rotations: {
      open: async () => [row('r-2', 200), row('r-1', 100)],
      advance: async (rotation) => {
        advanced.push(rotation);
        const end = ends[rotation];
        if (!end)
          throw new Problem('usage/unknown-rotation', { what: `there is no rotation ${rotation}`, next: 'mcp-rotate history' });
        return end;
      },
    },
  };
}

const done = (rotation: string): Progress => ({ state: 'complete', rotation });
const debt = (rotation: string): Progress => ({
  state: 'debt',
  rotation,
  debts: [{ kind: 'stray-key', text: 'key-9 may live', since: 0 }],
});

describe('resume', () => {
  it('takes up all that is open, oldest first', async () => {
    const { rotations, advanced } = engine({ 'r-1': done('r-1'), 'r-2': debt('r-2') });
    const { status, out } = await runCommand(['resume'], { rotations });
    expect(advanced).toEqual(['r-1', 'r-2']);
    expect(status).toBe(6);
    expect(out).toContain('complete: rotation r-1');
    expect(out).toContain('key-9 may live');
  });

  it('takes up the one that is named', async () => {
    const { rotations, advanced } = engine({ 'r-2': done('r-2') });
    expect((await runCommand(['resume', 'r-2'], { rotations })).status).toBe(0);
    expect(advanced).toEqual(['r-2']);
  });

  it('says when nothing is open, and when there is no such rotation', async () => {
    expect(await runCommand(['resume'], { rotations: { open: async () => [] } })).toMatchObject({
      status: 0,
      out: 'nothing is open\n',
    });
    const none = await runCommand(['resume', 'r-9'], { rotations: engine({}).rotations });
    expect(none.status).toBe(2);
    expect(none.err).toContain('[usage/unknown-rotation]');
  });

  it('prints mcp-rotate/resume@1', async () => {
    const { rotations } = engine({ 'r-1': done('r-1'), 'r-2': done('r-2') });
    const { out } = await runCommand(['resume', '--json'], { rotations });
    expect(JSON.parse(out)).toEqual({
      schema: 'mcp-rotate/resume@1',
      rotations: [
        { schema: 'mcp-rotate/progress@1', rotation: 'r-1', state: 'complete' },
        { schema: 'mcp-rotate/progress@1', rotation: 'r-2', state: 'complete' },
      ],
    });
  });
});
