/**
 * Names that git keeps: of refs, and of the paths in an index. Not all of them stand in a file as they are: refs may be in
 * tables, and a newer index tells each path by what it has in common with the one before.
 */
import { Problem } from '../base/problem.ts';
import type { GitAt, GitOptions } from '../ports/git.ts';
import type { Ports } from '../ports/ports.ts';
import type { Sought } from '../ports/searches.ts';
import type { Gap, Match } from '../search/search.ts';
import type { Repository } from './leaks.ts';

export type NamePorts = Pick<Ports, 'disk' | 'host' | 'git' | 'searches'>;

const mostOutput = 512 * 1024 * 1024;
const timeoutMs = 5 * 60_000;

export interface NameFound {
  readonly name: string;
  readonly match: Match;
}

/** What git says; undefined when it refuses, takes too long or says too much. */
export async function said(
  { git }: Pick<Ports, 'git'>,
  at: GitAt,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer | undefined> {
  try {
    const { status, output } = await git.run(at, args, { mostOutput, timeoutMs, ...options });
    return status === 0 ? Buffer.from(output.buffer, output.byteOffset, output.length) : undefined;
  } catch (error) {
    if (error instanceof Problem && error.code === 'git/failed') return undefined;
    throw error;
  }
}

export interface RefNames {
  readonly refs: readonly NameFound[];
  /** Of reflogs in tables; those that are files are searched as files. */
  readonly logs: readonly NameFound[];
}

export async function searchRefs(ports: NamePorts, { commonDir }: Repository, sought: Sought, gaps: Gap[]): Promise<RefNames> {
  const { disk, host } = ports;
  const at = { gitDir: commonDir };
  const tables = host.join(commonDir, 'reftable');
  const inTables = (await disk.kind(tables)) === 'directory';
  const listed = await said(ports, at, ['for-each-ref', '--format=%(refname)']);
  if (!listed) {
    gaps.push(
      inTables
        ? { code: 'needs-git', where: tables, why: 'refs and reflogs in tables (reftable): git 2.45 or newer reads them' }
        : { code: 'unreadable', where: commonDir, why: 'git cannot list the refs: only those that are files were looked at' },
    );
    return { refs: [], logs: [] };
  }
  const refs = await namesHolding(ports, split(listed, '\n'), sought, gaps);
  if (!inTables) return { refs, logs: [] };
  const logged = await said(ports, at, ['reflog', 'show', '--all', '--format=%gn <%ge>%n%gs']);
  if (!logged) gaps.push({ code: 'unreadable', where: tables, why: 'git cannot show the reflogs' });
  return { refs, logs: logged ? await namesHolding(ports, split(logged, '\n'), sought, gaps) : [] };
}

export interface IndexNames {
  /** Paths in the index, as git writes them; undefined when it cannot be read. */
  readonly tracked: ReadonlySet<string> | undefined;
  readonly found: readonly NameFound[];
}

export async function searchIndex(ports: NamePorts, repository: Repository, sought: Sought, gaps: Gap[]): Promise<IndexNames> {
  const { disk, host } = ports;
  const index = host.join(repository.gitDir, 'index');
  if ((await disk.kind(index)) === undefined) return { tracked: new Set(), found: [] };
  const listed = await said(ports, placeOf(repository), ['ls-files', '-z', '--cached']);
  if (!listed) {
    gaps.push({ code: 'corrupt', where: index, why: 'git cannot read this index: only its bytes were looked at' });
    return { tracked: undefined, found: [] };
  }
  const names = split(listed, '\0');
  return { tracked: new Set(names.map(String)), found: await namesHolding(ports, names, sought, gaps) };
}

export function placeOf({ gitDir, workTree }: Repository): GitAt {
  return workTree === undefined ? { gitDir } : { gitDir, workTree };
}

function split(bytes: Buffer, by: '\n' | '\0'): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(by); to !== -1; to = bytes.indexOf(by, from)) {
    if (to > from) parts.push(bytes.subarray(from, to));
    from = to + 1;
  }
  if (from < bytes.length) parts.push(bytes.subarray(from));
  return parts;
}

/** Looked at all together first: there may be very many. */
async function namesHolding(
  { searches }: NamePorts,
  names: readonly Buffer[],
  sought: Sought,
  gaps: Gap[],
): Promise<NameFound[]> {
  const joined = Buffer.concat(names.flatMap((name) => [name, newline]));
  const together = await searches.bytes(joined, sought);
  if (together.gaps.length === 0 && together.matches.length === 0) return [];
  const starts: number[] = [];
  let at = 0;
  for (const name of names) {
    starts.push(at);
    at += name.length + 1;
  }
  // Only a match in the very text tells by its offset where it stands; for any other, each name is asked.
  const direct = together.gaps.length === 0 && together.matches.every(({ through }) => through.length === 0);
  const some = direct ? new Set(together.matches.map(({ offset }) => indexAt(starts, offset))) : names.keys();
  const found: NameFound[] = [];
  for (const index of some) {
    const name = names[index] ?? Buffer.alloc(0);
    const alone = await searches.bytes(name, sought);
    found.push(...alone.matches.map((match) => ({ name: name.toString(), match })));
    gaps.push(...alone.gaps.map((gap) => ({ ...gap, where: name.toString() })));
  }
  return found;
}

const newline = Buffer.from('\n');

/** Of ascending starts, the last that is no greater. */
function indexAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
