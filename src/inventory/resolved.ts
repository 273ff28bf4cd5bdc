/**
 * A server entry with its references followed, as its client would do it at start.
 *
 * Every character of a resolved value is traced back to the literal it came from, so that a credential recognised in
 * the whole value (`Bearer ${TOKEN}`) leads to the one file that holds its text.
 */
import type { Format, Path } from '../documents/document.ts';
import type { FilePath } from '../ports/disk.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
import type { Slot } from '../providers/provider.ts';
import type { Unseen, Use } from './inventory.ts';

/** Characters `start` to `end` of a resolved value came from here. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly source:
    | {
        readonly kind: 'file';
        readonly file: FilePath;
        readonly format: Format;
        readonly path: Path;
        readonly offset: number;
        readonly byHand?: string;
        /** Other literals of the same text from which it is read elsewhere (the profile of another shell). */
        readonly twins?: readonly {
          readonly file: FilePath;
          readonly format: Format;
          readonly path: Path;
          readonly offset: number;
        }[];
      }
    /** Our own environment, no literal found in a file. */
    | { readonly kind: 'environment'; readonly variable: string }
    /** An answer that the client keeps in its own store (`${input:id}`). */
    | { readonly kind: 'client-cache'; readonly name: string };
  /** References on the way, as written. */
  readonly via: readonly string[];
}

export interface ResolvedSlot extends Slot {
  readonly pieces: readonly Piece[];
  /** Not what the server is given now: a default that is not in force, another shell's profile. */
  readonly dormant?: true;
}

export interface ResolvedServer {
  readonly use: Use;
  readonly slots: readonly ResolvedSlot[];
  /** How the client would start or reach the server; undefined when a reference could not be resolved. */
  readonly launch: ServerLaunch | undefined;
  /** References that could not be resolved, as written: `${input:token}`. */
  readonly unresolved: readonly string[];
  /** What stands behind those, and behind wrappers. */
  readonly unseen: readonly Unseen[];
}
