/**
 * Goal: nothing that lives on this machine, and no key of a known format, gets into a commit through the real hook of a real
 * git, however it is staged; what is harmless passes; and every hook that was there before still runs.
 * Method: the program from source as `mcp-rotate` on the PATH, real repositories in a scratch folder, real `git commit`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chanceOf, samples } from '../kits/format-samples.ts';

const live = 'Zk29dkfLs0aPq83LmnXyTb71Wq0Rc';
const key = samples(chanceOf(42)).find(({ format }) => format === 'github-classic-token')?.key ?? '';
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let scratch: string;
let repository: string;
let env: NodeJS.ProcessEnv;
let count = 0;

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, args: readonly string[], folder = repository): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' });
  expect(`${stdout}${stderr}`).not.toContain(live);
  expect(`${stdout}${stderr}`).not.toContain(key);
  return { status, out: stdout, err: stderr };
}

const git = (...args: string[]): Ran => run('git', args);
const guard = (...args: string[]): Ran => run('mcp-rotate', ['guard', ...args]);

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), content);
}

/** Stages everything and commits; true when git made the commit. */
function commits(...args: string[]): boolean {
  git('add', '-A');
  return git('commit', '-q', '-m', 'a change', ...args).status === 0;
}

const config = (value: string, variable = 'SOME_API_KEY'): string =>
  `${JSON.stringify({ mcpServers: { a: { command: 'npx', args: ['-y', 'a-server'], env: { [variable]: value } } } }, undefined, 2)}\n`;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcp-rotate-guard-'));
  const bin = join(scratch, 'bin');
  const home = join(scratch, 'home');
  mkdirSync(join(home, '.cursor'), { recursive: true });
  mkdirSync(bin);
  writeFileSync(join(home, '.cursor', 'mcp.json'), config(live));
  writeFileSync(join(bin, 'mcp-rotate'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(bin, 'mcp-rotate'), 0o755);
  env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, GIT_CONFIG_NOSYSTEM: '1', NODE_NO_WARNINGS: '1' };
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = A\n\temail = a@example.com\n[init]\n\tdefaultBranch = main\n');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeEach(() => {
  repository = join(scratch, `home/work/r${++count}`);
  mkdirSync(repository, { recursive: true });
  execFileSync('git', ['init', '-q'], { cwd: repository, env });
});

