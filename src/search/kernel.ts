/**
 * Many needles sought in many bytes at once, about as quickly as memory can be read.
 *
 * A stretch of 7 bytes or more holds a whole aligned 32-bit word, wherever it begins. So only one word in four positions is
 * looked at: its hash picks one bit of a table that fits into the processor's nearest memory. Where the bit is set, the word
 * itself is looked up, and what it stands in is compared byte by byte. The filter lets some through that are nothing; it
 * never holds one back.
 */
import type { Needle } from './needles.ts';
import { shortest } from './search.ts';

/** Shortest piece that `mayHold` answers for: no shorter than what must hold an aligned word. */
export const shortestPiece = 8;

const word = 4;

/**
 * Of a secret whose characters stand by their numbers (`\u0067\u0068`) every word but these, by where it begins in six bytes,
 * says what is common to all numbers. A stretch of `shortestSpelled` holds one of them, and rows of other characters seldom do.
 */
const tellingFrom = 3;
const tellingTo = 4;
const shortestSpelled = 16;
/** Of one in percent codes, and of base64 of wide characters. */
const shortestThin = 12;

const multiplier = 0x9e3779b1;
const otherMultiplier = 0x85ebca6b;
/** 64 KiB: fifty secrets in all their writings set about one bit in twenty. */
const bitTable = 2 ** 19;
const bitShift = 32 - 19;

/** Of two bytes for each of the secret, eight are found by chance wherever there are many hexadecimal digits. */
export const longestLeast = 16;

function leastOf(needle: Needle): number {
  const { writing, from, to } = needle;
  const isWide = writing === 'hex' || writing === 'utf-16le' || writing === 'utf-16be';
  return isWide ? Math.min(longestLeast, to - from) : pieceOf(needle);
}

export interface Whole {
  /** Index in the needles that the kernel was made of. */
  readonly needle: number;
  /** Where its first byte lies. */
  readonly at: number;
}

export class Kernel {
  readonly #needles: readonly Needle[];
  readonly #pieces: WordTable;
  /** Of each needle, how long a piece must be for `mayHold`. */
  readonly #least: Uint16Array;
  /** The same for the last `pieceAt`. */
  #asked = new Uint16Array(0);
  #askedOf = 0;
  readonly #beginnings: WordTable;

  /** Each needle's specific part has at least `shortestPiece` bytes; anything else is a bug of the caller. */
  constructor(needles: readonly Needle[]) {
    for (const { bytes, from, to } of needles)
      if (from < 0 || to > bytes.length || to - from < shortest) throw new Error('a needle is too short to be found exactly');
    this.#needles = needles;
    this.#least = Uint16Array.from(needles, leastOf);
    this.#pieces = new WordTable(needles, Number.POSITIVE_INFINITY);
    this.#beginnings = new WordTable(needles, word);
  }

  /**
   * Does [from, to) of `bytes` hold `shortestPiece` bytes or more of the specific part of any needle (up to `longestLeast` of one
   * whose writing has few characters in so many bytes)? Exact both ways.
   * What stands before `from` and after `to` is not looked at.
   */
  mayHold(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#at(bytes, from, to, this.#least) >= 0;
  }

  /** Where a piece of at least `least` bytes lies (not always its first byte); -1: nowhere. `least` >= `shortestPiece`. */
  pieceAt(bytes: Uint8Array, from: number, to: number, least: number): number {
    if (this.#askedOf !== least) {
      this.#asked = Uint16Array.from(this.#needles, (needle) => Math.max(least, pieceOf(needle)));
      this.#askedOf = least;
    }
    return this.#at(bytes, from, to, this.#asked);
  }

