/**
 * Connection URLs (DSNs) inside values, with the span of each part. Pure and total.
 *
 * Where programs read a sloppy URL differently (an `@` in the password), the reading of WHATWG URL and Python's urllib
 * is taken: user information ends at the last `@` of the authority. A part that is no valid percent-encoding is plain.
 */
import { type Coding, decodePart } from '../documents/coding.ts';
import type { PartSpan, Slot } from './provider.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly coding: Coding;
  /** Decoded. */
  readonly text: string;
}

export interface Dsn {
  readonly scheme: string;
  readonly user: Span | undefined;
  readonly password: Span | undefined;
  /** As written, in order; `port` is empty where none is given. */
  readonly hosts: readonly { readonly host: string; readonly port: string }[];
  /** Decoded path without its first slash. */
  readonly path: string;
  readonly query: ReadonlyMap<string, Span>;
}

function span(value: string, start: number, end: number): Span | undefined {
  if (end <= start) return undefined;
  const raw = value.slice(start, end);
  const text = decodePart(raw, 'percent');
  return text === undefined ? { start, end, coding: 'plain', text: raw } : { start, end, coding: 'percent', text };
}

const decoded = (raw: string): string => decodePart(raw, 'percent') ?? raw;

function hostsOf(raw: string): Dsn['hosts'] {
  return raw.split(',').map((one) => {
    const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(one);
    if (match === null) return { host: decoded(one), port: '' };
    return { host: decoded((match[1] ?? '').replace(/^\[|\]$/g, '')), port: match[2] ?? '' };
  });
}

function queryOf(value: string, start: number, end: number): Map<string, Span> {
  const query = new Map<string, Span>();
  let at = start;
  while (at < end) {
    const next = value.indexOf('&', at);
    const stop = next === -1 || next > end ? end : next;
    const equals = value.indexOf('=', at);
    if (equals !== -1 && equals < stop) {
      const found = span(value, equals + 1, stop);
      if (found !== undefined) query.set(decoded(value.slice(at, equals)), found);
    }
    at = stop + 1;
  }
  return query;
}

const patterns = new Map<string, RegExp>();

function patternOf(schemes: readonly string[]): RegExp {
  const names = schemes.join('|');
  const known = patterns.get(names) ?? new RegExp(`(?<![A-Za-z0-9+.-])(${names})(?:\\+[a-z0-9_]+)?://`, 'i');
  patterns.set(names, known);
  return known;
}

/** The first URL with one of the schemes (`postgresql`, also written `postgresql+driver`). */
export function findDsn(value: string, schemes: readonly string[]): Dsn | undefined {
  if (!value.includes('://')) return undefined;
  const match = patternOf(schemes).exec(value);
  if (match === null) return undefined;
  const start = match.index + match[0].length;
  // A URL that is the whole value may hold quotes; one inside a longer text ends at them.
  const stopper = match.index === 0 ? /\s/ : /[\s"'`<>]/;
  const length = value.slice(start).search(stopper);
  const end = length === -1 ? value.length : start + length;
  const rest = value.slice(start, end);
  const authority = rest.split(/[/?#]/, 1)[0] ?? '';
  const at = authority.lastIndexOf('@');
  const afterUser = start + (at === -1 ? 0 : at + 1);
  const hostEnd = start + authority.length;
  const hash = value.indexOf('#', hostEnd);
  const stop = hash === -1 || hash > end ? end : hash;
  const mark = value.indexOf('?', hostEnd);
  const pathEnd = mark === -1 || mark > stop ? stop : mark;
  const userEnd = at === -1 ? start : start + at;
  const colon = value.slice(start, userEnd).indexOf(':');
  return {
    scheme: (match[1] ?? '').toLowerCase(),
    user: span(value, start, colon === -1 ? userEnd : start + colon),
    password: colon === -1 ? undefined : span(value, start + colon + 1, userEnd),
    hosts: hostsOf(value.slice(afterUser, hostEnd)),
    path: decoded(value.slice(hostEnd + 1, pathEnd)),
    query: queryOf(value, pathEnd + 1, stop),
  };
}

/** A reference that was not followed, or a placeholder: no password. */
export const isPlaceholder = (text: string): boolean => /^(\$\{.*\}|\$[A-Z_]+|\{env:.*\}|<[^>]*>|\*+|%[A-Z_]+%)$/s.test(text);

export function partSpan(part: string, slot: number, at: Span): PartSpan {
  return { part, slot, start: at.start, end: at.end, coding: at.coding };
}

/** A variable that is the part as a whole; undefined when it is missing, empty or a placeholder. */
export function variable(slots: readonly Slot[], names: readonly string[]): { index: number; at: Span } | undefined {
  for (const name of names) {
    const index = slots.findIndex((slot) => slot.name === name && slot.where === 'env');
    const text = slots[index]?.value ?? '';
    if (text !== '' && !isPlaceholder(text)) return { index, at: { start: 0, end: text.length, coding: 'plain', text } };
  }
  return undefined;
}

export interface LoginNames {
  readonly host: readonly string[];
  readonly port: readonly string[];
  readonly user: readonly string[];
  readonly password: readonly string[];
}

/** A login in separate variables: its parts, and where it leads; undefined without a password. */
export function loginIn(
  slots: readonly Slot[],
  names: LoginNames,
  defaultPort: number,
): { readonly parts: readonly PartSpan[]; readonly context: { readonly host: string; readonly port: string } } | undefined {
  const password = variable(slots, names.password);
  if (password === undefined) return undefined;
  const user = variable(slots, names.user);
  return {
    parts: [
      ...(user === undefined ? [] : [partSpan('user', user.index, user.at)]),
      partSpan('password', password.index, password.at),
    ],
    context: {
      host: variable(slots, names.host)?.at.text ?? 'localhost',
      port: variable(slots, names.port)?.at.text ?? `${defaultPort}`,
    },
  };
}

/** One name for this machine's loopback, so that two spellings of it are one place. */
export function sameHost(host: string): string {
  const lower = host.toLowerCase();
  return ['localhost', '127.0.0.1', '::1'].includes(lower) ? 'localhost' : lower;
}
