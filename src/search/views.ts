/**
 * A view: what bytes read like after one writing was taken off (base64 decoded, escapes resolved, line breaks taken out).
 *
 * A view knows for each of its bytes where it stood in the base: the file or member itself. So what is found in a view is told
 * by a spot that an editor can open, one spot is told once however many views show it, and two bytes that only the view
 * brought together are known not to belong to one word.
 */

/** Between pieces that have nothing to do with each other: no byte of any text. */
const between = 0xff;

/** How many bytes of the source one byte of a stretch stands for. `token`: the whole stretch stands for all of its source. */
const token = 0;

export class View {
  readonly bytes: Buffer;
  readonly #parent: View | undefined;
  readonly #outs: readonly number[];
  readonly #sources: readonly number[];
  readonly #ends: readonly number[];
  readonly #ratios: readonly number[];
  #arena: Buffer | undefined;

  constructor(
    bytes: Buffer,
    parent?: View,
    stretches: { outs: number[]; sources: number[]; ends: number[]; ratios: number[] } = {
      outs: [0],
      sources: [0],
      ends: [bytes.length],
      ratios: [1],
    },
    arena?: Buffer,
  ) {
    this.bytes = bytes;
    this.#parent = parent;
    this.#outs = stretches.outs;
    this.#sources = stretches.sources;
    this.#ends = stretches.ends;
    this.#ratios = stretches.ratios;
    this.#arena = arena;
  }

  /** Nobody looks at it, or at a view of it, any more. */
  release(): void {
    if (this.#arena) giveBack(this.#arena);
    this.#arena = undefined;
  }

  static of(bytes: Uint8Array): View {
    return new View(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  /** Where a byte of the view begins in the base. */
  startInBase(at: number): number {
    const start = this.#start(at);
    return this.#parent ? this.#parent.startInBase(start) : start;
  }

  /** Where a byte of the view ends in the base. */
  endInBase(at: number): number {
    const end = this.#end(at);
    return this.#parent ? this.#parent.endInBase(Math.max(0, end - 1)) : end;
  }

  /** Does the byte at `at` follow the one before it also in the base, with nothing taken out between? */
  follows(at: number): boolean {
    if (at <= 0 || at >= this.bytes.length) return false;
    if (this.bytes[at] === between || this.bytes[at - 1] === between) return false;
    const stretch = this.#stretchAt(at);
    const start = this.#start(at);
    if (this.#outs[stretch] === at && this.#ends[stretch - 1] !== start) return false;
    return this.#parent === undefined || start === this.#start(at - 1) || this.#parent.follows(start);
  }

  #start(at: number): number {
    const stretch = this.#stretchAt(at);
    const source = this.#sources[stretch] ?? 0;
    return source + Math.floor((at - (this.#outs[stretch] ?? 0)) * (this.#ratios[stretch] ?? 1));
  }

  #end(at: number): number {
    const stretch = this.#stretchAt(at);
    const ratio = this.#ratios[stretch] ?? 1;
    const end = this.#ends[stretch] ?? 0;
    if (ratio === token) return end;
    return Math.min(end, (this.#sources[stretch] ?? 0) + Math.ceil((at + 1 - (this.#outs[stretch] ?? 0)) * ratio));
  }

  /** The last stretch that begins at or before a byte. */
  #stretchAt(at: number): number {
    let low = 0;
    let high = this.#outs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#outs[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Memory of larger views is used again: freed, it would pile up until it is collected. */
const arenas: Buffer[] = [];
const smallArena = 32 * 1024;
const mostArena = 2 * 1024 * 1024;
const mostArenas = 6;

function takeArena(size: number): Buffer {
  if (size < smallArena) return Buffer.allocUnsafe(size);
  const index = arenas.findIndex(({ length }) => length >= size);
  return index === -1 ? Buffer.allocUnsafeSlow(size) : (arenas.splice(index, 1)[0] as Buffer);
}

function giveBack(arena: Buffer): void {
  if (arena.length >= smallArena && arena.length <= mostArena && arenas.length < mostArenas) arenas.push(arena);
}

/** Puts a view together. Nothing is reserved before the first byte is there: most bytes have nothing to take off. */
export class ViewBuilder {
  readonly #parent: View;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  readonly #outs: number[] = [];
  readonly #sources: number[] = [];
  readonly #ends: number[] = [];
  readonly #ratios: number[] = [];

  constructor(parent: View) {
    this.#parent = parent;
  }

  /** Bytes [start, end) of the parent as they are. */
  copy(start: number, end: number): void {
    if (end <= start) return;
    const last = this.#ends.length - 1;
    if (last >= 0 && this.#ends[last] === start && this.#ratios[last] === 1 && this.#reaches(last)) this.#ends[last] = end;
    else this.#stretch(start, end, 1);
    const at = this.#room(end - start);
    this.#parent.bytes.copy(this.#bytes, at, start, end);
  }

  /** One or more bytes that [start, end) of the parent stands for as a whole: an escape. */
  token(start: number, end: number, bytes: Uint8Array | number): void {
    this.#stretch(start, end, token);
    this.#put(typeof bytes === 'number' ? [bytes] : bytes);
  }

  /** Decoded bytes, each standing for as many bytes of [start, end) as the others. */
  decoded(start: number, end: number, bytes: Uint8Array, ratio: number): void {
    if (bytes.length === 0) return;
    this.#stretch(start, end, ratio);
    this.#put(bytes);
  }

  /** What comes next has nothing to do with what was before. */
  apart(): void {
    if (this.#length === 0 || this.#bytes[this.#length - 1] === between) return;
    const end = this.#ends.at(-1) ?? 0;
    this.#stretch(end, end, token);
    this.#put([between]);
  }

  get length(): number {
    return this.#length;
  }

  /** undefined: nothing was taken off anywhere. */
  built(): View | undefined {
    if (this.#length === 0) return undefined;
    const { outs, sources, ends, ratios } = { outs: this.#outs, sources: this.#sources, ends: this.#ends, ratios: this.#ratios };
    return new View(this.#bytes.subarray(0, this.#length), this.#parent, { outs, sources, ends, ratios }, this.#bytes);
  }

  /** Does the stretch reach to the end of what was put together? */
  #reaches(stretch: number): boolean {
    return (this.#ends[stretch] ?? 0) - (this.#sources[stretch] ?? 0) === this.#length - (this.#outs[stretch] ?? 0);
  }

  #stretch(start: number, end: number, ratio: number): void {
    this.#outs.push(this.#length);
    this.#sources.push(start);
    this.#ends.push(end);
    this.#ratios.push(ratio);
  }

  #put(bytes: ArrayLike<number>): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #room(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = takeArena(Math.max(1024, this.#bytes.length * 2, this.#length));
      this.#bytes.copy(larger, 0, 0, at);
      giveBack(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}
