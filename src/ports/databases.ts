/**
 * Connections to the databases whose credentials we rotate, over their own protocols.
 *
 * Problems (never a driver's text). Opening: provider/refused (the login: wrong password, account locked or without
 * login; and nothing else), provider/forbidden (the login was not judged or holds, this host or database is not
 * allowed), provider/not-found (no such database), provider/unavailable (starting up, too many connections),
 * provider/unreachable (nothing there, or its certificate is not good), provider/timeout, provider/garbled (something
 * else listens there); effect always none. A statement: provider/timeout and provider/unavailable (the connection
 * ended), effect unknown. A statement that the server refuses is a `StatementRefused`, whose `state` the provider reads.
 */
import type { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly database?: string;
  /** As in the DSN: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'; absent means the driver's default. */
  readonly tls?: string;
  /** Further DSN parameters that the connection needs (e.g. `options`). */
  readonly parameters?: Readonly<Record<string, string>>;
  /** To connect and for each statement. Default 10 s. */
  readonly timeoutMs?: Milliseconds;
}

/** The server took the statement and said no. `state` is SQLSTATE, MySQL's number as text, or Redis' error word. */
export class StatementRefused extends Error {
  readonly state: string;

  constructor(state: string) {
    super(`the server refused a statement (${state})`);
    this.name = 'StatementRefused';
    this.state = state;
  }
}

export interface SqlSession {
  /** Rows as objects, every value as the driver gives it. Parameters are bound, never pasted. */
  query(text: string, parameters?: readonly (string | number | null)[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export interface RedisSession {
  /** One command; the answer as RESP gives it (string, number, null, arrays of these). */
  command(words: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface Databases {
  postgresql(address: DatabaseAddress): Promise<SqlSession>;
  mysql(address: DatabaseAddress): Promise<SqlSession>;
  redis(address: DatabaseAddress): Promise<RedisSession>;
}
