/**
 * Goal: every known way to fail that concerns what is built has a test that names its number.
 * Method: the titles of all tests are read as text; numbers without a test stand here with the reason.
 */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { expect, it } from 'vitest';

/** 36 to 51 are of OAuth, git leaks and teams, except those that concern the journal's lease. */
const concerned = [...Array.from({ length: 35 }, (_, i) => i + 1), 51, 52, 53, 54];

const without = new Map([[53, 'reminders and schedules are not there yet; ages are computed in UTC']]);

async function covered(): Promise<Set<number>> {
  const numbers = new Set<number>();
  for await (const file of glob('{src,test,tools}/**/*.test.ts')) {
    const titles = readFileSync(file, 'utf8').matchAll(/\b(?:it|describe)\b[^\n]*|^ {2,}'[^\n]*\(failure modes?[^\n]*/gm);
    for (const [title] of titles) {
      for (const [, list = ''] of title.matchAll(/\(failure modes? ([\d, ]+)\)/g)) {
        for (const number of list.split(',')) numbers.add(Number(number));
      }
    }
  }
  return numbers;
}

it('every scenario has a test or a reason', async () => {
  const found = await covered();
  expect(concerned.filter((number) => !found.has(number) && !without.has(number))).toEqual([]);
  expect([...without.keys()].filter((number) => found.has(number))).toEqual([]);
});
