/**
 * Goal: a value of a hostile project costs time in proportion to its length, whatever it holds: reading it cannot hang
 * the tool.
 * Method: texts that make a pattern start over at every character, of one length and of eight times that, through the
 * references of every syntax, every provider and the search for unknown keys. Eight times the length may take at most
 * thirty-two times as long; what grows with the square takes sixty-four.
 */
import { describe, expect, it } from 'vitest';
import type { Reference } from '../clients/client.ts';
import { providers } from '../registry.ts';
import { scanner } from './references.ts';
import { unknownKeys } from './unknown.ts';

const shapes = [
  'a',
  'a-',
  '_',
  'A',
  'a=',
  "a='",
  'http://',
  'key=&',
  'postgresql://',
  'redis://a,',
  'u:p@tcp(',
  '[:',
  '%41',
  'ghp_',
  'glpat-',
  'sk_live_',
  'AKIA',
  '${env:',
  '${A:-',
  '{file:',
  '$A',
  '%A',
  '@',
  ' ',
];
const starts = ['', 'postgres://u:', 'http://h/?', 'Bearer '];
const syntaxes: readonly Reference[] = ['brace', 'brace-default', 'env-colon', 'curly-env', 'dollar', 'percent', 'curly-file'];

function readAll(text: string): void {
  scanner(syntaxes, {})(text);
  for (const where of ['env', 'header', 'url'] as const) {
    const slots = [{ where, name: where === 'env' ? 'DATABASE_URL' : 'Authorization', value: text }];
    for (const provider of providers) provider.recognise(slots);
    unknownKeys(slots, []);
  }
}

function best(text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const from = performance.now();
    readAll(text);
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

describe.each(shapes)('%j', (shape) => {
  it.each(starts)('after %j', (start) => {
    const long = (length: number): string => (start + shape.repeat(length)).slice(0, length);
    const short = best(long(8_000));
    expect(best(long(64_000))).toBeLessThan(32 * Math.max(short, 5));
  });
});
