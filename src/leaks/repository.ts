/**
 * The repositories at a path, each with all that belongs to it: stores that it borrows from, linked work trees (also those
 * whose folder is gone), submodules (also those that no commit names any more), and repositories that merely lie in its
 * work tree.
 *
 * A path in a linked work tree leads to the repository that it is linked to: they have all refs and objects in common.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Gap } from '../search/search.ts';
import {
  commonDirOf,
  gitFileTarget,
  isGitFolder,
  namesIn,
  objectFoldersOf,
  realFolder,
  resolved,
  textOf,
} from './git-folders.ts';
import type { Repository } from './leaks.ts';

export type RepositoryPorts = Pick<Ports, 'host' | 'disk' | 'git'>;

/** Folders that are looked into for one argument. */
const mostFolders = 300_000;
const deepest = 64;

/** Problem: git/not-a-repository for a path in and below which there is none; git/absent. */
export async function repositoriesAt(
  ports: RepositoryPorts,
  paths: readonly FilePath[],
): Promise<{ readonly repositories: readonly Repository[]; readonly gaps: readonly Gap[] }> {
  const look = new Look(ports);
  const repositories: Repository[] = [];
  for (const path of paths) repositories.push(...(await look.at(resolved(ports, ports.host.folder, path))));
  return { repositories, gaps: look.gaps };
}

/** A git folder, before anything of it is read. */
interface Spot {
  readonly gitDir: FilePath;
  /** undefined: told by its configuration, if at all. */
  readonly workTree: FilePath | undefined;
}

class Look {
  readonly gaps: Gap[] = [];
  readonly #ports: RepositoryPorts;
  /** Git folders that a repository was made of, by their marks: links lead to one folder by several paths. */
  readonly #known = new Set<string>();
  #folders = 0;

  constructor(ports: RepositoryPorts) {
    this.#ports = ports;
  }

  async at(path: FilePath): Promise<Repository[]> {
    const { host, disk } = this.#ports;
    const kind = await disk.kind(path);
    const isThere = kind === 'file' || kind === 'directory';
    const above = isThere ? await this.#above(kind === 'directory' ? path : host.dirname(path)) : undefined;
    const spots = above ? [above] : kind === 'directory' ? await this.#below(path) : [];
    if (spots.length === 0) {
      throw new Problem('git/not-a-repository', {
        what: isThere ? `there is no git repository at ${printable(path)}` : `there is nothing at ${printable(path)}`,
        next: 'name a folder of a repository, or a folder that holds some',
      });
    }
    const found: Repository[] = [];
    for (const spot of spots) {
      const one = await this.#open(await this.#main(spot));
      if (one) found.push(one);
    }
    return found;
  }

