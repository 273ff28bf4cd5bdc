/**
 * Goal: the quick kernel misses nothing and makes nothing up, at any alignment, at any border.
 * Method: properties against the naive search, over few letters, so that pieces, overlaps and near misses are common; then
 * each length of a piece at each alignment, exhaustively.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel, shortestPiece } from './kernel.ts';
import type { Needle } from './needles.ts';

const needleOf = (text: string, from = 0): Needle => ({
  secret: 0,
  writing: 'plain',
  bytes: Buffer.from(text, 'latin1'),
  from,
  to: text.length,
});

/** A copy at a byte offset of our choice in a larger buffer whose rest would be found if it were looked at. */
function placed(text: string, offset: number, around: string): Uint8Array {
  const whole = Buffer.alloc(offset + text.length + 64, around, 'latin1');
  whole.write(text, offset, 'latin1');
  return whole.subarray(offset, offset + text.length);
}

const few = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', 'é'), minLength: least, maxLength: most });
const needles = fc.array(
  fc.tuple(few(8, 24), fc.nat(6)).map(([text, from]) => needleOf(text, Math.min(from, text.length - 8))),
  { minLength: 1, maxLength: 5 },
);

/** Texts that are likely to hold whole needles and pieces of them. */
const cases = needles.chain((list) =>
  fc.record({
    list: fc.constant(list),
    offset: fc.nat(7),
    parts: fc.array(
      fc.oneof(
        few(0, 12),
        fc.tuple(fc.nat(list.length - 1), fc.nat(20), fc.nat(24)).map(([which, start, length]) => {
          const text = Buffer.from(list[which]?.bytes ?? []).toString('latin1');
          return text.slice(start, start + length);
        }),
        fc.nat(list.length - 1).map((which) => Buffer.from(list[which]?.bytes ?? []).toString('latin1')),
      ),
      { maxLength: 6 },
    ),
  }),
);

function naiveMayHold(list: readonly Needle[], text: string): boolean {
  return list.some(({ bytes, from, to }) => {
    const part = Buffer.from(bytes).toString('latin1').slice(from, to);
    for (let at = 0; at + shortestPiece <= part.length; at++) if (text.includes(part.slice(at, at + shortestPiece))) return true;
    return false;
  });
}

function naiveWholes(list: readonly Needle[], text: string): { needle: number; at: number }[] {
  const found: { needle: number; at: number }[] = [];
  for (let at = 0; at < text.length; at++)
    list.forEach(({ bytes }, needle) => {
      if (text.startsWith(Buffer.from(bytes).toString('latin1'), at)) found.push({ needle, at });
    });
  return found;
}

describe('kernel', () => {
  it('agrees with the naive search', () => {
    let held = 0;
    let wholes = 0;
    fc.assert(
      fc.property(cases, fc.nat(40), fc.nat(40), ({ list, offset, parts }, cutLeft, cutRight) => {
        const text = parts.join('');
        const kernel = new Kernel(list);
        const bytes = placed(text, offset, 'a');
        const from = Math.min(cutLeft, text.length);
        const to = Math.max(from, text.length - cutRight);
        const expected = naiveMayHold(list, text.slice(from, to));
        expect(kernel.mayHold(bytes, from, to)).toBe(expected);
        const all = naiveWholes(list, text);
        expect(kernel.wholes(bytes)).toEqual(all);
        held += expected ? 1 : 0;
        wholes += all.length;
      }),
      { numRuns: 4_000, seed: 4 },
    );
    expect(held).toBeGreaterThan(400);
    expect(wholes).toBeGreaterThan(400);
  });

  it('finds each piece of eight bytes at each alignment, and none of seven', () => {
    const secret = 'Zq8#kLw2vR5tYx9@mNc3';
    const kernel = new Kernel([needleOf(`prefix_${secret}`, 7)]);
    for (let alignment = 0; alignment < 8; alignment++)
      for (let start = 0; start < secret.length; start++)
        for (let length = 1; start + length <= secret.length; length++) {
          const bytes = placed(`--${secret.slice(start, start + length)}--`, alignment, '-');
          expect(kernel.mayHold(bytes, 0, bytes.length)).toBe(length >= 8);
          expect(kernel.mayHold(bytes, 2, 2 + length)).toBe(length >= 8);
          expect(kernel.mayHold(bytes, 3, 2 + length)).toBe(length >= 9);
        }
  });

  it('finds sixteen bytes of a secret that is spelled, at each alignment, and nothing in what all numbers share', () => {
    const bytes = Buffer.from([...'Zq8kLw2vR5tY'].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join(''));
    const kernel = new Kernel([{ secret: 0, writing: 'json-escaped', bytes, from: 0, to: bytes.length, spelled: 6 }]);
    const text = bytes.toString('latin1');
    for (let alignment = 0; alignment < 8; alignment++)
      for (let start = 0; start + 16 <= text.length; start++) {
        const place = (length: number): Uint8Array => placed(`--${text.slice(start, start + length)}--`, alignment, '-');
        expect(kernel.mayHold(place(16), 0, 20), `${alignment} ${start}`).toBe(true);
        expect(kernel.mayHold(place(15), 0, 19), `${alignment} ${start}`).toBe(false);
      }
    const whole = placed(text, 3, '-');
    expect(kernel.wholes(whole)).toEqual([{ needle: 0, at: 0 }]);
    expect(kernel.mayHold(Buffer.from('[\\u0000-\\u002f\\u007b-\\u00bf\\u00d7\\u00f7]'), 0, 38)).toBe(false);
  });

  it('takes what all secrets of a kind share for no evidence', () => {
    const kernel = new Kernel([needleOf('sk-ant-api03-Zq8kLw2vR5tY', 13)]);
    const bytes = Buffer.from('the keys begin with sk-ant-api03-Zq8kLw2 as you know');
    expect(kernel.mayHold(bytes, 0, bytes.length)).toBe(false);
    expect(kernel.mayHold(Buffer.from('Zq8kLw2v'), 0, 8)).toBe(true);
  });

  it('keeps no view of a buffer that has grown or gone', () => {
    const kernel = new Kernel([needleOf('Zq8kLw2vR5tY')]);
    const growing = new ArrayBuffer(16, { maxByteLength: 4096 });
    expect(kernel.mayHold(new Uint8Array(growing), 0, 16)).toBe(false);
    growing.resize(4096);
    const bytes = new Uint8Array(growing);
    bytes.set(Buffer.from('Zq8kLw2vR5tY'), 4000);
    expect(kernel.mayHold(bytes, 0, 4096)).toBe(true);
  });

  it('refuses a needle that it could not find exactly', () => {
    expect(() => new Kernel([needleOf('seven77')])).toThrow('too short');
    expect(() => new Kernel([needleOf('twelve121212', 5)])).toThrow('too short');
  });
});