  #at(bytes: Uint8Array, from: number, to: number, least: Uint16Array): number {
    const table = this.#pieces;
    const { bits, others } = table;
    const words = wordsOf(bytes);
    const shift = bytes.byteOffset;
    const last = (shift + to - word) >> 2;
    for (let index = (shift + from + word - 1) >> 2; index <= last; index++) {
      // Four at once while there is nothing: asked one by one, the loop itself would cost more than the question.
      for (; index + 3 <= last; index += 4) {
        const a = Math.imul(words[index] as number, multiplier) >>> bitShift;
        const b = Math.imul(words[index + 1] as number, multiplier) >>> bitShift;
        const c = Math.imul(words[index + 2] as number, multiplier) >>> bitShift;
        const d = Math.imul(words[index + 3] as number, multiplier) >>> bitShift;
        const ab = ((bits[a >>> 5] as number) >>> a) | ((bits[b >>> 5] as number) >>> b);
        const cd = ((bits[c >>> 5] as number) >>> c) | ((bits[d >>> 5] as number) >>> d);
        if (((ab | cd) & 1) !== 0) break;
      }
      for (const end = Math.min(last, index + 3); index <= end; index++) {
        const value = words[index] as number;
        const bit = Math.imul(value, multiplier) >>> bitShift;
        if ((((bits[bit >>> 5] as number) >>> bit) & 1) === 0) continue;
        const other = Math.imul(value, otherMultiplier) >>> bitShift;
        if ((((others[other >>> 5] as number) >>> other) & 1) === 0) continue;
        const at = index * word - shift;
        if (this.#holdsAt(value, bytes, at, from, to, least)) return at;
      }
      index--;
    }
    return -1;
  }

