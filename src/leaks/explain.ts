/**
 * From "these bytes hold it" to what a person needs: which commits brought it and took it out, under which path, what still
 * reaches it, whether it was pushed and when, and whether everybody can read it there.
 *
 * Only hits are explained, all of a repository at once. What cannot be told is said to be unknown.
 */
import { printable } from '../base/ids.ts';
import type { Instant } from '../base/time.ts';
import type { Ports } from '../ports/ports.ts';
import { fingerprint, fingerprintKey } from '../providers/fingerprint.ts';
import { hiddenIn } from '../search/hide.ts';
import { Needles } from '../search/needles.ts';
import type { Gap, Match } from '../search/search.ts';
import { type Change, changesOf, type History, readHistory } from './history.ts';
import type { CommitSeen, Finding, Pushed, RawFinding, RawSearch, Repository, Where } from './leaks.ts';
import { isPublic, pushedOf, webAddress } from './pushed.ts';
import { type Names, namesOf } from './refs.ts';

/** `of`: which secret it is, for whoever goes on with it. */
export interface Explained {
  readonly finding: Finding;
  readonly of: Match['of'];
}

export interface ExplainOptions {
  /** Ask the hosts of remotes whether everybody can read the repository: only with a person's consent. */
  readonly askRemotes: boolean;
}

type Needs = Pick<Ports, 'disk' | 'host' | 'git' | 'net' | 'random'>;

/** Commits that are listed for one finding; the first and the last matter most. */
const mostCommits = 50;
/** Digits of the keyed hash by which a key that nobody knew is named. */
const digits = 8;

export async function explain(
  ports: Needs,
  repositories: readonly Repository[],
  raw: RawSearch,
  known: Needles,
  { askRemotes }: ExplainOptions,
): Promise<{ findings: readonly Explained[]; gaps: readonly Gap[] }> {
  const { key } = await fingerprintKey(ports);
  const nameOf = ({ of }: Match): string => {
    if ('known' in of) return known.ids[of.known] ?? 'unknown';
    const print = fingerprint(ports.random, key, of.format, of.secret.reveal());
    return `${of.format}-${print.slice(0, digits)}`;
  };
  const all = new Map(repositories.flatMap(withinOf).map((one) => [one.path, one]));
  const gaps: Gap[] = [];
  const findings: Explained[] = [];
  for (const [path, some] of Map.groupBy(raw.findings, ({ where }) => repositoryOf(where))) {
    const repository = path === undefined ? undefined : all.get(path);
    const told = repository && (await Told.of(ports, repository, objectsIn(some), gaps, askRemotes));
    for (const each of some) findings.push({ finding: await plainly(each, nameOf(each.match), told), of: each.match.of });
  }
  // A file, a branch or a member may be named by what was found.
  const found = raw.findings.flatMap(({ match: { of } }) => ('known' in of ? [] : [{ id: of.format, secret: of.secret }]));
  return hiddenIn({ findings, gaps }, [known, new Needles(found)]);
}

function withinOf(repository: Repository): Repository[] {
  return [repository, ...repository.within.flatMap(({ repository: inner }) => withinOf(inner))];
}

const repositoryOf = (where: Where): string | undefined => ('repository' in where ? where.repository : undefined);

function objectsIn(findings: readonly RawFinding[]): Map<string, 'blob' | 'tree' | 'commit' | 'tag'> {
  return new Map(findings.flatMap(({ where }) => (where.kind === 'object' ? [[where.object, where.type] as const] : [])));
}

async function plainly({ where, match }: RawFinding, credential: string, told: Told | undefined): Promise<Finding> {
  const base = { credential, how: howOf(match), where, line: match.line, object: objectOf(where) };
  if (where.kind === 'object' && told) return { ...base, ...(await told.object(where.object, where.type)) };
  if (where.kind === 'ref' && told) return { ...base, ...(await told.ref(where.ref)) };
  const paths = 'file' in where ? [where.file] : [];
  return { ...base, commits: [], paths, refs: [], pushed: { pushed: 'no' }, public: undefined, warnings: [] };
}

