/**
 * Everything that the clients' token stores hold on this machine, found by the stores' rows: files, keyring items, names.
 *
 * Reads only. A store that cannot be looked into is named as unseen with the reason, never taken for an empty one. On macOS
 * reading an item shows a prompt, so without consent its name is all that is told. Where there is no D-Bus at all the
 * keyring is not asked: the answer is known, and a look that asks nobody can be remembered.
 */

import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Folders } from '../clients/folders.ts';
import { pathsOf } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { byHand } from '../stores/by-hand.ts';
import type { Row, TokenStore } from '../stores/store.ts';
import { namesIn } from './names.ts';
import type { Holding, UnseenStore } from './oauth.ts';
import { entriesOf } from './rewrite.ts';
import { besideOf, fileText, formOf, itemName, itemText, type Kept, keyringTodo } from './texts.ts';

export { clearHolding, currentEntry, putEntry, sameTokens } from './rewrite.ts';
export { writable } from './texts.ts';

type Reads = Pick<Ports, 'host' | 'disk' | 'keyring' | 'processes'>;

export interface Held {
  readonly holdings: readonly Holding[];
  readonly unseen: readonly UnseenStore[];
  readonly problems: readonly Problem[];
}

/** How a spot is named to a person. */
export function holdingLabel({ where }: Pick<Holding, 'where'>): string {
  const names = where.map((spot) => (spot.kind === 'file' ? spot.file : `keyring: ${spot.service}`));
  return [...new Set(names)].map((name) => printable(name)).join(', ');
}

export async function readHoldings(
  ports: Reads,
  stores: readonly TokenStore[],
  options: { readonly consent: boolean },
): Promise<Held> {
  const look = new Look(ports, options.consent);
  // One after the other: a keyring shows one prompt at a time, and the order is the stores' own.
  for (const store of stores) {
    for (const row of store.rows) if (row.os === 'all' || row.os.includes(ports.host.os)) await look.at(store, row);
  }
  return look;
}

class Look implements Held {
  readonly holdings: Holding[] = [];
  readonly unseen: UnseenStore[] = [];
  readonly problems: Problem[] = [];
  readonly #ports: Reads;
  readonly #consent: boolean;
  readonly #folders: Folders;
  #bus: Promise<boolean> | undefined;

  constructor(ports: Reads, consent: boolean) {
    this.#ports = ports;
    this.#consent = consent;
    this.#folders = new Folders(ports);
  }

