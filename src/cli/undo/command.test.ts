/**
 * Goal: undo rolls back only with consent; rolled back is its success; past the point of no return it refuses.
 * Method: the whole program over an engine made of values.
 */
import { describe, expect, it } from 'vitest';
import { about, rotation, runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { Progress, Rotations } from '../../rotation/rotation.ts';

const back: Progress = { ...about, state: 'rolled-back', code: 'rotation/unfinished', why: 'asked for' };
const rotations: Partial<Rotations> = { undo: async () => back };

describe('undo', () => {
  it('needs consent', async () => {
    expect((await runCommand(['undo', rotation])).status).toBe(2);
    const no = await runCommand(['undo', rotation], { answers: ['no'] });
    expect(no.status).toBe(130);
    expect(no.questions).toEqual([`Roll ${rotation} back?`]);
  });

  it('succeeds when it rolled back', async () => {
    for (const options of [{ words: ['--yes'] }, { words: [], answers: ['yes'] }]) {
      const { status, out } = await runCommand(['undo', rotation, ...options.words], { rotations, ...options });
      expect(status).toBe(0);
      expect(out).toContain(`rolled back: rotation ${rotation}\nevery place holds what it held before, and nothing new is left`);
      expect(out).not.toContain('error:');
    }
  });

  it('says of a sign-in what is true of it', async () => {
    const undo = async (): Promise<Progress> => ({ ...back, credential: 'oauth-7c1e', provider: 'oauth' });
    const { out } = await runCommand(['undo', rotation, '--yes'], { rotations: { undo } });
    expect(out).toContain('the old grant was not revoked, and every store holds what it held before');
    expect(out).not.toContain('place');
  });

  it('is 6 when something is left', async () => {
    const debt: Progress = { ...about, state: 'debt', debts: [{ kind: 'stray-key', text: 'the new key may live', since: 0 }] };
    expect((await runCommand(['undo', rotation, '--yes'], { rotations: { undo: async () => debt } })).status).toBe(6);
  });

  it('is refused past the point of no return', async () => {
    const refuse: Partial<Rotations> = {
      undo: async () => {
        throw new Problem('rotation/past-return', { what: 'past the point of no return', next: `mcp-rotate resume ${rotation}` });
      },
    };
    const { status, err } = await runCommand(['undo', rotation, '--yes'], { rotations: refuse });
    expect(status).toBe(2);
    expect(err).toContain('[rotation/past-return]');
  });
});
