/**
 * Packs made by hand: of every shape that the format allows, not only of those that git writes.
 *
 * The writer knows what each object is, so a test needs nobody to resolve it; that git agrees is tested beside the search.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

export type Op = { readonly insert: Uint8Array } | { readonly from: number; readonly size: number };

export interface Entry {
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  readonly bytes: Buffer;
  /** Index of the base in the pack, and how the object is told by it; `reference`: by the base's id. */
  readonly delta?: { readonly base: number; readonly ops: readonly Op[]; readonly reference: boolean };
}

export interface PackOptions {
  readonly hash?: 'sha1' | 'sha256';
  readonly version?: 1 | 2;
  /** Every offset of the index in eight bytes. */
  readonly far?: boolean;
  /** Changes the entries' bytes after they were deflated. */
  readonly damage?: (entry: number, bytes: Buffer) => Uint8Array;
}

const types = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

export function applied(base: Buffer, ops: readonly Op[]): Buffer {
  return Buffer.concat(ops.map((op) => ('insert' in op ? op.insert : base.subarray(op.from, op.from + op.size))));
}

export function idOf({ type, bytes }: Pick<Entry, 'type' | 'bytes'>, hash: 'sha1' | 'sha256' = 'sha1'): string {
  return createHash(hash).update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Writes `pack-<hash>.pack` and `.idx` into the object folder; answers where they are, without ending. */
export function writePack(objects: string, entries: readonly Entry[], options: PackOptions = {}): string {
  const { hash = 'sha1', version = 2, far = false, damage = (_, bytes) => bytes } = options;
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(entries.length, 8);
  const parts: Uint8Array[] = [head];
  const offsets: number[] = [];
  let at = head.length;
  entries.forEach((entry, index) => {
    offsets.push(at);
    const bytes = damage(index, entryBytes(entry, entries, offsets, at, hash));
    parts.push(bytes);
    at += bytes.length;
  });
  const body = Buffer.concat(parts);
  const sum = createHash(hash).update(body).digest();
  const folder = join(objects, 'pack');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `pack-${sum.toString('hex')}`);
  writeFileSync(`${file}.pack`, Buffer.concat([body, sum]));
  writeFileSync(`${file}.idx`, indexOf(entries, offsets, { hash, version, far }, sum));
  return file;
}

function entryBytes(
  entry: Entry,
  all: readonly Entry[],
  offsets: readonly number[],
  at: number,
  hash: 'sha1' | 'sha256',
): Buffer {
  const { delta } = entry;
  if (delta === undefined) return Buffer.concat([sized(types[entry.type], entry.bytes.length), deflateSync(entry.bytes)]);
  const base = all[delta.base] as Entry;
  const text = Buffer.concat([varint(base.bytes.length), varint(entry.bytes.length), ...delta.ops.map(coded)]);
  const told = delta.reference ? Buffer.from(idOf(base, hash), 'hex') : backwards(at - (offsets[delta.base] as number));
  return Buffer.concat([sized(delta.reference ? 7 : 6, text.length), told, deflateSync(text)]);
}

function sized(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 128;
    bytes.push(rest & 127);
  }
  return Buffer.from(bytes);
}

function varint(value: number): Buffer {
  const bytes = [value & 127];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 128;
    bytes.push(rest & 127);
  }
  return Buffer.from(bytes);
}

function backwards(distance: number): Buffer {
  const bytes = [distance & 127];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((--rest & 127) | 128);
  return Buffer.from(bytes);
}

function coded(op: Op): Buffer {
  if ('insert' in op) return Buffer.concat([Buffer.from([op.insert.length]), op.insert]);
  const bytes = [128];
  for (let byte = 0; byte < 4; byte++) {
    const part = Math.floor(op.from / 256 ** byte) & 255;
    if (part === 0) continue;
    bytes[0] = (bytes[0] as number) | (1 << byte);
    bytes.push(part);
  }
  for (let byte = 0; byte < 3 && op.size !== 0x10000; byte++) {
    const part = (op.size >> (8 * byte)) & 255;
    if (part === 0) continue;
    bytes[0] = (bytes[0] as number) | (16 << byte);
    bytes.push(part);
  }
  return Buffer.from(bytes);
}

function indexOf(
  entries: readonly Entry[],
  offsets: readonly number[],
  { hash, version, far }: Required<Pick<PackOptions, 'hash' | 'version' | 'far'>>,
  packSum: Buffer,
): Buffer {
  const rows = entries
    .map((entry, index) => ({ id: Buffer.from(idOf(entry, hash), 'hex'), offset: offsets[index] as number }))
    .sort((a, b) => a.id.compare(b.id));
  const fan = Buffer.alloc(1024);
  for (let byte = 0; byte < 256; byte++) fan.writeUInt32BE(rows.filter(({ id }) => (id[0] as number) <= byte).length, byte * 4);
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const ids = rows.map(({ id }) => id);
  const wide = rows.map(({ offset }) => Buffer.concat([number(Math.floor(offset / 2 ** 32)), number(offset % 2 ** 32)]));
  const body = Buffer.concat(
    version === 1
      ? [fan, ...rows.flatMap(({ id, offset }) => [number(offset), id]), packSum]
      : [
          Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]),
          fan,
          ...ids,
          ...ids.map(() => number(0)),
          ...rows.map(({ offset }, row) => number(far ? 0x80000000 + row : offset)),
          ...(far ? wide : []),
          packSum,
        ],
  );
  return Buffer.concat([body, createHash(hash).update(body).digest()]);
}
