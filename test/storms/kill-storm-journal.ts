/** What a killed process had journaled, read from a copy: opening the journal itself would tidy it up. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Trace {
  readonly rotation: string | undefined;
  readonly rotations: number;
  /** The step that was under way, or where else it stood; while rolling back, the effect that was. */
  readonly at: string;
  /** The old credential may be revoked: there is an intent to. */
  readonly pastReturn: boolean;
  readonly rollingBack: boolean;
  readonly ended: string | undefined;
  /** Sealed values that are still kept, of all rotations. */
  readonly sealed: number;
  /** The same, of the newest rotation alone. */
  readonly sealedHere: number;
  /** What it owes, when it has ended so. */
  readonly debts: readonly { readonly kind: string; readonly text: string }[];
  readonly integrity: string;
}

interface Body {
  readonly step?: string;
  readonly state?: string;
  readonly what?: string;
  readonly effect?: string;
  readonly receipt?: { readonly debts?: Trace['debts'] };
}

export function traceOf(state: string): Trace {
  const nothing: Trace = {
    rotation: undefined,
    rotations: 0,
    at: 'before the start',
    pastReturn: false,
    rollingBack: false,
    ended: undefined,
    sealed: 0,
    sealedHere: 0,
    debts: [],
    integrity: 'ok',
  };
  if (!existsSync(join(state, 'journal.sqlite'))) return nothing;
  const folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-trace-'));
  try {
    for (const name of ['journal.sqlite', 'journal.sqlite-wal']) {
      if (existsSync(join(state, name))) copyFileSync(join(state, name), join(folder, name));
    }
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    try {
      const integrity = String(db.prepare('PRAGMA quick_check').get()?.['quick_check']);
      if (!db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'entries'").get()) return { ...nothing, integrity };
      const count = (sql: string): number => Number(db.prepare(sql).get()?.['n']);
      const rotations = count("SELECT count(*) AS n FROM entries WHERE kind = 'opened'");
      const sealed = count('SELECT count(*) AS n FROM sealed');
      const newest = db.prepare("SELECT rotation FROM entries WHERE kind = 'opened' ORDER BY sequence DESC LIMIT 1").get();
      if (!newest) return { ...nothing, sealed, integrity };
      const rotation = String(newest['rotation']);
      const sealedHere = Number(db.prepare('SELECT count(*) AS n FROM sealed WHERE rotation = ?').get(rotation)?.['n']);
      const rows = db.prepare('SELECT kind, body FROM entries WHERE rotation = ? ORDER BY sequence').all(rotation);
      const entries = rows.map((row) => ({ kind: String(row['kind']), ...(JSON.parse(String(row['body'])) as Body) }));
      return { rotation, rotations, ...standing(entries), sealed, sealedHere, integrity };
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function standing(entries: readonly (Body & { readonly kind: string })[]) {
  let [at, ended]: [string, string | undefined] = ['after the start', undefined];
  let [pastReturn, rollingBack] = [false, false];
  let debts: Trace['debts'] = [];
  for (const { kind, step, state, what, effect, receipt } of entries) {
    if (kind === 'intent' && effect === 'revoke old') pastReturn = true;
    if (kind === 'decision' && what === 'roll-back') [rollingBack, at] = [true, 'rolling back'];
    if (kind === 'intent' && rollingBack) at = `rolling back: ${effect?.replace(/ \/.*/, '')}`;
    if (kind === 'outcome' && rollingBack) at = `rolling back: after ${effect?.replace(/ \/.*/, '')}`;
    if (kind === 'step') at = state === 'started' ? String(step) : `after ${step}${state === 'undone' ? ' was undone' : ''}`;
    if (kind === 'closed') [ended, debts] = [state, receipt?.debts ?? []];
  }
  return { at, pastReturn, rollingBack, ended, debts };
}
