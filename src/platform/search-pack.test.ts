/**
 * Goal: the quick search of packs finds exactly what a slow look at every object finds, whatever the deltas are made of.
 * Method: packs made by hand, whose objects are known without resolving them. Their deltas cut secrets into pieces of every
 * size, put them together out of copies alone, of inserts alone and of both, over many levels; the memory in which objects
 * are made is as small as it can be, so that all ways through a family are taken. Then real git, which must read such packs
 * as we do.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applied, type Entry, idOf, type Op, writePack } from '../../test/kits/packs.ts';
import { Secret } from '../base/secret.ts';
import { Needles } from '../search/needles.ts';
import type { Match } from '../search/search.ts';
import { createDoing } from './search-jobs.ts';
import { ObjectLook } from './search-look.ts';
import { OpenPack } from './search-pack.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-packs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secrets = ['Zq8kLw2vR5tYx9mN', 'ghp_u7Yt6Re5Wq4Zx3Cv2Bn1', 'k9&x/Qw"7z\\pL2m+R'];
const known = new Needles(secrets.map((text, index) => ({ id: `s${index}`, secret: new Secret(text) })));
const needles = Needles.listOf(known);
const writings = needles.map(({ bytes }) => Buffer.from(bytes));

/** What the objects are made of: pieces of secrets as they are written, and what stands between them. */
const stuff = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', '\n', 'token=', '-----', 'ghp_', '"x": ').map((text) => Buffer.from(text)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(writings.length - 1), fc.nat(30), fc.integer({ min: 1, max: 14 }))
      .map(([which, from, size]) => (writings[which] as Buffer).subarray(from, from + size)),
  },
  { weight: 1, arbitrary: fc.nat(writings.length - 1).map((which) => writings[which] as Buffer) },
);

/** All of one writing in pieces that are too short to tell anything, the last first. */
const jigsaw = fc.tuple(fc.nat(writings.length - 1), fc.integer({ min: 1, max: 7 })).map(([which, cut]) => {
  const bytes = writings[which] as Buffer;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cut) pieces.unshift(bytes.subarray(at, at + cut), Buffer.from('|'));
  return { whole: bytes, cut, pieces: Buffer.concat(pieces) };
});

interface Step {
  readonly base: number;
  readonly reference: boolean;
  /** Numbers out of which the instructions are made, once the base is known. */
  readonly parts: readonly { readonly bytes: Buffer; readonly at: number; readonly how: number; readonly cut: number }[];
}

