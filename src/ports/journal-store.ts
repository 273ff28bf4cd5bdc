/**
 * Where the journal lives: an append-only table of entries, a table of sealed secrets, and leases.
 *
 * The store keeps what it is given and enforces three things: entries are never changed, an append needs the current
 * lease of its rotation (a fencing token), and an append is durable when it returns. What entries mean, their schema
 * and their hash chain are the rotation's part.
 */
import type { RotationId } from '../base/ids.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { FilePath } from './disk.ts';
import type { Host } from './host.ts';

/** Its file in our state folder. */
export function journalFile({ join, stateFolder }: Pick<Host, 'join' | 'stateFolder'>): FilePath {
  return join(stateFolder, 'journal.sqlite');
}

export interface StoredEntry {
  /** 1, 2, 3 … over the whole journal, without gaps. */
  readonly sequence: number;
  readonly rotation: RotationId;
  readonly at: Instant;
  readonly kind: string;
  /** JSON text; never holds a secret. */
  readonly body: string;
  /** Hash of the entry before, in hexadecimal; 64 zeros for the first. */
  readonly previous: string;
  readonly hash: string;
}

export interface Lease {
  readonly name: string;
  /** Grows with every new holder of the name. */
  readonly token: number;
}

/** Who holds or asks: enough to tell whether the holder still runs on this machine. */
export interface Holder {
  readonly pid: number;
  /** ProcessInfo.identity of the holder: a reused pid is another process. */
  readonly identity: string;
  readonly command: string;
}

export interface JournalStore {
  /** All entries, or those of one rotation, by sequence. */
  entries(rotation?: RotationId): Promise<readonly StoredEntry[]>;
  /** The last entry of the whole journal, for the chain. */
  last(): Promise<StoredEntry | undefined>;
  /**
   * Durable on return. `previous` must be the last entry's hash: 'stale' tells that another entry came first (read
   * `last` and try again), 'fenced' that the lease has a newer holder. Problem: state/unusable (disk full, read only).
   */
  append(entry: Omit<StoredEntry, 'sequence'>, lease: Lease): Promise<StoredEntry | 'stale' | 'fenced'>;
  /** Sealed bytes by name; a later write under the same name replaces. Durable on return. */
  putSealed(rotation: RotationId, name: string, bytes: Uint8Array, lease: Lease): Promise<'kept' | 'fenced'>;
  getSealed(rotation: RotationId, name: string): Promise<Uint8Array | undefined>;
  /** Names of what is still sealed for a rotation. */
  sealedNames(rotation: RotationId): Promise<readonly string[]>;
  /** Rotations for which anything is sealed. */
  sealedRotations(): Promise<readonly RotationId[]>;
  /** Overwrites and deletes every sealed value of a rotation, also from the write-ahead log. */
  shred(rotation: RotationId): Promise<void>;
  /**
   * Takes the lease, or takes it over from a holder for which `isGone` answers true or whose time ran out. Otherwise
   * says who holds it.
   */
  acquire(
    name: string,
    holder: Holder,
    now: Instant,
    length: Milliseconds,
    isGone: (holder: Holder) => Promise<boolean>,
  ): Promise<{ readonly lease: Lease } | { readonly heldBy: Holder }>;
  /** Prolongs; 'fenced' when somebody else holds it now. */
  renew(lease: Lease, now: Instant, length: Milliseconds): Promise<'kept' | 'fenced'>;
  release(lease: Lease): Promise<void>;
  close(): Promise<void>;
}
