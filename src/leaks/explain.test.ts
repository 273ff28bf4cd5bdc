/**
 * Goal: of each hit a person learns which commits brought and removed it, under which path, what still reaches it, and when it
 * was pushed; and nothing that is not so.
 * Method: real repositories made by git, with merges, stashes, tags, force pushes, shallow and broken ones; objects named by hand.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { scratchMachine } from '../../test/kits/machine.ts';
import { Secret } from '../base/secret.ts';
import { createGit } from '../platform/git.ts';
import type { HttpAnswer, HttpRequest } from '../ports/net.ts';
import { Needles } from '../search/needles.ts';
import type { Match } from '../search/search.ts';
import { explain } from './explain.ts';
import type { Finding, RawFinding, Repository, Where } from './leaks.ts';
import { webAddress } from './pushed.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

class Repo {
  readonly path = mkdtempSync(join(tmpdir(), 'mcp-rotate-explain-'));
  #at = 1_700_000_000;
  constructor(made: 'init' | 'none' = 'init') {
    folders.push(this.path);
    if (made === 'init') this.git('init', '-q', '-b', 'main');
  }
  git(...args: string[]): string {
    this.#at += 60;
    const date = `${this.#at} +0000`;
    const who = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    };
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.path, ...who, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    return execFileSync('git', ['-C', this.path, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }
  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }
  /** The commit's id. */
  commit(name: string, text: string | undefined): string {
    if (text === undefined) this.git('rm', '-q', name);
    else this.write(name, text);
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', `change ${name}`);
    return this.git('rev-parse', 'HEAD');
  }
  id(name: string): string {
    return this.git('rev-parse', name);
  }
  get as(): Repository {
    const gitDir = join(this.path, '.git');
    const objectFolders = [join(gitDir, 'objects')];
    const plain = { hash: 'sha1', shallow: false, partial: false, within: [] } as const;
    return { path: this.path, gitDir, commonDir: gitDir, workTree: this.path, objectFolders, ...plain };
  }
}

const match: Match = { of: { known: 0 }, writing: 'plain', through: [], offset: 0, line: 3 };

async function explained(
  repo: Repo,
  wheres: readonly Where[],
  more: {
    readonly as?: Partial<Repository>;
    readonly askRemotes?: boolean;
    readonly answer?: HttpAnswer;
    readonly match?: Match;
  } = {},
): Promise<{ findings: readonly Finding[]; gaps: number; asked: HttpRequest[] }> {
  await using machine = await scratchMachine();
  const asked: HttpRequest[] = [];
  const net = {
    send: async (request: HttpRequest) => {
      asked.push(request);
      return more.answer ?? { status: 404, headers: {}, body: '' };
    },
  };
  const ports = { ...machine.ports, net, git: createGit(machine.ports.host) };
  const raw = {
    searched: { objects: 0, files: 0, bytes: 0 },
    findings: wheres.map((where): RawFinding => ({ where, match: more.match ?? match })),
    gaps: [],
  };
  const known = new Needles([{ id: 'toy-1', secret: new Secret('a-made-up-secret-of-this-test') }]);
  const repository = { ...repo.as, ...more.as };
  const { findings, gaps } = await explain(ports, [repository], raw, known, { askRemotes: more.askRemotes ?? false });
  return { findings: findings.map(({ finding }) => finding), gaps: gaps.length, asked };
}

const object = (repo: Repo, id: string, type: 'blob' | 'tree' | 'commit' | 'tag' = 'blob'): Where => ({
  kind: 'object',
  repository: repo.path,
  object: id,
  type,
});
const steps = ({ commits }: Finding): string[] => commits.map(({ commit, does, path }) => `${does} ${path} ${commit}`);

async function one(repo: Repo, where: Where, more = {}): Promise<Finding> {
  const { findings } = await explained(repo, [where], more);
  expect(findings).toHaveLength(1);
  return findings[0] as Finding;
}

