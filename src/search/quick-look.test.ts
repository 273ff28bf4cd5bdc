/**
 * Goal: the quick look says "nothing" only where the exact look finds nothing.
 * Method: every writing of made-up secrets, whole and cut, in text, wrapped, escaped, coded twice and packed; and ordinary source,
 * in which it must say "nothing" at all, or it would be of no use.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import { createUnpack } from '../platform/unpack.ts';
import { Kernel } from './kernel.ts';
import { matchBytes } from './match.ts';
import { Needles } from './needles.ts';
import { QuickLook } from './quick-look.ts';

const texts = [
  'Zk29dkfLs0aPq83LmnXyTb71Wq0Rc',
  'p4ssW0rd_Long-with9signs',
  'abcdefgh=ijklmnop+qrs9',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'a1b2c3d4e5f60718293a4b5c6d7e8f90',
];
const known = texts.map((text, index) => ({ id: `c-${index}`, secret: new Secret(text) }));
const needles = new Needles(known);
const list = Needles.listOf(needles);
const kernel = new Kernel(list);
const quick = new QuickLook(known);
const unpack = createUnpack();
const exact = (bytes: Uint8Array): number =>
  matchBytes(bytes, { kernel, needles: list, formats: false }, { unpack }).matches.length;

const holds = (bytes: Uint8Array): void => {
  if (exact(bytes) > 0) expect(quick.mayHold(bytes)).toBe(true);
};

describe('QuickLook', () => {
  it('never says no to a writing of a secret', () => {
    let seen = 0;
    for (const { bytes } of list) {
      for (const around of [
        ['', ''],
        ['key = "', '";\n'],
        ['x'.repeat(61), '\n'],
        ['a\\n', '\\nb'],
      ] as const) {
        const text = Buffer.concat([Buffer.from(around[0]), bytes, Buffer.from(around[1])]);
        seen += exact(text) > 0 ? 1 : 0;
        holds(text);
      }
    }
    expect(seen).toBeGreaterThan(list.length * 3);
  });

  it('never says no to a piece, a wrapped, an escaped, a twice coded or a packed one', () => {
    const twice = (text: string): Uint8Array =>
      Buffer.from(Buffer.from(Buffer.from(`x${text}`).toString('base64')).toString('base64'));
    const ways: readonly ((text: string) => Uint8Array)[] = [
      (text) => Buffer.from(text),
      ...[12, 16, 20, 33, 64, 76].flatMap((width) =>
        ['$&\n', '$&\r\n    ', "$&' +\n  '", '$&"\n"', '$&\\n'].map((cut) => (text: string) => {
          const whole = Buffer.from(`some text before ${text} and after`).toString('base64');
          return Buffer.from(`"${whole.replace(new RegExp(`.{${width}}`, 'g'), cut)}"`);
        }),
      ),
      twice,
      (text) => Buffer.from([...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')),
      (text) => Buffer.from([...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')),
      (text) => Buffer.from(text.replace(/.{9}/g, '$&\\\n')),
      (text) => Buffer.from(Buffer.from(text).toString('hex').replace(/../g, '\\x$&')),
      (text) => gzipSync(text),
      (text) => Buffer.from(gzipSync(text).toString('base64')),
      (text) => Buffer.from(text, 'utf16le'),
      (text) => Buffer.from(JSON.stringify(JSON.stringify({ text }))),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(40),
        fc.nat(40),
        fc.constantFrom(...ways),
        fc.string(),
        (text, from, length, way, before) => {
          const least = way === twice ? 18 : 12;
          const cut = text.slice(from, from + Math.max(least, length));
          if (cut.length >= least) holds(way(`${before}${cut}`));
          holds(way(`${before}${text}`));
        },
      ),
      { numRuns: 6000 },
    );
  });

  it('says no to ordinary source', () => {
    const files = ['../leaks/leaks.ts', '../cli/context.ts', '../inventory/inventory.ts', '../base/problem.ts'];
    expect(files.filter((file) => quick.mayHold(readFileSync(new URL(file, import.meta.url))))).toEqual([]);
  });

  it('is never certain of a secret without letters and digits in a row', () => {
    expect(new QuickLook([{ id: 'a', secret: new Secret('a.b.c.d.e.f.g') }]).mayHold(Buffer.from('x'))).toBe(true);
    expect(new QuickLook([{ id: 'a', secret: new Secret('Übung8charsÄ9xyzq') }]).mayHold(Buffer.from('x'))).toBe(true);
  });
});
