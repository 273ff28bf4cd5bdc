/**
 * The texts of a store as they lie on this machine: files and keyring items, read with what tells later whether they are
 * still the same, and written back one by one.
 *
 * Nothing here knows what a text means. A text that cannot be seen is never taken for one that is not there: a locked
 * keyring, a file that may not be read and bytes that are no text are problems.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { matches, pathOf } from '../clients/patterns.ts';
import type { FilePath, FileSnapshot } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';
import type { KeyringForm } from '../ports/keyring.ts';
import type { Ports } from '../ports/ports.ts';
import type { Change, Row, Text, Where } from '../stores/store.ts';

type ItemSpot = Where & { readonly kind: 'item' };
export type Spots = Pick<Ports, 'host' | 'disk' | 'keyring'>;

/** A text with the spot where it lies. */
export interface Kept extends Text {
  readonly where: Where;
  /** Of a file; what a replacement is compared with. */
  readonly version?: string;
  /** A file that other users can read. */
  readonly readableByOthers?: true;
}

/** A token file of a client that serves hundreds of servers takes a few hundred kilobytes. */
const mostBytes = 16 * 1024 * 1024;
/** CRED_MAX_CREDENTIAL_BLOB_SIZE of Windows; a password is kept there as UTF-16. */
const mostWindowsBytes = 2560;
const others = 0o077;

/** undefined when there is no such file. Problems: those of Disk.read; document/not-text. */
export async function fileText({ host, disk }: Pick<Spots, 'host' | 'disk'>, file: string): Promise<Kept | undefined> {
  let snapshot: FileSnapshot;
  try {
    snapshot = await disk.read(file, mostBytes);
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/absent') return undefined;
    throw error;
  }
  const exposed = host.os !== 'windows' && (snapshot.mode & others) !== 0;
  return {
    name: file,
    text: decoded(snapshot),
    where: { kind: 'file', file },
    version: snapshot.version,
    ...(exposed ? { readableByOthers: true } : {}),
  };
}

/** What is encoded again gives the same bytes: a byte order mark stays, and anything but UTF-8 is refused. */
function decoded({ path, bytes }: FileSnapshot): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem('document/not-text', { what: `${printable(path)} is not a text in UTF-8` });
  }
}

export const formOf = (row: Row): KeyringForm | undefined => ('form' in row ? row.form : undefined);

/** Whether the keyring of this system writes items of the row: it does not put an internet password (src/ports/keyring.ts). */
export const writable = ({ os }: Pick<Host, 'os'>, row: Row): boolean => !(os === 'macos' && formOf(row)?.internet);

/** An item's name among the texts of its row: the account, or the service where each item has one of its own. */
export function itemName(row: Row, { service, account }: ItemSpot): string {
  return row.kind === 'items' && row.service.includes('*') ? service : account;
}

/** undefined when there is no such item. Problems: store/locked, store/unavailable. */
export async function itemText({ keyring }: Pick<Spots, 'keyring'>, row: Row, where: ItemSpot): Promise<Kept | undefined> {
  const { service, account } = where;
  const value = await keyring.get(service, account, formOf(row));
  if (value === 'absent') return undefined;
  if (value === 'locked' || value === 'unavailable') throw keyringProblem(value, service);
  return { name: itemName(row, where), text: value.reveal(), where: { kind: 'item', service, account } };
}

export function keyringProblem(why: 'locked' | 'unavailable', service: string): Problem {
  return new Problem(`store/${why}`, {
    what: `the keyring, which holds items of ${printable(service)}, ${why === 'locked' ? 'is locked' : 'cannot be reached from this session'}`,
    next: keyringTodo[why],
  });
}

export const keyringTodo = {
  locked: 'unlock the keyring (sign in to the desktop, or unlock the login keyring), then run the command again',
  unavailable: 'run the command in the session whose keyring holds them',
} as const;

/** The file of a row's companion text; undefined when it has none. */
export function besideOf({ host }: Pick<Spots, 'host'>, row: Row): FilePath | undefined {
  return 'beside' in row && row.beside !== undefined ? pathOf(host, row.beside) : undefined;
}

/**
 * All texts that belong to these spots, as they are now: of a folder all that its row names, and the one beside the row's own
 * (an entry may have got more since).
 */
export async function textsAt(ports: Spots, row: Row, where: readonly Where[]): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  const add = (text: Kept | undefined): void => {
    if (text && !kept.some(({ name }) => name === text.name)) kept.push(text);
  };
  for (const spot of where) {
    if (spot.kind === 'item') add(await itemText(ports, row, spot));
    else if (row.kind === 'folder') for (const file of await filesBeside(ports, row, spot.file)) add(await fileText(ports, file));
    else add(await fileText(ports, spot.file));
  }
  const beside = besideOf(ports, row);
  if (beside !== undefined) add(await fileText(ports, beside));
  return kept;
}

/** The files of a folder that the last name of the row's path fits. */
async function filesBeside({ host, disk }: Spots, row: Row & { kind: 'folder' }, file: string): Promise<readonly string[]> {
  const folder = host.dirname(file);
  const pattern = row.path.slice(row.path.lastIndexOf('/') + 1);
  return (await disk.list(folder))
    .filter(({ name, kind }) => kind !== 'directory' && matches(pattern, name))
    .map(({ name }) => host.join(folder, name));
}

/** Problem: document/cannot-hold, before anything is written, when a keyring would refuse the text. */
export function checkSize({ host }: Pick<Spots, 'host'>, where: Where, { text }: Change): void {
  if (where.kind !== 'item' || host.os !== 'windows' || text === undefined || 2 * text.length <= mostWindowsBytes) return;
  throw new Problem('document/cannot-hold', {
    what: `the item of ${printable(where.service)} would take ${2 * text.length} bytes, and Windows keeps ${mostWindowsBytes}`,
    state: 'nothing was written',
    next: 'sign in through the client itself',
  });
}

/**
 * Writes or removes one text if it is still what was read (undefined: if there is still none); false when it is not. A keyring
 * and the removal of a file know no comparison of their own: they are looked at right before.
 */
export async function writeText(
  ports: Spots,
  row: Row,
  where: Where,
  seen: Kept | undefined,
  text: string | undefined,
): Promise<boolean> {
  if (where.kind === 'item') {
    const now = await itemText(ports, row, where);
    if (now?.text !== seen?.text) return false;
    if (text !== undefined) await ports.keyring.set(where.service, where.account, new Secret(text), formOf(row));
    else await ports.keyring.remove(where.service, where.account, formOf(row));
    return true;
  }
  const { disk, host } = ports;
  if (text === undefined) {
    if ((await fileText(ports, where.file))?.version !== seen?.version) return false;
    await disk.remove(where.file);
    return true;
  }
  const folder = host.dirname(where.file);
  if (!seen && (await disk.kind(folder)) === undefined) await disk.makeFolder(folder);
  const bytes = new TextEncoder().encode(text);
  return (await disk.replace(where.file, seen?.version ?? 'absent', bytes, { mode: 0o600 })).written;
}
