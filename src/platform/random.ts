/**
 * Randomness and hashes of the system.
 *
 * HMAC is put together here (RFC 2104) out of two plain hashes: a look at the machine makes one per credential, and Node's
 * own object for it takes three times as long to make as the hashes take.
 */
import type { Random } from '../ports/random.ts';
import { cryptography } from './cryptography.ts';

const blockLength = 64;
const hashLength = 32;

interface Pads {
  readonly inner: Uint8Array;
  /** With room for the inner hash behind it. */
  readonly outer: Uint8Array;
}

function padsOf(key: Uint8Array): Pads {
  const { hash } = cryptography();
  const short = key.length > blockLength ? hash('sha256', key, 'buffer') : key;
  const inner = new Uint8Array(blockLength).fill(0x36);
  const outer = new Uint8Array(blockLength + hashLength).fill(0x5c);
  for (const [at, byte] of short.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return { inner, outer };
}

export function createRandom(): Random {
  const known = new WeakMap<Uint8Array, Pads>();
  return {
    bytes: (length) => new Uint8Array(cryptography().randomBytes(length)),
    sha256: (text) => cryptography().hash('sha256', text),
    hmacSha256: (key, text) => {
      const { hash } = cryptography();
      const pads = known.get(key) ?? padsOf(key);
      known.set(key, pads);
      const { inner, outer } = pads;
      outer.set(hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer'), blockLength);
      return hash('sha256', outer, 'hex');
    },
  };
}
