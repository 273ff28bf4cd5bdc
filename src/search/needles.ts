/**
 * Known secrets, made ready to be sought in all their writings. The bytes stay behind `needlesOf`, for the files that look.
 */
import type { Secret } from '../base/secret.ts';
import { encodePart } from '../documents/coding.ts';
import { type Gap, shortest, type Writing } from './search.ts';

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
}

export interface KnownSecret {
  /** Names it in findings: a credential's id. Two parts of one credential have one id. */
  readonly id: string;
  readonly secret: Secret;
}

/** Longest JSON nesting of escapes that is sought: text within text, as in a transcript of a tool call. */
const escapes = 2;

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

function foundByChance(text: string): string | undefined {
  if (Buffer.byteLength(text) < shortest) return `shorter than ${shortest} bytes: it would be found by chance`;
  return text.length < longWord && /^[a-z]+$/i.test(text) ? 'a short word: it would be found by chance' : undefined;
}

/** Every writing once: many secrets look alike in several. */
function writingsOf(secret: number, text: string): Needle[] {
  const utf8 = Buffer.from(text);
  const found = new Map<string, Needle>();
  const add = (writing: Writing, bytes: Uint8Array, skip = 0): void => {
    const key = Buffer.from(bytes).toString('latin1');
    const from = Math.min(skip, Math.max(0, bytes.length - shortest));
    if (bytes.length >= shortest && !found.has(key)) found.set(key, { secret, writing, bytes, from, to: bytes.length });
  };
  const shared = publicPrefix(text);
  add('plain', utf8, shared);
  for (const escaped of jsonEscaped(text)) add('json-escaped', Buffer.from(escaped), shared);
  for (const coded of percentEncoded(text)) add('percent-encoded', Buffer.from(coded), shared);
  for (const writing of ['base64', 'base64url'] as const)
    for (const stretch of base64Stretches(utf8, writing)) add(writing, Buffer.from(stretch), Math.ceil((shared * 4) / 3));
  const hex = utf8.toString('hex');
  for (const digits of [hex, hex.toUpperCase()]) add('hex', Buffer.from(digits), shared * 2);
  const wide = Buffer.from(text, 'utf16le');
  add('utf-16le', wide, shared * 2);
  add('utf-16be', Buffer.from(wide).swap16(), shared * 2);
  return [...found.values()];
}

function jsonEscaped(text: string): string[] {
  const inner = (one: string): string => JSON.stringify(one).slice(1, -1);
  const html = (one: string): string => one.replace(/[<>&]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const levels = [inner(text)];
  for (let level = 1; level < escapes; level++) levels.push(inner(levels.at(-1) ?? text));
  return levels.flatMap((one) => [one, one.replaceAll('/', '\\/'), html(one)]);
}

/** As `encodeURIComponent`, as RFC 3986 wants it, and with small digits. */
function percentEncoded(text: string): string[] {
  let loose: string;
  try {
    loose = encodeURIComponent(text);
  } catch {
    return [];
  }
  const strict = encodePart(text, 'percent');
  return [loose, strict].flatMap((one) => [one, one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/** What does not depend on what the secret was joined with, for each of the three ways in which it can lie in a group. */
function base64Stretches(utf8: Buffer, writing: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const whole = Math.floor(((before + utf8.length) * 8) / 6);
    const from = Math.ceil((before * 8) / 6);
    return Buffer.concat([Buffer.alloc(before), utf8])
      .toString(writing)
      .slice(from, whole);
  });
}

/** Length of what all secrets of a kind begin with (`sk-ant-api03-`, `github_pat_`): no evidence of this one. */
function publicPrefix(text: string): number {
  return /^(?:[A-Za-z]{1,12}[-_]){1,4}(?:[a-z0-9]{2,6}-)?/.exec(text)?.[0].length ?? 0;
}
