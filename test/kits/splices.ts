/**
 * Random documents for the tests of edits, and the judgement of one edit by a parser that is not ours.
 *
 * A writer lays a document out in pieces and remembers where each string scalar begins and ends, so that "not one other
 * byte" is checked against the writer's knowledge and not against the reader under test.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import type { Format, Path, Splice } from '../../src/documents/document.ts';
import { spliceDocument } from '../../src/documents/splice.ts';

export interface WrittenScalar {
  readonly path: Path;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A document under construction. */
export class Writer {
  text = '';
  readonly scalars: WrittenScalar[] = [];

  put(text: string): this {
    this.text += text;
    return this;
  }

  scalar(path: Path, value: string, spelling: string): this {
    this.scalars.push({ path, value, start: this.text.length, end: this.text.length + spelling.length });
    return this.put(spelling);
  }
}

const nasty = [
  '"',
  "'",
  '`',
  '\\',
  '\n',
  '\r\n',
  '\t',
  '$',
  '$(id)',
  '${A}',
  '#',
  ' # ',
  ': ',
  '- ',
  '%41',
  '{',
  ']',
  ',',
  '=',
  '\u0001',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ufeff',
  'é',
  '😀',
  "'''",
  '"""',
  '~',
  '!',
  '&',
  '|',
  '*',
  '\\n',
  '\\u0041',
  ' ',
];

/** New text as hostile as it comes; never half a character. NUL is a case of its own. */
export const newText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('ghp_0123456789abcdefghijABCDEFGHIJ456789', 'p%40ss', 'true', '12', '2026-11-22', 'null', '', 'yes', '0x1f'),
  fc
    .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme-ascii', maxLength: 6 })), { maxLength: 6 })
    .map((list) => list.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
);

/** Text of a value in a document, as a writer can spell it in any style asked for. */
export const plainText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('Bearer sk-live-1', 'postgres://u:p%40w@h/db?sslmode=require', '--api-key=k1', 'https://h/mcp?apiKey=k2', ''),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
);

/** Choices made in advance, so that a document can be written by plain code and a failure still shrinks. */
export class Dice {
  readonly #rolls: readonly number[];
  readonly #plain: readonly string[];
  readonly #fresh: readonly string[];
  #at = 0;

  constructor(rolls: readonly number[], plain: readonly string[], fresh: readonly string[]) {
    this.#rolls = rolls;
    this.#plain = plain;
    this.#fresh = fresh;
  }

  /** 0 to most. */
  upTo(most: number): number {
    return (this.#rolls[this.#at++] ?? 0) % (most + 1);
  }

  flip(): boolean {
    return this.upTo(1) === 1;
  }

  of<T>(list: readonly T[]): T {
    return list[this.upTo(list.length - 1)] as T;
  }

  plain(): string {
    return this.of(this.#plain);
  }

  fresh(): string {
    return this.of(this.#fresh);
  }
}

export const dice: fc.Arbitrary<Dice> = fc
  .tuple(
    fc.array(fc.nat({ max: 0xffff }), { minLength: 40, maxLength: 400, size: 'max' }),
    fc.array(plainText, { minLength: 6, maxLength: 6 }),
    fc.array(newText, { minLength: 3, maxLength: 3 }),
  )
  .map(([rolls, plain, fresh]) => new Dice(rolls, plain, fresh));

/** The same cases at every run; another seed by FC_SEED. */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  return { numRuns, seed: Number(process.env['FC_SEED'] ?? 1) };
}

/** One or two splices in a value that do not overlap and split no character. */
export function splicesFor(g: Dice, scalar: WrittenScalar): Splice[] {
  const units = [0];
  for (const c of scalar.value) units.push((units.at(-1) as number) + c.length);
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map(() => g.of(units)).toSorted((x, y) => x - y);
  const ranges =
    c > b && g.flip()
      ? [
          { start: a, end: b },
          { start: c, end: d },
        ]
      : [{ start: a, end: b }];
  return ranges.map((range) => ({ path: scalar.path, ...range, text: g.fresh() }));
}

export function applied(value: string, splices: readonly Splice[]): string {
  return splices
    .toReversed()
    .reduce((text, { start, end, text: piece }) => text.slice(0, start) + piece + text.slice(end), value);
}

/** Plain data with one text replaced; maps and objects alike. */
export function withText(tree: unknown, path: Path, text: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (Array.isArray(tree)) return tree.map((item, i) => (i === Number(step) ? withText(item, rest, text) : item));
  const entries = Object.entries(tree as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name, name === String(step) ? withText(value, rest, text) : value]));
}

/**
 * Makes the edit and judges it: bytes outside the scalar as they were, the scalar and every other value as `parse`
 * reads them. Answers false when the format said that it cannot hold the text.
 */
export function judge(
  format: Format,
  text: string,
  scalar: WrittenScalar,
  splices: readonly Splice[],
  parse: (text: string) => unknown,
): boolean {
  const before = new TextEncoder().encode(text);
  let bytes: Uint8Array;
  try {
    bytes = spliceDocument(before, format, splices);
  } catch (error) {
    if (error instanceof Problem && error.code === 'document/cannot-hold') return false;
    throw error;
  }
  const after = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  expect(after.slice(0, scalar.start)).toBe(text.slice(0, scalar.start));
  expect(after.endsWith(text.slice(scalar.end))).toBe(true);
  expect(after.length).toBeGreaterThanOrEqual(scalar.start + text.length - scalar.end);
  expect(parse(after)).toEqual(withText(parse(text), scalar.path, applied(scalar.value, splices)));
  return true;
}
