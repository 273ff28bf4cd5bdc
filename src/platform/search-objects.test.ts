/**
 * Goal: whatever lies in a store is searched, however git packed it; what cannot be read is told, and the rest goes on.
 * Method: repositories made by real git, packed in many ways, searched quickly and by the slow way, object by object; then
 * stores with one kind of damage each, with large objects, and with packs that were searched before.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applied, type Entry, idOf, type Op, type PackOptions, writePack } from '../../test/kits/packs.ts';
import { Secret } from '../base/secret.ts';
import type { ObjectsRequest, ObjectsSearched } from '../ports/searches.ts';
import { Needles } from '../search/needles.ts';
import { searchObjects } from './search-objects.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-objects-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secrets = ['ghp_u7Yt6Re5Wq4Zx3Cv2Bn1Mk9Lp8Oi7Uy6Tr5', 'Zq8kLw2vR5tYx9mNc3', 'k9&x/Qw"7z\\pL2m+R4'];
const known = new Needles(secrets.map((text, index) => ({ id: `s${index}`, secret: new Secret(text) })));
const writings = Needles.listOf(known).map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
const secret = secrets[1] as string;

const search = (more: Partial<ObjectsRequest> = {}): Promise<ObjectsSearched> =>
  searchObjects({ known, formats: false, folders: [join(folder, 'objects')], hash: 'sha1', exhaustive: false, ...more });

const env = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@b.invalid',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@b.invalid',
};
function git(args: readonly string[], input?: string | Buffer): string {
  return execFileSync('git', args, {
    cwd: folder,
    env,
    encoding: 'latin1',
    stdio: 'pipe',
    ...(input === undefined ? {} : { input }),
  }).trim();
}
const put = (bytes: string | Buffer, type = 'blob'): string =>
  git(
    ['hash-object', '-w', '--literally', '-t', type, '--stdin'],
    typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
  );

/** The same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Versions of texts with small edits, some of which bring a secret in or take it out; as one stream for `fast-import`. */
function history(seed: number): Buffer {
  const below = numbers(seed);
  const parts: string[] = [];
  for (let file = 0; file < 4; file++) {
    const lines = Array.from({ length: 20 + below(60) }, (_, line) => `line ${line} of ${file}: ${below(1e9)} ${below(1e9)}`);
    for (let version = 0; version < 25; version++) {
      const at = below(lines.length);
      const kind = below(8);
      const text = writings[below(writings.length)] as string;
      if (kind < 3) lines[at] = `changed ${below(1e9)}`;
      else if (kind === 3) lines.splice(at, 1 + below(3));
      else if (kind === 4) lines.splice(at, 0, lines[below(lines.length)] ?? '');
      else if (kind === 5) lines[at] = `key: '${text}'`;
      else if (kind === 6) lines[at] = `half: ${text.slice(0, 4 + below(text.length))}`;
      else lines[at] = `${lines[at] ?? ''} ${text.slice(below(text.length))}`;
      const body = lines.join('\n');
      parts.push(`blob\ndata ${body.length}\n${body}\n`);
    }
  }
  return Buffer.from(parts.join(''), 'latin1');
}

