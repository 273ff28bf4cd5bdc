/** What is asked of Stripe. The only file here that reveals a key. */
import type { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import type { HttpRequest } from '../../ports/net.ts';
import { userAgent } from '../http.ts';
import type { Held } from '../provider.ts';

function get(url: string, key: Secret): HttpRequest {
  return { method: 'GET', url, headers: { authorization: `Bearer ${key.reveal()}`, 'user-agent': userAgent } };
}

export const getAccount = (api: string, key: Secret): HttpRequest => get(`${api}/v1/account`, key);
export const getBalance = (api: string, key: Secret): HttpRequest => get(`${api}/v1/balance`, key);

/** Newest first, 100 a page; `after` is the last event of the page before. */
export function listEvents(api: string, key: Secret, from: Instant, to: Instant, after: string | undefined): HttpRequest {
  const query = new URLSearchParams({
    'created[gte]': String(Math.floor(from / 1000)),
    'created[lte]': String(Math.ceil(to / 1000)),
    limit: '100',
    ...(after === undefined ? {} : { starting_after: after }),
  });
  return get(`${api}/v1/events?${query}`, key);
}

/** As Stripe's own dashboard shows a key to its owner: its prefix and its last four characters. */
export function shownAs(key: Secret): string {
  const text = key.reveal();
  return `${text.slice(0, 'sk_live_'.length)}…${text.slice(-4)}`;
}

export const isTest = (key: Secret): boolean => key.reveal().slice(3, 8) === 'test_';

export function identity(held: Held): string {
  return `stripe ${held.parts['key']?.reveal() ?? ''}`;
}
