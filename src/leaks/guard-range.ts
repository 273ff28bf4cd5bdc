/**
 * The guard over commits that exist: each commit of a range, against its parents. Of a merge only what no parent has counts.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { GitAt } from '../ports/git.ts';
import type { Ports } from '../ports/ports.ts';
import { commonDirOf, textOf } from './git-folders.ts';
import { allowlistPath, type Guarded, guard, type SoughtSecrets } from './guard.ts';
import { type Blob, type Change, changesOf, failed, objectsOf, text } from './guard-git.ts';

type RangePorts = Pick<Ports, 'git' | 'disk' | 'host' | 'searches' | 'random' | 'clock'>;

export interface RangeGuarded extends Guarded {
  readonly commits: number;
}

/** `A..B`, `A...B` (what B has and A has not, in both forms), or one commit. Problems: git/no-such-commits, git/shallow, git/failed. */
export async function guardRange(ports: RangePorts, at: GitAt, range: string, sought: SoughtSecrets): Promise<RangeGuarded> {
  const { tip, commits } = await commitsOf(ports, at, range);
  const allow = (await objectsOf(ports, at, [`${tip}:${allowlistPath}`])).get(`${tip}:${allowlistPath}`);
  const allowText = typeof allow === 'object' ? text(allow.bytes) : undefined;
  const all: Guarded[] = [];
  for (const { commit, changes } of await changesPerCommit(ports, at, commits)) {
    const blobs = await objectsOf(
      ports,
      at,
      changes.flatMap(({ before, after }) => [after, ...before]),
    );
    const contents = {
      after: async ({ after }: Change) => blobs.get(after),
      before: async ({ before }: Change) =>
        before.map((id) => blobs.get(id)).filter((blob): blob is Blob => typeof blob === 'object'),
    };
    all.push(await guard(ports, changes, contents, sought, allowText, commit));
  }
  return {
    findings: all.flatMap(({ findings }) => findings),
    faults: all[0]?.faults ?? [],
    gaps: all.flatMap(({ gaps }) => gaps),
    files: all.reduce((sum, { files }) => sum + files, 0),
    commits: commits.length,
  };
}

async function commitsOf(
  ports: RangePorts,
  at: GitAt,
  range: string,
): Promise<{ readonly tip: string; readonly commits: readonly string[] }> {
  const match = /^(?!-)([^\s.][^\s]*?|)(\.{2,3})([^\s]*)$/.exec(range);
  const [from, to] = match === null ? [undefined, range] : [match[1] || 'HEAD', match[3] || 'HEAD'];
  const shallow = ((await textOf(ports, ports.host.join(await commonDirOf(ports, at.gitDir), 'shallow'))) ?? '')
    .split('\n')
    .filter(Boolean);
  const [start, tip] = [from === undefined ? undefined : await commitNamed(from), await commitNamed(to)];
  const args = start === undefined ? ['rev-list', '--no-walk', tip] : ['rev-list', '--reverse', tip, `^${start}`];
  const { status, output } = await ports.git.run(at, args);
  if (status !== 0) throw failed('the commits of the range');
  const commits = text(output).split('\n').filter(Boolean);
  if (commits.some((commit) => shallow.includes(commit))) throw cutOff();
  return { tip, commits };

  async function commitNamed(name: string): Promise<string> {
    const answer = name.startsWith('-')
      ? undefined
      : await ports.git.run(at, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
    const id = answer?.status === 0 ? text(answer.output).trim() : '';
    if (/^[0-9a-f]{40,64}$/.test(id)) return id;
    if (shallow.length > 0) throw cutOff();
    throw new Problem('git/no-such-commits', {
      what: `${printable(name)} names no commit of this repository`,
      next: 'fetch it first, or name another range',
    });
  }

  function cutOff(): Problem {
    return new Problem('git/shallow', {
      what: 'this clone holds only the end of the history (it is shallow), and the range reaches behind it',
      state: 'nothing was looked at',
      next: 'fetch more: fetch-depth: 0 in actions/checkout, GIT_DEPTH: 0 in GitLab CI, or git fetch --unshallow',
    });
  }
}

interface Committed {
  readonly commit: string;
  readonly changes: readonly Change[];
}

async function changesPerCommit(ports: RangePorts, at: GitAt, commits: readonly string[]): Promise<readonly Committed[]> {
  if (commits.length === 0) return [];
  const args = ['diff-tree', '--stdin', '-r', '--root', '-m', '--raw', '-z', '--no-renames', '--no-abbrev'];
  const { status, output } = await ports.git.run(at, args, { input: `${commits.join('\n')}\n`, mostOutput: 512 * 1024 * 1024 });
  if (status !== 0) throw failed('what the commits changed');
  // The id of a commit comes once for each parent, followed by what differs from that one.
  const sides = new Map<string, string[][]>();
  const fields = text(output).split('\0');
  let side: string[] | undefined;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? '';
    if (field.startsWith(':')) side?.push(field, fields[++i] ?? '');
    else if (/^[0-9a-f]{40,64}$/.test(field)) {
      side = [];
      const known = sides.get(field);
      if (known) known.push(side);
      else sides.set(field, [side]);
    }
  }
  const parents = await parentsOf(ports, at, commits);
  return [...sides].map(([commit, all]) => ({ commit, changes: inAll(all.map(changesOf), parents.get(commit) ?? 1) }));
}

/** Changes that differ from every parent; a parent from which nothing differs has no section at all. */
function inAll(sides: readonly (readonly Change[])[], parents: number): readonly Change[] {
  const [first = [], ...rest] = sides;
  if (sides.length < parents) return [];
  return first.flatMap((change) => {
    const same = rest.map((side) => side.find(({ path, after }) => path === change.path && after === change.after));
    if (same.some((one) => one === undefined)) return [];
    return [{ ...change, before: [...change.before, ...same.flatMap((one) => one?.before ?? [])] }];
  });
}

async function parentsOf(ports: RangePorts, at: GitAt, commits: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { status, output } = await ports.git.run(at, ['rev-list', '--no-walk', '--parents', '--stdin'], {
    input: `${commits.join('\n')}\n`,
  });
  if (status !== 0) throw failed('the parents of the commits');
  return new Map(
    text(output)
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '))
      .map(([commit = '', ...parents]) => [commit, Math.max(1, parents.length)] as const),
  );
}
