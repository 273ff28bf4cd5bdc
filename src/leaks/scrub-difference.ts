/**
 * A change of a file for people: each line with `[secret]` where the value stands, and as it would be. Other secrets that
 * are known, or look like keys, are hidden too: what is shown may be on a screen that others see.
 */
import { findFormats } from '../search/formats.ts';
import { hiddenIn } from '../search/hide.ts';
import type { Needles } from '../search/needles.ts';
import type { Span } from '../search/take-out.ts';

export interface ScrubChange {
  /** From 1. */
  readonly line: number;
  /** The value's neighbourhood in its line; no more of a long one. */
  readonly before: string;
  readonly after: string;
}

const mostChanges = 5;
/** Characters that are shown on either side. */
const mostAround = 50;
/** Bytes that are looked through for other secrets on either side: more than any of them has. */
const around = 16 * 1024;

export function differences(
  before: Uint8Array,
  after: Uint8Array,
  spans: readonly Span[],
  hide: readonly Needles[],
): readonly ScrubChange[] {
  return spans.slice(0, mostChanges).map(({ start, end, writing }) => {
    const wide = writing === 'utf-16le' || writing === 'utf-16be';
    const decode = (bytes: Uint8Array): string => {
      if (!wide) return new TextDecoder().decode(bytes);
      return new TextDecoder(writing).decode(bytes.subarray(0, bytes.length - (bytes.length % 2)));
    };
    const from = start - (wide ? around - (around % 2) : around);
    const head = decode(before.subarray(Math.max(from, wide ? start % 2 : 0), start));
    const tail = decode(before.subarray(end, end + around));
    const shownHead = last(hidden(lastLine(head), hide), mostAround);
    const shownTail = first(hidden(firstLine(tail), hide), mostAround);
    const filler = firstLine(decode(after.subarray(start, end)));
    return {
      line: lineAt(before, start),
      before: `${shownHead}[secret]${shownTail}`,
      after: `${shownHead}${filler}${shownTail}`,
    };
  });
}

const lastLine = (text: string): string => text.slice(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1);
const firstLine = (text: string): string => /^[^\r\n]*/.exec(text)?.[0] ?? '';
const last = (text: string, most: number): string => (text.length > most ? `…${text.slice(-most)}` : text);
const first = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

function hidden(text: string, hide: readonly Needles[]): string {
  const known = hiddenIn(text, hide);
  const bytes = Buffer.from(known);
  const found = [...findFormats(bytes)].sort((a, b) => b.start - a.start);
  return found
    .reduce(
      (left, { start, end }) => Buffer.concat([left.subarray(0, start), Buffer.from('[secret]'), left.subarray(end)]),
      bytes,
    )
    .toString();
}

function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let next = bytes.indexOf(0x0a); next !== -1 && next < at; next = bytes.indexOf(0x0a, next + 1)) line++;
  return line;
}
