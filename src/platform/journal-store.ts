/**
 * The journal's store on SQLite, which is part of Node.
 *
 * Durable on return: write-ahead log with synchronous=FULL. Append-only: triggers refuse any change of an entry. One
 * writer: every append checks in its own transaction that the lease is still current. Shredded means gone from the files:
 * secure_delete overwrites what is deleted with zeroes, and the write-ahead log is cut to nothing.
 *
 * SQLite itself waits for at most `busyMs` while another process writes, and is asked again for as long. The module is loaded
 * when a store is opened, not before.
 */
import { chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../base/problem.ts';
import type { Holder, JournalStore, Lease, StoredEntry } from '../ports/journal-store.ts';
import { asProblem, Busy, isBusy } from './journal-store-problems.ts';
import { checkOwn } from './own-folder.ts';

/** Version of the tables; a body has a version of its own (rotation/journal/schema.ts). */
const tablesVersion = 1;
const busyMs = 5_000;

const tables = `
  CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    rotation TEXT NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entries_of_rotation ON entries (rotation, sequence);
  CREATE TABLE sealed (
    rotation TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (rotation, name)
  ) STRICT;
  -- a released lease keeps its row, so that its token goes on growing; until = 0 means that nobody holds it
  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    identity TEXT NOT NULL,
    command TEXT NOT NULL,
    until REAL NOT NULL
  ) STRICT;
  CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
  CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
  CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'entries have no gaps'); END;
`;

/** Opens or makes the store in file `path`. Problems: state/unusable, state/damaged. */
export async function openJournalStore(path: string): Promise<JournalStore> {
  return patiently(path, () => {
    prepareFile(path);
    const { DatabaseSync } = sqlite();
    const db = new DatabaseSync(path, { timeout: busyMs });
    try {
      prepareTables(db, path);
      return storeOver(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * SQLite waits for a writer by itself, but not while another process makes, recovers or removes the write-ahead log (as the
 * first or the last one to have the file open): then it says at once that it is busy, and nothing was done.
 */
async function patiently<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  // One wait of SQLite's own may use up busyMs on a loaded machine: there is time for another.
  const end = performance.now() + 2 * busyMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw asProblem(error, path);
      await sleep(20);
    }
  }
}

/** Node says that its SQLite is experimental: that one warning is dropped, every other goes through. */
function sqlite(): typeof import('node:sqlite') {
  const warn = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite')) return;
    Reflect.apply(warn, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = warn;
  }
}

function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) {
    throw new Problem('state/unusable', { what: `${path} is not a file`, next: 'move it away' });
  }
  checkOwn(statSync(dirname(path)), dirname(path));
  // made by us and not by SQLite, so that it is never readable by others; the log files take its mode
  if (found === undefined) closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  else if ((found.mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(path, 0o600);
}

function prepareTables(db: DatabaseSync, path: string): void {
  const version = (): unknown => db.prepare('PRAGMA user_version').get()?.['user_version'];
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') {
    throw new Problem('state/unusable', {
      what: `the file system of ${path} cannot hold the journal safely (no write-ahead log)`,
      next: 'set MCP_ROTATE_STATE to a folder on a local disk',
    });
  }
  db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY');
  // what a killed process shredded may still be in the log; whoever is busy with the log now cuts it later
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  if (version() === tablesVersion) return;
  transact(db, () => {
    const found = version();
    if (found === tablesVersion) return; // another process was first
    if (found !== 0) {
      throw new Problem('state/unusable', {
        what: `${path} was written by a newer mcp-rotate`,
        state: 'nothing was changed',
        next: 'update mcp-rotate',
      });
    }
    db.exec(`${tables} PRAGMA user_version = ${tablesVersion};`);
  });
}

function transact<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back by itself after some errors, e.g. a full disk
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

interface LeaseRow extends Holder {
  readonly token: number;
  readonly until: number;
}

function storeOver(db: DatabaseSync, path: string): JournalStore {
  const columns = 'sequence, rotation, at, kind, body, previous, hash';
  const all = db.prepare(`SELECT ${columns} FROM entries ORDER BY sequence`);
  const some = db.prepare(`SELECT ${columns} FROM entries WHERE rotation = ? ORDER BY sequence`);
  const newest = db.prepare(`SELECT ${columns} FROM entries ORDER BY sequence DESC LIMIT 1`);
  const insert = db.prepare(`INSERT INTO entries (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const leaseRow = db.prepare('SELECT token, pid, identity, command, until FROM leases WHERE name = ?');
  const putLease = db.prepare(
    'INSERT OR REPLACE INTO leases (name, token, pid, identity, command, until) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const setUntil = db.prepare('UPDATE leases SET until = ? WHERE name = ? AND token = ?');
  const put = db.prepare('INSERT OR REPLACE INTO sealed (rotation, name, bytes) VALUES (?, ?, ?)');
  const get = db.prepare('SELECT bytes FROM sealed WHERE rotation = ? AND name = ?');
  const names = db.prepare('SELECT name FROM sealed WHERE rotation = ? ORDER BY name');
  const holders = db.prepare('SELECT DISTINCT rotation FROM sealed ORDER BY rotation');
  const drop = db.prepare('DELETE FROM sealed WHERE rotation = ?');

  const guarded = <T>(work: () => T | Promise<T>): Promise<T> => patiently(path, work);
  const last = (): StoredEntry | undefined => newest.get() as unknown as StoredEntry | undefined;
  const row = (name: string): LeaseRow | undefined => leaseRow.get(name) as unknown as LeaseRow | undefined;
  const current = (lease: Lease): boolean => {
    const found = row(lease.name);
    return found !== undefined && found.token === lease.token && found.until !== 0;
  };

  return {
    entries: (rotation) => guarded(() => (rotation === undefined ? all.all() : some.all(rotation)) as unknown as StoredEntry[]),
    last: () => guarded(last),
    append: (entry, lease) =>
      guarded(() =>
        transact(db, () => {
          if (!current(lease)) return 'fenced';
          const before = last();
          if (entry.previous !== (before?.hash ?? '0'.repeat(64))) return 'stale';
          const stored: StoredEntry = { sequence: (before?.sequence ?? 0) + 1, ...entry };
          const { sequence, rotation, at, kind, body, previous, hash } = stored;
          insert.run(sequence, rotation, at, kind, body, previous, hash);
          return stored;
        }),
      ),
    putSealed: (rotation, name, bytes, lease) =>
      guarded(() =>
        transact(db, () => {
          if (!current(lease)) return 'fenced';
          put.run(rotation, name, bytes);
          return 'kept';
        }),
      ),
    getSealed: (rotation, name) => guarded(() => get.get(rotation, name)?.['bytes'] as Uint8Array | undefined),
    sealedRotations: () => guarded(() => holders.all().map((each) => String(each['rotation']))),
    sealedNames: (rotation) => guarded(() => names.all(rotation).map((each) => String(each['name']))),
    shred: (rotation) =>
      guarded(() => {
        drop.run(rotation);
        // also when there was nothing to delete: an earlier call may have ended before it cut the log
        if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] !== 0) throw new Busy();
      }),
    acquire: (name, holder, now, length, isGone) =>
      guarded(async () => {
        for (;;) {
          const found = row(name);
          const free = found === undefined || found.until <= now || (await isGone(found));
          if (!free) return { heldBy: { pid: found.pid, identity: found.identity, command: found.command } };
          const lease = transact(db, (): Lease | undefined => {
            const still = row(name);
            // taken or renewed since we looked: look again
            if (still?.token !== found?.token || still?.until !== found?.until) return undefined;
            const token = (found?.token ?? 0) + 1;
            putLease.run(name, token, holder.pid, holder.identity, holder.command, now + length);
            return { name, token };
          });
          if (lease !== undefined) return { lease };
        }
      }),
    renew: (lease, now, length) =>
      guarded(() =>
        transact(db, () => {
          if (!current(lease)) return 'fenced';
          setUntil.run(now + length, lease.name, lease.token);
          return 'kept';
        }),
      ),
    release: (lease) => guarded(() => void setUntil.run(0, lease.name, lease.token)),
    close: () =>
      guarded(() => {
        if (db.isOpen) db.close();
      }),
  };
}
