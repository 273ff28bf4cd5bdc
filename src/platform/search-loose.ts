/**
 * Loose objects: one file each, deflated, beginning with `blob 123\0`.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, inflateSync } from 'node:zlib';
import type { FilePath } from '../ports/disk.ts';
import { type Inflater, inflateSteps } from './search-inflate.ts';
import type { ObjectType } from './search-pack-families.ts';

export const looseFile = (folder: FilePath, id: string): FilePath => join(folder, id.slice(0, 2), id.slice(2));

/** Longest header: type, a number of twenty digits, an end. */
const longestHeader = 32;

export type Loose =
  | { readonly state: 'whole'; readonly type: ObjectType; readonly bytes: Uint8Array; readonly packed: number }
  | {
      readonly state: 'large';
      readonly type: ObjectType;
      readonly header: number;
      readonly size: number;
      readonly packed: number;
    }
  | { readonly state: 'corrupt' };

/** The bytes lie in `arena`, and are gone at its next use. Throws what the file system throws. */
export function readLoose(file: FilePath, inflater: Inflater, arena: Uint8Array): Loose {
  const packed = statSync(file).size;
  const isLarge = packed > arena.length / 2;
  const deflated = isLarge ? readHead(file) : readFileSync(file);
  const header = headerOf(deflated);
  if (header === undefined) return { state: 'corrupt' };
  const { type, size, length } = header;
  if (isLarge || length + size + 8 > arena.length) return { state: 'large', type, header: length, size, packed };
  // So that the object itself begins at a whole word.
  const at = -length & 3;
  if (!inflater.inflate(deflated, 0, deflated.length, arena, at, length + size)) return { state: 'corrupt' };
  return { state: 'whole', type, bytes: arena.subarray(at + length, at + length + size), packed };
}

function readHead(file: FilePath): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function headerOf(deflated: Buffer): { type: ObjectType; size: number; length: number } | undefined {
  let head: Buffer;
  try {
    head = inflateSync(deflated.subarray(0, 128), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
  const text = head.toString('latin1', 0, longestHeader);
  const said = /^(commit|tree|blob|tag) (\d{1,15})\0/.exec(text);
  return said === null ? undefined : { type: said[1] as ObjectType, size: Number(said[2]), length: said[0].length };
}

/** The bytes of an object that is too large for memory. Throws where it is cut or changed. */
export async function* streamLoose(file: FilePath, header: number, size: number): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(file, 'r');
  try {
    yield* streamInflated(descriptor, 0, Number.POSITIVE_INFINITY, header, size);
  } finally {
    closeSync(descriptor);
  }
}

/** What is deflated in [from, to) of a file, without its first `skip` bytes; Error where there are not `size` more. */
export async function* streamInflated(
  descriptor: number,
  from: number,
  to: number,
  skip: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  let at = from;
  const steps = inflateSteps((into) => {
    const read = readSync(descriptor, into, 0, Math.min(into.length, to - at), at);
    at += read;
    return read;
  });
  let toSkip = skip;
  let left = size;
  for await (const step of steps) {
    const piece = step.subarray(toSkip);
    toSkip -= step.length - piece.length;
    left -= piece.length;
    if (left < 0) break;
    if (piece.length > 0) yield piece;
  }
  if (left !== 0) throw new Error('an object of another size than it says');
}
