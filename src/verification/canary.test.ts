/**
 * Goal: a canary is never a real key, looks like one, stands where the key stood, and leaves all else alone.
 * Method: properties over random secrets and hosts; examples of the places in which real servers take their keys.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
import { breakSecret, canaryOf, substitute } from './canary.ts';

const random = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) % 256);
const stdio = (args: string[], env: Record<string, string> = {}): ServerLaunch => ({ kind: 'stdio', command: 'x', args, env });
const broken = (text: string) => breakSecret(new Secret(text), random).reveal();
const kind = (c: string) => (/\d/.test(c) ? 'digit' : /[a-z]/.test(c) ? 'lower' : /[A-Z]/.test(c) ? 'upper' : c);

describe('a broken secret', () => {
  it('has the shape of the secret and is another, the same each time', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 64 });
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 80, unit: 'binary' }), bytes, (text, random) => {
        const one = breakSecret(new Secret(text), random).reveal();
        expect(one).not.toBe(text);
        expect(one.length).toBe(text.length);
        expect(breakSecret(new Secret(text), random).reveal()).toBe(one);
        if (/[A-Za-z0-9]/.test(text)) expect(Array.from(one, kind).join()).toBe(Array.from(text, kind).join());
      }),
    );
  });

  it.each([
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', /^ghp_[a-z]{26}\d{10}$/],
    ['github_pat_11ABCDEFG0abcdefghijkl_ZYXWVUTSRQ', /^github_pat_\d\d[A-Z]{7}\d[a-z]{12}_[A-Z]{10}$/],
    ['sk_live_51HabcdefGHIJ', /^sk_live_\d\d[A-Z]/],
    ['AKIAIOSFODNN7EXAMPLE', /^AKIA[A-Z]{8}\d[A-Z]{7}$/],
    ['0123456789abcdef', /^[0-9a-f]{16}$/],
    ['xoxb-1234-5678-abcd', /^xoxb-\d{4}-\d{4}-[a-z]{4}$/],
    ['!!!', /^xxx$/],
  ])('of %s keeps its prefix', (text, shape) => {
    expect(broken(text)).toMatch(shape);
    expect(broken(text)).not.toBe(text);
  });

  it('of a JWT is wrong in the signature alone', () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.s1gnatureS1gnature';
    expect(broken(jwt).split('.').slice(0, 2)).toEqual(jwt.split('.').slice(0, 2));
    expect(broken(jwt)).not.toBe(jwt);
  });
});

describe('a canary', () => {
  const text = 'p@ss "w0rd"/+0123';
  const bad = broken(text);
  it.each([
    ['env', stdio([], { K: text }), stdio([], { K: bad })],
    ['header', stdio([], { H: `Bearer ${text}` }), stdio([], { H: `Bearer ${bad}` })],
    ['DSN', stdio([`pg://u:${encodeURIComponent(text)}@h/d`]), stdio([`pg://u:${encodeURIComponent(bad)}@h/d`])],
    ['JSON', stdio([], { J: JSON.stringify({ a: text }) }), stdio([], { J: JSON.stringify({ a: bad }) })],
    ['flag', stdio([`--api-key=${text}`, 'z']), stdio([`--api-key=${bad}`, 'z'])],
    ['basic', stdio([], { A: `Basic ${btoa(`u:${text}`)}` }), stdio([], { A: `Basic ${btoa(`u:${bad}`)}` })],
    ['both', stdio([text], { K: text }), stdio([bad], { K: bad })],
    [
      'remote',
      { kind: 'remote', url: `https://h/?k=${encodeURIComponent(text)}`, headers: { X: text }, transport: 'http' },
      { kind: 'remote', url: `https://h/?k=${encodeURIComponent(bad)}`, headers: { X: bad }, transport: 'http' },
    ],
  ] as [string, ServerLaunch, ServerLaunch][])('is broken where the key stands: %s', (_where, launch, expected) => {
    const canary = canaryOf(launch, [new Secret(text)], random);
    expect(canary?.launch).toEqual(expected);
    expect(canary?.broken.map((secret) => secret.reveal())).toEqual([bad]);
  });

  it('leaves a longer key with the same start alone (failure mode 16)', () => {
    const key = 'abcdef0123456789';
    const canary = canaryOf(stdio([`${key}ff`], { A: key }), [new Secret(key)], random);
    expect(canary?.launch).toEqual(stdio([`${key}ff`], { A: broken(key) }));
  });

  it('of a password that is an everyday word breaks the password alone', () => {
    const password = new Secret('postgres');
    const bad = broken('postgres');
    const launch = stdio(['/opt/postgres/server.js', 'postgresql://postgres:postgres@postgres/postgres'], {
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      DSN: 'host=postgres user=postgres password=postgres dbname=postgres',
    });
    expect(canaryOf(launch, [password], random)?.launch).toEqual(
      stdio(['/opt/postgres/server.js', `postgresql://postgres:${bad}@postgres/postgres`], {
        PGUSER: 'postgres',
        PGPASSWORD: bad,
        DSN: `host=postgres user=postgres password=${bad} dbname=postgres`,
      }),
    );
    expect(canaryOf(stdio(['postgres.js', '/postgres']), [password], random)).toBeUndefined();
  });

  it('is not made where no secret stands', () => {
    expect(canaryOf(stdio(['a'], { B: 'c' }), [new Secret('a-secret-0123456')], random)).toBeUndefined();
  });

  it('swaps whole credentials too', () => {
    const [a, b] = [new Secret('old-value-000001'), new Secret('new-value-000002')];
    expect(substitute(stdio([], { K: b.reveal() }), [b], [a])).toEqual(stdio([], { K: a.reveal() }));
  });
});