  /** The nearest repository that the folder is in. */
  async #above(folder: FilePath): Promise<Spot | undefined> {
    const { host } = this.#ports;
    for (let at = folder; ; at = host.dirname(at)) {
      const names = await namesIn(this.#ports, at, at === folder ? this.gaps : []);
      const spot = names && (await this.#spot(at, names));
      if (spot || host.dirname(at) === at) return spot;
    }
  }

  /** The folder as a git folder, or as the work tree of one. */
  async #spot(folder: FilePath, names: ReadonlySet<string>): Promise<Spot | undefined> {
    const { host, disk } = this.#ports;
    if (names.has('.git')) {
      const inner = host.join(folder, '.git');
      const kind = await disk.kind(inner);
      const gitDir = kind === 'file' ? await gitFileTarget(this.#ports, inner) : inner;
      const inGitDir = gitDir === undefined ? undefined : await namesIn(this.#ports, gitDir, this.gaps);
      if (gitDir !== undefined && inGitDir && isGitFolder(inGitDir, host.basename(gitDir))) return { gitDir, workTree: folder };
      if (kind === 'file') this.gaps.push({ code: 'missing', where: inner, why: 'the git folder that it names is not there' });
    }
    if (!isGitFolder(names, host.basename(folder))) return undefined;
    return { gitDir: folder, workTree: host.basename(folder) === '.git' ? host.dirname(folder) : undefined };
  }

  /** Of a linked work tree, the repository that it is linked to. */
  async #main(spot: Spot): Promise<Spot> {
    const { host } = this.#ports;
    const gitDir = await commonDirOf(this.#ports, spot.gitDir);
    if (gitDir === spot.gitDir) return spot;
    return { gitDir, workTree: host.basename(gitDir) === '.git' ? host.dirname(gitDir) : undefined };
  }

  /** Repositories below a folder that is in none, or (with `itself`) is the work tree of one. */
  async #below(root: FilePath, itself?: FilePath): Promise<Spot[]> {
    const { host, disk } = this.#ports;
    const found: Spot[] = [];
    const walk = async (folder: FilePath, depth: number): Promise<void> => {
      if (++this.#folders > mostFolders || depth > deepest) {
        const why = 'too many folders, or folders too deep, to look for repositories in';
        if (!this.gaps.some((gap) => gap.why === why)) this.gaps.push({ code: 'stopped', where: folder, why });
        return;
      }
      const entries = await disk.list(folder).catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        this.gaps.push({ code: 'unreadable', where: folder, why: 'a folder that could not be listed' });
        return [];
      });
      const spot =
        folder === root && itself !== undefined ? undefined : await this.#spot(folder, new Set(entries.map(({ name }) => name)));
      if (spot) {
        found.push(spot);
        return;
      }
      for (const { name, kind } of entries) {
        const inner = host.join(folder, name);
        if (kind === 'directory' && inner !== itself) await walk(inner, depth + 1);
      }
    };
    await walk(root, 0);
    return found;
  }

  /** undefined: it is among those that were found before. */
  async #open(spot: Spot): Promise<Repository | undefined> {
    const { host, disk } = this.#ports;
    const gitDir = await realFolder(this.#ports, spot.gitDir);
    const { text: identity } = await disk.mark(gitDir);
    if (this.#known.has(identity)) return undefined;
    this.#known.add(identity);
    const commonDir = await commonDirOf(this.#ports, gitDir);
    const config = await this.#config(commonDir);
    const named = spot.workTree ?? (await this.#named(config.workTree, gitDir));
    const workTree = named === undefined ? undefined : await realFolder(this.#ports, named);
    const objectFolders = await objectFoldersOf(this.#ports, commonDir, this.gaps);
    const within: { kind: 'submodule' | 'worktree'; repository: Repository }[] = [];
    const add = async (kind: 'submodule' | 'worktree', inner: Spot): Promise<void> => {
      const repository = await this.#open(inner);
      if (repository) within.push({ kind, repository });
    };
    if (gitDir === commonDir) for (const inner of await this.#linked(commonDir)) await add('worktree', inner);
    for (const inner of await this.#modules(host.join(gitDir, 'modules'))) await add('submodule', inner);
    if (workTree !== undefined)
      for (const inner of await this.#below(workTree, gitDir)) await add('submodule', await this.#main(inner));
    return {
      path: workTree ?? gitDir,
      gitDir,
      commonDir,
      workTree,
      hash: config.hash,
      objectFolders,
      shallow: ((await textOf(this.#ports, host.join(commonDir, 'shallow'))) ?? '').trim() !== '',
      partial: config.promisor || (await this.#hasPromisorPack(objectFolders)),
      within,
    };
  }

  /** Work trees that are linked to it: those that were removed by hand still have their index and reflog here. */
  async #linked(commonDir: FilePath): Promise<Spot[]> {
    const { host, disk } = this.#ports;
    const folder = host.join(commonDir, 'worktrees');
    const spots: Spot[] = [];
    for (const name of (await namesIn(this.#ports, folder, this.gaps)) ?? []) {
      const gitDir = host.join(folder, name);
      const named = (await textOf(this.#ports, host.join(gitDir, 'gitdir')))?.replace(/[\r\n]+$/, '');
      const gitFile = named ? resolved(this.#ports, gitDir, named) : undefined;
      const isThere = gitFile !== undefined && (await disk.kind(gitFile)) === 'file';
      const isOurs = isThere && (await this.#isSame(await gitFileTarget(this.#ports, gitFile), gitDir));
      if ((await disk.kind(gitDir)) === 'directory') spots.push({ gitDir, workTree: isOurs ? host.dirname(gitFile) : undefined });
    }
    return spots;
  }

  /** Stores of submodules. Their names may hold slashes. */
  async #modules(folder: FilePath, depth = 0): Promise<Spot[]> {
    const { host, disk } = this.#ports;
    if (depth > deepest || (await disk.kind(folder)) !== 'directory') return [];
    const names = (await namesIn(this.#ports, folder, this.gaps)) ?? new Set<string>();
    // One that an interrupted clone left may lack some of what makes a git folder.
    const isStore =
      isGitFolder(names, host.basename(folder)) || (names.has('objects') && (names.has('config') || names.has('HEAD')));
    if (depth > 0 && isStore) return [{ gitDir: folder, workTree: undefined }];
    const inner = [...names].map((name) => this.#modules(host.join(folder, name), depth + 1));
    return (await Promise.all(inner)).flat();
  }

  /**
   * A work tree that the configuration names. It could name any folder, the person's home too: only one that names the git
   * folder in turn is its work tree.
   */
  async #named(named: string | undefined, gitDir: FilePath): Promise<FilePath | undefined> {
    const { host, disk } = this.#ports;
    if (named === undefined) return undefined;
    const folder = resolved(this.#ports, gitDir, named);
    if ((await disk.kind(folder)) !== 'directory') return undefined;
    const inner = host.join(folder, '.git');
    const back = (await disk.kind(inner)) === 'file' ? await gitFileTarget(this.#ports, inner) : inner;
    if (await this.#isSame(back, gitDir)) return folder;
    this.gaps.push({
      code: 'stopped',
      where: folder,
      why: 'a work tree that a git folder claims, but that does not name it in turn',
    });
    return undefined;
  }

  async #isSame(one: FilePath | undefined, other: FilePath): Promise<boolean> {
    const { disk } = this.#ports;
    return one !== undefined && (await disk.mark(one)).text === (await disk.mark(other)).text;
  }

  async #config(commonDir: FilePath): Promise<{ workTree: string | undefined; hash: Repository['hash']; promisor: boolean }> {
    const { host, git } = this.#ports;
    const file = host.join(commonDir, 'config');
    const { status, output } = await git.run({ gitDir: commonDir }, [
      'config',
      '--file',
      file,
      '--no-includes',
      '--null',
      '--list',
    ]);
    if (status !== 0 && (await this.#ports.disk.kind(file)) !== undefined) {
      this.gaps.push({ code: 'corrupt', where: file, why: 'git cannot read this configuration' });
    }
    const values = new Map(
      new TextDecoder()
        .decode(output)
        .split('\0')
        .map((item) => [item.split('\n', 1)[0] ?? '', item.includes('\n') ? item.slice(item.indexOf('\n') + 1) : 'true']),
    );
    const isSet = (value: string | undefined): boolean => value !== undefined && !/^(?:false|no|off|0|)$/i.test(value);
    return {
      workTree: values.get('core.worktree'),
      hash: values.get('extensions.objectformat')?.toLowerCase() === 'sha256' ? 'sha256' : 'sha1',
      promisor:
        values.has('extensions.partialclone') ||
        [...values].some(([name, value]) => /^remote\.[\s\S]*\.promisor$/.test(name) && isSet(value)),
    };
  }

  async #hasPromisorPack(objectFolders: readonly FilePath[]): Promise<boolean> {
    const { host } = this.#ports;
    for (const folder of objectFolders) {
      for (const name of (await namesIn(this.#ports, host.join(folder, 'pack'), [])) ?? [])
        if (name.endsWith('.promisor')) return true;
    }
    return false;
  }
}
