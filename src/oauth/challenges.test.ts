/**
 * Goal: what a server's 401 says is read as HTTP lays it down, and nothing else is read into it.
 * Method: tables of good and bad headers; random challenges written out and read back; long hostile headers within a time bound.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerOf, readChallenges, scopeList, scopesOf } from './challenges.ts';

const read = (header: string): unknown =>
  readChallenges(header)?.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('challenges', () => {
  it.each<[string, unknown]>([
    ['Bearer', [['bearer', {}]]],
    ['Bearer realm="x"', [['bearer', { realm: 'x' }]]],
    ['bearer   Error = invalid_token ,  SCOPE="a b"', [['bearer', { error: 'invalid_token', scope: 'a b' }]]],
    ['Bearer realm="a, Basic realm=\\"b\\""', [['bearer', { realm: 'a, Basic realm="b"' }]]],
    [
      'Basic realm="x", Bearer error="invalid_token"',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { error: 'invalid_token' }],
      ],
    ],
    [
      'Negotiate, Bearer realm=x',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate abc==, Bearer',
      [
        ['negotiate', {}],
        ['bearer', {}],
      ],
    ],
    [', Bearer realm="x",, scope="y",', [['bearer', { realm: 'x', scope: 'y' }]]],
    ['Bearer realm=""', [['bearer', { realm: '' }]]],
    [
      'DPoP algs="ES256", Bearer realm="x", resource_metadata="https://a/b"',
      [
        ['dpop', { algs: 'ES256' }],
        ['bearer', { realm: 'x', resource_metadata: 'https://a/b' }],
      ],
    ],
    ['', []],
  ])('reads %s', (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it.each([
    'Bearer realm="x',
    'Bearer realm="x" scope="y"',
    'Bearer realm="x", realm="y"',
    'Bearer realm="x", REALM="x"',
    'Bearer resource_metadata="https://a", Resource_Metadata="https://b"',
    'Bearer realm=x y',
    'Bearer a b',
    'Negotiate abc== Bearer',
    'Bearer "x"',
    'Bearer =x',
    '<html>',
    'Bearer realm="\u0000"',
    'Bearer realm="a\r\nb"',
    `Bearer realm="${'a'.repeat(9000)}"`,
  ])('does not read %j', (header) => {
    expect(readChallenges(header)).toBeUndefined();
  });

  it('takes of several bearer challenges the one that names metadata', () => {
    const header = 'Bearer realm="x", Basic, Bearer resource_metadata="https://a/"';
    expect(bearerOf(readChallenges(header) ?? [])?.parameters.get('resource_metadata')).toBe('https://a/');
    expect(bearerOf(readChallenges('Basic realm="x"') ?? [])).toBeUndefined();
  });

  it('reads back what was written', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/);
    const value = fc.stringMatching(/^[\x20-\x7e]{0,40}$/);
    const challenge = fc.tuple(name, fc.dictionary(name, value, { maxKeys: 5 }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const text = challenges.map(([scheme, parameters]) => {
          const words = Object.entries(parameters).map(([key, each]) => `${key}="${each.replace(/[\\"]/g, '\\$&')}"`);
          return [scheme, words.join(', ')].filter((part) => part !== '').join(' ');
        });
        expect(read(text.join(', '))).toEqual(challenges.map(([scheme, parameters]) => [scheme, { ...parameters }]));
      }),
    );
  });

  it.each([
    ['commas', ','.repeat(8000)],
    ['open quotes', `Bearer a="${'\\"'.repeat(4000)}`],
    ['equals signs', `Bearer ${'a='.repeat(4000)}`],
    ['spaces', `Bearer a${' '.repeat(8000)}x`],
    ['schemes', 'a '.repeat(4000)],
  ])('is done soon with many %s', (_title, header) => {
    const from = performance.now();
    readChallenges(header);
    expect(performance.now() - from).toBeLessThan(500);
  });
});

it('takes only scopes that fit a request', () => {
  expect(scopesOf('mcp:read  mcp:write mcp:read')).toEqual(['mcp:read', 'mcp:write']);
  for (const bad of ['', ' ', 'a"b', 'a\\b', 'a\nb', 'ä', undefined, 7]) expect(scopesOf(bad), String(bad)).toBeUndefined();
  expect(scopeList(['a', 'b'])).toEqual(['a', 'b']);
  for (const bad of [[], ['a b'], ['a', 1], 'a', Array.from({ length: 501 }, (_, i) => `s${i}`)])
    expect(scopeList(bad)).toBeUndefined();
});
