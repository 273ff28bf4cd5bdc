/** What is asked of GitHub. The only file here that reveals a token. */
import type { Secret } from '../../base/secret.ts';
import { type Instant, isoSeconds } from '../../base/time.ts';
import type { HttpRequest } from '../../ports/net.ts';
import { userAgent } from '../http.ts';
import type { Held } from '../provider.ts';

/** GitHub's documentation recommends its own media type, its description names plain JSON. The version keeps answers as they are. */
const headers = {
  accept: 'application/vnd.github+json, application/json',
  'x-github-api-version': '2022-11-28',
  'user-agent': userAgent,
};

function authorized(token: Secret): Record<string, string> {
  return { ...headers, authorization: `Bearer ${token.reveal()}` };
}

export function getUser(api: string, token: Secret): HttpRequest {
  return { method: 'GET', url: `${api}/user`, headers: authorized(token) };
}

export function listOrganisations(api: string, token: Secret): HttpRequest {
  return { method: 'GET', url: `${api}/user/orgs?per_page=100`, headers: authorized(token) };
}

/** Open ones, with their texts: without the text nobody can tell which key it is. */
export function listAlerts(api: string, token: Secret, repository: string, page: number): HttpRequest {
  const query = new URLSearchParams({ state: 'open', per_page: '100', page: String(page) });
  return { method: 'GET', url: `${api}/repos/${repository}/secret-scanning/alerts?${query}`, headers: authorized(token) };
}

export function listLocations(api: string, token: Secret, repository: string, alert: number): HttpRequest {
  const url = `${api}/repos/${repository}/secret-scanning/alerts/${alert}/locations?per_page=100`;
  return { method: 'GET', url, headers: authorized(token) };
}

/** 1 to 1000 tokens, without authorization: with one GitHub answers 403. */
export function revokeCredentials(api: string, tokens: readonly Secret[]): HttpRequest {
  return {
    method: 'POST',
    url: `${api}/credentials/revoke`,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ credentials: tokens.map((token) => token.reveal()) }),
  };
}

/** `owner`: `orgs/acme` or `enterprises/acme`. The log knows a token by the base64 of its SHA-256. */
export async function auditLog(
  api: string,
  owner: string,
  reader: Secret,
  of: { readonly token: Secret; readonly from: Instant; readonly to: Instant },
  after: string | undefined,
): Promise<HttpRequest> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(of.token.reveal()));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const query = new URLSearchParams({
    phrase: `hashed_token:"${hash}" created:${isoSeconds(of.from)}..${isoSeconds(of.to)}`,
    include: 'all',
    order: 'asc',
    per_page: '100',
    ...(after === undefined ? {} : { after }),
  });
  return { method: 'GET', url: `${api}/${owner}/audit-log?${query}`, headers: authorized(reader) };
}

export function identity(held: Held): string {
  return `github ${held.parts['token']?.reveal() ?? ''}`;
}
