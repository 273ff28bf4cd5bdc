/**
 * Ports that misbehave on one chosen call: the wrapped port does its work, except that the call with the chosen number
 * gets the chosen fault. Calls of HTTP, database connections and database statements are counted together, from 1.
 *
 * A fault that has no meaning for a call (a refused statement on an HTTP request) does not fire; `fired()` tells.
 * Error bodies echo the whole request, secrets included, as careless upstreams do.
 */
import { Problem } from '../../src/base/problem.ts';
import { type Databases, type RedisSession, type SqlSession, StatementRefused } from '../../src/ports/databases.ts';
import type { HttpAnswer, HttpRequest, Net } from '../../src/ports/net.ts';
import type { Upstream } from '../../src/ports/ports.ts';

export const faults = [
  /** 401; a login that the database refuses. */
  'refused',
  /** 403; a statement without the right to it. */
  'forbidden',
  /** 429 with Retry-After: 7. */
  'rate-limited',
  /** 500. */
  'server-error',
  /** 503; too many connections. */
  'unavailable',
  /** Nothing listens. */
  'unreachable',
  /** The request is lost and no answer comes. */
  'hang',
  /** The request has its effect and the answer is lost. */
  'lost-answer',
  /** The connection ends before the statement has its effect. */
  'cut',
  /** The request has its effect and the answer is no answer. */
  'garbage',
  /** The request has its effect and half the answer comes. */
  'truncated',
] as const;
export type Fault = (typeof faults)[number];

/** The time that a rate-limited answer asks for. */
export const retryAfterMs = 7000;

export interface Injection {
  /** Number of the call, from 1. */
  readonly at: number;
  readonly fault: Fault;
}

class Counter {
  calls = 0;
  fired = false;
  readonly injection: Injection | undefined;

  constructor(injection: Injection | undefined) {
    this.injection = injection;
  }

  /** The fault of this call, if it is among those that mean something for it. */
  next(possible: readonly Fault[]): Fault | undefined {
    this.calls++;
    const { injection } = this;
    if (injection === undefined || this.calls !== injection.at || !possible.includes(injection.fault)) return undefined;
    this.fired = true;
    return injection.fault;
  }
}

const statuses: Partial<Record<Fault, number>> = {
  refused: 401,
  forbidden: 403,
  'rate-limited': 429,
  'server-error': 500,
  unavailable: 503,
};

function withoutAnswer(fault: Fault | undefined): Problem | undefined {
  if (fault === 'unreachable') return new Problem('provider/unreachable', { what: 'nothing listens there' });
  if (fault === 'hang' || fault === 'lost-answer') {
    return new Problem('provider/timeout', { what: 'no answer came', effect: 'unknown' });
  }
  if (fault === 'cut') return new Problem('provider/unavailable', { what: 'the connection was cut', effect: 'unknown' });
  return undefined;
}

const netFaults = faults.filter((fault) => fault !== 'cut');

/** The net on which call `at` fails. */
export function faultyNet(net: Net, counter: Pick<Counter, 'next'>): Net {
  return {
    async send(request: HttpRequest): Promise<HttpAnswer> {
      const fault = counter.next(netFaults);
      if (fault === undefined) return net.send(request);
      const status = statuses[fault];
      const echo = JSON.stringify({ message: 'no', request });
      if (status !== undefined) {
        const retry: Record<string, string> = fault === 'rate-limited' ? { 'retry-after': String(retryAfterMs / 1000) } : {};
        return { status, headers: { 'content-type': 'application/json', ...retry }, body: echo };
      }
      const problem = withoutAnswer(fault);
      if (problem !== undefined && fault !== 'lost-answer') throw problem;
      const answer = await net.send(request);
      if (problem !== undefined) throw problem;
      if (fault === 'garbage') return { ...answer, body: `<html>\u0000${echo}` };
      return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) };
    },
  };
}

const connectFaults = ['refused', 'unavailable', 'unreachable', 'hang'] as const;
const statementFaults = ['forbidden', 'hang', 'lost-answer', 'cut', 'garbage'] as const;

function connecting(counter: Pick<Counter, 'next'>): void {
  const fault = counter.next(connectFaults);
  if (fault === undefined) return;
  if (fault === 'refused') throw new Problem('provider/refused', { what: 'the server refused the login' });
  if (fault === 'unavailable') throw new Problem('provider/unavailable', { what: 'the server has too many connections' });
  if (fault === 'hang') throw new Problem('provider/timeout', { what: 'the server did not answer' });
  throw withoutAnswer(fault) as Problem;
}

async function stating<T>(
  counter: Pick<Counter, 'next'>,
  insufficientPrivilege: string,
  run: () => Promise<T>,
  garbage: T,
): Promise<T> {
  const fault = counter.next(statementFaults);
  if (fault === undefined) return run();
  if (fault === 'forbidden') throw new StatementRefused(insufficientPrivilege);
  const problem = withoutAnswer(fault);
  if (problem !== undefined && fault !== 'lost-answer') throw problem;
  await run();
  if (problem !== undefined) throw problem;
  return garbage;
}

/** Databases on which call `at` (a connection or a statement) fails. */
export function faultyDatabases(databases: Databases, counter: Pick<Counter, 'next'>): Databases {
  const sql = (open: Databases['postgresql'], insufficientPrivilege: string): Databases['postgresql'] => {
    return async (address): Promise<SqlSession> => {
      connecting(counter);
      const session = await open(address);
      return {
        query: (text, parameters) =>
          stating(counter, insufficientPrivilege, () => session.query(text, parameters), [{ unexpected: '\u0000' }]),
        close: () => session.close(),
      };
    };
  };
  return {
    postgresql: sql((address) => databases.postgresql(address), '42501'),
    mysql: sql((address) => databases.mysql(address), '1227'),
    async redis(address): Promise<RedisSession> {
      connecting(counter);
      const session = await databases.redis(address);
      return {
        command: (words) => stating(counter, 'NOPERM', () => session.command(words), ['\u0000', null]),
        close: () => session.close(),
      };
    },
  };
}

export interface FaultyUpstream {
  readonly up: Upstream;
  calls(): number;
  fired(): boolean;
}

/** All ports of a provider, with one fault; without an injection it only counts. */
export function faultyUpstream(up: Upstream, injection?: Injection): FaultyUpstream {
  const counter = new Counter(injection);
  return {
    up: { ...up, net: faultyNet(up.net, counter), databases: faultyDatabases(up.databases, counter) },
    calls: () => counter.calls,
    fired: () => counter.fired,
  };
}
