/**
 * Goal: whatever path of a repository is named, all that belongs to it is found, and what is not there is said.
 * Method: repositories made by real git, each then damaged, moved or linked as people and programs do it.
 */
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testGit } from '../../test/kits/hostile-repository.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import { createGit } from '../platform/git.ts';
import type { FilePath } from '../ports/disk.ts';
import { alternateIn } from './git-folders.ts';
import type { Repository } from './leaks.ts';
import { repositoriesAt } from './repository.ts';

const look = (machine: Machine, ...paths: FilePath[]) =>
  repositoriesAt({ ...machine.ports, git: createGit(machine.ports.host) }, paths);

async function only(machine: Machine, path: FilePath): Promise<Repository> {
  const { repositories, gaps } = await look(machine, path);
  expect(gaps).toEqual([]);
  expect(repositories).toHaveLength(1);
  return repositories[0] as Repository;
}

function repository(machine: Machine, name: string, ...init: string[]): FilePath {
  const at = join(machine.home, name);
  mkdirSync(at, { recursive: true });
  testGit(at, ['init', '-q', ...init]);
  writeFileSync(join(at, 'file.txt'), `${name}\n`);
  testGit(at, ['add', '.']);
  testGit(at, ['commit', '-qm', 'first']);
  return at;
}

const within = ({ within: list }: Repository) => list.map(({ kind, repository: one }) => [kind, one.path]);

