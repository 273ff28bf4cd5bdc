/**
 * Goal: in the rewritten clone nothing is left of a secret, in no writing and no kind of object; what has nothing to do with it
 * stays; the repository itself is not touched, nothing is pushed, and no secret is seen on the way.
 * Method: git-filter-repo itself over repositories with every kind of hiding place; searched by a slow look of this test's own
 * at all objects; processes are watched while it runs.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import { Secret } from '../base/secret.ts';
import { createGit } from '../platform/git.ts';
import { Needles } from '../search/needles.ts';
import type { RawFinding, Repository } from './leaks.ts';
import { rewriteHistory, withoutPassword } from './rewrite.ts';

const secret = `ghp_${'Zk3vQ9xW7mB2tR5yU8pL1nC4dF6gH0jS'}`;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function git(path: string, args: readonly string[], more: { input?: string | Buffer; name?: string } = {}): Buffer {
  const who = {
    GIT_AUTHOR_NAME: more.name ?? 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };
  const env = { PATH: process.env['PATH'] ?? '', HOME: path, ...who };
  return execFileSync('git', ['-C', path, ...args], {
    env,
    input: more.input ?? '',
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
}

function objectsOf(path: string): { id: string; type: string; body: Buffer }[] {
  const list = git(path, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'])
    .toString()
    .trim()
    .split('\n');
  return list.map((line) => {
    const [id = '', type = ''] = line.split(' ');
    return { id, type, body: git(path, ['cat-file', type, id]) };
  });
}

/** Every writing that this test plants, looked for in plain and in gzip. */
const writingsOf = (text: string): Buffer[] => [
  Buffer.from(text),
  Buffer.from(Buffer.from(`x${text}y`).toString('base64').slice(4, -4)),
  Buffer.from(text, 'utf16le'),
  Buffer.from(Buffer.from(text).toString('hex')),
];
function holding(path: string): { id: string; type: string }[] {
  return objectsOf(path).filter(({ body }) => {
    const looks = body[0] === 0x1f && body[1] === 0x8b ? [gunzipSync(body)] : [body];
    return looks.some((look) => writingsOf(secret).some((writing) => look.includes(writing)));
  });
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    for (const name of readdirSync(path).sort()) {
      const inner = join(path, name);
      if (statSync(inner).isDirectory()) walk(inner);
      else hash.update(inner).update(readFileSync(inner));
    }
  };
  walk(folder);
  return hash.digest('hex');
}

function made(): string {
  const path = mkdtempSync(join(tmpdir(), 'mcp-rotate-rewrite-'));
  folders.push(path);
  git(path, ['init', '-q', '-b', 'main']);
  const commit = (name: string, text: string | Buffer, message = 'change', author = 'Ada'): void => {
    writeFileSync(join(path, name), text);
    git(path, ['add', '-A']);
    git(path, ['commit', '-q', '-m', message], { name: author });
  };
  commit('clean', 'nothing here');
  commit('.mcp.json', `{"env":{"TOKEN":"${secret}"}}`);
  commit('.mcp.json', '{"env":{}}', `take ${secret} out again`);
  commit('coded', Buffer.from(`user:${secret}:x`).toString('base64'));
  commit('wide', Buffer.from(`key=${secret}\r\n`, 'utf16le'));
  commit('hex', Buffer.from(secret).toString('hex'));
  commit('packed.gz', gzipSync(`a log with ${secret}`));
  commit(`file-${secret}`, 'the name holds it');
  commit('by', 'the author holds it', 'change', secret);
  git(path, ['tag', '-a', '-m', `for ${secret}`, 'v1']);
  git(path, ['branch', `try-${secret}`]);
  git(path, ['notes', 'add', '-m', `see ${secret}`]);
  commit('last', 'still here');
  git(path, ['remote', 'add', 'origin', 'https://ada:made-up-password@git.example.com/a/b.git']);
  return path;
}

function repository(path: string): Repository {
  const gitDir = join(path, '.git');
  const plain = { hash: 'sha1', shallow: false, partial: false, within: [] } as const;
  return { path, gitDir, commonDir: gitDir, workTree: path, objectFolders: [join(gitDir, 'objects')], ...plain };
}

