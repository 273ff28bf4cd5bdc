/** What the commands do with repositories: look through them, and rewrite one. Values in, values out. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import type { LeakSearch, RawFinding } from '../../leaks/leaks.ts';
import { lookThrough } from '../../leaks/look.ts';
import { webAddress } from '../../leaks/pushed.ts';
import { repositoriesAt } from '../../leaks/repository.ts';
import { type Rewritten, rewriteHistory } from '../../leaks/rewrite.ts';
import { searchRepositories } from '../../leaks/search.ts';
import { searchMemory } from '../../leaks/search-memory.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SearchProgress } from '../../ports/searches.ts';
import { type KnownSecret, Needles } from '../../search/needles.ts';
import type { Gap } from '../../search/search.ts';
import { knownSecrets } from './known.ts';

export interface SearchInput {
  readonly paths: readonly string[];
  /** Folders for project configs, whose keys are sought too. */
  readonly folders: readonly string[];
  /** Sought besides what is known here: what a person gave, one for each line. */
  readonly also: readonly Secret[];
  readonly formats: boolean;
  readonly exhaustive: boolean;
  readonly workTree: boolean;
  readonly askRemotes: boolean;
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly signal?: AbortSignal;
}

export interface RewriteInput {
  readonly path: string;
  readonly folders: readonly string[];
  /** What a person gave; with `ids`, all that is taken out. */
  readonly also: readonly Secret[];
  /** Ids of credentials of the inventory; empty: everything that is found. */
  readonly ids: readonly string[];
  readonly to: string | undefined;
  /** Ask the host how many pull requests are open, through the person's `gh`. */
  readonly askRemotes: boolean;
  readonly onStep?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface Repositories {
  search(input: SearchInput): Promise<LeakSearch>;
  /** Problems: git/*, usage/wrong (nothing is found there), leak/still-there. */
  rewrite(input: RewriteInput): Promise<Rewritten>;
}

/** `version`: of the product; another one may find more. */
export function createRepositories(ports: Ports, adapters: Adapters, version: string): Repositories {
  return {
    async search(input) {
      const { known, gaps } = await knownSecrets(ports, adapters, input.folders);
      const memory = searchMemory(ports, version);
      const { told } = await lookThrough(ports, input.paths, [...known, ...given(input.also)], { ...input, memory });
      return { ...told, notSearched: [...gaps, ...told.notSearched] };
    },
    async rewrite(input) {
      const { repositories } = await repositoriesAt(ports, [input.path]);
      const [repository, another] = repositories;
      if (repository === undefined || another !== undefined) {
        throw new Problem('usage/wrong', {
          what: `${printable(input.path)} holds ${repositories.length} repositories`,
          state: 'nothing was changed',
          next: 'name one of them',
        });
      }
      const signal = input.signal ? { signal: input.signal } : {};
      const secrets = await toRemove(input, repository.path);
      const clone = input.to ?? `${repository.path.replace(/[\\/]+(?:\.git)?$/, '')}-rewritten.git`;
      const needles = new Needles(secrets);
      const look = async (path: string): Promise<{ findings: readonly RawFinding[]; gaps: readonly Gap[] }> => {
        const { repositories: found } = await repositoriesAt(ports, [path]);
        const raw = await searchRepositories(
          ports,
          found,
          { known: needles, formats: false },
          { exhaustive: true, workTree: false, ...signal },
        );
        const findings = raw.findings.filter(({ where }) => where.kind === 'object' || where.kind === 'ref');
        return { findings, gaps: raw.gaps };
      };
      const asking = input.askRemotes ? { openPullRequests: (urls: readonly string[]) => openPullRequests(ports, urls) } : {};
      const onStep = input.onStep ? { onStep: input.onStep } : {};
      return rewriteHistory(ports, repository, needles, clone, { search: look, ...asking, ...onStep, ...signal });
    },
  };

  /** Known ones that were named, or all that stand there, known or not. */
  async function toRemove({ ids, also, folders, signal }: RewriteInput, path: string): Promise<readonly KnownSecret[]> {
    const { known } = await knownSecrets(ports, adapters, folders);
    for (const id of ids) {
      if (known.some((one) => one.id === id)) continue;
      throw new Problem('usage/unknown-credential', {
        what: `no credential ${printable(id)} was found, and no old value of it is kept`,
        state: 'nothing was changed',
        next: 'mcp-rotate status; without an id everything that is found is removed',
      });
    }
    if (ids.length > 0 || also.length > 0) return [...known.filter(({ id }) => ids.includes(id)), ...given(also)];
    const options = { formats: true, exhaustive: false, workTree: false, askRemotes: false, ...(signal ? { signal } : {}) };
    const { of } = await lookThrough(ports, [path], known, options);
    const found = of.flatMap((one): KnownSecret[] => {
      if (!('known' in one)) return [{ id: one.format, secret: one.secret }];
      const secret = known[one.known];
      return secret ? [secret] : [];
    });
    const once = found.filter((one, index) => found.findIndex((other) => other.secret.equals(one.secret)) === index);
    if (once.length > 0) return once;
    throw new Problem('usage/wrong', {
      what: `nothing was found in the history of ${printable(path)}`,
      state: 'nothing was changed',
      next: 'mcp-rotate leak search --exhaustive looks at every object by the slow way',
    });
  }
}

const given = (also: readonly Secret[]): KnownSecret[] => also.map((secret, index) => ({ id: `given-${index + 1}`, secret }));

/** Of the first remote on GitHub. undefined: none, no `gh`, or it cannot tell. */
async function openPullRequests(ports: Ports, urls: readonly string[]): Promise<number | undefined> {
  for (const url of urls) {
    const [, repository] = /^https:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(webAddress(url) ?? '') ?? [];
    if (repository === undefined || (await ports.processes.which('gh')) === undefined) continue;
    const args = ['pr', 'list', '--repo', repository, '--state', 'open', '--limit', '1000', '--json', 'number', '--jq', 'length'];
    const { status, output } = await ports.processes.runAsPerson('gh', args, { timeoutMs: 30_000 });
    if (status === 0 && /^\d+\s*$/.test(output)) return Number(output);
  }
  return undefined;
}
