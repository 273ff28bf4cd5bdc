/**
 * What there is in a pack, and which object is told as a difference to which: known from the entries' headers alone.
 *
 * Objects that were made out of each other form families: a whole object, the root, with trees of deltas below it. A family is
 * what one thread works through, so that every delta is applied once, to a base that is in memory already. All of the plan
 * lies in memory that threads share.
 */
import { fstatSync, readSync } from 'node:fs';
import type { PackIndex } from './search-pack-index.ts';

export const packTypes = ['', 'commit', 'tree', 'blob', 'tag'] as const;
export const offsetDelta = 6;
export const referenceDelta = 7;

/** No parent: a root. */
const root = -1;
/** Its header cannot be read, or its base is not in this pack. */
export const broken = -2;

export interface PackPlan {
  readonly count: number;
  /** Of all objects of the pack, not of a few. */
  readonly isWhole: boolean;
  readonly idBytes: number;
  /** Where each entry begins, ascending; one more: where the last one ends. Everything below is in this order. */
  readonly offsets: Float64Array;
  /** Position of the base; negative: see above. */
  readonly parents: Int32Array;
  /** Children as lists: the first of each, and who comes next. The child with most below it is in `heirs` instead; -1: none. */
  readonly children: Int32Array;
  readonly siblings: Int32Array;
  readonly heirs: Int32Array;
  /** Roots, in the order in which they are best worked through. */
  readonly families: Int32Array;
  /** How many below each position, itself included; 0: it leads to no root. */
  readonly sizes: Int32Array;
}

export interface EntryHeader {
  readonly type: number;
  /** Of the whole object, or of the delta. */
  readonly size: number;
  /** Where the deflated bytes begin, from the beginning of the entry. */
  readonly data: number;
  /** Of an offset delta: how far before this entry its base begins. */
  readonly back: number;
  /** Of a reference delta: where its base's id stands, from the beginning of the entry. */
  readonly reference: number;
}

/** Longest header: type and size, and a base. */
export const longestHeader = 48;

/** undefined: it is none. */
export function entryHeader(bytes: Uint8Array, at: number, idBytes: number): EntryHeader | undefined {
  let byte = bytes[at] ?? 0;
  let next = at + 1;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  let unit = 16;
  while (byte & 128) {
    if (unit > 2 ** 49) return undefined;
    byte = bytes[next++] ?? 0;
    size += (byte & 127) * unit;
    unit *= 128;
  }
  let back = 0;
  let reference = 0;
  if (type === offsetDelta) {
    byte = bytes[next++] ?? 0;
    back = byte & 127;
    while (byte & 128) {
      if (back > 2 ** 44) return undefined;
      byte = bytes[next++] ?? 0;
      back = (back + 1) * 128 + (byte & 127);
    }
  } else if (type === referenceDelta) {
    reference = next - at;
    next += idBytes;
  } else if (type < 1 || type > 4) return undefined;
  return next > bytes.length ? undefined : { type, size, data: next - at, back, reference };
}

/** Throws what the file system throws; an Error where the file is no pack, or another one than the index speaks of. */
export function planPack(descriptor: number, index: PackIndex, idBytes: number): PackPlan {
  const offsets = offsetsOf(descriptor, index, idBytes);
  const { count } = index;
  const parents = parentsOf(descriptor, index, offsets, count, idBytes);
  return { count, isWhole: true, idBytes, offsets, parents, ...families(parents, offsets, count) };
}

/** A plan of a few objects and of what they are made out of, each a family of its own. */
export function planEntries(descriptor: number, index: PackIndex, idBytes: number, ids: readonly string[]): PackPlan {
  const offsets = offsetsOf(descriptor, index, idBytes);
  const { count } = index;
  const parents = shared(Int32Array, count).fill(broken);
  const sizes = shared(Int32Array, count);
  const entries: number[] = [];
  const head = new Uint8Array(longestHeader);
  for (const id of ids) {
    const offset = index.offsetOf(Buffer.from(id, 'hex'));
    let entry = offset === undefined ? broken : positionOf(offsets, count, offset);
    if (entry < 0) continue;
    entries.push(entry);
    sizes[entry] = 1;
    while (entry >= 0 && parents[entry] === broken) {
      readSync(descriptor, head, 0, head.length, offsets[entry] as number);
      const parent: number = parentOf(entry, head, 0, index, offsets, idBytes);
      parents[entry] = parent;
      entry = parent;
    }
  }
  const none = shared(Int32Array, count).fill(-1);
  const families = shared(Int32Array, entries.length, entries);
  return { count, isWhole: false, idBytes, offsets, parents, sizes, children: none, siblings: none, heirs: none, families };
}

function offsetsOf(descriptor: number, index: PackIndex, idBytes: number): Float64Array {
  const { size } = fstatSync(descriptor);
  const head = Buffer.alloc(12);
  if (readSync(descriptor, head, 0, 12, 0) !== 12 || head.readUInt32BE(0) !== 0x5041434b) throw new Error('no pack');
  if (head.readUInt32BE(8) !== index.count) throw new Error('a pack that its index does not speak of');
  const { count } = index;
  const offsets = shared(Float64Array, count + 1);
  index.sorted(offsets.subarray(0, count));
  offsets[count] = Math.max(size - idBytes, 0);
  return offsets;
}

