/**
 * An OAuth client in plain requests, independent of the product: what tests measure by. It trusts every answer.
 */
import { createHash, randomBytes } from 'node:crypto';
import { paths } from './authorization-server.ts';
import { consent, type Person } from './consent.ts';

export type Answer = Readonly<Record<string, unknown>>;
export interface Got {
  readonly status: number;
  /** Empty when the answer is no JSON. */
  readonly body: Answer;
}

/** Nobody listens there. */
export const redirectUri = 'http://127.0.0.1:9/callback';

export async function got(response: Response): Promise<Got> {
  const json = /json/.test(response.headers.get('content-type') ?? '');
  const text = await response.text();
  return { status: response.status, body: json ? (JSON.parse(text) as Answer) : {} };
}

export const post = async (address: string, fields: Readonly<Record<string, string>>): Promise<Got> =>
  got(await fetch(address, { method: 'POST', body: new URLSearchParams(fields) }));

/** RFC 7591: a public client with the redirect address above; `more` goes over that. */
export const register = async (issuer: string, more: object = {}): Promise<Got> =>
  got(
    await fetch(issuer + paths.registration, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        ...more,
      }),
    }),
  );

export interface Wish {
  readonly issuer: string;
  readonly resource: string;
  /** Absent: one that is registered for this. */
  readonly clientId?: string;
  readonly redirectUri?: string;
  readonly scope?: string;
  readonly person?: Person;
}

/** The redirect that ends an authorization request, and the verifier that belongs to it. */
export async function authorize(wish: Wish & { readonly clientId: string }) {
  const verifier = randomBytes(32).toString('base64url');
  const address = new URL(wish.issuer + paths.authorization);
  address.search = new URLSearchParams({
    client_id: wish.clientId,
    response_type: 'code',
    redirect_uri: wish.redirectUri ?? redirectUri,
    scope: wish.scope ?? 'mcp:read',
    state: 'the-state',
    resource: wish.resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  return { redirect: new URL(await consent(address.href, wish.person)), verifier, address: address.href };
}

export interface PlainTokens {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly access: string;
  readonly refresh: string;
  readonly scope: string;
  readonly expiresInS: number;
}

export async function signIn(wish: Wish): Promise<PlainTokens> {
  const back = wish.redirectUri ?? redirectUri;
  const clientId = wish.clientId ?? String((await register(wish.issuer, { redirect_uris: [back] })).body['client_id']);
  const { redirect, verifier } = await authorize({ ...wish, clientId });
  const code = redirect.searchParams.get('code');
  if (code === null) throw new Error(`no code came: ${redirect.searchParams.get('error')}`);
  const { status, body } = await post(wish.issuer + paths.token, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    redirect_uri: back,
    code_verifier: verifier,
  });
  if (status !== 200) throw new Error(`the code was not taken: ${status} ${String(body['error'])}`);
  return {
    issuer: wish.issuer,
    clientId,
    redirectUri: back,
    access: String(body['access_token']),
    refresh: String(body['refresh_token']),
    scope: String(body['scope']),
    expiresInS: Number(body['expires_in']),
  };
}

export const refresh = ({ clientId, refresh: token, issuer }: PlainTokens, at = issuer): Promise<Got> =>
  post(at + paths.token, { grant_type: 'refresh_token', client_id: clientId, refresh_token: token });

export const revoke = ({ clientId, issuer }: PlainTokens, token: string): Promise<Got> =>
  post(issuer + paths.revocation, { client_id: clientId, token });

export function askMcp(url: string, token: string | undefined, method = 'tools/list', params: object = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}

export async function statusWith(url: string, token: string): Promise<number> {
  const response = await askMcp(url, token);
  await response.body?.cancel();
  return response.status;
}
