/**
 * Does a text hold a secret, in any of the forms in which one may slip into a JSON body: as it is, JSON-escaped, or
 * percent-encoded as in a DSN or query?
 *
 * A second line of defence behind the type Secret, for values under our own hand; so words that are also used as
 * passwords (`postgres`, `app`) must not stop a rotation: only secrets of `least` characters or more are looked for.
 */
import type { Secret } from '../../base/secret.ts';
import { formsOf } from '../../documents/secret-forms.ts';

export const least = 12;

export function spilled(text: string, secrets: readonly Secret[]): boolean {
  return secrets.some((secret) => wordsOf(secret).some((word) => text.includes(word) || text.includes(asQuery(word))));
}

const wordsOf = (secret: Secret): readonly string[] => {
  const { length, words } = formsOf(secret);
  return length < least ? [] : words;
};

const asQuery = (word: string): string => word.replaceAll('%20', '+');
