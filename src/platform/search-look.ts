/**
 * How objects are looked at: the quick question of all of them, the exact one of the few for which it says yes.
 */

import { beginsWith, closedKind, gzipMagic, headSize, isTarHeader, zipMagic } from '../search/containers.ts';
import { mayHoldFormat } from '../search/formats.ts';
import { Kernel } from '../search/kernel.ts';
import { type Looked, type MatchTools, matchBytes, matchStream, type SoughtBytes } from '../search/match.ts';
import type { Needle } from '../search/needles.ts';
import { createUnpack } from './unpack.ts';

export interface LookFor {
  readonly needles: readonly Needle[];
  readonly formats: boolean;
}

/** Pieces of what passes by are looked at once there is this much of them. */
const windowSize = 1 << 20;
/** More than the longest piece that the quick question asks for, and than what tells a format. */
const overlap = 1 << 14;

export class ObjectLook {
  readonly sought: SoughtBytes;
  readonly tools: MatchTools = { unpack: createUnpack() };
  /** Stretches of an object tell of needles, not of formats: those are known by more than what is new. */
  readonly whole: boolean;
  readonly #kernel: Kernel;
  readonly #formats: boolean;

  constructor({ needles, formats }: LookFor) {
    this.#kernel = new Kernel(needles);
    this.#formats = formats;
    this.whole = formats;
    this.sought = { kernel: this.#kernel, needles, formats };
  }

  mayHold(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#kernel.mayHold(bytes, from, to) || (this.#formats && mayHoldFormat(bytes.subarray(from, to)));
  }

  /** An archive: what is in it does not stand in its bytes. */
  isVeiled(bytes: Uint8Array, from: number, to: number): boolean {
    const first = bytes[from];
    if (to - from < 4 || first === 0) return false;
    const head = bytes.subarray(from, Math.min(to, from + headSize));
    return beginsWith(head, gzipMagic) || beginsWith(head, zipMagic) || closedKind(head) !== undefined || isTarHeader(head);
  }

  exactly(bytes: Uint8Array): Looked {
    return matchBytes(bytes, this.sought, this.tools);
  }

  /** For what does not fit into memory. It is read once, and again only where it may hold something. */
  async stream(open: () => AsyncIterable<Uint8Array>): Promise<Looked> {
    if (!(await this.#mayHoldAny(open()))) return { matches: [], gaps: [] };
    return this.streamExactly(open());
  }

  async streamExactly(pieces: AsyncIterable<Uint8Array>): Promise<Looked> {
    const looking = matchStream(this.sought, this.tools);
    for await (const piece of pieces) looking.push(piece);
    return looking.end();
  }

  async #mayHoldAny(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    const window = new Uint8Array(windowSize);
    let held = 0;
    let first = true;
    const may = (): boolean => {
      const found = (first && this.isVeiled(window, 0, held)) || this.mayHold(window, 0, held);
      first = false;
      return found;
    };
    for await (const piece of pieces)
      for (let at = 0; at < piece.length; ) {
        const some = piece.subarray(at, at + windowSize - held);
        window.set(some, held);
        held += some.length;
        at += some.length;
        if (held < windowSize) continue;
        if (may()) return true;
        window.copyWithin(0, windowSize - overlap);
        held = overlap;
      }
    return may();
  }
}
