/**
 * Archives, taken apart as their bytes stream by.
 *
 * A container is pushed the bytes of its file in order and pushes those of its members on. It keeps a header at most, so a
 * member may be of any size, and it trusts no index: a zip is read by the headers before its members, so that what a
 * directory at its end does not name is read too. Whatever the bytes are, nothing is thrown.
 */
import type { Gap, Layer } from './search.ts';
import type { Unpack } from './unpack.ts';

/** Takes the bytes of one file or member, in order. A piece is valid during the call only. */
export interface Sink {
  push(piece: Uint8Array): void;
  end(): void;
}

/** What a container says to whoever opened it. */
export interface Opener {
  readonly unpack: Unpack;
  /** A member begins. undefined: it is not looked into. */
  member(layer: Layer): Sink | undefined;
  gap(code: Gap['code'], layer: Layer, why: string): void;
  /** [start, end) of the container's own bytes went into a member: what is in them is told there. */
  passed(start: number, end: number): void;
  /** May so many bytes more be unpacked, out of so many that were packed? Says the gap itself when not. */
  spend(unpacked: number, packed: number, layer: Layer): boolean;
}

export interface Container extends Sink {
  readonly kind: 'gzip' | 'zip' | 'tar';
}

/** Bytes from the beginning of a file that tell what it is. */
export const headSize = 512;

const ascii = (bytes: Uint8Array, from: number, to: number): string => {
  let text = '';
  for (let at = from; at < Math.min(to, bytes.length); at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
};
export const beginsWith = (bytes: Uint8Array, magic: readonly number[], at = 0): boolean =>
  magic.every((byte, index) => bytes[at + index] === byte);

export const gzipMagic = [0x1f, 0x8b, 0x08] as const;
export const zipMagic = [0x50, 0x4b, 0x03, 0x04] as const;

/** Kinds that are known and not unpacked: their plain bytes are looked at, and that the rest is not is said. */
const closed: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
];

/** An archive that cannot be unpacked here: its kind. */
export function closedKind(head: Uint8Array): string | undefined {
  if (/^BZh[1-9]1AY&SY/.test(ascii(head, 0, 10))) return 'bzip2';
  return closed.find(([, magic]) => beginsWith(head, magic))?.[0];
}

/** Is this the first block of a tar? By its checksum, which every kind of tar has. */
export function isTarHeader(block: Uint8Array, at = 0): boolean {
  if (block.length < at + headSize || block[at] === 0) return false;
  const said = octal(block, at + 148, 8);
  if (said === undefined) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < headSize; i++) if (i < 148 || i >= 156) sum += block[at + i] ?? 0;
  return sum === said;
}

/** undefined where no number stands. Large ones are written in base 256 (GNU). */
function octal(bytes: Uint8Array, at: number, length: number): number | undefined {
  if (((bytes[at] ?? 0) & 0x80) !== 0) {
    let value = (bytes[at] ?? 0) & 0x3f;
    for (let i = 1; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = ascii(bytes, at, at + length)
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** Gathers the bytes of a header that come in pieces. */
export class Gathered {
  #bytes = Buffer.alloc(0);

  get length(): number {
    return this.#bytes.length;
  }
  get bytes(): Buffer {
    return this.#bytes;
  }
  /** Takes from `piece` until `size` bytes are there; answers how many it took. */
  fill(piece: Uint8Array, size: number): number {
    const take = Math.max(0, Math.min(piece.length, size - this.#bytes.length));
    if (take > 0) this.#bytes = Buffer.concat([this.#bytes, piece.subarray(0, take)]);
    return take;
  }
  clear(): void {
    this.#bytes = Buffer.alloc(0);
  }
}

const mostName = 64 * 1024;

/** tar: v7, ustar, pax and GNU, with long names. Several after each other are read as one. */
export class Tar implements Container {
  readonly kind = 'tar';
  readonly #opener: Opener;
  readonly #header = new Gathered();
  #at = 0;
  #state: 'header' | 'data' | 'padding' | 'done' = 'header';
  /** Bytes of data, then of padding, that are still to come. */
  #left = 0;
  #padding = 0;
  #member: Sink | undefined;
  /** Data that speaks of the next member: its long name. */
  #speaks: { kind: 'L' | 'x'; text: Gathered } | undefined;
  #longName: string | undefined;
  #longSize: number | undefined;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  push(piece: Uint8Array): void {
    let rest = piece;
    while (rest.length > 0 && this.#state !== 'done') {
      const used = this.#step(rest);
      this.#at += used;
      rest = rest.subarray(used);
    }
  }

  #step(rest: Uint8Array): number {
    if (this.#state === 'header') {
      const used = this.#header.fill(rest, headSize);
      if (this.#header.length === headSize) this.#begin();
      return used;
    }
    const used = Math.min(rest.length, this.#state === 'data' ? this.#left : this.#padding);
    if (this.#state === 'padding') {
      this.#padding -= used;
      if (this.#padding === 0) this.#state = 'header';
      return used;
    }
    if (this.#speaks) this.#speaks.text.fill(rest.subarray(0, used), mostName);
    else if (this.#member) {
      this.#member.push(rest.subarray(0, used));
      this.#opener.passed(this.#at, this.#at + used);
    }
    this.#left -= used;
    if (this.#left === 0) this.#finish();
    return used;
  }

  #begin(): void {
    const block = Buffer.from(this.#header.bytes);
    this.#header.clear();
    if (block.every((byte) => byte === 0)) return;
    const size = this.#longSize ?? octal(block, 124, 12);
    if (!isTarHeader(block) || size === undefined) {
      this.#opener.gap('corrupt', 'tar', 'what follows its readable members is not a tar header');
      this.#state = 'done';
      return;
    }
    const type = ascii(block, 156, 157);
    const field = (from: number, length: number): string => {
      const end = block.indexOf(0, from);
      return block.toString('utf8', from, end === -1 || end > from + length ? from + length : end);
    };
    const prefix = ascii(block, 257, 262) === 'ustar' && block[345] !== 0 && block[262] === 0 ? `${field(345, 155)}/` : '';
    const name = this.#longName ?? `${prefix}${field(0, 100)}`;
    if (type === 'L' || type === 'x') {
      this.#speaks = { kind: type, text: new Gathered() };
    } else if (type !== 'g' && type !== 'K') {
      this.#longName = undefined;
      this.#longSize = undefined;
      if (size > 0) this.#member = this.#opener.member(`tar member ${name}`);
    }
    this.#left = size;
    this.#padding = (headSize - (size % headSize)) % headSize;
    this.#state = 'data';
    if (size === 0) this.#finish();
  }

  #finish(): void {
    this.#member?.end();
    this.#member = undefined;
    if (this.#speaks?.kind === 'L') this.#longName = this.#speaks.text.bytes.toString('utf8').replace(/\0[\s\S]*$/, '');
    else if (this.#speaks) {
      const records = this.#speaks.text.bytes.toString('utf8');
      this.#longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1] ?? this.#longName;
      const size = /(?:^|\n)\d+ size=(\d{1,15})\n/.exec(records)?.[1];
      this.#longSize = size === undefined ? this.#longSize : Number(size);
    }
    this.#speaks = undefined;
    this.#state = this.#padding > 0 ? 'padding' : 'header';
  }

  end(): void {
    if (this.#state === 'data') this.#opener.gap('corrupt', 'tar', 'it ends within a member');
    this.#member?.end();
    this.#member = undefined;
  }
}
