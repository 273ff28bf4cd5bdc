/**
 * Changing one entry of a store: lock, read again, compare, write, read back.
 *
 * What a client wrote since we looked is never lost: an entry is cleared only while every token in it is one that was seen,
 * and put only where none but such tokens stand; each text is replaced only while it is what the change was made from. A
 * writer of a neighbour's entry makes us begin again; a writer of this entry is answered with 'changed', and the caller
 * looks afresh. The neighbours of an entry are compared before anything is written: a store that touches one is a bug.
 */

import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { pathOf } from '../clients/patterns.ts';
import type { LockRule } from '../ports/disk.ts';
import { byHand } from '../stores/by-hand.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore, Tokens, Where } from '../stores/store.ts';
import type { Holding } from './oauth.ts';
import { besideOf, checkSize, itemName, type Kept, type Spots, textsAt, writable, writeText } from './texts.ts';

/** A busy client may write between each of our looks; then it is the person's turn. */
const mostRounds = 16;

/** Both tokens the same by value, also in what is not there. */
export function sameTokens(a: Tokens | undefined, b: Tokens | undefined): boolean {
  return same(a?.access, b?.access) && same(a?.refresh, b?.refresh);
}

const same = (a: Secret | undefined, b: Secret | undefined): boolean => (a && b ? a.equals(b) : a === b);

/** No token that was not seen: a client that dropped one of them wrote nothing that could be lost. */
function within(now: Tokens | undefined, seen: Tokens | undefined): boolean {
  const known = (token: Secret | undefined, from: Secret | undefined): boolean => token === undefined || same(token, from);
  return known(now?.access, seen?.access) && known(now?.refresh, seen?.refresh);
}

/** The entry as it stands now; undefined when it is gone. Problems: those of reading (a locked keyring is one). */
export async function currentEntry(ports: Spots, { store, row, where, entry }: Holding): Promise<Entry | undefined> {
  return entryOf(store, row, where, await textsAt(ports, row, where), entry.key);
}

/** Problem: document/broken when a text is not in the store's form, so that nobody can tell what it holds. */
function entryOf(store: TokenStore, row: Row, where: readonly Where[], texts: readonly Kept[], key: string): Entry | undefined {
  const found = entriesOf(store, row, texts);
  const entry = found.entries.find((each) => each.key === key);
  // In a folder lie other files too, which are nobody's entries.
  const own = new Set(where.map((spot) => (spot.kind === 'file' ? spot.file : itemName(row, spot))));
  const odd = found.odd.find((name) => row.kind !== 'folder' || own.has(name));
  if (!entry && odd !== undefined) {
    throw new Problem('document/broken', {
      what: `${printable(odd)} is not in the form in which ${store.name} keeps tokens`,
      state: 'nothing was written to it',
      next: `sign in again in ${store.name}, or remove it`,
    });
  }
  return entry;
}

/** A file of nothing but white space holds no entry, whatever its form. */
export function entriesOf(store: TokenStore, row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  return store.read(
    row,
    texts.filter(({ text }) => text.trim() !== ''),
  );
}

/**
 * Takes the tokens of an entry out of its store, and with `whole` its registration. 'changed': other tokens than those that
 * were seen stand there (a client refreshed or signed in), and stay. Problems: those of reading and writing; oauth/client-only
 * where only the client may write what it still reads; file/changed (never quiet long enough).
 */
export async function clearHolding(
  ports: Spots,
  holding: Holding,
  { whole }: { readonly whole: boolean },
): Promise<'cleared' | 'was clear' | 'changed'> {
  const { store, row, where, entry: seen, stale } = holding;
  if (!store.put && stale === undefined) throw clientOnly(store);
  return rewriting(ports, store, row, where, seen.key, async (texts, wrote) => {
    const now = entryOf(store, row, where, texts, seen.key);
    const registered = whole && now?.registration !== undefined;
    if (!now || (!now.tokens && !registered)) return { done: wrote ? 'cleared' : 'was clear' };
    if (!within(now.tokens, seen.tokens)) return { done: 'changed' };
    if (registered && now.registration.clientId !== seen.registration?.clientId) return { done: 'changed' };
    if (wrote) return { done: 'changed' };
    const changes = store.clear(row, texts, seen.key, whole);
    if (changes.length === 0) throw clientOnly(store);
    // Tokens go first: a registration without them asks for a sign-in, tokens without it would be tried.
    return { changes: byTokens(store, row, texts, changes, 'first'), last: true };
  });
}

