/** The requests of a sign-in that carry secrets: to the token and the device authorization endpoint, and to the MCP server. */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
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

/** How the MCP port reaches a server with a token. */
export const launchWith = (url: string, access: Secret, headers: Readonly<Record<string, string>> = {}): ServerLaunch => ({
  kind: 'remote',
  url,
  headers: { ...headers, authorization: `Bearer ${access.reveal()}` },
  transport: 'http',
});

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
