/**
 * Goal: every file, name and link target below the roots is looked at once, nothing else is opened, and what could not be
 * looked at is said.
 * Method: real folders with secrets planted in each kind of place, among fifos, loops of links, files without permission and
 * files that are larger than memory should hold.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tar, zip } from '../../test/kits/odd-archives.ts';
import { Secret } from '../base/secret.ts';
import type { FilesRequest, FilesSearched } from '../ports/searches.ts';
import { Needles } from '../search/needles.ts';
import { searchFiles } from './search-files.ts';

const token = 'ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2';
const known = new Needles([{ id: 'github', secret: new Secret(token) }]);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, bytes: string | Uint8Array): string => {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, bytes);
  return file;
};
const search = (request: Partial<FilesRequest> = {}): Promise<FilesSearched> =>
  searchFiles({ known, formats: false, roots: [folder], ...request });
const files = (matches: FilesSearched['matches']): string[] => matches.map(({ file }) => file.slice(folder.length + 1));

describe('searching files', () => {
  it('finds texts, names and targets of links, each once, following no link', async () => {
    put('a/b/c.txt', `x\n${token}\n`);
    put(`a/${token}.txt`, 'nothing');
    put('a/empty', '');
    put('deep.tgz', gzipSync(tar([{ name: 'in.txt', bytes: Buffer.from(token) }])));
    symlinkSync(`/nowhere/${token}`, join(folder, 'link'));
    symlinkSync(folder, join(folder, 'a/loop'));
    symlinkSync(join(folder, 'a/b/c.txt'), join(folder, 'again'));
    const found = await search();
    expect(files(found.matches)).toEqual(['a/b/c.txt', 'deep.tgz']);
    expect(found.matches).toMatchObject([{ line: 2, offset: 2 }, { through: ['gzip', 'tar member in.txt'] }]);
    expect(files(found.names)).toEqual([`a/${token}.txt`]);
    expect(files(found.links)).toEqual(['link']);
    expect(found).toMatchObject({ files: 4, gaps: [] });
  });

  it('looks at a root that is a file, a link or nothing, and at one within another once', async () => {
    const file = put('a/b.txt', token);
    symlinkSync(file, join(folder, 'link'));
    const found = await search({ roots: [file, join(folder, 'link'), join(folder, 'no'), folder, join(folder, 'a'), folder] });
    expect(files(found.matches)).toEqual(['a/b.txt', 'a/b.txt']);
    expect(found.gaps).toMatchObject([{ code: 'missing', where: join(folder, 'no') }]);
  });

  it('leaves out what is to be skipped, and never a root', async () => {
    put('skip/a.txt', token);
    put('keep/a.txt', token);
    const skip = (path: string): boolean => path.endsWith('skip');
    expect(files((await search({ skip })).matches)).toEqual(['keep/a.txt']);
    expect(files((await search({ skip, roots: [join(folder, 'skip')] })).matches)).toEqual(['skip/a.txt']);
  });

  it.runIf(process.platform !== 'win32')('never opens a fifo', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    put('a.txt', token);
    const found = await search();
    expect(files(found.matches)).toEqual(['a.txt']);
    expect((await search({ roots: [join(folder, 'fifo')] })).gaps).toMatchObject([{ code: 'unreadable' }]);
  });

  it('says what it may not read', async () => {
    chmodSync(put('locked', token), 0);
    mkdirSync(join(folder, 'closed'), { mode: 0 });
    // Everything can be read by root.
    const nobody = 65_534;
    const asRoot = process.getuid?.() === 0;
    if (asRoot) {
      chownSync(folder, nobody, nobody);
      process.seteuid?.(nobody);
    }
    const found = await search().finally(() => (asRoot ? process.seteuid?.(0) : undefined));
    expect(found.gaps.map(({ code, why }) => [code, why])).toEqual(Array(2).fill(['unreadable', 'permission denied']));
  });

  it('reads a large file in windows, on a thread, and says what is too large when there is a limit', async () => {
    const file = join(folder, 'large');
    const handle = openSync(file, 'w');
    ftruncateSync(handle, 300 * 1024 * 1024);
    writeSync(handle, token, 200 * 1024 * 1024 - 7);
    closeSync(handle);
    const found = await search();
    expect(found.matches).toMatchObject([{ file, offset: 200 * 1024 * 1024 - 7, line: undefined }]);
    expect(found.bytes).toBe(300 * 1024 * 1024);
    expect(await search({ mostBytes: 1000 })).toMatchObject({ matches: [], gaps: [{ code: 'too-large', where: file }] });
  });

  it('does the same on threads as here', async () => {
    const planted: string[] = [];
    for (let i = 0; i < 900; i++) {
      const name = `d${i % 37}/e${i % 5}/f${i}.txt`;
      if (i % 50 === 0) planted.push(name);
      put(name, i % 50 === 0 ? `x ${token} y` : `nothing ${i}`);
    }
    const progress: number[] = [];
    const found = await searchFiles(
      { known, formats: false, roots: [folder] },
      { onProgress: ({ objects }) => progress.push(objects) },
    );
    expect(files(found.matches)).toEqual(planted.sort());
    expect(found).toMatchObject({ files: 900, gaps: [] });
    expect(progress.length).toBeGreaterThan(0);
  });

  it('finds by the quick question whatever is one writing, in archives too', async () => {
    const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');
    const each = (write: (c: string) => string): string => [...token].map(write).join('');
    const number = (c: string): string => c.charCodeAt(0).toString(16);
    const long = 'some words of no meaning '.repeat(30_000);
    const planted: Record<string, string | Uint8Array> = {
      base64: `x ${base64(`a:${token}`)}`,
      basic: `Authorization: Basic ${base64(`ada:${token}`)}`,
      'wrapped base64': base64(`${'before '.repeat(15)}${token} after`).replace(/.{76}/g, '$&\n'),
      hex: Buffer.from(token).toString('hex'),
      'every character as percent': each((c) => `%${number(c)}`),
      'every character as percent in capitals': each((c) => `%${number(c).toUpperCase()}`),
      'every character in JSON': JSON.stringify({ a: 1 }).replace('1', `"${each((c) => `\\u00${number(c)}`)}"`),
      'every character in JSON in capitals': each((c) => `\\u00${number(c).toUpperCase()}`),
      'note.ipynb': JSON.stringify({ cells: [{ outputs: [{ text: [`key: "${token}"\n`] }] }] }),
      'utf-16': Buffer.from(`\ufeffkey: ${token}`, 'utf16le'),
      'utf-16 without a mark, of the other order': Buffer.from(`key: ${token}`, 'utf16le').swap16(),
      'base64 in utf-16': Buffer.from(`\ufeff${base64(base64(token))}`, 'utf16le'),
      gz: gzipSync(`a ${base64(token)}`),
      'base64 of gz': base64(gzipSync(token)),
      docx: zip([{ name: 'word/document.xml', bytes: Buffer.from(`<w:t>${token}</w:t>`) }]),
      'base64 of zip': `data:application/zip;base64,${base64(zip([{ name: 'a', bytes: Buffer.from(token) }]))}`,
      tar: tar([{ name: 'a', bytes: Buffer.from(token) }]),
      'zip behind a program': Buffer.concat([Buffer.from(`MZ${long}`), zip([{ name: 'b', bytes: Buffer.from(token) }])]),
      'zip behind a script': Buffer.concat([
        Buffer.from('#!/usr/bin/python3\n'),
        zip([{ name: 'b', bytes: Buffer.from(token) }]),
      ]),
      'gz in base64 far behind a part of it': `${token.slice(4, 14)} ${long} ${base64(gzipSync(token))}`,
    };
    for (const [name, bytes] of Object.entries(planted)) put(name, bytes);
    put('program', `MZ${long}PK\u0003\u0004`);
    const found = await search();
    expect(new Set(files(found.matches))).toEqual(new Set(Object.keys(planted)));
    expect(found.gaps).toEqual([]);
  });

  it('finds what leaves no piece of a secret when it is asked for everything', async () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    put('base64 of base64', base64(`{"auth":"${base64(`me:${token}`)}"}`));
    put('hex of base64', Buffer.from(base64(token)).toString('hex'));
    put('javascript', [...token].map((c) => `\\x${c.charCodeAt(0).toString(16)}`).join(''));
    expect((await search()).matches).toEqual([]);
    const found = await search({ exhaustive: true });
    expect(new Set(files(found.matches))).toEqual(new Set(['base64 of base64', 'hex of base64', 'javascript']));
  });

  it('finds a secret wherever two readings of a large file meet', async () => {
    const size = 256 * 1024;
    // so short that neither side holds a piece that would be noticed
    const short = 'Zq8kLw2vR5tY';
    const offsets = [...Array(short.length + 2).keys()].map((back) => size - back);
    for (const offset of offsets) {
      const bytes = Buffer.alloc(size + 100, '.');
      bytes.write(short, offset - 1);
      put(`at ${offset}`, bytes);
    }
    put('exactly one reading', Buffer.alloc(size, '.'));
    const found = await search({ known: new Needles([{ id: 'short', secret: new Secret(short) }]) });
    expect(found.matches.map(({ file, offset }) => [file.slice(folder.length + 1), offset])).toEqual(
      offsets.map((offset) => [`at ${offset}`, offset - 1]).sort(),
    );
    expect(found.bytes).toBe(offsets.length * (size + 100) + size);
  });

  it('stops when it is told to, and says so', async () => {
    put('a.txt', token);
    const found = await searchFiles({ known, formats: false, roots: [folder] }, { signal: AbortSignal.abort() });
    expect(found.gaps).toMatchObject([{ code: 'stopped' }]);
  });

  it('keeps found keys of known formats secrets, across threads too', async () => {
    for (let i = 0; i < 400; i++) put(`d${i % 9}/f${i}.txt`, `nothing ${i}`);
    put('z/key.txt', 'AKIA5DKFH3LQ2ZN7RTWB and glpat-Zx7kQ2mN9pLw4RtY8vB1');
    const found = await search({ formats: true });
    for (const { of } of found.matches) expect('secret' in of && of.secret instanceof Secret).toBe(true);
    expect(found.matches.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('Zx7kQ2mN9pLw4RtY8vB1');
  });
});
