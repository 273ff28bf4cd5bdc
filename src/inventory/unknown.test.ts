/**
 * Goal: keys of unknown providers are found by name and shape, and what is none is not called one.
 * Method: a table of both; for arbitrary input, spans that lie inside the value and never throw.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../providers/provider.ts';
import { speaksOfKey } from '../search/key-shapes.ts';
import { unknownKeys } from './unknown.ts';

const found = (slot: Slot): string[] => unknownKeys([slot], []).map(({ start, end }) => slot.value.slice(start, end));
const key = 'q7Jd0mW2xZ4vB8nK';

describe('a key', () => {
  it.each<[string, Slot['where'], string, string, string]>([
    ['a name that ends in _KEY', 'env', 'ACME_API_KEY', key, key],
    ['a name in camel case', 'env', 'acmeApiKey', key, key],
    ['a short password', 'env', 'PGPASSWORD', 'hunter2', 'hunter2'],
    ['a bearer header', 'header', 'Authorization', `Bearer ${key}`, key],
    ['a header of its own', 'header', 'x-acme-token', key, key],
    ['a bearer under any name', 'header', 'X-Forward', `Bearer ${key}`, key],
    ['a flag', 'arg', '--api-key', key, key],
    ['a query parameter', 'url', '', `https://x.test/mcp?a=1&api_key=${key}&b=2`, key],
    ['a percent-encoded parameter', 'url', '', 'https://x.test/?token=ab%2Fcd%2Fef12', 'ab%2Fcd%2Fef12'],
    ['the password of an address', 'arg', '', `mongodb://app:${key}@db.test/x`, key],
    ['a password with an @ in it', 'env', 'ADDRESS', 'amqp://u:p@ss@h.test', 'p@ss'],
    ['a vendor’s prefix under any name', 'env', 'THING', 'acme_live_4f9a8b7c6d5e4f3a2b1c', 'acme_live_4f9a8b7c6d5e4f3a2b1c'],
    ['a web token under any name', 'env', 'X', `eyJhbGciOiJI.eyJzdWIiOiIx.${key}`, `eyJhbGciOiJI.eyJzdWIiOiIx.${key}`],
    ['a shell’s assignment inside a word', 'arg', '-c', `ACME_TOKEN="${key}" npx server`, key],
    ['digits as a password', 'env', 'DB_PASS', '8675', '8675'],
  ])('%s', (_title, where, name, value, expected) => {
    expect(found({ where, name, value })).toEqual([expected]);
  });
});

describe('no key', () => {
  it.each<[string, string]>([
    ['ACME_API_KEY', 'YOUR_API_KEY'],
    ['ACME_API_KEY', '<your-api-key>'],
    ['ACME_API_KEY', 'sk-xxxxxxxxxxxxxxxx'],
    ['ACME_API_KEY', 'changeme'],
    ['ACME_API_KEY', 'my-api-key'],
    ['ACME_API_KEY', '${ACME_API_KEY}'],
    ['ACME_API_KEY', '{env:ACME_API_KEY}'],
    ['ACME_API_KEY', '$(pass show acme)'],
    ['ACME_API_KEY', 'op://vault/acme/key'],
    ['ACME_API_KEY', '****************'],
    ['ACME_API_KEY', 'aaaaaaaaaaaaaaaa'],
    ['ACME_API_KEY', '[secret]'],
    ['ACME_API_KEY', ''],
    ['ACME_TOKEN', 'true'],
    ['ACME_TOKEN_FILE', '/run/secrets/acme-token'],
    ['ACME_KEY', '/home/me/.ssh/id_ed25519'],
    ['ACME_KEY', './keys/acme.pem'],
    ['ACME_KEY_ID', 'q7Jd0mW2xZ4vB8nK'],
    ['ACME_TOKEN_URL', 'https://x.test/token'],
    ['MAX_TOKENS', '16384000'],
    ['TOKEN_LIMIT', '16384000'],
    ['AUTH_METHOD', 'client_credentials'],
    ['TOKENIZER', 'cl100k_base_model'],
    ['ACME_TOKEN', 'ask the operators for one'],
    ['NODE_ENV', 'production'],
    ['PROJECT', 'my-project-with-a-long-name-12'],
    ['DATABASE_URL', 'postgres://db.test:5432/app'],
    ['DATABASE_URL', 'postgres://${DB_USER}:${DB_PASSWORD}@db.test/app'],
    ['PACKAGE', '@modelcontextprotocol/server-everything'],
  ])('%s=%s', (name, value) => {
    expect(found({ where: 'env', name, value })).toEqual([]);
  });

  it('where a provider has found one already', () => {
    const slots: Slot[] = [{ where: 'env', name: 'ACME_TOKEN', value: key }];
    expect(unknownKeys(slots, [{ slot: 0, start: 2, end: 5 }])).toEqual([]);
  });

  it('in a header that has nothing to do with keys', () => {
    expect(found({ where: 'header', name: 'Accept', value: 'application/json' })).toEqual([]);
    expect(speaksOfKey('Content-Type')).toBe(false);
  });
});

it('names spans inside the value, apart from each other, whatever comes', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('https://', 'a:b@', '?token=', '&', 'Bearer ', 'KEY=', '"', '%2', key),
  );
  const slot = fc.record({
    where: fc.constantFrom('env' as const, 'header' as const, 'arg' as const, 'url' as const, 'field' as const),
    name: fc.constantFrom('API_KEY', 'X', '', 'Authorization'),
    value: fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
  });
  fc.assert(
    fc.property(fc.array(slot, { maxLength: 4 }), (slots) => {
      const spans = unknownKeys(slots, []);
      for (const { slot: at, start, end } of spans) {
        expect(0 <= start && start < end && end <= (slots[at]?.value.length ?? -1)).toBe(true);
        expect(spans.filter((other) => other.slot === at && other.start < end && start < other.end)).toHaveLength(1);
      }
    }),
    { numRuns: 2000 },
  );
});
