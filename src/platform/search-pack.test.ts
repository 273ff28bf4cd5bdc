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

async function quick(file: string, arenaBytes: number): Promise<Map<string, unknown>> {
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
