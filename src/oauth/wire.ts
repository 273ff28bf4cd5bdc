/**
 * How requests of OAuth go out: over the net port, to addresses that were looked at, with small answers only.
 *
 * - oauth4webapi makes the requests to the authorization server and judges its token answers; here it is given the net port for
 *   its `fetch`, so that every request is bounded, follows no redirect, and can be cut off in tests.
 * - Its errors carry whole foreign bodies, tokens among them. None leaves this folder: they become problems of our own words.
 * - A client with a secret proves itself as it was registered, which clients' stores do not keep. So the ways are tried in turn,
 *   and only after `invalid_client`: an answer after which the server certainly did nothing else.
 */
import type * as Library from 'oauth4webapi';
import { Problem } from '../base/problem.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { HttpAnswer, HttpRequest } from '../ports/net.ts';
import { asFields, type Fields, jsonOf, retryAfter, textOf, userAgent } from '../providers/http.ts';
import type { Registration } from '../stores/store.ts';
import { neverFor } from './address.ts';
import { type EndpointName, endpointOf, listed } from './metadata.ts';
import type { Discovery, Wire } from './oauth.ts';

export type { Library };

/** Loaded when it is first needed: `status` does without. */
export function library(): Promise<typeof Library> {
  return import('oauth4webapi');
}

/** What an authorization server has to say is a few kilobytes. */
export const mostBytes = 1024 * 1024;
const answerWithin: Milliseconds = 20 * second;

/**
 * One request on behalf of the MCP server at `server`. `name`: who is asked what, `auth.example.com: revocation`. `lost`: may
 * the request have had an effect when no answer comes? Problems as of the net port, with the name in front.
 */
