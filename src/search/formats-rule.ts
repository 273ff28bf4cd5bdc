/**
 * How a format is written down: what its keys begin with, the pattern of the rest, and what else must hold.
 *
 * Texts here are bytes as characters (latin1), so that offsets are those of the bytes. An anchor is sought first; it is at
 * least four characters, some of which may be classes, and stands where the key begins or shortly behind that.
 */
import { isFiller, isPlaceholder } from './placeholders.ts';

/** One character of an anchor: itself, or one of several. */
export type AnchorPart = string;

export interface Rule {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  /** Each a list of parts, each part one character or the characters of a class. */
  readonly anchors: readonly (readonly AnchorPart[])[];
  /** How far before the anchor a key (or what tells of it) may begin. */
  readonly before: number;
  /** How far behind the anchor's start it may end, with what is looked at behind it. */
  readonly most: number;
  /** May a word character stand directly before the anchor? */
  readonly within: boolean;
  /** A cheap look at the bytes behind the anchor that is never false where `read` finds something. */
  readonly likely: (bytes: Uint8Array, at: number) => boolean;
  /** The secret in `text`, whose anchor is at `at`; undefined when it is none. */
  readonly read: (text: string, at: number) => Stretch | undefined;
}

export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Where it is not what stands there letter by letter (percent-encoded, with escaped line ends). */
  readonly text?: string;
  /** Where the scheme of an address names another provider. */
  readonly provider?: string;
}

export const alnum = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const digits = '0123456789';
export const hex = '0123456789abcdef';
export const word = `${alnum}_-`;

/** `ghp_` as four parts; a shorter text is made long enough with the class of what follows. */
export function anchor(text: string, next: string = alnum): readonly AnchorPart[] {
  const parts: AnchorPart[] = [...text];
  while (parts.length < 4) parts.push(next);
  return parts;
}

const inKeys = new Uint8Array(256);
for (const c of `${word}.+/=%~:`) inKeys[c.charCodeAt(0)] = 1;

/** No key is shorter than this behind its beginning. */
const shortestBody = 20;

/** Do this many bytes follow that can stand in keys at all? */
export function runsOn(bytes: Uint8Array, from: number, least: number): boolean {
  if (from + least > bytes.length) return false;
  for (let at = from; at < from + least; at++) if (inKeys[bytes[at] as number] !== 1) return false;
  return true;
}

interface Prefixed {
  /** What the key begins with; several when they differ. */
  readonly prefix: string | readonly string[];
  /** Class of the character behind a prefix that is shorter than four. */
  readonly next?: string;
  /** Regular expression of all behind the prefix. */
  readonly body: string;
  /** Characters that must not follow: those of the key's own alphabet. */
  readonly end?: string;
  /** Of the longest key. */
  readonly most?: number;
  readonly holds?: (body: string, key: string) => boolean;
  /** A character that all of its keys have at the same distance from their start: tells those apart that begin like words. */
  readonly mark?: { readonly at: number; readonly is: string };
}

/** A key that is told by its beginning. */
export function prefixed(id: string, provider: string, name: string, options: Prefixed): Rule {
  const { next, body, end = 'A-Za-z0-9_', most = 400, holds = () => true, mark } = options;
  const prefixes = typeof options.prefix === 'string' ? [options.prefix] : options.prefix;
  const shortest = Math.min(...prefixes.map(({ length }) => length)) + shortestBody;
  const pattern = new RegExp(`(${prefixes.map(escaped).join('|')})(${body})(?![${end}])`, 'y');
  return {
    id,
    provider,
    name,
    anchors: prefixes.map((prefix) => anchor(prefix, next)),
    before: 0,
    most,
    within: false,
    likely: (bytes, at) => (mark === undefined || bytes[at + mark.at] === mark.is.charCodeAt(0)) && runsOn(bytes, at, shortest),
    read: (text, at) => {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      const [key, , rest = ''] = match;
      if (isFiller(rest) || isPlaceholder(key) || !holds(rest, key)) return undefined;
      return { start: at, end: at + key.length };
    },
  };
}

/** What may stand between a variable's name and its value, in JSON, TOML, YAML, shells and code, escaped or not. */
const between = String.raw`[\\"'\`\]]{0,4}\s{0,8}(?:\)|,\s{0,8}[\\"']{0,3}value[\\"']{0,3}\s{0,4})?(?:=>|:=|\?\?|\|\||[=:,]|\s)\s{0,8}(?:[\\"'\`]{1,3}|)(?:(?:Bearer|ApiKey|Token) )?`;

interface Named {
  /** Names of variables that hold such a key and nothing else. */
  readonly names: readonly string[];
  readonly value: string;
  readonly end?: string;
  readonly most?: number;
  readonly holds?: (value: string) => boolean;
}

/** A key without a mark of its own, told by the name of the variable that it is given to. */
export function named(id: string, provider: string, name: string, options: Named): Rule {
  const { names, value, end = 'A-Za-z0-9_', most = 400, holds = () => true } = options;
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?:${longestFirst.map(escaped).join('|')})(?![A-Za-z0-9_])${between}(${value})(?![${end}])`, 'dy');
  return {
    id,
    provider,
    name,
    anchors: names.map((each) => anchor(each)),
    before: 0,
    most,
    within: true,
    likely: () => true,
    read: (text, at) => {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      const [start, stop] = match?.indices?.[1] ?? [0, 0];
      const key = text.slice(start, stop);
      if (key === '' || isFiller(key) || isPlaceholder(key) || !holds(key)) return undefined;
      return { start, end: stop };
    },
  };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** Letters of both cases and digits: what a key made by chance in base 62 or 64 has, and a name or a path has not. */
export const isMixed = (text: string): boolean => /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);

/** No word character stands directly before, but for the end of an escape (the same as formats-scan.ts asks of bytes). */
export function opens(text: string, at: number): boolean {
  const opening = /(?:^|\W|\\[nrtbfv]|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\[[\d;]{1,10}m)$/;
  return opening.test(text.slice(Math.max(0, at - 12), at));
}

/** The claims of a JSON web token, or the JSON behind a prefix; undefined when it is none. */
export function decodedJson(base64: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(Buffer.from(base64, 'base64')));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
