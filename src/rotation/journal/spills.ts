/**
 * Does a text hold a secret, in any of the forms in which one may slip into a JSON body: as it is, JSON-escaped, or
 * percent-encoded as in a DSN or query?
 *
 * A second line of defence behind the type Secret, for values under our own hand; so words that are also used as
 * passwords (`postgres`, `app`) must not stop a rotation: only secrets of `least` characters or more are looked for.
 */
import type { Secret } from '../../base/secret.ts';

export const least = 12;

export function spilled(text: string, secrets: readonly Secret[]): boolean {
  return secrets.some((secret) => forms(secret.reveal()).some((form) => text.includes(form)));
}

function forms(value: string): readonly string[] {
  if (value.length < least) return [];
  const escaped = JSON.stringify(value).slice(1, -1);
  // a value with half a surrogate pair cannot be percent-encoded
  const encoded = value.isWellFormed() ? [encodeURIComponent(value)] : [];
  return [value, escaped, ...encoded, ...encoded.map((form) => form.replaceAll('%20', '+'))];
}