export async function send(
  wire: Wire,
  server: URL,
  name: string,
  request: HttpRequest,
  lost: 'none' | 'unknown',
): Promise<HttpAnswer> {
  const never = new URL(request.url).origin === server.origin ? undefined : neverFor(server);
  let answer: HttpAnswer;
  try {
    answer = await wire.net.send({
      timeoutMs: answerWithin,
      mostBytes,
      ...(never === undefined ? {} : { never }),
      ...request,
      headers: { 'user-agent': userAgent, ...request.headers },
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, what, state, next, retryAfterMs } = error;
    throw new Problem(code, {
      what: `${name}: ${what}`,
      effect: error.effect === 'none' ? 'none' : lost,
      ...(state === undefined ? {} : { state }),
      ...(next === undefined ? {} : { next }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (answer.body.length > mostBytes) {
    throw new Problem('provider/garbled', { what: `${name}: the answer is larger than 1 MiB`, effect: lost });
  }
  return answer;
}

/** What an endpoint of the authorization server answered. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a body that is a JSON object. */
  readonly fields: Fields | undefined;
  /** `error` of RFC 6749 section 5.2, when it is one of the codes that are laid down somewhere; 'other' for foreign words. */
  readonly error: string | undefined;
  /** The same answer for the library's readers. */
  readonly response: Response;
}

const knownErrors = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'invalid_token',
  'insufficient_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
  'invalid_client_metadata',
  'invalid_redirect_uri',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  'authorization_pending',
  'slow_down',
  'expired_token',
  'use_dpop_nonce',
]);

export function knownError(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : knownErrors.has(text) ? text : 'other';
}

export interface AskOptions {
  readonly lost: 'none' | 'unknown';
  readonly timeoutMs?: Milliseconds;
  readonly signal?: AbortSignal;
}

/** The library's `options` for one request, and the answer that came of it. */
export interface Exchange {
  readonly options: {
    readonly [Library.customFetch]: (url: string, options: Library.CustomFetchOptions<string, unknown>) => Promise<Response>;
    readonly [Library.allowInsecureRequests]: boolean;
    readonly signal?: AbortSignal;
  };
  reply(): Reply;
}

/**
 * A `fetch` for the library that goes over the net port. Addresses were looked at before (`endpointOf`), so the library need
 * not refuse plain http: what is left of it goes from loopback to loopback.
 */
export function exchange(lib: typeof Library, wire: Wire, server: URL, name: string, ask: AskOptions): Exchange {
  let reply: Reply | undefined;
  return {
    options: {
      [lib.allowInsecureRequests]: true,
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      [lib.customFetch]: async (url, { method, headers, body }) => {
        const text = body instanceof URLSearchParams ? body.toString() : body;
        const request: HttpRequest = {
          method: method === 'GET' ? 'GET' : 'POST',
          url,
          headers,
          ...(typeof text === 'string' ? { body: text } : {}),
          ...(ask.timeoutMs === undefined ? {} : { timeoutMs: ask.timeoutMs }),
          ...(ask.signal === undefined ? {} : { signal: ask.signal }),
        };
        reply = replyOf(await send(wire, server, name, request, ask.lost), name, ask.lost);
        return reply.response;
      },
    },
    reply() {
      if (reply === undefined) throw new Error('the library sent nothing');
      return reply;
    },
  };
}

function replyOf(answer: HttpAnswer, name: string, lost: 'none' | 'unknown'): Reply {
  const { status, headers, body } = answer;
  // what Response takes: https://fetch.spec.whatwg.org/#initialize-a-response
  if (status < 200 || status > 599) throw new Problem('provider/garbled', { what: `${name} answered ${status}`, effect: lost });
  const empty = status === 204 || status === 205 || status === 304;
  const fields = asFields(jsonOf(body));
  return { status, headers, fields, error: knownError(fields?.['error']), response: new Response(empty ? null : body, answer) };
}

/** What the library knows of the authorization server: the address it will use, and nothing it could trip over. */
function serverFor(discovery: Discovery, endpoint: EndpointName, address: URL): Library.AuthorizationServer {
  return { issuer: discovery.issuer, [endpoint]: address.href };
}

/** Makes one request with the library; `client` proves itself with `authentication`. */
export type Make = (
  lib: typeof Library,
  as: Library.AuthorizationServer,
  client: Library.Client,
  authentication: Library.ClientAuth,
  options: Exchange['options'],
) => Promise<Response>;

/**
 * Asks an endpoint as the registered client, with every way of proving itself until one is not refused as `invalid_client`.
 * Undefined: the server has no such endpoint. Problems: oauth/unsafe-address, and those of the net port.
 */
export async function askAsClient(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  endpoint: EndpointName,
  make: Make,
  ask: AskOptions,
): Promise<Reply | undefined> {
  const address = endpointOf(discovery, endpoint);
  if (address === undefined) return undefined;
  const lib = await library();
  const server = new URL(discovery.url);
  let last: Reply | undefined;
  for (const authentication of authentications(lib, discovery, registration, endpoint)) {
    const one = exchange(lib, wire, server, `${address.host}: ${endpoint.replaceAll('_', ' ')}`, ask);
    await make(lib, serverFor(discovery, endpoint, address), { client_id: registration.clientId }, authentication, one.options);
    last = one.reply();
    if (!refusesClient(last)) return last;
  }
  return last;
}

/** RFC 6749 section 5.2: the client is unknown, or did not prove itself in a way that the server takes. */
export function refusesClient({ status, error }: Reply): boolean {
  return error === 'invalid_client' || (status === 401 && error === undefined);
}

/**
 * In the order of what servers say they take. RFC 6749 section 2.3.1 wants id and secret form-encoded in a Basic header; many
 * servers do not decode them (the official SDK's clients do not encode), so the raw form comes first.
 */
function authentications(
  lib: typeof Library,
  { metadata }: Discovery,
  { clientId, clientSecret }: Registration,
  endpoint: EndpointName,
): readonly Library.ClientAuth[] {
  if (clientSecret === undefined) return [lib.None()];
  const secret = clientSecret.reveal();
  const post = lib.ClientSecretPost(secret);
  const basic = [basicRaw(clientId, secret)];
  if (/[^A-Za-z0-9]/.test(clientId + secret)) basic.push(lib.ClientSecretBasic(secret));
  const ways =
    listed(metadata[`${endpoint}_auth_methods_supported`]) ?? listed(metadata['token_endpoint_auth_methods_supported']) ?? [];
  const takesPost = ways.includes('client_secret_post');
  const takesBasic = ways.includes('client_secret_basic');
  if (takesPost && !takesBasic) return [post];
  if (takesBasic && !takesPost) return basic;
  // `none` last: some servers hand out a secret to a client that they registered without one
  return ways.includes('none') || ways.length === 0 ? [post, ...basic, lib.None()] : [post, ...basic];
}

function basicRaw(clientId: string, secret: string): Library.ClientAuth {
  return (_as, _client, _body, headers) => {
    const bytes = new TextEncoder().encode(`${clientId}:${secret}`);
    headers.set('authorization', `Basic ${btoa(String.fromCharCode(...bytes))}`);
  };
}

/** The problem that an answer amounts to when it says neither yes nor no. `maybe`: may a 5xx have had its effect? */
export function unexpectedReply(
  wire: Wire,
  name: string,
  { status, headers }: Pick<Reply, 'status' | 'headers'>,
  maybe: boolean,
): Problem {
  const wait = retryAfter({ status, headers, body: '' }, wire.clock.now());
  const later = wait === undefined ? {} : { retryAfterMs: wait };
  const what = `${name} answered ${status}`;
  if (status === 429 || (status === 503 && wait !== undefined)) return new Problem('provider/rate-limited', { what, ...later });
  if (status >= 500) return new Problem('provider/unavailable', { what, effect: maybe ? 'unknown' : 'none', ...later });
  if (status === 401) return new Problem('provider/refused', { what });
  if (status === 403) return new Problem('provider/forbidden', { what });
  if (status === 404 || status === 410) return new Problem('provider/not-found', { what });
  if (status >= 400) return new Problem('provider/cannot', { what: `${what}: it does not take this request` });
  return new Problem('provider/garbled', {
    what: `${what}, which is not an answer of its protocol`,
    effect: maybe ? 'unknown' : 'none',
  });
}
