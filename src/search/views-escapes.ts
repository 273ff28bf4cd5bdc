/**
 * Views of what was escaped character by character: JSON and its like, percent encoding, XML, and UTF-16.
 *
 * Around each escape only as much is shown as a secret may reach from it. Escapes that leave long pieces of a secret as they
 * are need no view to be noticed: the caller knows then, and asks for all of it.
 */
import { type View, ViewBuilder } from './views.ts';
import { cutsRun } from './views-coded.ts';

/** How far before and behind an escape is shown. */
const reach = 1024;

/** One escape at `at`: its length, and what it stands for; undefined where none is. */
type Escape = { readonly length: number; readonly stands: Uint8Array | number } | undefined;

const utf8 = (point: number): Uint8Array | number => (point < 0x80 ? point : Buffer.from(String.fromCodePoint(point)));

const digit = (byte: number | undefined): number => {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1;
};

function hexNumber(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) {
    const one = digit(bytes[at + i]);
    if (one < 0) return -1;
    value = value * 16 + one;
  }
  return value;
}

const backslash = 0x5c;
const simple = new Map([...'nrtbf"\'/\\'].map((c, i) => [c.charCodeAt(0), '\n\r\t\b\f"\'/\\'.charCodeAt(i)]));

/** Escapes of JSON, and those that JavaScript, Python and C have beside them. */
function jsonEscape(bytes: Uint8Array, at: number): Escape {
  const next = bytes[at + 1];
  if (next === undefined) return undefined;
  const plain = simple.get(next);
  if (plain !== undefined) return { length: 2, stands: plain };
  if (next === 0x78) {
    const value = hexNumber(bytes, at + 2, 2);
    return value < 0 ? undefined : { length: 4, stands: value };
  }
  if (next !== 0x75) return undefined;
  if (bytes[at + 2] === 0x7b) {
    let end = at + 3;
    while (end < at + 10 && digit(bytes[end]) >= 0) end++;
    const value = hexNumber(bytes, at + 3, end - at - 3);
    if (end === at + 3 || bytes[end] !== 0x7d || !isPoint(value)) return undefined;
    return { length: end + 1 - at, stands: utf8(value) };
  }
  const high = hexNumber(bytes, at + 2, 4);
  if (high < 0) return undefined;
  if (high >= 0xd800 && high < 0xdc00 && bytes[at + 6] === backslash && bytes[at + 7] === 0x75) {
    const low = hexNumber(bytes, at + 8, 4);
    if (low >= 0xdc00 && low < 0xe000) return { length: 12, stands: utf8(0x10000 + (high - 0xd800) * 0x400 + low - 0xdc00) };
  }
  return { length: 6, stands: utf8(isPoint(high) ? high : 0xfffd) };
}

const isPoint = (value: number): boolean => value >= 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);

function percentEscape(bytes: Uint8Array, at: number): Escape {
  const value = hexNumber(bytes, at + 1, 2);
  return value < 0 ? undefined : { length: 3, stands: value };
}

const entities = new Map([
  ['amp', 0x26],
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['quot', 0x22],
  ['apos', 0x27],
]);

const beginsEntity = new Set([...'#algq'].map((c) => c.charCodeAt(0)));

function xmlEntity(bytes: Uint8Array, at: number): Escape {
  if (!beginsEntity.has(bytes[at + 1] ?? 0)) return undefined;
  let end = at + 1;
  while (end < at + 10 && bytes[end] !== 0x3b && bytes[end] !== undefined) end++;
  if (bytes[end] !== 0x3b) return undefined;
  const name = Buffer.from(bytes.subarray(at + 1, end)).toString('latin1');
  const length = end + 1 - at;
  const known = entities.get(name);
  if (known !== undefined) return { length, stands: known };
  const number = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
  if (!number) return undefined;
  const value = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  return isPoint(value) ? { length, stands: utf8(value) } : undefined;
}

/** Copies [from, to) of the view with its escapes resolved, the last one whole. Answers where it ended. */
function resolve(built: ViewBuilder, view: View, from: number, to: number, lead: number, read: typeof jsonEscape): number {
  const { bytes } = view;
  let copied = from;
  for (let at = bytes.indexOf(lead, from); at !== -1 && at < to; ) {
    const found = read(bytes, at);
    if (found === undefined) {
      at = bytes.indexOf(lead, at + 1);
      continue;
    }
    built.copy(copied, at);
    built.token(at, at + found.length, found.stands);
    copied = at + found.length;
    at = bytes[copied] === lead ? copied : bytes.indexOf(lead, copied);
  }
  built.copy(copied, to);
  return Math.max(copied, to);
}

/** Longer pieces than what may stand between two escapes are noticed as they are. */
const nearby = 16;

/**
 * Can a secret hide behind this escape without any longer piece of it standing as it is? Behind one of many, or behind one
 * that cuts a run of base64, which is then to be decoded.
 */
