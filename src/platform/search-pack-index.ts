/**
 * A pack's index (`.idx`, gitformat-pack versions 1 and 2): where each object's entry begins, and which object it is.
 *
 * The index is never held whole: a large one is larger than everything else that a search needs. Where entries begin is read
 * once; ids are asked for a few at a time.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const window = 1 << 20;
const fanOut = 256 * 4;

export class PackIndex {
  readonly count: number;
  readonly #descriptor: number;
  readonly #idLength: number;
  readonly #layout: { readonly names: number; readonly step: number; readonly offsets: number; readonly far: number } & {
    readonly version: 1 | 2;
  };
  readonly #size: number;
  readonly #fan: Buffer;

  /** Throws what the file system throws; an Error where the file is no index of this hash. */
  constructor(file: string, hash: 'sha1' | 'sha256') {
    this.#descriptor = openSync(file, 'r');
    try {
      this.#size = fstatSync(this.#descriptor).size;
      this.#idLength = hash === 'sha1' ? 20 : 32;
      const head = this.#read(0, 8);
      const version = head.readUInt32BE(0) === 0xff744f63 ? head.readUInt32BE(4) : 1;
      if (version !== 1 && version !== 2) throw new Error('an index of an unknown version');
      const fanAt = version === 2 ? 8 : 0;
      this.#fan = this.#read(fanAt, fanOut);
      this.count = this.#fan.readUInt32BE(255 * 4);
      for (let byte = 1; byte < 256; byte++)
        if (this.#fan.readUInt32BE(byte * 4) < this.#fan.readUInt32BE(byte * 4 - 4)) throw new Error('an index out of order');
      const names = fanAt + fanOut;
      const id = this.#idLength;
      this.#layout =
        version === 1
          ? { version, names: names + 4, step: id + 4, offsets: names, far: 0 }
          : {
              version,
              names,
              step: id,
              offsets: names + this.count * (id + 4),
              far: names + this.count * (id + 8),
            };
      const least = version === 1 ? names + this.count * (id + 4) : names + this.count * (id + 8);
      if (this.#size < least + 2 * id) throw new Error('an index that is cut short');
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Where entries begin, in the order of ids. */
  *#offsets(): Generator<number> {
    const { version, offsets, far } = this.#layout;
    const step = version === 1 ? this.#idLength + 4 : 4;
    const most = Math.floor(window / step);
    for (let done = 0; done < this.count; done += most) {
      const some = Math.min(most, this.count - done);
      const bytes = this.#read(offsets + done * step, some * step);
      for (let index = 0; index < some; index++) {
        const near = bytes.readUInt32BE(index * step);
        if (version === 1 || near < 0x80000000) yield near;
        else {
          const wide = this.#read(far + (near - 0x80000000) * 8, 8);
          yield wide.readUInt32BE(0) * 2 ** 32 + wide.readUInt32BE(4);
        }
      }
    }
  }

  /** Where entries begin, ascending, into memory that threads can share. */
  sorted(into: Float64Array): void {
    let at = 0;
    for (const offset of this.#offsets()) into[at++] = offset;
    into.subarray(0, at).sort();
  }

  /** Ids of the entries that begin at these offsets. */
  idsAt(offsets: ReadonlySet<number>): Map<number, string> {
    const positions: [offset: number, position: number][] = [];
    let position = 0;
    if (offsets.size > 0)
      for (const offset of this.#offsets()) {
        if (offsets.has(offset)) positions.push([offset, position]);
        position++;
      }
    return new Map(positions.map(([offset, at]) => [offset, this.#idAt(at).toString('hex')]));
  }

  /** Where the object with this id begins; undefined: it is not in this pack. */
  offsetOf(id: Uint8Array): number | undefined {
    const first = id[0] as number;
    let low = first === 0 ? 0 : this.#fan.readUInt32BE(first * 4 - 4);
    let high = this.#fan.readUInt32BE(first * 4);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#idAt(middle).compare(id);
      if (order === 0) return this.#offsetAt(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #offsetAt(position: number): number {
    const { version, offsets, far } = this.#layout;
    const near = this.#read(offsets + position * (version === 1 ? this.#idLength + 4 : 4), 4).readUInt32BE(0);
    if (version === 1 || near < 0x80000000) return near;
    const wide = this.#read(far + (near - 0x80000000) * 8, 8);
    return wide.readUInt32BE(0) * 2 ** 32 + wide.readUInt32BE(4);
  }

  #idAt(position: number): Buffer {
    return this.#read(this.#layout.names + position * this.#layout.step, this.#idLength);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(this.#descriptor, bytes, 0, length, at) !== length) throw new Error('an index that is cut short');
    return bytes;
  }
}
