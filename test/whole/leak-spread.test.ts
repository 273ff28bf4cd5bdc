/**
 * Goal: after a key was leaked and is dead, its copies on this machine are found by the id of its credential or rotation and
 * taken out where that is safe; a key that lives is only shown; no output holds either.
 * Method: the whole program in a scratch home over the toy GitHub, with the real search; a person who answers.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSearches } from '../../src/platform/searches.ts';
import type { ToyToken } from '../toys/github.ts';
import { noGit } from '../twins/searches.ts';
import { type LeakHome, leakHome } from './leak-home.ts';

let home: LeakHome;
let token: ToyToken;
let id: string;
const history = '~/.bash_history';

beforeEach(async () => {
  home = await leakHome((host) => ({ git: noGit, searches: createSearches(host) }));
  token = home.toy.makeByPage('ada', 'leaked', ['repo']);
  await home.config('claude', { gh: token.text });
  await home.write(history, `ls\nexport GITHUB_TOKEN=${token.text}\n`);
  await home.write('~/.claude/projects/-a/b.jsonl', `{"type":"user","message":"use ${token.text}"}\n`);
  id = JSON.parse((await home.run(['status', '--json'])).out).credentials[0].id;
});
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

interface SpreadJson {
  readonly schema: string;
  readonly findings: readonly { readonly dead: boolean; readonly where: { readonly file: string }; readonly keeps: string }[];
  readonly notSearched: readonly unknown[];
  readonly scrubbed: { readonly done: readonly { state: string }[]; readonly refused: readonly { why: string }[] } | null;
}
const jsonOf = (out: string): SpreadJson => JSON.parse(out) as SpreadJson;

/** The key is dead, and its rotation waits for a new one. */
async function leaked(): Promise<string> {
  const { status, out } = await home.leak([id, '--yes', '--json']);
  expect(status).toBe(4);
  expect(home.toy.live().map(({ text }) => text)).not.toContain(token.text);
  return String(JSON.parse(out).keys[0].rotation);
}

