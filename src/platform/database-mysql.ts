/**
 * Sessions with MySQL and MariaDB by `mysql2`. Statements with parameters are prepared on the server, so that nothing is
 * pasted by the driver. The driver never sends a password in clear text on its own (mysql_clear_password stays off).
 */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Connection } from 'mysql2/promise';
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

/** Access denied; the same without a password; account locked (MySQL, MariaDB); password expired. */
const refused = new Set([1045, 1698, 3118, 4151, 1862, 1820]);
/** Host not allowed; host blocked; no right to this database; TLS demanded. */
const forbidden = new Set([1130, 1129, 1044, 3159]);
/** Server shutting down; killed; lost: the server's words for an end of the connection. */
const ended = new Set([1053, 1927, 1317]);

function errorNumber(error: unknown): number | undefined {
  const number = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
  // Numbers of the server start at 1000; Node's own are negative.
  return typeof number === 'number' && number >= 1000 ? number : undefined;
}

function connectProblem(place: string, error: unknown): Problem {
  const number = errorNumber(error);
  if (number === undefined) return socketProblem(place, error) ?? notThisProtocol(place);
  if (refused.has(number)) return new Problem('provider/refused', { what: `${place} refused the login` });
  if (forbidden.has(number))
    return new Problem('provider/forbidden', { what: `${place} does not let this user in from here (${number})` });
  if (number === 1049) return new Problem('provider/not-found', { what: `${place} has no such database` });
  return new Problem('provider/unavailable', { what: `${place} takes no connection now (${number})` });
}

/** mysql2's words: the server has no TLS; its TLS failed (HANDSHAKE_SSL_ERROR, read in database-problems). */
const withoutTls = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';

const verifiesName = (ssl: ConnectionOptions): boolean =>
  ssl.rejectUnauthorized === true && ssl.checkServerIdentity === undefined;

/** Problems: see ports/databases.ts. */
export async function openMysql(address: DatabaseAddress): Promise<SqlSession> {
  const mysql = await import('mysql2');
  const place = placeOf('MySQL or MariaDB', address);
  const limit = timeoutOf(address);

  const connect = async (ssl: Awaited<ReturnType<typeof tlsOptions>>): Promise<Connection> => {
    const where = address.host.startsWith('/') ? { socketPath: address.host } : { host: address.host, port: address.port };
    const { checkServerIdentity: _ours, ...rest } = ssl === false ? {} : ssl;
    const raw = mysql.createConnection({
      ...where,
      user: address.user,
      password: address.password.reveal(),
      // Ours is the shorter one, so that every silence is judged in one place.
      connectTimeout: limit + 1000,
      ...(address.database === undefined ? {} : { database: address.database }),
      ...(ssl === false ? {} : { ssl: { ...rest, verifyIdentity: verifiesName(ssl) } as object }),
    });
    raw.on('error', () => {});
    const opened = new Promise<void>((resolve, reject) => {
      raw.once('connect', () => resolve());
      raw.once('error', reject);
    });
    try {
      if ((await within(limit, opened)) !== 'late') return raw.promise();
    } catch (error) {
      raw.destroy();
      throw error;
    }
    raw.destroy();
    throw lateConnect(place);
  };

  let connection: Connection;
  try {
    const ssl = await tlsOptions(address);
    // mysql2 compares the certificate of a server given as an address with the name `localhost`.
    if (ssl !== false && verifiesName(ssl) && isIP(address.host) !== 0) {
      throw new Problem('provider/unreachable', {
        what: `${place}: the certificate of a server that is given as an address cannot be checked`,
        next: 'give the server’s name in the connection URL',
      });
    }
    connection = await connect(ssl).catch((error: unknown) => {
      if (ssl !== false && mayFallBackToPlain(address) && withoutTls(error)) return connect(false);
      throw error;
    });
  } catch (error) {
    throw error instanceof Problem ? error : connectProblem(place, error);
  }

  return {
    async query(text, parameters) {
      const running = parameters === undefined ? connection.query(text) : connection.execute(text, [...parameters]);
      let answer: Awaited<typeof running> | 'late';
      try {
        answer = await within(limit, running as Promise<Awaited<typeof running>>);
      } catch (error) {
        const number = errorNumber(error);
        if (number !== undefined && !ended.has(number)) throw new StatementRefused(String(number));
        throw connectionEnded(place);
      }
      if (answer === 'late') {
        connection.destroy();
        throw lateStatement(place);
      }
      const [rows] = answer;
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    },
    async close() {
      if (
        (await within(
          farewellMs,
          connection.end().catch(() => undefined),
        )) === 'late'
      )
        connection.destroy();
    },
  };
}
