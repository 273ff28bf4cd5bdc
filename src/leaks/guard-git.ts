/**
 * What git is about to commit, or did commit, as changes of blobs: read from the index and the object store, never from the
 * work tree, whose files may differ from what was staged.
 */
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { GitAt } from '../ports/git.ts';
import type { Ports } from '../ports/ports.ts';
import { gitFileTarget, resolved, textOf } from './git-folders.ts';

export interface Blob {
  readonly bytes: Uint8Array;
}

/** A file as it comes to be: added, changed, of another kind, or moved (a move is told as one added and one gone). */
export interface Change {
  /** As git has it: bytes that are no UTF-8 are replaced. */
  readonly path: string;
  /** Ids of what it was before: none for a new file, several for a merge. */
  readonly before: readonly string[];
  readonly after: string;
}

type GitPorts = Pick<Ports, 'git' | 'disk' | 'host'>;

const noObject = /^0+$/;
const submodule = '160000';
/** Blobs that are larger are not held in memory before a commit. */
export const mostBlob = 64 * 1024 * 1024;
const mostBatch = 2 * mostBlob;

/** The repository that the command runs in; within a hook, the one and the index that git names. Problem: git/not-a-repository. */
export async function repositoryHere(ports: GitPorts, folder: FilePath = ports.host.folder): Promise<GitAt> {
  const { host, disk } = ports;
  const named = folder === host.folder ? host.env('GIT_DIR') : undefined;
  const index = folder === host.folder ? host.env('GIT_INDEX_FILE') : undefined;
  const own = index === undefined || index === '' ? {} : { index: resolved(ports, host.folder, index) };
  if (named !== undefined && named !== '') return { gitDir: resolved(ports, host.folder, named), workTree: host.folder, ...own };
  for (let at = folder; ; at = host.dirname(at)) {
    const inner = host.join(at, '.git');
    const kind = await disk.kind(inner);
    const gitDir = kind === 'file' ? await gitFileTarget(ports, inner) : kind === undefined ? undefined : inner;
    if (gitDir !== undefined) return { gitDir, workTree: at, ...own };
    if (host.dirname(at) === at) break;
  }
  throw new Problem('git/not-a-repository', {
    what: 'this folder is in no git repository',
    next: 'run the command inside one, or name it: --repo PATH',
  });
}

/** Changes from HEAD to the index. Problem: git/failed. */
export async function stagedChanges(ports: GitPorts, at: GitAt): Promise<readonly Change[]> {
  const args = ['diff-index', '--cached', '--raw', '-z', '--no-renames', '--no-abbrev'];
  const first = await ports.git.run(at, [...args, 'HEAD', '--']);
  if (first.status === 0) return changesIn(first.output);
  // Before the first commit there is no HEAD: everything is new.
  const unborn = await ports.git.run(at, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  const answer = unborn.status === 0 ? first : await ports.git.run(at, [...args, await emptyTree(ports, at), '--']);
  if (answer.status !== 0) throw failed('what is staged');
  return changesIn(answer.output);
}

/** git knows the empty tree without its being in the store; its id depends on the hash. */
async function emptyTree({ git }: GitPorts, at: GitAt): Promise<string> {
  const { status, output } = await git.run(at, ['rev-parse', '--show-object-format']);
  if (status !== 0) throw failed('its kind of hash');
  return text(output).trim() === 'sha256'
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
}

/** Output of `--raw -z`: `:100644 100644 <id> <id> M`, then the path. */
export function changesIn(output: Uint8Array): readonly Change[] {
  return changesOf(text(output).split('\0'));
}

export function changesOf(fields: readonly string[]): readonly Change[] {
  const changes: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const match = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])/.exec(fields[i] ?? '');
    if (match === null) throw failed('what was changed');
    const [, , mode = '', before = '', after = '', kind = ''] = match;
    // Gone, a submodule (only the id of a commit), or merely intended to be added.
    if (kind === 'D' || mode === submodule || noObject.test(after)) continue;
    const isNew = match[1] === submodule || noObject.test(before);
    changes.push({ path: fields[i + 1] ?? '', before: isNew ? [] : [before], after });
  }
  return changes;
}

