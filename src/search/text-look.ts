/**
 * One text: a file, or a member of an archive. Its bytes pass by in windows, and its members, if it is an archive, go on to
 * looks of their own.
 *
 * A window decides about what begins in its own part; what begins in the part that the next window shows again is left to
 * that one, which sees what stands behind it. So nothing is told twice and nothing is cut.
 */
import {
  beginsWith,
  type Container,
  closedKind,
  gzipMagic,
  headSize,
  isTarHeader,
  type Opener,
  type Sink,
  Tar,
  zipMagic,
} from './containers.ts';
import { Gzip, Zip } from './containers-deflate.ts';
import type { Look } from './match.ts';
import { type Layer, mostLayers } from './search.ts';
import { depthOf, lookAtWindow } from './window-look.ts';

export const windowSize = 1024 * 1024;
/** What is in memory anyway is looked at in one up to here. */
const mostWhole = 4 * 1024 * 1024;
/** Longer than any secret in any writing. */
const overlap = 64 * 1024;
/** At the beginning of a window, left to the one before, which saw what stands in front. */
const margin = 256;

/** Up to here a window is as large as its text; larger ones are used again. */
const smallWindow = 128 * 1024;
const spare: Buffer[] = [];
const mostSpare = 4;

export class TextLook implements Sink {
  readonly #look: Look;
  readonly #through: readonly Layer[];
  #head = Buffer.alloc(0);
  #recognised = false;
  #container: Container | undefined;
  /** Own bytes that went into members: what is in them is told there. */
  readonly #passed: { start: number; end: number }[] = [];
  #window: Buffer = Buffer.alloc(0);
  #filled = 0;
  /** Where the window begins, and the lines before that. */
  #at = 0;
  #lines = 0;
  #text: boolean | undefined;

  constructor(look: Look, through: readonly Layer[]) {
    this.#look = look;
    this.#through = through;
  }

  /** All bytes, which stay as they are during the call. */
  whole(bytes: Uint8Array): void {
    if (bytes.length > mostWhole) {
      this.push(bytes);
      this.end();
      return;
    }
    this.#feed(bytes);
    this.#finishContainer();
    this.#see(bytes, true);
  }