/** An object and all that are made out of it. */
export function below({ children, siblings, heirs }: PackPlan, entry: number): number[] {
  const all = [entry];
  for (let index = 0; index < all.length; index++) {
    const one = all[index] as number;
    if ((heirs[one] as number) >= 0) all.push(heirs[one] as number);
    for (let child = children[one] as number; child >= 0; child = siblings[child] as number) all.push(child);
  }
  return all;
}

/** Objects of a whole plan that lead to no root. */
export function unreached(plan: PackPlan): number[] {
  const { parents, sizes, families, count, isWhole } = plan;
  if (!isWhole || families.reduce((sum, family) => sum + (sizes[family] as number), 0) === count) return [];
  const lost: number[] = [];
  for (let entry = 0; entry < count; entry++) {
    if (parents[entry] === broken) lost.push(...below(plan, entry));
    // A ring: nobody below it ever became a leaf.
    else if (sizes[entry] === 0) lost.push(entry);
  }
  return lost;
}

function parentsOf(descriptor: number, index: PackIndex, offsets: Float64Array, count: number, idBytes: number): Int32Array {
  const parents = shared(Int32Array, count).fill(broken);
  const window = Buffer.allocUnsafeSlow(1 << 20);
  let from = 0;
  let held = 0;
  for (let entry = 0; entry < count; entry++) {
    const at = offsets[entry] as number;
    const end = Math.min(at + longestHeader, offsets[entry + 1] as number);
    if (end > from + held) {
      from = at;
      held = readSync(descriptor, window, 0, window.length, at);
      if (held === 0) break;
    }
    parents[entry] = parentOf(entry, window.subarray(0, Math.min(held, end - from)), at - from, index, offsets, idBytes);
  }
  return parents;
}

function parentOf(
  entry: number,
  bytes: Uint8Array,
  at: number,
  index: PackIndex,
  offsets: Float64Array,
  idBytes: number,
): number {
  const header = entryHeader(bytes, at, idBytes);
  if (header === undefined) return broken;
  if (header.type === offsetDelta) return positionOf(offsets, entry, (offsets[entry] as number) - header.back);
  if (header.type !== referenceDelta) return root;
  const base = index.offsetOf(bytes.subarray(at + header.reference, at + header.data));
  return base === undefined ? broken : positionOf(offsets, index.count, base);
}

function positionOf(offsets: Float64Array, before: number, offset: number): number {
  let low = 0;
  let high = before;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = offsets[middle] as number;
    if (there === offset) return middle;
    if (there < offset) low = middle + 1;
    else high = middle;
  }
  return broken;
}

function families(
  parents: Int32Array,
  offsets: Float64Array,
  count: number,
): Omit<PackPlan, 'count' | 'isWhole' | 'idBytes' | 'offsets' | 'parents'> {
  const sizes = shared(Int32Array, count);
  const children = shared(Int32Array, count).fill(-1);
  const siblings = shared(Int32Array, count).fill(-1);
  const heirs = shared(Int32Array, count).fill(-1);
  const bytes = new Float64Array(count);
  const open = new Int32Array(count);
  for (const parent of parents) if (parent >= 0) open[parent] = (open[parent] as number) + 1;
  // From the leaves up, whatever the order in the file; a ring of references never becomes a leaf, and keeps size 0.
  const ready: number[] = [];
  const roots: number[] = [];
  for (let leaf = count - 1; leaf >= 0; leaf--) {
    if (open[leaf] !== 0) continue;
    ready.push(leaf);
    for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
      open[one] = -1;
      sizes[one] = (sizes[one] as number) + 1;
      bytes[one] = (bytes[one] as number) + (offsets[one + 1] as number) - (offsets[one] as number);
      const parent = parents[one] as number;
      if (parent === root) roots.push(one);
      if (parent < 0) continue;
      sizes[parent] = (sizes[parent] as number) + (sizes[one] as number);
      bytes[parent] = (bytes[parent] as number) + (bytes[one] as number);
      const left = (open[parent] as number) - 1;
      open[parent] = left;
      adopt(parent, one, { sizes, children, siblings, heirs });
      if (left === 0) ready.push(parent);
    }
  }
  return { children, siblings, heirs, sizes, families: inOrder(roots, bytes) };
}

function adopt(parent: number, child: number, lists: Pick<PackPlan, 'sizes' | 'children' | 'siblings' | 'heirs'>): void {
  const { sizes, children, siblings, heirs } = lists;
  const heir = heirs[parent] as number;
  let other = child;
  if (heir < 0 || (sizes[child] as number) > (sizes[heir] as number)) {
    heirs[parent] = child;
    other = heir;
  }
  if (other < 0) return;
  siblings[other] = children[parent] as number;
  children[parent] = other;
}

/** Large families first, so that no thread is left with one at the end; the others as they lie in the file. */
function inOrder(roots: number[], bytes: Float64Array): Int32Array {
  const all = roots.reduce((sum, one) => sum + (bytes[one] as number), 0);
  const isLarge = (one: number): boolean => (bytes[one] as number) > all / 100;
  const large = roots.filter(isLarge).sort((a, b) => (bytes[b] as number) - (bytes[a] as number));
  const rest = roots.filter((one) => !isLarge(one)).sort((a, b) => a - b);
  return shared(Int32Array, roots.length, [...large, ...rest]);
}

function shared<T extends Float64Array | Int32Array>(
  make: { new (buffer: SharedArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
  length: number,
  values: readonly number[] = [],
): T {
  const array = new make(new SharedArrayBuffer(make.BYTES_PER_ELEMENT * length));
  array.set(values);
  return array;
}
