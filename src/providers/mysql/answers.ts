/** How answers of MySQL and MariaDB are read: rows into facts, refusals into problems. Pure; an odd row is provider/garbled. */
import { printable } from '../../base/ids.ts';
import { type Code, Problem } from '../../base/problem.ts';
import { StatementRefused } from '../../ports/databases.ts';
import { type Account, type AuthMethod, nativePlugin } from './requests.ts';

export type Row = Readonly<Record<string, unknown>>;

export const garbled = (): Problem =>
  new Problem('provider/garbled', { what: 'the database answered a question with something else', effect: 'unknown' });

export function textOf(row: Row | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value !== 'string') throw garbled();
  return value;
}

export function numberOf(row: Row | undefined, name: string): number {
  const value = row?.[name];
  if (typeof value !== 'number') throw garbled();
  return value;
}

export interface Server {
  readonly kind: 'mariadb' | 'mysql';
  /** 8_00_14 as 80014; 10.11.19 as 101119. */
  readonly number: number;
}

export function readVersion(rows: readonly Row[]): Server {
  const text = textOf(rows[0], 'version');
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) throw garbled();
  const number = Number(match[1]) * 10000 + Number(match[2]) * 100 + Number(match[3]);
  return { kind: /mariadb/i.test(text) ? 'mariadb' : 'mysql', number };
}

/** `user@host` as CURRENT_USER() gives it: the user may hold an `@`, the host never does. */
export function readAccount(text: string): Account {
  const at = text.lastIndexOf('@');
  if (at === -1) throw garbled();
  return { user: text.slice(0, at), host: text.slice(at + 1) };
}

/** The only column of the only row, whatever its name (`CREATE USER for …`). */
function onlyText(rows: readonly Row[], start: string): string {
  const [value] = Object.values(rows[0] ?? {});
  if (typeof value !== 'string' || !value.startsWith(start)) throw garbled();
  return value;
}

/**
 * The login methods in MariaDB's SHOW CREATE USER. Forms seen with 10.11: `IDENTIFIED BY PASSWORD '*…'`,
 * `IDENTIFIED VIA a USING '…' OR b`, and none (no password).
 */
export function readMethods(rows: readonly Row[]): { readonly methods: readonly AuthMethod[]; readonly locked: boolean } {
  const text = onlyText(rows, 'CREATE USER ');
  // Past the account's name, in whose quotes anything may stand.
  const name =
    /^CREATE USER (?:`(?:[^`]|``)*`|'(?:[^']|'')*'|"(?:[^"]|"")*")@(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|"(?:[^"]|"")*")/.exec(text);
  if (name === null) throw garbled();
  const rest = text.slice(name[0].length);
  const locked = / ACCOUNT LOCK\b/.test(rest);
  const single = /^ IDENTIFIED BY PASSWORD '([^']*)'/.exec(rest);
  if (single !== null) return { methods: [{ plugin: nativePlugin, string: single[1] ?? '' }], locked };
  const list = /^ IDENTIFIED VIA ((?:\w+(?: USING '[^']*')?(?: OR )?)+)/.exec(rest);
  if (list === null) {
    if (rest.startsWith(' IDENTIFIED')) throw garbled();
    return { methods: [], locked };
  }
  const methods = (list[1] ?? '').split(' OR ').map((one): AuthMethod => {
    const match = /^(\w+)(?: USING '([^']*)')?/.exec(one);
    if (match === null) throw garbled();
    return { plugin: match[1] ?? '', string: match[2] };
  });
  return { methods, locked };
}

/** Grants without what they say of passwords, sorted. */
export function readGrants(rows: readonly Row[]): string[] {
  const grants = rows.map((row) => {
    const [value] = Object.values(row);
    if (typeof value !== 'string' || !/^(GRANT|SET) /.test(value)) throw garbled();
    return printable(
      value.replace(/ IDENTIFIED (?:BY|VIA) (?:PASSWORD )?(?:\w+ ?)?(?:(?:USING )?'[^']*')?(?: OR \w+(?: USING '[^']*')?)*/, ''),
      400,
    );
  });
  return grants.sort();
}

const codes: Readonly<Record<string, Code>> = {
  // Access denied to a command, a database, a table, a column; a privilege is missing.
  '1044': 'provider/forbidden',
  '1142': 'provider/forbidden',
  '1143': 'provider/forbidden',
  '1227': 'provider/forbidden',
  '1290': 'provider/cannot',
  '1396': 'provider/not-found',
  '1141': 'provider/not-found',
  '1205': 'provider/unavailable',
  '1213': 'provider/unavailable',
};

/** A refused statement as a problem; anything else passes. `effect` is that of the statements before it. */
export function refusal(error: unknown, doing: string, effect: 'none' | 'unknown'): unknown {
  if (error instanceof StatementRefused) {
    const code = codes[error.state] ?? 'provider/cannot';
    const why =
      code === 'provider/forbidden' ? 'the account that was used has no right to' : `the database refused (${error.state}) to`;
    const next = 'use an issuer with CREATE USER and SELECT on the database mysql (in MySQL 8 also APPLICATION_PASSWORD_ADMIN)';
    return new Problem(code, { what: `${why} ${doing}`, effect, ...(code === 'provider/forbidden' ? { next } : {}) });
  }
  if (error instanceof Problem && effect === 'unknown' && error.effect === 'none') {
    return new Problem(error.code, { what: error.what, effect });
  }
  return error;
}
