/** How PostgreSQL's answers are read: rows into facts, refusals into problems. Pure; an odd row is provider/garbled. */
import { printable } from '../../base/ids.ts';
import { type Code, Problem } from '../../base/problem.ts';
import { StatementRefused } from '../../ports/databases.ts';

export type Row = Readonly<Record<string, unknown>>;

export const garbled = (): Problem =>
  new Problem('provider/garbled', { what: 'PostgreSQL answered a question with something else', effect: 'unknown' });

export function textOf(row: Row | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value !== 'string') throw garbled();
  return value;
}

function optionalText(row: Row, name: string): string | undefined {
  const value = row[name];
  if (value === null) return undefined;
  return textOf(row, name);
}

export function numberOf(row: Row | undefined, name: string): number {
  const value = row?.[name];
  if (typeof value !== 'number') throw garbled();
  return value;
}

export function truth(row: Row | undefined, name: string): boolean {
  const value = row?.[name];
  if (typeof value !== 'boolean') throw garbled();
  return value;
}

export interface Role {
  readonly name: string;
  readonly login: boolean;
  readonly super: boolean;
  readonly inherit: boolean;
  readonly connectionLimit: number;
  readonly validUntil: string | undefined;
  readonly comment: string | undefined;
  /** Role that its sessions act as, by a setting of the role; undefined: itself. */
  readonly actsAs: string | undefined;
}

export function readRole(rows: readonly Row[]): Role | undefined {
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    name: textOf(row, 'name'),
    login: truth(row, 'login'),
    super: truth(row, 'super'),
    inherit: truth(row, 'inherit'),
    connectionLimit: numberOf(row, 'limit'),
    validUntil: optionalText(row, 'until'),
    comment: optionalText(row, 'comment'),
    actsAs: optionalText(row, 'acts'),
  };
}

export const readOnly = (): Problem =>
  new Problem('provider/cannot', { what: 'this PostgreSQL is a read-only replica', next: 'use the address of the primary' });

export interface IssuerRights {
  readonly name: string;
  readonly version: number;
  readonly super: boolean;
  readonly createRole: boolean;
  readonly replica: boolean;
  /** ADMIN option on the base role, and on the role to be revoked. */
  readonly admin: boolean;
  readonly adminOld: boolean;
}

export function readIssuer(rows: readonly Row[]): IssuerRights {
  const [row] = rows;
  if (row === undefined) throw garbled();
  return {
    name: textOf(row, 'name'),
    version: numberOf(row, 'version'),
    super: truth(row, 'super'),
    createRole: truth(row, 'createrole'),
    replica: truth(row, 'replica'),
    admin: truth(row, 'admin'),
    adminOld: truth(row, 'admin_old'),
  };
}

export interface Setting {
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

export function readSettings(rows: readonly Row[]): readonly Setting[] {
  return rows.map((row) => {
    const text = textOf(row, 'setting');
    const equals = text.indexOf('=');
    if (equals < 1) throw garbled();
    return { database: optionalText(row, 'database') ?? null, name: text.slice(0, equals), value: text.slice(equals + 1) };
  });
}

/** A point in time as the driver gives it; `infinity` and null are no end. */
export function instantOf(row: Row | undefined, name: string): number | undefined {
  const value = row?.[name];
  if (!(value instanceof Date)) return undefined;
  return Number.isFinite(value.getTime()) ? value.getTime() : undefined;
}

export const readRights = (rows: readonly Row[]): string[] => rows.map((row) => printable(textOf(row, 'may'), 400));

const codes: Readonly<Record<string, Code>> = {
  '42501': 'provider/forbidden',
  '25006': 'provider/cannot',
  '42704': 'provider/not-found',
  '40001': 'provider/unavailable',
  '40P01': 'provider/unavailable',
  '55P03': 'provider/unavailable',
  '57014': 'provider/timeout',
};

/** A refused statement as a problem; anything else passes. `effect` is that of the statements before it. */
export function refusal(error: unknown, doing: string, effect: 'none' | 'unknown'): unknown {
  if (error instanceof StatementRefused) {
    const why = error.state === '42501' ? 'the role that was used has no right to' : `PostgreSQL refused (${error.state}) to`;
    return new Problem(codes[error.state] ?? 'provider/cannot', { what: `${why} ${doing}`, effect });
  }
  if (error instanceof Problem && effect === 'unknown' && error.effect === 'none') {
    return new Problem(error.code, { what: error.what, effect });
  }
  return error;
}

/** `~/.pgpass`: host:port:database:user:password with `\:` and `\\`; PostgreSQL 18 manual, 32.16. */
export function readPgpass(
  text: string,
): readonly { host: string; port: string; database: string; user: string; password: string }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const fields = [''];
    for (let i = 0; i < line.length; i++) {
      const c = line[i] as string;
      const last = fields.length - 1;
      if (c === '\\' && i + 1 < line.length) fields[last] += line[++i] as string;
      else if (c === ':' && fields.length < 5) fields.push('');
      else fields[last] += c;
    }
    const [host = '', port = '', database = '', user = '', password = ''] = fields;
    return fields.length === 5 && password !== '' ? [{ host, port, database, user, password }] : [];
  });
}
