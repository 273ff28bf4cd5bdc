/** Finding tokens of one piece inside values, and the CRC32 that some services put at the end of theirs. Pure. */
import type { PartSpan, Recognised, Slot } from './provider.ts';

/**
 * Every token that `shape` finds in the slots, each with all spots where it stands. `shape` is global, and its match is
 * the token. `kindOf` answers undefined for what only looks like one.
 */
export function findTokens(
  slots: readonly Slot[],
  shape: RegExp,
  part: string,
  kindOf: (token: string, slot: Slot) => string | undefined,
  context: Readonly<Record<string, string>>,
): readonly Recognised[] {
  const found = new Map<string, { kind: string; parts: PartSpan[] }>();
  for (const [index, slot] of slots.entries()) {
    for (const match of slot.value.matchAll(shape)) {
      const [token] = match;
      const kind = kindOf(token, slot);
      if (kind === undefined) continue;
      const entry = found.get(token) ?? { kind, parts: [] };
      entry.parts.push({ part, slot: index, start: match.index, end: match.index + token.length, coding: 'plain' });
      found.set(token, entry);
    }
  }
  return [...found.values()].map(({ kind, parts }) => ({ kind, parts, context }));
}

/** CRC-32 as in zlib and PNG (polynomial 0xEDB88320), of ASCII text. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A number written with the given digits, filled up with zeros. */
export function inDigits(value: number, digits: string, length: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / digits.length)) text = digits.charAt(rest % digits.length) + text;
  return text.padStart(length, digits.charAt(0));
}

/** 0-9, A-Z, a-z: the order that GitHub uses. */
export const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const base36 = '0123456789abcdefghijklmnopqrstuvwxyz';