describe('guard run, by the hook of git', () => {
  it.each([
    ['.mcp.json', config(live)],
    [
      '.vscode/mcp.json',
      `{\n  // mine\n  "servers": { "a": { "url": "https://x.dev/mcp", "headers": { "Authorization": "Bearer ${live}" } } }\n}\n`,
    ],
    ['claude_desktop_config.json', config(live)],
    ['.codex/config.toml', `[mcp_servers.a]\ncommand = "npx"\n[mcp_servers.a.env]\nTOKEN = "${live}"\n`],
    ['notes.md', `base64: ${Buffer.from(`x${live}y`).toString('base64')}\n`],
    ['data.bin', Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(live), Buffer.from([0])])],
    ['dump.gz', gzipSync(`a\n${live}\n`)],
    [`name-${live}.txt`, 'nothing in it\n'],
  ])('stops a live credential in the first commit: %s', (path, content) => {
    guard('install', '--yes');
    write(path, content);
    git('add', '-A');
    const { status, err } = git('commit', '-q', '-m', 'a change');
    expect(status).not.toBe(0);
    expect(err).toContain('blocked: 1 secret');
    expect(err).toMatch(/unknown-\w{4,}, a credential that works now/);
    expect(git('rev-parse', '--verify', '-q', 'HEAD').status).not.toBe(0);
  });

  it('stops keys of formats and of configs that nobody knew, and says where and how out', () => {
    guard('install', '--yes');
    write('.mcp.json', config('q8Z1mfk3Lw0Pz7Vt', 'ACME_API_KEY'));
    write('src/a.ts', `one\ntwo\nconst token = '${key}';\n`);
    git('add', '-A');
    const { status, err } = git('commit', '-q', '-m', 'a change');
    expect(status).not.toBe(0);
    expect(err).toContain('src/a.ts:3\n      GitHub classic personal access token\n      key:');
    expect(err).toContain('.mcp.json:10\n      key in the config of an MCP server\n      place:');
    expect(err).toContain('Two ways out');
    expect(err).not.toContain('q8Z1mfk3Lw0Pz7Vt');
  });

  it('lets pass what is none, and what is dead text', () => {
    guard('install', '--yes');
    write('.mcp.json', config('${ACME_API_KEY}', 'ACME_API_KEY'));
    write(
      '.vscode/mcp.json',
      `{ "servers": { "a": { "command": "npx", "env": { "TOKEN": "\${input:token}", "KEY": "<your-key>" } } } }\n`,
    );
    write('README.md', 'postgres://user:password@localhost/db AKIAIOSFODNN7EXAMPLE ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n');
    symlinkSync('README.md', join(repository, 'link'));
    expect(commits()).toBe(true);
  });

  it('judges what is staged, not what lies in the work tree', () => {
    guard('install', '--yes');
    write('a.txt', `${live}\n`);
    git('add', 'a.txt');
    write('a.txt', 'clean\n');
    expect(git('commit', '-q', '-m', 'x').status).not.toBe(0);
    git('add', 'a.txt');
    write('a.txt', `${live}\n`);
    expect(git('commit', '-q', '-m', 'x').status).toBe(0);
    // `commit -a` and a partial commit have an index of their own.
    expect(git('commit', '-q', '-a', '-m', 'x').status).not.toBe(0);
    expect(git('commit', '-q', '-m', 'x', 'a.txt').status).not.toBe(0);
    write('b.txt', 'clean\n');
    git('add', '-N', 'a.txt');
    git('add', 'b.txt');
    expect(git('commit', '-q', '-m', 'x', 'b.txt').status).toBe(0);
  });

  it('stops a live credential that merely stays in an edited, moved or linked file; an old key of a format only in a changed line', () => {
    write('a.txt', `first\n${live}\n`);
    write('b.txt', `first\n${key}\n`);
    git('add', '-A');
    git('commit', '-q', '-m', 'before there was a guard');
    guard('install', '--yes');
    write('b.txt', `changed\n${key}\n`);
    git('add', 'b.txt');
    expect(git('commit', '-q', '-m', 'x').status).toBe(0);
    renameSync(join(repository, 'b.txt'), join(repository, 'c.txt'));
    expect(commits()).toBe(false);
    git('reset', '-q', '--hard');
    write('b.txt', `changed\n  ${key}\n`);
    expect(commits()).toBe(false);
    git('reset', '-q', '--hard');
    write('a.txt', `changed\n${live}\n`);
    expect(commits()).toBe(false);
    git('reset', '-q', '--hard');
    symlinkSync(`/x/${live}`, join(repository, 'link'));
    expect(commits()).toBe(false);
  });

  it('does not stop a merge for what the other side brought, but for what the merge itself adds', () => {
    write('a.txt', 'one\n');
    commits();
    git('checkout', '-q', '-b', 'side');
    write('a.txt', `side\n`);
    write('fixture.txt', `${key}\n`);
    commits();
    git('checkout', '-q', 'main');
    write('a.txt', 'main\n');
    commits();
    guard('install', '--yes');
    git('merge', '-q', 'side');
    write('a.txt', `both\n${samples(chanceOf(43)).find(({ format }) => format === 'npm-token')?.key}\n`);
    expect(commits()).toBe(false);
    write('a.txt', 'both\n');
    expect(commits()).toBe(true);
  });

  it('shows hostile names as text, and works in a linked work tree', () => {
    write('a.txt', 'one\n');
    commits();
    guard('install', '--yes');
    git('worktree', 'add', '-q', '../tree', '-b', 'tree');
    const [main, tree] = [repository, join(dirname(repository), 'tree')];
    repository = tree;
    write('a\n\u001b[2Jblocked: 0.txt', `${live}\n`);
    git('add', '-A');
    const { status, err } = git('commit', '-q', '-m', 'x');
    repository = main;
    rmSync(tree, { recursive: true });
    expect(status).not.toBe(0);
    expect(err).toContain('a\\u{a}\\u{1b}[2Jblocked: 0.txt:1');
    expect(err).not.toContain('\u001b[2J');
  });

  it('takes the allowlist as staged, with reason and end, and never for a live credential', () => {
    guard('install', '--yes');
    write('a.txt', `${key}\n`);
    git('add', '-A');
    const fingerprint = /key:[0-9a-f]{20}/.exec(git('commit', '-q', '-m', 'x').err)?.[0] ?? '';
    const until = new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10);
    write('.mcp-rotate-allow', `${fingerprint} until ${until}\n${fingerprint} until 2020-01-01 only for a test of the guard\n`);
    git('add', '-A');
    const refused = git('commit', '-q', '-m', 'x');
    expect(refused.status).not.toBe(0);
    expect(refused.err).toContain('.mcp-rotate-allow:1: it has no reason');
    expect(refused.err).toContain('.mcp-rotate-allow:2: its last day was 2020-01-01');
    write('.mcp-rotate-allow', `# ours\n${fingerprint} until ${until} made for a test of the guard\n`);
    expect(git('commit', '-q', '-m', 'x').status).not.toBe(0);
    git('add', '-A');
    const passed = git('commit', '-q', '-m', 'x');
    expect(passed.status).toBe(0);
    expect(passed.err.replace(/\s+/g, ' ')).toContain(
      'allowed a.txt:1: GitHub classic personal access token (made for a test of the guard)',
    );
    write(
      '.mcp-rotate-allow',
      `path:** until ${until} everything is allowed here\npath:secret/* until ${until} made for a test of the guard\n`,
    );
    write('secret/a.txt', `${live}\n`);
    git('add', '-A');
    const never = git('commit', '-q', '-m', 'x');
    expect(never.status).not.toBe(0);
    expect(never.err).toContain('it allows every file');
    const { out } = guard('history');
    expect(out).toMatch(/allowed\n {2}GitHub classic personal access token in a\.txt:1/);
    expect(out).toMatch(/blocked\n {2}unknown-\w+ in secret\/a\.txt:1/);
  });
});

