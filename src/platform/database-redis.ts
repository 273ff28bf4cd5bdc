/**
 * Sessions with Redis and Valkey by `@redis/client`: one connection, never reconnected by itself, RESP2.
 */
import { Problem } from '../base/problem.ts';
import { type DatabaseAddress, type RedisSession, StatementRefused } from '../ports/databases.ts';
import {
  connectionEnded,
  lateConnect,
  lateStatement,
  notThisProtocol,
  placeOf,
  socketProblem,
  timeoutOf,
  within,
} from './database-problems.ts';
import { tlsOptions } from './database-tls.ts';

type Driver = typeof import('@redis/client');

/** First word of an error that the server sent; undefined for an error of the driver or the socket. */
function errorWord(driver: Driver, error: unknown): string | undefined {
  if (!(error instanceof driver.ErrorReply)) return undefined;
  return /^[A-Z]{2,20}(?= |$)/.exec(error.message)?.[0] ?? 'ERR';
}

function connectProblem(driver: Driver, place: string, error: unknown): Problem {
  const word = errorWord(driver, error);
  if (word === undefined) return socketProblem(place, error) ?? notThisProtocol(place);
  if (word === 'WRONGPASS' || word === 'NOAUTH') return new Problem('provider/refused', { what: `${place} refused the login` });
  if (word === 'NOPERM') return new Problem('provider/forbidden', { what: `${place}: the user may not use this database` });
  if (word === 'DENIED') return new Problem('provider/forbidden', { what: `${place} takes no connection from other machines` });
  return new Problem('provider/unavailable', { what: `${place} takes no connection now (${word})` });
}

/** Problems: see ports/databases.ts. `tls` other than 'disable' or none means TLS from the first byte. */
export async function openRedis(address: DatabaseAddress): Promise<RedisSession> {
  const driver = await import('@redis/client');
  const place = placeOf('Redis', address);
  const limit = timeoutOf(address);
  const tls = address.tls === undefined || address.tls === 'disable' ? false : await tlsOptions(address);
  const where = address.host.startsWith('/') ? { path: address.host } : { host: address.host, port: address.port };
  const client = driver.createClient({
    socket: {
      ...where,
      connectTimeout: limit,
      reconnectStrategy: false,
      ...(tls === false ? {} : { ...tls, tls: true as const }),
    } as NonNullable<Parameters<typeof driver.createClient>[0]>['socket'] & object,
    username: address.user,
    password: address.password.reveal(),
    ...(address.database === undefined ? {} : { database: Number(address.database) }),
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
  client.on('error', () => {});
  const destroy = (): void => {
    try {
      client.destroy();
    } catch {
      // already closed
    }
  };
  try {
    if ((await within(limit, client.connect())) === 'late') throw lateConnect(place);
  } catch (error) {
    destroy();
    throw error instanceof Problem ? error : connectProblem(driver, place, error);
  }
  return {
    async command(words) {
      let answer: unknown;
      try {
        answer = await within(limit, client.sendCommand([...words]));
      } catch (error) {
        const word = errorWord(driver, error);
        if (word !== undefined && word !== 'LOADING' && word !== 'MASTERDOWN') throw new StatementRefused(word);
        throw connectionEnded(place);
      }
      if (answer === 'late') {
        destroy();
        throw lateStatement(place);
      }
      return answer;
    },
    async close() {
      destroy();
    },
  };
}
