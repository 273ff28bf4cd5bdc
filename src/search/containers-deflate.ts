/**
 * The two archives around deflate: gzip (RFC 1952) and zip (APPNOTE 6.3), as streams.
 *
 * Checksums are not worked out: whatever a damaged member yields is looked at, and where its structure breaks, that is said.
 */
import { beginsWith, type Container, Gathered, gzipMagic, type Opener, type Sink, zipMagic } from './containers.ts';
import type { Layer } from './search.ts';
import type { Inflater } from './unpack.ts';

const one = new Uint8Array(1);

/** One deflate stream that flows into a member. */
class Stream {
  readonly #inflater: Inflater;
  readonly #opener: Opener;
  readonly #layer: Layer;
  readonly #sink: Sink;
  #packed = 0;
  state: 'more' | 'end' | 'corrupt' | 'stopped' = 'more';

  constructor(opener: Opener, layer: Layer, sink: Sink) {
    this.#opener = opener;
    this.#layer = layer;
    this.#sink = sink;
    this.#inflater = opener.unpack.inflater();
  }

  /** Bytes of `piece` that belonged to it. */
  push(piece: Uint8Array): number {
    if (this.state !== 'more') return 0;
    const answer = this.#inflater.push(piece, (out) => {
      if (!this.#opener.spend(out.length, this.#packed + piece.length, this.#layer)) return false;
      this.#sink.push(out);
      return true;
    });
    this.#packed += piece.length;
    this.state = answer.state;
    if (answer.state === 'corrupt') this.#opener.gap('corrupt', this.#layer, 'its packed bytes are damaged');
    return answer.state === 'end' ? answer.used : piece.length;
  }

  /** No more bytes come: was it whole? zlib takes no byte more after the last of a stream. */
  close(): void {
    if (this.state === 'more') {
      const answer = this.#inflater.push(one, () => false);
      if (answer.state !== 'end') this.#opener.gap('corrupt', this.#layer, 'it ends too early');
    }
    this.#inflater.close();
  }
}

/** All members of a gzip file are one text, as gunzip writes them. */
export class Gzip implements Container {
  readonly kind = 'gzip';
  readonly #opener: Opener;
  readonly #sink: Sink;
  readonly #head = new Gathered();
  #stream: Stream | undefined;
  #at = 0;
  /** Bytes of the trailer (checksum, size) still to come. */
  #trailer = 0;
  #done = false;

  constructor(opener: Opener, sink: Sink) {
    this.#opener = opener;
    this.#sink = sink;
  }

  push(piece: Uint8Array): void {
    let rest = piece;
    while (rest.length > 0 && !this.#done) {
      const used = this.#step(rest);
      this.#at += used;
      rest = rest.subarray(used);
    }
  }