/**
 * Puts an entry into a store. 'changed': tokens stand there that are neither these nor those of `seen` (given when an old
 * entry is to be replaced), and stay. Problems: as of clearHolding; document/cannot-hold when it would not fit.
 */
export async function putEntry(
  ports: Spots,
  store: TokenStore,
  row: Row,
  where: readonly Where[],
  key: string,
  entry: NewEntry,
  seen?: Tokens,
): Promise<'written' | 'changed'> {
  const { put } = store;
  if (!put || !writable(ports.host, row)) throw clientOnly(store);
  return rewriting<'written' | 'changed'>(ports, store, row, where, key, async (texts, wrote) => {
    const now = entryOf(store, row, where, texts, key);
    const there = sameTokens(now?.tokens, entry.tokens);
    if (wrote) return { done: there ? 'written' : 'changed' };
    if (!there && !within(now?.tokens, seen)) return { done: 'changed' };
    const changes = put.call(store, row, withEmpty(ports, texts, row, where), key, entry);
    // Without what its client makes by itself the store cannot say where an entry belongs.
    if (changes.length === 0 && !there) throw clientOnly(store);
    for (const change of changes) checkSize(ports, spotOf(ports, row, where, texts, change), change);
    if (changes.length > 1 && now?.tokens && !there) {
      // Spread over several texts: a client must never find tokens of one sign-in beside the registration of another.
      return { changes: store.clear(row, texts, key, false) };
    }
    return { changes: byTokens(store, row, texts, changes, 'last'), last: true, whole: true };
  });
}

function clientOnly(store: TokenStore): Problem {
  return new Problem('oauth/client-only', {
    what: `only ${store.name} itself may write its sign-ins`,
    state: 'nothing was written',
    next: byHand(store.clearing.byHand),
  });
}

/** A text for every spot: an absent one counts as an empty one, so that the store learns its name. */
function withEmpty(ports: Spots, texts: readonly Kept[], row: Row, where: readonly Where[]): readonly Text[] {
  if (row.kind === 'folder') return texts;
  const beside = besideOf(ports, row);
  const names = [...where.map((spot) => (spot.kind === 'file' ? spot.file : itemName(row, spot))), ...(beside ? [beside] : [])];
  const absent = new Set(names.filter((name) => !texts.some((text) => text.name === name)));
  return [...texts, ...[...absent].map((name) => ({ name, text: '' }))];
}

/** Texts with tokens in them, before or after the change, come first or last. */
function byTokens(
  store: TokenStore,
  row: Row,
  texts: readonly Kept[],
  changes: readonly Change[],
  tokens: 'first' | 'last',
): readonly Change[] {
  const holds = (name: string, text: string | undefined): boolean =>
    text !== undefined && entriesOf(store, row, [{ name, text }]).entries.some((entry) => entry.tokens !== undefined);
  const weight = (change: Change): number => {
    const old = texts.find(({ name }) => name === change.name)?.text;
    return (holds(change.name, old) || holds(change.name, change.text)) === (tokens === 'first') ? 0 : 1;
  };
  return changes.toSorted((a, b) => weight(a) - weight(b));
}

type Next<Done> = { readonly done: Done } | { readonly changes: readonly Change[]; readonly last?: true; readonly whole?: true };

/**
 * Asks `next` what to do about the texts as they are, and does it, until it is done. `wrote`: its last changes were made, so
 * the texts are what was read back.
 */
async function rewriting<Done>(
  ports: Spots,
  store: TokenStore,
  row: Row,
  where: readonly Where[],
  key: string,
  next: (texts: readonly Kept[], wrote: boolean) => Promise<Next<Done>>,
): Promise<Done> {
  return underLocks(ports, locksOf(ports, store, row, where, key), async () => {
    let wrote = false;
    for (let round = 0; round < mostRounds; round++) {
      const texts = await textsAt(ports, row, where);
      const step = await next(texts, wrote);
      if ('done' in step) return step.done;
      checkNeighbours(store, row, texts, step.changes, key);
      const written = await writeAll(ports, row, where, texts, step.changes, step.whole === true);
      wrote = written && step.last === true;
    }
    throw new Problem('file/changed', {
      what: `the sign-ins of ${store.name} are being changed by another program all the time`,
      next: 'quit the programs that use them and try again',
    });
  });
}

