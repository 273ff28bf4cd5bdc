/**
 * A search of whole repositories, with all that belongs to them: objects, whatever reaches them; text in their git folders; names
 * of refs and of paths; files of their work trees. Finds, and explains nothing.
 *
 * What repositories share is searched once. Whatever could not be looked at is in the answer.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { ObjectMatch, ObjectsSearched, PackMemory, SearchControl, SearchProgress, Sought } from '../ports/searches.ts';
import type { Gap, Match } from '../search/search.ts';
import { textOf } from './git-folders.ts';
import type { RawFinding, RawSearch, Repository } from './leaks.ts';
import { searchFolders } from './search-folders.ts';
import { isPointer, lfsFolder, missingLfs, withPointers } from './search-lfs.ts';
import type { SearchMemory } from './search-memory.ts';
import { type NameFound, type NamePorts, placeOf, said, searchIndex, searchRefs } from './search-names.ts';

export interface SearchOptions {
  /** Every object and file is looked at the slow way: to prove the quick one. Nothing is remembered. */
  readonly exhaustive: boolean;
  /** Also the files of work trees. */
  readonly workTree: boolean;
  readonly memory?: SearchMemory;
  readonly onProgress?: (progress: SearchProgress) => void;
  /** When it is given, what was found so far is the answer, with a gap. */
  readonly signal?: AbortSignal;
}

/** Problem: git/absent. */
export async function searchRepositories(
  ports: NamePorts,
  repositories: readonly Repository[],
  sought: Sought,
  options: SearchOptions,
): Promise<RawSearch> {
  const all = repositories.flatMap(withInner);
  const state = new State(options);
  state.gaps.push(...sought.known.gaps);
  // What git is asked for leaves a core idle while threads look through objects.
  const beside = askGit(ports, all, sought, options.signal);
  beside.catch(() => {});
  const pointers = await searchObjects(ports, all, sought, options, state);
  if (state.isStopped) return state.answer();

  const lfs = new Map<Repository, FilePath>();
  for (const repository of all) if (isMain(repository)) lfs.set(repository, await lfsFolder(ports, repository));
  const { workTree, exhaustive } = options;
  const folders = await searchFolders(ports, { repositories: all, lfs, workTree, exhaustive }, sought, state.control());
  state.files += folders.files;
  state.bytes += folders.bytes;
  state.gaps.push(...folders.gaps);
  if (state.isStopped) {
    state.findings.push(...folders.findings);
    return state.answer();
  }

  for (const [repository, folder] of lfs) {
    state.gaps.push(...(await missingLfs(ports, repository, folder, pointers.get(repository) ?? [])));
  }
  const { names, gaps } = await beside.catch((error: unknown) => {
    if (!state.isStopped) throw error;
    return { names: [], gaps: [] };
  });
  state.gaps.push(...gaps);
  state.findings.push(...names, ...folders.findings.filter((finding) => !isSaidBy(names, finding)));
  return state.answer();
}

/** Names, and what repositories lack. */
async function askGit(
  ports: NamePorts,
  repositories: readonly Repository[],
  sought: Sought,
  signal: AbortSignal | undefined,
): Promise<{ readonly names: readonly RawFinding[]; readonly gaps: readonly Gap[] }> {
  const names: RawFinding[] = [];
  const gaps: Gap[] = [];
  for (const repository of repositories) {
    signal?.throwIfAborted();
    names.push(...(await searchNames(ports, repository, sought, gaps)));
    if (isMain(repository)) gaps.push(...(await notHere(ports, repository, signal)));
  }
  return { names, gaps };
}

/** Of the work trees that share refs and objects, the one that they are looked at for. */
const isMain = ({ gitDir, commonDir }: Repository): boolean => gitDir === commonDir;

function withInner(repository: Repository): Repository[] {
  return [repository, ...repository.within.flatMap(({ repository: inner }) => withInner(inner))];
}

class State {
  readonly findings: RawFinding[] = [];
  readonly gaps: Gap[] = [];
  objects = 0;
  files = 0;
  bytes = 0;
  readonly #options: SearchOptions;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** For the next search of several: its progress comes on top of what was done. */
  control(): SearchControl {
    const { onProgress, signal } = this.#options;
    const { objects, bytes } = this;
    const found = this.findings.length;
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : {
            onProgress: (now) =>
              onProgress({
                doneBytes: bytes + now.doneBytes,
                allBytes: now.allBytes === undefined ? undefined : bytes + now.allBytes,
                objects: objects + now.objects,
                found: found + now.found,
              }),
          }),
    };
  }

  answer(): RawSearch {
    const seen = new Set<string>();
    const gaps = this.gaps.filter(({ code, where, why }) => {
      const key = [code, where, why].join('\0');
      return !seen.has(key) && seen.add(key);
    });
    const stopped: Gap[] = this.isStopped ? [{ code: 'stopped', where: 'search', why: 'it was interrupted' }] : [];
    const { objects, files, bytes } = this;
    return { searched: { objects, files, bytes }, findings: this.findings, gaps: [...gaps, ...stopped] };
  }
}

interface Stores {
  readonly folders: FilePath[];
  readonly hash: Repository['hash'];
  /** Repositories that read from these. */
  readonly owners: readonly Repository[];
}

