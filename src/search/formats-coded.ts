/**
 * What the beginning of a key looks like where the key is written in base64, in hex or in UTF-16: enough to tell that such bytes
 * may hold one, so that they are looked at with all views. Only beginnings of four fixed characters have such a look.
 */

export interface CodedAnchor {
  readonly bytes: Uint8Array;
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
  return [
    ...[0, 1, 2].flatMap((before) =>
      [...new Set([stretch(plain, before, 'base64'), stretch(plain, before, 'base64url')])]
        .filter((text) => text.length >= least)
        .map((text) => ({ bytes: Buffer.from(text), goesOn: goesOnInBase64 })),
    ),
    ...[hex, hex.toUpperCase()].map((digits) => ({ bytes: Buffer.from(digits), goesOn: goesOnInHex })),
    { bytes: wide.subarray(0, -1), goesOn: goesOnWide },
    { bytes: Buffer.from(wide).swap16(), goesOn: goesOnWide },
  ];
}

/** The characters of base64 that hang on the beginning alone, when so many bytes of a group stand before it. */
function stretch(plain: Buffer, before: number, writing: 'base64' | 'base64url'): string {
  const whole = Math.floor(((before + plain.length) * 8) / 6);
  return Buffer.concat([Buffer.alloc(before), plain])
    .toString(writing)
    .slice(Math.ceil((before * 8) / 6), whole);
}
