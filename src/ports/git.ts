/**
 * git, asked about repositories that strangers may have made.
 *
 * Whatever the repository's own configuration says, no program that it names is run (file system monitor, hooks, filters,
 * external diffs, signatures' checkers, pagers, editors, transports), nothing is fetched, nothing is written into it, and it is
 * read whoever owns it. `run` asks the repository itself; `objects` asks its object stores alone, under a git folder of our
 * own, so that its configuration is not even read.
 */
import type { Milliseconds } from '../base/time.ts';
import type { FilePath } from './disk.ts';

export interface GitOptions {
  readonly input?: string | Uint8Array;
  /** Default 60 s. */
  readonly timeoutMs?: Milliseconds;
  /** Default 64 MiB; more is problem git/failed. */
  readonly mostOutput?: number;
  readonly signal?: AbortSignal;
}

export interface GitAnswer {
  /** null: ended by the timeout. */
  readonly status: number | null;
  readonly output: Uint8Array;
  /** Foreign text: looked at, never shown. */
  readonly errors: string;
}

export interface GitAt {
  readonly gitDir: FilePath;
  /** Where commands that look at files look (`diff --cached`, `ls-files --others`). */
  readonly workTree?: FilePath;
  /** Another index than its own: a commit in the making has one, named to its hooks by GIT_INDEX_FILE. */
  readonly index?: FilePath;
}

export interface GitStores {
  readonly folders: readonly FilePath[];
  readonly hash: 'sha1' | 'sha256';
}

export interface Git {
  /** `2.39.5`; undefined: there is no git. */
  version(): Promise<string | undefined>;
  /** Problem: git/absent, git/failed (it could not be started, or said more than `mostOutput`). A status is no problem. */
  run(at: GitAt, args: readonly string[], options?: GitOptions): Promise<GitAnswer>;
  /** As `run`, for plumbing that needs objects only (`cat-file`, `log --stdin`, `rev-list --stdin`). */
  objects(stores: GitStores, args: readonly string[], options?: GitOptions): Promise<GitAnswer>;
  /**
   * As `run`, with the person's own configuration and identity, for changes that the person asked for in their own repository
   * or in a clone that we made (`clone --mirror`, `config core.hooksPath`): git as the person runs it.
   */
  asPerson(folder: FilePath, args: readonly string[], options?: GitOptions): Promise<GitAnswer>;
}