/** Objects by id or by `revision:path`; undefined for what is not there or is larger than `mostBlob`. */
export async function objectsOf(
  ports: GitPorts,
  at: GitAt,
  names: readonly string[],
): Promise<ReadonlyMap<string, Blob | 'too-large' | undefined>> {
  const found = new Map<string, Blob | 'too-large' | undefined>();
  const wanted = [...new Set(names)].filter((name) => !/[\n\0]/.test(name));
  const sizes = wanted.length === 0 ? [] : await sizesOf(ports, at, wanted);
  let batch: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const asked = batch;
    [batch, bytes] = [[], 0];
    const { status, output } = await ports.git.run(at, ['cat-file', '--batch'], {
      input: `${asked.join('\n')}\n`,
      mostOutput: 2 * mostBatch,
    });
    if (status !== 0) throw failed('objects');
    for (const [name, blob] of blobsIn(output, asked)) found.set(name, blob);
  };
  for (const [name, size] of sizes) {
    if (size === undefined || size > mostBlob) found.set(name, size === undefined ? undefined : 'too-large');
    else {
      if (bytes + size > mostBatch) await flush();
      batch.push(name);
      bytes += size;
    }
  }
  await flush();
  return found;
}

/** One batch of up to a few dozen objects is asked for without asking for its sizes first. */
export async function fewObjectsOf(
  ports: GitPorts,
  at: GitAt,
  names: readonly string[],
): Promise<ReadonlyMap<string, Blob | 'too-large' | undefined>> {
  const wanted = [...new Set(names)].filter((name) => !/[\n\0]/.test(name));
  if (wanted.length === 0) return new Map();
  try {
    const { status, output } = await ports.git.run(at, ['cat-file', '--batch'], {
      input: `${wanted.join('\n')}\n`,
      mostOutput: mostBlob,
    });
    if (status === 0) return new Map(blobsIn(output, wanted));
  } catch (error) {
    // More than may be held at once: then one by one.
    if (!(error instanceof Problem) || error.code !== 'git/failed') throw error;
  }
  return objectsOf(ports, at, wanted);
}

async function sizesOf(
  ports: GitPorts,
  at: GitAt,
  names: readonly string[],
): Promise<readonly (readonly [string, number | undefined])[]> {
  const { status, output } = await ports.git.run(at, ['cat-file', '--batch-check=%(objecttype) %(objectsize)'], {
    input: `${names.join('\n')}\n`,
  });
  if (status !== 0) throw failed('objects');
  const lines = text(output).split('\n');
  return names.map((name, index) => {
    const size = /^blob (\d+)$/.exec(lines[index] ?? '')?.[1];
    return [name, size === undefined ? undefined : Number(size)] as const;
  });
}

/** Answers of `cat-file --batch`, in the order of the questions. */
function blobsIn(output: Uint8Array, asked: readonly string[]): [string, Blob | undefined][] {
  const found: [string, Blob | undefined][] = [];
  let at = 0;
  for (const name of asked) {
    const end = output.indexOf(0x0a, at);
    if (end === -1) throw failed('objects');
    const head = /^[0-9a-f]+ (\w+) (\d+)$/.exec(text(output.subarray(at, end)));
    at = end + 1;
    if (head === null) {
      // `<name> missing`, or ambiguous.
      found.push([name, undefined]);
      continue;
    }
    const size = Number(head[2]);
    found.push([name, head[1] === 'blob' ? { bytes: output.subarray(at, at + size) } : undefined]);
    at += size + 1;
  }
  return found;
}

/** What is being merged, if a merge is under way: ids of the other sides. */
export async function mergedIn(ports: GitPorts, at: GitAt): Promise<readonly string[]> {
  const heads = (await textOf(ports, ports.host.join(at.gitDir, 'MERGE_HEAD'))) ?? '';
  return heads.split('\n').filter((line) => /^[0-9a-f]{40,64}$/.test(line));
}

export const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export function failed(what: string): Problem {
  return new Problem('git/failed', {
    what: `git did not tell ${what}`,
    next: 'run git status there, cure what it says, then try again',
  });
}
