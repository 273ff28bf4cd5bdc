/** What is asked of GitLab. The only file here that reveals a token. `api` ends in /api/v4. */
import type { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import type { HttpRequest } from '../../ports/net.ts';
import { userAgent } from '../http.ts';
import type { Held } from '../provider.ts';

function ask(method: HttpRequest['method'], url: string, token: Secret): HttpRequest {
  const headers = { accept: 'application/json', 'private-token': token.reveal(), 'user-agent': userAgent };
  return { method, url, headers };
}

export function getSelf(api: string, token: Secret): HttpRequest {
  return ask('GET', `${api}/personal_access_tokens/self`, token);
}

/** `YYYY-MM-DD` in UTC, as GitLab counts days. */
const dateOf = (at: Instant): string => new Date(at).toISOString().slice(0, 10);

/** Ends the token that asks. Without a date GitLab may give the new one a week. */
export function rotateSelf(api: string, token: Secret, expiresAt: Instant): HttpRequest {
  return ask('POST', `${api}/personal_access_tokens/self/rotate?expires_at=${dateOf(expiresAt)}`, token);
}

export function revokeSelf(api: string, token: Secret): HttpRequest {
  return ask('DELETE', `${api}/personal_access_tokens/self`, token);
}

/** Another token of the same user. */
export function revokeById(api: string, token: Secret, id: string): HttpRequest {
  return ask('DELETE', `${api}/personal_access_tokens/${encodeURIComponent(id)}`, token);
}

/** Contributions of the token's user. Both dates are exclusive: a day is added on either side. */
export function events(api: string, token: Secret, from: Instant, to: Instant, page: number): HttpRequest {
  const day = 86_400_000;
  const query = new URLSearchParams({
    after: dateOf(from - day),
    before: dateOf(to + day),
    sort: 'asc',
    per_page: '100',
    page: String(page),
  });
  return ask('GET', `${api}/events?${query}`, token);
}

export function identity(held: Held): string {
  return `gitlab ${held.parts['token']?.reveal() ?? ''}`;
}
