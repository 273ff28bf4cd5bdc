/**
 * Goal: a known secret is found in every writing, under every layer and under layers of layers; nothing is found where it is
 * not; and no bytes whatever make the look fail.
 * Method: tables of writings and layers that are multiplied with each other, random compositions of them, random bytes and
 * damaged archives, and the real texts of installed packages sought for secrets that are not there.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tar, zip } from '../../test/kits/odd-archives.ts';
import { Secret } from '../base/secret.ts';
import { createUnpack } from '../platform/unpack.ts';
import { Kernel } from './kernel.ts';
import { type Looked, matchBytes, matchStream, type SoughtBytes } from './match.ts';
import { Needles } from './needles.ts';

/** Letters and digits that look random and are the same every time. */
const random = (seed: string, length: number): string => {
  let text = '';
  for (let i = 0; text.length < length; i++)
    text += createHash('sha512')
      .update(`${seed} ${i}`)
      .digest('base64')
      .replace(/[^A-Za-z0-9]/g, '');
  return text.slice(0, length);
};

const token = `ghp_${random('token', 36)}`;
const other = random('other', 40);
const password = 'p/w"d\\ é<&>+=%:@ 7Kq2';

function sought(...texts: string[]): SoughtBytes {
  const needles = Needles.listOf(new Needles(texts.map((text, index) => ({ id: String(index), secret: new Secret(text) }))));
  return { kernel: new Kernel(needles), needles, formats: false };
}
const tools = { unpack: createUnpack() };
const forToken = sought(token);
const look = (bytes: Uint8Array | string, what = forToken): Looked =>
  matchBytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, what, tools);
const wholes = ({ matches }: Looked): Looked['matches'] => matches.filter(({ partial }) => partial !== true);

type Write = (text: string) => string;
const each =
  (write: (c: string) => string): Write =>
  (text) =>
    [...text].map(write).join('');
const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');

/** Ways to write a secret within a text; what is before and behind it is part of what is encoded. */
const writings: Readonly<Record<string, Write>> = {
  plain: (text) => text,
  'base64 alone': (text) => Buffer.from(text).toString('base64'),
  'base64 after one byte': (text) => Buffer.from(`:${text} tail`).toString('base64'),
  'base64 after two bytes': (text) => Buffer.from(`a:${text} tail`).toString('base64'),
  base64url: (text) => Buffer.from(`user:${text}~`).toString('base64url'),
  'base64 of utf-16': (text) => Buffer.from(`$a='${text}'`, 'utf16le').toString('base64'),
  'hex small': (text) => Buffer.from(text).toString('hex'),
  'hex capital': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'percent loose': (text) => encodeURIComponent(text),
  'percent of every character': (text) => each((c) => [...Buffer.from(c)].map((byte) => `%${hex(byte, 2)}`).join(''))(text),
  json: (text) => JSON.stringify(text),
  'json twice': (text) => JSON.stringify(JSON.stringify(text)),
  'json with slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  'json of every character': each((c) => `\\u${hex(c.charCodeAt(0), 4)}`),
  'javascript of every character': each((c) => `\\u{${hex(c.codePointAt(0) ?? 0, 2)}}`),
  'xml of every character': each((c) => `&#x${hex(c.codePointAt(0) ?? 0, 2)};`),
  'xml of what is special': (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  'runs of a word processor': (text) =>
    `<?xml version="1.0"?><w:p><w:r><w:t>${text.slice(0, 7)}</w:t></w:r><w:r w:rsid="00"><w:t>${text.slice(7)}</w:t></w:r></w:p>`,
  'base64 twice': (text) => Buffer.from(`{"auth":"${Buffer.from(`me:${text}`).toString('base64')}"}`).toString('base64'),
};

type Wrap = (bytes: Buffer) => Buffer;
const inText =
  (change: (text: string) => string): Wrap =>
  (bytes) =>
    Buffer.from(change(bytes.toString('utf8')));
const filler = random('filler', 600);

/** What a text can be put into. */
const layers: Readonly<Record<string, Wrap>> = {
  nothing: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  'gzip of two members': (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 11)), gzipSync(bytes.subarray(11))]),
  zip: (bytes) =>
    zip([
      { name: 'a.txt', bytes: Buffer.from('a') },
      { name: 'docs/b.txt', bytes },
    ]),
  'zip stored': (bytes) => zip([{ name: 'b.txt', bytes, stored: true }]),
  'zip as a stream': (bytes) =>
    zip([
      { name: 'x', bytes: Buffer.from(filler), descriptor: true },
      { name: 'b', bytes, descriptor: true },
    ]),
  'zip stored as a stream': (bytes) => zip([{ name: 'b', bytes, stored: true, descriptor: true }]),
  zip64: (bytes) => zip([{ name: 'b', bytes, wide: true }]),
  'zip behind a program': (bytes) => Buffer.concat([Buffer.from(`MZ${filler}`), zip([{ name: 'b', bytes }])]),
  tar: (bytes) =>
    tar([
      { name: 'a', bytes: Buffer.from('a') },
      { name: 'b', bytes },
    ]),
  'tar of old': (bytes) => tar([{ name: 'b', bytes, old: true }]),
  'tar with a long name': (bytes) => tar([{ name: `${'long/'.repeat(40)}b`, bytes, long: 'gnu' }]),
  'tar of pax': (bytes) => tar([{ name: `${'long/'.repeat(40)}b`, bytes, long: 'pax' }]),
  'base64 of all': (bytes) => Buffer.from(`data: ${bytes.toString('base64')}`),
  'base64 in lines': (bytes) => Buffer.from(bytes.toString('base64').replace(/.{76}/g, '$&\r\n')),
  'hex of all': (bytes) => Buffer.from(`\\x${bytes.toString('hex')}`),
};
const textLayers: Readonly<Record<string, Wrap>> = {
  'utf-16': (bytes) => Buffer.from(`\ufeff${bytes.toString('utf8')}`, 'utf16le'),
  'utf-16 of the other order': (bytes) => Buffer.from(`\ufeff${bytes.toString('utf8')}`, 'utf16le').swap16(),
  'a JSON string': inText((text) => JSON.stringify({ output: `line one\n${text}` })),
  'a notebook': inText((text) => JSON.stringify({ cells: [{ outputs: [{ text: text.split(/(?<=\n)/) }] }] }, null, 1)),
  'percent of all': inText((text) => `u=${encodeURIComponent(text)}`),
};

