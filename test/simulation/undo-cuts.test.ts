/**
 * Goal: a rotation that is taken back, from wherever it stands and cut anywhere, ends as it began: nobody locked out, no
 * stray key upstream, no torn file and nothing spilled; past the point of no return it is completed (failure modes 1, 2, 3, 35).
 * Method: each playbook with each kind of provider. `undo` after a cut after every effect: rolled back or, past the point
 * of no return, refused and then complete. `undo` of what was stopped before it wrote and after it wrote, with the power
 * cut before and after every effect of taking back, and in the middle of every write.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { cutAt, cutAtEach, everyMoment, playbooks } from '../world/cuts.ts';
import { type Kind, kinds } from '../world/toy-providers.ts';

beforeAll(() => {
  Error.stackTraceLimit = 0;
});

describe.each(playbooks)('%s', (because) => {
  it.each<Kind>(kinds)('%s: taken back after a cut after every effect', async (kind) => {
    const calm = await cutAt({ kind, because }, undefined);
    const { names, count } = calm.world.power;
    const opened = names.indexOf('journal.append');
    const ends: string[] = [];
    for (let number = opened; number <= count; number++) {
      const { state, world } = await cutAt({ kind, because, takeBackAt: 'cut' }, { number, when: 'after' });
      expect(world.power.cuts).toEqual([{ number, when: 'after', name: names[number] }]);
      ends.push(state);
    }
    // There is one point of no return: before it everything is taken back, after it nothing.
    const pointOfNoReturn = ends.indexOf('complete');
    expect(pointOfNoReturn).toBeGreaterThan(0);
    expect(ends.slice(pointOfNoReturn)).not.toContain('rolled-back');
  });
});

describe.each(playbooks.filter((because) => because !== 'leak'))('%s', (because) => {
  const overlapping = kinds.filter((kind) => !kind.startsWith('replaces'));
  describe.each(['update', 'verify'] as const)('stopped at %s', (takeBackAt) => {
    it.each<Kind>(overlapping)('%s: every single cut of taking back', async (kind) => {
      const run = { kind, because, takeBackAt };
      const { state, takenBackFrom, world } = await cutAt(run, undefined);
      const { names, count } = world.power;
      expect(state).toBe('rolled-back');
      const undoing = names.slice((takenBackFrom ?? count) + 1);
      const renames = undoing.filter((name) => name.startsWith('disk.rename /home/ada/.c'));
      expect(renames).toHaveLength(takeBackAt === 'verify' ? 3 : 0);
      expect(undoing.includes('upstream revoke')).toBe(kind !== 'page only');
      await cutAtEach(run, names, everyMoment(names, (takenBackFrom ?? count) + 1));
    });
  });
});