describe('commits', () => {
  it('are those that brought and removed it, with path and order', async () => {
    const repo = new Repo();
    const first = repo.commit('.mcp.json', 'key');
    const blob = repo.id('HEAD:.mcp.json');
    repo.commit('other', 'x');
    repo.git('mv', '.mcp.json', 'moved.json');
    const moved = repo.commit('other', 'y');
    const last = repo.commit('moved.json', 'clean');
    const found = await one(repo, object(repo, blob));
    expect(found).toMatchObject({ credential: 'toy-1', how: 'plain', object: blob, line: 3, refs: ['refs/heads/main'] });
    expect(steps(found)).toEqual([
      `introduces .mcp.json ${first}`,
      `removes .mcp.json ${moved}`,
      `introduces moved.json ${moved}`,
      `removes moved.json ${last}`,
    ]);
    expect(found.paths).toEqual(['.mcp.json', 'moved.json']);
    expect(found.pushed).toEqual({ pushed: 'no' });
    expect(found.public).toBeUndefined();
  });

  it('do not count a merge that takes over what a parent has, but one that brings its own', async () => {
    const repo = new Repo();
    repo.commit('a', 'base');
    repo.git('checkout', '-q', '-b', 'side');
    const side = repo.commit('.env', 'key');
    const blob = repo.id('HEAD:.env');
    repo.git('checkout', '-q', 'main');
    repo.commit('b', 'b');
    repo.git('merge', '-q', '--no-ff', '--no-commit', 'side');
    repo.write('evil', 'only in the merge');
    repo.git('add', '-A');
    repo.git('commit', '-q', '-m', 'merge');
    const merge = repo.id('HEAD');
    const evil = repo.id('HEAD:evil');
    const { findings } = await explained(repo, [object(repo, blob), object(repo, evil)]);
    expect(findings.map(steps)).toEqual([[`introduces .env ${side}`], [`introduces evil ${merge}`]]);
    expect(findings.map(({ refs }) => refs)).toEqual([['refs/heads/main', 'refs/heads/side'], ['refs/heads/main']]);
  });

  it('are known of trees (a name that holds it), of the whole tree, of messages and of tags', async () => {
    const repo = new Repo();
    const first = repo.commit('key-in-name', 'x');
    const tree = repo.id('HEAD^{tree}');
    repo.git('tag', '-a', '-m', 'key', 'v1');
    const tag = repo.id('v1');
    repo.commit('key-in-name', 'y');
    const { findings } = await explained(repo, [
      object(repo, tree, 'tree'),
      object(repo, first, 'commit'),
      object(repo, tag, 'tag'),
    ]);
    expect(findings.map((found) => steps(found)[0])).toEqual([`introduces  ${first}`, `holds  ${first}`, undefined]);
    expect(findings.map(({ refs }) => refs)).toEqual([
      ['refs/heads/main', 'refs/tags/v1'],
      ['refs/heads/main', 'refs/tags/v1'],
      ['refs/tags/v1', 'refs/heads/main'],
    ]);
    expect(findings[2]?.warnings).toEqual([]);
  });

  it('are told of what only a stash, a reflog or nothing reaches', async () => {
    const repo = new Repo();
    repo.commit('a', 'a');
    repo.write('a', 'key in a stash');
    repo.git('stash', '-q');
    const stashed = repo.id('stash@{0}:a');
    repo.write('a', 'a later stash');
    repo.git('stash', '-q');
    repo.commit('b', 'key that was taken back');
    const back = repo.id('HEAD:b');
    repo.git('reset', '-q', '--hard', 'HEAD~1');
    repo.write('loose', 'in no commit');
    const loose = repo.git('hash-object', '-w', 'loose');
    repo.write('staged', 'about to be committed');
    repo.git('add', 'staged');
    const staged = repo.id(':staged');
    const { findings } = await explained(
      repo,
      [stashed, back, loose, staged].map((id) => object(repo, id)),
    );
    expect(findings.map(({ refs }) => refs)).toEqual([['stash@{1}'], expect.arrayContaining(['main@{1}', 'HEAD@{1}']), [], []]);
    expect(findings.map(({ warnings }) => warnings.join())).toEqual([
      '',
      '',
      expect.stringContaining('in no commit'),
      expect.stringContaining('staged'),
    ]);
    expect(findings[3]?.paths).toEqual(['staged']);
  });
});

