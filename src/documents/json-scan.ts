/**
 * One pass over the bytes of a JSON document that proves its structure and remembers where containers end.
 *
 * Works on bytes: a 10 MB file is neither decoded nor turned into a tree. All of JSON's own characters are ASCII and no
 * byte of a longer UTF-8 sequence is, so strings can be skipped byte by byte. Containers are kept as two lists of
 * offsets, openings ascending; everything else is found again by skipping from one member to the next.
 *
 * `tolerant` is JSONC as VS Code reads it: comments, and a comma before a closing bracket.
 */
import { broken, lineAndColumn, mostDepth, notText, tooDeep } from './reading.ts';

export const quote = 0x22;
export const openBrace = 0x7b;
const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const slash = 0x2f;
const star = 0x2a;

export interface Structure {
  readonly opens: readonly number[];
  /** Offset behind the closing bracket of the container of the same index. */
  readonly closes: readonly number[];
  /** Where the root value begins; undefined in a JSONC document of nothing but comments. */
  readonly root: number | undefined;
}

export class JsonScan {
  readonly bytes: Uint8Array;
  readonly tolerant: boolean;
  /** The bytes in fours, where they lie so that this is possible; else empty. */
  readonly words: Uint32Array;

  constructor(bytes: Uint8Array, tolerant: boolean) {
    this.bytes = bytes;
    const aligned = bytes.byteOffset % 4 === 0;
    this.words = aligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : new Uint32Array(0);
    this.tolerant = tolerant;
  }

  fail(at: number): never {
    if (this.bytes[at] === 0) throw notText();
    const { line, column } = lineAndColumn(new TextDecoder().decode(this.bytes.subarray(0, at)), Number.POSITIVE_INFINITY);
    throw broken(this.tolerant ? 'JSON with comments' : 'JSON', line, column);
  }

  /** Behind white space and comments. */
  space(from: number): number {
    const { bytes } = this;
    let at = from;
    for (;;) {
      const c = bytes[at];
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) at++;
      else if (c === slash && this.tolerant) at = this.#comment(at);
      else return at;
    }
  }

  #comment(from: number): number {
    const { bytes } = this;
    if (bytes[from + 1] === slash) {
      let at = from + 2;
      while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
      return at;
    }
    if (bytes[from + 1] !== star) this.fail(from);
    for (let at = bytes.indexOf(star, from + 2); at >= 0; at = bytes.indexOf(star, at + 1)) {
      if (bytes[at + 1] === slash) return at + 2;
    }
    return this.fail(bytes.length);
  }

  /** Behind the closing quote of the string that opens at `from`. Most of a large file is spent here. */
  string(from: number): number {
    const { bytes, words } = this;
    const end = bytes.length;
    for (let at = from + 1; at < end; ) {
      if ((at & 3) === 0) {
        // Four bytes at a time while none of them is a quote, a backslash or a control character.
        let word = at >> 2;
        while (word < words.length && !hasSpecial(words[word] as number)) word++;
        at = word << 2;
        if (at >= end) break;
      }
      const c = bytes[at] as number;
      if (c === quote) return at + 1;
      if (c === backslash) {
        const length = escapeLengths[bytes[at + 1] ?? 0] as number;
        if (length === 0 || (length === 6 && !this.#hex(at + 2))) this.fail(at);
        at += length;
      } else if (c < 0x20) this.fail(at);
      else at++;
    }
    return this.fail(end);
  }

  #hex(from: number): boolean {
    for (let at = from; at < from + 4; at++) if (!isHex(this.bytes[at])) return false;
    return true;
  }

  /** Behind a number, `true`, `false` or `null`. */
  literal(from: number): number {
    const { bytes } = this;
    let at = from;
    while (at < bytes.length && isWord(bytes[at] as number)) at++;
    const text = String.fromCharCode(...bytes.subarray(from, Math.min(at, from + 4096)));
    if (!/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(text)) this.fail(from);
    return at;
  }

  /** Behind the colon that stands after a key. */
  colon(from: number): number {
    const at = this.space(from);
    return this.bytes[at] === colon ? at + 1 : this.fail(at);
  }

  structure(): Structure {
    const { bytes } = this;
    const opens: number[] = [];
    const closes: number[] = [];
    /** Indexes of the containers that are open. */
    const stack: number[] = [];
    const start = this.space(bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
    if (start === bytes.length && this.tolerant) return { opens, closes, root: undefined };
    let at = start;
    /** May the container close here: just opened, or (tolerant) after a comma. */
    let mayClose = false;
    do {
      at = this.space(at);
      const current = stack.at(-1);
      const closing = current === undefined ? -1 : (bytes[opens[current] as number] as number) + 2;
      if (mayClose && bytes[at] === closing) {
        closes[stack.pop() as number] = ++at;
      } else {
        if (closing === closeBrace) {
          if (bytes[at] !== quote) this.fail(at);
          at = this.space(this.colon(this.string(at)));
        }
        const c = bytes[at];
        if (c === openBrace || c === openBracket) {
          if (stack.length === mostDepth) throw tooDeep();
          stack.push(opens.length);
          opens.push(at++);
          mayClose = true;
          continue;
        }
        at = c === quote ? this.string(at) : this.literal(at);
      }
      // behind a value: close what closes here, then a comma
      while (stack.length > 0) {
        at = this.space(at);
        const open = stack.at(-1) as number;
        if (bytes[at] === comma) {
          at++;
          mayClose = this.tolerant;
          break;
        }
        if (bytes[at] !== (bytes[opens[open] as number] as number) + 2) this.fail(at);
        at++;
        closes[open] = at;
        stack.pop();
      }
    } while (stack.length > 0);
    const end = this.space(at);
    if (end !== bytes.length) this.fail(end);
    return { opens, closes, root: start };
  }
}

/** Lengths of the escapes by the byte behind the backslash; 0 is none. */
const escapeLengths = new Uint8Array(256);
for (const c of '"\\/bfnrt') escapeLengths[c.charCodeAt(0)] = 2;
escapeLengths['u'.charCodeAt(0)] = 6;

/**
 * Is one of the four bytes of a word a quote, a backslash or below 0x20? `x - n & ~x & 0x80` is not zero exactly when a byte
 * of x is below n (n at most 0x80). With its second bit turned round, the quote comes next behind the control characters;
 * the backslash is tested on what differs from it.
 */
function hasSpecial(word: number): boolean {
  const low = word ^ 0x02020202;
  const backslashes = word ^ 0x5c5c5c5c;
  return ((((low - 0x21212121) & ~low) | ((backslashes - 0x01010101) & ~backslashes)) & 0x80808080) !== 0;
}

function isHex(c: number | undefined): boolean {
  return c !== undefined && ((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66));
}

/** A byte that can stand in a number or a word. */
function isWord(c: number): boolean {
  return (
    (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x2b || c === 0x2d || c === 0x2e
  );
}
