/**
 * The way out and back of an authorization code: the address that the person opens, and how what comes back is judged. Pure.
 *
 * Whoever can reach the listener, or make the person paste something, can send an answer. Only one that carries our `state` is
 * an answer to us at all; only one of the issuer that we recorded before is taken (RFC 9207; MCP 2026-07-28, which compares
 * character by character, errors too). Of any other nothing is shown, not even an error's description.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Discovery, ServerMetadata } from './oauth.ts';

export interface Pending {
  readonly issuer: string;
  readonly state: string;
  /** The server says that it always names itself (RFC 9207, 3). */
  readonly issAlways: boolean;
}

export type Returned =
  | { readonly kind: 'code'; readonly code: Secret }
  /** Not of this sign-in: the wait goes on. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'refused'; readonly problem: Problem };

export function pendingOf({ issuer, metadata }: Pick<Discovery, 'issuer' | 'metadata'>, state: string): Pending {
  return { issuer, state, issAlways: metadata['authorization_response_iss_parameter_supported'] === true };
}

/** RFC 6749 4.1.2.1, RFC 8707 2, OpenID Connect Core 3.1.2.6: the words that may be repeated to a person. */
const errorWords: Readonly<Record<string, string>> = {
  invalid_request: 'it takes the request for malformed',
  unauthorized_client: 'this client may not ask for a code',
  unsupported_response_type: 'it gives no codes',
  invalid_scope: 'a scope is unknown to it or may not be asked for',
  invalid_target: 'it does not know the resource',
  login_required: 'nobody signed in',
  consent_required: 'nobody consented',
  interaction_required: 'a person has to do something there first',
};

export function judge(parameters: URLSearchParams, { issuer, state, issAlways }: Pending): Returned {
  if (only(parameters, 'state') !== state) return { kind: 'not-ours' };
  if (parameters.has('iss') ? only(parameters, 'iss') !== issuer : issAlways) {
    return refused('oauth/issuer-mismatch', {
      what: parameters.has('iss')
        ? `the answer to the sign-in comes from another authorization server than ${issuer}`
        : `the answer to the sign-in does not name its authorization server, though ${issuer} says that it always does`,
      state: 'the code was not used, and no token was issued to us',
      next: 'somebody may have tampered with the sign-in; try again, and tell the operator of the server if it stays so',
    });
  }
  if (parameters.has('error')) return refusedBy(issuer, only(parameters, 'error'));
  const code = only(parameters, 'code');
  if (code === undefined || code === '') {
    return refused('oauth/wrong-answer', { what: `${issuer} sent the browser back with neither a code nor an error` });
  }
  return { kind: 'code', code: new Secret(code) };
}

function refusedBy(issuer: string, error: string | undefined): Returned {
  if (error === 'access_denied') {
    return refused('oauth/denied', { what: `consent was denied at ${issuer}`, state: 'no token was issued' });
  }
  if (error === 'server_error' || error === 'temporarily_unavailable') {
    return refused('provider/unavailable', {
      what: `${issuer} could not complete the sign-in just now`,
      next: 'try again later',
    });
  }
  const words = error === undefined ? undefined : Object.hasOwn(errorWords, error) ? errorWords[error] : undefined;
  return refused('oauth/wrong-answer', {
    what: `${issuer} refused the sign-in${words === undefined ? '' : `: ${words} (${error})`}`,
    state: 'no token was issued',
  });
}

const refused = (...[code, parts]: ConstructorParameters<typeof Problem>): Returned => ({
  kind: 'refused',
  problem: new Problem(code, parts),
});

/** The value of a parameter that is there once; a repeated one counts as none (RFC 6749 3.1). */
function only(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = parameters.getAll(name);
  return more.length > 0 ? undefined : value;
}

/**
 * What a person pasted: the whole address to which the browser was sent, its query alone, or `code#state`, as some servers show
 * it. undefined when it is none of them.
 */
export function readPasted(text: string): URLSearchParams | undefined {
  const pasted = text.trim();
  if (/^https?:\/\//i.test(pasted)) return URL.canParse(pasted) ? new URL(pasted).searchParams : undefined;
  if (/(?:^|[?&])(?:code|error)=/.test(pasted)) return new URLSearchParams(pasted.replace(/^[^?]*\?/, ''));
  const [, code, state] = /^([^\s#]+)#([^\s#]+)$/.exec(pasted) ?? [];
  return code !== undefined && state !== undefined ? new URLSearchParams({ code, state }) : undefined;
}

export interface AuthorizationRequest {
  readonly endpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly resource: string;
  readonly scopes: readonly string[] | undefined;
  readonly state: string;
  readonly challenge: string;
}

/** RFC 6749 4.1.1, RFC 7636 4.3, RFC 8707 2. A query that the endpoint already has is kept. */
export function authorizationAddress(request: AuthorizationRequest): string {
  const url = new URL(request.endpoint);
  const set = (name: string, value: string) => url.searchParams.set(name, value);
  set('response_type', 'code');
  set('client_id', request.clientId);
  set('redirect_uri', request.redirectUri);
  set('code_challenge', request.challenge);
  set('code_challenge_method', 'S256');
  set('state', request.state);
  set('resource', request.resource);
  if (request.scopes && request.scopes.length > 0) set('scope', request.scopes.join(' '));
  // OpenID Connect Core 11: a server may ignore offline_access unless consent is asked for; oidc-provider 9 does.
  if (request.scopes?.includes('offline_access')) set('prompt', 'consent');
  return url.href;
}

/**
 * The scopes to ask for: what was wanted, and offline_access where the server lists it (MCP 2026-07-28, refresh tokens).
 * Where nothing is asked for the server chooses, and offline_access alone would ask for nothing but itself.
 */
export function scopesToAsk(wanted: readonly string[] | undefined, metadata: ServerMetadata): readonly string[] | undefined {
  if (wanted === undefined || wanted.length === 0) return undefined;
  const supported = metadata['scopes_supported'];
  const offline = Array.isArray(supported) && supported.includes('offline_access') ? ['offline_access'] : [];
  return [...new Set([...wanted, ...offline])];
}

/** Problem oauth/no-pkce, unless the server says that it takes S256 (MCP 2025-11-25: a client must not go on without). */
export function requirePkce({ issuer, metadata }: Pick<Discovery, 'issuer' | 'metadata'>): void {
  const methods = metadata['code_challenge_methods_supported'];
  if (Array.isArray(methods) && methods.includes('S256')) return;
  throw new Problem('oauth/no-pkce', {
    what: Array.isArray(methods)
      ? `${issuer} does not take PKCE with S256`
      : `${issuer} does not say that it takes PKCE (code_challenge_methods_supported is missing)`,
    state: 'nobody was asked to sign in',
    next: 'without PKCE another program can use an intercepted code: ask the operator of the server to switch it on',
  });
}
