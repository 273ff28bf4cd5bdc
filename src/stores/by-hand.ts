/**
 * What a person is told to do in a client, with the server named. Pure.
 *
 * Sentences hold commands that people copy into a shell, and a config can give a server any name: one that a shell would not
 * take as a plain word is quoted.
 */
import { printable } from '../base/ids.ts';

export interface Named {
  readonly server?: string | undefined;
  readonly url?: string | undefined;
}

/** `words` of a store, its `<server>` and `<url>` filled in. Of an address the query is left out, which may hold a key. */
export function byHand(words: string, { server, url }: Named = {}): string {
  const address = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const shown = address && quoted(`${address.origin}${address.pathname}`);
  return words
    .replaceAll('<server>', () => (server === undefined ? 'the server' : quoted(server)))
    .replaceAll('<url>', () => shown ?? (server === undefined ? 'the server' : quoted(server)));
}

function quoted(name: string): string {
  const shown = printable(name);
  return /^[\w.:@/+][\w.:@/+-]*$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}