  #step(rest: Uint8Array): number {
    if (this.#trailer > 0) {
      const used = Math.min(this.#trailer, rest.length);
      this.#trailer -= used;
      return used;
    }
    if (this.#stream === undefined) return this.#header(rest);
    const used = this.#stream.push(rest);
    this.#opener.passed(this.#at, this.#at + used);
    if (this.#stream.state === 'more') return used;
    if (this.#stream.state === 'end') this.#trailer = 8;
    else this.#done = true;
    this.#stream.close();
    this.#stream = undefined;
    return used;
  }

  /** A header is short but for names: it is gathered in steps until it is whole. */
  #header(rest: Uint8Array): number {
    const before = this.#head.length;
    const used = this.#head.fill(rest, Math.max(256, before * 2));
    const size = headerSize(this.#head.bytes);
    if (size === 'more' && this.#head.length < 128 * 1024) return used;
    this.#head.clear();
    if (typeof size === 'number') {
      this.#stream = new Stream(this.#opener, 'gzip', this.#sink);
      return size - before;
    }
    this.#done = true;
    return used;
  }

  end(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#sink.end();
  }
}

/** `none`: no gzip header begins here (padding after the last member). */
function headerSize(bytes: Buffer): number | 'more' | 'none' {
  if (!beginsWith(bytes, gzipMagic.slice(0, Math.min(3, bytes.length)))) return 'none';
  if (bytes.length < 10) return 'more';
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + (bytes.length >= at + 2 ? bytes.readUInt16LE(at) : 0xffff);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = at > bytes.length ? -1 : bytes.indexOf(0, at);
    if (end === -1) return 'more';
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at <= bytes.length ? at : 'more';
}

export const localSize = 30;
const unknown32 = 0xffff_ffff;
const signatures = [[...zipMagic], [0x50, 0x4b, 0x01, 0x02], [0x50, 0x4b, 0x07, 0x08]] as const;

/** zip by its local headers: also what no directory names, and what lies behind a program (self-extracting). */
export class Zip implements Container {
  readonly kind = 'zip';
  readonly #opener: Opener;
  readonly #header = new Gathered();
  /** Last bytes in which no header was found: one may begin in them. */
  #tail = Buffer.alloc(0);
  #at = 0;
  #member: Sink | undefined;
  #stream: Stream | undefined;
  #layer: Layer = 'zip';
  #left = 0;
  #state: 'seek' | 'header' | 'deflated' | 'stored' | 'until signature' | 'skip' = 'seek';

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  push(piece: Uint8Array): void {
    let rest = piece;
    while (rest.length > 0) {
      const used = this.#step(rest);
      this.#at += used;
      rest = rest.subarray(used);
    }
  }

  #step(rest: Uint8Array): number {
    if (this.#state === 'seek' || this.#state === 'until signature') return this.#seek(rest);
    if (this.#state === 'header') {
      const used = this.#header.fill(rest, this.#headerSize());
      if (this.#header.length >= localSize && !isLocalHeader(this.#header.bytes)) {
        this.#header.clear();
        this.#state = 'seek';
      } else if (this.#header.length === this.#headerSize()) this.#begin();
      return used;
    }
    const some = rest.subarray(0, Math.min(rest.length, this.#left));
    if (this.#state === 'deflated') {
      const used = this.#stream?.push(some) ?? 0;
      this.#opener.passed(this.#at, this.#at + used);
      this.#left -= used;
      if (this.#left === 0 || this.#stream?.state !== 'more') this.#finish();
      return used;
    }
    if (this.#state === 'stored') this.#pass(some);
    this.#left -= some.length;
    if (this.#left === 0) this.#finish();
    return some.length;
  }

  #pass(bytes: Uint8Array): void {
    if (this.#member === undefined || bytes.length === 0) return;
    this.#member.push(bytes);
    this.#opener.passed(this.#at, this.#at + bytes.length);
  }

  /** Looks for the next signature, also one that begins in the piece before. */
  #seek(rest: Uint8Array): number {
    if (this.#tail.length > 0) {
      const joint = Buffer.concat([this.#tail, rest.subarray(0, 3)]);
      const found = nextSignature(joint, this.#state === 'seek');
      if (found !== undefined && found.at < this.#tail.length) {
        const begun = Buffer.from(this.#tail.subarray(found.at));
        this.#tail = Buffer.alloc(0);
        this.#found(found.local, begun);
        return 0;
      }
      this.#tail = Buffer.alloc(0);
    }
    const found = nextSignature(rest, this.#state === 'seek');
    const end = found?.at ?? rest.length;
    if (this.#state === 'until signature') this.#pass(rest.subarray(0, end));
    if (found === undefined) this.#tail = Buffer.from(rest.subarray(Math.max(0, rest.length - 3)));
    else this.#found(found.local, Buffer.alloc(0));
    return end;
  }

  #found(local: boolean, begun: Buffer): void {
    if (this.#state === 'until signature') this.#finish();
    if (!local) {
      // the descriptor or the directory: the search goes on behind its signature
      this.#state = 'skip';
      this.#left = 4 - begun.length;
      return;
    }
    this.#state = 'header';
    this.#header.fill(begun, begun.length);
  }

  #headerSize(): number {
    const bytes = this.#header.bytes;
    if (bytes.length < localSize) return localSize;
    return localSize + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  }

  #begin(): void {
    const header = Buffer.from(this.#header.bytes);
    this.#header.clear();
    const flags = header.readUInt16LE(6);
    const method = header.readUInt16LE(8);
    const named = localSize + header.readUInt16LE(26);
    this.#layer = `zip member ${header.toString('utf8', localSize, named)}`;
    const size = packedSize(header, named);
    const afterwards = (flags & 8) !== 0 && size === 0;
    this.#left = afterwards ? Number.POSITIVE_INFINITY : size;
    if ((flags & 1) !== 0) {
      this.#opener.gap('encrypted', this.#layer, 'encrypted with a password');
      this.#skip(afterwards);
    } else if (method === 0 || method === 8) {
      if (!afterwards && size === 0) {
        this.#state = 'seek';
        return;
      }
      this.#member = this.#opener.member(this.#layer);
      if (this.#member === undefined) this.#skip(afterwards);
      else if (method === 8) {
        this.#stream = new Stream(this.#opener, this.#layer, this.#member);
        this.#state = 'deflated';
      } else this.#state = afterwards ? 'until signature' : 'stored';
    } else {
      this.#opener.gap('unreadable', this.#layer, `packed by a method that is not read (${method})`);
      this.#skip(afterwards);
    }
  }

  #skip(sizeUnknown: boolean): void {
    this.#state = sizeUnknown || this.#left === 0 ? 'seek' : 'skip';
  }

  #finish(): void {
    const corrupt = this.#stream?.state === 'corrupt';
    const unfinished = this.#stream?.state === 'end' || this.#state === 'stored' || this.#state === 'until signature';
    this.#stream?.close();
    this.#stream = undefined;
    this.#member?.end();
    this.#member = undefined;
    // what is left of a member that was cut is passed over, unless its size is what was wrong
    const rest = unfinished || corrupt || !Number.isFinite(this.#left) ? 0 : this.#left;
    this.#state = rest > 0 ? 'skip' : 'seek';
    this.#left = rest;
  }

  end(): void {
    const within = this.#state === 'stored' || this.#state === 'skip';
    if (within && this.#left > 0) this.#opener.gap('corrupt', this.#layer, 'the archive ends within it');
    else if (this.#state === 'header') this.#opener.gap('corrupt', 'zip', 'it ends within a header');
    this.#stream?.close();
    this.#stream = undefined;
    this.#member?.end();
    this.#member = undefined;
  }
}

/** Methods that APPNOTE 4.4.5 names. */
const methods = new Set([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99]);

/** Is it a header, not just its signature, which stands in every program that reads zips? */
export function isLocalHeader(header: Buffer): boolean {
  const name = header.readUInt16LE(26);
  return header.readUInt16LE(4) % 256 <= 63 && methods.has(header.readUInt16LE(8)) && name > 0 && name <= 4096;
}

/** Of a local header: the number itself, or the one of the zip64 field. */
function packedSize(header: Buffer, extras: number): number {
  const size = header.readUInt32LE(18);
  if (size !== unknown32) return size;
  for (let at = extras; at + 4 <= header.length; ) {
    const length = header.readUInt16LE(at + 2);
    if (header.readUInt16LE(at) === 1 && length >= 16 && at + 20 <= header.length) {
      const wide = header.readBigUInt64LE(at + 12);
      return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : Number.MAX_SAFE_INTEGER;
    }
    at += 4 + length;
  }
  return size;
}

function nextSignature(bytes: Uint8Array, localOnly: boolean): { at: number; local: boolean } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf('PK', 0, 'latin1'); at !== -1; at = buffer.indexOf('PK', at + 1, 'latin1')) {
    if (beginsWith(bytes, zipMagic, at)) return { at, local: true };
    if (!localOnly && signatures.some((signature) => beginsWith(bytes, signature, at))) return { at, local: false };
  }
  return undefined;
}
