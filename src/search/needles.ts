/**
 * Known secrets, made ready to be sought in all their writings. The bytes come out by `Needles.listOf` alone, for the files that look.
 */
import type { Secret } from '../base/secret.ts';
import { encodePart } from '../documents/coding.ts';
import { type Gap, shortest, type Writing } from './search.ts';
import { type Specific, specificPart } from './specific.ts';

/** Shorter words stand in texts that have nothing to do with the secret. */
const longWord = 12;

/** One writing of one secret. */
export interface Needle {
  /** Index in `Needles.ids`. */
  readonly secret: number;
  readonly writing: Writing;
  readonly bytes: Uint8Array;
  /** Range of `bytes` that is specific to this secret: without a public prefix (`ghp_`, armour lines). */
  readonly from: number;
  readonly to: number;
  /** Every character (or byte) stands by its number, in so many bytes each: `%67`, `\u0067`. */
  readonly spelled?: Spelled;
  /** Base64 of wide characters. */
  readonly wide?: true;
}

type Spelled = 3 | 6;

export interface KnownSecret {
  /** Names it in findings: a credential's id. Two parts of one credential have one id. */
  readonly id: string;
  readonly secret: Secret;
}

export class Needles {
  /** Ids in the order of `Match.of.known`. */
  readonly ids: readonly string[];
  /** What is not sought, and why. */
  readonly gaps: readonly Gap[];
  #list: readonly Needle[];

  constructor(known: readonly KnownSecret[]) {
    this.ids = known.map(({ id }) => id);
    const gaps: Gap[] = [];
    this.#list = known.flatMap(({ id, secret }, index) => {
      const text = secret.reveal();
      const why = foundByChance(text);
      if (why !== undefined) {
        gaps.push({ code: 'too-short', where: id, why });
        return [];
      }
      return writingsOf(index, text);
    });
    this.gaps = gaps;
  }

  /**
   * With a text that is no secret but the mark of something else to be looked at, numbered behind `ids`. As written only.
   * `specific`: the part of it (8 bytes at least) that stands in little else.
   */
  withMark(text: string, specific: string): Needles {
    const both = new Needles([]);
    const from = text.indexOf(specific);
    const mark: Needle = {
      secret: this.ids.length,
      writing: 'plain',
      bytes: Buffer.from(text),
      from,
      to: from + specific.length,
    };
    both.#list = [...this.#list, mark];
    return Object.assign(both, { ids: this.ids, gaps: this.gaps });
  }

  /** Only for the files that look (src/search, src/platform/search-*): these are the secrets themselves. */
  static listOf(needles: Needles): readonly Needle[] {
    return needles.#list;
  }

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }
}

/** Of each secret the one that is its very text. */
export function plainOf(needles: readonly Needle[]): readonly Needle[] {
  const first = new Map<number, Needle>();
  for (const needle of needles) if (needle.writing === 'plain' && !first.has(needle.secret)) first.set(needle.secret, needle);
  return [...first.values()];
}

function foundByChance(text: string): string | undefined {
  if (Buffer.byteLength(text) < shortest) return `shorter than ${shortest} bytes: it would be found by chance`;
  return text.length < longWord && /^[a-z]+$/i.test(text) ? 'a short word: it would be found by chance' : undefined;
}

/** Every writing once: many secrets look alike in several. */
function writingsOf(secret: number, text: string): Needle[] {
  const found = new Map<string, Needle>();
  const { from, to } = specificPart(text);
  const add = (writing: Writing, bytes: Buffer, specific: Specific, spelled?: Spelled, isWide = false): void => {
    if (bytes.length < shortest) return;
    const key = bytes.toString('latin1');
    if (found.has(key)) return;
    const range = wideEnough(specific, bytes.length, shortest * (spelled ?? 1));
    found.set(key, { secret, writing, bytes, ...range, ...(spelled && { spelled }), ...(isWide && { wide: true as const }) });
  };
  /** A writing of each character (or byte) by itself: its parts are the parts' writings. */
  const each = (writing: Writing, write: (part: string) => Buffer, spelled?: Spelled): void => {
    const start = write(text.slice(0, from)).length;
    add(writing, write(text), { from: start, to: start + write(text.slice(from, to)).length }, spelled);
  };
  each('plain', (part) => Buffer.from(part));
  for (const write of jsonEscapes) each('json-escaped', (part) => Buffer.from(write(part)));
  if (text.isWellFormed()) for (const encode of percentEncodings) each('percent-encoded', (part) => Buffer.from(encode(part)));
  for (const digits of [inSmall, inCapitals]) {
    each('json-escaped', (part) => Buffer.from(numbers(Buffer.from(part, 'utf16le').swap16(), 2, '\\u', digits)), 6);
    each('percent-encoded', (part) => Buffer.from(numbers(Buffer.from(part), 1, '%', digits)), 3);
  }
  each('utf-16le', (part) => Buffer.from(part, 'utf16le'));
  each('utf-16be', (part) => Buffer.from(part, 'utf16le').swap16());
  each('hex', (part) => Buffer.from(Buffer.from(part).toString('hex')));
  each('hex', (part) => Buffer.from(Buffer.from(part).toString('hex').toUpperCase()));
  const utf8 = (part: string): Buffer => Buffer.from(part);
  // as PowerShell wants its commands
  const wide = (part: string): Buffer => Buffer.from(part, 'utf16le');
  for (const write of [utf8, wide]) {
    const specific = { from: write(text.slice(0, from)).length, to: write(text.slice(0, to)).length };
    for (const writing of ['base64', 'base64url'] as const)
      for (const before of [0, 1, 2]) {
        const stretch = base64Stretch(write(text), before, writing, specific);
        add(writing, stretch.bytes, stretch, undefined, write === wide);
      }
  }
  for (const line of joinedLines(text)) add('plain', Buffer.from(line.text), line);
  return [...found.values()];
}

