/**
 * Archives made by hand, in the forms that real packers write and in ones that nobody should: for tests of what takes them
 * apart.
 */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly stored?: true;
  /** Sizes follow the data, as in zips that were written as a stream. */
  readonly descriptor?: true;
  /** Sizes stand in the zip64 field. */
  readonly wide?: true;
  readonly encrypted?: true;
  /** Another method than the two that are read. */
  readonly method?: number;
}

export function zip(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, stored, descriptor, wide, encrypted, method } of members) {
    const packed = stored ? Buffer.from(bytes) : deflateRawSync(bytes);
    const named = Buffer.from(name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50);
    header.writeUInt16LE(wide ? 45 : 20, 4);
    header.writeUInt16LE((descriptor ? 8 : 0) | (encrypted ? 1 : 0), 6);
    header.writeUInt16LE(method ?? (stored ? 0 : 8), 8);
    header.writeUInt32LE(descriptor ? 0 : crc32(bytes), 14);
    header.writeUInt32LE(descriptor ? 0 : wide ? 0xffffffff : packed.length, 18);
    header.writeUInt32LE(descriptor ? 0 : wide ? 0xffffffff : bytes.length, 22);
    header.writeUInt16LE(named.length, 26);
    const extra = Buffer.alloc(wide ? 20 : 0);
    if (wide) {
      extra.writeUInt16LE(1);
      extra.writeUInt16LE(16, 2);
      extra.writeBigUInt64LE(BigInt(bytes.length), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
    }
    header.writeUInt16LE(extra.length, 28);
    const tail = Buffer.alloc(descriptor ? 16 : 0);
    if (descriptor) {
      tail.writeUInt32LE(0x08074b50);
      tail.writeUInt32LE(crc32(bytes), 4);
      tail.writeUInt32LE(packed.length, 8);
      tail.writeUInt32LE(bytes.length, 12);
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    header.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, named);
    parts.push(header, named, extra, packed, tail);
    at += header.length + named.length + extra.length + packed.length + tail.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}

export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** How a name of more than 100 bytes is written. */
  readonly long?: 'gnu' | 'pax';
  readonly old?: true;
}

export function tar(members: readonly TarMember[]): Buffer {
  const blocks = members.flatMap(({ name, bytes, long, old }) => {
    const spoken: Buffer[] = [];
    if (long === 'gnu') spoken.push(tarBlock('././@LongLink', Buffer.from(`${name}\0`), 'L'));
    if (long === 'pax') {
      const record = ` path=${name}\n`;
      let length = record.length + 2;
      while (`${length}${record}`.length !== length) length++;
      spoken.push(tarBlock('PaxHeader', Buffer.from(`${length}${record}`), 'x'));
    }
    return [...spoken, tarBlock(name.slice(0, 99), bytes, '0', old)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function tarBlock(name: string, bytes: Uint8Array, type: string, old?: true): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write('0000644\0', 100);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  if (!old) header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
