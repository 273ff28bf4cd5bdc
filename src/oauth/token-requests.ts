/**
 * What is asked of a token endpoint and of a device authorization endpoint, and of an MCP server with a token: the requests of a
 * sign-in that carry secrets. Pure but for the sending.
 */
import type { Secret } from '../base/secret.ts';
import type { HttpAnswer, HttpRequest } from '../ports/net.ts';
import type { Registration } from '../stores/store.ts';
import { neverFor } from './address.ts';
import type { Discovery, ServerMetadata, Wire } from './oauth.ts';

/** RFC 6749 4.1.3, RFC 7636 4.5, RFC 8707 2.2. */
export interface CodeExchange {
  readonly code: Secret;
  readonly redirectUri: string;
  readonly verifier: Secret;
}

export function exchangeCode(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  { code, redirectUri, verifier }: CodeExchange,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  return post(wire, discovery, registration, 'token_endpoint', signal, {
    grant_type: 'authorization_code',
    code: code.reveal(),
    redirect_uri: redirectUri,
    code_verifier: verifier.reveal(),
    resource: discovery.resource,
  });
}

/** RFC 8628 3.1. */
export function askDeviceCode(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  scopes: readonly string[] | undefined,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  return post(wire, discovery, registration, 'device_authorization_endpoint', signal, {
    resource: discovery.resource,
    ...(scopes && scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    ...(scopes?.includes('offline_access') ? { prompt: 'consent' } : {}),
  });
}

/** RFC 8628 3.4. */
export function pollDevice(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  code: Secret,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  return post(wire, discovery, registration, 'token_endpoint', signal, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code.reveal(),
    resource: discovery.resource,
  });
}

/** RFC 6749 6. It uses up a refresh token that rotates, so a lost answer must be taken for a rotation: never sent twice. */
export function refreshOnce(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  refresh: Secret,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  return post(wire, discovery, registration, 'token_endpoint', signal, {
    grant_type: 'refresh_token',
    refresh_token: refresh.reveal(),
    resource: discovery.resource,
  });
}

/** A tool list is asked for only to see the challenge in the answer: what scope is missing (RFC 6750 3). */
export const askWithToken = (wire: Wire, { url }: Discovery, access: Secret, signal?: AbortSignal): Promise<HttpAnswer> =>
  toolList(wire, url, { authorization: `Bearer ${access.reveal()}` }, signal);

/** The same without a token, to see how it is refused. */
export const askWithoutToken = (wire: Wire, url: string, signal?: AbortSignal): Promise<HttpAnswer> =>
  toolList(wire, url, {}, signal);

function toolList(
  wire: Wire,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  return wire.net.send({
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    ...(signal ? { signal } : {}),
  });
}

function post(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  endpoint: 'token_endpoint' | 'device_authorization_endpoint',
  signal: AbortSignal | undefined,
  fields: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  const authentication = authenticationOf(discovery.metadata, registration);
  const never = neverFor(new URL(discovery.url));
  const request: HttpRequest = {
    method: 'POST',
    url: String(discovery.metadata[endpoint]),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...authentication.headers,
    },
    body: new URLSearchParams({ ...fields, ...authentication.fields }).toString(),
    mostBytes: 256 * 1024,
    ...(never ? { never } : {}),
    ...(signal ? { signal } : {}),
  };
  return wire.net.send(request);
}

/** RFC 6749 2.3.1; without a secret the client only names itself. RFC 8414: no list of methods means client_secret_basic. */
function authenticationOf(metadata: ServerMetadata, { clientId, clientSecret }: Registration) {
  if (clientSecret === undefined) return { headers: {}, fields: { client_id: clientId } };
  const methods = metadata['token_endpoint_auth_methods_supported'];
  const byPost = Array.isArray(methods) && methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
  if (byPost) return { headers: {}, fields: { client_id: clientId, client_secret: clientSecret.reveal() } };
  const encoded = [clientId, clientSecret.reveal()].map(formEncoded).join(':');
  return { headers: { authorization: `Basic ${btoa(encoded)}` }, fields: {} };
}

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

/** RFC 7636 4.2. */
export async function challengeOf(verifier: Secret): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier.reveal()))));
}

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
