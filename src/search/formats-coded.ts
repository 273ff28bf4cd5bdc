/**
 * What the beginning of a key looks like where the key is written in base64, in hex or in UTF-16: enough to tell that such bytes
 * may hold one, so that they are looked at with all views. Only beginnings of four fixed characters have such a look.
 */

export type CodedWriting = 'base64' | 'hex' | 'utf-16';

export interface CodedAnchor {
  /** For each position the characters that may stand there. */
  readonly parts: readonly string[];
  readonly writing: CodedWriting;
  /** May it go on from here as the same writing? A beginning alone stands in many texts by chance. */
  readonly goesOn: (bytes: Uint8Array, at: number) => boolean;
}

const least = 4;
/** Bytes behind a beginning that must be of its writing: no key is shorter. */
const body = 24;

const set = (characters: string): Uint8Array => {
  const is = new Uint8Array(256);
  for (const c of characters) is[c.charCodeAt(0)] = 1;
  return is;
};
const isBase64 = set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n\\');
const isHex = set('0123456789abcdefABCDEF\r\n\\');

const runOf =
  (is: Uint8Array) =>
  (bytes: Uint8Array, at: number): boolean => {
    if (at + body > bytes.length) return false;
    for (let i = at; i < at + body; i++) if (is[bytes[i] as number] !== 1) return false;
    return true;
  };
const goesOnInBase64 = runOf(isBase64);
const goesOnInHex = runOf(isHex);
const goesOnWide = (bytes: Uint8Array, at: number): boolean => at + body <= bytes.length;

/** `start`: the fixed characters that a key begins with. */
export function codedAnchors(start: string): readonly CodedAnchor[] {
  if (start.length < least) return [];
  const plain = Buffer.from(start, 'latin1');
  const wide = Buffer.from(start, 'utf16le');
  const hex = plain.toString('hex');
  const each = (bytes: Buffer | string): string[] => [...(typeof bytes === 'string' ? bytes : bytes.toString('latin1'))];
  return [
    ...[0, 1, 2].map((before) => ({ parts: inBase64(plain, before), writing: 'base64' as const, goesOn: goesOnInBase64 })),
    ...[hex, hex.toUpperCase()].map((digits) => ({ parts: each(digits), writing: 'hex' as const, goesOn: goesOnInHex })),
    { parts: each(wide.subarray(0, -1)), writing: 'utf-16', goesOn: goesOnWide },
    { parts: each(Buffer.from(wide).swap16()), writing: 'utf-16', goesOn: goesOnWide },
  ];
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Fewer say too little of a character. */
const fewestBits = 2;

/** In both alphabets of base64, with so many bytes of a group before it that nobody knows: what each character may be. */
function inBase64(plain: Buffer, before: number): string[] {
  const parts: string[] = [];
  const [first, last] = [before * 8, (before + plain.length) * 8];
  const bit = (at: number): number => ((plain[(at - first) >> 3] as number) >> (7 - ((at - first) & 7))) & 1;
  for (let group = 0; group * 6 < last; group++) {
    const known = [0, 1, 2, 3, 4, 5].map((of) => group * 6 + of).filter((at) => at >= first && at < last);
    if (known.length < fewestBits) continue;
    const fits = (value: number): boolean => known.every((at) => ((value >> (5 - (at - group * 6))) & 1) === bit(at));
    const may = [...alphabet].filter((_, value) => fits(value)).join('');
    parts.push(may.replace('+', '+-').replace('/', '/_'));
  }
  return parts;
}

/** Before the beginning: what tells of a key may stand there (`user:`, a name). */
const behind = 96;
const ahead = 1024;

/** One place for what is decoded: thousands of small buffers would be given back late. */
const scratch = Buffer.allocUnsafeSlow(behind + ahead);

/**
 * Does what stands around a coded beginning hold something, decoded in any way in which it can lie in groups? The bytes that
 * `holds` is given are good until it returns.
 */
export function decodedHolds(
  bytes: Uint8Array,
  at: number,
  writing: CodedWriting,
  holds: (decoded: Uint8Array) => boolean,
): boolean {
  const from = Math.max(0, at - behind);
  const to = Math.min(bytes.length, at + ahead);
  if (writing === 'utf-16') {
    for (const first of [at, at + 1]) {
      let length = 0;
      for (let i = first - 2 * ((first - from) >> 1); i < to; i += 2) scratch[length++] = bytes[i] as number;
      if (holds(scratch.subarray(0, length))) return true;
    }
    return false;
  }
  const is = writing === 'hex' ? isHex : isBase64;
  let start = at;
  while (start > from && is[bytes[start - 1] as number] === 1) start--;
  let end = at;
  while (end < to && is[bytes[end] as number] === 1) end++;
  // Line breaks, and the escapes of them, are none of the digits.
  const run = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString('latin1')
    .replace(/\\[rn]|[\r\n\\]/g, '');
  for (let skip = 0; skip < (writing === 'hex' ? 2 : 4); skip++) {
    const length = scratch.write(run.slice(skip), writing);
    if (holds(scratch.subarray(0, length))) return true;
  }
  return false;
}