const step: fc.Arbitrary<Step> = fc.record({
  base: fc.nat(),
  reference: fc.boolean(),
  parts: fc.array(fc.record({ bytes: stuff, at: fc.nat(), how: fc.nat(9), cut: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 1,
    maxLength: 12,
  }),
});

/** Instructions for what the parts say: where the base has a piece of it, it is copied from there in small cuts. */
function opsOf(base: Buffer, { parts }: Step): Op[] {
  const ops: Op[] = [];
  for (const { bytes, at, how, cut } of parts) {
    if (how < 3 && base.length > 0) {
      const from = at % base.length;
      ops.push({ from, size: Math.min(base.length - from, how === 0 ? base.length : cut * 3) });
      continue;
    }
    for (let done = 0; done < bytes.length; ) {
      const piece = bytes.subarray(done, done + cut);
      const there = how < 7 ? base.indexOf(piece) : -1;
      ops.push(there === -1 ? { insert: piece } : { from: there, size: piece.length });
      done += piece.length;
    }
  }
  return ops;
}

function entriesOf(roots: readonly (readonly Buffer[])[], steps: readonly Step[]): Entry[] {
  const entries: Entry[] = roots.map((parts) => ({ type: 'blob', bytes: Buffer.concat(parts) }));
  for (const one of steps) {
    const base = one.base % entries.length;
    const ops = opsOf((entries[base] as Entry).bytes, one);
    entries.push({
      type: 'blob',
      bytes: applied((entries[base] as Entry).bytes, ops),
      delta: { base, ops, reference: one.reference },
    });
  }
  const ids = new Set<string>();
  // The same object twice is no pack: the deltas on the second one would have no base of their own.
  return entries.every((entry) => !ids.has(idOf(entry)) && ids.add(idOf(entry))) ? entries : [];
}

const look = new ObjectLook({ needles, formats: false });

const isWhole = (matches: readonly Match[] | undefined): boolean => matches?.some(({ partial }) => partial !== true) === true;

async function quick(file: string, arenaBytes: number): Promise<Map<string, readonly Match[]>> {
  const doing = createDoing({ needles, formats: false, arenaBytes });
  const pack = new OpenPack(file, 'sha1', undefined);
  try {
    const { found, gaps, objects, forGit } = await pack.search(doing, () => {});
    expect(gaps).toEqual([]);
    expect(forGit).toEqual([]);
    expect(objects).toBe(pack.objects);
    return new Map(found.filter(({ matches }) => matches.length > 0).map(({ object, matches }) => [object, matches]));
  } finally {
    pack.close();
  }
}

describe('a pack', () => {
  it('is searched exactly where secrets are put together out of copies of pieces alone', async () => {
    await fc.assert(
      fc.asyncProperty(jigsaw, fc.nat(3), fc.boolean(), async ({ whole, cut, pieces }, levels, reference) => {
        const filler = Buffer.from('0123456789 nothing to see here\n');
        const entries: Entry[] = [{ type: 'blob', bytes: Buffer.concat([filler, pieces]) }];
        // Levels of objects that hold nothing, then one that does, then one that has it from there.
        for (let level = 0; level < levels; level++) {
          const base = (entries[level] as Entry).bytes;
          const ops: Op[] = [{ insert: Buffer.from([65 + level]) }, { from: 0, size: base.length }];
          entries.push({ type: 'blob', bytes: applied(base, ops), delta: { base: level, ops, reference } });
        }
        const base = (entries[levels] as Entry).bytes;
        const blank: Op = { from: base.indexOf(' '), size: 1 };
        const ops: Op[] = [blank];
        for (let at = 0; at < whole.length; at += cut) {
          const piece = whole.subarray(at, at + cut);
          ops.push({ from: base.indexOf(piece), size: piece.length });
        }
        ops.push(blank);
        entries.push({ type: 'blob', bytes: applied(base, ops), delta: { base: levels, ops, reference } });
        const holding = entries[levels + 1] as Entry;
        const copy: Op[] = [{ from: 0, size: holding.bytes.length }, { insert: filler }];
        entries.push({ type: 'blob', bytes: applied(holding.bytes, copy), delta: { base: levels + 1, ops: copy, reference } });
        const file = writePack(join(folder, `${Math.random()}`), entries);
        const found = await quick(file, 1 << 16);
        expect([...found.keys()].sort()).toEqual(
          entries
            .slice(levels + 1)
            .map((entry) => idOf(entry))
            .sort(),
        );
        expect(found.get(idOf(holding))).toEqual(look.exactly(holding.bytes).matches);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('is searched as exactly as a slow look at every object, with deltas of every shape', async () => {
    let holding = 0;
    let cut = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(stuff, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
        fc.array(step, { maxLength: 14 }),
        async (roots, steps) => {
          const entries = entriesOf(roots, steps);
          fc.pre(entries.length > 0);
          const file = writePack(join(folder, `${holding}-${cut}-${Math.random()}`), entries);
          const slow = new Map(
            entries.flatMap((entry) => {
              const { matches } = look.exactly(entry.bytes);
              return matches.length > 0 ? [[idOf(entry), matches] as const] : [];
            }),
          );
          // Twice the largest object is the least memory that will do.
          const most = Math.max(64, ...entries.map(({ bytes, delta }) => Math.max(bytes.length, (delta?.ops.length ?? 0) * 12)));
          expect(await quick(file, 2 * most + 80)).toEqual(slow);
          expect(await quick(file, 1 << 20)).toEqual(slow);
          holding += slow.size;
          for (const entry of entries)
            if (slow.has(idOf(entry)) && entry.delta?.ops.every((op) => ('insert' in op ? op.insert.length : op.size) < 8)) cut++;
        },
      ),
      { numRuns: 300, seed: 42 },
    );
    // The cases that matter were there: objects that hold something, and such as are made of small pieces alone.
    expect(holding).toBeGreaterThan(500);
    expect(cut).toBeGreaterThan(50);
  });

  it('is searched whole in little memory, whatever the family looks like', async () => {
    const size = 400;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(size - 40), fc.nat(5)), { maxLength: 40 }), async (steps) => {
        const entries: Entry[] = [{ type: 'blob', bytes: Buffer.alloc(size, '. ') }];
        const planted = new Set<string>();
        steps.forEach(([which, at, what], index) => {
          const base = (entries[which % entries.length] as Entry).bytes;
          const text = Buffer.from(what === 0 ? ` ${secrets[0]} ` : `:${index}:`);
          const end = at + text.length;
          // Turned round, so that a base that is written over while it is read makes another object.
          const ops: Op[] = [{ from: end, size: size - end }, { insert: text }];
          if (at > 0) ops.push({ from: 0, size: at });
          const bytes = applied(base, ops);
          entries.push({ type: 'blob', bytes, delta: { base: which % entries.length, ops, reference: index % 3 === 0 } });
        });
        const ids = entries.map((entry) => idOf(entry));
        fc.pre(new Set(ids).size === ids.length);
        entries.forEach(({ bytes }, index) => {
          if (isWhole(look.exactly(bytes).matches)) planted.add(ids[index] as string);
        });
        const file = writePack(join(folder, `${Math.random()}`), entries);
        for (const objects of [2, 3, 4, 6, 50]) {
          const found = await quick(file, objects * (size + 8) + 8);
          expect(new Set([...found.keys()].filter((id) => isWhole(found.get(id))))).toEqual(planted);
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('is read by git as it is by us', () => {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null' },
      });
    git('init', '-q', '--bare', '.');
    const base = Buffer.from('0123456789 token=Zq8kLw2v and R5tYx9mN');
    const ops: Op[] = [{ from: 11, size: 14 }, { from: 30, size: 8 }, { insert: Buffer.from('!') }];
    const entries: Entry[] = [
      { type: 'blob', bytes: base },
      { type: 'blob', bytes: applied(base, ops), delta: { base: 0, ops, reference: false } },
    ];
    writePack(join(folder, 'objects'), entries);
    expect(git('cat-file', 'blob', idOf(entries[1] as Entry))).toBe('token=Zq8kLw2vR5tYx9mN!');
  });
});
