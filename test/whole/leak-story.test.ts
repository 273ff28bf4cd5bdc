/**
 * Goal: a key that was committed, pushed and left in every kind of place goes to dead, replaced, reviewed, cleaned up and guarded
 * against, by the commands that README and docs/leaks.md show and by nothing else.
 * Method: the whole program over real git, real searches and git-filter-repo, the toy GitHub, two clients' configs; what the commands
 * leave behind is looked at by this test's own means.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { createGit } from '../../src/platform/git.ts';
import { createSearches } from '../../src/platform/searches.ts';
import { describeWith } from '../parts.ts';
import { type LeakHome, leakHome } from './leak-home.ts';

const open: LeakHome[] = [];
afterEach(async () => {
  for (const home of open.splice(0)) await home[Symbol.asyncDispose]();
});

const mcpJson = (token: string): string =>
  `${JSON.stringify({ mcpServers: { github: { command: 'npx', env: { GITHUB_PERSONAL_ACCESS_TOKEN: token } } } }, null, 2)}\n`;

/** The key in every kind of place: history, archives, codings, names, messages, what nothing reaches, git's own files. */
async function leakyRepository(home: LeakHome, token: string) {
  const remote = await home.repository('remote.git');
  rmSync(join(remote.path, '.git'), { recursive: true });
  remote.git('init', '--quiet', '--bare', '.');
  const repo = await home.repository('tools');
  const { path, git } = repo;
  const commit = (name: string, content: string | Buffer, message = `change ${name}`): string => {
    writeFileSync(join(path, name), content);
    git('add', '-A', '-f');
    git('commit', '-q', '-m', message);
    return git('rev-parse', 'HEAD').trim();
  };
  git('remote', 'add', 'origin', remote.path);
  commit('README', 'tools\n');
  const first = commit('.mcp.json', mcpJson(token));
  commit('secret.b64', Buffer.from(`user:${token}:`).toString('base64'));
  commit('logs.gz', gzipSync(`GET /user token ${token}\n`));
  commit('notebook.ipynb', JSON.stringify({ cells: [{ outputs: [{ text: [`token ${token}\n`] }] }] }));
  commit('wide.txt', Buffer.from(`\ufeffkey=${token}\r\n`, 'utf16le'));
  commit('url.txt', `https://api.github.com/?access_token=${encodeURIComponent(token)}`);
  commit('notes', 'x', `take out ${token}`);
  git('tag', '-a', '-m', `before ${token}`, 'v1');
  git('push', '-q', 'origin', 'main', 'v1');
  commit('.mcp.json', mcpJson('${GITHUB_TOKEN}'));
  git('notes', 'add', '-m', `was ${token}`);
  writeFileSync(join(path, 'notes'), token);
  git('stash', '-q');
  commit('gone.txt', token);
  git('reset', '-q', '--hard', 'HEAD~1');
  git('branch', `try-${token}`);
  git('config', 'remote.old.url', `https://ada:${token}@github.com/acme/tools.git`);
  writeFileSync(join(path, '.git', 'COMMIT_EDITMSG'), `use ${token}\n`);
  writeFileSync(join(path, '.env'), `GITHUB_TOKEN=${token}\n`);
  return { ...repo, first };
}

interface Found {
  readonly findings: readonly {
    readonly credential: string;
    readonly how: string;
    readonly paths: readonly string[];
    readonly commits: readonly { readonly commit: string; readonly does: string }[];
    readonly pushed: { readonly pushed: string; readonly at?: string | null };
    readonly where: { readonly kind: string };
  }[];
  readonly notSearched: readonly unknown[];
}