describe('a store', () => {
  it.each([
    [1, ['--depth=50', '--window=10']],
    [2, ['--depth=1', '--window=50']],
    [3, ['--depth=200', '--window=100']],
    [4, ['--depth=8', '--window=3']],
    [5, ['--depth=50', '--window=250']],
  ])('packed by git is searched as by the slow way, object by object (%i, %j)', async (seed, how) => {
    git(['init', '-q', '--bare', '.']);
    git(['-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet'], history(seed));
    // Unpacked and packed again by git's own search for bases, across files.
    const ids = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)']);
    git(['pack-objects', '-q', '--no-reuse-delta', ...how, 'objects/pack/pack'], `${ids}\n`);
    const first = readdirSync(join(folder, 'objects/pack')).filter((name) => name.endsWith('.pack'));
    expect(first.length).toBeGreaterThan(1);
    put(`loose with ${secret}`);
    put(`tree aa\nmessage: ${secret}\n`, 'commit');
    const [quick, slow] = [await search(), await search({ exhaustive: true })];
    expect(quick.matches).toEqual(slow.matches);
    expect(quick.gaps).toEqual([]);
    expect(quick.matches.filter(({ partial }) => !partial).length).toBeGreaterThan(20);
    expect(quick.matches.map(({ type }) => type)).toContain('commit');
  });

  it('is searched by threads when it is large, and says how far it is', async () => {
    mkdirSync(join(folder, 'objects'));
    const ids: string[] = [];
    for (let index = 0; index < 300; index++) {
      const bytes = Buffer.from(`object ${index} ${index % 10 === 0 ? secret : ''}`);
      const id = idOf({ type: 'blob', bytes });
      mkdirSync(join(folder, 'objects', id.slice(0, 2)), { recursive: true });
      writeFileSync(
        join(folder, 'objects', id.slice(0, 2), id.slice(2)),
        deflateSync(Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes])),
      );
      if (index % 10 === 0) ids.push(id);
    }
    const said: number[] = [];
    const { matches, objects, gaps } = await searchObjects(
      { known, formats: false, folders: [join(folder, 'objects')], hash: 'sha1', exhaustive: false },
      { onProgress: (progress) => said.push(progress.objects) },
    );
    expect(matches.map(({ object }) => object)).toEqual(ids.sort());
    expect([objects, gaps]).toEqual([300, []]);
    expect(said.at(-1)).toBe(300);
  });

  it('is told to be searched in part only, when the search is stopped', async () => {
    git(['init', '-q', '--bare', '.']);
    put(secret);
    const { gaps, matches } = await searchObjects(
      { known, formats: false, folders: [join(folder, 'objects')], hash: 'sha1', exhaustive: false },
      { signal: AbortSignal.abort() },
    );
    expect(matches).toEqual([]);
    expect(gaps.map(({ code }) => code)).toEqual(['stopped']);
  });
});

const base = Buffer.from(`a text that is long enough for a delta, with nothing in it: ${'. '.repeat(40)}`);
const ops: Op[] = [{ from: 0, size: 60 }, { insert: Buffer.from(` ${secret} `) }, { from: 60, size: 40 }];
const family = (reference = false): Entry[] => [
  { type: 'blob', bytes: base },
  { type: 'blob', bytes: applied(base, ops), delta: { base: 0, ops, reference } },
  { type: 'blob', bytes: Buffer.from(`another ${secret} beside them`) },
];

