/**
 * Takes known secrets out of bytes that stay otherwise as they are: every byte of a secret becomes a letter of a filler in
 * the same writing, so that nothing moves (offsets, lengths and lines hold) and what was well-formed stays so. Pure.
 *
 * Only what was told by a look (match.ts) is taken out: the same bytes within a longer key are another key's.
 */
import { type Needle, Needles } from './needles.ts';
import type { Match, Writing } from './search.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly writing: Writing;
}

/** Letters and dashes: a word in every language that a config or a history is written in, quoted or not. */
const words = 'removed-by-mcp-rotate-';

/** Where they stand, in order; none for what was seen only in a view (an archive, lines joined) or is a part. */
export function spansOf(bytes: Uint8Array, known: Needles, matches: readonly Match[]): readonly Span[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (secret: number, writing: Writing, start: number): Span[] => {
    const stands = (one: Needle): boolean =>
      one.secret === secret &&
      one.writing === writing &&
      all.compare(one.bytes, 0, one.bytes.length, start, Math.min(all.length, start + one.bytes.length)) === 0;
    const length = Math.max(0, ...Needles.listOf(known).flatMap((one) => (stands(one) ? [one.bytes.length] : [])));
    return length === 0 ? [] : [{ start, end: start + length, writing }];
  };
  const spans = matches.flatMap(({ of, writing, through, offset, partial }) => {
    if (!('known' in of) || through.length > 0 || partial) return [];
    // ASCII in little endian reads as big endian one byte before, where a letter stands in front
    const little = writing === 'utf-16be' && offset % 2 === 1 ? at(of.known, 'utf-16le', offset + 1) : [];
    return little.length > 0 ? little : at(of.known, writing, offset);
  });
  return spans.sort((a, b) => a.start - b.start);
}

/** A copy with these spans filled. Line breaks inside of them stay. */
export function filled(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const { start, end, writing } of spans) {
    const filler = fillerOf(writing, end - start);
    for (let at = start; at < end; at++) {
      if (copy[at] === 0x0a || copy[at] === 0x0d) continue;
      copy[at] = filler[at - start] ?? 0;
    }
  }
  return copy;
}

/** Base64 and hexadecimal of nothing but `U`, wherever the groups begin. */
function fillerOf(writing: Writing, length: number): Buffer {
  if (writing === 'base64' || writing === 'base64url') return Buffer.alloc(length, 'V');
  if (writing === 'hex') return Buffer.alloc(length, '5');
  const wide = writing === 'utf-16le' || writing === 'utf-16be';
  const letters = wide ? length >> 1 : length;
  const text = words.slice(0, letters).padEnd(letters, 'x');
  if (!wide) return Buffer.from(text);
  const bytes = Buffer.from(text, 'utf16le');
  return writing === 'utf-16be' ? bytes.swap16() : bytes;
}
