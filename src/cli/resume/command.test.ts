/**
 * Goal: resume goes on with one rotation or with all that are open, oldest first, and ends with the status of the worst.
 * Method: the whole program over an engine made of values.
 */
import { describe, expect, it } from 'vitest';
import { about, runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { AdvanceOptions, HistoryRow, Need, Progress, Rotations } from '../../rotation/rotation.ts';

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

const done = (rotation: string): Progress => ({ ...about, rotation, state: 'complete' });
const debt = (rotation: string): Progress => ({
  ...about,
  rotation,
  state: 'debt',
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
        { schema: 'mcp-rotate/progress@1', ...about, rotation: 'r-1', state: 'complete' },
        { schema: 'mcp-rotate/progress@1', ...about, rotation: 'r-2', state: 'complete' },
      ],
    });
  });
});

describe('without a terminal', () => {
  /** What the engine is given, call by call, while it waits for this. */
  async function given(need: Need, words: readonly string[], calls = 1) {
    const advanced: Pick<AdvanceOptions, 'answer' | 'signIn'>[] = [];
    const rotations: Partial<Rotations> = {
      open: async () => [row('r-1', 100)],
      advance: async (_rotation, { answer, signIn }) => {
        advanced.push({ ...(answer ? { answer } : {}), ...(signIn ? { signIn } : {}) });
        return advanced.length > calls ? done('r-1') : { ...about, rotation: 'r-1', state: 'waiting', step: 'prove dead', need };
      },
    };
    return { ...(await runCommand(['resume', ...words], { rotations, width: 200 })), advanced };
  }
  const lost: Need = { kind: 'confirm-strays', strays: [], lost: 'a sign-in may have ended without its tokens' };
  const strays: Need = { kind: 'confirm-strays', strays: [{ upstreamId: 'key-9', issuedAt: undefined }] };
  const signIn: Need = { kind: 'sign-in', client: 'opencode', server: 'lab', instructions: ['open it'], orByTool: true };

  it.each<[Need, string]>([
    [lost, '--done'],
    [strays, '--strays revoke'],
    [signIn, '--sign-in tool'],
    [{ kind: 'revoke-by-hand', page: { url: 'https://a.example', steps: [] }, since: 0 }, '--done'],
  ])('$kind names the option that answers it', async (need, option) => {
    const { out, status, advanced } = await given(need, ['r-1']);
    expect(status).toBe(4);
    expect(out).toContain(option);
    expect(advanced).toEqual([{}]);
  });

  it.each<[readonly string[], object]>([
    [['r-1', '--done'], { answer: { kind: 'done' } }],
    [['r-1', '--strays', 'revoke'], { answer: { kind: 'accept' } }],
    [['r-1', '--strays', 'leave'], { answer: { kind: 'refuse' } }],
  ])('%j answers what was waited for, and nothing that is asked later', async (words, first) => {
    const { advanced, status } = await given(lost, words, 1);
    expect(advanced).toEqual([first]);
    expect(status).toBe(4);
  });

  it('leaves a sign-in to the tool', async () => {
    expect((await given(signIn, ['r-1', '--sign-in', 'tool'])).advanced).toEqual([{ signIn: 'tool' }]);
  });

  it.each([
    [['--done'], 'name it'],
    [['--sign-in', 'tool'], 'name it'],
    [['r-1', '--sign-in', 'client'], '--sign-in takes tool'],
    [['r-1', '--strays', 'toString'], '--strays takes'],
    [['r-1', '--strays', 'leave', '--done'], 'different things'],
  ])('%j is wrong use', async (words, told) => {
    const { status, err, advanced } = await given(lost, words);
    expect(status).toBe(2);
    expect(err).toContain(told);
    expect(advanced).toEqual([]);
  });
});
