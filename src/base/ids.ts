/** Identifiers that people type. Letters that are mistaken for each other (0 o 1 l i) are left out of random ones. */

/** `postgresql-7c1e`: provider, then the start of the fingerprint. */
export type CredentialId = string;
/** `r-20261122-k7mq4t`: day of the start (UTC) and six random letters; also the text of the marker. */
export type RotationId = string;
/** Keyed hash of a credential in lower-case hexadecimal, 64 digits; safe to show. */
export type Fingerprint = string;

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** `random` holds at least `length` bytes; a byte too high to be fair is skipped by using the next one. */
export function randomLetters(random: Uint8Array, length: number): string {
  const fair = 256 - (256 % letters.length);
  let text = '';
  for (const byte of random) {
    if (text.length === length) return text;
    if (byte < fair) text += letters[byte % letters.length];
  }
  if (text.length === length) return text;
  throw new Error('not enough random bytes');
}

export function rotationId(now: number, random: Uint8Array): RotationId {
  return `r-${new Date(now).toISOString().slice(0, 10).replaceAll('-', '')}-${randomLetters(random, 6)}`;
}

/** The label by which a key of ours is found again at a provider. */
export function marker(rotation: RotationId): string {
  return `mcp-rotate ${rotation}`;
}

/** Nothing but printable ASCII: the search below takes a while. */
const ordinary = /^[\x20-\x7e]*$/;

/** Control characters and line breaks of a hostile name become visible, so that it cannot move the cursor or fake a line. */
export function printable(name: string, most = 200): string {
  const plain = ordinary.test(name)
    ? name
    : name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
