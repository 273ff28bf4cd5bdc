/**
 * Formats of keys that nobody told us of: by prefix, length, alphabet and checksum, as their providers publish them.
 *
 * A format is exact enough to stop a commit by: what merely looks random is none. Placeholders (`<your-key>`, `xxxx`, the
 * example keys of providers' documentation) are no keys.
 */
import type { Secret } from '../base/secret.ts';

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
