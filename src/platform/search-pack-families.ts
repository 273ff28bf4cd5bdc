/**
 * Working through one family of a pack: every object is made once, out of its base, and looked at.
 *
 * Objects lie on one stack of bytes (the arena): the path from the root to the object at hand. The child with most below it
 * comes last, and its parent leaves the path, so that a path holds no more objects than the logarithm of the family's size.
 * What does not fit beside its path is made again later from its root; what is too large for that is named (`giants`).
 *
 * An object that may hold something is handed over whole. Where its base holds nothing, only what is new in it is looked at.
 */
import { readSync } from 'node:fs';
import { applyDelta, deltaSizes, Stretches } from './search-delta.ts';
import type { Inflater } from './search-inflate.ts';
import { type EntryHeader, entryHeader, longestHeader, type PackPlan, packTypes } from './search-pack-plan.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface Look {
  /** How far beyond what is new `mayHold` must see, on each side. */
  readonly margin: number;
  /** May [from, to) hold something? Asked of stretches too: a piece of up to `context + 1` bytes never lies in two of them only. */
  mayHold(bytes: Uint8Array, from: number, to: number): boolean;
  /** Must an object be looked at for what it is, whatever `mayHold` says (an archive)? */
  isVeiled(bytes: Uint8Array, from: number, to: number): boolean;
  /** The bytes are gone after the call. */
  object(entry: number, type: ObjectType, bytes: Uint8Array): void;
}

export interface FamiliesReport {
  /** Entries whose object could not be made; what is below them in their family is not named. */
  corrupt: number[];
  /** Larger than what is made in memory, with all below them. */
  giants: number[];
  objects: number;
  /** Inflated, not resolved. */
  bytes: number;
  /** As they lie in the file. */
  packed: number;
}

interface Frame {
  readonly entry: number;
  start: number;
  readonly length: number;
  /** The stack is cut back to here when the object is done with. */
  floor: number;
  readonly holds: boolean;
  /** Next child of the list; -1: only the heir is left. */
  child: number;
}

const readAhead = 1 << 15;

/** What the path does not need any more is kept up to so many bytes: more would be slower memory, and more of it. */
const spread = 1 << 21;

/** Objects begin at whole words: what is found of a piece then never depends on where its object happened to lie. */
const aligned = (at: number): number => (at + 3) & ~3;

export class Families {
  readonly #plan: PackPlan;
  readonly #descriptor: number;
  readonly #inflater: Inflater;
  readonly #look: Look;
  readonly #arena: Uint8Array;
  readonly #mostObject: number;
  readonly #news = new Stretches();
  #report: FamiliesReport = { corrupt: [], giants: [], objects: 0, bytes: 0, packed: 0 };
  #input = new Uint8Array(readAhead);
  #inputFrom = 0;
  #inputHeld = 0;
  #delta = new Uint8Array(1 << 18);
  #type: ObjectType = 'blob';
  #frames: Frame[] = [];
  #top = 0;
  /** Where the stack is made shorter before it grows on. */
  #compactAt = 0;
  #later: number[] = [];

  constructor(plan: PackPlan, descriptor: number, inflater: Inflater, arena: Uint8Array, look: Look) {
    this.#plan = plan;
    this.#descriptor = descriptor;
    this.#inflater = inflater;
    this.#look = look;
    this.#arena = arena;
    // A base and what is made of it lie side by side.
    this.#mostObject = Math.floor(arena.length / 2) - 4;
  }

  /** What came of all families since the last call. */
  takeReport(): FamiliesReport {
    const report = this.#report;
    this.#report = { corrupt: [], giants: [], objects: 0, bytes: 0, packed: 0 };
    return report;
  }

  work(family: number): void {
    this.#later.push(family);
    for (let entry = this.#later.pop(); entry !== undefined; entry = this.#later.pop()) {
      this.#frames = [];
      this.#top = 0;
      const length = this.#fromRoot(entry);
      if (length < 0) continue;
      this.#enter(entry, 0, length, 0, this.#look.mayHold(this.#arena, 0, length));
      this.#descend();
    }
  }