  #holdsAt(value: number, bytes: Uint8Array, at: number, from: number, to: number, least: Uint16Array): boolean {
    const table = this.#pieces;
    for (let entry = table.first(value); entry !== 0; entry = table.next(entry)) {
      const which = table.needleOf(entry);
      const needle = this.#needles[which] as Needle;
      if (extent(needle, table.offsetOf(entry), bytes, at, from, to) >= (least[which] as number)) return true;
    }
    return false;
  }

  /** Every whole needle, by position; needles that lie in each other are all told. */
  wholes(bytes: Uint8Array): readonly Whole[] {
    const table = this.#beginnings;
    const { bits } = table;
    const words = wordsOf(bytes);
    const shift = bytes.byteOffset;
    const found: Whole[] = [];
    const last = (shift + bytes.length - word) >> 2;
    for (let index = (shift + word - 1) >> 2; index <= last; index++) {
      const value = words[index] as number;
      const bit = Math.imul(value, multiplier) >>> bitShift;
      if ((((bits[bit >>> 5] as number) >>> bit) & 1) === 0) continue;
      for (let entry = table.first(value); entry !== 0; entry = table.next(entry)) {
        const needle = table.needleOf(entry);
        const at = index * word - shift - table.offsetOf(entry);
        if (stands((this.#needles[needle] as Needle).bytes, bytes, at)) found.push({ needle, at });
      }
    }
    return found.sort((a, b) => a.at - b.at || a.needle - b.needle);
  }
}

/** Few characters stand in so many bytes of these writings: shorter pieces of them are in tables and in texts by chance. */
function pieceOf({ from, to, spelled, wide }: Needle): number {
  if (spelled === 6) return Math.min(shortestSpelled, to - from);
  return spelled === 3 || wide === true ? Math.min(shortestThin, to - from) : shortestPiece;
}

const oneWord = new Int32Array(1);
const itsBytes = new Uint8Array(oneWord.buffer);

/** As this machine orders the bytes of a word. Making a view for each word would cost more than all else. */
function wordAt(bytes: Uint8Array, offset: number): number {
  for (let i = 0; i < word; i++) itsBytes[i] = bytes[offset + i] as number;
  return oneWord[0] as number;
}

/** Words of needles: which there are (a bit for each hash), and in which needles and where each stands. */
class WordTable {
  /** Asked where words are read: a call for each would cost more than the look. */
  readonly bits = new Int32Array(bitTable / 32);
  /** The same by another hash, asked of what passes: to look a word up costs as much as dozens of bits. */
  readonly others = new Int32Array(bitTable / 32);
  readonly #slots: Int32Array;
  readonly #slotMask: number;
  /** Four numbers an entry: the word, needle, offset in the needle, next entry of the same slot. Entry 0 is none. */
  readonly #entries: Int32Array;

  /** Words that begin in the first `most` bytes of the specific part. */
  constructor(needles: readonly Needle[], most: number) {
    const count = needles.reduce((sum, { from, to }) => sum + Math.min(to - from - word + 1, most), 0);
    this.#slotMask = 2 ** Math.ceil(Math.log2(2 * count + 2)) - 1;
    this.#slots = new Int32Array(this.#slotMask + 1);
    this.#entries = new Int32Array(4 * (count + 1));
    let entry = 0;
    needles.forEach(({ bytes, from, to, spelled }, needle) => {
      const last = Math.min(to - word, from + most - 1);
      const some = spelled === 6 && most > word;
      for (let offset = from; offset <= last; offset++)
        if (!some || (offset % 6 >= tellingFrom && offset % 6 <= tellingTo)) this.#add(++entry, bytes, offset, needle);
    });
  }

  #add(entry: number, bytes: Uint8Array, offset: number, needle: number): void {
    const value = wordAt(bytes, offset);
    const bit = Math.imul(value, multiplier) >>> bitShift;
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << bit);
    const other = Math.imul(value, otherMultiplier) >>> bitShift;
    this.others[other >>> 5] = (this.others[other >>> 5] as number) | (1 << other);
    const slot = (Math.imul(value, multiplier) >>> 8) & this.#slotMask;
    const at = entry * 4;
    this.#entries[at] = value;
    this.#entries[at + 1] = needle;
    this.#entries[at + 2] = offset;
    this.#entries[at + 3] = this.#slots[slot] as number;
    this.#slots[slot] = entry;
  }

  first(value: number): number {
    return this.#same(value, this.#slots[(Math.imul(value, multiplier) >>> 8) & this.#slotMask] as number);
  }

  next(entry: number): number {
    return this.#same(this.#entries[entry * 4] as number, this.#entries[entry * 4 + 3] as number);
  }

  #same(value: number, entry: number): number {
    let one = entry;
    while (one !== 0 && this.#entries[one * 4] !== value) one = this.#entries[one * 4 + 3] as number;
    return one;
  }

  needleOf(entry: number): number {
    return this.#entries[entry * 4 + 1] as number;
  }

  offsetOf(entry: number): number {
    return this.#entries[entry * 4 + 2] as number;
  }
}

/** A view for each buffer costs more than a look at a short stretch: the last one is kept. */
let lastBuffer: ArrayBufferLike | undefined;
let lastWords = new Int32Array(0) as Int32Array;

function wordsOf(bytes: Uint8Array): Int32Array {
  if (bytes.buffer !== lastBuffer || lastWords.length !== bytes.buffer.byteLength >> 2) {
    lastBuffer = bytes.buffer;
    lastWords = new Int32Array(lastBuffer, 0, lastBuffer.byteLength >> 2);
  }
  return lastWords;
}

/** Length of the piece of the specific part that stands around a word of it. */
function extent(needle: Needle, offset: number, bytes: Uint8Array, at: number, from: number, to: number): number {
  let left = 0;
  const mostLeft = Math.min(offset - needle.from, at - from);
  while (left < mostLeft && bytes[at - left - 1] === needle.bytes[offset - left - 1]) left++;
  let right = word;
  const mostRight = Math.min(needle.to - offset, to - at);
  while (right < mostRight && bytes[at + right] === needle.bytes[offset + right]) right++;
  return left + right;
}

function stands(needle: Uint8Array, bytes: Uint8Array, at: number): boolean {
  if (at < 0 || at + needle.length > bytes.length) return false;
  for (let index = 0; index < needle.length; index++) if (bytes[at + index] !== needle[index]) return false;
  return true;
}