  async at(store: TokenStore, row: Row): Promise<void> {
    switch (row.kind) {
      case 'file':
        for (const path of await this.#paths(store, row.path)) {
          this.#keep(store, row, [...(await this.#texts(store, [path])), ...(await this.#beside(store, row))]);
        }
        return;
      case 'folder':
        for (const [, files] of Map.groupBy(await this.#paths(store, row.path), (path) => this.#ports.host.dirname(path))) {
          this.#keep(store, row, await this.#texts(store, files));
        }
        return;
      case 'items':
        return this.#items(store, row, () => true);
      case 'blob': {
        const account = row.account(this.#ports.host);
        return this.#items(store, row, (each) => each === account);
      }
      case 'names':
        for (const path of await this.#paths(store, row.path)) await this.#names(store, path);
        return;
    }
  }

  async #paths(store: TokenStore, pattern: string): Promise<readonly FilePath[]> {
    try {
      return await pathsOf(this.#ports.host, this.#folders, pattern);
    } catch (error) {
      this.#unreadable(store, pattern, error);
      return [];
    }
  }

  async #texts(store: TokenStore, files: readonly FilePath[]): Promise<readonly Kept[]> {
    const texts: Kept[] = [];
    for (const file of files) {
      try {
        const text = await fileText(this.#ports, file);
        if (text) texts.push(text);
      } catch (error) {
        this.#unreadable(store, file, error);
      }
    }
    return texts;
  }

  async #beside(store: TokenStore, row: Row): Promise<readonly Kept[]> {
    const file = besideOf(this.#ports, row);
    return file === undefined ? [] : this.#texts(store, [file]);
  }

  async #items(
    store: TokenStore,
    row: Row & { readonly kind: 'items' | 'blob' },
    wanted: (account: string) => boolean,
  ): Promise<void> {
    const { host, keyring } = this.#ports;
    const hide = (why: UnseenStore['why'], names: readonly string[], todo: string): void =>
      this.#hide(store, why, `keyring: ${row.service}`, names, todo);
    const found = (await this.#mayHaveKeyring()) ? await keyring.list(row.service, formOf(row)) : 'unavailable';
    if (found === 'locked' || found === 'unavailable') return hide(found, [], keyringTodo[found]);
    const items = found.filter(({ account }) => wanted(account)).map((item) => ({ kind: 'item', ...item }) as const);
    if (items.length === 0) return;
    const names = items.map((item) => shown(itemName(row, item)));
    if (host.os === 'macos' && !this.#consent) {
      return hide('needs-consent', names, 'macOS asks before each item is read; a rotation reads them once you agree');
    }
    const texts: Kept[] = [];
    const closed = new Map<UnseenStore['why'], string[]>();
    for (const [at, item] of items.entries()) {
      try {
        const text = await itemText(this.#ports, row, item);
        if (text) texts.push(text);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const why = error.code === 'store/locked' ? 'locked' : 'unavailable';
        closed.set(why, [...(closed.get(why) ?? []), names[at] ?? '']);
      }
    }
    for (const [why, each] of closed) hide(why, each, keyringTodo[why === 'locked' ? 'locked' : 'unavailable']);
    this.#keep(store, row, [...texts, ...(await this.#beside(store, row))]);
  }

  /** On Linux: is there a bus on which a keyring could answer? Elsewhere always. */
  #mayHaveKeyring(): Promise<boolean> {
    const { host, disk } = this.#ports;
    const found = async (): Promise<boolean> => {
      if (host.os !== 'linux' || host.env('DBUS_SESSION_BUS_ADDRESS')) return true;
      const run = host.env('XDG_RUNTIME_DIR');
      return run !== undefined && run !== '' && (await disk.kind(host.join(run, 'bus'))) !== undefined;
    };
    this.#bus ??= found();
    return this.#bus;
  }

  async #names(store: TokenStore, path: FilePath): Promise<void> {
    try {
      const names = await namesIn(this.#ports, path);
      if (names === 'too large')
        this.#hide(store, 'names-only', path, [], `too large to be searched for names; ${byHand(store.clearing.byHand)}`);
      else if (names.length > 0) this.#hide(store, 'names-only', path, names, byHand(store.clearing.byHand));
    } catch (error) {
      this.#unreadable(store, path, error);
    }
  }

  #keep(store: TokenStore, row: Row, texts: readonly Kept[]): void {
    const { entries, odd } = entriesOf(store, row, texts);
    for (const name of odd) {
      // Beside the files of a folder lie others, which are nobody's entries.
      if (row.kind === 'folder') continue;
      const spot = texts.find((text) => text.name === name)?.where;
      const where = spot?.kind === 'item' ? `keyring: ${spot.service}` : name;
      const what = `${printable(where)} is not in the form in which ${store.name} keeps tokens`;
      this.#unreadable(store, where, new Problem('document/broken', { what, next: byHand(store.signIn.byHand) }));
    }
    for (const entry of entries) {
      const own = textsOf(store, row, texts, entry.key);
      const secretsIn = ({ name }: Kept): boolean =>
        name !== besideOf(this.#ports, row) || entry.registration?.clientSecret !== undefined;
      this.holdings.push({
        store,
        row,
        where: own.map(({ where }) => where),
        entry,
        stale: row.kind === 'names' ? undefined : row.stale,
        protection: store.protection(row, this.#ports.host),
        ...(own.some((text) => text.readableByOthers && secretsIn(text)) ? { readableByOthers: true } : {}),
      });
    }
  }

  #unreadable(store: TokenStore, where: string, error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.problems.push(error);
    this.#hide(store, 'not-readable', where, [], error.next ?? 'make it readable for you, then run the command again');
  }

  #hide({ id, client }: TokenStore, why: UnseenStore['why'], where: string, names: readonly string[], todo: string): void {
    this.unseen.push({ store: id, client, why, where, names, todo });
  }
}

/** The texts over which an entry is spread: those that clearing it would change, or that yield it by themselves. */
function textsOf(store: TokenStore, row: Row, texts: readonly Kept[], key: string): readonly Kept[] {
  if (texts.length === 1) return texts;
  const cleared = new Set(store.clear(row, texts, key, true).map(({ name }) => name));
  return texts.filter(
    (text) => cleared.has(text.name) || entriesOf(store, row, [text]).entries.some((entry) => entry.key === key),
  );
}

/** An account may hold the address of a server, and that a key in its query (percent-encoded or not). */
const shown = (account: string): string => account.replace(/(?:\?|%3F)[^\s"]*/gi, '');
