/**
 * Registrations that were asked for, and whose answer never arrived: the server may know one more, and nobody knows its id. It can
 * be found by its name there, which is therefore written down before it is asked for, and struck off with the answer.
 */
import { randomLetters } from '../base/ids.ts';
import { fields, list, number, text } from '../base/shapes.ts';
import { day, type Instant } from '../base/time.ts';
import type { Random } from '../ports/random.ts';

export interface AskedRegistration {
  readonly issuer: string;
  /** For whom; both empty for a sign-in that nobody keeps. */
  readonly client: string;
  readonly server: string;
  /** A part of the name under which it was asked for, made for it alone. */
  readonly marker: string;
  readonly since: Instant;
}

export const askedShape = list(
  fields<AskedRegistration>({ issuer: text, client: text, server: text, marker: text, since: number }),
);

/** Nobody can tell when one is gone. Servers that prune forget one without a grant sooner. */
const listedFor = 90 * day;

export const newMarker = (random: Random): string => `mcp-rotate ${randomLetters(random.bytes(32), 6)}`;

export const stillListed = (rows: readonly AskedRegistration[], now: Instant): readonly AskedRegistration[] =>
  rows.filter(({ since }) => now - since < listedFor);
