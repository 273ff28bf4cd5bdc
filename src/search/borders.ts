/**
 * Where a known secret ends: one that goes on in its own alphabet is the beginning of a longer key, not this one.
 *
 * Letters and digits that the secret is made of count, and only where they follow it in the file itself. Fields of binary
 * files need no separator, so there a long secret may be followed by anything. A short one must not be the tail of a longer
 * word either. What is encoded in groups (base64, hexadecimal digits) goes on as the text does that it was joined with.
 */
import { type Needle, plainOf } from './needles.ts';
import type { View } from './views.ts';

/** Shorter texts also occur inside other words. */
const longWord = 12;
const backslash = 0x5c;

/** For each byte: does it continue a text of this alphabet? */
type Alphabet = Uint8Array;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isSmall = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;

export class Borders {
  readonly #alphabets: ReadonlyMap<number, Alphabet>;

  constructor(needles: readonly Needle[]) {
    this.#alphabets = new Map(plainOf(needles).map((needle) => [needle.secret, alphabetOf(needle)]));
  }

  /** Does the needle that stands at `at` end there, and begin? */
  allow(view: View, needle: Needle, at: number): boolean {
    const { writing, bytes, spelled } = needle;
    if (writing === 'base64' || writing === 'base64url' || writing === 'hex') return true;
    const alphabet = this.#alphabets.get(needle.secret);
    if (alphabet === undefined) return true;
    const end = at + bytes.length;
    const wide = writing === 'utf-16le' || writing === 'utf-16be';
    if (spelled === undefined && bytes.length < longWord * (wide ? 2 : 1)) {
      const before = wide ? undefined : wordBefore(view, at);
      if (before !== undefined && alphabet[before] === 1) return false;
    }
    const next = spelled
      ? spelledAt(view.bytes, end, spelled)
      : wide
        ? wideAt(view.bytes, end, writing === 'utf-16le')
        : view.bytes[end];
    if (next === undefined || alphabet[next] !== 1 || !view.follows(end)) return true;
    return !wide && bytes.length >= longWord && isBinary(view.bytes, at, end);
  }
}

function alphabetOf({ bytes, from, to }: Needle): Alphabet {
  const specific = bytes.subarray(from, to);
  const alphabet = new Uint8Array(256);
  const hexadecimal = specific.every((byte) => isDigit(byte) || (byte >= 0x61 && byte <= 0x66) || byte === 0x2d);
  const small = specific.some(isSmall);
  const capital = specific.some(isCapital);
  // what ends with a sign, as armour does, has no word that could go on
  const last = bytes.at(-1) ?? 0;
  if (!isDigit(last) && !isSmall(last) && !isCapital(last)) return alphabet;
  for (let byte = 0; byte < 256; byte++) {
    if (isDigit(byte)) alphabet[byte] = 1;
    else if (isSmall(byte)) alphabet[byte] = small && (!hexadecimal || byte <= 0x66) ? 1 : 0;
    else if (isCapital(byte)) alphabet[byte] = capital ? 1 : 0;
  }
  return alphabet;
}

/** The byte before, where it belongs to a word: not to an escape (`\n`, `%3D`). */
function wordBefore(view: View, at: number): number | undefined {
  const { bytes } = view;
  if (at === 0 || !view.follows(at)) return undefined;
  if (bytes[at - 2] === backslash || bytes[at - 3] === 0x25) return undefined;
  if (bytes[at - 6] === backslash && bytes[at - 5] === 0x75) return undefined;
  return bytes[at - 1];
}

/** The character that stands by its number, as those before it do, or as it is. */
function spelledAt(bytes: Uint8Array, at: number, width: 3 | 6): number | undefined {
  const text = Buffer.from(bytes.subarray(at, at + width)).toString('latin1');
  const number = /^(?:%|\\u00)([0-9a-f]{2})$/i.exec(text)?.[1];
  return number === undefined ? bytes[at] : Number.parseInt(number, 16);
}

function wideAt(bytes: Uint8Array, at: number, little: boolean): number | undefined {
  const [low, high] = little ? [bytes[at], bytes[at + 1]] : [bytes[at + 1], bytes[at]];
  return high === 0 ? low : undefined;
}

/** Are there bytes around that no text has? */
function isBinary(bytes: Uint8Array, start: number, end: number): boolean {
  const most = Math.min(bytes.length, end + 64);
  for (let at = Math.max(0, start - 64); at < most; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x07 || (byte > 0x0d && byte < 0x1b)) return true;
  }
  return false;
}
