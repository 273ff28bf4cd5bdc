/**
 * Goal: a receipt names each thing that was proven once, with the time that a reader takes it for, and hides no other answer.
 * Method: lists of proofs as resumed rotations leave them.
 */
import { describe, expect, it } from 'vitest';
import type { Proof } from '../verification/proof.ts';
import { distinct } from './receipt.ts';

const accepted = (at: number, more: { answer?: Proof['answer']; how?: string; server?: string } = {}): Proof => ({
  kind: 'authenticated',
  answer: 'yes',
  client: 'codex',
  server: 'lab',
  how: 'tools/list answered',
  at,
  ...more,
});
const dead = (at: number, answer: Proof['answer'] = 'yes'): Proof => ({ kind: 'dead', which: 'old', answer, how: 'refused', at });

describe('the proofs of a receipt', () => {
  it('are those of the last look, in the order of time', () => {
    const other = accepted(2, { server: 'other' });
    expect(distinct([accepted(1), other, accepted(3), accepted(4)])).toEqual([other, accepted(4)]);
  });

  it('keep every other answer, and every other way in which it was had', () => {
    const all = [accepted(1, { answer: 'unknown' }), accepted(2, { answer: 'no' }), accepted(3), accepted(4, { how: 'by hand' })];
    expect(distinct(all)).toEqual(all);
    expect(distinct([...all, accepted(5, { answer: 'no' })]).map(({ at }) => at)).toEqual([1, 3, 4, 5]);
  });

  it('tell of a death when it was first seen', () => {
    expect(distinct([dead(1, 'no'), dead(2, 'no'), dead(3), accepted(4), dead(5)])).toEqual([
      dead(2, 'no'),
      dead(3),
      accepted(4),
    ]);
  });
});