describeWith(['git', 'git-filter-repo'], 'a leaked key', () => {
  it('is found everywhere, ended, replaced, reviewed, taken out of a clone, and kept from coming back', async () => {
    const home = await leakHome((host) => ({ git: createGit(host), searches: createSearches(host) }));
    open.push(home);
    const old = home.toy.makeByPage('ada', 'laptop', ['repo']);
    await home.config('claude', { github: old.text });
    await home.config('cursor', { github: old.text });
    const repo = await leakyRepository(home, old.text);

    // 1. leak search: everything, and nothing changed
    const search = await home.run(['leak', 'search', repo.path, '--json']);
    expect(search.status, search.err).toBe(3);
    const found = JSON.parse(search.out) as Found;
    const [credential] = found.findings.map((each) => each.credential);
    expect(new Set(found.findings.map((each) => each.credential)).size, 'one key, one name').toBe(1);
    const paths = new Set(found.findings.flatMap((each) => each.paths));
    for (const name of ['.mcp.json', 'secret.b64', 'logs.gz', 'notebook.ipynb', 'wide.txt', 'url.txt', 'notes'])
      expect(paths, name).toContain(name);
    const kinds = found.findings.map(({ where }) => where.kind);
    for (const kind of ['object', 'git-file', 'ref', 'work-file']) expect(kinds, kind).toContain(kind);
    const brought = found.findings.find((each) => each.paths.includes('.mcp.json'));
    expect(brought?.commits.map(({ commit, does }) => [commit, does])).toContainEqual([repo.first, 'introduces']);
    expect(brought?.pushed).toMatchObject({ pushed: 'yes', at: expect.stringMatching(/^20\d\d-/) });
    expect(found.notSearched).toEqual([]);

    // 2. leak REPO: revoked first, dead, replaced in both clients
    const made = { text: '' };
    const leak = await home.leak([repo.path], {
      answers: (question) => {
        if (question === 'The page') return 'open';
        if (question !== 'New token') return question.startsWith('Revoke these') ? 'all' : 'yes';
        made.text = home.toy.makeByPage('ada', 'new', ['repo']).text;
        return made.text;
      },
    });
    expect(leak.status, leak.err).toBe(0);
    expect(home.toy.live().map(({ text }) => text)).toEqual([made.text]);
    for (const file of ['~/.claude.json', '~/.cursor/mcp.json']) {
      expect(await home.text(file)).toContain(made.text);
      expect(await home.text(file)).not.toContain(old.text);
    }
    const [receipt] = await home.receipts();
    expect(receipt).toMatchObject({ because: 'leak', state: 'complete', credential, minutesToDead: expect.any(Number) });
    expect(receipt?.exposure).toMatchObject({ how: 'committed', since: expect.any(Number) });
    expect(receipt?.exposure?.recommendation).toBeTruthy();
    const steps = receipt?.steps.map(({ step }) => step) ?? [];
    expect(steps.indexOf('revoke')).toBeLessThan(steps.indexOf('issue'));
    expect(leak.out.replace(/\s+/g, ' ')).toContain('leak rewrite');

    // 3. leak rewrite, with the old key given by hand: it is kept nowhere any more
    const rewrite = await home.run(['leak', 'rewrite', repo.path, '--stdin', '--json'], { input: old.text });
    expect(rewrite.status, rewrite.err).toBe(0);
    const { clone, push } = JSON.parse(rewrite.out) as { clone: string; push: string[] };
    expect(push.join()).toContain('push --force');
    const again = await home.run(['leak', 'search', clone, '--stdin'], { input: old.text });
    expect([again.status, again.out.includes('nothing found')]).toEqual([0, true]);
    expect(existsSync(join(repo.path, '.git', 'refs/stash')), 'the repository itself is as it was').toBe(true);

    // 4. guard: the new key is not committed the same way
    const guard = await home.run(['guard', 'install', '--repo', repo.path, '--yes']);
    expect(guard.status, guard.err).toBe(0);
    expect(readFileSync(join(repo.path, '.git/hooks/pre-commit'), 'utf8')).toContain('mcp-rotate');

    await home.assertNoSpill([old.text, made.text], [search, leak, rewrite, again, guard]);
  });
});
