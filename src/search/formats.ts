/**
 * Formats of keys that nobody told us of: by prefix, length, alphabet and checksum, as their providers publish them.
 *
 * A format is exact enough to stop a commit by: what merely looks random is none. Placeholders (`<your-key>`, `xxxx`, the
 * example keys of providers' documentation) are no keys.
 */
import { Secret } from '../base/secret.ts';
import { decodedHolds } from './formats-coded.ts';
import type { Rule, Stretch } from './formats-rule.ts';
import { scan } from './formats-scan.ts';
import { rules } from './formats-table.ts';

export { isPlaceholder } from './placeholders.ts';

export interface Format {
  /** `github-classic-token` */
  readonly id: string;
  /** The provider's folder where there is one, else its plain name in small letters. */
  readonly provider: string;
  /** `GitHub classic personal access token` */
  readonly name: string;
}

export interface Found {
  readonly format: Format;
  readonly secret: Secret;
  /** Range in the bytes that were looked at. */
  readonly start: number;
  readonly end: number;
}

/** Every format, for lists and tests. */
export const formats: readonly Format[] = rules.map(formatOf);

interface Candidate extends Found {
  /** In the order of the table: the lower tells more. */
  readonly rank: number;
}

/**
 * Keys of known formats, in order, none overlapping another. The range is of the secret part alone, as it is written; the
 * secret itself is decoded where the address or the JSON that it stands in encodes it.
 */
export function findFormats(bytes: Uint8Array): readonly Found[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const candidates: Candidate[] = [];
  scan(bytes, (rule, at) => {
    const from = Math.max(0, at - rule.before - 1);
    const text = buffer.toString('latin1', from, Math.min(bytes.length, at + rule.most));
    const stretch = rule.read(text, at - from);
    if (stretch !== undefined) candidates.push(candidate(rule, stretch, text, from));
    return false;
  });
  candidates.sort((a, b) => a.start - b.start || a.rank - b.rank || b.end - a.end);
  const kept: Candidate[] = [];
  for (const each of candidates) {
    const last = kept.at(-1);
    if (last === undefined || each.start >= last.end) kept.push(each);
    else if (each.rank < last.rank) kept[kept.length - 1] = each;
  }
  return kept.map(({ format, secret, start, end }) => ({ format, secret, start, end }));
}

function candidate(rule: Rule, { start, end, text, provider }: Stretch, window: string, from: number): Candidate {
  const format = formatOf(rule);
  return {
    format: provider === undefined ? format : { ...format, provider },
    secret: new Secret(text ?? window.slice(start, end)),
    start: start + from,
    end: end + from,
    rank: rules.indexOf(rule),
  };
}

/**
 * Quick, and never false where `findFormats` finds something, or would find it behind base64, hex or UTF-16. True for a
 * beginning alone.
 */
export function mayHoldFormat(bytes: Uint8Array): boolean {
  return scan(
    bytes,
    () => true,
    () => true,
  );
}

/** Does a key stand here that is written in base64, hex or UTF-16? Then the bytes are to be looked at with all views. */
export function holdsCodedFormat(bytes: Uint8Array): boolean {
  return scan(
    bytes,
    () => false,
    (at, writing) => decodedHolds(bytes, at, writing, (decoded) => findFormats(decoded).length > 0),
  );
}

function formatOf({ id, provider, name }: Rule): Format {
  return { id, provider, name };
}
