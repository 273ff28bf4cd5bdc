/**
 * Goal: what a person pastes is taken for the key that it is, with what stands beside it, and nothing else is.
 * Method: the registry's own recognisers and formats over texts of every shape; broken and huge ones.
 */
import { describe, expect, it } from 'vitest';
import { classicToken, fineGrainedToken } from '../../test/toys/github.ts';
import { Secret } from '../base/secret.ts';
import { clients, providers, stores } from '../registry.ts';
import { keyOfSecret, keysInText } from './pasted.ts';

const adapters = { clients, providers, stores };
const one = classicToken(31);
const two = fineGrainedToken(32);
const openai = ['sk-', 'proj-', 'aB3dE5fG7h'.repeat(2), 'T3BlbkFJ', 'kL9mN1pQ3r'.repeat(2)].join('');
const keyId = ['AKIA', 'Q3EGRZ7JMVXW2YTB'].join('');
const keySecret = ['wJ2rXUtnF3MI', 'K7MDsNGxbPxRfiCYzRaMpLqKeYd2'].join('/').slice(0, 40);

const told = (text: string) =>
  keysInText(adapters, text).map(({ provider, held, format }) => [
    format === undefined ? provider : `${provider}: ${format}`,
    ...Object.values(held.parts).map((part) => part.reveal()),
  ]);

describe('a pasted text', () => {
  it.each([
    ['a bare key', one, [['github', one]]],
    ['with blanks around it', `  ${one}\n\n`, [['github', one]]],
    ['a line of .env', `export GITHUB_TOKEN="${one}" # mine\nOTHER=1`, [['github', one]]],
    [
      'several lines',
      `A=${one}\nB: ${two}\nC=${one}`,
      [
        ['github', one],
        ['github', two],
      ],
    ],
    [
      'a piece of a config',
      JSON.stringify({ env: { T: two, args: ['--x', one] } }),
      [
        ['github', two],
        ['github', one],
      ],
    ],
    ['prose', `please use ${one}, it works`, [['github', one]]],
    ['a pair, on one line', `AWS_ACCESS_KEY_ID=${keyId} AWS_SECRET_ACCESS_KEY=${keySecret}`, [['aws-iam', keyId, keySecret]]],
    ['an address', 'postgresql://app:s3cret-Pass@db.example:5432/app', [['postgresql', 'app', 's3cret-Pass']]],
  ])('%s', (_title, text, expected) => {
    expect(told(text).map((row) => row.map(String).sort())).toEqual(expected.map((row) => [...row].sort()));
  });

  it('of a provider that no folder knows is known by its format', () => {
    const [key, ...more] = keysInText(adapters, `OPENAI_API_KEY=${openai}`);
    expect(more).toEqual([]);
    expect(key).toMatchObject({ provider: 'openai', format: expect.stringContaining('OpenAI') });
    expect(key?.held.parts['value']?.equals(new Secret(openai))).toBe(true);
  });

  it('that nothing knows is a key because a person says so, if it is one word', () => {
    expect(told('Zq8-unheard-of-1234')).toEqual([['unknown: text that you say is a key', 'Zq8-unheard-of-1234']]);
    expect(told('just a few words')).toEqual([]);
    expect(told('')).toEqual([]);
    expect(told(`GITHUB_TOKEN=ghp_${'x'.repeat(36)}`)).toEqual([]);
  });

  it('tells whether a host stands beside the key in one literal', () => {
    const [dsn] = keysInText(adapters, 'postgresql://app:s3cret-Pass@db.example:5432/app');
    expect([dsn?.besideKey('db.example'), dsn?.besideKey('other.example')]).toEqual([true, false]);
    const [apart] = keysInText(adapters, `GITHUB_API_URL=https://evil.example\nGITHUB_TOKEN=${one}`);
    expect(apart?.held.context['api']).toBe('https://evil.example');
    expect(apart?.besideKey('evil.example')).toBe(false);
  });

  it('of any shape is looked at in bounded time', () => {
    const nested = `${'['.repeat(5000)}"${one}"${']'.repeat(5000)}`;
    for (const text of [
      nested,
      'a'.repeat(500_000),
      'a='.repeat(200_000),
      '{"'.repeat(100_000),
      '\n'.repeat(100_000),
      '"\\'.repeat(99_999),
    ]) {
      const from = performance.now();
      expect(keysInText(adapters, text).length).toBeLessThan(3);
      expect(performance.now() - from).toBeLessThan(5000);
    }
  });

  it('that a search found is what its recogniser says, else what the search says', () => {
    const what = { provider: 'acme', name: 'Acme key' };
    expect(keyOfSecret(adapters, new Secret(one), what)).toMatchObject({ provider: 'github', held: { kind: 'classic token' } });
    expect(keyOfSecret(adapters, new Secret(openai), what)).toMatchObject({ provider: 'openai' });
    expect(keyOfSecret(adapters, new Secret('acme 77 key'), what)).toMatchObject({ provider: 'acme', format: 'Acme key' });
  });
});
