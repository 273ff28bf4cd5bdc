/**
 * Goal: git tells what it knows of any repository, and no program that the repository names is run.
 * Method: real git. A repository that names a program wherever git could run one, each leaving a trace; the same commands
 * as a person would run them are the control. Then what each way of asking promises: stores without their repository, paths
 * that need quoting, SHA-256, bounds of time and output, the environment of a hook.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostileRepository, testGit } from '../../test/kits/hostile-repository.ts';
import { describeWith } from '../../test/parts.ts';
import { twinHost } from '../../test/twins/host.ts';
import { Problem } from '../base/problem.ts';
import type { Git } from '../ports/git.ts';
import { createGit } from './git.ts';

let folder: string;
let git: Git;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-test-')));
  mkdirSync(join(folder, 'home'));
  git = gitWith({});
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function gitWith(env: Readonly<Record<string, string>>): Git {
  return createGit(twinHost({ env: { PATH: process.env['PATH'] ?? '', ...env }, home: join(folder, 'home') }));
}

function repository(name = 'plain', ...init: string[]): string {
  const at = join(folder, name);
  mkdirSync(at);
  testGit(at, ['init', '-q', ...init]);
  writeFileSync(join(at, 'file.txt'), 'hello\n');
  testGit(at, ['add', '.']);
  testGit(at, ['commit', '-qm', 'first']);
  return at;
}

const asked: readonly (readonly string[])[] = [
  ['ls-files', '-z', '-t', '--cached', '--others', '--exclude-standard'],
  ['ls-files', '-z', '--modified'],
  ['status', '--porcelain', '-z'],
  ['diff', '--no-color'],
  ['diff', '--cached'],
  ['diff', '--stat', 'HEAD'],
  ['diff-files', '-p'],
  ['diff-index', '-p', 'HEAD'],
  ['log', '-p', '--all', '--raw', '-m'],
  ['show', 'HEAD'],
  ['grep', '--textconv', 'two'],
  ['blame', 'a.txt'],
  ['for-each-ref'],
  ['rev-list', '--all', '--objects'],
  ['cat-file', '--batch-all-objects', '--batch-check'],
  ['reflog', '--all'],
  ['cat-file', 'blob', '1234567890123456789012345678901234567890'],
];

describeWith(['git'], 'git', () => {
  it('runs no program that a repository names', async () => {
    const hostile = hostileRepository(folder);
    for (const args of asked) {
      const { status } = await git.run(hostile, args);
      expect(hostile.ran(), args.join(' ')).toEqual([]);
      // Only the object that is nowhere is a failure.
      expect(status, args.join(' ')).toBe(args[1] === 'blob' ? 128 : 0);
    }
    for (const args of asked.slice(7)) {
      await git.objects({ folders: [join(hostile.gitDir, 'objects')], hash: 'sha1' }, args);
      expect(hostile.ran(), args.join(' ')).toEqual([]);
    }
    // The control: these are real traps.
    for (const args of asked) {
      try {
        testGit(hostile.workTree, args);
      } catch {
        // it may fail after it ran the program
      }
    }
    expect(hostile.ran()).toEqual(
      expect.arrayContaining([
        'core.fsmonitor',
        'diff.evil.command',
        'diff.evil.textconv',
        'filter.a-b.clean',
        'filter.evil.clean',
        'filter.included.clean',
        'filter.submodule.clean',
        'gpg.program',
        'remote-ext',
        'submodule-fsmonitor',
      ]),
    );
  });

  it('tells of the work tree what a person would see', async () => {
    const hostile = hostileRepository(folder);
    const { output } = await git.run(hostile, ['diff', '--cached', '--name-only', '-z']);
    expect(text(output)).toBe('a.txt\0');
    const modified = await git.run(hostile, ['diff', '--name-only', '-z']);
    expect(text(modified.output)).toBe('a.txt\0b.odd\0c.inc\0');
  });

  it('refuses where a program cannot be switched off', async () => {
    const at = repository();
    writeFileSync(join(at, '.git', 'config'), Buffer.from('[filter "\xff"]\n\tclean = false\n', 'latin1'), { flag: 'a' });
    const asking = git.run({ gitDir: join(at, '.git'), workTree: at }, ['status']);
    await expect(asking).rejects.toMatchObject({ code: 'git/failed' });
    expect((await git.run({ gitDir: join(at, '.git') }, ['for-each-ref'])).status).toBe(0);
  });

  it('asks the environment for no repository, index or trace', async () => {
    const at = repository();
    const other = repository('other');
    testGit(other, ['tag', 'other']);
    const trace = join(folder, 'trace');
    const env = {
      GIT_DIR: join(other, '.git'),
      GIT_TRACE: trace,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'x',
      GIT_PAGER: 'false',
    };
    const { output } = await gitWith(env).run({ gitDir: join(at, '.git') }, ['for-each-ref']);
    expect(text(output)).toContain('refs/heads/main');
    expect(text(output)).not.toContain('other');
    expect(existsSync(trace)).toBe(false);
  });

  it('reads a repository that belongs to another user', async () => {
    const at = repository();
    const away = [join(at, '.git'), at];
    // Only an administrator can give a folder away; anybody else still asks about a folder that everybody may write to.
    for (const each of away) {
      if (process.getuid?.() === 0) chownSync(each, 65534, 65534);
      else chmodSync(each, 0o777);
    }
    const { status, output } = await git.run({ gitDir: join(at, '.git'), workTree: at }, ['log', '--format=%s']);
    expect([status, text(output)]).toEqual([0, 'first\n']);
  });

  it('goes to no work tree that a configuration names', async () => {
    const at = repository();
    for (const named of ['/nowhere', folder]) {
      testGit(at, ['config', 'core.worktree', named], { GIT_WORK_TREE: at });
      expect((await git.run({ gitDir: join(at, '.git') }, ['for-each-ref'])).status).toBe(0);
      const { output } = await git.run({ gitDir: join(at, '.git'), workTree: at }, ['ls-files', '-z', '--cached', '--others']);
      expect(text(output)).toBe('file.txt\0');
    }
  });

  it('asks a commit in the making by its own index', async () => {
    const at = repository();
    const index = join(folder, 'index');
    const blob = testGit(at, ['hash-object', '-w', '--stdin'], {}, 'new\n').trim();
    testGit(at, ['update-index', '--add', '--cacheinfo', `100644,${blob},staged.txt`], { GIT_INDEX_FILE: index });
    const listed = await git.run({ gitDir: join(at, '.git'), workTree: at, index }, ['ls-files', '-z']);
    expect(text(listed.output)).toBe('staged.txt\0');
  });

  it('reads stores under paths that need quoting, and those of SHA-256', async () => {
    const at = repository('a:b "c" \\ d\ne', '--object-format=sha256');
    const stores = { folders: [join(at, '.git', 'objects')], hash: 'sha256' as const };
    const head = testGit(at, ['rev-parse', 'HEAD']).trim();
    expect(head).toHaveLength(64);
    const { status, output } = await git.objects(stores, ['log', '--stdin', '--format=%s'], { input: `${head}\n` });
    expect([status, text(output)]).toEqual([0, 'first\n']);
  });

  it('joins several stores, and does not read their configuration', async () => {
    const [one, two] = [repository('one'), repository('two')];
    writeFileSync(join(two, 'second.txt'), 'two\n');
    testGit(two, ['add', '.']);
    testGit(two, ['commit', '-qm', 'second']);
    writeFileSync(join(one, '.git', 'config'), '[core\n');
    const folders = [one, two].map((each) => join(each, '.git', 'objects'));
    const { output } = await git.objects({ folders, hash: 'sha1' }, [
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objecttype)',
    ]);
    const types = text(output).trim().split('\n').sort();
    expect(types.filter((type) => type === 'blob')).toHaveLength(2);
    expect((await git.run({ gitDir: join(one, '.git') }, ['for-each-ref'])).status).not.toBe(0);
  });

  it('shows history as it is stored, whatever replaces it', async () => {
    const at = repository();
    const head = testGit(at, ['rev-parse', 'HEAD']).trim();
    writeFileSync(join(at, 'file.txt'), 'second\n');
    testGit(at, ['commit', '-qam', 'second']);
    testGit(at, ['replace', '--graft', 'HEAD']);
    writeFileSync(join(at, '.git', 'info', 'grafts'), `${testGit(at, ['rev-parse', 'HEAD']).trim()}\n`);
    const { output } = await git.run({ gitDir: join(at, '.git') }, ['rev-list', 'main']);
    expect(text(output)).toContain(head);
  });

  it('leaves nothing behind, in the repository or beside it', async () => {
    const at = repository();
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    const before = readdirSync(join(at, '.git'));
    const was = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    try {
      await git.objects({ folders: [join(at, '.git', 'objects')], hash: 'sha1' }, [
        'cat-file',
        '--batch-all-objects',
        '--batch-check',
      ]);
      await git.run({ gitDir: join(at, '.git'), workTree: at }, ['status']);
    } finally {
      if (was === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = was;
    }
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(join(at, '.git'))).toEqual(before);
  });

  it('ends what takes too long, says too much or is no longer wanted', async () => {
    const at = repository();
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    testGit(at, ['config', 'include.path', fifo]);
    const gitDir = join(at, '.git');
    const slow = await git.run({ gitDir }, ['for-each-ref'], { timeoutMs: 300 });
    expect(slow.status).toBe(null);
    const going = git.run({ gitDir }, ['for-each-ref'], { signal: AbortSignal.timeout(100) });
    await expect(going).rejects.toMatchObject({ name: 'TimeoutError' });
    const much = git.objects(
      { folders: [join(gitDir, 'objects')], hash: 'sha1' },
      ['cat-file', '--batch-all-objects', '--batch'],
      {
        mostOutput: 16,
      },
    );
    await expect(much).rejects.toMatchObject({ code: 'git/failed', what: expect.stringContaining('git cat-file') });
  });

  it('brings back output larger than a pipe, byte by byte', async () => {
    const at = repository();
    const bytes = Buffer.alloc(
      3_000_000,
      Uint8Array.from({ length: 256 }, (_, value) => value),
    );
    const id = testGit(at, ['hash-object', '-w', '--stdin'], {}, bytes).trim();
    const { output } = await git.run({ gitDir: join(at, '.git') }, ['cat-file', '--batch'], { input: `${id}\n` });
    expect(Buffer.from(output).indexOf(bytes)).toBe(`${id} blob 3000000\n`.length);
  });

  it('acts as the person in the folder that is named, also within a hook', async () => {
    const at = repository();
    const other = repository('other');
    const before = process.env['GIT_DIR'];
    process.env['GIT_DIR'] = join(other, '.git');
    try {
      const { status } = await git.asPerson(at, ['config', 'core.hooksPath', 'hooks']);
      expect(status).toBe(0);
    } finally {
      if (before === undefined) delete process.env['GIT_DIR'];
      else process.env['GIT_DIR'] = before;
    }
    expect(testGit(at, ['config', 'core.hooksPath']).trim()).toBe('hooks');
  });

  it('says which git there is, or that there is none', async () => {
    expect(await git.version()).toMatch(/^\d+\.\d+/);
    const none = gitWith({ PATH: join(folder, 'empty') });
    expect(await none.version()).toBe(undefined);
    const asking = none.run({ gitDir: folder }, ['for-each-ref']);
    await expect(asking).rejects.toBeInstanceOf(Problem);
    await expect(asking).rejects.toMatchObject({ code: 'git/absent' });
  });
});
