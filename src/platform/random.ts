/** Randomness of the system. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../ports/random.ts';

export function createRandom(): Random {
  return { bytes: (length) => new Uint8Array(randomBytes(length)) };
}
