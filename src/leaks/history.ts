/**
 * The commits of a repository's stores, and which of them brought or removed an object. All commits count, reached by a ref or
 * not; they are read from the stores alone.
 *
 * Whole commits are never compared: pairs of trees are, so that a commit whose parents are not here (shallow, pruned) is no
 * obstacle, and a broken one costs only itself. A merge brings an object when none of its parents has it at that path.
 */
import type { Instant } from '../base/time.ts';
import type { Git, GitStores } from '../ports/git.ts';
import type { Gap } from '../search/search.ts';

export interface Commit {
  readonly id: string;
  readonly tree: string;
  /** As written; some may not be here. */
  readonly parents: readonly string[];
  /** Of the committer's clock. */
  readonly at: Instant;
}

export interface Change {
  readonly commit: string;
  readonly path: string;
  readonly does: 'introduces' | 'removes';
}

const mostOutput = 1024 * 1024 * 1024;
const timeoutMs = 10 * 60_000;
/** Objects asked for in one run: they go into its arguments. */
const atOnce = 1000;

const text = new TextDecoder('latin1');
const utf8 = new TextDecoder();

export class History {
  readonly commits: ReadonlyMap<string, Commit>;
  #children: Map<string, string[]> | undefined;

  constructor(commits: ReadonlyMap<string, Commit>) {
    this.commits = commits;
  }

  /** These and all that come after them. */
  after(commits: Iterable<string>): ReadonlySet<string> {
    this.#children ??= childrenOf(this.commits);
    const seen = new Set(commits);
    for (const id of seen) for (const child of this.#children.get(id) ?? []) seen.add(child);
    return seen;
  }
}

function childrenOf(commits: ReadonlyMap<string, Commit>): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const { id, parents } of commits.values()) {
    for (const parent of parents) {
      const list = children.get(parent);
      if (list) list.push(id);
      else children.set(parent, [id]);
    }
  }
  return children;
}

/** Every commit that the stores hold and that can be read. */
export async function readHistory(git: Git, stores: GitStores): Promise<{ history: History; gaps: readonly Gap[] }> {
  const listed = await git.objects(
    stores,
    ['cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objecttype) %(objectname)'],
    {
      mostOutput,
      timeoutMs,
    },
  );
  const ids = [...text.decode(listed.output).matchAll(/^commit ([0-9a-f]+)$/gm)].map(([, id = '']) => id);
  const gaps: Gap[] = [];
  if (listed.status !== 0) gaps.push({ code: 'corrupt', where: 'objects', why: 'git could not list all of them' });
  const commits = new Map<string, Commit>();
  await inHalves(
    ids,
    async (some) => {
      const format = '--format=%H %T %ct %P';
      const { status, output } = await git.objects(stores, ['log', '--no-walk=unsorted', '--stdin', format], {
        input: `${some.join('\n')}\n`,
        mostOutput,
        timeoutMs,
      });
      for (const line of status === 0 ? text.decode(output).split('\n') : []) {
        const [id = '', tree = '', seconds = '', ...parents] = line.split(' ');
        if (id !== '') commits.set(id, { id, tree, at: Number(seconds) * 1000, parents: parents.filter((one) => one !== '') });
      }
      return status === 0;
    },
    (id) => gaps.push({ code: 'corrupt', where: id, why: 'a commit that git cannot read' }),
  );
  return { history: new History(commits), gaps };
}

/** For each object (blob or tree), the commits that brought it to a path or took it from there. */
export async function changesOf(
  git: Git,
  stores: GitStores,
  history: History,
  objects: readonly string[],
): Promise<{ changes: ReadonlyMap<string, readonly Change[]>; gaps: readonly Gap[] }> {
  const changes = new Map<string, Change[]>(objects.map((id) => [id, []]));
  const gaps: Gap[] = [];
  for (let from = 0; from < objects.length; from += atOnce) {
    const seen = await pairsWith(git, stores, history, objects.slice(from, from + atOnce), gaps);
    for (const commit of history.commits.values()) gather(commit, pairsOf(history, commit), seen, changes);
  }
  for (const list of changes.values()) list.sort((a, b) => timeOf(history, a) - timeOf(history, b) || (a.path < b.path ? -1 : 1));
  return { changes, gaps };
}

const timeOf = (history: History, { commit }: Change): Instant => history.commits.get(commit)?.at ?? 0;

