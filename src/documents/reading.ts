/**
 * What every format's reader gives to the others in this folder, and the problems they share.
 *
 * A reader answers questions about a document (`Document`) and, for edits, finds string scalars with their spans. Spans
 * are in the reader's own unit (bytes for JSON, characters for the rest), so only the reader can put new text there.
 * No problem ever quotes the document: line and column are all that is said.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Change } from './cells.ts';
import type { Document, Path } from './document.ts';
import { pointer } from './pointer.ts';

/** A string value as it is written in the document. */
export interface Scalar {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** The first spelling reads back by construction: it needs no trial of its own. */
  readonly certain?: true;
  /**
   * Spellings of the whole span that should decode to `wanted`, best first (least of the old spelling changed); the
   * first that reads back is taken. Empty when the format cannot say it.
   */
  spell(changes: readonly Change[], wanted: string): readonly string[];
}

export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Reading extends Document {
  /** undefined: no value there, not a string, or one that cannot be edited where it stands. */
  scalar(path: Path): Scalar | undefined;
  /** The document's bytes with spans replaced. Ascending, without overlap. */
  replaced(replacements: readonly Replacement[]): Uint8Array;
  /**
   * Is `result` this document with these scalars changed, each to the text that is wanted, and nothing else? Ascending,
   * without overlap. Absent where only reading `result` again can tell.
   */
  becomes?(result: Uint8Array, changed: readonly Changed[]): boolean;
}

/** A scalar by its span before the edit, and what it has to decode to after it. */
export interface Changed {
  readonly start: number;
  readonly end: number;
  readonly wanted: string;
}

/** Containers inside containers. Deeper documents are refused rather than walked. */
export const mostDepth = 500;

export function broken(name: string, line: number, column: number): Problem {
  return new Problem('document/broken', {
    what: `not valid ${name} at line ${line}, column ${column}`,
    next: 'correct the file with an editor',
  });
}

export function tooDeep(): Problem {
  return new Problem('document/too-deep', { what: `nested more than ${mostDepth} levels deep` });
}

export function notText(): Problem {
  return new Problem('document/not-text', { what: 'not a text file in UTF-8' });
}

export function noSuchPlace(path: Path): Problem {
  return new Problem('document/no-such-place', {
    what: `there is no text value at ${printable(pointer(path)) || 'the root'} that can be edited where it stands`,
  });
}

/** The step of a path as an index of an array: a number, or its digits as in a JSON pointer. */
export function indexOf(step: string | number): number | undefined {
  if (typeof step === 'number') return Number.isInteger(step) && step >= 0 ? step : undefined;
  return /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : undefined;
}

/** Text of a document, its byte order mark kept as a character. */
export function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notText();
  }
  if (text.includes('\0')) throw notText();
  return text;
}

/** Line and column, both from 1, of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lines = before.split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** `replaced` for readers whose unit is the character. */
export function replacedText(text: string, replacements: readonly Replacement[]): Uint8Array {
  let out = '';
  let at = 0;
  for (const { start, end, text: spelling } of replacements) {
    out += text.slice(at, start) + spelling;
    at = end;
  }
  return new TextEncoder().encode(out + text.slice(at));
}
