/**
 * Small providers for tests of what lies below them: a bare token, a user and password in a DSN, a pair in two variables.
 * They recognise and identify; nothing upstream stands behind them.
 */
import { Secret } from '../../src/base/secret.ts';
import { decodePart } from '../../src/documents/coding.ts';
import type { Held, PartSpan, Provider, Recognised, Slot } from '../../src/providers/provider.ts';

const facts = {
  valueClass: 'data',
  cadenceDays: 90,
  methods: [],
  pace: { worksWithinMs: 0, deadWithinMs: 0 },
  afterMisuse: () => [],
  check: async () => ({ alive: 'unknown' as const, how: 'not asked' }),
} as const;

const text = (held: Held, part: string): string => held.parts[part]?.reveal() ?? '';

/** `tok_` and sixteen characters, anywhere in a value. */
export const token: Provider = {
  ...facts,
  id: 'toy-token',
  name: 'Toy token',
  parts: [{ name: 'token', secret: true }],
  recognise: (slots) => {
    const byToken = new Map<string, PartSpan[]>();
    slots.forEach(({ value }, slot) => {
      for (const match of value.matchAll(/\btok_[a-z0-9]{16}(?![a-z0-9])/g)) {
        const spans = byToken.get(match[0]) ?? [];
        spans.push({ part: 'token', slot, start: match.index, end: match.index + match[0].length, coding: 'plain' });
        byToken.set(match[0], spans);
      }
    });
    return [...byToken.values()].map((parts) => ({ kind: 'token', parts, context: {} }));
  },
  identity: (held) => text(held, 'token'),
};

/** `toydb://user:password@host`: two parts in one value, percent-encoded. */
export const dsn: Provider = {
  ...facts,
  id: 'toy-dsn',
  name: 'Toy database',
  parts: [
    { name: 'user', secret: false },
    { name: 'password', secret: true },
  ],
  recognise: (slots) =>
    slots.flatMap(({ value }, slot): Recognised[] =>
      [...value.matchAll(/toydb:\/\/([^:@/\s]+):([^@/\s]+)@([\w.-]+)/g)].map((match) => {
        const user = match.index + 'toydb://'.length;
        const password = user + (match[1] ?? '').length + 1;
        return {
          kind: 'dsn',
          parts: [
            { part: 'user', slot, start: user, end: password - 1, coding: 'percent' },
            { part: 'password', slot, start: password, end: password + (match[2] ?? '').length, coding: 'percent' },
          ],
          context: { host: match[3] ?? '' },
        };
      }),
    ),
  identity: (held) => `${held.context['host']}\0${text(held, 'user')}\0${text(held, 'password')}`,
};

/** `TOY_KEY_ID` and `TOY_SECRET_KEY`, wherever each of them is set. */
export const pair: Provider = {
  ...facts,
  id: 'toy-pair',
  name: 'Toy key pair',
  parts: [
    { name: 'id', secret: false },
    { name: 'secret', secret: true },
  ],
  recognise: (slots) => {
    const of = (name: string, part: string): PartSpan[] =>
      slots.flatMap((slot: Slot, at) =>
        slot.name === name && slot.value !== ''
          ? [{ part, slot: at, start: 0, end: slot.value.length, coding: 'plain' as const }]
          : [],
      );
    const parts = [...of('TOY_KEY_ID', 'id'), ...of('TOY_SECRET_KEY', 'secret')];
    return new Set(parts.map(({ part }) => part)).size === 2 ? [{ kind: 'pair', parts, context: {} }] : [];
  },
  identity: (held) => `${text(held, 'id')}\0${text(held, 'secret')}`,
};

export const toyProviders: readonly Provider[] = [token, dsn, pair];

export function heldWith(
  kind: string,
  parts: Readonly<Record<string, string>>,
  context: Readonly<Record<string, string>> = {},
): Held {
  return { kind, context, parts: Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, new Secret(value)])) };
}

/** The part as text, for assertions. */
export const partText = (held: Held, part: string): string | undefined =>
  held.parts[part] && decodePart(held.parts[part].reveal(), 'plain');