describe('a pack', () => {
  it.each<[string, boolean, PackOptions]>([
    ['version 1', false, { version: 1 }],
    ['version 2', true, {}],
    ['eight bytes for each offset', false, { far: true }],
    ['SHA-256', true, { hash: 'sha256' }],
    ['SHA-256, version 1', false, { hash: 'sha256', version: 1 }],
  ])('is read by an index of any kind: %s', async (_, reference, options) => {
    const hash = options.hash ?? 'sha1';
    const entries = family(reference);
    writePack(join(folder, 'objects'), entries, options);
    const { matches, gaps, packs } = await search({ hash });
    expect(gaps).toEqual([]);
    expect(matches.map(({ object }) => object)).toEqual(
      entries
        .slice(1)
        .map((entry) => idOf(entry, hash))
        .sort(),
    );
    expect(packs[0]?.objects).toBe(3);
  });

  it('that holds the same objects as another one tells them once', async () => {
    writePack(join(folder, 'objects'), family());
    writePack(join(folder, 'objects'), family(true));
    expect((await search()).matches.length).toBe(2);
  });

  it('that was searched before is not read again, but for what holds something', async () => {
    writePack(join(folder, 'objects'), family());
    writePack(join(folder, 'objects'), [{ type: 'blob', bytes: base.subarray(1) }]);
    const first = await search();
    const remembered = new Map(first.packs.map((pack) => [pack.pack, pack]));
    expect(first.packs.map(({ holding }) => holding.length).sort()).toEqual([0, 2]);
    const second = await search({ remembered });
    expect(second).toEqual({ ...first, bytes: second.bytes });
    expect(second.bytes).toBeLessThan(first.bytes);
    writePack(join(folder, 'objects'), [{ type: 'blob', bytes: Buffer.from(`new: ${secret}`) }]);
    expect((await search({ remembered })).matches.length).toBe(3);
  });

  it.each<[string, (file: string) => void, RegExp, number]>([
    ['without its index', (file) => rmSync(`${file}.idx`), /without index/, 0],
    ['whose index is cut', (file) => writeFileSync(`${file}.idx`, readFileSync(`${file}.idx`).subarray(0, 1100)), /damaged/, 0],
    ['whose index is of another pack', (file) => copyFileSync(join(folder, 'other.idx'), `${file}.idx`), /damaged/, 0],
    [
      'that is a link to nothing',
      (file) => {
        rmSync(`${file}.pack`);
        symlinkSync('/nowhere', `${file}.pack`);
      },
      /may not be read/,
      0,
    ],
    [
      'that is a folder',
      (file) => {
        rmSync(`${file}.pack`);
        mkdirSync(`${file}.pack`);
      },
      /may not be read/,
      0,
    ],
    ['that is empty', (file) => writeFileSync(`${file}.pack`, ''), /damaged/, 0],
    [
      'that is cut in its last object',
      (file) => writeFileSync(`${file}.pack`, readFileSync(`${file}.pack`).subarray(0, -40)),
      /cannot be unpacked/,
      1,
    ],
  ])('%s is told, and the others are searched', async (_, damage, why, found) => {
    const other = writePack(folder, [{ type: 'blob', bytes: Buffer.from('x') }]);
    copyFileSync(`${other}.idx`, join(folder, 'other.idx'));
    damage(writePack(join(folder, 'objects'), family()));
    const whole: Entry = { type: 'blob', bytes: Buffer.from(`in a whole pack: ${secret}`) };
    writePack(join(folder, 'objects'), [whole]);
    const { matches, gaps, packs } = await search();
    expect(gaps.map((gap) => gap.why).join()).toMatch(why);
    expect(matches.map(({ object }) => object)).toContain(idOf(whole));
    expect(matches.length).toBe(1 + found);
    // What was not read whole must be read again next time.
    expect(packs.length).toBe(1);
  });

  it('with a damaged base tells all that is made out of it, and finds the rest', async () => {
    const damage = (entry: number, bytes: Buffer): Buffer => {
      const changed = Buffer.from(bytes);
      if (entry === 0) changed[20] = (changed[20] as number) ^ 0x55;
      return changed;
    };
    const entries = family();
    writePack(join(folder, 'objects'), entries, { damage });
    const { matches, gaps } = await search();
    expect(matches.map(({ object }) => object)).toEqual([idOf(entries[2] as Entry)]);
    expect(gaps.map(({ code, where }) => [code, where]).sort()).toEqual(
      entries
        .slice(0, 2)
        .map((entry) => ['corrupt', idOf(entry)])
        .sort(),
    );
  });

  it('with a delta whose base is nowhere, or a ring of deltas, tells those and finds the rest', async () => {
    const entries = family(true);
    const absent: Entry = { type: 'blob', bytes: Buffer.from('not in the pack') };
    const [, delta, plain] = entries as [Entry, Entry, Entry];
    // The two deltas name each other by id.
    const ring: Entry[] = [
      { type: 'blob', bytes: Buffer.from('one'), delta: { base: 1, ops: [{ from: 0, size: 3 }], reference: true } },
      { type: 'blob', bytes: Buffer.from('two'), delta: { base: 0, ops: [{ from: 0, size: 3 }], reference: true } },
    ];
    writePack(join(folder, 'objects'), [...ring, plain]);
    const renamed = (entry: number, bytes: Buffer): Buffer => {
      const changed = Buffer.from(bytes);
      if (entry === 1)
        Buffer.from(idOf(absent), 'hex').copy(changed, changed.indexOf(Buffer.from(idOf({ type: 'blob', bytes: base }), 'hex')));
      return changed;
    };
    writePack(join(folder, 'objects'), entries, { damage: renamed });
    const { matches, gaps } = await search();
    expect(matches.map(({ object }) => object)).toEqual([idOf(plain)]);
    expect(gaps.map(({ where }) => where).sort()).toEqual([...ring, delta].map((entry) => idOf(entry)).sort());
  });
});

