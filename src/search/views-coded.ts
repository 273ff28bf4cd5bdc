/**
 * Views of what was encoded as a whole: runs of base64 and of hexadecimal digits, decoded; and the same runs put together
 * again where line breaks or the quotes of literals cut them.
 *
 * Runs are found by leaping: a run of so many characters cannot lie between two looks that are closer than that.
 */
import { beginsWith, gzipMagic, isTarHeader, zipMagic } from './containers.ts';
import { type View, ViewBuilder } from './views.ts';

const other = 0;
/** Letters and digits of base64 and base64url, and what separates words in paths and names. */
const letter = 1;
const separator = 2;

const classes = new Uint8Array(256);
/** Value of a character in base64 and base64url; 255: none. */
const sixBits = new Uint8Array(256).fill(255);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').forEach((c, value) => {
  sixBits[c.charCodeAt(0)] = value;
  classes[c.charCodeAt(0)] = value < 62 ? letter : separator;
});
for (const [c, value] of [
  ['-', 62],
  ['_', 63],
] as const) {
  sixBits[c.charCodeAt(0)] = value;
  classes[c.charCodeAt(0)] = separator;
}
/** Value of a hexadecimal digit; 255: none. */
const fourBits = new Uint8Array(256).fill(255);
'0123456789abcdef'.split('').forEach((c, value) => {
  fourBits[c.charCodeAt(0)] = value;
  fourBits[c.toUpperCase().charCodeAt(0)] = value;
});

/** Is a character that an escape cuts out of a run of base64 one of many? */
export function cutsRun(bytes: Uint8Array, at: number): boolean {
  if (at < shortestCut) return false;
  for (let before = at - shortestCut; before < at; before++) if (classes[bytes[before] as number] === other) return false;
  return true;
}
const shortestCut = 12;

/** Start and end of each run of at least `least` characters, one after the other. */
export function runsOf(bytes: Uint8Array, least: number): number[] {
  const runs: number[] = [];
  const length = bytes.length;
  let start = 0;
  while (start + least <= length) {
    let at = start + least - 1;
    while (at >= start && classes[bytes[at] as number] !== other) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + least;
    while (end < length && classes[bytes[end] as number] !== other) end++;
    runs.push(start, end);
    start = end + 1;
  }
  return runs;
}

/** Longest beginning of a run in which a word before the base64 itself may stand: `/path/aGVsbG8`. */
const mostBefore = 64;

/** Takes an archive that was encoded: its bytes, valid during the call, and where the run began. */
export type TakeArchive = (bytes: Uint8Array, from: number) => void;

/**
 * Decoded runs of base64: from the run's beginning and from behind each separator near it, as far as that makes a
 * difference, since what stands before the base64 may look like a part of it.
 */
export function base64View(view: View, runs: readonly number[], least: number, archive: TakeArchive): View | undefined {
  const built = new ViewBuilder(view);
  const { bytes } = view;
  for (let i = 0; i < runs.length; i += 2) {
    const start = runs[i] as number;
    const end = runs[i + 1] as number;
    let tried = 0;
    const last = Math.min(end - least, start + mostBefore);
    for (let from = start; from <= last; from++) {
      const way = 1 << ((from - start) & 3);
      if ((tried & way) !== 0 || (from > start && classes[bytes[from - 1] as number] !== separator)) continue;
      tried |= way;
      if (!beginsArchive(bytes, from) && !promising(bytes, from, end)) continue;
      const decoded = base64Decoded(bytes, from, end, scratch(end - from));
      built.apart();
      built.decoded(from, end, decoded, 4 / 3);
      if (isArchive(decoded)) archive(decoded, from);
    }
  }
  return built.built();
}

export function hexView(view: View, runs: readonly number[], archive: TakeArchive): View | undefined {
  const built = new ViewBuilder(view);
  const { bytes } = view;
  for (let i = 0; i < runs.length; i += 2) {
    const end = runs[i + 1] as number;
    const run = runs[i] as number;
    // PostgreSQL writes `\x1f8b`, C `0x1f8b`
    const start = bytes[run + 1] === 0x78 || bytes[run] === 0x78 ? run + (bytes[run] === 0x78 ? 1 : 2) : run;
    if (!allHex(bytes, start, end)) continue;
    const decoded = hexDecoded(bytes, start, end, scratch(end - start));
    built.apart();
    built.decoded(start, end, decoded, 2);
    if (isArchive(decoded)) archive(decoded, start);
  }
  return built.built();
}

/** Also a zip that does not begin at once. */
const isArchive = (bytes: Buffer): boolean =>
  beginsWith(bytes, gzipMagic) || isTarHeader(bytes) || bytes.indexOf(localHeader) !== -1;
const localHeader = Buffer.from(zipMagic);

/** What was decoded last, for everybody: it is copied before anything else is decoded. */
let shared = Buffer.alloc(0);

function scratch(size: number): Buffer {
  if (shared.length < size) shared = Buffer.allocUnsafeSlow(Math.max(64 * 1024, size));
  return shared;
}

/**
 * Can this decode to something that is looked into further: text, or an archive? Told by the characters at its beginning
 * and at its end. (What is encoded only once is found without decoding.)
 */
function promising(bytes: Uint8Array, from: number, end: number): boolean {
  const size = end - from;
  return textual(bytes, from) || (size > 64 && textual(bytes, from + ((size - 24) & ~3)));
}

/** gzip (`H4sI`), zip (`UEsD`). */
function beginsArchive(bytes: Uint8Array, at: number): boolean {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a === 0x48 && b === 0x34 && c === 0x73 && d === 0x49) || (a === 0x55 && b === 0x45 && c === 0x73 && d === 0x44);
}