/** Each object folder once, those with the same repositories together. */
function storesOf(repositories: readonly Repository[]): Stores[] {
  const owners = new Map<FilePath, Repository[]>();
  for (const repository of repositories.filter(isMain)) {
    for (const folder of repository.objectFolders) owners.set(folder, [...(owners.get(folder) ?? []), repository]);
  }
  const stores = new Map<string, Stores>();
  for (const [folder, its] of owners) {
    // A store is read by the hash of its own repository: another cannot borrow from it.
    const [first] = its;
    if (first === undefined) continue;
    const key = its.map(({ commonDir }) => commonDir).join('\0');
    const known = stores.get(key);
    if (known) known.folders.push(folder);
    else stores.set(key, { folders: [folder], hash: first.hash, owners: its });
  }
  return [...stores.values()];
}

/** Answers the pointers to files outside of the stores, by repository. */
async function searchObjects(
  { searches }: NamePorts,
  repositories: readonly Repository[],
  sought: Sought,
  { exhaustive, memory }: SearchOptions,
  state: State,
): Promise<Map<Repository, ObjectMatch[]>> {
  const pointers = new Map<Repository, ObjectMatch[]>();
  const all: Sought = { known: withPointers(sought.known), formats: sought.formats };
  const remembers = memory !== undefined && !exhaustive;
  const remembered = remembers ? await memory.recall(all) : undefined;
  const packs: PackMemory[] = [];
  for (const { folders, hash, owners } of storesOf(repositories)) {
    if (state.isStopped) break;
    const request = { ...all, folders, hash, exhaustive, ...(remembered === undefined ? {} : { remembered }) };
    const searched: ObjectsSearched = await searches.objects(request, state.control());
    state.objects += searched.objects;
    state.bytes += searched.bytes;
    state.gaps.push(...searched.gaps);
    packs.push(...searched.packs);
    for (const found of searched.matches) {
      for (const repository of owners) {
        if (isPointer(sought.known, found)) pointers.set(repository, [...(pointers.get(repository) ?? []), found]);
        else state.findings.push(findingOf(repository, found));
      }
    }
  }
  if (remembers && !state.isStopped) await memory.keep(all, packs);
  return pointers;
}

function findingOf(repository: Repository, { object, type, ...match }: ObjectMatch): RawFinding {
  return { where: { kind: 'object', repository: repository.path, object, type }, match };
}

async function searchNames(ports: NamePorts, repository: Repository, sought: Sought, gaps: Gap[]): Promise<RawFinding[]> {
  const { host } = ports;
  const { path, gitDir, commonDir } = repository;
  const inFile =
    (file: FilePath) =>
    ({ match }: NameFound): RawFinding => ({
      where: { kind: 'git-file', repository: path, file },
      match,
    });
  const found: RawFinding[] = [];
  if (isMain(repository)) {
    const { refs, logs } = await searchRefs(ports, repository, sought, gaps);
    found.push(...refs.map(({ name, match }): RawFinding => ({ where: { kind: 'ref', repository: path, ref: name }, match })));
    found.push(...logs.map(inFile(host.join(commonDir, 'reftable'))));
  }
  const index = await searchIndex(ports, repository, sought, gaps);
  found.push(...index.found.map(inFile(host.join(gitDir, 'index'))));
  return found;
}

/** The same thing, found as a name and again as a file or in the text of one: refs are files, and lines of `packed-refs`. */
function isSaidBy(names: readonly RawFinding[], { where, match }: RawFinding): boolean {
  return names.some((name) => {
    if (!isSame(name.match, match) || !('repository' in where) || !('repository' in name.where)) return false;
    if (where.repository !== name.where.repository) return false;
    if (name.where.kind === 'ref') {
      if (where.kind === 'ref') return where.ref === name.where.ref || name.where.ref.startsWith(`${where.ref}/`);
      return where.kind === 'git-file' && /[\\/]packed-refs$/.test(where.file);
    }
    return name.where.kind === 'git-file' && where.kind === 'git-file' && where.file === name.where.file;
  });
}

function isSame(one: Match, other: Match): boolean {
  if (one.writing !== other.writing) return false;
  if ('known' in one.of) return 'known' in other.of && one.of.known === other.of.known;
  return !('known' in other.of) && one.of.format === other.of.format && one.of.secret.equals(other.of.secret);
}

/** What a repository says that it lacks: history before a depth, objects that its remote promised. */
async function notHere(
  ports: Pick<Ports, 'disk' | 'host' | 'git'>,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<Gap[]> {
  const gaps: Gap[] = [];
  const { path, commonDir } = repository;
  if (repository.shallow) {
    const listed = await textOf(ports, ports.host.join(commonDir, 'shallow'), 16 * 1024 * 1024);
    const commits = (listed ?? '').split('\n').filter((line) => line !== '').length;
    const ends = commits === 1 ? '1 commit' : `${commits} commits`;
    gaps.push({ code: 'not-here', where: path, why: `a shallow clone: history before ${ends} is not on this machine` });
  }
  if (repository.partial) {
    const args = ['rev-list', '--all', '--objects', '--quiet', '--missing=print'];
    const listed = await said(ports, placeOf(repository), args, signal === undefined ? {} : { signal });
    const count = listed?.toString('latin1').match(/^\?/gm)?.length ?? 0;
    const some = listed === undefined ? 'an unknown number of objects are' : count === 1 ? '1 object is' : `${count} objects are`;
    if (count > 0 || listed === undefined) {
      gaps.push({ code: 'missing', where: path, why: `a partial clone: ${some} not on this machine` });
    }
  }
  return gaps;
}
