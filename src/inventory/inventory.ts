/**
 * What the inventory yields: credentials, the places that hold them, and what was found wrong.
 *
 * One credential is one row whatever number of files hold it. A place is one spot of one literal together with the use
 * that leads to it: a `.env` line that three servers refer to is three places with one spot, edited once.
 */
import type { CredentialId, Fingerprint } from '../base/ids.ts';
import type { Problem } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { Scope } from '../clients/client.ts';
import type { Coding } from '../documents/coding.ts';
import type { Format, Path } from '../documents/document.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Held } from '../providers/provider.ts';
import type { ServerRef } from '../stores/store.ts';
import type { ProjectHost } from './project-hosts.ts';

/** A server entry of a client: what is read back after a change. */
export interface Use {
  readonly client: string;
  readonly scope: Scope;
  readonly server: string;
  readonly configFile: FilePath;
  /** Path of the entry inside the config file. */
  readonly entry: Path;
  readonly format: Format;
  /** Project folder, for project and local scope. */
  readonly project?: FilePath;
  /** Switched off in the client. Its literals count all the same. */
  readonly disabled?: true;
}

/** Where a literal stands. */
export interface Spot {
  readonly file: FilePath;
  readonly format: Format;
  readonly path: Path;
  /** Range inside the decoded value at `path`. */
  readonly start: number;
  readonly end: number;
  readonly coding: Coding;
}

export type Editable =
  | { readonly editable: true }
  | {
      readonly editable: false;
      readonly why: 'environment' | 'client-cache' | 'managed' | 'split' | 'wrapper';
      readonly todo: string;
    };

export interface Place {
  readonly part: string;
  readonly use: Use;
  /** undefined when the literal stands in no file that we know (an environment variable, a client's own store). */
  readonly spot: Spot | undefined;
  readonly access: Editable;
  /** References followed from the entry to the literal, as written: `${env:TOKEN}`. */
  readonly via: readonly string[];
  readonly gitTracked: boolean;
  /** A copy that is not what the server is given now (a default, another shell's profile): edited, but no call proves it. */
  readonly dormant?: true;
}

export const findingCodes = [
  'git-tracked',
  'readable-by-others',
  'plain-http',
  'unknown-provider',
  'in-arguments',
  'not-editable',
  'overdue',
  'age-unknown',
] as const;
export type FindingCode = (typeof findingCodes)[number];

export interface Finding {
  readonly code: FindingCode;
  /** One sentence; names file or server, never a secret. */
  readonly text: string;
}

export type AgeBasis = 'rotated' | 'provider' | 'first-seen' | 'file' | 'unknown';

export interface Age {
  readonly days: number | undefined;
  readonly basis: AgeBasis;
  /** What `days` is counted from. */
  readonly since?: Instant;
}

export interface Credential {
  readonly id: CredentialId;
  /** Provider id, or 'unknown'. */
  readonly provider: string;
  readonly fingerprint: Fingerprint;
  readonly held: Held;
  readonly places: readonly Place[];
  readonly findings: readonly Finding[];
  readonly valueClass: string;
  readonly age: Age;
  /** Hosts to which a rotation would send it and that only projects name. */
  readonly projectHosts: readonly ProjectHost[];
  /** Days until it is due; negative when overdue; undefined when the age is unknown or there is no cadence. */
  readonly dueInDays: number | undefined;
}

export interface Inventory {
  readonly credentials: readonly Credential[];
  /** Files that could not be read, and the like: the rest is shown all the same. */
  readonly problems: readonly Problem[];
  /** Uses (servers) seen, with or without credentials. */
  readonly uses: readonly Use[];
  readonly unseen: readonly Unseen[];
  readonly remotes: readonly ServerUse[];
}

/**
 * A remote server entry of a client: what the client may be signed in to. Address and headers can hold secrets: they are for
 * finding the tokens that belong to it, never shown or kept.
 */
export interface ServerUse extends ServerRef {
  /** Id of the client, or of the program that signs in for it. */
  readonly client: string;
  /** Some reference in it leads nowhere that we can see: the address is as written, and headers are not known. */
  readonly unresolved?: true;
  /** Whose config it is, and of what project. */
  readonly scope: Scope;
  readonly project?: FilePath;
}

/**
 * A value that we cannot see: kept in a client's own store, behind a wrapper, or printed by a helper command. Which
 * credential it is nobody can tell from here, so a person looks.
 */
export interface Unseen {
  readonly use: Use;
  /** Where the value goes: variable, header or flag name. */
  readonly name: string;
  /** As written: `${input:token}`. */
  readonly reference: string;
  readonly why: 'environment' | 'client-cache' | 'wrapper' | 'absent-file';
  readonly todo: string;
}

export interface InventoryOptions {
  /** Folders under which project configs are looked for (`--in`). */
  readonly folders: readonly FilePath[];
  /** false: git is not asked which files it tracks, and no place says that it is. */
  readonly git?: false;
  /** Called as work goes on, for progress of anything over a second. */
  readonly onProgress?: (files: number) => void;
}