/** False when a text was no longer what was read. With `whole` those before it are then put back: all of them, or none. */
async function writeAll(
  ports: Spots,
  row: Row,
  where: readonly Where[],
  texts: readonly Kept[],
  changes: readonly Change[],
  whole: boolean,
): Promise<boolean> {
  for (const [at, change] of changes.entries()) {
    const seen = texts.find(({ name }) => name === change.name);
    if (await writeText(ports, row, spotOf(ports, row, where, texts, change), seen, change.text)) continue;
    const now = whole && at > 0 ? await textsAt(ports, row, where) : [];
    for (const made of changes.slice(0, at)) {
      const spot = spotOf(ports, row, where, texts, made);
      const stands = now.find(({ where: each }) => JSON.stringify(each) === JSON.stringify(spot));
      if (stands && stands.text === made.text)
        await writeText(ports, row, spot, stands, texts.find(({ name }) => name === made.name)?.text);
    }
    return false;
  }
  return true;
}

/** Where the text of a change lies, or is to lie: a new one beside the others. */
function spotOf(ports: Spots, row: Row, where: readonly Where[], texts: readonly Kept[], { name }: Change): Where {
  const known = texts.find((text) => text.name === name)?.where;
  if (known) return known;
  if (name === besideOf(ports, row)) return { kind: 'file', file: name };
  const { host } = ports;
  const [first] = where;
  if (!first) throw new Error('an entry lies somewhere');
  if (first.kind === 'item')
    return row.kind === 'items' && row.service.includes('*') ? { ...first, service: name } : { ...first, account: name };
  return { kind: 'file', file: host.isAbsolute(name) ? name : host.join(host.dirname(first.file), name) };
}

/** Every other entry is what it was. A bug of the store, so nothing has been written. */
function checkNeighbours(store: TokenStore, row: Row, texts: readonly Kept[], changes: readonly Change[], key: string): void {
  const after: Text[] = texts.filter(({ name }) => !changes.some((change) => change.name === name));
  for (const { name, text } of changes) if (text !== undefined) after.push({ name, text });
  const entries = new Map(entriesOf(store, row, after).entries.map((entry) => [entry.key, entry]));
  for (const old of entriesOf(store, row, texts).entries) {
    const now = entries.get(old.key);
    if (
      old.key === key ||
      (now && sameTokens(old.tokens, now.tokens) && old.registration?.clientId === now.registration?.clientId)
    )
      continue;
    throw new Error(`store ${store.id} changes another entry than the one that it is to change`);
  }
}

/**
 * The store's rules with their paths made real. One that needs a file is of no meaning for an item of a keyring; a key is
 * somebody else's text, and one that would lead to another folder names no lock.
 */
export function locksOf(
  { host }: Pick<Spots, 'host'>,
  store: TokenStore,
  row: Row,
  where: readonly Where[],
  key: string,
): readonly LockRule[] {
  const beside = besideOf({ host }, row);
  const file = where.flatMap((spot) => (spot.kind === 'file' && spot.file !== beside ? [spot.file] : []))[0];
  const name = store.lockName?.(key, file) ?? key;
  return store.locks.flatMap((rule) => {
    if (file === undefined && /<file>|<folder>/.test(rule.path)) return [];
    if (rule.path.includes('<key>') && /[\\/\0]/.test(name)) return [];
    const parts = { file: file ?? '', folder: host.dirname(file ?? ''), key: name };
    const fill = (path: string): string => path.replace(/<(file|folder|key)>/g, (_, part: keyof typeof parts) => parts[part]);
    // A path that starts with a placeholder is real once that is filled in; any other is a pattern of the table.
    const path = rule.path.startsWith('<') ? fill(rule.path) : pathOf(host, fill(rule.path));
    return path === undefined ? [] : [{ ...rule, path }];
  });
}

async function underLocks<Done>(ports: Spots, [first, ...rest]: readonly LockRule[], work: () => Promise<Done>): Promise<Done> {
  if (!first) return work();
  const { disk, host } = ports;
  const folder = host.dirname(first.path);
  if ((await disk.kind(folder)) === undefined) await disk.makeFolder(folder);
  return disk.withLock(first, () => underLocks(ports, rest, work));
}
