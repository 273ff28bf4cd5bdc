/**
 * Goal: a secret is found in whatever place of a repository it hides, nothing else is, and what was not looked at is said.
 * Method: a repository made by real git with a secret of its own in every place (test/kits/hiding-places.ts), searched by the
 * real ports; the same repository searched for other secrets; then repositories that are damaged, cut short, or hostile.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HidingPlaces, hidingPlaces, madeUpSecret, type Planted } from '../../test/kits/hiding-places.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import { Secret } from '../base/secret.ts';
import { createGit } from '../platform/git.ts';
import { searchObjects } from '../platform/search-objects.ts';
import { createSearches } from '../platform/searches.ts';
import { Needles } from '../search/needles.ts';
import type { RawFinding, RawSearch } from './leaks.ts';
import { repositoriesAt } from './repository.ts';
import { type SearchOptions, searchRepositories } from './search.ts';

const needlesOf = (secrets: readonly string[]) =>
  new Needles(secrets.map((secret, index) => ({ id: `secret-${index}`, secret: new Secret(secret) })));

function portsOf(machine: Machine) {
  const { host, disk, random } = machine.ports;
  return { host, disk, random, git: createGit(host), searches: { ...createSearches(host), objects: searchObjects } };
}

async function search(
  machine: Machine,
  path: string,
  secrets: readonly string[],
  options: Partial<SearchOptions> = {},
): Promise<RawSearch> {
  const ports = portsOf(machine);
  const { repositories, gaps } = await repositoriesAt(ports, [path]);
  const sought = { known: needlesOf(secrets), formats: false };
  const found = await searchRepositories(ports, repositories, sought, { exhaustive: false, workTree: true, ...options });
  return { ...found, gaps: [...gaps, ...found.gaps] };
}

const of = ({ findings }: RawSearch, index: number): RawFinding[] =>
  findings.filter(({ match }) => 'known' in match.of && match.of.known === index);

function isAt({ where }: RawFinding, { kind, at, state }: Planted): boolean {
  if (where.kind !== kind) return false;
  if (where.kind === 'work-file' && state !== undefined && where.state !== state) return false;
  const name = where.kind === 'ref' ? where.ref : 'file' in where ? where.file : '';
  return at === undefined || name.endsWith(at);
}

describeWith(['git'], 'searching a repository', () => {
  let folder: string;
  let places: HidingPlaces;
  let machine: Machine;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-test-')));
    places = hidingPlaces(folder, 'planted');
    machine = await scratchMachine();
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([false, true])('finds what hides in every place (exhaustive: %s)', async (exhaustive) => {
    const { planted, repository } = places;
    const found = await search(
      machine,
      repository,
      planted.map(({ secret }) => secret),
      { exhaustive },
    );
    const missed = planted.filter((each, index) => !of(found, index).some((finding) => isAt(finding, each)));
    expect(missed.map(({ place }) => place)).toEqual([]);
    for (const [index, { place, tier }] of planted.entries()) {
      const plainly = of(found, index).some(
        ({ match }) => !match.partial && match.writing === 'plain' && match.through.length === 0,
      );
      expect(plainly, place).toBe(tier === 'A');
    }
    expect(found.gaps).toEqual([{ code: 'not-here', where: 'ab'.repeat(32), why: expect.any(String) }]);
  });

  it('finds nothing else', async () => {
    const others = places.planted.map(({ place }) => madeUpSecret('others', place));
    const { findings, searched } = await search(machine, places.repository, others);
    expect(findings).toEqual([]);
    expect(searched.objects).toBeGreaterThan(100);
    expect(searched.files).toBeGreaterThan(50);
  });
});