describe('known secrets', () => {
  for (const [writing, write] of Object.entries(writings))
    for (const [layer, wrap] of Object.entries({ ...layers, ...textLayers }))
      it(`${writing} in ${layer}`, () => {
        const found = look(wrap(Buffer.from(`first line\nkey = ${write(token)} \nlast`)));
        expect(wholes(found).length, JSON.stringify(found)).toBeGreaterThan(0);
        expect(found.matches.map(({ of }) => of)).toEqual(found.matches.map(() => ({ known: 0 })));
        expect(found.gaps).toEqual([]);
      });

  for (const [writing, write] of Object.entries(writings))
    it(`${writing}, of a password with every kind of sign`, () => {
      const bytes = `<a>\nkey = ${write(password)} \nlast</a>`;
      if (writing === 'runs of a word processor')
        return expect(look(bytes.replaceAll(/p\/w.*2/g, ''), sought(password)).matches).toEqual([]);
      expect(wholes(look(bytes, sought(password))).length).toBeGreaterThan(0);
    });

  it('are found in every composition of layers (property)', () => {
    const wrapping = fc.array(fc.constantFrom(...Object.entries(layers).slice(1)), { minLength: 1, maxLength: 3 });
    const first = fc.constantFrom(
      ...Object.entries({ nothing: (bytes: Buffer) => bytes, 'utf-16': textLayers['utf-16'] as Wrap }),
    );
    const writing = fc.constantFrom(...Object.entries(writings));
    let [found, deep] = [0, 0];
    fc.assert(
      fc.property(first, wrapping, writing, fc.nat(200), ([, wrapFirst], wraps, [name, write], before) => {
        const text = Buffer.from(
          name.startsWith('runs') ? write(token) : `${filler.slice(0, before)} key = ${write(token)} \nlast`,
        );
        const looked = look(wraps.reduce((bytes, [, wrap]) => wrap(bytes), wrapFirst(text)));
        if (wholes(looked).length > 0) found++;
        else if (looked.gaps.some(({ code }) => code === 'too-deep')) deep++;
        else expect.fail(JSON.stringify(looked));
      }),
      { numRuns: 400, seed: 4 },
    );
    // three layers are within the limit, but for a few that count double
    expect(deep).toBeLessThan(found / 20);
  });

  it('spelled character by character end where the spelling does', () => {
    for (const write of [each((c) => `%${hex(c.charCodeAt(0), 2)}`), each((c) => `\\u${hex(c.charCodeAt(0), 4)}`)]) {
      expect(wholes(look(Buffer.from(`"${write(token)}" x`)))).toHaveLength(1);
      expect(wholes(look(Buffer.from(`"${write(`${token}&more`)}"`)))).toHaveLength(1);
      expect(wholes(look(Buffer.from(`"${write(`${token}more`)}"`)))).toEqual([]);
    }
  });

  it('says where: layers, offset and line of the innermost text', () => {
    const text = Buffer.from(`one\ntwo ${token}\n`);
    const packed = zip([{ name: 'a/b.tgz', bytes: gzipSync(tar([{ name: 'c.txt', bytes: text }])) }]);
    expect(look(packed).matches).toEqual([
      { of: { known: 0 }, writing: 'plain', through: ['zip member a/b.tgz', 'gzip', 'tar member c.txt'], offset: 8, line: 2 },
    ]);
    const wrapped = Buffer.from(`x: >\n  ${Buffer.from(`{"k":"${token}"}`).toString('base64').replace(/.{20}/g, '$&\n  ')}`);
    expect(look(wrapped).matches).toMatchObject([{ writing: 'base64', through: ['line breaks'], line: 2 }]);
    expect(look(Buffer.concat([Buffer.alloc(9000), Buffer.from(token)])).matches).toMatchObject([
      { offset: 9000, line: undefined },
    ]);
  });

  it('are told once for each spot, also in a member that stands in its archive as it is', () => {
    const twice = Buffer.from(`${token}\n${token}\n`);
    expect(look(zip([{ name: 'a', bytes: twice, stored: true }])).matches).toHaveLength(2);
    expect(look(tar([{ name: 'a', bytes: twice }])).matches).toHaveLength(2);
    expect(look(JSON.stringify({ a: JSON.stringify({ b: token }) })).matches).toHaveLength(1);
  });

  it('are found in long streams wherever windows end, once', () => {
    const size = 3_300_000;
    for (const at of [0, 1_048_570, 983_040, 983_300, 1_048_576 - token.length, size - token.length]) {
      const bytes = Buffer.alloc(size, `${filler}\n`);
      bytes.write(token, at);
      if (at > 0) bytes[at - 1] = 0x0a;
      if (at + token.length < size) bytes[at + token.length] = 0x0a;
      const stream = matchStream(forToken, tools);
      for (let from = 0; from < size; from += 70_001) stream.push(bytes.subarray(from, from + 70_001));
      const lines = bytes.subarray(0, at).toString('latin1').split('\n').length;
      expect(stream.end().matches, `at ${at}`).toMatchObject([{ offset: at, line: lines, through: [] }]);
      expect(look(bytes).matches).toMatchObject([{ offset: at }]);
    }
  });

  it('of several lines are found with other line ends, indentation and escapes', () => {
    const body = Buffer.from(random('pem', 900)).toString('base64').replace(/.{64}/g, '$&\n');
    const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
    const forPem = sought(pem);
    const writes: Readonly<Record<string, string>> = {
      'as it is': pem,
      CRLF: pem.replaceAll('\n', '\r\n'),
      'a JSON string': JSON.stringify({ key: pem }),
      'JSON within JSON': JSON.stringify(JSON.stringify({ key: pem })),
      'a YAML block': `key: |\n${pem.replace(/^/gm, '      ')}`,
      'one line': pem.replaceAll('\n', ' '),
      'literals put together': pem
        .split('\n')
        .map((line) => `  "${line}\\n" +`)
        .join('\n'),
      'a list of lines': JSON.stringify(pem.split(/(?<=\n)/), null, 2),
      'base64 of CRLF': Buffer.from(pem.replaceAll('\n', '\r\n')).toString('base64'),
    };
    for (const [name, text] of Object.entries(writes)) expect(wholes(look(text, forPem)).length, name).toBe(1);
    const public_ =
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ==\n-----END PRIVATE KEY-----';
    expect(look(public_, forPem).matches).toEqual([]);
  });
});

