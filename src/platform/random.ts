/** Randomness and keyed hashes of the system. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Random } from '../ports/random.ts';

export function createRandom(): Random {
  return {
    bytes: (length) => new Uint8Array(randomBytes(length)),
    hmacSha256: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}
