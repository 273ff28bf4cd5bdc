/**
 * The quick question about the bytes of files: must they be looked at exactly, and how far?
 *
 * What a secret is written as leaves a piece of one of its writings in the bytes, which the kernel finds at the price of
 * reading them; only what an archive packs, and text in wide characters, does not. Programs are large and many: one is an
 * archive only where a zip's header stands in it.
 */
import { beginsWith, closedKind, gzipMagic, headSize, isTarHeader, zipMagic } from '../search/containers.ts';
import { isLocalHeader, localSize } from '../search/containers-deflate.ts';
import type { ObjectLook } from './search-look.ts';

/** `quick`: around pieces of secrets and in archives; `deep`: in all writings within writings. */
export type Depth = 'none' | 'quick' | 'deep';

export interface Stretch {
  /** Does the file begin here? */
  readonly first: boolean;
  /** Is it a program or script, behind which a zip may lie? */
  readonly program: boolean;
}

export function depthOfBytes(objects: ObjectLook, bytes: Buffer, { first, program }: Stretch): Depth {
  const { length } = bytes;
  if (first && isWide(bytes)) return 'deep';
  if (objects.mayHold(bytes, 0, length)) return objects.isDeep(bytes, 0, length) ? 'deep' : 'quick';
  return (first && isArchive(bytes)) || (program && holdsZip(bytes)) ? 'quick' : 'none';
}

export function deeper(one: Depth, other: Depth): Depth {
  if (one === 'deep' || other === 'deep') return 'deep';
  return one === 'none' ? other : one;
}

/** A program of Windows or Linux, or a script. */
export function isProgram(head: Uint8Array): boolean {
  const [a, b] = head;
  return (a === 0x4d && b === 0x5a) || (a === 0x23 && b === 0x21) || (a === 0x7f && b === 0x45);
}

/** UTF-16 by its mark: what is encoded in it is in wide characters too. */
const isWide = ([a, b]: Uint8Array): boolean => (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);

/** First bytes of all kinds but tar: nearly every file is none, and there are many. */
const firstBytes = new Set([0x1f, 0x50, 0xfd, 0x28, 0x37, 0x52, 0x42]);

function isArchive(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  if (firstBytes.has(bytes[0] as number)) {
    const head = bytes.subarray(0, headSize);
    if (beginsWith(head, gzipMagic) || beginsWith(head, zipMagic) || closedKind(head) !== undefined) return true;
  }
  return isTarHeader(bytes);
}

const zipHeader = Buffer.from(zipMagic);

function holdsZip(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(zipHeader); at !== -1 && at + localSize <= bytes.length; at = bytes.indexOf(zipHeader, at + 1))
    if (isLocalHeader(bytes.subarray(at, at + localSize))) return true;
  return false;
}