describe('leak --spread', () => {
  it('shows copies of a key that lives, without its place, and takes none out', async () => {
    const shown = await home.leak(['--spread', id]);
    expect(shown.status).toBe(3);
    expect(shown.out).toContain('value that is not known to be dead: 2 places');
    expect(shown.out).toMatch(/\.bash_history:2 \(history of bash\)/);
    expect(shown.out).toContain(`mcp-rotate leak ${id}`);
    const scrubbed = await home.leak(['--spread', id, '--scrub', '--yes', '--json']);
    expect(scrubbed.status).toBe(3);
    const { schema, findings, scrubbed: done } = jsonOf(scrubbed.out);
    expect(schema).toBe('mcp-rotate/leak-spread@1');
    expect(findings.map(({ dead, where }) => [dead, where.file.slice(home.home.length)])).toEqual([
      [false, '/.bash_history'],
      [false, '/.claude/projects/-a/b.jsonl'],
    ]);
    expect(done).toEqual({ done: [], refused: [] });
    expect(await home.text(history)).toContain(token.text);
    await home.assertNoSpill([token.text], [shown, scrubbed]);
  });

  it('takes a dead one out of files of text, asked one by one', async () => {
    const rotation = await leaked();
    await home.write('~/notes.txt', token.text);
    const ended = await home.leak(['--spread', rotation, '--scrub'], {
      answers: (question) => (question === 'Take the value out of this file?' ? 'yes' : `not expected: ${question}`),
    });
    expect(ended.status).toBe(3);
    expect(ended.err).toContain('- 2: export GITHUB_TOKEN=[secret]');
    expect(ended.err).toContain('+ 2: export GITHUB_TOKEN=removed-by-mcp-rotate-');
    expect(ended.questions).toHaveLength(2);
    expect(await home.text(history)).toMatch(/^ls\nexport GITHUB_TOKEN=removed-by-mcp-rotate-x+\n$/);
    expect(await home.text(history)).toHaveLength(`ls\nexport GITHUB_TOKEN=${token.text}\n`.length);
    // its place waits for the new key, and a transcript is a record
    const out = ended.out.replace(/\s+/g, ' ');
    expect(out).toContain('.claude.json: not changed: clients read their keys from it');
    expect(out).toContain('b.jsonl: not changed: it is a record that only its writer changes');
    expect(await home.text('~/.claude.json')).toContain(token.text);
    expect(JSON.parse(await home.text('~/.local/state/mcp-rotate/scrubbed.json')).scrubbed).toMatchObject([
      { credential: id, file: `${home.home}/.bash_history`, spots: 1 },
      { file: `${home.home}/notes.txt` },
    ]);
    await home.assertNoSpill([token.text], [ended]);
  });

  it('takes none out while its rotation has not made it dead', async () => {
    const waiting = await home.run(['rotate', id, '--yes', '--json']);
    expect(waiting.status).toBe(4);
    const rotation = /r-\d{8}-[a-z0-9]{6}/.exec(waiting.out)?.[0] ?? '';
    expect(await home.sealed()).toEqual([rotation]);
    expect(home.toy.live().map(({ text }) => text)).toContain(token.text);
    const ended = await home.leak(['--spread', rotation, '--scrub', '--yes', '--json']);
    const { findings, scrubbed } = jsonOf(ended.out);
    expect(findings.map(({ dead }) => dead)).toEqual([false, false]);
    expect(scrubbed).toEqual({ done: [], refused: [] });
    expect(await home.text(history)).toContain(token.text);
  });

  it('leaves a file that the person wants to keep', async () => {
    await leaked();
    const ended = await home.leak(['--spread', id, '--scrub'], { answers: () => 'no' });
    expect(ended.status).toBe(3);
    expect(ended.out).toContain('left as it is');
    expect(await home.text(history)).toContain(token.text);
  });

  it('ends with 0 when nothing is left, asked or not', async () => {
    const rotation = await leaked();
    await home.write('~/.claude.json', '{}');
    await home.write('~/.claude/projects/-a/b.jsonl', '{}\n');
    const ended = await home.leak(['--spread', rotation, '--scrub', '--yes']);
    expect([ended.status, ended.questions]).toEqual([0, []]);
    const again = await home.leak(['--spread', rotation]);
    expect(again.status).toBe(0);
    expect(again.out).toContain('nothing found');
  });

  it('ends with 5 when not everything could be searched', async () => {
    const rotation = await leaked();
    for (const path of [history, '~/.claude.json', '~/.claude/projects/-a/b.jsonl']) await home.write(path, '{}');
    await home.write('~/.cache/JetBrains/WebStorm2026.2/LocalHistory/changes.storageData', 'x');
    const ended = await home.leak(['--spread', rotation]);
    expect(ended.status).toBe(5);
    expect(ended.out).toContain('compressed');
  });

  it('does not begin where nobody can be asked, nor for an id that it does not know', async () => {
    const rotation = await leaked();
    expect(await home.leak(['--spread', rotation, '--scrub'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('--scrub --yes'),
    });
    expect(await home.leak(['--spread', 'github-0000'])).toMatchObject({ status: 2, out: '' });
    expect((await home.leak(['--spread', id, 'another'])).status).toBe(2);
    expect((await home.leak([id, '--scrub', '--yes'])).status).toBe(2);
    expect(await home.text(history)).toContain(token.text);
  });

  it('shows hostile names as text, and names that hold the value without it', async () => {
    const rotation = await leaked();
    await home.write(`~/x\u001b[2J\nfake: line`, token.text);
    await home.write(`~/${token.text}.txt`, 'x');
    const ended = await home.leak(['--spread', rotation, '--scrub', '--yes']);
    expect(ended.out + ended.err).not.toMatch(/\u001b|^fake/m);
    expect(ended.out).toContain('[secret].txt');
    expect(ended.out.replace(/\s+/g, ' ')).toContain('its own name holds the value');
    await home.assertNoSpill([token.text], [ended]);
  });
});