/** Do these characters decode to bytes that texts are made of (ASCII, alone or in UTF-16)? */
function textual(bytes: Uint8Array, at: number): boolean {
  for (let group = at; group < at + 12; group += 4) {
    const value =
      ((sixBits[bytes[group] as number] as number) << 18) |
      ((sixBits[bytes[group + 1] as number] as number) << 12) |
      ((sixBits[bytes[group + 2] as number] as number) << 6) |
      (sixBits[bytes[group + 3] as number] as number);
    if ((inTexts[value >> 16] as number) + (inTexts[(value >> 8) & 255] as number) + (inTexts[value & 255] as number) < 3)
      return false;
  }
  return true;
}

const inTexts = new Uint8Array(256);
for (let byte = 0; byte < 0x7f; byte++) inTexts[byte] = byte >= 0x20 || byte === 0 || (byte > 0x08 && byte < 0x0e) ? 1 : 0;

function allHex(bytes: Uint8Array, start: number, end: number): boolean {
  if (((end - start) & 1) === 1) return false;
  for (let at = start; at < end; at++) if (fourBits[bytes[at] as number] === 255) return false;
  return true;
}

function hexDecoded(bytes: Uint8Array, start: number, end: number, into: Buffer): Buffer {
  let out = 0;
  for (let at = start; at + 1 < end; at += 2)
    into[out++] = ((fourBits[bytes[at] as number] as number) << 4) | (fourBits[bytes[at + 1] as number] as number);
  return into.subarray(0, out);
}

function base64Decoded(bytes: Uint8Array, start: number, end: number, into: Buffer): Buffer {
  let out = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const value =
      ((sixBits[bytes[at] as number] as number) << 18) |
      ((sixBits[bytes[at + 1] as number] as number) << 12) |
      ((sixBits[bytes[at + 2] as number] as number) << 6) |
      (sixBits[bytes[at + 3] as number] as number);
    into[out++] = value >> 16;
    into[out++] = value >> 8;
    into[out++] = value;
  }
  const left = end - at;
  if (left >= 2) {
    const value = ((sixBits[bytes[at] as number] as number) << 10) | ((sixBits[bytes[at + 1] as number] as number) << 4);
    into[out++] = value >> 8;
    if (left === 3) into[out++] = value | ((sixBits[bytes[at + 2] as number] as number) >> 2);
  }
  return into.subarray(0, out);
}

/** Longest that may lie between two pieces of one run: a line break and its indentation, quotes, a plus. */
const mostBreak = 96;

const breaks = new Uint8Array(256);
for (const c of ' \t\r\n"\'`,;\\+.()[]&>|#*') breaks[c.charCodeAt(0)] = 1;
/** What may belong to a run beside the characters of base64: tokens hold dots, tildes, percents; a run ends with `=`. */
const inner = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) inner[byte] = classes[byte] !== other ? 1 : 0;
for (const c of '.~%=$!@:') inner[c.charCodeAt(0)] = 1;

/**
 * Runs that were cut by line breaks (raw, or written as escapes) or that are put together from literals, in one piece. A
 * piece that has another after it is at least `least` long. `spaces`: blanks alone break too.
 */
export function joinedView(view: View, runs: readonly number[], least: number, spaces: boolean): View | undefined {
  const built = new ViewBuilder(view);
  const { bytes } = view;
  let done = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const start = Math.max(done, runs[i] as number);
    let end = runs[i + 1] as number;
    if (end <= start) continue;
    end = innerEnd(bytes, end);
    let next = afterBreak(bytes, end, spaces);
    if (next === -1) continue;
    built.apart();
    let from = innerStart(bytes, start, done);
    while (next !== -1) {
      built.copy(from, end);
      from = next;
      end = innerEnd(bytes, next);
      next = end - from >= least ? afterBreak(bytes, end, spaces) : -1;
    }
    built.copy(from, end);
    done = end;
  }
  return built.built();
}

function innerEnd(bytes: Uint8Array, from: number): number {
  let end = from;
  while (end < bytes.length && inner[bytes[end] as number] === 1) end++;
  return end;
}

function innerStart(bytes: Uint8Array, from: number, notBefore: number): number {
  let start = from;
  while (start > notBefore && inner[bytes[start - 1] as number] === 1) start--;
  return start;
}

const backslash = 0x5c;
const quotes = new Set([0x22, 0x27, 0x60]);

/** Where the next piece begins, when what lies at `from` only breaks a run; else -1. */
function afterBreak(bytes: Uint8Array, from: number, spaces: boolean): number {
  let lines = 0;
  let quoted = 0;
  let at = from;
  const most = Math.min(bytes.length, from + mostBreak);
  while (at < most) {
    const byte = bytes[at] as number;
    if (byte === 0x0a || byte === 0x0d) lines++;
    else if (quotes.has(byte)) quoted++;
    else if (byte === backslash) {
      while (bytes[at + 1] === backslash) at++;
      const escaped = bytes[at + 1];
      if (escaped === 0x6e || escaped === 0x72 || escaped === 0x74) {
        lines++;
        at++;
      }
    } else if (breaks[byte] === 0) break;
    // a line of base64 may begin with a plus
    else if (byte === 0x2b && classes[bytes[at + 1] ?? 0] !== other) break;
    at++;
  }
  return at > from &&
    at < bytes.length &&
    (lines > 0 || quoted > 1 || (spaces && quoted === 0)) &&
    inner[bytes[at] as number] === 1
    ? at
    : -1;
}
