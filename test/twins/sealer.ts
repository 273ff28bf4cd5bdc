/**
 * Twin of the sealer for long series: age takes milliseconds for each value, this takes none.
 *
 * It hides a text from a search and notices a change; it keeps nothing secret.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Sealer } from '../../src/rotation/seal.ts';

export function twinSealer(): Sealer {
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => byte ^ (0xa7 + 31 * i));
  const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total * 31 + byte) % 251, 7);
  return {
    keyIn: 'keyring',
    async seal(text) {
      const plain = new TextEncoder().encode(text);
      return Uint8Array.of(sum(plain), ...flip(plain));
    },
    async open(sealed) {
      const plain = flip(sealed.subarray(1));
      if (sealed[0] !== sum(plain)) throw new Problem('state/damaged', { what: 'a sealed value was changed' });
      return new TextDecoder().decode(plain);
    },
  };
}
