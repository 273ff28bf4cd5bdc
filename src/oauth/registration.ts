/**
 * Our own name at an authorization server: registered by RFC 7591, deleted by RFC 7592 (plain requests; the library has none).
 *
 * A registration is kept with its management address and token, without which it could never be deleted. What comes back may
 * differ from what was asked (RFC 7591 section 3.2.1) and is what counts.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type Instant, second } from '../base/time.ts';
import { textOf } from '../providers/http.ts';
import type { Registration } from '../stores/store.ts';
import { safeAddress } from './address.ts';
import { endpointOf, listed } from './metadata.ts';
import type { Discovery, Ended, Wire } from './oauth.ts';
import { kindsOf, type RegistrationKind } from './remarks.ts';
import { askRefresh } from './requests.ts';
import { base64url } from './token-requests.ts';
import { exchange, library, type Reply, send, unexpectedReply } from './wire.ts';

export interface RegistrationRequest {
  /** None: a client for the device flow (RFC 8628), which has no redirect. */
  readonly redirectUris: readonly string[];
  readonly scopes?: readonly string[];
  /** What the person reads when asked for consent. Default `mcp-rotate`. */
  readonly name?: string;
}

/**
 * Registers a public native client. Problems: oauth/no-registration (no endpoint, or it turns us down), oauth/wrong-answer,
 * oauth/unsafe-address, and those of the net port; `effect` unknown: a registration may stand that nobody can use or delete.
 */
export async function register(wire: Wire, discovery: Discovery, request: RegistrationRequest): Promise<Registration> {
  const address = endpointOf(discovery, 'registration_endpoint');
  if (address === undefined) {
    throw new Problem('oauth/no-registration', {
      what: `${new URL(discovery.issuer).host} takes only clients that were registered by hand`,
      next: 'register a client on its pages, and give its client id',
    });
  }
  const lib = await library();
  const name = `${address.host}: registration`;
  const { options, reply } = exchange(lib, wire, new URL(discovery.url), name, { lost: 'unknown' });
  const as = { issuer: discovery.issuer, registration_endpoint: address.href };
  await lib.dynamicClientRegistrationRequest(as, clientMetadata(discovery, request), options);
  return readRegistration(wire, name, reply());
}

function clientMetadata(
  { metadata }: Discovery,
  { redirectUris, scopes, name }: RegistrationRequest,
): Record<string, string | string[]> {
  const device = redirectUris.length === 0;
  return {
    client_name: name ?? 'mcp-rotate',
    application_type: 'native',
    redirect_uris: [...redirectUris],
    grant_types: [device ? 'urn:ietf:params:oauth:grant-type:device_code' : 'authorization_code', 'refresh_token'],
    response_types: device ? [] : ['code'],
    token_endpoint_auth_method: clientAuthentication(listed(metadata['token_endpoint_auth_methods_supported'])),
    ...(scopes === undefined || scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
}

/** A program on a person's machine keeps no secret (RFC 8252 section 8.4); with one only where the server wants it so. */
function clientAuthentication(supported: readonly string[] | undefined): string {
  const wanted = ['none', 'client_secret_post', 'client_secret_basic'];
  return wanted.find((method) => supported?.includes(method)) ?? 'none';
}

/** Taken with status 200 instead of 201, and with a secret that does not say when it ends: both are common. */
function readRegistration(wire: Wire, name: string, reply: Reply): Registration {
  const { status, fields, error } = reply;
  if (status !== 200 && status !== 201) {
    if (status === 429 || status >= 500) throw unexpectedReply(wire, name, reply, true);
    const said = error === undefined || error === 'other' ? '' : ` (${error})`;
    throw new Problem('oauth/no-registration', {
      what: `${name} answered ${status}${said}: it does not let us register`,
      next: 'register a client on the pages of the service, and give its client id',
    });
  }
  const clientId = textOf(fields?.['client_id']);
  if (fields === undefined || clientId === undefined || !/^[\x20-\x7e]{1,2048}$/.test(clientId)) {
    throw new Problem('oauth/wrong-answer', {
      what: `${name} answered ${status} without a client id that can be used`,
      effect: 'unknown',
    });
  }
  const method = textOf(fields['token_endpoint_auth_method']);
  const secret = method === 'none' ? undefined : textOf(fields['client_secret']);
  const endsAt = fields['client_secret_expires_at'];
  const redirectUris = listed(fields['redirect_uris']);
  const managementUri = textOf(fields['registration_client_uri']);
  const managementToken = textOf(fields['registration_access_token']);
  return {
    clientId,
    ...(secret === undefined ? {} : { clientSecret: new Secret(secret) }),
    // 0: never (RFC 7591 section 3.2.1)
    ...(secret !== undefined && typeof endsAt === 'number' && endsAt > 0 ? { clientSecretExpiresAt: endsAt * second } : {}),
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(managementUri === undefined ? {} : { managementUri }),
    ...(managementToken === undefined ? {} : { managementToken: new Secret(managementToken) }),
  };
}

/**
 * Deletes a registration (RFC 7592 section 2.3). Last of all: after it the client can no longer revoke anything.
 * 'not-supported': nothing to ask with, or the server does not do it. Never a Problem but oauth/unsafe-address.
 */
export async function deleteRegistration(wire: Wire, registration: Registration, server: URL): Promise<Ended> {
  const { managementUri, managementToken } = registration;
  if (managementUri === undefined || managementToken === undefined) return 'not-supported';
  const address = safeAddress(managementUri, 'registration', server);
  const headers = { accept: 'application/json', authorization: `Bearer ${managementToken.reveal()}` };
  let status: number;
  try {
    ({ status } = await send(
      wire,
      server,
      `${address.host}: registration`,
      { method: 'DELETE', url: address.href, headers },
      'unknown',
    ));
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'oauth/unsafe-address') throw error;
    return 'unknown';
  }
  if (status === 200 || status === 204) return 'deleted';
  if (status === 401) return 'gone';
  // 404: no such route, or no such client; which of them is not told
  return status === 403 || status === 405 || status === 501 ? 'not-supported' : 'unknown';
}

/**
 * Does the server still know the client? Some forget those that were not used for a while, and then tell only the person, on a
 * page from which the browser never comes back. Asked with a refresh token that was never issued: the client is looked at
 * before the token (RFC 6749 section 5.2).
 */
export async function isKnown(wire: Wire, discovery: Discovery, registration: Registration): Promise<'yes' | 'no' | 'unknown'> {
  const madeUp = new Secret(base64url(wire.random.bytes(32)));
  try {
    const reply = await askRefresh(wire, discovery, registration, madeUp);
    if (reply?.error === 'invalid_client') return 'no';
    return reply?.error === 'invalid_grant' ? 'yes' : 'unknown';
  } catch (error) {
    if (error instanceof Problem) return 'unknown';
    throw error;
  }
}

/** How a client that nobody registered by hand can introduce itself, in the order of MCP 2025-11-25. */
export function registrationKinds({ metadata }: Pick<Discovery, 'metadata'>): readonly RegistrationKind[] {
  return kindsOf(metadata);
}

/** The server takes its secret no longer: to be registered anew. */
export function isExpired({ clientSecretExpiresAt }: Registration, now: Instant): boolean {
  return clientSecretExpiresAt !== undefined && clientSecretExpiresAt <= now;
}
