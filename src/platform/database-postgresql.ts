/**
 * Sessions with PostgreSQL by `pg`. A refused login is told from a login that was not judged by SQLSTATE and, for
 * 28000, by the name of the server's routine (which no language setting translates): `no pg_hba.conf entry` says
 * nothing about the password.
 */
import type pg from 'pg';
import { Problem } from '../base/problem.ts';
import { type DatabaseAddress, type SqlSession, StatementRefused } from '../ports/databases.ts';
import {
  connectionEnded,
  farewellMs,
  lateConnect,
  lateStatement,
  notThisProtocol,
  placeOf,
  socketProblem,
  timeoutOf,
  within,
} from './database-problems.ts';
import { mayFallBackToPlain, tlsOptions } from './database-tls.ts';

const sqlState = /^[0-9A-Z]{5}$/;

/** SQLSTATE and routine of an error that the server sent. */
function serverError(error: unknown): { state: string; routine: string } | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  const { code, routine } = error as Error & { code?: unknown; routine?: unknown };
  if (typeof code !== 'string' || !sqlState.test(code)) return undefined;
  return { state: code, routine: typeof routine === 'string' ? routine : '' };
}

function connectProblem(place: string, error: unknown): Problem {
  const said = serverError(error);
  if (said === undefined) return socketProblem(place, error) ?? notThisProtocol(place);
  const { state, routine } = said;
  if (state === '28P01' || (state === '28000' && routine === 'InitializeSessionUserId')) {
    return new Problem('provider/refused', { what: `${place} refused the login` });
  }
  if (state.startsWith('28')) {
    return new Problem('provider/forbidden', {
      what: `${place} takes no login of this user from this machine by password`,
      next: 'look at the server’s pg_hba.conf',
    });
  }
  if (state === '42501')
    return new Problem('provider/forbidden', { what: `${place}: the user may not connect to this database` });
  if (state === '3D000') return new Problem('provider/not-found', { what: `${place} has no such database` });
  return new Problem('provider/unavailable', { what: `${place} takes no connection now (${state})` });
}

async function close(client: pg.Client): Promise<void> {
  const ended = await within(
    farewellMs,
    client.end().catch(() => undefined),
  );
  if (ended === 'late') destroy(client);
}

/** Closes the socket without a goodbye. */
function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

const plainOnly = (error: unknown): boolean =>
  error instanceof Error && error.message === 'The server does not support SSL connections';

/** Problems: see ports/databases.ts. */
export async function openPostgresql(address: DatabaseAddress): Promise<SqlSession> {
  const { Client } = (await import('pg')).default;
  const place = placeOf('PostgreSQL', address);
  const limit = timeoutOf(address);
  const connect = async (ssl: Awaited<ReturnType<typeof tlsOptions>>): Promise<pg.Client> => {
    const client = new Client({
      host: address.host,
      port: address.port,
      user: address.user,
      password: address.password.reveal(),
      database: address.database ?? address.user,
      ssl,
      application_name: 'mcp-rotate',
      ...(address.parameters?.['options'] === undefined ? {} : { options: address.parameters['options'] }),
    });
    // Without a listener an error between two statements would end the process.
    client.on('error', () => {});
    let answer: unknown;
    try {
      answer = await within(limit, client.connect());
    } catch (error) {
      destroy(client);
      throw error;
    }
    if (answer !== 'late') return client;
    destroy(client);
    throw lateConnect(place);
  };

  let client: pg.Client;
  try {
    const ssl = await tlsOptions(address);
    client = await connect(ssl).catch((error: unknown) => {
      if (ssl !== false && mayFallBackToPlain(address) && plainOnly(error)) return connect(false);
      throw error;
    });
  } catch (error) {
    throw error instanceof Problem ? error : connectProblem(place, error);
  }

  return {
    async query(text, parameters) {
      let answer: pg.QueryResult | 'late';
      try {
        answer = await within(limit, client.query(text, parameters === undefined ? undefined : [...parameters]));
      } catch (error) {
        const state = serverError(error)?.state;
        if (state !== undefined && !/^(08|57P)/.test(state)) throw new StatementRefused(state);
        throw connectionEnded(place);
      }
      if (answer !== 'late') return answer.rows as Record<string, unknown>[];
      destroy(client);
      throw lateStatement(place);
    },
    close: () => close(client),
  };
}
