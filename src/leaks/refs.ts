/**
 * What names commits in a repository, and what is known of remotes: refs, HEADs, reflogs with their times, and where remotes are.
 *
 * Reflogs are read as files: they also know what no ref reaches any more, and when it was pushed or fetched. A repository that
 * keeps its refs in tables (reftable) has none, and one on a server often none either: then "unknown" is the answer.
 */
import { Problem } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Repository } from './leaks.ts';

export interface Ref {
  /** `refs/heads/main`, `HEAD`. */
  readonly name: string;
  /** What it points to, a tag's own object too. */
  readonly object: string;
  /** The commit at the end of it. */
  readonly commit: string;
}

export interface Logged {
  readonly ref: string;
  readonly to: string;
  readonly at: Instant;
  /** `push` and `fetch`: as seen on a remote-tracking branch. */
  readonly by: 'push' | 'fetch' | 'other';
  /** Place from the end, as in `stash@{1}`. */
  readonly number: number;
}

export interface Names {
  readonly refs: readonly Ref[];
  readonly logs: readonly Logged[];
  readonly remotes: readonly { readonly name: string; readonly url: string }[];
}

type Needs = Pick<Ports, 'disk' | 'host' | 'git'>;

const deepest = 12;
const decoder = new TextDecoder();
const id = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export async function namesOf(ports: Needs, repository: Repository): Promise<Names> {
  const { git } = ports;
  const at = { gitDir: repository.commonDir };
  const format = '--format=%(objectname) %(*objectname) %(refname)';
  const [listed, remotes, logs, heads] = await Promise.all([
    git.run(at, ['for-each-ref', format]),
    git.run(at, ['config', '--local', '-z', '--get-regexp', '^remote\\..*\\.url$']),
    logsOf(ports, repository),
    headsOf(ports, repository),
  ]);
  const refs = decoder
    .decode(listed.output)
    .split('\n')
    .flatMap((line) => {
      const [object = '', peeled = '', ...name] = line.split(' ');
      return id.test(object) ? [{ name: name.join(' '), object, commit: peeled === '' ? object : peeled }] : [];
    });
  return { refs: [...refs, ...heads], logs, remotes: remotesIn(decoder.decode(remotes.output)) };
}

function remotesIn(output: string): Names['remotes'] {
  return output.split('\0').flatMap((item) => {
    const [, name, url] = /^remote\.(.*)\.url\n(.+)$/s.exec(item) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });
}

/** Of a detached HEAD, the commit itself; else a ref names it. */
async function headsOf({ disk, host }: Needs, repository: Repository): Promise<Ref[]> {
  const dirs = new Set([
    repository.gitDir,
    ...repository.within.flatMap(({ repository: one }) => (one.commonDir === repository.commonDir ? [one.gitDir] : [])),
  ]);
  const heads = await Promise.all(
    [...dirs].map(async (dir) => {
      const text = (await textOf(disk, host.join(dir, 'HEAD')))?.trim() ?? '';
      return id.test(text) ? [{ name: 'HEAD', object: text, commit: text }] : [];
    }),
  );
  return heads.flat();
}

async function logsOf({ disk, host }: Needs, { commonDir, gitDir }: Repository): Promise<Logged[]> {
  const found: Logged[] = [];
  const walk = async (folder: FilePath, name: string, depth: number): Promise<void> => {
    if (depth > deepest) return;
    for (const entry of await disk.list(folder)) {
      const path = host.join(folder, entry.name);
      const inner = name === '' ? entry.name : `${name}/${entry.name}`;
      if (entry.kind === 'directory') await walk(path, inner, depth + 1);
      else if (entry.kind === 'file') found.push(...logIn(inner, (await textOf(disk, path)) ?? ''));
    }
  };
  for (const dir of new Set([commonDir, gitDir])) {
    try {
      await walk(host.join(dir, 'logs'), '', 0);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return found;
}

/** Lines `<old> <new> <who> <seconds> <zone>\t<message>`, the latest last. */
function logIn(ref: string, text: string): Logged[] {
  const lines = text.split('\n').flatMap((line) => {
    const [, to, seconds, message = ''] = /^[0-9a-f]+ ([0-9a-f]+) .*?(\d+) [+-]\d{4}(?:\t(.*))?$/.exec(line) ?? [];
    return to === undefined || !id.test(to) ? [] : [{ to, at: Number(seconds) * 1000, message }];
  });
  return lines.map(({ to, at, message }, index) => ({
    ref,
    to,
    at,
    by: /^update by push/.test(message) ? 'push' : /^(?:fetch|pull|clone)/.test(message) ? 'fetch' : 'other',
    number: lines.length - 1 - index,
  }));
}

async function textOf(disk: Ports['disk'], path: FilePath): Promise<string | undefined> {
  try {
    return decoder.decode((await disk.read(path)).bytes);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
