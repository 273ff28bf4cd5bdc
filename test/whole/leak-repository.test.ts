/**
 * Goal: `leak PATH` finds the keys of a repository wherever history keeps them, tells since when and for whom, and ends them; what
 * clients hold is replaced, what nobody knew is ended, and the receipt names commits.
 * Method: real git repositories, the real git and searches, the toy GitHub; a remote that is a bare repository beside it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createGit } from '../../src/platform/git.ts';
import { createSearches } from '../../src/platform/searches.ts';
import { classicToken } from '../toys/github.ts';
import { type LeakHome, leakHome } from './leak-home.ts';

const open: LeakHome[] = [];
afterEach(async () => {
  for (const home of open.splice(0)) await home[Symbol.asyncDispose]();
});

async function start(): Promise<LeakHome> {
  const home = await leakHome((host) => ({ git: createGit(host), searches: createSearches(host) }));
  open.push(home);
  return home;
}

interface Key {
  readonly way: string;
  readonly alive: string;
  readonly progress: { readonly state: string } | null;
  readonly exposure: {
    readonly how: string;
    readonly since: string | null;
    readonly evidence: string;
    readonly found: readonly { readonly where: string; readonly commits: readonly string[]; readonly pushed: string }[];
    readonly seenBy: readonly string[];
    readonly recommendation?: string;
  };
}

describe('keys in a repository', () => {
  it('are ended from where history keeps them: pushed, dropped, and never committed', async () => {
    const home = await start();
    const [pushed, dropped, plain] = ['pushed', 'dropped', 'plain'].map((note) => home.toy.makeByPage('ada', note, ['repo']));
    if (!pushed || !dropped || !plain) throw new Error('three tokens');
    await home.config('cursor', { gh: pushed.text });
    const { path, git } = await home.repository('tools');
    git('init', '--quiet', '--bare', '../remote.git');
    git('remote', 'add', 'origin', '../remote.git');
    await home.write(`${path}/.mcp.json`, JSON.stringify({ env: { GITHUB_TOKEN: pushed.text } }));
    git('add', '.');
    git('commit', '--quiet', '-m', 'Add config');
    const commit = git('rev-parse', 'HEAD').trim();
    git('push', '--quiet', 'origin', 'main');
    await home.write(`${path}/.mcp.json`, '{}');
    await home.write(`${path}/notes.txt`, `see ${dropped.text}\n`);
    git('add', '.');
    git('commit', '--quiet', '-m', 'Remove key');
    git('rm', '--quiet', 'notes.txt');
    git('commit', '--quiet', '-m', 'Remove notes');
    await home.write(`${path}/.env`, `GITHUB_TOKEN=${plain.text}\n`);

    const ended = await home.leak([path, '--yes', '--json', '--no-browser']);
    const { keys, next, notes } = JSON.parse(ended.out) as { keys: Key[]; next: string[]; notes: string[] };
    expect(notes).toEqual([]);
    expect(keys.map(({ way, alive }) => `${way} ${alive}`).sort()).toEqual(['end yes', 'end yes', 'replace yes']);
    const placed = keys.find(({ way }) => way === 'replace');
    expect(placed?.exposure).toMatchObject({ how: 'committed', evidence: expect.stringContaining('origin') });
    expect(placed?.exposure.found.some(({ commits, pushed: out }) => commits.includes(commit) && out === 'yes')).toBe(true);
    expect(placed?.exposure.seenBy.join()).toContain('whoever can read a remote repository');
    expect(placed?.exposure.recommendation).toContain('once the key is dead');
    expect(home.toy.live()).toEqual([]);
    expect(home.toy.server.log.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(next.join('\n')).toContain(`the history of ${path}: mcp-rotate leak rewrite ${path} `);
    expect(next).toContain(`the next commit: mcp-rotate guard install --repo ${path}`);
    const [receipt] = await home.receipts();
    expect(receipt?.exposure?.found[0]?.where).toContain(path);
    await home.assertNoSpill([pushed.text, dropped.text, plain.text], [ended]);
  });

  it('that lie in a folder without any are said to be none', async () => {
    const home = await start();
    const { path, git } = await home.repository('empty');
    await home.write(`${path}/a.txt`, 'nothing');
    git('add', '.');
    git('commit', '--quiet', '-m', 'A');
    const ended = await home.leak([path, '--yes', '--json']);
    expect([ended.status, JSON.parse(ended.out)]).toMatchObject([0, { keys: [], next: [] }]);
    await home.write('~/bare/a.txt', classicToken(3));
    const none = await home.leak([`${home.home}/bare`, '--yes']);
    expect([none.status, none.err.includes('git/not-a-repository')]).toEqual([2, true]);
    await home.assertNoSpill([classicToken(3)], [ended, none]);
  });

  it('that are known are named with ids beside paths, each once', async () => {
    const home = await start();
    const [one, two] = [home.toy.makeByPage('ada', 'one', ['repo']), home.toy.makeByPage('ada', 'two', ['repo'])];
    await home.config('cursor', { a: one.text, b: two.text });
    const { path, git } = await home.repository('tools');
    await home.write(`${path}/x`, one.text);
    git('add', '.');
    git('commit', '--quiet', '-m', 'X');
    const { out } = await home.run(['status', '--json']);
    const ids = (JSON.parse(out) as { credentials: { id: string }[] }).credentials.map(({ id }) => id);
    const ended = await home.leak([path, ...ids, '--yes', '--json']);
    const { keys } = JSON.parse(ended.out) as { keys: Key[] };
    expect(keys.map(({ exposure }) => exposure.how).sort()).toEqual(['committed', 'unknown']);
    expect(home.toy.live()).toEqual([]);
  });
});
