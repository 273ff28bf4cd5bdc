/**
 * The files of repositories: everything in their git folders but the objects, and their work trees with what is untracked and
 * ignored. All folders are walked in one search; what was found is put to its repository by the nearest root above it.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { FileMatch, SearchControl, Sought } from '../ports/searches.ts';
import type { Gap } from '../search/search.ts';
import { namesIn } from './git-folders.ts';
import type { RawFinding, Repository, Where } from './leaks.ts';
import { type NamePorts, placeOf, said } from './search-names.ts';

interface Area {
  readonly repository: Repository;
  readonly is: 'git' | 'lfs' | 'work';
}

export interface FoldersSearch {
  readonly repositories: readonly Repository[];
  readonly lfs: ReadonlyMap<Repository, FilePath>;
  readonly workTree: boolean;
  /** Every file in full, as every object is then resolved. */
  readonly exhaustive: boolean;
}

export interface FoldersSearched {
  readonly findings: readonly RawFinding[];
  readonly files: number;
  readonly bytes: number;
  readonly gaps: readonly Gap[];
}

type WorkFile = Extract<Where, { kind: 'work-file' }>;

/** Data in an object folder, which is searched as objects; anything else there is text. */
const packed = /\.(?:pack|idx|rev|mtimes|bitmap|midx)$|^multi-pack-index/;

export async function searchFolders(
  ports: NamePorts,
  { repositories, lfs, workTree, exhaustive }: FoldersSearch,
  sought: Sought,
  control: SearchControl,
): Promise<FoldersSearched> {
  const { disk, host, searches } = ports;
  const areas = new Map<FilePath, Area>();
  const roots = new Set<FilePath>();
  const objects = new Set<FilePath>();
  const gaps: Gap[] = [];
  for (const repository of repositories) {
    for (const folder of repository.objectFolders) objects.add(folder);
    areas.set(repository.gitDir, { repository, is: 'git' });
    roots.add(repository.gitDir);
    const store = lfs.get(repository);
    if (store !== undefined && repository.gitDir === repository.commonDir) {
      areas.set(store, { repository, is: 'lfs' });
      if ((await disk.kind(store)) === 'directory') roots.add(store);
      for (const text of await textsAmongObjects(ports, host.join(repository.commonDir, 'objects'), gaps)) roots.add(text);
    }
    if (workTree && repository.workTree !== undefined) {
      areas.set(repository.workTree, { repository, is: 'work' });
      roots.add(repository.workTree);
    }
  }
  const skip = (folder: FilePath): boolean => objects.has(folder);
  const searched = await searches.files({ ...sought, roots: [...roots], skip, exhaustive }, control);
  const found = [
    ...searched.matches.map((match) => ({ match, in: 'text' as const })),
    ...searched.names.map((match) => ({ match, in: 'name' as const })),
    ...searched.links.map((match) => ({ match, in: 'link' as const })),
  ];
  const placed = found.flatMap(({ match, in: inside }) => {
    const area = areaOf(host, areas, match.file);
    return area ? [{ match, where: whereOf(ports, area, match.file, inside) }] : [];
  });
  const states = await statesOf(
    ports,
    placed.flatMap(({ where }) => (where.kind === 'work-file' ? [where] : [])),
    areas,
    gaps,
  );
  return {
    findings: placed.map(({ match, where }) => ({
      match: withoutFile(match),
      where: where.kind === 'work-file' ? { ...where, state: states.get(where.file) ?? 'unknown' } : where,
    })),
    files: searched.files,
    bytes: searched.bytes,
    gaps: [...gaps, ...searched.gaps],
  };
}

/** `pack-….keep`, `pack-….promisor` and `info` have words of people and names of refs in them. */
async function textsAmongObjects(ports: NamePorts, objects: FilePath, gaps: Gap[]): Promise<FilePath[]> {
  const { host } = ports;
  const pack = host.join(objects, 'pack');
  const [inPack, inInfo] = await Promise.all([namesIn(ports, pack, gaps), namesIn(ports, host.join(objects, 'info'), gaps)]);
  return [
    ...[...(inPack ?? [])].filter((name) => !packed.test(name) && !name.startsWith('tmp_')).map((name) => host.join(pack, name)),
    ...[...(inInfo ?? [])].filter((name) => !name.startsWith('commit-graph')).map((name) => host.join(objects, 'info', name)),
  ];
}

