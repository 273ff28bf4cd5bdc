/**
 * Fingerprints of the guard's findings: the same in every run and on every machine, so that an allowlist and a report can be
 * shared; no key is needed to make them.
 *
 * A key that was made by chance cannot be guessed from its hash, so it is known again wherever it stands (`key:`). A password
 * could be: of it, and of what has no length to rely on, only the place is hashed (`place:`), never the text.
 */
import type { Secret } from '../base/secret.ts';
import type { Random } from '../ports/random.ts';

const publicKey = new TextEncoder().encode('mcp-rotate guard 1');
/** Digits that are shown: enough to tell findings of one repository apart. */
const digits = 20;
/** Formats whose secrets may be short or chosen by a person. */
const guessable: ReadonlySet<string> = new Set(['password-in-address', 'config-value']);
/** Of a key made by chance in the smallest alphabet in use (hexadecimal): 96 bits. */
const leastLength = 24;

/** `place`: path, and what tells apart several of one kind in it. */
export function fingerprintOf(
  random: Pick<Random, 'hmacSha256'>,
  format: string,
  secret: Secret | undefined,
  place: string,
): string {
  const text = secret?.reveal() ?? '';
  return secret === undefined || guessable.has(format) || text.length < leastLength
    ? `place:${random.hmacSha256(publicKey, `${format}\0${place}`).slice(0, digits)}`
    : `key:${random.hmacSha256(publicKey, `${format}\0${text}`).slice(0, digits)}`;
}
