/**
 * Goal: the hashes are SHA-256 and HMAC-SHA-256 for every key and text.
 * Method: compared with Node's own, and so are the twin's; keys around the block length, one key used again and again.
 */
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { twinRandom } from '../../test/twins/random.ts';
import { createRandom } from './random.ts';

const keys = [
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 60, maxLength: 70 }),
  fc.uint8Array({ minLength: 100 }),
];

it.each([
  ['real', createRandom()],
  ['twin', twinRandom(1)],
])('SHA-256 and HMAC-SHA-256 of the %s port', (_title, random) => {
  fc.assert(
    fc.property(fc.oneof(...keys), fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 4 }), (key, texts) => {
      for (const text of texts) {
        expect(random.hmacSha256(key, text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
        expect(random.sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
      }
    }),
  );
});