/** At least so many bytes are specific, also of a secret that has little of its own. */
function wideEnough({ from, to }: Specific, length: number, least: number): Specific {
  const end = Math.min(length, Math.max(to, least));
  return { from: Math.max(0, Math.min(from, end - least)), to: end };
}

const inSmall = (digits: string): string => digits;
const inCapitals = (digits: string): string => digits.toUpperCase();

/** So many bytes at a time by their number, behind a sign. */
function numbers(bytes: Buffer, width: number, sign: string, digits: (text: string) => string): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += width) text += sign + digits(bytes.toString('hex', at, at + width));
  return text;
}

const inJson = (one: string): string => JSON.stringify(one).slice(1, -1);
const slashes = (one: string): string => one.replaceAll('/', '\\/');
/** Go and others write what is special in HTML by its number. */
const html = (one: string): string =>
  one.replace(/[<>&'=+]/g, (c) => (/[<>&]/.test(c) ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c));
const htmlAndQuotes = (one: string): string =>
  one.replace(/[<>&'=+]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
/** Python and others write what is not ASCII by its number. */
const ascii = (one: string): string =>
  one.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** One level of escapes as libraries write them, and each of them once more: text within text, as in a transcript of a tool call. */
const oneLevel = [inJson, (one: string) => slashes(inJson(one)), (one: string) => html(inJson(one))].concat([
  (one) => htmlAndQuotes(inJson(one)),
  (one) => ascii(inJson(one)),
]);
const jsonEscapes = [...oneLevel, ...oneLevel.map((write) => (one: string) => inJson(write(one)))];

const smallDigits = (one: string): string => one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const strict = (one: string): string => encodePart(one, 'percent');
/** As `encodeURIComponent`, as RFC 3986 wants it, and as forms are sent; with small digits too. */
const inForms = (one: string): string =>
  encodeURIComponent(one)
    .replaceAll('%20', '+')
    .replace(/[!'()~]/g, strict)
    .replaceAll('~', '%7E');
const percentEncodings = [encodeURIComponent, strict, inForms].flatMap((encode) => [
  encode,
  (one: string) => smallDigits(encode(one)),
]);

/**
 * What does not depend on what the secret was joined with, for one of the three ways in which it can lie in a group of three
 * bytes: characters all of whose bits are the secret's.
 */
function base64Stretch(
  bytes: Buffer,
  before: number,
  writing: 'base64' | 'base64url',
  specific: Specific,
): Specific & { bytes: Buffer } {
  const first = Math.ceil((before * 8) / 6);
  const whole = Math.floor(((before + bytes.length) * 8) / 6);
  const coded = Buffer.concat([Buffer.alloc(before), bytes]).toString(writing);
  return {
    bytes: Buffer.from(coded.slice(first, whole)),
    from: Math.max(0, Math.ceil(((before + specific.from) * 8) / 6) - first),
    to: Math.floor(((before + specific.to) * 8) / 6) - first,
  };
}

/**
 * A key of several lines stands in texts with other line ends, indentation and quotes: its body is sought with everything
 * of that taken out, as it shows once the line breaks of a text are joined.
 */
function joinedLines(text: string): ({ readonly text: string } & Specific)[] {
  const body = /-----BEGIN [A-Z0-9 ]+-----\r?\n(?:[\w-]+: .*\r?\n)*([A-Za-z0-9+/=\r\n]+?)\r?\n-----END/.exec(text)?.[1];
  const lines = body ?? (text.includes('\n') ? text : undefined);
  if (lines === undefined) return [];
  const joined = lines.replace(/\s+/g, '');
  // the share of the body that is specific, by its characters
  const start = text.indexOf(lines);
  const { from, to } = specificPart(text);
  const solid = (end: number): number => lines.slice(0, Math.max(0, end - start)).replace(/\s+/g, '').length;
  return [{ text: joined, from: solid(from), to: solid(to) }];
}