/** Comparing a tree with the empty one: every git knows it without having it. */
const emptyTree = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/** What a commit is compared with: the trees of those of its parents that are here. */
function pairsOf(history: History, { tree, parents }: Commit): readonly string[] {
  const here = parents.flatMap((id) => history.commits.get(id)?.tree ?? []);
  const before = here.length > 0 ? here : [tree.length === 64 ? emptyTree[64] : emptyTree[40]];
  return before.map((one) => `${one} ${tree}`);
}

interface Entry {
  readonly before: string;
  readonly now: string;
  readonly path: string;
}

/** By pair of trees, what of the wanted objects differs between them. */
async function pairsWith(
  git: Git,
  stores: GitStores,
  history: History,
  objects: readonly string[],
  gaps: Gap[],
): Promise<ReadonlyMap<string, readonly Entry[]>> {
  const pairs = new Set([...history.commits.values()].flatMap((commit) => pairsOf(history, commit)));
  const wanted = new Set(objects);
  const found = new Map<string, Entry[]>();
  const args = ['diff-tree', '--stdin', '-r', '-t', '-z', '--no-renames', ...objects.map((id) => `--find-object=${id}`)];
  const lost = (pair: string): void => {
    gaps.push({ code: 'missing', where: pair, why: 'two trees that git cannot compare: an object of them is missing or broken' });
  };
  const ask = async (some: readonly string[]): Promise<boolean> => {
    const { status, output } = await git.objects(stores, args, { input: `${some.join('\n')}\n`, mostOutput, timeoutMs });
    if (status !== 0) return false;
    const compared = readPairs(output, wanted, found);
    // A tree that it cannot read is only complained about.
    for (const pair of some) if (!compared.has(pair)) lost(pair);
    return true;
  };
  await inHalves([...pairs], ask, lost);
  for (const pair of pairs) {
    // The whole tree of a commit is in no entry of it.
    const [before = '', now = ''] = pair.split(' ');
    if (before !== now && (wanted.has(now) || wanted.has(before)))
      found.set(pair, [...(found.get(pair) ?? []), { before, now, path: '' }]);
  }
  return found;
}

/** `<tree> <tree>\n`, then for each entry `:<mode> <mode> <id> <id> <letter>\0<path>\0`. Answers the pairs that were compared. */
function readPairs(output: Uint8Array, wanted: ReadonlySet<string>, found: Map<string, Entry[]>): ReadonlySet<string> {
  const compared = new Set<string>();
  let pair = '';
  let at = 0;
  const until = (byte: number): Uint8Array => {
    const end = output.indexOf(byte, at);
    const piece = output.subarray(at, end === -1 ? output.length : end);
    at = end === -1 ? output.length : end + 1;
    return piece;
  };
  while (at < output.length) {
    if (output[at] !== 0x3a) {
      pair = text.decode(until(0x0a));
      compared.add(pair);
      continue;
    }
    const [, , before = '', now = ''] = text.decode(until(0)).split(' ');
    const path = utf8.decode(until(0));
    if (!wanted.has(before) && !wanted.has(now)) continue;
    const list = found.get(pair);
    if (list) list.push({ before, now, path });
    else found.set(pair, [{ before, now, path }]);
  }
  return compared;
}

function gather(
  { id }: Commit,
  pairs: readonly string[],
  seen: ReadonlyMap<string, readonly Entry[]>,
  changes: Map<string, Change[]>,
): void {
  const counts = new Map<string, { object: string; path: string; does: Change['does']; times: number }>();
  for (const pair of new Set(pairs)) {
    for (const { before, now, path } of seen.get(pair) ?? []) {
      if (before === now) continue;
      for (const [object, does] of [
        [now, 'introduces'],
        [before, 'removes'],
      ] as const) {
        if (!changes.has(object)) continue;
        const key = `${object} ${does} ${path}`;
        const known = counts.get(key);
        if (known) known.times++;
        else counts.set(key, { object, path, does, times: 1 });
      }
    }
  }
  const against = new Set(pairs).size;
  for (const { object, path, does, times } of counts.values()) {
    // A merge that takes over what one of its parents has brings nothing new.
    if (does === 'introduces' && times < against) continue;
    changes.get(object)?.push({ commit: id, path, does });
  }
}

/** Where git gives up over many, it is asked for each half: one that cannot be read costs only itself. */
async function inHalves(
  all: readonly string[],
  ask: (some: readonly string[]) => Promise<boolean>,
  lost: (one: string) => void,
): Promise<void> {
  const [first] = all;
  if (first === undefined || (await ask(all))) return;
  if (all.length === 1) {
    lost(first);
    return;
  }
  const half = Math.ceil(all.length / 2);
  await inHalves(all.slice(0, half), ask, lost);
  await inHalves(all.slice(half), ask, lost);
}