describe('pieces', () => {
  it('of literals in two are told as the whole; of one that was cut, as a part', () => {
    expect(look(`const a = "${token.slice(0, 19)}" +\n  '${token.slice(19)}';`).matches).toMatchObject([
      { through: ['line breaks'] },
    ]);
    expect(look(`key ${token.slice(0, 22)}...`).matches).toMatchObject([{ partial: true, offset: 8, line: 1 }]);
    expect(look(`key ${token.slice(0, 15)}...`).matches).toEqual([]);
    expect(look(Buffer.from(`x${token.slice(0, 30)}`).toString('base64')).matches).toMatchObject([
      { partial: true, through: ['base64'] },
    ]);
  });

  it('that stand in many texts by chance are none', () => {
    const words = sought(
      'production-database-password-42',
      'aaaaaaaaaaaaaaaaaaaaaaaa',
      '202401151030002024',
      `sk-ant-api03-${other}`,
    );
    expect(look('use the production-database-passwords; aaaaaaaaaaaaaaaaa; 202401151030; sk-ant-api03-', words).matches).toEqual(
      [],
    );
  });

  it('of a signed token are of its signature, not of the head that all have', () => {
    const head = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
    const body = Buffer.from('{"iss":"https://accounts.example.com","sub":"1234567890"}').toString('base64url');
    const forJwt = sought(`${head}.${body}.${random('signature', 43)}`);
    expect(look(`${head}.${body}.${random('another', 43)}`, forJwt).matches).toEqual([]);
    expect(look(random('signature', 43).slice(5, 30), forJwt).matches).toMatchObject([{ partial: true }]);
  });
});

