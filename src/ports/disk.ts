/**
 * Files, with the two operations that lossless edits need: read with a version, and replace only that version.
 *
 * A version is the identity of the bytes that were read (length and SHA-256 in the real port). Replacing is
 * compare-and-swap: when the file is no longer what the caller read, nothing is written and the answer is 'changed'.
 */
import type { Instant } from '../base/time.ts';

/** Absolute path in the notation of this system. */
export type FilePath = string;

export interface FileSnapshot {
  readonly path: FilePath;
  /** Where the bytes really are after symbolic links; the file that a replacement renames over. */
  readonly realPath: FilePath;
  readonly bytes: Uint8Array;
  /** Worked out when it is first asked for. */
  readonly version: string;
  /** Permission bits, e.g. 0o600; 0 where the system has none. */
  readonly mode: number;
  readonly modifiedAt: Instant;
  /** Birth time where the file system keeps one. */
  readonly createdAt?: Instant;
  /** Names that the file has (hard links), where the system tells. */
  readonly links?: number;
}

/** What the system tells of a path without reading it. */
export interface Mark {
  /** Another text whenever something else stands at the path, or its bytes, its mode or (of a folder) its names changed. */
  readonly text: string;
  /** Of a file, in bytes; 0 for anything else. */
  readonly size: number;
  /**
   * The latest change that the text knows of, by the file system's clock; undefined where nothing stands. Two changes within
   * the grain of that clock (2 s on FAT) can leave one and the same text: a mark of something so young proves nothing.
   */
  readonly changedAt: Instant | undefined;
}

export type EntryKind = 'file' | 'directory' | 'link' | 'other';

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/**
 * A lock that a client takes before it rewrites its file. 'mkdir': a directory at `path`, its modification time refreshed
 * while held, abandoned when older than `staleMs` (the convention of the npm package proper-lockfile). 'create': a file that is
 * made only when there is none, abandoned likewise. 'flock': an exclusive flock(2) on the file, which stays; it ends with its
 * holder (where the system has no such call or tool: problem file/locked, saying so). One that a killed process of ours left is
 * taken back before it is stale, by our own next process.
 */
export interface LockRule {
  readonly kind: 'mkdir' | 'create' | 'flock';
  readonly path: FilePath;
  readonly staleMs: number;
}

export interface ReplaceOptions {
  readonly lock?: LockRule;
  /** Waiting for the lock and for a quiet moment, all in all. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface Disk {
  /**
   * At most `mostBytes` (default 64 MiB) of a regular file. Never blocks on a fifo or device.
   * Problems: file/absent, file/unreadable, file/not-a-file, file/dangling-link, file/too-large.
   */
  read(path: FilePath, mostBytes?: number): Promise<FileSnapshot>;
  /**
   * Writes `bytes` if the file still has `version` ('absent': if there is none): temporary file in the same folder,
   * fsync, rename, fsync of the folder. Mode, owner and symbolic link stay. Answers the new version.
   * Problems: file/unwritable, file/disk-full, file/locked. On a problem the file is as it was.
   */
  replace(
    path: FilePath,
    version: string | 'absent',
    bytes: Uint8Array,
    options?: ReplaceOptions & { readonly mode?: number },
  ): Promise<{ readonly written: true; readonly version: string } | { readonly written: false }>;
  /**
   * Does `work` while holding a client's lock, so that a read and the replacement made from it see no writer in between
   * (who honours the lock). Problem: file/locked when the lock is not free within `timeoutMs` (default 10 s).
   */
  withLock<T>(lock: LockRule, work: () => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Removes every lock that a process of ours left when it was killed, none of a running one or of others. Never a problem. */
  freeLocks(): Promise<void>;
  /** Removes a file; removing what is not there is no problem. */
  remove(path: FilePath): Promise<void>;
  /**
   * Removes what a replacement that was cut off left beside a file: a temporary copy that holds the new text. Those of
   * running processes stay. Never a problem.
   */
  tidy(path: FilePath): Promise<void>;
  /** Entries of a folder, sorted by name; empty when there is none. Problem: file/unreadable. */
  list(path: FilePath): Promise<readonly DirectoryEntry[]>;
  /** What stands at a path, links followed; undefined when nothing does (or it cannot be looked at). */
  kind(path: FilePath): Promise<EntryKind | undefined>;
  /** Links followed. Never a problem: that a path cannot be looked at is told by the mark. */
  mark(path: FilePath): Promise<Mark>;
  /** Makes a folder with its parents, mode 0700. Problem: state/unusable when one that is there is others' to write to. */
  makeFolder(path: FilePath): Promise<void>;
}