async function rewritten(path: string, text = secret) {
  await using machine = await scratchMachine();
  const clone = join(mkdtempSync(join(tmpdir(), 'mcp-rotate-clone-')), 'clean.git');
  folders.push(join(clone, '..'));
  const said: string[] = [];
  const search = async (where: string) => ({
    gaps: [],
    findings: holding(where).map(
      ({ id, type }): RawFinding => ({
        where: { kind: 'object', repository: where, object: id, type: type as 'blob' },
        match: { of: { known: 0 }, writing: 'plain', through: [], offset: 0, line: undefined },
      }),
    ),
  });
  const ports = { ...machine.ports, git: createGit(machine.ports.host) };
  const needles = new Needles([{ id: 'github-1', secret: new Secret(text) }]);
  const seen = watchArguments(text);
  try {
    const result = await rewriteHistory(ports, repository(path), needles, clone, { search, onStep: (step) => said.push(step) });
    return { result, clone, said };
  } finally {
    expect(seen.stop(), 'seen in arguments or environments').toEqual([]);
  }
}

/** Looks at what other users could see of running programs, a hundred times a second. */
function watchArguments(text: string): { stop(): string[] } {
  const seen: string[] = [];
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      for (const file of ['cmdline', 'environ']) {
        try {
          if (readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text)) seen.push(`${pid} ${file}`);
        } catch {
          // ended meanwhile
        }
      }
    }
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return seen;
    },
  };
}

describeWith(['git', 'git-filter-repo'], 'rewriting a history', () => {
  it('leaves nothing of it in any writing or kind of object, and the rest as it was', async () => {
    const path = made();
    const [before, held] = [digestOf(path), holding(path).length];
    expect(held).toBeGreaterThan(8);
    const { result, clone, said } = await rewritten(path);
    expect(holding(clone)).toEqual([]);
    const refs = git(clone, ['for-each-ref', '--format=%(refname)']).toString();
    expect(refs).not.toContain(secret);
    expect(refs).toContain('refs/heads/try-removed');
    expect(git(clone, ['show', 'main:clean']).toString()).toBe('nothing here');
    expect(git(clone, ['show', 'main:last']).toString()).toBe('still here');
    expect(git(clone, ['log', '--format=%s', 'main']).toString()).toContain('take [removed] out again');
    expect(git(clone, ['show', 'main:wide'])).toEqual(Buffer.from('key=[removed]\r\n', 'utf16le'));
    expect(() => git(clone, ['show', 'main:packed.gz'])).toThrow();
    expect(git(clone, ['fsck', '--full']).toString()).toBe('');
    // The first commit has nothing of it, all others come after one that has; one held nothing but the packed file.
    expect(result).toMatchObject({ commits: { all: 11, changed: 10, gone: 1 }, tags: 1, filesRemoved: 1, pieces: [] });
    expect(result.contributors).toEqual(['Ada', '[removed]']);
    expect(result.refs).toContain('refs/heads/try-[secret]');
    expect(result.push).toEqual([expect.stringContaining("push --force 'https://git.example.com/a/b.git'")]);
    expect(JSON.stringify([result, said])).not.toContain(secret);
    expect(JSON.stringify(result)).not.toContain('made-up-password');
    expect(digestOf(path), 'the repository itself').toBe(before);
  });

  it('changes nothing in a repository that does not hold it', async () => {
    const path = made();
    const { result, clone } = await rewritten(path, 'another-made-up-secret-Zk3vQ9xW7mB2').catch((error: { code?: string }) => {
      // What is still there is what this test's own search looks for.
      expect(error.code).toBe('leak/still-there');
      return { result: undefined, clone: undefined };
    });
    expect([result, clone]).toEqual([undefined, undefined]);
  });

  it('touches no folder that is there already', async () => {
    const path = made();
    await using machine = await scratchMachine();
    const ports = { ...machine.ports, git: createGit(machine.ports.host) };
    const needles = new Needles([{ id: 'a', secret: new Secret(secret) }]);
    const search = async () => ({ findings: [], gaps: [] });
    await expect(rewriteHistory(ports, repository(path), needles, path, { search })).rejects.toThrow('usage/wrong');
    expect(existsSync(join(path, '.git'))).toBe(true);
  });
});

it.each([
  ['https://ada:pw@git.example.com/a.git', 'https://git.example.com/a.git'],
  ['https://token@git.example.com/a.git', 'https://git.example.com/a.git'],
  ['ssh://git@git.example.com/a.git', 'ssh://git@git.example.com/a.git'],
  ['ssh://git:pw@git.example.com/a.git', 'ssh://git.example.com/a.git'],
  ['git@git.example.com:a.git', 'git@git.example.com:a.git'],
  ['/srv/a.git', '/srv/a.git'],
])('of the address %s, %s is shown', (url, shown) => expect(withoutPassword(url)).toBe(shown));