  #descend(): void {
    const { siblings, heirs } = this.#plan;
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const { child } = frame;
      if (child >= 0) {
        frame.child = siblings[child] as number;
        this.#child(frame, child, false);
      } else {
        const heir = heirs[frame.entry] as number;
        if (heir < 0 || !this.#child(frame, heir, true)) {
          this.#frames.pop();
          this.#top = frame.floor;
        }
      }
    }
  }

  /** Makes a child of the last frame. An heir takes the frame's place; false: it could not, and the frame is still there. */
  #child(parent: Frame, entry: number, isHeir: boolean): boolean {
    const length = this.#deltaOf(entry, parent.length);
    if (length < 0) return false;
    if (aligned(this.#top) + length > this.#compactAt) this.#compact(length);
    const start = aligned(this.#top);
    if (start + length > this.#arena.length) {
      this.#later.push(entry);
      return false;
    }
    if (!this.#apply(entry, parent.start, parent.length, start, length)) return false;
    const holds = parent.holds ? this.#look.mayHold(this.#arena, start, start + length) : this.#holdsNews(start, length);
    if (isHeir) this.#frames.pop();
    this.#enter(entry, start, length, isHeir ? parent.floor : start, holds);
    return true;
  }

  /** The object lies at the top of the stack. */
  #enter(entry: number, start: number, length: number, floor: number, holds: boolean): void {
    const arena = this.#arena;
    this.#report.objects++;
    if (holds || this.#look.isVeiled(arena, start, start + length))
      this.#look.object(entry, this.#type, arena.subarray(start, start + length));
    const child = this.#plan.children[entry] as number;
    const isLeaf = child < 0 && (this.#plan.heirs[entry] as number) < 0;
    this.#top = isLeaf ? floor : start + length;
    if (!isLeaf) this.#frames.push({ entry, start, length, floor, holds, child });
  }

  #holdsNews(start: number, length: number): boolean {
    const { bounds, count } = this.#news;
    const { margin } = this.#look;
    for (let index = 0; index < count; ) {
      const from = Math.max((bounds[index] as number) - margin, 0);
      let to = (bounds[index + 1] as number) + margin;
      for (index += 2; index < count && (bounds[index] as number) - margin <= to; index += 2)
        to = (bounds[index + 1] as number) + margin;
      if (this.#look.mayHold(this.#arena, start + from, start + Math.min(to, length))) return true;
    }
    return false;
  }

  /** Takes out what the path does not need any more. */
  #compact(coming: number): void {
    let at = 0;
    for (const frame of this.#frames) {
      if (frame.start > at) this.#arena.copyWithin(at, frame.start, frame.start + frame.length);
      frame.start = at;
      frame.floor = at;
      at = aligned(at + frame.length);
    }
    this.#top = at;
    this.#compactAt = Math.min(this.#arena.length, at + coming + spread);
  }

  /** Makes an object at the bottom of the arena, out of nothing but the file. Its length; negative: it cannot be made. */
  #fromRoot(entry: number): number {
    const { parents } = this.#plan;
    const path = [entry];
    for (let up = parents[entry] as number; up >= 0; up = parents[up] as number) path.push(up);
    let length = this.#root(path.pop() as number);
    for (let next = path.pop(); next !== undefined && length >= 0; next = path.pop()) {
      const longer = this.#deltaOf(next, length);
      if (longer < 0 || !this.#apply(next, 0, length, length, longer)) return -1;
      this.#arena.copyWithin(0, length, length + longer);
      length = longer;
    }
    return length;
  }

  #root(entry: number): number {
    const header = this.#read(entry);
    if (header === undefined) return this.#lose(entry, 'corrupt');
    this.#type = packTypes[header.type] as ObjectType;
    if (header.size > this.#mostObject) return this.#lose(entry, 'giants');
    return this.#inflate(header, this.#arena) ? header.size : this.#lose(entry, 'corrupt');
  }

  #sizes = { base: 0, target: 0, next: 0 };
  #deltaLength = 0;

  /** Inflates an entry's delta. Length of the object that it makes; negative: it cannot be made. */
  #deltaOf(entry: number, baseLength: number): number {
    const header = this.#read(entry);
    if (header === undefined) return this.#lose(entry, 'corrupt');
    if (header.size > this.#mostObject) return this.#lose(entry, 'giants');
    if (this.#delta.length <= header.size) this.#delta = new Uint8Array(header.size + 1);
    if (!this.#inflate(header, this.#delta)) return this.#lose(entry, 'corrupt');
    this.#sizes = deltaSizes(this.#delta, header.size);
    this.#deltaLength = header.size;
    if (this.#sizes.next < 0 || this.#sizes.base !== baseLength) return this.#lose(entry, 'corrupt');
    if (this.#sizes.target > this.#mostObject) return this.#lose(entry, 'giants');
    return this.#sizes.target;
  }

  #apply(entry: number, base: number, baseLength: number, target: number, length: number): boolean {
    const { next } = this.#sizes;
    const made = applyDelta(this.#delta, next, this.#deltaLength, this.#arena, base, baseLength, target, length, this.#news);
    if (!made) this.#lose(entry, 'corrupt');
    return made;
  }

  #lose(entry: number, why: 'corrupt' | 'giants'): -1 {
    this.#report[why].push(entry);
    return -1;
  }

  #at = 0;
  #end = 0;

  /** Brings an entry into the input. */
  #read(entry: number): EntryHeader | undefined {
    const { offsets, idBytes } = this.#plan;
    const from = offsets[entry] as number;
    const length = (offsets[entry + 1] as number) - from;
    if (from < this.#inputFrom || from + length > this.#inputFrom + this.#inputHeld) {
      const wanted = Math.max(Math.min(length, this.#mostObject + longestHeader), readAhead);
      if (this.#input.length < wanted) this.#input = new Uint8Array(wanted);
      this.#inputFrom = from;
      this.#inputHeld = 0;
      this.#inputHeld = readSync(this.#descriptor, this.#input, 0, wanted, from);
    }
    this.#at = from - this.#inputFrom;
    this.#end = Math.min(this.#at + length, this.#inputHeld);
    return this.#end <= this.#at ? undefined : entryHeader(this.#input, this.#at, idBytes);
  }

  #inflate(header: EntryHeader, output: Uint8Array): boolean {
    this.#report.bytes += header.size;
    this.#report.packed += this.#end - this.#at;
    return this.#inflater.inflate(this.#input, this.#at + header.data, this.#end, output, 0, header.size);
  }
}