/** The nearest root at or above a path. A name or a link may itself be a root: it belongs to whoever is above. */
function areaOf(host: Ports['host'], areas: ReadonlyMap<FilePath, Area>, file: FilePath): Area | undefined {
  for (let at = host.dirname(file); ; at = host.dirname(at)) {
    const area = areas.get(at);
    if (area || host.dirname(at) === at) return area ?? areas.get(file);
  }
}

function whereOf({ host }: Pick<Ports, 'host'>, { repository, is }: Area, file: FilePath, inside: WorkFile['in']): Where {
  const base = { repository: repository.path, file };
  if (is === 'work') return { kind: 'work-file', ...base, in: inside, state: 'unknown' };
  if (is === 'lfs' && /^[0-9a-f]{64}$/.test(host.basename(file))) return { kind: 'lfs', ...base, object: host.basename(file) };
  const ref = inside === 'name' ? refNamedBy(repository, file) : undefined;
  return ref === undefined ? { kind: 'git-file', ...base } : { kind: 'ref', repository: repository.path, ref };
}

/** A file below `refs` or `logs` is called as its ref. */
function refNamedBy({ gitDir }: Repository, file: FilePath): string | undefined {
  const inner = file.slice(gitDir.length + 1).replaceAll('\\', '/');
  return /^(?:logs\/)?(refs\/.+)$/s.exec(inner)?.[1];
}

function withoutFile({ file: _, ...match }: FileMatch): RawFinding['match'] {
  return match;
}

/**
 * Would git publish the file? Paths are given to git on its standard input: they may be what was sought. A path that is not
 * UTF-8 is not known to us as it is.
 */
async function statesOf(
  ports: NamePorts,
  files: readonly WorkFile[],
  areas: ReadonlyMap<FilePath, Area>,
  gaps: Gap[],
): Promise<ReadonlyMap<FilePath, WorkFile['state']>> {
  const states = new Map<FilePath, WorkFile['state']>();
  const byRepository = Map.groupBy(files, ({ repository }) => repository);
  for (const { repository, is } of areas.values()) {
    const own = is === 'work' ? byRepository.get(repository.path) : undefined;
    if (own === undefined || repository.workTree === undefined) continue;
    const { workTree } = repository;
    const windows = ports.host.os === 'windows';
    const inner = (file: FilePath): string => file.slice(workTree.length).replace(windows ? /^[\\/]+/ : /^\/+/, '');
    const paths = new Map(own.map(({ file }) => [windows ? inner(file).replaceAll('\\', '/') : inner(file), file]));
    const at = placeOf(repository);
    const listed = await said(ports, at, ['ls-files', '-z', '--cached']);
    if (listed === undefined) {
      gaps.push({ code: 'unreadable', where: repository.path, why: 'git cannot tell which files it would publish' });
      continue;
    }
    const tracked = new Set(listed.toString().split('\0'));
    const others = [...paths.keys()].filter((path) => path !== '' && !tracked.has(path));
    const ignored = await ignoredOf(ports, repository, others);
    for (const [path, file] of paths) {
      if (tracked.has(path)) states.set(file, 'tracked');
      else if (ignored) states.set(file, ignored.has(path) ? 'ignored' : 'untracked');
    }
  }
  return states;
}

/** undefined: git does not tell. A name that begins with a colon would be more than a name. */
async function ignoredOf({ git }: NamePorts, repository: Repository, paths: readonly string[]): Promise<Set<string> | undefined> {
  if (paths.length === 0) return new Set();
  const input = paths.map((path) => `./${path}\0`).join('');
  const { status, output } = await git.run(placeOf(repository), ['check-ignore', '-z', '--stdin'], { input });
  // 1: none is ignored.
  if (status !== 0 && status !== 1) return undefined;
  return new Set(
    Buffer.from(output)
      .toString()
      .split('\0')
      .map((path) => path.slice(2)),
  );
}
