/**
 * git's deltas: an object told as copies out of another one and bytes of its own (gitformat-pack, "Deltified representation").
 *
 * Whoever knows what the base holds needs to look only at what is new: the delta's own bytes, and the seams between two
 * copies that did not lie beside each other. Those stretches are told, widened on both sides, so that every piece of
 * `context + 1` bytes of the object lies either whole in a told stretch or whole in one copy, and so in the base.
 */

import { longestLeast } from '../search/kernel.ts';

/** Bytes on each side of what is new: one less than the longest piece that the kernel asks for. */
export const context = longestLeast - 1;

/** Stretches nearer to each other than this are told as one: a look costs more than so few bytes. */
const nearby = 32;
/** Shorter copies are quicker byte by byte. */
const short = 24;

/** Reads the two sizes that a delta begins with; `next` is where its instructions begin, -1: it is no delta. */
export function deltaSizes(delta: Uint8Array, to: number): { base: number; target: number; next: number } {
  const sizes = [0, 0];
  let at = 0;
  for (let which = 0; which < 2; which++) {
    let unit = 1;
    for (;;) {
      const byte = delta[at];
      if (byte === undefined || at >= to || unit > 2 ** 49) return { base: 0, target: 0, next: -1 };
      at++;
      sizes[which] = (sizes[which] as number) + (byte & 127) * unit;
      if (byte < 128) break;
      unit *= 128;
    }
  }
  return { base: sizes[0] as number, target: sizes[1] as number, next: at };
}

/** `start`, `end` pairs, in positions of the target; used again for each delta. */
export class Stretches {
  bounds: Int32Array = new Int32Array(1024);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  add(start: number, end: number): void {
    const { bounds, count } = this;
    if (count > 0 && start <= (bounds[count - 1] as number) + nearby) {
      if (end > (bounds[count - 1] as number)) bounds[count - 1] = end;
      return;
    }
    if (count === bounds.length) {
      this.bounds = new Int32Array(count * 2);
      this.bounds.set(bounds);
    }
    this.bounds[count] = start;
    this.bounds[count + 1] = end;
    this.count = count + 2;
  }
}

/**
 * Makes arena[target, target + targetLength) out of arena[base, base + baseLength) and the instructions delta[from, to).
 * False: it is no valid delta of these sizes. Stretches are not cut at the ends of the target.
 */
export function applyDelta(
  delta: Uint8Array,
  from: number,
  to: number,
  arena: Uint8Array,
  base: number,
  baseLength: number,
  target: number,
  targetLength: number,
  news: Stretches,
): boolean {
  news.clear();
  let at = from;
  let done = 0;
  // Where the next copy must begin for there to be no seam; -1: what stands before is new anyway.
  let follows = -1;
  while (at < to) {
    const code = delta[at++] as number;
    if (code >= 128) {
      let offset = 0;
      let size = 0;
      if (code & 1) offset = delta[at++] as number;
      if (code & 2) offset |= (delta[at++] as number) << 8;
      if (code & 4) offset |= (delta[at++] as number) << 16;
      if (code & 8) offset += (delta[at++] as number) * 0x1000000;
      if (code & 16) size = delta[at++] as number;
      if (code & 32) size |= (delta[at++] as number) << 8;
      if (code & 64) size |= (delta[at++] as number) << 16;
      if (size === 0) size = 0x10000;
      if (at > to || offset + size > baseLength || done + size > targetLength) return false;
      if (offset !== follows && follows >= 0) news.add(done - context, done + context);
      follows = offset + size;
      const source = base + offset;
      const goal = target + done;
      if (size < short) for (let index = 0; index < size; index++) arena[goal + index] = arena[source + index] as number;
      else arena.copyWithin(goal, source, source + size);
      done += size;
    } else {
      if (code === 0 || at + code > to || done + code > targetLength) return false;
      for (let index = 0; index < code; index++) arena[target + done + index] = delta[at + index] as number;
      news.add(done - context, done + code + context);
      at += code;
      done += code;
      follows = -1;
    }
  }
  return done === targetLength;
}