const hides = {
  json: (bytes: Uint8Array, first: number): boolean => {
    // an escape that was escaped again has more of them
    let at = first;
    while (bytes[at + 1] === backslash) at++;
    const next = bytes[at + 1];
    if (next === 0x2f) return cutsRun(bytes, first);
    const length = next === 0x78 ? 4 : next === 0x75 ? 6 : 0;
    return length > 0 && goesOn(bytes, at + 2, at + length + nearby, backslash) && jsonEscape(bytes, at) !== undefined;
  },
  percent: (bytes: Uint8Array, at: number): boolean =>
    (goesOn(bytes, at + 3, at + nearby, 0x25) || cutsRun(bytes, at)) && hexNumber(bytes, at + 1, 2) >= 0,
};

function goesOn(bytes: Uint8Array, from: number, to: number, lead: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === lead) return true;
  return false;
}

function escapesView(view: View, all: boolean, kind: 'json' | 'percent'): View | undefined {
  const lead = kind === 'json' ? backslash : 0x25;
  const read = kind === 'json' ? jsonEscape : percentEscape;
  const { bytes } = view;
  if (all) {
    if (bytes.indexOf(lead) === -1) return undefined;
    const whole = new ViewBuilder(view);
    resolve(whole, view, 0, bytes.length, lead, read);
    return whole.length < bytes.length ? whole.built() : undefined;
  }
  const built = new ViewBuilder(view);
  let shown = 0;
  for (let at = bytes.indexOf(lead); at !== -1; ) {
    if (!hides[kind](bytes, at)) {
      while (bytes[at] === lead) at++;
      at = bytes.indexOf(lead, at);
      continue;
    }
    const from = Math.max(shown, at - reach);
    if (from > shown) built.apart();
    shown = resolve(built, view, from, Math.min(bytes.length, at + reach), lead, read);
    at = bytes.indexOf(lead, shown);
  }
  return built.built();
}

/** `all`: the whole text is shown, whatever escape is in it. */
export const jsonView = (view: View, all: boolean): View | undefined => escapesView(view, all, 'json');
export const percentView = (view: View, all: boolean): View | undefined => escapesView(view, all, 'percent');

const lessThan = 0x3c;
const ampersand = 0x26;
const mostTag = 64 * 1024;

/** Does it begin as XML does? */
export function isXml(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < 64 && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at++;
  return bytes[at] === lessThan;
}

export function xmlEntitiesView(view: View): View | undefined {
  if (view.bytes.indexOf(ampersand) === -1) return undefined;
  const built = new ViewBuilder(view);
  resolve(built, view, 0, view.bytes.length, ampersand, xmlEntity);
  return built.length < view.bytes.length ? built.built() : undefined;
}

/** Text without its tags: a word processor cuts words wherever their look or their spelling changed. */
export function xmlTextView(view: View): View | undefined {
  const { bytes } = view;
  let tag = bytes.indexOf(lessThan);
  if (tag === -1) return undefined;
  const built = new ViewBuilder(view);
  let copied = 0;
  while (tag !== -1) {
    const data = bytes.toString('latin1', tag, tag + 9) === '<![CDATA[';
    const end = data ? tag + 8 : bytes.indexOf(0x3e, tag);
    if (end === -1 || end - tag > mostTag) break;
    resolve(built, view, copied, tag, ampersand, xmlEntity);
    copied = end + 1;
    tag = bytes.indexOf(lessThan, copied);
  }
  resolve(built, view, copied, bytes.length, ampersand, xmlEntity);
  return built.built();
}

/** Characters in a row that make a stretch of UTF-16. */
const leastWide = 16;
const inText = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));

/** A stretch covers a place that is looked at, and three bytes behind it. */
const stride = 24;
const evenBytes = 0x00ff00ff;
const oddBytes = 0xff00ff00 | 0;

/** Stretches of ASCII characters that have two bytes each, of either order; what else is in UTF-16 is no writing of a secret. */
export function utf16View(view: View): View | undefined {
  const { bytes } = view;
  if (!bytes.includes(0)) return undefined;
  const built = new ViewBuilder(view);
  const length = bytes.length;
  let done = 0;
  const first = -bytes.byteOffset & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, (length - first) >> 2);
  for (let index = 0; index < words.length; index += stride / 4) {
    const word = words[index] as number;
    // of two characters one byte each is zero, the other not; the machine's order of bytes changes which
    const little = (word & evenBytes) === 0;
    if ((!little && (word & oddBytes) !== 0) || word === 0 || (word & 0xffff) === 0 || word >>> 16 === 0) continue;
    const at = first + index * 4;
    if (at < done) continue;
    const zero = bytes[at] === 0 ? 0 : 1;
    const text = 1 - zero;
    let from = at;
    while (from - 2 >= done && bytes[from - 2 + zero] === 0 && inText(bytes[from - 2 + text])) from -= 2;
    let end = at;
    while (end + 1 < length && bytes[end + zero] === 0 && inText(bytes[end + text])) end += 2;
    if (end - from >= 2 * leastWide) {
      const narrow = Buffer.allocUnsafe((end - from) / 2);
      for (let i = 0; i < narrow.length; i++) narrow[i] = bytes[from + 2 * i + text] as number;
      built.apart();
      built.decoded(from, end, narrow, 2);
      done = end;
    }
  }
  return built.built();
}
