/**
 * Twin of randomness: the same seed gives the same bytes (sfc32, a small generator without cryptographic strength). Hashes are
 * the system's own.
 */
import { createRandom } from '../../src/platform/random.ts';
import type { Random } from '../../src/ports/random.ts';

export interface TwinRandom extends Random {
  /** 0 to 1, 1 excluded. */
  fraction(): number;
  /** 0 to `end`, `end` excluded. */
  below(end: number): number;
}

const { sha256, hmacSha256 } = createRandom();

export function twinRandom(seed: number): TwinRandom {
  let a = seed | 0;
  let b = Math.trunc(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // the first numbers of neighbouring seeds are alike
  for (let i = 0; i < 15; i++) next();
  const fraction = (): number => next() / 2 ** 32;
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    sha256,
    hmacSha256,
    fraction,
    below: (end) => Math.floor(fraction() * end),
  };
}
