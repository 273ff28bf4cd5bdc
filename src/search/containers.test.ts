/**
 * Goal: archives that are bombs, encrypted, damaged, too deep or of unknown kinds are said to be so, and cost neither memory
 * nor much time; what can be read of them is read.
 * Method: such archives made by hand, with a secret where it can still be found.
 */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tar, zip } from '../../test/kits/odd-archives.ts';
import { Secret } from '../base/secret.ts';
import { atOnce, createUnpack } from '../platform/unpack.ts';
import { Kernel } from './kernel.ts';
import { type Looked, matchBytes } from './match.ts';
import { Needles } from './needles.ts';
import type { Unpack } from './unpack.ts';

const token = 'ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2';
const needles = Needles.listOf(new Needles([{ id: 'a', secret: new Secret(token) }]));
const sought = { needles, kernel: new Kernel(needles), formats: false };
const text = Buffer.from(`key = ${token}\n`);
const look = (bytes: Uint8Array, unpack: Unpack = createUnpack()): Looked => matchBytes(bytes, sought, { unpack });
const codes = ({ gaps }: Looked): string[] => gaps.map(({ code }) => code);

describe('bombs', () => {
  it('are cut by their ratio, and what lies before and after is looked at', () => {
    const zeros = Buffer.alloc(80 * 1024 * 1024);
    const bomb = zip([
      { name: 'before', bytes: text },
      { name: 'bomb', bytes: zeros },
      { name: 'after', bytes: text },
    ]);
    expect(bomb.length).toBeLessThan(200_000);
    const found = look(bomb);
    expect(found.matches.map(({ through }) => through)).toEqual([['zip member before'], ['zip member after']]);
    expect(found.gaps).toEqual([expect.objectContaining({ code: 'too-large', where: 'zip member bomb' })]);
  });

  it('of many layers, each of many members, end by what they unpack to in all', () => {
    let bomb = zip([{ name: 'zeros', bytes: Buffer.alloc(20 * 1024 * 1024) }]);
    for (let layer = 0; layer < 5; layer++)
      bomb = zip(Array.from({ length: 16 }, (_, i) => ({ name: `${layer}-${i}.zip`, bytes: bomb })));
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const found = look(bomb);
    expect(found.matches).toEqual([]);
    expect(codes(found).length).toBeGreaterThan(0);
    expect(codes(found).every((code) => code === 'too-large' || code === 'too-deep')).toBe(true);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('that hold themselves, as gzip within gzip, are too deep', () => {
    let deep: Buffer = text;
    for (let layer = 0; layer < 4; layer++) deep = gzipSync(deep);
    expect(look(deep).matches).toHaveLength(1);
    expect(look(deep).gaps).toEqual([]);
    const deeper = look(gzipSync(deep));
    expect(deeper.matches).toEqual([]);
    expect(deeper.gaps).toEqual([expect.objectContaining({ code: 'too-deep', where: 'gzip > gzip > gzip > gzip > gzip' })]);
  });
});

describe('what cannot be read', () => {
  it('is said of each member, and the others are looked at', () => {
    const found = look(
      zip([
        { name: 'locked', bytes: text, encrypted: true },
        { name: 'odd', bytes: text, method: 93 },
        { name: 'open', bytes: text },
      ]),
    );
    expect(found.matches).toMatchObject([{ through: ['zip member open'], line: 1 }]);
    expect(found.gaps).toMatchObject([
      { code: 'encrypted', where: 'zip member locked' },
      { code: 'unreadable', where: 'zip member odd' },
    ]);
  });

  it('damaged and cut archives yield what is before the damage', () => {
    const long = Buffer.concat([text, Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 31) % 251))]);
    const packed = gzipSync(long);
    const cut = look(packed.subarray(0, packed.length - 9));
    expect(cut.matches).toHaveLength(1);
    expect(cut.gaps).toMatchObject([{ code: 'corrupt', where: 'gzip' }]);
    const whole = zip([
      { name: 'a', bytes: long },
      { name: 'b', bytes: text },
    ]);
    expect(codes(look(whole.subarray(0, Math.floor(whole.length / 3))))).toEqual(['corrupt']);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 31 + 20, 31 + 40);
    expect(look(damaged).matches.map(({ through }) => through)).toContainEqual(['zip member b']);
    expect(codes(look(damaged))).toEqual(['corrupt']);
    const brokenTar = tar([
      { name: 'a', bytes: text },
      { name: 'b', bytes: text },
    ]);
    brokenTar[1024 + 150] = 0x39;
    const half = look(brokenTar);
    expect(half.matches.map(({ through }) => through)).toEqual([['tar member a'], []]);
    expect(codes(half)).toEqual(['corrupt']);
  });

  it('kinds that are not unpacked are named', () => {
    for (const [kind, head] of Object.entries({
      xz: 'fd377a585a00',
      zstd: '28b52ffd',
      '7z': '377abcaf271c',
      rar: '526172211a07',
      bzip2: '425a6839314159265359',
    })) {
      const found = look(Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(600), text]));
      expect(found.gaps).toEqual([{ code: 'unreadable', where: kind, why: `${kind} is not unpacked` }]);
      expect(found.matches).toHaveLength(1);
    }
  });

  it('a program that only knows the signature of zip is no archive', () => {
    expect(
      look(
        Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(900), Buffer.from('PK\x03\x04\xff\xff\xff'), Buffer.alloc(900, 7)]),
      ).gaps,
    ).toEqual([]);
  });
});

describe('unpacking', () => {
  it('does the same without the binding', () => {
    const packed = zip([
      { name: 'a', bytes: text },
      { name: 'b', bytes: Buffer.concat([Buffer.alloc(3_000_000, 'xy'), text]) },
    ]);
    const plainly: Unpack = { inflater: atOnce };
    expect(look(packed, plainly)).toEqual(look(packed));
    expect(look(packed, plainly).matches).toHaveLength(2);
    expect(look(gzipSync(text), plainly)).toEqual(look(gzipSync(text)));
  });

  it('tells the end of a stream to the byte', () => {
    for (const inflater of [createUnpack().inflater, atOnce]) {
      const packed = deflateRawSync(text);
      const one = inflater();
      const out: Buffer[] = [];
      const take = (piece: Uint8Array): boolean => out.push(Buffer.from(piece)) > 0;
      expect(one.push(Buffer.concat([packed, Buffer.from('PK')]), take)).toEqual({ state: 'end', used: packed.length });
      expect(Buffer.concat(out)).toEqual(text);
      one.close();
    }
  });
});
