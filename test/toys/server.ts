/**
 * A real HTTP server on the loopback under every toy upstream: it keeps a log of what was asked, and misbehaves on demand.
 * A fault is for the next request that it fits, once, unless said to stay.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Problem } from '../../src/base/problem.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Net } from '../../src/ports/net.ts';
import type { Upstream } from '../../src/ports/ports.ts';
import { twinRandom } from '../twins/random.ts';

export interface ToyRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As they stood in the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ToyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON; absent: no body. */
  readonly body?: unknown;
}

/** `before`: nothing happened upstream; `after`: it happened, and the answer is spoilt. */
export type ToyFault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'hang' | 'reset' | 'garbage' | 'truncated'; readonly when: 'before' | 'after' };

export class ToyServer {
  readonly url: string;
  /** Every request that arrived, in order. */
  readonly log: ToyRequest[] = [];
  #faults: { fault: ToyFault; fits: (request: ToyRequest) => boolean; stays: boolean }[] = [];
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(answer: (request: ToyRequest) => ToyAnswer): Promise<ToyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port was given');
    const toy = new ToyServer(server, `http://127.0.0.1:${address.port}`);
    server.on('request', (incoming, outgoing) => {
      toy.#serve(incoming, outgoing, answer).catch((error: unknown) => outgoing.destroy(error as Error));
    });
    return toy;
  }

  fail(fault: ToyFault, fits: (request: ToyRequest) => boolean = () => true, stays = false): void {
    this.#faults.push({ fault, fits, stays });
  }

  wellAgain(): void {
    this.#faults = [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, answer: (request: ToyRequest) => ToyAnswer): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', this.url);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const request: ToyRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      target: incoming.url ?? '/',
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.log.push(request);
    const index = this.#faults.findIndex(({ fits }) => fits(request));
    const entry = this.#faults[index];
    if (entry !== undefined && !entry.stays) this.#faults.splice(index, 1);
    const fault = entry?.fault;
    if (fault?.kind === 'status') {
      // As careless upstreams do: the answer repeats what was sent.
      write(outgoing, { ...fault, body: { message: 'no', echo: [headers, request.body] } });
      return;
    }
    const real = fault?.when === 'before' ? { status: 200, body: { ok: true } } : answer(request);
    if (fault === undefined) write(outgoing, real);
    else if (fault.kind === 'reset') incoming.socket.resetAndDestroy();
    else if (fault.kind === 'garbage')
      write(outgoing, { status: real.status === 204 ? 200 : real.status, body: '<html>\u0000 not yours' });
    else if (fault.kind === 'truncated') {
      const text = textOf(real.body);
      outgoing.writeHead(real.status === 204 ? 200 : real.status, { 'content-length': text.length + 10 });
      outgoing.write(text.slice(0, text.length / 2), () => incoming.socket.destroy());
    }
    // 'hang': no answer, until the other side or close() ends it.
  }
}

const textOf = (body: unknown): string => (body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));

function write(outgoing: ServerResponse, { status, headers, body }: ToyAnswer): void {
  const type = typeof body === 'string' ? {} : { 'content-type': 'application/json; charset=utf-8' };
  outgoing.writeHead(status, { ...type, ...headers });
  outgoing.end(textOf(body));
}

/** Time that passes only by sleeping; toys read it, so that what they do later comes at a known moment. */
export class ToyClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2026, 10, 22, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  async sleep(length: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += length;
  }
}

/**
 * The real net, with the addresses of the real services led to toys. A request to anywhere else is a bug of the adapter.
 * `timeoutMs`: for every request, so that a hanging toy does not hold up a test.
 */
export function routed(routes: Readonly<Record<string, string>>, timeoutMs = 10_000): Net {
  const net = createNet({});
  return {
    async send(request) {
      const { origin, host } = new URL(request.url);
      const to = routes[origin] ?? (Object.values(routes).includes(origin) ? origin : undefined);
      if (to === undefined) throw new Error(`a request to ${origin}, which no toy stands for`);
      const headers = { ...request.headers, 'x-forwarded-host': host };
      return net.send({ ...request, headers, url: to + request.url.slice(origin.length), timeoutMs });
    },
  };
}

/** All that a provider may use, for an upstream that speaks HTTP. */
export function toyUpstream(clock: Clock, routes: Readonly<Record<string, string>>, timeoutMs?: number): Upstream {
  const none = () => Promise.reject(new Problem('provider/unreachable', { what: 'there is no database here' }));
  let state = 1;
  return {
    clock,
    random: {
      ...twinRandom(1),
      bytes(length) {
        return Uint8Array.from({ length }, () => {
          state = (state * 48271) % 0x7fffffff;
          return state & 0xff;
        });
      },
    },
    net: routed(routes, timeoutMs),
    databases: { postgresql: none, mysql: none, redis: none },
  };
}

/** `count` characters of `alphabet`, different for every `n`, always the same for one. */
export function letters(n: number, count: number, alphabet: string): string {
  let state = (n * 2654435761 + 12345) % 0x7fffffff || 1;
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 0x7fffffff;
    return alphabet[state % alphabet.length];
  }).join('');
}
