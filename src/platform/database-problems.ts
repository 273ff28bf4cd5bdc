/**
 * What the database drivers have in common: time limits, and problems that keep nothing of a driver's error but the
 * kind of thing that went wrong. A driver's error may hold the password (Redis echoes arguments, mysql2 the statement),
 * so it is neither quoted nor kept as a cause.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { second } from '../base/time.ts';
import type { DatabaseAddress } from '../ports/databases.ts';

export const timeoutOf = (address: DatabaseAddress): number => address.timeoutMs ?? 10 * second;

/** `PostgreSQL at db.example:5432`. */
export const placeOf = (product: string, address: DatabaseAddress): string =>
  `${product} at ${printable(address.host)}:${address.port}`;

/** Longest time given to a polite goodbye before the socket is closed under it. */
export const farewellMs = second;

/** The promise, or 'late' after `limit` milliseconds. The promise's own end is then nobody's: it never goes unhandled. */
export async function within<T>(limit: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limit);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOENT: 'its socket is not there',
  EACCES: 'its socket may not be opened',
  EADDRNOTAVAIL: 'there is no way to it',
  ETIMEDOUT: 'it did not answer in time',
};

const codeOf = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
};

/** Problem of an attempt to connect that failed below the database's own protocol; undefined when it did not. */
export function socketProblem(place: string, error: unknown): Problem | undefined {
  const errors: unknown[] = error instanceof AggregateError ? [error, ...error.errors] : [error];
  for (const one of errors) {
    const code = codeOf(one);
    const why = unreachable[code];
    if (why !== undefined) return new Problem('provider/unreachable', { what: `${place}: ${why}` });
    if (/^(ERR_TLS|ERR_SSL|HANDSHAKE_SSL_ERROR|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code) || code === 'EPROTO') {
      return new Problem('provider/unreachable', {
        what: `${place}: its TLS certificate or protocol is not accepted`,
        next: 'check the TLS setting of the connection (sslmode, root certificate)',
      });
    }
  }
  return undefined;
}

export const lateConnect = (place: string): Problem =>
  new Problem('provider/timeout', { what: `${place} did not answer in time` });

export const lateStatement = (place: string): Problem =>
  new Problem('provider/timeout', { what: `${place} did not answer a statement in time`, effect: 'unknown' });

export const connectionEnded = (place: string): Problem =>
  new Problem('provider/unavailable', { what: `${place} ended the connection during a statement`, effect: 'unknown' });

export const notThisProtocol = (place: string): Problem =>
  new Problem('provider/garbled', { what: `${place}: what answers there is not this kind of server` });
