/**
 * How objects are looked at: the quick question of all of them, the exact one of the few for which it says yes.
 */

import { beginsWith, closedKind, gzipMagic, headSize, isTarHeader, zipMagic } from '../search/containers.ts';
import { findFormats, holdsCodedFormat, mayHoldFormat } from '../search/formats.ts';
import { Kernel } from '../search/kernel.ts';
import { type Looked, type MatchTools, matchBytes, matchStream, type SoughtBytes } from '../search/match.ts';
import type { Needle } from '../search/needles.ts';
import { createUnpack } from './unpack.ts';

export interface LookFor {
  readonly needles: readonly Needle[];
  readonly formats: boolean;
}

/** Programs of Windows and Linux may carry a zip behind them. */
const programs = [
  [0x4d, 0x5a],
  [0x7f, 0x45, 0x4c, 0x46],
];

/** Pieces of what passes by are looked at once there is this much of them. */
const windowSize = 1 << 20;
/** What tells a format by the quick question (its anchor, what stands before and behind that) is shorter. */
const formatReach = 320;

/** How an archive begins in base64: what is in it leaves no piece of a secret, whatever encodes it. */
const veils: readonly Needle[] = ['H4sIAAAA', 'H4sICAAA', 'UEsDBBQA', 'UEsDBAoA'].map((text) => ({
  secret: -1,
  writing: 'base64',
  bytes: new TextEncoder().encode(text),
  from: 0,
  to: text.length,
}));

export class ObjectLook {
  readonly sought: SoughtBytes;
  readonly tools: MatchTools = { unpack: createUnpack() };
  readonly margin: number;
  /** Also of what the exact look must take apart. */
  readonly #quick: Kernel;
  readonly #veils = new Kernel(veils);
  readonly #formats: boolean;

  constructor({ needles, formats }: LookFor) {
    this.#quick = new Kernel([...needles, ...veils]);
    this.#formats = formats;
    this.margin = formats ? formatReach : 0;
    this.sought = { kernel: new Kernel(needles), needles, formats };
  }

  mayHold(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#quick.mayHold(bytes, from, to) || (this.#formats && mayHoldFormat(bytes.subarray(from, to)));
  }

  /** An archive: what is in it does not stand in its bytes. */
  isVeiled(bytes: Uint8Array, from: number, to: number): boolean {
    const first = bytes[from];
    if (to - from < 4 || first === 0) return false;
    const head = bytes.subarray(from, Math.min(to, from + headSize));
    if (beginsWith(head, gzipMagic) || beginsWith(head, zipMagic) || closedKind(head) !== undefined) return true;
    return programs.some((magic) => beginsWith(head, magic)) || isTarHeader(head);
  }

  /** Does an archive begin here that was written as text? */
  isDeep(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#veils.mayHold(bytes, from, to);
  }

  /** The slow and complete look. */
  exactly(bytes: Uint8Array): Looked {
    return matchBytes(bytes, this.sought, this.tools);
  }

  /** The exact look at an object that may hold something or is veiled. */
  candidate(bytes: Uint8Array): Looked {
    const { length } = bytes;
    const holds = this.#quick.mayHold(bytes, 0, length);
    const isCoded = this.#formats && holdsCodedFormat(bytes);
    if (!holds && !isCoded && !this.isVeiled(bytes, 0, length) && !(this.#formats && findFormats(bytes).length > 0))
      return { matches: [], gaps: [] };
    const isDeep = isCoded || (holds && this.#veils.mayHold(bytes, 0, length));
    return matchBytes(bytes, { ...this.sought, quick: !isDeep }, this.tools);
  }

  /** For what does not fit into memory. It is read once, and again only where it may hold something. */
  async stream(open: () => AsyncIterable<Uint8Array>): Promise<Looked> {
    const depth = await this.depthOf(open());
    return depth === 'none' ? { matches: [], gaps: [] } : this.streamExactly(open(), depth === 'quick');
  }

  async streamExactly(pieces: AsyncIterable<Uint8Array>, quick: boolean): Promise<Looked> {
    const looking = matchStream({ ...this.sought, quick }, this.tools);
    for await (const piece of pieces) looking.push(piece);
    return looking.end();
  }

  /** The quick question: must these bytes be looked at, and how? */
  async depthOf(pieces: AsyncIterable<Uint8Array>): Promise<'none' | 'quick' | 'deep'> {
    const window = new Uint8Array(windowSize);
    let held = 0;
    let first = true;
    const may = (): boolean => {
      const found = (first && this.isVeiled(window, 0, held)) || this.mayHold(window, 0, held);
      first = false;
      return found;
    };
    const isDeep = (): boolean =>
      this.#veils.mayHold(window, 0, held) || (this.#formats && holdsCodedFormat(window.subarray(0, held)));
    const depth = (): 'quick' | 'deep' => (isDeep() ? 'deep' : 'quick');
    for await (const piece of pieces)
      for (let at = 0; at < piece.length; ) {
        const some = piece.subarray(at, at + windowSize - held);
        window.set(some, held);
        held += some.length;
        at += some.length;
        if (held < windowSize) continue;
        if (may()) return depth();
        window.copyWithin(0, windowSize - formatReach);
        held = formatReach;
      }
    return may() ? depth() : 'none';
  }
}
