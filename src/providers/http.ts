/**
 * What providers with an HTTP API share: sending, and reading what a status means.
 *
 * Two kinds of call: a *reading* one never has an effect, whatever goes wrong; a *changing* one may have had its effect when
 * its answer is lost, broken, or a 5xx. Bodies are read by the provider and never quoted: only statuses and our own
 * words get into a problem.
 */
import { Problem, type ProblemParts } from '../base/problem.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { HttpAnswer, HttpRequest } from '../ports/net.ts';
import type { Upstream } from '../ports/ports.ts';
import type { Slot, Standing } from './provider.ts';

/** `name`: the provider and the call, `GitHub: GET /user`. */
export async function sendReading(up: Upstream, name: string, request: HttpRequest): Promise<HttpAnswer> {
  return send(up, name, request, 'none');
}

export async function sendChanging(up: Upstream, name: string, request: HttpRequest): Promise<HttpAnswer> {
  return send(up, name, request, 'unknown');
}

async function send(up: Upstream, name: string, request: HttpRequest, lost: 'none' | 'unknown'): Promise<HttpAnswer> {
  try {
    return await up.net.send(request);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.code, {
      what: `${name}: ${error.what}`,
      effect: error.effect === 'none' ? 'none' : lost,
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

/** The problem that an answer which is not the expected one amounts to. */
export function unexpected(up: Upstream, name: string, answer: HttpAnswer, kind: 'reading' | 'changing'): Problem {
  const { status } = answer;
  const maybe: Partial<ProblemParts> = kind === 'changing' ? { effect: 'unknown' } : {};
  const what = `${name} answered ${status}`;
  if (isRateLimited(answer)) {
    const retryAfterMs = retryAfter(answer, up.clock.now());
    return new Problem('provider/rate-limited', { what, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }
  if (status === 401) return new Problem('provider/refused', { what });
  if (status === 403) return new Problem('provider/forbidden', { what });
  if (status === 404 || status === 410) return new Problem('provider/not-found', { what });
  if (status >= 500) return new Problem('provider/unavailable', { what, ...maybe });
  if (status >= 400) return new Problem('provider/cannot', { what: `${what}: it does not take this request` });
  return new Problem('provider/garbled', { what: `${what}, and what it says could not be read`, ...maybe });
}

/** 429; and 403 when the answer says that it is about a limit (GitHub's way). */
export function isRateLimited({ status, headers }: HttpAnswer): boolean {
  if (status === 429) return true;
  return status === 403 && (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0');
}

/** From Retry-After (seconds or a date, RFC 9110 section 10.2.3), else from a rate limit's reset time. */
export function retryAfter({ headers }: HttpAnswer, now: Instant): Milliseconds | undefined {
  const text = headers['retry-after'];
  if (text !== undefined) {
    if (/^\d{1,7}$/.test(text)) return Number(text) * 1000;
    const date = Date.parse(text);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
  }
  const reset = headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'];
  if (reset === undefined || !/^\d{9,11}$/.test(reset)) return undefined;
  return Math.max(0, Number(reset) * 1000 - now);
}

/**
 * Is a 401 the service's own? A login page of a proxy or a captive portal in between answers 401 with HTML, which
 * says nothing of the key; API services answer in their own format.
 */
export function isOwnRefusal(answer: HttpAnswer): boolean {
  return answer.status === 401 && !/html/i.test(answer.headers['content-type'] ?? '');
}

/** A check that came to no answer. Anything but a Problem is a bug and goes on. */
export function couldNotTell(error: unknown): Standing {
  if (!(error instanceof Problem)) throw error;
  const { what, retryAfterMs } = error;
  return { alive: 'unknown', how: what, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

export type Fields = Readonly<Record<string, unknown>>;

export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A body that is JSON; undefined when it is not. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** ISO 8601 text to an instant. */
export function instantOf(value: unknown): Instant | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** An absent value leaves no key behind: what `exactOptionalPropertyTypes` asks for. */
export function given<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [name in K]?: V };
}

/** Value of the first environment variable of these names. */
export function envOf(slots: readonly Slot[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = slots.find((slot) => slot.where === 'env' && slot.name === name)?.value.trim();
    if (value) return value;
  }
  return undefined;
}

/** Without query, fragment, user and final slashes; undefined when it is no http(s) address. */
export function apiBase(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** For `Provider.hosts`: the host of an API's address, unless it is the provider's usual one. */
export function hostsBut(usual: string, address: string | undefined): readonly string[] {
  if (address === undefined || address === usual || !URL.canParse(address)) return [];
  return [new URL(address).hostname];
}

export const userAgent = 'mcp-rotate';
