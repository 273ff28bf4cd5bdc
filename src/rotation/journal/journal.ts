/**
 * The journal of rotations: checked entries over a store, tied into one hash chain.
 *
 * Each entry's hash covers its content and the hash before it, so a changed, removed, reordered or inserted entry breaks
 * the chain at a place that can be named. (Entries cut off at the very end leave a valid chain; receipts cite hashes, and
 * so show such a cut.) Before anything is written its text is searched for every secret of the run: finding one is a bug of
 * the caller, and nothing is written.
 */
import type { RotationId } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import { Misfit } from '../../base/shapes.ts';
import type { JournalStore, Lease, StoredEntry } from '../../ports/journal-store.ts';
import type { Random } from '../../ports/random.ts';
import type { JournalEntry, Recorded } from './entries.ts';
import { NewerSchema, readBody, writeBody } from './schema.ts';
import { spilled } from './spills.ts';

export interface Journal {
  /**
   * Durable on return. Problems: rotation/locked when another process took the lease over, state/unusable. An Error (a
   * bug) when the entry is not of the schema or holds a guarded secret.
   */
  append(lease: Lease, entry: JournalEntry): Promise<void>;
  /** Entries of a rotation in order; none when there is no such rotation. Problem: state/damaged. */
  of(rotation: RotationId): Promise<readonly Recorded[]>;
  /** Problem: state/damaged. */
  all(): Promise<readonly Recorded[]>;
  /** `entries` counts them; `at` is the first sequence that does not fit. */
  verifyChain(): Promise<ChainState>;
  /** From now on no entry may hold one of these. */
  guard(secrets: readonly Secret[]): void;
}

export type ChainState = { readonly ok: true; readonly entries: number } | { readonly ok: false; readonly at: number };

/** Hash before the first entry. */
const genesis = '0'.repeat(64);

/** Other processes append too (to other rotations): each of them may come first this often before it is called stuck. */
const mostRaces = 200;

type Hashing = Pick<Random, 'sha256'>;

export function openJournal(store: JournalStore, hashing: Hashing): Journal {
  const guarded: Secret[] = [];
  return {
    async append(lease, entry) {
      const body = writeBody(entry);
      if (spilled(`${entry.rotation}\n${body}`, guarded)) {
        throw new Error(`a secret was about to be written into the journal (${entry.kind})`);
      }
      for (let race = 0; race < mostRaces; race++) {
        const previous = (await store.last())?.hash ?? genesis;
        const link = { rotation: entry.rotation, at: entry.at, kind: entry.kind, body, previous };
        const answer = await store.append({ ...link, hash: hashOf(link, hashing) }, lease);
        if (answer === 'fenced') throw takenOver(lease);
        if (answer !== 'stale') return;
      }
      throw new Problem('state/unusable', {
        what: 'the journal could not be written: other processes wrote to it all the time',
        next: 'let the other mcp-rotate commands end, then: mcp-rotate resume',
      });
    },
    async of(rotation) {
      return (await store.entries(rotation)).map(read);
    },
    async all() {
      return (await store.entries()).map(read);
    },
    async verifyChain() {
      return chainState(await store.entries(), hashing);
    },
    guard(secrets) {
      guarded.push(...secrets);
    },
  };
}

/** Of the content; the sequence is settled by the chain itself. */
function hashOf(link: Omit<StoredEntry, 'sequence' | 'hash'>, { sha256 }: Hashing): string {
  const { rotation, at, kind, body, previous } = link;
  return sha256(JSON.stringify({ at, body, kind, previous, rotation }));
}

export function chainState(entries: readonly StoredEntry[], hashing: Hashing): ChainState {
  let previous = genesis;
  for (const [i, entry] of entries.entries()) {
    const fits = entry.sequence === i + 1 && entry.previous === previous && entry.hash === hashOf(entry, hashing);
    if (!fits) return { ok: false, at: i + 1 };
    previous = entry.hash;
  }
  return { ok: true, entries: entries.length };
}

/** What a broken chain means to a person. */
export function damaged(at: number): Problem {
  return new Problem('state/damaged', {
    what: `the journal is damaged at entry ${at}`,
    state: 'no rotation is carried on from a damaged journal; credentials and files are as they were left',
    next: 'keep a copy of the state folder, restore the journal from a backup, and compare: mcp-rotate status',
  });
}

function read(stored: StoredEntry): Recorded {
  try {
    return { ...readBody(stored), sequence: stored.sequence, hash: stored.hash };
  } catch (error) {
    if (error instanceof NewerSchema) {
      throw new Problem('state/unusable', {
        what: `entry ${stored.sequence} of the journal was written by a newer mcp-rotate`,
        next: 'update mcp-rotate',
      });
    }
    throw error instanceof Misfit ? damaged(stored.sequence) : error;
  }
}

function takenOver(lease: Lease): Problem {
  return new Problem('rotation/locked', {
    what: `another process has taken over ${lease.name}`,
    state: 'this run stopped before its next effect; the other one carries on from the journal',
    next: 'let the other process end, then: mcp-rotate history',
  });
}
