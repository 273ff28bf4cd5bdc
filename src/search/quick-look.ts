/**
 * "Is there certainly nothing in this text?", at the price of one pass: for a hook that looks at a few ordinary files and must
 * not make a person wait while every writing of every secret is made ready.
 *
 * Every way of writing a secret that keeps its letters and digits keeps its runs of them, so a few bytes of each run, as they
 * stand in each coding, are all that must be looked for. A text that could hold more than that (archives, text coded twice,
 * escapes for letters, wrapped lines) is not judged here at all. So "no" is certain, and "yes" means: look exactly (match.ts).
 * Certain of whole secrets, and of their pieces but for one: a piece of under 18 bytes that is coded twice.
 */
import type { KnownSecret } from './needles.ts';

/** Any piece of a secret that counts (12 bytes) holds a whole stretch of so many at a multiple of it. */
const stretch = 6;
const bits = 15;
const multiplier = 0x9e3779b1;

export class QuickLook {
  /** By hash of four bytes: 1 + index of the first probe, or 0. */
  readonly #first = new Uint16Array(1 << bits);
  readonly #probes: { readonly bytes: Uint8Array; readonly next: number }[] = [];
  /** A secret without a run that could be looked for: nothing is certain. */
  #unsure = false;

  constructor(known: readonly KnownSecret[]) {
    for (const { secret } of known) {
      const text = secret.reveal();
      const [longest = ''] = (text.match(/[A-Za-z0-9]{8,}/g) ?? []).toSorted((a, b) => b.length - a.length);
      if (longest === '' || !isDense(text)) this.#unsure = true;
      else this.#secret(text, longest);
    }
  }

  /** May the text hold a secret, whole or in part, in any writing? Never false where the exact look finds one. */
  mayHold(text: Uint8Array): boolean {
    if (this.#unsure || isUnclear(text)) return true;
    const first = this.#first;
    let window = 0;
    for (let i = 0; i < text.length; i++) {
      window = (window >>> 8) | ((text[i] as number) << 24);
      const probe = first[Math.imul(window, multiplier) >>> (32 - bits)] as number;
      if (probe !== 0 && i >= 3 && this.#stands(text, i - 3, probe)) return true;
    }
    return false;
  }

  #stands(text: Uint8Array, at: number, probe: number): boolean {
    for (let index = probe; index !== 0; ) {
      const { bytes, next } = this.#probes[index - 1] as { bytes: Uint8Array; next: number };
      let same = 0;
      while (same < bytes.length && text[at + same] === bytes[same]) same++;
      if (same === bytes.length) return true;
      index = next;
    }
    return false;
  }

  #secret(text: string, longest: string): void {
    const step = kept.test(text) ? stretch : 1;
    for (const run of text.match(keptRuns) ?? [])
      for (let at = 0; at + stretch <= run.length; at += step) this.#probe(run.slice(at, at + stretch));
    const head = longest.slice(0, 8);
    const hex = Buffer.from(head.slice(0, 4)).toString('hex');
    this.#probe(hex);
    this.#probe(hex.toUpperCase());
    // In base 64 letters and digits never become `+` or `/`, so both alphabets write them alike. Groups of three begin at one of three places.
    const wide = Buffer.from(head, 'utf16le');
    for (const bytes of [Buffer.from(head), wide])
      for (let before = 0; before < 3; before++) this.#probe(bytes.subarray(before, before + 6).toString('base64'));
  }