/** Names of members come from whoever made the file. */
export function howOf({ writing, through, partial }: Match): string {
  const layers = through.toReversed().map((layer) => ` in ${printable(layer, 80)}`);
  return `${partial ? 'partial ' : ''}${writing}${layers.join('')}`;
}

function objectOf(where: Where): string {
  switch (where.kind) {
    case 'object':
    case 'lfs':
      return where.object;
    case 'ref':
      return where.ref;
    case 'process':
      return `process ${where.pid}`;
    default:
      return where.file;
  }
}

type Reached = Pick<Finding, 'commits' | 'paths' | 'refs' | 'pushed' | 'public' | 'warnings'>;

/** One repository, with what all its findings are explained from. */
class Told {
  readonly #ports: Needs;
  readonly #repository: Repository;
  readonly #history: History;
  readonly #names: Names;
  readonly #changes: ReadonlyMap<string, readonly Change[]>;
  readonly #staged: ReadonlyMap<string, readonly string[]>;
  readonly #askRemotes: boolean;
  readonly #asked = new Map<string, Promise<boolean | undefined>>();

  private constructor(
    ports: Needs,
    repository: Repository,
    found: {
      history: History;
      names: Names;
      changes: ReadonlyMap<string, readonly Change[]>;
      staged: ReadonlyMap<string, readonly string[]>;
    },
    askRemotes: boolean,
  ) {
    this.#ports = ports;
    this.#repository = repository;
    this.#history = found.history;
    this.#names = found.names;
    this.#changes = found.changes;
    this.#staged = found.staged;
    this.#askRemotes = askRemotes;
  }

  static async of(
    ports: Needs,
    repository: Repository,
    objects: ReadonlyMap<string, string>,
    gaps: Gap[],
    askRemotes: boolean,
  ): Promise<Told> {
    const stores = { folders: repository.objectFolders, hash: repository.hash };
    const [read, names, staged] = await Promise.all([
      readHistory(ports.git, stores),
      namesOf(ports, repository),
      stagedIn(ports, repository),
    ]);
    const inTrees = [...objects].flatMap(([id, type]) => (type === 'blob' || type === 'tree' ? [id] : []));
    const { changes, gaps: more } = await changesOf(ports.git, stores, read.history, inTrees);
    gaps.push(...read.gaps, ...more);
    return new Told(ports, repository, { history: read.history, names, changes, staged }, askRemotes);
  }

  async object(id: string, type: 'blob' | 'tree' | 'commit' | 'tag'): Promise<Reached> {
    const { commits: all } = this.#history;
    const commit = type === 'commit' ? all.get(id) : undefined;
    const changes = commit ? [] : (this.#changes.get(id) ?? []);
    const seen: CommitSeen[] = commit
      ? [{ commit: id, at: commit.at, does: 'holds', path: '' }]
      : changes.map(({ commit: each, does, path }) => ({ commit: each, at: all.get(each)?.at ?? 0, does, path }));
    const brought = seen.filter(({ does }) => does !== 'removes').map(({ commit: each }) => each);
    const staged = this.#staged.get(id) ?? [];
    const paths = [...new Set([...changes.map(({ path }) => path), ...staged])].filter((path) => path !== '');
    const tags = this.#names.refs.filter(({ object }) => object === id);
    const from = [...brought, ...tags.map(({ commit: each }) => each)];
    const told = await this.#reach(
      from,
      tags.map(({ name }) => name),
    );
    const nowhere = brought.length === 0 && tags.length === 0 && type !== 'commit';
    return {
      ...told,
      commits: cut(seen),
      paths,
      warnings: [
        ...told.warnings,
        ...(seen.length > mostCommits ? [`${seen.length} commits, of which ${mostCommits} are listed`] : []),
        ...(nowhere && staged.length > 0 ? ['staged, in no commit yet: the next one would take it along'] : []),
        ...(nowhere && staged.length === 0 ? ['in no commit: left over, until git removes what nothing reaches'] : []),
      ],
    };
  }

