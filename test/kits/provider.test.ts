/**
 * Goal: the kit of providers passes a right provider and catches a wrong one.
 * Method: bugs of the kind that real providers have, planted one at a time in a small provider; each must fail a case
 * of the part that is there for it. Without a bug no case fails.
 */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { type KitOptions, providerCases, providerKit } from './provider.ts';
import { findSpill } from './spills.ts';
import { type Bug, bugs, toyProvider, toyWorld } from './toy-provider.ts';

const token = 'acme_abcdefghjkmnpqrst001';

const optionsWith = (planted: readonly Bug[]): KitOptions => ({
  provider: toyProvider(planted),
  samples: [
    {
      title: 'bearer header',
      slots: [{ where: 'header', name: 'Authorization', value: `Bearer ${token}` }],
      kind: 'token',
      parts: { token },
      context: {},
      credential: 'one',
      mutate: [{ part: 'token', how: ['short', 'prefix', 'alphabet'] }],
    },
    {
      title: 'variable',
      slots: [{ where: 'env', name: 'ACME_TOKEN', value: token }],
      kind: 'token',
      parts: { token },
      context: {},
      credential: 'one',
    },
  ],
  nearMisses: [{ title: 'another prefix', slots: [{ where: 'env', name: 'ACME_TOKEN', value: 'acne_abcdefghjkmnpqrst001' }] }],
  world: toyWorld,
});

async function failures(planted: readonly Bug[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of providerCases(optionsWith(planted))) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

/** The case that must see each bug. */
const seenBy: Record<Bug, RegExp> = {
  'revoke kills the survivor': /issue, works, revoke/,
  'revoke does nothing': /issue, works, revoke/,
  'secret in an error': /with refused/,
  'secret in how': /check with unreachable/,
  'near miss recognised': /token with short changed/,
  'could not tell read as no': /check with unavailable/,
  'garbage read as yes': /check with garbage/,
  'stray not found': /issue with lost-answer/,
  'stray of others taken': /issue, works, revoke/,
  'lost answer claimed to have no effect': /issue with lost-answer/,
  'revoke again fails': /issue, works, revoke/,
  'retry-after dropped': /with rate-limited/,
  'span off by one': /recognises: bearer/,
  'recognise throws': /recognise never throws/,
  'identity depends on the form': /identity/,
  'a neighbour revoked': /issue, works, revoke/,
  'rights wider': /issue, works, revoke/,
  'TypeError on garbage': /with garbage/,
};

providerKit(optionsWith([]));

describe('the kit of providers', () => {
  it.each(bugs)('sees: %s', async (bug) => {
    const failed = await failures([bug]);
    expect(failed.filter((title) => seenBy[bug].test(title))).not.toEqual([]);
  });

  it('fails when a method was never reached', async () => {
    const options = optionsWith([]);
    const broken = providerCases({ ...options, world: () => Promise.reject(new Error('no world')) });
    for (const { run } of broken.slice(0, -1)) await run().catch(() => {});
    await expect(broken.at(-1)?.run()).rejects.toThrow(/issue with lost-answer/);
  });

  it('fails when no fault ever fires', async () => {
    const options = optionsWith([]);
    const silent = { ...options.provider, check: async () => ({ alive: 'yes' as const, how: 'guessed' }) };
    const cases = providerCases({ ...options, provider: silent });
    for (const { run } of cases.slice(0, -1)) await run().catch(() => {});
    await expect(cases.at(-1)?.run()).rejects.toThrow(/check with hang/);
  });
});

describe('findSpill', () => {
  const secret = new Secret("p@ss'wörd/1+2");
  const text = secret.reveal();
  const hidden = Object.defineProperty({}, 'hidden', { value: text, enumerable: false });
  it.each([
    ['message', new Error(text)],
    ['cause', new Error('x', { cause: new Error('y', { cause: { text } }) })],
    ['hidden property', hidden],
    ['symbol', { [Symbol('s')]: text }],
    ['map', new Map([[1, new Set([text])]])],
    ['bytes', Buffer.from('abc'.concat(JSON.stringify(text)))],
    ['percent', [encodeURIComponent(text)]],
    ['base64 inside', { header: `Basic ${Buffer.from(`user:${text}`).toString('base64')}` }],
    ['JSON in JSON', JSON.stringify({ body: JSON.stringify({ 'a"b': text }) })],
    ['SQL', `ALTER ROLE x PASSWORD '${text.replaceAll("'", "''")}'`],
  ])('sees a secret in %s', (_where, value) => {
    expect(findSpill(value, [secret])).toBeDefined();
  });

  it('sees none where there is none', () => {
    expect(findSpill({ secret, list: [new Secret(text)], error: new Error('refused') }, [secret])).toBeUndefined();
  });
});
