/**
 * Goal: what a journal names is carried out only in an order that is a playbook's.
 * Method: every playbook goes through a plan and comes back; then each pair of neighbours swapped, a step left out, and the
 * point of no return moved.
 */
import { describe, expect, it } from 'vitest';
import type { Overlap } from '../providers/provider.ts';
import { playbookFrom, playbookOf } from './playbooks.ts';
import type { Because, StepName } from './rotation.ts';

const all = (['routine', 'departure', 'leak'] as const).flatMap((because) =>
  (['many', 'replaces'] as const).flatMap((overlap) => [false, true].map((bySelf) => [because, overlap, bySelf] as const)),
);
const planned = (because: Because, overlap: Overlap, bySelf: boolean) => {
  const { steps, pointOfNoReturn } = playbookOf(because, overlap, bySelf);
  return { because, steps: steps.map(({ name }) => name), pointOfNoReturn };
};
const damaged = expect.objectContaining({ code: 'state/damaged' });

describe.each(all)('%s, %s, by self: %s', (because, overlap, bySelf) => {
  const plan = planned(because, overlap, bySelf);

  it('is found again by its plan', () => {
    expect(playbookFrom(plan).steps.map(({ name }) => name)).toEqual(plan.steps);
  });

  it('is not found when two steps change places, one is missing, or the point of no return moves', () => {
    const others = all.map((other) => planned(...other).steps.join());
    for (let at = 0; at + 1 < plan.steps.length; at++) {
      const [one, two] = [plan.steps[at] as StepName, plan.steps[at + 1] as StepName];
      const swapped = plan.steps.with(at, two).with(at + 1, one);
      if (!others.includes(swapped.join())) expect(() => playbookFrom({ ...plan, steps: swapped })).toThrow(damaged);
      expect(() => playbookFrom({ ...plan, steps: plan.steps.toSpliced(at, 1) }), one).toThrow(damaged);
    }
    expect(() => playbookFrom({ ...plan, pointOfNoReturn: 'receipt' })).toThrow(damaged);
  });
});