  push(piece: Uint8Array): void {
    this.#feed(piece);
    for (let at = 0; at < piece.length; ) {
      const wanted = Math.min(windowSize, this.#filled + piece.length - at);
      if (this.#window.length < wanted) this.#grow(wanted);
      const some = piece.subarray(at, at + windowSize - this.#filled);
      this.#window.set(some, this.#filled);
      this.#filled += some.length;
      at += some.length;
      if (this.#filled === windowSize) this.#turn();
    }
  }

  end(): void {
    this.#finishContainer();
    this.#see(this.#window.subarray(0, this.#filled), true);
    if (this.#window.length === windowSize && spare.length < mostSpare) spare.push(this.#window);
    this.#window = Buffer.alloc(0);
  }

  #grow(wanted: number): void {
    const larger =
      wanted <= smallWindow
        ? Buffer.allocUnsafe(Math.max(4096, 2 * wanted))
        : (spare.pop() ?? Buffer.allocUnsafeSlow(windowSize));
    this.#window.copy(larger, 0, 0, this.#filled);
    this.#window = larger;
  }

  /** A full window is looked at, and its end is kept. */
  #turn(): void {
    this.#see(this.#window, false);
    const kept = windowSize - overlap;
    if (this.#text) this.#lines += linesIn(this.#window, kept);
    this.#window.copyWithin(0, kept, windowSize);
    this.#filled = overlap;
    this.#at += kept;
  }

  #see(bytes: Uint8Array, last: boolean): void {
    const first = this.#at === 0;
    this.#text ??= isText(bytes);
    lookAtWindow(this.#look, bytes, {
      through: this.#through,
      from: first ? 0 : margin,
      to: last ? Number.POSITIVE_INFINITY : bytes.length - overlap + margin,
      at: this.#at,
      line: this.#text ? this.#lines + 1 : undefined,
      told: (start, end) => this.#toldByMember(this.#at + start, this.#at + end),
      archive: (through, bytes) => new TextLook(this.#look, through).whole(bytes),
    });
  }

  #toldByMember(start: number, end: number): boolean {
    let low = 0;
    let high = this.#passed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#passed[middle]?.end ?? 0) < end) low = middle + 1;
      else high = middle;
    }
    const range = this.#passed[low];
    return range !== undefined && range.start <= start && end <= range.end;
  }

  /** Gives the container its bytes, once it is known which it is. */
  #feed(piece: Uint8Array): void {
    if (this.#recognised) this.#container?.push(piece);
    else if (this.#head.length === 0 && piece.length >= headSize) this.#recognise(piece);
    else {
      this.#head = Buffer.concat([this.#head, piece]);
      if (this.#head.length >= headSize) this.#recognise(this.#head);
    }
  }

  #finishContainer(): void {
    if (!this.#recognised) this.#recognise(this.#head);
    this.#container?.end();
    this.#container = undefined;
  }

  #recognise(head: Uint8Array): void {
    this.#recognised = true;
    this.#head = Buffer.alloc(0);
    this.#container = this.#containerOf(head);
    this.#container?.push(head);
    const kind = this.#container ? undefined : closedKind(head);
    if (kind !== undefined) this.#look.gap('unreadable', [...this.#through, kind], `${kind} is not unpacked`);
  }

  #containerOf(head: Uint8Array): Container | undefined {
    const kind = kindOf(head);
    if (kind === undefined) return undefined;
    if (depthOf(this.#through) >= mostLayers) {
      this.#look.gap('too-deep', [...this.#through, kind], `it lies under more than ${mostLayers} layers`);
      return undefined;
    }
    const opener = this.#opener();
    if (kind === 'tar') return new Tar(opener);
    if (kind === 'zip') return new Zip(opener);
    const sink = opener.member('gzip');
    return sink && new Gzip(opener, sink);
  }

  #opener(): Opener {
    const look = this.#look;
    let member: Layer | undefined;
    let yielded = 0;
    return {
      unpack: look.unpack,
      member: (layer) => this.#memberLook(layer),
      gap: (code, layer, why) => look.gap(code, [...this.#through, layer], why),
      passed: (start, end) => {
        const before = this.#passed.at(-1);
        if (before?.end === start) before.end = end;
        else this.#passed.push({ start, end });
      },
      spend: (bytes, packed, layer) => {
        yielded = layer === member ? yielded + bytes : bytes;
        member = layer;
        return look.spend(bytes, yielded, packed, [...this.#through, layer]);
      },
    };
  }

  /** A look at a member; undefined when it lies too deep. */
  #memberLook(layer: Layer): Sink | undefined {
    const through = [...this.#through, layer];
    if (depthOf(through) <= mostLayers) return new TextLook(this.#look, through);
    this.#look.gap('too-deep', through, `it lies under more than ${mostLayers} layers`);
    return undefined;
  }
}

type Kind = 'gzip' | 'zip' | 'tar';

function kindOf(head: Uint8Array): Kind | undefined {
  if (beginsWith(head, gzipMagic)) return 'gzip';
  if (beginsWith(head, zipMagic) || programs.some((magic) => beginsWith(head, magic))) return 'zip';
  return isTarHeader(head) ? 'tar' : undefined;
}

/** A program may carry a zip behind it: Windows, Linux, scripts. */
const programs = [
  [0x4d, 0x5a],
  [0x7f, 0x45, 0x4c, 0x46],
  [0x23, 0x21],
] as const;

/** No zero byte in its first bytes, or UTF-16 by its mark. */
function isText(bytes: Uint8Array): boolean {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return marked || bytes.subarray(0, 8000).indexOf(0) === -1;
}

/** Byte by byte: lines are short, and a call for each costs more. */
function linesIn(bytes: Uint8Array, to: number): number {
  let lines = 0;
  for (let at = 0; at < to; at++) if (bytes[at] === 0x0a) lines++;
  return lines;
}
