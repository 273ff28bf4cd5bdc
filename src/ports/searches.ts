/**
 * Looking through many bytes at once: the objects of git's stores and the files of folders, on all cores.
 *
 * Nothing is changed, no program that a repository names is run, nothing is fetched. What could not be looked at is in the
 * answer as a gap, never left out in silence. The texts of found keys stay Secrets; nothing else of what was read comes back.
 */
import type { Needles } from '../search/needles.ts';
import type { Gap, Match } from '../search/search.ts';
import type { FilePath } from './disk.ts';

export interface Sought {
  readonly known: Needles;
  /** Also keys of the formats of src/search/formats.ts. */
  readonly formats: boolean;
}

export interface SearchProgress {
  readonly doneBytes: number;
  /** undefined: not known yet. */
  readonly allBytes: number | undefined;
  readonly objects: number;
  readonly found: number;
}

export interface SearchControl {
  /** Called a few times a second. */
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly signal?: AbortSignal;
}

/** One store: what git calls an object directory, with those that it borrows from listed on their own by the caller. */
export interface ObjectsRequest extends Sought {
  /** `objects` folders, each searched once. */
  readonly folders: readonly FilePath[];
  readonly hash: 'sha1' | 'sha256';
  /** Every object is resolved and looked at by the slow way: to prove the quick one. */
  readonly exhaustive: boolean;
  /**
   * What an earlier search of the same secrets said of packs, by pack name (its contents' hash): those are not read again.
   * Kept by the caller; opaque, and without secrets.
   */
  readonly remembered?: ReadonlyMap<string, PackMemory>;
}

export interface PackMemory {
  readonly pack: string;
  readonly objects: number;
  /** Ids of objects that were found to hold something: they are looked at again, alone. */
  readonly holding: readonly string[];
  /** Gaps of this pack. A pack with gaps is not remembered. */
}

export interface ObjectMatch extends Match {
  readonly object: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag';
}

export interface ObjectsSearched {
  readonly matches: readonly ObjectMatch[];
  readonly objects: number;
  /** Bytes of the objects as they are stored, unpacked but not resolved. */
  readonly bytes: number;
  readonly gaps: readonly Gap[];
  /** To be remembered: one for each pack that was read whole. */
  readonly packs: readonly PackMemory[];
}

export interface FilesRequest extends Sought {
  /** Files and folders; folders are walked without following links, one file system each. */
  readonly roots: readonly FilePath[];
  /** Is a folder left out with all below it? By its whole path; a folder named in `roots` never is. */
  readonly skip?: (folder: FilePath) => boolean;
  /** Files larger than this are gaps. Default: no limit, they are read in windows. */
  readonly mostBytes?: number;
  /**
   * Every file is read in all writings within writings. Without it only those that hold a piece of a secret in one of its
   * writings (`Needles`), or in a member of an archive, are: what leaves no such piece (base64 of base64) is not found.
   */
  readonly exhaustive?: boolean;
}

export interface FileMatch extends Match {
  readonly file: FilePath;
}

export interface FilesSearched {
  readonly matches: readonly FileMatch[];
  /** Files and folders whose own name holds something; matches in the bytes of the name. */
  readonly names: readonly FileMatch[];
  /** Symbolic links whose target holds something. */
  readonly links: readonly FileMatch[];
  readonly files: number;
  readonly bytes: number;
  readonly gaps: readonly Gap[];
}

export interface Searches {
  /** Never a Problem for what a store holds: that is a gap. */
  objects(request: ObjectsRequest, control?: SearchControl): Promise<ObjectsSearched>;
  files(request: FilesRequest, control?: SearchControl): Promise<FilesSearched>;
  /** The exact, slow look at bytes in hand (a staged file, a reflog, a ref's name). */
  bytes(
    bytes: Uint8Array,
    sought: Sought,
    name?: string,
  ): Promise<{ readonly matches: readonly Match[]; readonly gaps: readonly Gap[] }>;
}