describe('borders', () => {
  it('a longer key in the same alphabet is another one, in texts', () => {
    for (const longer of [`${token}x`, `${token}7`]) expect(look(`key=${longer}\n`).matches).toEqual([]);
    for (const end of ['', '\n', '"', '-x', '\\n', '%20', '_v1', '</b>'])
      expect(look(`key=${token}${end}`).matches, end).toHaveLength(1);
    expect(look(`a\n${token}\nnext`).matches).toHaveLength(1);
  });

  it('in binary files fields need no separator', () => {
    expect(look(Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(`${token}next`), Buffer.from([0])])).matches).toHaveLength(1);
  });

  it('a short one is not the tail of a word', () => {
    const short = sought('hunter2x');
    expect(look('a bighunter2x here', short).matches).toEqual([]);
    for (const text of ['hunter2x', '=hunter2x', '"a\\nhunter2x"', 'p%3Dhunter2x'])
      expect(look(text, short).matches, text).toHaveLength(1);
  });
});

describe('nothing', () => {
  it('is found in random bytes, and nothing fails', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), (bytes) => {
        expect(look(bytes).matches).toEqual([]);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('fails on damaged archives: a byte changed, an end cut off, two grown together', () => {
    const made = Object.values(layers).map((wrap) => wrap(wrap(Buffer.from(`${filler} ${token} ${filler}`))));
    fc.assert(
      fc.property(
        fc.constantFrom(...made),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        (good, changes, cut) => {
          const bytes = Buffer.from(good.subarray(0, cut % 3 === 0 ? cut % good.length : good.length));
          for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
          const { matches, gaps } = look(bytes);
          expect(Array.isArray(matches) && Array.isArray(gaps)).toBe(true);
          const stream = matchStream(forToken, tools);
          for (let at = 0; at < bytes.length; at += 13) stream.push(bytes.subarray(at, at + 13));
          // what a broken stream yields before it shows depends on its steps
          if (!gaps.some(({ code }) => code === 'corrupt')) expect(stream.end().matches).toEqual(matches);
          else stream.end();
        },
      ),
      { numRuns: 400, seed: 6 },
    );
  });

  it('is found in the texts of installed packages for fifty secrets that are not there', () => {
    const secrets = Array.from({ length: 50 }, (_, i) =>
      i % 3 === 0 ? `ghp_${random(`${i}`, 36)}` : i % 3 === 1 ? random(`${i}`, 32) : random(`${i}`, 20).toLowerCase(),
    );
    const fifty = sought(...secrets);
    const packages = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules');
    let looked = 0;
    for (const name of ['typescript', 'zod', 'fast-check', 'oidc-provider', '@types', 'yaml', 'pg', 'jose', 'ajv'])
      for (const file of readdirSync(join(packages, name), { recursive: true, withFileTypes: true }).slice(0, 400)) {
        if (!file.isFile()) continue;
        looked++;
        const path = join(file.parentPath, file.name);
        expect(look(readFileSync(path).subarray(0, 2_000_000), fifty).matches, path).toEqual([]);
      }
    expect(looked).toBeGreaterThan(500);
  });
});
