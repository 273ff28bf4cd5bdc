/**
 * Pieces of known secrets: at least twelve bytes of what is specific to one, where the whole is not (a literal cut in two,
 * a truncated log line).
 *
 * Only a piece that could not stand there by chance counts: words, rows of digits and repetitions, which passwords are made
 * of too, stand in many texts.
 */
import { type Kernel, shortestPiece } from './kernel.ts';
import { type Needle, plainOf } from './needles.ts';

/** Bytes of the secret that a piece has at least. */
export const shortestPartial = 12;
/** Most pieces that are looked at in one view: more of them say nothing new. */
const mostPieces = 500;
/** How far from a piece the rest of its secret may stand. */
const reach = 4096;

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Piece extends Stretch {
  readonly needle: Needle;
}

/** Bytes of a writing for so many bytes of the secret. */
const widths: { readonly [Writing in Needle['writing']]: number } = {
  plain: 1,
  'json-escaped': 1,
  'percent-encoded': 1,
  base64: 4 / 3,
  base64url: 4 / 3,
  hex: 2,
  'utf-16le': 2,
  'utf-16be': 2,
};

export class Pieces {
  readonly #needles: readonly Needle[];
  readonly #kernel: Kernel;
  /** Specific part of each secret as it is. */
  readonly #plain: ReadonlyMap<number, Uint8Array>;

  constructor(needles: readonly Needle[], kernel: Kernel) {
    this.#needles = needles;
    this.#kernel = kernel;
    this.#plain = new Map(plainOf(needles).map(({ secret, bytes, from, to }) => [secret, bytes.subarray(from, to)]));
  }

  /**
   * `wholes`: ranges in order; pieces in them are passed over: they are told already, or else `refused`. `near`: stretches around pieces of
   * `shortestPiece` or more, telling or not: a whole secret may stand there in some other writing.
   */
  in(
    bytes: Uint8Array,
    wholes: readonly { readonly start: number; readonly end: number; readonly refused: boolean }[],
  ): { readonly telling: readonly Piece[]; readonly near: readonly Stretch[] } {
    const telling: Piece[] = [];
    const near: { start: number; end: number }[] = [];
    let from = 0;
    let whole = 0;
    for (let tries = 0; ; ) {
      const at = this.#kernel.pieceAt(bytes, from, bytes.length, shortestPiece);
      if (at === -1) break;
      while (whole < wholes.length && (wholes[whole]?.end ?? 0) <= at) whole++;
      const around = wholes[whole];
      const within = around !== undefined && around.start <= at;
      if (within && !around.refused) {
        from = around.end;
        continue;
      }
      const last = near.at(-1);
      const end = tries++ < mostPieces ? Math.min(bytes.length, at + reach) : bytes.length;
      if (last !== undefined && last.end >= at - reach) last.end = end;
      else near.push({ start: Math.max(0, at - reach), end });
      if (end === bytes.length && tries > mostPieces) break;
      if (within) {
        from = around.end;
        continue;
      }
      const piece = this.#longestAt(bytes, at);
      if (piece !== undefined && this.#telling(piece, bytes)) telling.push(piece);
      from = Math.max(at + 1, piece?.end ?? 0);
    }
    return { telling, near };
  }

  /** The longest piece of any needle around the word at `at`. */
  #longestAt(bytes: Uint8Array, at: number): Piece | undefined {
    let longest: Piece | undefined;
    const word = Buffer.from(bytes.subarray(at, at + 4));
    for (const needle of this.#needles) {
      const { from, to } = needle;
      const text = Buffer.from(needle.bytes.buffer, needle.bytes.byteOffset, needle.bytes.length);
      for (let offset = text.indexOf(word, from); offset !== -1 && offset + 4 <= to; offset = text.indexOf(word, offset + 1)) {
        let left = 0;
        while (offset - left > from && at > left && bytes[at - left - 1] === text[offset - left - 1]) left++;
        let right = 4;
        while (offset + right < to && at + right < bytes.length && bytes[at + right] === text[offset + right]) right++;
        if (longest === undefined || left + right > longest.end - longest.start)
          longest = { needle, start: at - left, end: at + right };
      }
    }
    return longest;
  }

  #telling({ needle, start, end }: Piece, bytes: Uint8Array): boolean {
    const length = Math.floor((end - start) / widths[needle.writing]);
    if (length < shortestPartial) return false;
    switch (needle.writing) {
      case 'plain':
      case 'json-escaped':
      case 'percent-encoded':
        return isTelling(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
      case 'utf-16le':
      case 'utf-16be':
        return isTelling(Buffer.from(bytes.subarray(start, end)).toString('latin1').replaceAll('\0', ''));
      default: {
        // an encoded piece is as telling as the secret
        const plain = this.#plain.get(needle.secret);
        return plain !== undefined && isTelling(Buffer.from(plain).toString('latin1'));
      }
    }
  }
}

/** Letters and digits that are neither of words nor of rows. */
const mostOrdinary = 8;

/** Could this not stand somewhere by chance? */
export function isTelling(text: string): boolean {
  const rest = text
    .replace(/%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\./gi, ' ')
    .replace(/[A-Z]?[a-z]{4,}|[A-Z]{4,}/g, ' ')
    .replace(/\d{4,}/g, (digits) => (text.length >= 20 ? digits.slice(0, 3) : ' '));
  const characters = [...rest].filter((c) => /[A-Za-z0-9]/.test(c) || c.charCodeAt(0) > 0x7f);
  const rows = characters.filter((c, i) => {
    const step = c.charCodeAt(0) - (characters[i - 1] ?? '').charCodeAt(0);
    return step >= -1 && step <= 1;
  }).length;
  return characters.length - rows >= mostOrdinary && new Set(characters).size >= 6;
}
