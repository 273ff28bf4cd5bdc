/** A search of repositories as tests do it: by the real ports, on a scratch machine. */
import { Secret } from '../../src/base/secret.ts';
import type { RawFinding, RawSearch } from '../../src/leaks/leaks.ts';
import { repositoriesAt } from '../../src/leaks/repository.ts';
import { type SearchOptions, searchRepositories } from '../../src/leaks/search.ts';
import { createGit } from '../../src/platform/git.ts';
import { createSearches } from '../../src/platform/searches.ts';
import { Needles } from '../../src/search/needles.ts';
import type { Machine } from './machine.ts';

export function leakPorts(machine: Machine) {
  const { host, disk, random } = machine.ports;
  return { host, disk, random, git: createGit(host), searches: createSearches(host) };
}

export const needlesOf = (secrets: readonly string[]): Needles =>
  new Needles(secrets.map((secret, index) => ({ id: `secret-${index}`, secret: new Secret(secret) })));

export async function searchPaths(
  machine: Machine,
  paths: readonly string[],
  secrets: readonly string[],
  options: Partial<SearchOptions> = {},
): Promise<RawSearch> {
  const ports = leakPorts(machine);
  const { repositories, gaps } = await repositoriesAt(ports, paths);
  const sought = { known: needlesOf(secrets), formats: false };
  const found = await searchRepositories(ports, repositories, sought, { exhaustive: false, workTree: true, ...options });
  return { ...found, gaps: [...gaps, ...found.gaps] };
}

/** What was found of the secret with this index. */
export const foundOf = ({ findings }: RawSearch, index: number): RawFinding[] =>
  findings.filter(({ match }) => 'known' in match.of && match.of.known === index);