describeWith(['git'], 'repositories', () => {
  it('are found from any path in them', async () => {
    await using machine = await scratchMachine();
    const at = repository(machine, 'plain');
    mkdirSync(join(at, 'folder', 'below'), { recursive: true });
    for (const path of [
      at,
      join(at, 'folder/below'),
      join(at, 'file.txt'),
      join(at, '.git'),
      join(at, '.git/refs/heads'),
      `${at}/`,
    ]) {
      expect(await only(machine, path), path).toEqual({
        path: at,
        gitDir: join(at, '.git'),
        commonDir: join(at, '.git'),
        workTree: at,
        hash: 'sha1',
        objectFolders: [join(at, '.git/objects')],
        shallow: false,
        partial: false,
        within: [],
      });
    }
  });

  it('are found bare, of SHA-256, below a folder, and each once', async () => {
    await using machine = await scratchMachine();
    const one = repository(machine, 'all/deep/one', '--object-format=sha256');
    testGit(machine.home, ['clone', '-q', '--mirror', one, join(machine.home, 'all/two.git')]);
    symlinkSync(join(machine.home, 'all'), join(machine.home, 'link'));
    const { repositories, gaps } = await look(machine, join(machine.home, 'all'), one, join(machine.home, 'link/two.git'));
    expect(gaps).toEqual([]);
    expect(repositories.map(({ path, workTree, hash }) => [path, workTree, hash])).toEqual([
      [one, one, 'sha256'],
      [join(machine.home, 'all/two.git'), undefined, 'sha256'],
    ]);
  });

  it('are a problem where there is none', async () => {
    await using machine = await scratchMachine();
    mkdirSync(join(machine.home, 'nothing/here'), { recursive: true });
    for (const path of ['nothing', 'absent']) {
      await expect(look(machine, join(machine.home, path))).rejects.toMatchObject({ code: 'git/not-a-repository' });
    }
    writeFileSync(join(machine.home, 'nothing/.git'), 'gitdir: /nowhere\n');
    await expect(look(machine, join(machine.home, 'nothing'))).rejects.toMatchObject({ code: 'git/not-a-repository' });
  });

  it('have linked work trees, also those whose folder is gone, from whichever one is named', async () => {
    await using machine = await scratchMachine();
    const at = repository(machine, 'main');
    const [linked, gone] = [join(machine.home, 'linked'), join(machine.home, 'gone')];
    testGit(at, ['worktree', 'add', '-q', linked]);
    testGit(at, ['worktree', 'add', '-q', gone]);
    rmSync(gone, { recursive: true });
    for (const path of [at, linked]) {
      const found = await only(machine, path);
      expect(found.path).toBe(at);
      expect(within(found)).toEqual([
        ['worktree', join(at, '.git/worktrees/gone')],
        ['worktree', linked],
      ]);
      expect(found.within.map(({ repository: one }) => [one.gitDir, one.commonDir, one.workTree])).toEqual([
        [join(at, '.git/worktrees/gone'), join(at, '.git'), undefined],
        [join(at, '.git/worktrees/linked'), join(at, '.git'), linked],
      ]);
    }
  });

  it('have submodules, also those that are in no tree any more, and what merely lies in their work tree', async () => {
    await using machine = await scratchMachine();
    const [inner, at] = [repository(machine, 'inner'), repository(machine, 'main')];
    testGit(at, ['submodule', 'add', '-q', '--name', 'a/b', inner, 'sub']);
    testGit(at, ['submodule', 'add', '-q', inner, 'old']);
    testGit(at, ['rm', '-qf', 'old']);
    const nested = repository(machine, 'main/vendor/nested');
    const bare = join(at, 'fixtures/repo.git');
    testGit(at, ['clone', '-q', '--bare', inner, bare]);
    const found = await only(machine, at);
    expect(within(found).sort()).toEqual([
      ['submodule', join(at, '.git/modules/old')],
      ['submodule', bare],
      ['submodule', join(at, 'sub')],
      ['submodule', nested],
    ]);
    expect(found.within.find(({ repository: { path } }) => path === join(at, 'sub'))?.repository.gitDir).toBe(
      join(at, '.git/modules/a/b'),
    );
    expect((await only(machine, join(at, 'sub'))).gitDir).toBe(join(at, '.git/modules/a/b'));
  });

  it('borrow objects: relative, quoted, of others in turn, in a circle, and from stores that are gone', async () => {
    await using machine = await scratchMachine();
    const store = (name: string) => join(machine.home, name, '.git/objects');
    const names = ['one', 'two', 'a "b" \\ ö'];
    const [at = ''] = names.map((name) => repository(machine, name));
    const quoted = '"../../../a \\"b\\" \\\\ \\303\\266/.git/objects"';
    writeFileSync(join(store('one'), 'info/alternates'), `# comment\n../../../two/.git/objects\n/gone/objects\n`);
    writeFileSync(join(store('two'), 'info/alternates'), `${quoted}\n${store('one')}\n`);
    mkdirSync(join(store('one'), 'tmp_objdir-incoming-Ab12'));
    const { repositories, gaps } = await look(machine, at);
    expect(new Set(repositories[0]?.objectFolders)).toEqual(
      new Set([...names.map(store), join(store('one'), 'tmp_objdir-incoming-Ab12')]),
    );
    expect(gaps).toEqual([{ code: 'missing', where: '/gone/objects', why: expect.any(String) }]);
  });

  it('say that they are shallow or partial', async () => {
    await using machine = await scratchMachine();
    const origin = repository(machine, 'origin');
    testGit(origin, ['commit', '-qm', 'second', '--allow-empty']);
    testGit(origin, ['config', 'uploadpack.allowFilter', 'true']);
    const clone = (name: string, ...options: string[]) => {
      testGit(machine.home, ['clone', '-q', ...options, `file://${origin}`, join(machine.home, name)]);
      return only(machine, join(machine.home, name));
    };
    expect(await clone('shallow', '--depth=1')).toMatchObject({ shallow: true, partial: false });
    expect(await clone('partial', '--filter=blob:none', '--no-checkout')).toMatchObject({ shallow: false, partial: true });
  });

  it('are found although they are damaged', async () => {
    await using machine = await scratchMachine();
    const at = repository(machine, 'broken');
    rmSync(join(at, '.git/HEAD'));
    writeFileSync(join(at, '.git/config'), '[core\n');
    const { repositories, gaps } = await look(machine, at);
    expect(repositories.map(({ path, objectFolders }) => [path, objectFolders])).toEqual([[at, [join(at, '.git/objects')]]]);
    expect(gaps).toEqual([{ code: 'corrupt', where: join(at, '.git/config'), why: expect.any(String) }]);
  });

  it('have copies of git folders, and stores that an interrupted clone left', async () => {
    await using machine = await scratchMachine();
    const at = repository(machine, 'main');
    cpSync(join(at, '.git'), join(at, 'old/.git.bak'), { recursive: true });
    cpSync(join(at, 'old/.git.bak'), join(at, '.git/modules/half/done'), { recursive: true });
    rmSync(join(at, '.git/modules/half/done/HEAD'));
    expect(within(await only(machine, at))).toEqual([
      ['submodule', join(at, '.git/modules/half/done')],
      ['submodule', join(at, 'old/.git.bak')],
    ]);
  });

  it('do not claim folders that know nothing of them', async () => {
    await using machine = await scratchMachine();
    const bare = join(machine.home, 'claims.git');
    testGit(machine.home, ['init', '-q', '--bare', bare]);
    testGit(bare, ['config', 'core.bare', 'false']);
    testGit(bare, ['config', 'core.worktree', machine.home]);
    const { repositories, gaps } = await look(machine, bare);
    expect(repositories[0]?.workTree).toBe(undefined);
    expect(gaps).toEqual([{ code: 'stopped', where: machine.home, why: expect.any(String) }]);
    expect(existsSync(bare)).toBe(true);
  });

  it('name what they borrow from in lines', () => {
    expect(['', '# x', '/a b', '"/a\\nb"', '"/a\\tb\\134"', '"not closed', 'a"b'].map(alternateIn)).toEqual([
      undefined,
      undefined,
      '/a b',
      '/a\nb',
      '/a\tb\\',
      '"not closed',
      'a"b',
    ]); // prettier-ignore
  });
});