describe('guard install', () => {
  const blocks = (): boolean => {
    write('leak.txt', `${live}\n`);
    const blocked = !commits();
    git('rm', '-q', '--cached', 'leak.txt');
    rmSync(join(repository, 'leak.txt'));
    return blocked;
  };
  const hookFile = (): string => join(repository, '.git/hooks/pre-commit');

  it('is shown and asked first, is put in once, and taken out to the last byte', () => {
    expect(guard('install')).toMatchObject({ status: 2 });
    expect(existsSync(hookFile())).toBe(false);
    expect(guard('install', '--yes').status).toBe(0);
    expect(guard('install', '--yes').out).toBe('the guard is in already\n');
    expect(guard('uninstall', '--yes').out).toBe('the guard is out\n');
    expect(existsSync(hookFile())).toBe(false);
  });

  it.each([
    ['a shell script that ends itself', '#!/usr/bin/env bash\nset -eu\necho theirs >> ran\nexec true\n'],
    ['a script of another kind', `#!${process.execPath}\nrequire('node:fs').appendFileSync('ran', 'theirs')\n`],
  ])('leaves %s at work beside ours', (_what, theirs) => {
    writeFileSync(hookFile(), theirs, { mode: 0o755 });
    guard('install', '--yes');
    expect(blocks()).toBe(true);
    write('a.txt', 'clean\n');
    expect(commits()).toBe(true);
    expect(readFileSync(join(repository, 'ran'), 'utf8')).toContain('theirs');
    guard('uninstall', '--yes');
    expect(readFileSync(hookFile(), 'utf8')).toBe(theirs);
    expect(existsSync(`${hookFile()}.before-mcp-rotate`)).toBe(false);
  });

  it('goes where core.hooksPath leads, and says when that is for all repositories', () => {
    const shared = join(scratch, 'hooks');
    mkdirSync(shared, { recursive: true });
    git('config', '--global', 'core.hooksPath', shared);
    try {
      const { err } = guard('install', '--yes');
      expect(err.replace(/\s+/g, ' ')).toContain('this hook runs in all your repositories');
      expect(blocks()).toBe(true);
      guard('uninstall', '--yes');
      expect(existsSync(join(shared, 'pre-commit'))).toBe(false);
    } finally {
      git('config', '--global', '--unset', 'core.hooksPath');
    }
  });

  it('goes into the file of husky', () => {
    write('.husky/_/h', '#!/usr/bin/env sh\nexec sh -e ".husky/$(basename "$0")"\n');
    write('.husky/_/pre-commit', '#!/usr/bin/env sh\n. "${0%/*}/h"\n');
    chmodSync(join(repository, '.husky/_/pre-commit'), 0o755);
    write('.husky/pre-commit', 'echo theirs >> ran\n');
    git('config', 'core.hooksPath', '.husky/_');
    guard('install', '--yes');
    expect(readFileSync(join(repository, '.husky/pre-commit'), 'utf8')).toMatch(
      /^# >>> mcp-rotate guard >>>[\s\S]+<<<\necho theirs >> ran\n$/,
    );
    expect(blocks()).toBe(true);
    guard('uninstall', '--yes');
    expect(readFileSync(join(repository, '.husky/pre-commit'), 'utf8')).toBe('echo theirs >> ran\n');
  });

  it('goes into the lists of lefthook and of the pre-commit framework', () => {
    write('lefthook.yml', 'pre-commit:\n  commands:\n    theirs:\n      run: true\n');
    guard('install', '--yes');
    expect(readFileSync(join(repository, 'lefthook-local.yml'), 'utf8')).toContain('    mcp-rotate-guard:\n      run: "');
    guard('uninstall', '--yes');
    expect(existsSync(join(repository, 'lefthook-local.yml'))).toBe(false);
    write('lefthook-local.yml', 'pre-commit:\n  commands: {}\n');
    expect(guard('install', '--yes').err).toContain('[guard/by-hand]');

    const theirs =
      'default_stages: [pre-commit]\nrepos:\n  - repo: https://github.com/gitleaks/gitleaks\n    rev: v8.26.0\n    hooks:\n      - id: gitleaks\n\nci:\n  skip: []\n';
    write('.pre-commit-config.yaml', theirs);
    guard('install', '--yes');
    const ours = readFileSync(join(repository, '.pre-commit-config.yaml'), 'utf8');
    expect(ours).toContain(
      '      - id: gitleaks\n  # >>> mcp-rotate guard >>>\n  - repo: local\n    hooks:\n      - id: mcp-rotate-guard\n',
    );
    expect(ours).toContain('\n\nci:\n  skip: []\n');
    guard('uninstall', '--yes');
    expect(readFileSync(join(repository, '.pre-commit-config.yaml'), 'utf8')).toBe(theirs);
  });

  it('lets commits pass, and says so, when mcp-rotate is gone', () => {
    guard('install', '--yes');
    write('a.txt', 'clean\n');
    git('add', '-A');
    const path = env['PATH'] ?? '';
    env = { ...env, PATH: path.slice(path.indexOf(':') + 1) };
    try {
      const { status, err } = git('commit', '-q', '-m', 'x');
      expect(status).toBe(0);
      expect(err).toContain('this commit was NOT looked at');
    } finally {
      env = { ...env, PATH: path };
    }
  });
});
