/**
 * A web of a few pages behind the net port, for what a real server on the loopback cannot be: many hosts, https, odd headers.
 * What no page stands for answers 404. Every request is kept.
 */

import type { Wire } from '../../src/oauth/oauth.ts';
import { createNet } from '../../src/platform/net.ts';
import type { HttpAnswer, HttpRequest } from '../../src/ports/net.ts';
import { type TwinClock, twinClock } from '../twins/clock.ts';
import { twinRandom } from '../twins/random.ts';

export interface PageAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON. */
  readonly body?: unknown;
}
type Page = PageAnswer | ((request: HttpRequest) => PageAnswer | Promise<PageAnswer>);

export interface Web extends Wire {
  readonly clock: TwinClock;
  readonly log: HttpRequest[];
  /** Method and address of each request, in order. */
  asked(): readonly string[];
}

/** Keys: `GET https://host/path`, or the address alone for every method. */
export function web(pages: Readonly<Record<string, Page>>): Web {
  const log: HttpRequest[] = [];
  return {
    clock: twinClock(),
    random: twinRandom(1),
    log,
    asked: () => log.map(({ method, url }) => `${method} ${url}`),
    net: {
      async send(request) {
        log.push(request);
        const page = pages[`${request.method} ${request.url}`] ?? pages[request.url] ?? { status: 404 };
        return answerOf(typeof page === 'function' ? await page(request) : page);
      },
    },
  };
}

function answerOf({ status = 200, headers = {}, body }: PageAnswer): HttpAnswer {
  const type: Record<string, string> =
    body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' };
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { ...type, ...headers }, body: text };
}

/** The real net with real time, for servers on the loopback; `timeoutMs` keeps a hanging one from holding up a test. */
export function loopbackWire(timeoutMs = 10_000): Wire {
  const net = createNet({});
  return {
    random: twinRandom(1),
    clock: {
      now: () => Date.now(),
      elapsed: () => performance.now(),
      sleep: (length, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          setTimeout(resolve, length);
        }),
    },
    net: { send: (request) => net.send({ ...request, timeoutMs: Math.min(timeoutMs, request.timeoutMs ?? timeoutMs) }) },
  };
}