describe('a large object', () => {
  const size = 40 * 1024 * 1024;
  /** Across the border of the windows in which what passes by is looked at. */
  const large = (at = 3 * 1024 * 1024 - 7): Buffer => {
    const bytes = Buffer.alloc(size, 'nothing to be seen here, line after line after line\n');
    bytes.write(` ${secret} `, at, 'latin1');
    return bytes;
  };

  it('is searched loose and in a pack, whole and told as a difference', async () => {
    git(['init', '-q', '--bare', '.']);
    git(['config', 'core.bigFileThreshold', '1g']);
    const plain = put(large());
    const moved = put(large(size - 1_000));
    const loose = await search();
    expect(loose.matches.map(({ object }) => object)).toEqual([plain, moved].sort());
    git(['pack-objects', '-q', 'objects/pack/pack'], `${plain}\n${moved}\n`);
    git(['prune-packed', '-q']);
    const [pack = ''] = readdirSync(join(folder, 'objects/pack')).filter((name) => name.endsWith('.pack'));
    expect(statSync(join(folder, 'objects/pack', pack)).size).toBeLessThan(2 * 1024 * 1024);
    const packed = await search();
    expect(packed.gaps).toEqual([]);
    expect(packed.matches).toEqual(loose.matches);
    expect(packed.matches.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual([3 * 1024 * 1024 - 6, size - 999]);
  });

  it('that is cut is told', async () => {
    const bytes = deflateSync(Buffer.concat([Buffer.from(`blob ${size}\0`), large().subarray(0, size - 100)]));
    mkdirSync(join(folder, 'objects', 'ab'), { recursive: true });
    writeFileSync(join(folder, 'objects', 'ab', 'c'.repeat(38)), bytes);
    writeFileSync(join(folder, 'objects', 'ab', 'd'.repeat(38)), randomBytes(100));
    const { gaps } = await search();
    expect(gaps.map(({ code, where }) => `${code} ${where}`).sort()).toEqual([
      `corrupt ab${'c'.repeat(38)}`,
      `corrupt ab${'d'.repeat(38)}`,
    ]);
  });
});

describe('what is wrapped', () => {
  it('is found in archives, also in such as are encoded in a text, and told by its layers', async () => {
    git(['init', '-q', '--bare', '.']);
    const zipped = gzipSync(Buffer.from(`inside ${secret} `.repeat(3)));
    const ids = [put(zipped), put(`data: ${zipped.toString('base64')}\n`)];
    const { matches } = await search();
    expect([...new Set(matches.map(({ object }) => object))].sort()).toEqual(ids.sort());
    expect(matches.map(({ through }) => through.join()).sort()[0]).toBe('base64,gzip');
  });

  it('is told for a key of a known format that nobody knew, when formats are sought', async () => {
    git(['init', '-q', '--bare', '.']);
    const token = `glpat-${'hD4sF9gJ2kQ7wB5nV8zT'}`;
    const id = put(`token: ${token}\n`);
    const { matches } = await search({ formats: true });
    expect(matches.map(({ object }) => object)).toEqual([id]);
    const [match] = matches;
    expect(match !== undefined && 'format' in match.of && match.of.secret.reveal()).toBe(token);
    expect((await search()).matches).toEqual([]);
  });
});
