/**
 * The exact look at one object or file: every writing of what is sought, in the text itself and in whatever it was put into.
 *
 * A text is looked at as it is and in views (views.ts); an archive is taken apart (containers.ts), and each of its members is
 * a text of its own. Both may be repeated up to `mostLayers` deep. Texts pass by in windows that overlap, so that memory does
 * not grow with what is looked at. Whatever the bytes are, this ends and throws nothing; what was not looked at is a gap.
 */
import { Borders } from './borders.ts';
import type { Kernel } from './kernel.ts';
import type { Needle } from './needles.ts';
import { Pieces } from './pieces.ts';
import { type Gap, type Layer, type Match, mostUnpacked } from './search.ts';
import { TextLook } from './text-look.ts';
import type { Unpack } from './unpack.ts';

export interface SoughtBytes {
  readonly kernel: Kernel;
  readonly needles: readonly Needle[];
  readonly formats: boolean;
  /**
   * Only what leaves a longer piece in the bytes as they are, or in a member of an archive: writings within writings are not
   * taken off where no such piece is near.
   */
  readonly quick?: boolean;
}

export interface MatchTools {
  readonly unpack: Unpack;
}

export interface Looked {
  readonly matches: readonly Match[];
  /** `where` names the member, by its layers; it is empty for the bytes themselves. */
  readonly gaps: readonly Gap[];
}

/** For what does not fit into memory: its bytes are pushed in order, in pieces of any size. */
export interface Looking {
  push(piece: Uint8Array): void;
  end(): Looked;
}

export function matchBytes(bytes: Uint8Array, sought: SoughtBytes, tools: MatchTools): Looked {
  const look = new Look(sought, tools);
  const text = new TextLook(look, []);
  text.whole(bytes);
  return look.told();
}

export function matchStream(sought: SoughtBytes, tools: MatchTools): Looking {
  const look = new Look(sought, tools);
  const text = new TextLook(look, []);
  return {
    push: (piece) => text.push(piece),
    end: () => {
      text.end();
      return look.told();
    },
  };
}

/** More than this is no archive that somebody works with, where it is also large. */
const mostRatio = 300;
const largeUnpacked = 32 * 1024 * 1024;
/** More places of one file say nothing new. */
const mostMatches = 10_000;

/** What all texts of one object share: what is sought, what may still be unpacked, what was found. */
export class Look {
  readonly sought: SoughtBytes;
  readonly unpack: Unpack;
  readonly borders: Borders;
  readonly pieces: Pieces;
  readonly #matches: Match[] = [];
  readonly #gaps = new Map<string, Gap>();
  #unpacked = 0;
  #cut = false;

  constructor(sought: SoughtBytes, tools: MatchTools) {
    this.sought = sought;
    this.unpack = tools.unpack;
    const made = madeOf(sought);
    this.borders = made.borders;
    this.pieces = made.pieces;
  }

  found(match: Match): void {
    if (this.#matches.length < mostMatches) this.#matches.push(match);
    else this.gap('stopped', [], `more than ${mostMatches} findings: the others are not listed`);
  }

  /** Each kind of gap once for each member. */
  gap(code: Gap['code'], through: readonly Layer[], why: string): void {
    const where = through.join(' > ');
    const key = `${code} ${where}`;
    if (!this.#gaps.has(key) && this.#gaps.size < mostMatches) this.#gaps.set(key, { code, where, why });
  }

  /** May so many bytes be unpacked, of a member that has yielded `member` bytes so far out of `packed`? */
  spend(bytes: number, member: number, packed: number, through: readonly Layer[]): boolean {
    this.#unpacked += bytes;
    if (this.#unpacked > mostUnpacked || this.#cut) {
      this.#cut = true;
      this.gap('too-large', through, `it unpacks to more than ${mostUnpacked / 1024 / 1024} MiB in all`);
      return false;
    }
    if (member > largeUnpacked && member > mostRatio * packed) {
      this.gap('too-large', through, `it unpacks to more than ${mostRatio} times its size`);
      return false;
    }
    return true;
  }

  told(): Looked {
    return { matches: this.#matches, gaps: [...this.#gaps.values()] };
  }
}

const known = new WeakMap<readonly Needle[], { borders: Borders; pieces: Pieces }>();

function madeOf({ needles, kernel }: SoughtBytes): { borders: Borders; pieces: Pieces } {
  let made = known.get(needles);
  if (made === undefined) {
    made = { borders: new Borders(needles), pieces: new Pieces(needles, kernel) };
    known.set(needles, made);
  }
  return made;
}
