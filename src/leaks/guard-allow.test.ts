/**
 * Goal: an entry of the allowlist counts only with a reason and until its day has passed, and lets through what it names and
 * nothing else.
 * Method: entries at the edges of each rule; globs against paths that are nearly theirs.
 */
import { describe, expect, it } from 'vitest';
import { allowedBy, fits, readAllowances } from './guard-allow.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const key = 'key:0123456789abcdef0123';

describe('readAllowances', () => {
  it('reads entries between comments and empty lines, whatever the line ends', () => {
    const { allowances, faults } = readAllowances(`# ours\r\n\r\n${key}  until 2026-11-22   made for the tests\r\n`, now);
    expect(faults).toEqual([]);
    expect(allowances).toEqual([{ line: 3, what: key, until: '2026-11-22', reason: 'made for the tests' }]);
  });

  it.each([
    [`${key} until 2026-11-21 made for the tests`, 'its last day was 2026-11-21'],
    [`${key} until 2028-06-01 made for the tests`, 'it would count for longer than 400 days'],
    [`${key} until 2026-12-01`, 'it has no reason'],
    [`${key} until 2026-12-01 x`, 'it has no reason'],
    [`${key} made for the tests`, 'it has no day of its end: `until 2027-06-30`'],
    [`${key} until tomorrow made for the tests`, 'it has no day of its end: `until 2027-06-30`'],
    [`${key} until 2026-13-45 made for the tests`, 'it has no day of its end: `until 2027-06-30`'],
    ['path:** until 2026-12-01 made for the tests', 'it allows every file'],
    ['path:*/* until 2026-12-01 made for the tests', 'it allows every file'],
    ['key:0123 until 2026-12-01 made for the tests', 'it is not `key:…`, `place:…` or `path:…`, `until DATE`, and a reason'],
    ['src/a.ts', 'it is not `key:…`, `place:…` or `path:…`, `until DATE`, and a reason'],
  ])('does not count: %s', (line, why) => {
    expect(readAllowances(line, now)).toEqual({ allowances: [], faults: [{ line: 1, why }] });
  });
});

describe('allowedBy', () => {
  const { allowances } = readAllowances(
    `${key} until 2026-12-01 made for the tests\npath:test/*.pem until 2026-12-01 made for the tests`,
    now,
  );

  it('knows a key wherever it is, and a path whatever is in it', () => {
    expect(allowedBy(allowances, { fingerprint: key, path: 'any/where' })?.line).toBe(1);
    expect(allowedBy(allowances, { fingerprint: 'key:ffff', path: 'test/a.pem' })?.line).toBe(2);
    expect(allowedBy(allowances, { fingerprint: `${key}0`, path: 'test/a/b.pem' })).toBeUndefined();
  });
});

describe('fits', () => {
  it.each([
    ['test/*.pem', 'test/a.pem', true],
    ['test/*.pem', 'test/a/b.pem', false],
    ['test/*.pem', 'test/apem', false],
    ['test/**', 'test/a/b.pem', true],
    ['test/**', 'tests/a', false],
    ['**/fixtures/*', 'fixtures/a', true],
    ['**/fixtures/*', 'a/b/fixtures/c', true],
    ['**/fixtures/*', 'a/myfixtures/c', false],
    ['a+(b)?.txt', 'a+(b)?.txt', true],
    ['a.txt', 'a.txt\nb', false],
  ])('%s against %s: %s', (glob, path, does) => {
    expect(fits(glob, path)).toBe(does);
  });
});
