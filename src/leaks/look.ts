/** Looks through repositories and explains what was found: one call for `leak search`, and for `leak` over repositories. */
import type { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { SearchProgress } from '../ports/searches.ts';
import { hiddenIn } from '../search/hide.ts';
import { type KnownSecret, Needles } from '../search/needles.ts';
import type { Gap, Match } from '../search/search.ts';
import { explain } from './explain.ts';
import type { LeakSearch, Repository } from './leaks.ts';
import { repositoriesAt } from './repository.ts';
import { searchRepositories } from './search.ts';
import type { SearchMemory } from './search-memory.ts';

export interface LookOptions {
  /** Also keys of known formats that nobody told us of. */
  readonly formats: boolean;
  readonly exhaustive: boolean;
  /** Also the files of work trees, not only what git keeps. */
  readonly workTree: boolean;
  readonly askRemotes: boolean;
  readonly memory?: SearchMemory;
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Looked {
  readonly told: LeakSearch;
  /** In the order of `told.findings`. */
  readonly of: readonly Match['of'][];
  readonly repositories: readonly Repository[];
}

/** Problems: git/not-a-repository, git/absent. What a repository holds is never one. */
export async function lookThrough(
  ports: Ports,
  paths: readonly FilePath[],
  known: readonly KnownSecret[],
  options: LookOptions,
): Promise<Looked> {
  const began = ports.clock.elapsed();
  const needles = new Needles(known);
  const { repositories, gaps } = await repositoriesAt(ports, paths);
  const raw = await searchRepositories(ports, repositories, { known: needles, formats: options.formats }, options);
  const explained = await explain(ports, repositories, raw, needles, options);
  const found = raw.findings.flatMap(({ match: { of } }) => ('known' in of ? [] : [{ id: of.format, secret: of.secret }]));
  const seconds = Math.round((ports.clock.elapsed() - began) / 10) / 100;
  return {
    told: {
      schema: 'mcp-rotate/leak-search@1',
      searched: { ...raw.searched, seconds },
      // What could not be looked at may be named by a secret, too.
      notSearched: hiddenIn(eachOnce([...gaps, ...needles.gaps, ...raw.gaps, ...explained.gaps]), [needles, new Needles(found)]),
      findings: explained.findings.map(({ finding }) => finding),
    },
    of: explained.findings.map(({ of }) => of),
    repositories,
  };
}

/** A credential whose secrets could not be read at all is not sought: that is a gap too. */
export const gapOf = ({ what }: Problem): Gap => ({ code: 'unreadable', where: 'sealed old values', why: what });

function eachOnce(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.code}\0${gap.where}\0${gap.why}`, gap])).values()];
}
