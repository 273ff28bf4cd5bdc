/**
 * Goal: what an HTTP answer means is read the same way for all providers, and nobody's 5xx or lost answer counts as "no effect".
 * Method: a table of answers; a net that fails in every way that the port knows.
 */
import { describe, expect, it } from 'vitest';
import { ToyClock, toyUpstream } from '../../test/toys/server.ts';
import { Problem } from '../base/problem.ts';
import type { HttpAnswer } from '../ports/net.ts';
import {
  apiBase,
  couldNotTell,
  envOf,
  instantOf,
  isOwnRefusal,
  isRateLimited,
  retryAfter,
  sendChanging,
  sendReading,
  unexpected,
} from './http.ts';
import { base62, crc32, findTokens, inDigits } from './tokens.ts';

const up = toyUpstream(new ToyClock(), {});
const now = up.clock.now();
const answer = (status: number, headers: Record<string, string> = {}, body = '{"secret":"s3cr3t"}'): HttpAnswer => ({
  status,
  headers,
  body,
});

describe('unexpected answers', () => {
  it.each([
    [401, 'provider/refused', 'none'],
    [403, 'provider/forbidden', 'none'],
    [404, 'provider/not-found', 'none'],
    [410, 'provider/not-found', 'none'],
    [422, 'provider/cannot', 'none'],
    [429, 'provider/rate-limited', 'none'],
    [200, 'provider/garbled', 'unknown'],
    [302, 'provider/garbled', 'unknown'],
    [500, 'provider/unavailable', 'unknown'],
    [503, 'provider/unavailable', 'unknown'],
  ])('%i is %s with effect %s when something was to change', (status, code, effect) => {
    const problem = unexpected(up, 'Acme: POST /x', answer(status), 'changing');
    expect(problem).toMatchObject({ code, effect });
    expect(problem.what).toContain(`Acme: POST /x answered ${status}`);
    expect(JSON.stringify(problem)).not.toContain('s3cr3t');
    expect(unexpected(up, 'Acme: GET /x', answer(status), 'reading')).toMatchObject({ code, effect: 'none' });
  });

  it('403 is a limit only when it says so', () => {
    expect(isRateLimited(answer(403))).toBe(false);
    expect(isRateLimited(answer(403, { 'x-ratelimit-remaining': '12' }))).toBe(false);
    expect(isRateLimited(answer(403, { 'x-ratelimit-remaining': '0' }))).toBe(true);
    expect(isRateLimited(answer(403, { 'retry-after': '1' }))).toBe(true);
    expect(isRateLimited(answer(200, { 'x-ratelimit-remaining': '0' }))).toBe(false);
  });

  it('401 is a refusal unless it is a web page', () => {
    expect(isOwnRefusal(answer(401))).toBe(true);
    expect(isOwnRefusal(answer(401, { 'content-type': 'text/html; charset=utf-8' }))).toBe(false);
    expect(isOwnRefusal(answer(403))).toBe(false);
  });
});

describe('how long to wait', () => {
  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': new Date(now + 90_000).toUTCString() }, 90_000],
    [{ 'retry-after': new Date(now - 90_000).toUTCString() }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '99999999999' }, undefined],
    [{ 'x-ratelimit-reset': String(now / 1000 + 60) }, 60_000],
    [{ 'ratelimit-reset': String(now / 1000 - 60) }, 0],
    [{ 'ratelimit-reset': '60' }, undefined],
    [{}, undefined],
  ])('%j is %s', (headers, expected) => {
    expect(retryAfter(answer(429, headers as Record<string, string>), now)).toBe(expected);
  });
});

describe('sending', () => {
  const failing = (problem: Error) => ({ ...up, net: { send: () => Promise.reject(problem) } });
  const request = { method: 'POST', url: 'https://acme.test/', headers: {} } as const;

  it.each([
    ['provider/timeout', 'unknown', 'unknown'],
    ['provider/garbled', 'unknown', 'unknown'],
    ['provider/unreachable', 'none', 'none'],
  ] as const)('%s without an answer has effect %s when changing, none when reading', async (code, effect, changing) => {
    const net = failing(new Problem(code, { what: 'the net said so', effect, next: 'do this' }));
    const problem = await sendChanging(net, 'Acme: POST /x', request).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code, effect: changing, what: 'Acme: POST /x: the net said so', next: 'do this' });
    await expect(sendReading(net, 'Acme: GET /x', request)).rejects.toMatchObject({ code, effect: 'none' });
  });

  it('lets a bug be a bug', async () => {
    const bug = new TypeError('x');
    await expect(sendReading(failing(bug), 'Acme', request)).rejects.toBe(bug);
    expect(() => couldNotTell(bug)).toThrow(bug);
  });
});

describe('small readers', () => {
  it('take an address without its secrets and ends', () => {
    expect(apiBase('https://user:pw@h.test:8443/a/b/?q=1#x')).toBe('https://h.test:8443/a/b');
    expect(apiBase('ftp://h.test')).toBeUndefined();
    expect(apiBase('h.test')).toBeUndefined();
  });

  it('look variables up in order, and only in the environment', () => {
    const slots = [
      { where: 'header', name: 'A', value: 'no' },
      { where: 'env', name: 'B', value: 'b' },
      { where: 'env', name: 'A', value: ' ' },
    ] as const;
    expect(envOf(slots, ['A', 'B'])).toBe('b');
    expect(instantOf('yesterday')).toBeUndefined();
    expect(instantOf('2026-11-22')).toBe(Date.UTC(2026, 10, 22));
  });
});

describe('tokens', () => {
  it('CRC32 is that of zlib: its standard check value', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    expect(crc32('')).toBe(0);
    expect(inDigits(61, base62, 3)).toBe('00z');
    expect(inDigits(62, base62, 1)).toBe('10');
  });

  it('are found with all their spots', () => {
    const slots = [{ where: 'env', name: 'A', value: 'k1 k2 k1' }] as const;
    const found = findTokens(slots, /k\d/g, 'token', (token) => (token === 'k2' ? undefined : 'key'), { a: 'b' });
    expect(found).toEqual([
      {
        kind: 'key',
        context: { a: 'b' },
        parts: [
          { part: 'token', slot: 0, start: 0, end: 2, coding: 'plain' },
          { part: 'token', slot: 0, start: 6, end: 8, coding: 'plain' },
        ],
      },
    ]);
  });
});
