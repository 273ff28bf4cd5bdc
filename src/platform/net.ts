/**
 * HTTP over Node's fetch; over Node's own client (net-guarded.ts) when there are addresses that it must not reach.
 *
 * The one idea: an error says whether the request may have arrived. Only what fails before the first byte is sent (name
 * look-up, connection, certificate) has no effect; everything later (reset, timeout, broken answer) is unknown.
 * - Every request has a connection of its own. On a kept one that the other side is just closing, a request that was
 *   never read would count as "may have happened".
 * - Nothing is sent twice, with one exception that fetch makes by its standard: status 421, by which a server says that it
 *   took nothing because the request was meant for another, is asked once more on a fresh connection.
 * - No error of fetch leaves this file: their messages quote headers and addresses, which hold secrets.
 * - Proxies: Node reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY only with NODE_USE_ENV_PROXY=1 (Node 22.21, 24.0), and we
 *   leave it at that. When a proxy is set and not used, the problem of an unreachable host says so.
 */
import { Problem } from '../base/problem.ts';
import { duration } from '../base/time.ts';
import type { HttpAnswer, HttpRequest, Net } from '../ports/net.ts';
import type { Lookup } from './net-guarded.ts';

const usualBytes = 4 * 1024 * 1024;
const usualTimeoutMs = 20_000;

/** Errors that can only come up before the request is on its way. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NONAME',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const badCertificate = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH)/;

export interface NetOptions {
  /** How names become addresses for requests with `never`; default: the system's way. */
  readonly lookup?: Lookup;
}

export function createNet(env: Env = process.env, options: NetOptions = {}): Net {
  return {
    async send(request: HttpRequest): Promise<HttpAnswer> {
      const prepared = prepare(request);
      const timeoutMs = request.timeoutMs ?? usualTimeoutMs;
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
      try {
        const response = await (request.never?.length ? guarded(prepared, request, signal, options) : plain(prepared, signal));
        const body = await wholeBody(response.body, request.mostBytes ?? usualBytes);
        return { status: response.status, headers: response.headers, body };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof Problem) throw error;
        const host = new URL(prepared.url).host;
        if (timeout.aborted) {
          throw new Problem('provider/timeout', {
            what: `${host} did not answer within ${duration(timeoutMs)}`,
            effect: 'unknown',
          });
        }
        throw asProblem(error, host, request.never?.length ? guardedHint(env) : proxyHint(env));
      }
    },
  };
}

/** Headers or addresses that HTTP does not allow are found here, before anything is sent. */
function prepare(request: HttpRequest): Request {
  try {
    if (!/^https?:\/\//i.test(request.url)) throw new TypeError('neither http nor https');
    return new Request(request.url, {
      method: request.method,
      headers: { ...request.headers, connection: 'close' },
      redirect: 'manual',
      ...(request.body === undefined ? {} : { body: request.body }),
    });
  } catch {
    throw new Problem('provider/unreachable', {
      what: 'the request cannot be sent: its address or one of its headers is not valid in HTTP',
      next: 'look at the address and the key in the config of the server for stray characters',
    });
  }
}

/** What both clients answer: the head, and the body as it comes. */
export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> | null;
}

async function plain(prepared: Request, signal: AbortSignal): Promise<Incoming> {
  const { status, headers, body } = await fetch(prepared, { signal });
  return { status, headers: Object.fromEntries(headers), body };
}

async function guarded(prepared: Request, request: HttpRequest, signal: AbortSignal, { lookup }: NetOptions): Promise<Incoming> {
  const { sendGuarded } = await import('./net-guarded.ts');
  return sendGuarded(prepared, request, signal, lookup);
}

async function wholeBody(body: Incoming['body'], most: number): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new TooLarge(most);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

class TooLarge extends Error {
  readonly most: string;

  constructor(bytes: number) {
    super();
    this.most = bytes % 1048576 === 0 ? `${bytes / 1048576} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
  }
}

function asProblem(error: unknown, host: string, hint: { readonly next?: string }): Problem {
  const reasons = codesOf(error);
  const certificate = reasons.find((code) => badCertificate.test(code));
  if (certificate !== undefined) {
    return new Problem('provider/unreachable', { what: `the certificate of ${host} is not trusted here (${certificate})` });
  }
  const first = reasons[0];
  if (first !== undefined && (reasons.every((code) => neverSent.has(code)) || triedAddresses(error))) {
    return new Problem('provider/unreachable', { what: `${host} cannot be reached (${first})`, ...hint });
  }
  const what =
    error instanceof TooLarge
      ? `the answer of ${host} is larger than ${error.most}`
      : reasons.some((code) => code.startsWith('HPE_'))
        ? `the answer of ${host} is not HTTP`
        : `the answer of ${host} broke off`;
  return new Problem('provider/garbled', { what, effect: 'unknown' });
}

/** Codes of the error, its causes, and the errors that one stands for (one per address that was tried). */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  if (error instanceof AggregateError) return error.errors.flatMap((each) => codesOf(each, depth + 1));
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  return [...code, ...codesOf(error.cause, depth + 1)];
}

/** Node gives several errors as one only when every address of a name was tried in vain; a time-out among them is of connecting. */
function triedAddresses(error: unknown): boolean {
  return error instanceof Error && (error instanceof AggregateError || triedAddresses(error.cause));
}

type Env = Readonly<Record<string, string | undefined>>;

const proxyIn = (env: Env): string | undefined =>
  ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((each) => env[each]);

function proxyHint(env: Env): { next?: string } {
  const name = proxyIn(env);
  if (name === undefined || env['NODE_USE_ENV_PROXY'] === '1') return {};
  return { next: `${name} is set, but Node uses it only with NODE_USE_ENV_PROXY=1 in the environment` };
}

/** A proxy would connect to whatever it likes, so none is used. */
function guardedHint(env: Env): { next?: string } {
  const name = proxyIn(env);
  return name === undefined ? {} : { next: `${name} is set, but an address that another server names is only asked directly` };
}
