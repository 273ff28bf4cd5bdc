/**
 * Goal: what a person hands over is sent only if it looks like a credential of this provider and is not the old one; where
 * the text is free, it may be tried. What is said of it holds nothing of it.
 * Method: every provider that takes a key from a person, and one with free text; keys of their shape made up here.
 */
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import type { Held, Provider } from '../providers/provider.ts';
import { base62, crc32, inDigits } from '../providers/tokens.ts';
import { providers } from '../registry.ts';
import { notSent } from './pasted.ts';

const classic = (fill: string): string => {
  const random = fill.repeat(30);
  return `${['gh', 'p_'].join('')}${random}${inDigits(crc32(random), base62, 6)}`;
};
const aws = (fill: string) => ({ accessKeyId: `${['AK', 'IA'].join('')}${fill.repeat(16)}`, secretAccessKey: fill.repeat(40) });
const stripe = (fill: string, kind = 'sk_live_'): string => `${kind}${fill.repeat(24)}`;

const samples: readonly { id: string; old: Record<string, string>; next: Record<string, string> }[] = [
  { id: 'github', old: { token: classic('A') }, next: { token: classic('B') } },
  {
    id: 'github',
    old: { token: classic('A') },
    next: { token: `${['github', 'pat_'].join('_')}${'c'.repeat(22)}_${'d'.repeat(59)}` },
  },
  { id: 'gitlab', old: { token: `glpat-${'a'.repeat(20)}` }, next: { token: `glpat-${'b'.repeat(20)}` } },
  { id: 'stripe', old: { key: stripe('a') }, next: { key: stripe('b', 'rk_live_') } },
  { id: 'aws-iam', old: aws('A'), next: aws('B') },
];
const strangers = [
  'correct horse battery staple',
  'hunter2',
  'https://example.org/settings',
  `xoxb-${'1'.repeat(40)}`,
  'postgresql://ada:pw-of-ada@db.example.org/shop',
];

function providerOf(id: string): Provider {
  const found = providers.find((provider) => provider.id === id);
  if (!found) throw new Error(`no provider ${id}`);
  return found;
}

const held = (parts: Readonly<Record<string, string>>): Held => ({
  kind: 'any',
  context: {},
  parts: Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, new Secret(text)])),
});

it('covers every provider to which a person may bring a key', () => {
  const byHand = providers.filter(({ methods }) => methods.some((method) => method.issue === 'page'));
  expect([...new Set(samples.map(({ id }) => id))].sort()).toEqual(byHand.map(({ id }) => id).sort());
});

describe.each(samples)('$id', ({ id, old, next }) => {
  const provider = providerOf(id);

  it('takes a key of its own', () => {
    expect(notSent(provider, held(old), held(next))).toBeUndefined();
  });

  it('takes the old one for the old one', () => {
    expect(notSent(provider, held(old), held(old))).toContain('the old key');
  });

  it.each(Object.keys(next))('refuses another text as %s, and quotes nothing of it', (part) => {
    const whole = next[part] ?? '';
    for (const text of [...strangers, whole.slice(0, 8), `${whole}\nsecond line`, `TOKEN=${whole}`]) {
      const why = notSent(provider, held(old), held({ ...next, [part]: text }));
      expect(why, text).toContain('was not sent');
      expect(why).not.toContain(text);
    }
  });

  it('refuses the keys of the others', () => {
    for (const other of samples.filter((sample) => sample.id !== id)) {
      const [text = ''] = Object.values(other.next);
      const mixed = Object.fromEntries(Object.keys(next).map((name) => [name, text]));
      expect(notSent(provider, held(old), held(mixed)), other.id).toContain('was not sent');
    }
  });
});

describe('free text (a password)', () => {
  const provider = providerOf('postgresql');
  const old = held({ user: 'ada', password: 'one' });

  it('may be tried, whatever it looks like', () => {
    for (const password of strangers) expect(notSent(provider, old, held({ user: 'ada', password }))).toBeUndefined();
  });

  it('may not, where it is the old one', () => {
    expect(notSent(provider, old, held({ user: 'ada', password: 'one' }))).toContain('the old key');
  });
});
