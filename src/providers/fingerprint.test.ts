/**
 * Goal: fingerprints and ids tell credentials apart and say nothing else.
 * Method: a known answer computed by another implementation; ids that collide on purpose.
 */
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { twinRandom } from '../../test/twins/random.ts';
import { credentialIds, fingerprint } from './fingerprint.ts';

const random = twinRandom(1);

it('is HMAC-SHA-256 over provider and identity', () => {
  const key = new Uint8Array(32).fill(7);
  const expected = createHmac('sha256', key).update('github\0ghp_ä').digest('hex');
  expect(fingerprint(random, key, 'github', 'ghp_ä')).toBe(expected);
  expect(fingerprint(random, key, 'gitlab', 'ghp_ä')).not.toBe(expected);
  expect(fingerprint(random, new Uint8Array(32), 'github', 'ghp_ä')).not.toBe(expected);
});

it('makes ids longer only where two of one provider begin alike', () => {
  const of = (provider: string, start: string): { provider: string; fingerprint: string } => ({
    provider,
    fingerprint: start.padEnd(64, '0'),
  });
  const found = [of('a', '1234567'), of('a', '1234568'), of('b', '1234567'), of('a', '9'), of('a', '12349')];
  expect(credentialIds(found)).toEqual(['a-1234567', 'a-1234568', 'b-1234', 'a-9000', 'a-12349']);
});
