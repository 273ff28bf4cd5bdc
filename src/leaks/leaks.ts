/**
 * Words of leaks: where a secret was found, who could see it, and what is known of it. Plain values, without secrets.
 */
import type { CredentialId } from '../base/ids.ts';
import type { Instant } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Gap, Match } from '../search/search.ts';

/** A repository with everything that belongs to it. */
export interface Repository {
  /** As it was given, or found from it: the work tree, or the git folder of a bare one. */
  readonly path: FilePath;
  /** Its own git folder (`.git`, the folder that a `.git` file names, a worktree's). */
  readonly gitDir: FilePath;
  /** Where refs and objects of all its worktrees are. */
  readonly commonDir: FilePath;
  readonly workTree: FilePath | undefined;
  readonly hash: 'sha1' | 'sha256';
  /** Object folders: its own, then those that it borrows from (alternates, of alternates too). Each once. */
  readonly objectFolders: readonly FilePath[];
  readonly shallow: boolean;
  /** It lacks objects by intention (promisor remotes). */
  readonly partial: boolean;
  /** Repositories within it that are searched with it; as a submodule also one that merely lies in its work tree. */
  readonly within: readonly { readonly kind: 'submodule' | 'worktree'; readonly repository: Repository }[];
}

/** Where a match stands. */
export type Where =
  | {
      readonly kind: 'object';
      readonly repository: FilePath;
      readonly object: string;
      readonly type: 'blob' | 'tree' | 'commit' | 'tag';
    }
  /** Text inside the git folder: config, reflog, message in the making, hook. */
  | { readonly kind: 'git-file'; readonly repository: FilePath; readonly file: FilePath }
  | { readonly kind: 'ref'; readonly repository: FilePath; readonly ref: string }
  | {
      readonly kind: 'work-file';
      readonly repository: FilePath;
      readonly file: FilePath;
      /** Does the match stand in the file's name, a link's target, or in its text? */
      readonly in: 'text' | 'name' | 'link';
      readonly state: 'tracked' | 'untracked' | 'ignored' | 'unknown';
    }
  | { readonly kind: 'lfs'; readonly repository: FilePath; readonly file: FilePath; readonly object: string }
  /** Anywhere else on this machine. */
  | { readonly kind: 'file'; readonly file: FilePath; readonly in: 'text' | 'name' | 'link' }
  | { readonly kind: 'process'; readonly pid: number; readonly name: string; readonly in: 'environment' | 'arguments' };

export interface RawFinding {
  readonly where: Where;
  readonly match: Match;
}

export interface RawSearch {
  readonly searched: { readonly objects: number; readonly files: number; readonly bytes: number };
  readonly findings: readonly RawFinding[];
  readonly gaps: readonly Gap[];
}

export interface CommitSeen {
  readonly commit: string;
  /** Of the committer's clock. */
  readonly at: Instant;
  readonly does: 'introduces' | 'removes' | 'holds';
  readonly path: string;
}

/** What is known of when it left this machine. */
export type Pushed =
  | {
      readonly pushed: 'yes';
      readonly remote: string;
      /** By our own log of the remote (`update by push`, `fetch`); undefined: it is there, since when is not known. */
      readonly at: Instant | undefined;
      /** When `at` is undefined: no earlier than this (the commit's date). */
      readonly earliest: Instant | undefined;
      /** No ref of the remote holds it any more, but one did: forks, pull requests and caches may. */
      readonly gone?: true;
    }
  | { readonly pushed: 'no' }
  | { readonly pushed: 'unknown'; readonly why: string };

/** One secret at one object (or one other place), explained. */
export interface Finding {
  /** Credential's id, or for a key that nobody knew `<provider>-<first of its keyed hash>`. */
  readonly credential: CredentialId | string;
  /** `plain`, `base64 in gzip`, `partial`. */
  readonly how: string;
  /** Object's id, or file, ref or process. */
  readonly object: string;
  readonly where: Where;
  readonly line: number | undefined;
  readonly commits: readonly CommitSeen[];
  readonly paths: readonly string[];
  /** Refs and tags from which it can be reached now. */
  readonly refs: readonly string[];
  readonly pushed: Pushed;
  /** undefined: not asked (that needs consent), or nobody to ask. */
  readonly public: boolean | undefined;
  readonly warnings: readonly string[];
}

/** What `leak search --json` prints; times as ISO 8601 there. */
export interface LeakSearch {
  readonly schema: 'mcp-rotate/leak-search@1';
  readonly searched: { readonly objects: number; readonly files: number; readonly bytes: number; readonly seconds: number };
  readonly notSearched: readonly Gap[];
  readonly findings: readonly Finding[];
}
