/**
 * Goal: a secret is found in whatever place of a repository it hides, nothing else is, and what was not looked at is said.
 * Method: a repository made by real git with a secret of its own in every place (test/kits/hiding-places.ts), searched by the
 * real ports; the same repository searched for other secrets; then repositories that are damaged, cut short, or hostile.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HidingPlaces, hidingPlaces, type Planted } from '../../test/kits/hiding-places.ts';
import { madeUpSecret } from '../../test/kits/hiding-writings.ts';
import { foundOf, searchPaths } from '../../test/kits/leak-search.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import type { RawFinding } from './leaks.ts';

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
    const found = await searchPaths(
      machine,
      [repository],
      planted.map(({ secret }) => secret),
      { exhaustive },
    );
    const missed = planted.filter((each, index) => !foundOf(found, index).some((finding) => isAt(finding, each)));
    expect(missed.map(({ place }) => place)).toEqual([]);
    for (const [index, { place, tier }] of planted.entries()) {
      const plainly = foundOf(found, index).some(
        ({ match }) => !match.partial && match.writing === 'plain' && match.through.length === 0,
      );
      expect(plainly, place).toBe(tier === 'A');
    }
    expect(found.gaps).toEqual([{ code: 'not-here', where: 'ab'.repeat(32), why: expect.any(String) }]);
  });

  it('finds nothing else', async () => {
    const others = places.planted.map(({ place }) => madeUpSecret('others', place));
    const { findings, searched } = await searchPaths(machine, [places.repository], others);
    expect(findings).toEqual([]);
    expect(searched.objects).toBeGreaterThan(100);
    expect(searched.files).toBeGreaterThan(50);
  });
});