  #probe(text: string): void {
    // Too many for the numbers of the table: then nothing is certain.
    if (this.#probes.length >= 0xffff) this.#unsure = true;
    if (this.#unsure) return;
    const bytes = Buffer.from(text, 'latin1');
    const window =
      (bytes[0] as number) | ((bytes[1] as number) << 8) | ((bytes[2] as number) << 16) | ((bytes[3] as number) << 24);
    const slot = Math.imul(window, multiplier) >>> (32 - bits);
    this.#first[slot] = this.#probes.push({ bytes, next: this.#first[slot] as number });
  }
}

/** What JSON and percent-encoding leave as it is. */
const kept = /^[\w-]+$/;
const keptRuns = /[\w-]{6,}/g;
/** The shortest piece of a secret that counts. */
const piece = 12;

/** Does every piece, of so many bytes, hold a whole stretch? */
function isDense(secret: string): boolean {
  const text = Buffer.from(secret).toString('latin1');
  for (let at = 0; at + piece <= text.length; at++) if (text.slice(at, at + piece).search(keptRuns) === -1) return false;
  return true;
}

const control = new Uint8Array(256);
for (let byte = 0; byte < 32; byte++) control[byte] = 1;
for (const c of '\t\n\r\f\u001b') control[c.charCodeAt(0)] = 0;
const coded = new Uint8Array(256);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-') coded[c.charCodeAt(0)] = 1;

/** From here on a run of the characters of base 64, of more than one kind, may hold an archive, or text that is coded again. */
const longRun = 32;
/** The same with digits and letters of both cases, as few words have them. */
const mixedRun = 16;
/** A run that goes on in the next line, or in the next literal. */
const cutRun = 12;

/** A literal that another one is joined to. */
const cutLiteral = 8;

const [small, large, digit] = [1, 2, 4];

/**
 * Bytes that are no text (archives, UTF-16), escapes that can stand for letters (`\u0041`, `\x41`, `&#65;`, `%41`), literals that
 * are joined, wrapped lines, and long runs of base 64 or hexadecimal digits: there more could stand than is seen.
 */
function isUnclear(text: Uint8Array): boolean {
  let run = 0;
  let kinds = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] as number;
    if (coded[byte] === 1) {
      run++;
      kinds |= byte >= 0x61 ? small : byte >= 0x41 && byte !== 0x5f ? large : byte >= 0x30 && byte <= 0x39 ? digit : 0;
      if (run >= mixedRun && kinds === (small | large | digit)) return true;
      if (run >= longRun && (kinds & (kinds - 1)) !== 0) return true;
      continue;
    }
    if (control[byte] === 1) return true;
    const cut = byte === 0x0a || byte === 0x0d || byte === 0x5c;
    if (cut && run >= cutRun && (kinds & (kinds - 1)) !== 0) return true;
    if (run >= cutLiteral && quotes.has(byte) && isJoined(text, i + 1)) return true;
    run = 0;
    kinds = 0;
    if (byte === 0x5c && isOctal(text, i + 1)) return true;
    if (byte === 0x5c && escapes.has(text[i + 1] as number)) return true;
    if (byte === 0x26 && text[i + 1] === 0x23) return true;
    if (
      byte === 0x25 &&
      isHex(text[i + 1]) &&
      isHex(text[i + 2]) &&
      (text[i + 1] as number) >= 0x33 &&
      (text[i + 1] as number) <= 0x37
    )
      return true;
  }
  return false;
}

/** Behind a quote: `+`, a backslash or only blanks before the line's end, and then another quote. */
function isJoined(text: Uint8Array, from: number): boolean {
  let signs = 0;
  for (let i = from; i < Math.min(text.length, from + 200); i++) {
    const byte = text[i] as number;
    if (quotes.has(byte)) return i > from || signs > 0;
    if (byte === 0x2b || byte === 0x5c || byte === 0x2e || byte === 0x26) signs++;
    else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  }
  return false;
}

const quotes = new Set([0x22, 0x27, 0x60]);
/** `u`, `U`, `x`; a backslash before a line end joins two lines. */
const escapes = new Set([...'uUx\n\r'].map((c) => c.charCodeAt(0)));

/** Three digits, as a letter has: `\101`. */
function isOctal(text: Uint8Array, from: number): boolean {
  for (let i = from; i < from + 3; i++) if ((text[i] ?? 0) < 0x30 || (text[i] ?? 0) > 0x37) return false;
  return true;
}

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));