  /** The secret stands in the name itself. */
  async ref(name: string): Promise<Reached> {
    const commit = this.#names.refs.find((one) => one.name === name)?.commit;
    const remote = name.startsWith('refs/remotes/');
    const told = await this.#reach([], [name]);
    const pushed: Pushed = remote
      ? { pushed: 'yes', remote: name.split('/')[2] ?? 'a remote', at: undefined, earliest: undefined }
      : { pushed: 'unknown', why: 'a branch may have been pushed under another name' };
    return {
      ...told,
      pushed,
      commits: commit ? [{ commit, at: this.#history.commits.get(commit)?.at ?? 0, does: 'holds', path: '' }] : [],
    };
  }

  async #reach(commits: readonly string[], names: readonly string[]): Promise<Reached> {
    const holders = this.#history.after(commits);
    const held = this.#names.refs.filter(({ commit }) => holders.has(commit)).map(({ name }) => name);
    const refs = [...new Set([...names, ...held])];
    // Only where nothing else reaches it: a log also has every commit that a branch has.
    const logged = refs.length > 0 ? [] : this.#names.logs.filter(({ to }) => holders.has(to));
    const inLogs = [...new Set(logged.map(({ ref, number }) => `${short(ref)}@{${number}}`))];
    const dates = commits.flatMap((id) => this.#history.commits.get(id)?.at ?? []);
    const earliest: Instant | undefined = dates.length > 0 ? dates.reduce((a, b) => Math.min(a, b)) : undefined;
    const pushed = pushedOf(this.#repository, this.#names, holders, earliest);
    const requests = refs.filter((ref) => /^refs\/(?:remotes\/[^/]+\/)?(?:pull|pr|merge-requests|changes)\//.test(ref));
    return {
      commits: [],
      paths: [],
      refs: [...refs, ...inLogs],
      pushed,
      public: pushed.pushed === 'no' ? undefined : await this.#public(pushed),
      warnings: [
        ...(requests.length > 0
          ? [`${requests.length} refs of pull requests hold it: their host keeps them whatever is pushed`]
          : []),
        ...(pushed.pushed === 'yes' ? ['forks, clones and pull requests of others may hold it: nothing here can tell'] : []),
        ...(pushed.pushed === 'yes' && pushed.gone
          ? ['no branch of the remote holds it any more, but hosts keep what was once pushed']
          : []),
      ],
    };
  }

  async #public(pushed: Pushed): Promise<boolean | undefined> {
    if (!this.#askRemotes) return undefined;
    const named = this.#names.remotes.filter(({ name }) => pushed.pushed !== 'yes' || name === pushed.remote);
    const answers = await Promise.all(
      named.map(({ url }) => {
        const address = webAddress(url);
        if (address === undefined) return undefined;
        const asked = this.#asked.get(address) ?? isPublic(this.#ports, address);
        this.#asked.set(address, asked);
        return asked;
      }),
    );
    return answers.includes(true) ? true : answers.length > 0 && answers.every((one) => one === false) ? false : undefined;
  }
}

const short = (ref: string): string => ref.replace(/^refs\/(?:heads\/|remotes\/)?/, '');

/** The first and the last ones. */
function cut(commits: readonly CommitSeen[]): readonly CommitSeen[] {
  if (commits.length <= mostCommits) return commits;
  const half = mostCommits / 2;
  return [...commits.slice(0, half), ...commits.slice(-half)];
}

/** Paths of blobs that are staged, in this work tree and in linked ones. */
async function stagedIn({ git }: Needs, repository: Repository): Promise<Map<string, string[]>> {
  const staged = new Map<string, string[]>();
  const trees = [repository, ...repository.within.flatMap(({ kind, repository: one }) => (kind === 'worktree' ? [one] : []))];
  for (const { gitDir } of trees) {
    const { status, output } = await git.run({ gitDir }, ['ls-files', '--stage', '-z']);
    for (const item of status === 0 ? new TextDecoder().decode(output).split('\0') : []) {
      const [, id, path] = /^\d+ ([0-9a-f]+) \d\t(.+)$/s.exec(item) ?? [];
      if (id !== undefined && path !== undefined) staged.set(id, [...(staged.get(id) ?? []), path]);
    }
  }
  return staged;
}
