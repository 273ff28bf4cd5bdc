/**
 * What is asked of a token endpoint and of a device authorization endpoint, and of an MCP server with a token: the requests of a
 * sign-in that carry secrets. Pure but for the sending.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { HttpAnswer } from '../ports/net.ts';
import type { Registration } from '../stores/store.ts';
import type { Discovery, Wire } from './oauth.ts';
import { askAsClient, type Reply } from './wire.ts';

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
): Promise<Reply> {
  const fields = { code: code.reveal(), redirect_uri: redirectUri, code_verifier: verifier.reveal() };
  return post(wire, discovery, registration, 'authorization_code', fields, signal);
}

/** RFC 8628 3.1. */
export async function askDeviceCode(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  scopes: readonly string[] | undefined,
  signal?: AbortSignal,
): Promise<Reply> {
  const fields = {
    resource: discovery.resource,
    ...(scopes && scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    ...(scopes?.includes('offline_access') ? { prompt: 'consent' } : {}),
  };
  const reply = await askAsClient(
    wire,
    discovery,
    registration,
    'device_authorization_endpoint',
    (lib, as, client, authentication, options) => lib.deviceAuthorizationRequest(as, client, authentication, fields, options),
    { lost: 'none', ...(signal ? { signal } : {}) },
  );
  return reply ?? absent(discovery, 'device authorization endpoint');
}

/** RFC 8628 3.4. */
export function pollDevice(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  code: Secret,
  signal?: AbortSignal,
): Promise<Reply> {
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
  return post(wire, discovery, registration, grantType, { device_code: code.reveal() }, signal);
}

/** RFC 6749 6. It uses up a refresh token that rotates, so a lost answer must be taken for a rotation: never sent twice. */
export function refreshOnce(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  refresh: Secret,
  signal?: AbortSignal,
): Promise<Reply> {
  return post(wire, discovery, registration, 'refresh_token', { refresh_token: refresh.reveal() }, signal);
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

async function post(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  grantType: string,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  const reply = await askAsClient(
    wire,
    discovery,
    registration,
    'token_endpoint',
    (lib, as, client, authentication, options) =>
      lib.genericTokenEndpointRequest(
        as,
        client,
        authentication,
        grantType,
        { ...fields, resource: discovery.resource },
        options,
      ),
    { lost: 'unknown', ...(signal ? { signal } : {}) },
  );
  return reply ?? absent(discovery, 'token endpoint');
}

function absent({ issuer }: Discovery, endpoint: string): never {
  throw new Problem('oauth/metadata', { what: `${issuer} names no ${endpoint}` });
}

/** RFC 7636 4.2. */
export async function challengeOf(verifier: Secret): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier.reveal()))));
}

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