describe('pushed', () => {
  function withRemote(): { repo: Repo; blob: string; first: string } {
    const remote = new Repo('none');
    remote.git('init', '-q', '--bare');
    const repo = new Repo();
    repo.git('remote', 'add', 'origin', remote.path);
    const first = repo.commit('.env', 'key');
    return { repo, blob: repo.id('HEAD:.env'), first };
  }

  it('is known with its time by the log of the remote, also when a force push took it away again', async () => {
    const { repo, blob } = withRemote();
    repo.git('push', '-q', 'origin', 'main');
    const pushedAt = Number(repo.git('reflog', 'show', '--date=unix', 'origin/main').replace(/^.*@\{(\d+)\}.*$/s, '$1')) * 1000;
    const pushed = await one(repo, object(repo, blob));
    expect(pushed.pushed).toEqual({ pushed: 'yes', remote: 'origin', at: pushedAt, earliest: undefined });
    expect(pushed.refs).toContain('refs/remotes/origin/main');
    expect(pushed.warnings.join()).toContain('forks');
    repo.git('checkout', '-q', '--orphan', 'clean');
    repo.commit('.env', 'clean');
    repo.git('push', '-q', '--force', 'origin', 'clean:main');
    const gone = await one(repo, object(repo, blob));
    expect(gone.pushed).toMatchObject({ pushed: 'yes', gone: true, at: pushedAt });
  });

  it('is not claimed of what stayed here, and is open where nothing can tell', async () => {
    const { repo } = withRemote();
    repo.git('push', '-q', 'origin', 'main');
    repo.commit('later', 'another key');
    const later = object(repo, repo.id('HEAD:later'));
    expect((await one(repo, later)).pushed).toEqual({ pushed: 'no' });
    expect((await one(repo, later, { as: { workTree: undefined } })).pushed).toMatchObject({ pushed: 'unknown' });
    rmSync(join(repo.path, '.git', 'logs', 'refs', 'remotes'), { recursive: true });
    expect((await one(repo, later)).pushed).toMatchObject({ pushed: 'unknown' });
  });

  it('has the date of the commit as its earliest time in a clone', async () => {
    const { repo, blob } = withRemote();
    repo.git('push', '-q', 'origin', 'main');
    const clone = new Repo('none');
    clone.git('clone', '-q', repo.git('config', 'remote.origin.url'), '.');
    const found = await one(clone, object(clone, blob));
    const at = Number(repo.git('show', '-s', '--format=%ct', 'HEAD')) * 1000;
    expect(found.pushed).toEqual({ pushed: 'yes', remote: 'origin', at: undefined, earliest: at });
  });

  it('asks a host whether it is public only when told to, without the credential of the address', async () => {
    const { repo, blob } = withRemote();
    repo.git('push', '-q', 'origin', 'main');
    repo.git('remote', 'set-url', 'origin', 'https://user:made-up@git.example.com/team/repo.git');
    const where = [object(repo, blob)];
    expect((await explained(repo, where)).asked).toEqual([]);
    const answers = [
      [{ status: 200, headers: {}, body: '001e# service=git-upload-pack\n' }, true],
      [{ status: 404, headers: {}, body: '' }, false],
      [{ status: 200, headers: {}, body: '<html>sign in</html>' }, undefined],
      [{ status: 503, headers: {}, body: '' }, undefined],
    ] as const;
    for (const [answer, wanted] of answers) {
      const { findings, asked } = await explained(repo, [...where, ...where], { askRemotes: true, answer });
      expect(findings.map((found) => found.public)).toEqual([wanted, wanted]);
      expect(asked.map(({ url }) => url)).toEqual(['https://git.example.com/team/repo.git/info/refs?service=git-upload-pack']);
    }
  });
});

describe('repositories that are not whole', () => {
  it('a shallow clone: what its oldest commit has counts as brought by it', async () => {
    const repo = new Repo();
    repo.commit('.env', 'key');
    repo.commit('b', 'b');
    repo.commit('c', 'c');
    const clone = new Repo('none');
    clone.git('clone', '-q', '--depth', '1', `file://${repo.path}`, '.');
    const found = await one(clone, object(clone, repo.id('HEAD:.env')));
    expect(steps(found)).toEqual([`introduces .env ${repo.id('HEAD')}`]);
  });

  it('a broken tree costs only the commits that have it', async () => {
    const repo = new Repo();
    const first = repo.commit('.env', 'key');
    const blob = repo.id('HEAD:.env');
    repo.commit('b', 'b');
    const broken = repo.id('HEAD^{tree}');
    repo.commit('.env', 'clean');
    rmSync(join(repo.path, '.git/objects', broken.slice(0, 2), broken.slice(2)));
    const { findings, gaps } = await explained(repo, [object(repo, blob)]);
    expect(gaps).toBeGreaterThan(0);
    expect(steps(findings[0] as Finding)).toContain(`introduces .env ${first}`);
  });

  it('an empty one has nothing to say', async () => {
    const repo = new Repo();
    expect((await explained(repo, [])).findings).toEqual([]);
    expect(readdirSync(repo.path)).toEqual(['.git']);
  });
});

it('names a key that nobody knew by a keyed hash, never by its text', async () => {
  const repo = new Repo();
  repo.commit('.env', 'key');
  const of = { format: 'github-classic-token', secret: new Secret('ghp_made-up') };
  const found = await one(repo, object(repo, repo.id('HEAD:.env')), {
    match: { ...match, of, through: ['gzip', 'zip member a\n'], partial: true },
  });
  expect(found.credential).toMatch(/^github-classic-token-[0-9a-f]{8}$/);
  expect(found.how).toBe('partial plain in zip member a\\u{a} in gzip');
});

it.each([
  ['git@github.com:o/r.git', 'https://github.com/o/r.git'],
  ['ssh://git@gitlab.example.com:2222/o/r', 'https://gitlab.example.com/o/r'],
  ['https://user:made-up@github.com/o/r/', 'https://github.com/o/r'],
  ['/srv/git/r.git', undefined],
  ['C:\\git\\r', undefined],
  ['file:///srv/r', undefined],
  ['host:r', undefined],
])('the address of %s for everybody is %s', (url, wanted) => expect(webAddress(url)).toBe(wanted));
