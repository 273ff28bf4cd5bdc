/**
 * Twin of the journal's store: in memory, fast, and able to lose power.
 *
 * A hook runs before and after every effect and may throw (a cut, a Problem). Thrown before: the effect did not happen.
 * Thrown after: it happened and nobody was told. The memory outlives the handle, as a file outlives a process.
 */
import type { Holder, JournalStore, Lease, StoredEntry } from '../../src/ports/journal-store.ts';

export type JournalEffect = 'append' | 'putSealed' | 'shred' | 'acquire' | 'renew' | 'release';

export interface JournalHooks {
  before?(effect: `journal.${JournalEffect}`): void | Promise<void>;
  after?(effect: `journal.${JournalEffect}`): void | Promise<void>;
}

interface LeaseRow {
  readonly token: number;
  readonly holder: Holder;
  readonly until: number;
}

/** What is on the twin's disk. Tests may read it, and damage it. */
export interface JournalMemory {
  readonly entries: StoredEntry[];
  /** By rotation, then by name. */
  readonly sealed: Map<string, Map<string, Uint8Array>>;
  readonly leases: Map<string, LeaseRow>;
}

export function journalMemory(): JournalMemory {
  return { entries: [], sealed: new Map(), leases: new Map() };
}

export function twinJournalStore(memory: JournalMemory = journalMemory(), hooks: JournalHooks = {}): JournalStore {
  const effect = async <T>(name: JournalEffect, act: () => T): Promise<T> => {
    await hooks.before?.(`journal.${name}`);
    const result = act();
    await hooks.after?.(`journal.${name}`);
    return result;
  };
  const current = (lease: Lease): boolean => {
    const row = memory.leases.get(lease.name);
    return row !== undefined && row.token === lease.token && row.until !== 0;
  };
  const extend = (lease: Lease, until: number): void => {
    const row = memory.leases.get(lease.name);
    if (row?.token === lease.token) memory.leases.set(lease.name, { ...row, until });
  };

  return {
    entries: async (rotation) => memory.entries.filter((entry) => rotation === undefined || entry.rotation === rotation),
    last: async () => memory.entries.at(-1),
    append: (entry, lease) =>
      effect('append', () => {
        if (!current(lease)) return 'fenced';
        if (entry.previous !== (memory.entries.at(-1)?.hash ?? '0'.repeat(64))) return 'stale';
        const { rotation, at, kind, body, previous, hash } = entry;
        const stored = { sequence: memory.entries.length + 1, rotation, at, kind, body, previous, hash };
        memory.entries.push(stored);
        return stored;
      }),
    putSealed: (rotation, name, bytes, lease) =>
      effect('putSealed', () => {
        if (!current(lease)) return 'fenced';
        const kept = memory.sealed.get(rotation) ?? new Map<string, Uint8Array>();
        memory.sealed.set(rotation, kept.set(name, bytes.slice()));
        return 'kept';
      }),
    getSealed: async (rotation, name) => memory.sealed.get(rotation)?.get(name)?.slice(),
    sealedNames: async (rotation) => [...(memory.sealed.get(rotation)?.keys() ?? [])].sort(),
    sealedRotations: async () => [...memory.sealed].filter(([, names]) => names.size > 0).map(([rotation]) => rotation),
    shred: (rotation) => effect('shred', () => void memory.sealed.delete(rotation)),
    acquire: async (name, holder, now, length, isGone) => {
      await hooks.before?.('journal.acquire');
      for (;;) {
        const found = memory.leases.get(name);
        const free = found === undefined || found.until <= now || (await isGone(found.holder));
        if (!free) return { heldBy: found.holder };
        if (memory.leases.get(name) !== found) continue;
        const lease = { name, token: (found?.token ?? 0) + 1 };
        memory.leases.set(name, { token: lease.token, holder: { ...holder }, until: now + length });
        await hooks.after?.('journal.acquire');
        return { lease };
      }
    },
    renew: (lease, now, length) =>
      effect('renew', () => {
        if (!current(lease)) return 'fenced';
        extend(lease, now + length);
        return 'kept';
      }),
    release: (lease) => effect('release', () => extend(lease, 0)),
    close: async () => undefined,
  };
}
