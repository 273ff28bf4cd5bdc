/**
 * Items of the Secret Service by attributes of our choice, for those that the library cannot name: it asks by `service` and
 * `username` alone.
 *
 * An item that is there is written over in place, with all its attributes; no prompt is ever made, for what is locked is said
 * to be locked. Its secrets go over the bus in the plain session form: the bus is a socket of this user's own.
 * Secret Service API 0.2; tried with gnome-keyring 42.1 on 2026-11-23, which shows attributes of a locked collection as hashes.
 */
import { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';
import type { Keyring } from '../ports/keyring.ts';
import { type Bus, BusError, BusTimeout, connectBus } from './dbus.ts';
import type { Value } from './dbus-wire.ts';
import { fits, itemsIn } from './keyring-foreign.ts';
import type { Trouble } from './keyring-library.ts';

export type Attributes = readonly [service: string, account: string];
type Listed = Awaited<ReturnType<Keyring['list']>>;

const destination = 'org.freedesktop.secrets';
const root = '/org/freedesktop/secrets';
const secrets = 'org.freedesktop.Secret';
const hashed = 'gkr:compat:hashed:';
/** Programs that search with a schema (libsecret's keytar) find only items that carry it. */
const schema = ['xdg:schema', 'org.freedesktop.Secret.Generic'] as const;

/** The work's answer, or why there is none. */
export async function atService<T>(
  address: string | undefined,
  timeoutMs: Milliseconds,
  work: (service: SecretService) => Promise<T>,
): Promise<T | Trouble> {
  if (address === undefined) return 'unavailable';
  let bus: Bus | undefined;
  try {
    bus = await connectBus(address, timeoutMs);
    return await work(new SecretService(bus));
  } catch (error) {
    if (error instanceof BusTimeout) return bus ? 'locked' : 'unavailable';
    return error instanceof BusError && /\.IsLocked$/.test(error.error) ? 'locked' : 'unavailable';
  } finally {
    bus?.close();
  }
}

export class SecretService {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async list([ofService, ofAccount]: Attributes, service: string): Promise<Listed> {
    const { items, hiding } = service.includes('*') ? await this.#all() : await this.#search(new Map([[ofService, service]]));
    const found: { service: string; account: string }[] = [];
    for (const item of items) {
      const attributes = await this.#attributes(item);
      const [name, account] = [attributes.get(ofService), attributes.get(ofAccount)];
      if (attributes.has(`${hashed}${ofService}`)) return 'locked';
      if (name !== undefined && account !== undefined && fits(service, name)) found.push({ service: name, account });
    }
    return found.length === 0 && (hiding || (await this.#hides())) ? 'locked' : itemsIn(found);
  }

  async get(attributes: Attributes, service: string, account: string): Promise<Secret | 'absent' | 'locked'> {
    const { open, locked } = await this.#search(named(attributes, service, account));
    const [item] = open;
    if (item === undefined) return locked.length > 0 || (await this.#hides()) ? 'locked' : 'absent';
    const [secret] = await this.#call(item, 'Item', 'GetSecret', 'o', [await this.#session()]);
    const [, , text] = secret as readonly Value[];
    const bytes = text as Uint8Array;
    if (bytes.length === 0) return 'absent';
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  }

  async set(attributes: Attributes, service: string, account: string, value: Secret): Promise<'done' | 'locked'> {
    const wanted = named(attributes, service, account);
    const { open, locked } = await this.#search(wanted);
    const secret = [await this.#session(), Buffer.alloc(0), Buffer.from(value.reveal()), 'text/plain'];
    const [item] = open;
    if (item !== undefined) {
      await this.#call(item, 'Item', 'SetSecret', '(oayays)', [secret]);
      return 'done';
    }
    if (locked.length > 0) return 'locked';
    const [collection] = await this.#call(root, 'Service', 'ReadAlias', 's', ['default']);
    const properties = new Map<string, Value>([
      [`${secrets}.Item.Label`, { signature: 's', value: service }],
      [`${secrets}.Item.Attributes`, { signature: 'a{ss}', value: new Map([...wanted, schema]) }],
    ]);
    const [made] = await this.#call(String(collection), 'Collection', 'CreateItem', 'a{sv}(oayays)b', [
      properties,
      secret,
      false,
    ]);
    // Otherwise somebody would have to answer a prompt first.
    return made === '/' ? 'locked' : 'done';
  }

  async remove(attributes: Attributes, service: string, account: string): Promise<'done' | 'locked'> {
    const { open, locked } = await this.#search(named(attributes, service, account));
    if (locked.length > 0 || (open.length === 0 && (await this.#hides()))) return 'locked';
    for (const item of open) {
      const [prompt] = await this.#call(item, 'Item', 'Delete', '', []);
      if (prompt !== '/') return 'locked';
    }
    return 'done';
  }

  async #search(attributes: ReadonlyMap<string, string>) {
    const answer = await this.#call(root, 'Service', 'SearchItems', 'a{ss}', [attributes]);
    const [open, locked] = answer.map(pathsOf) as [readonly string[], readonly string[]];
    return { open, locked, items: [...open, ...locked], hiding: false };
  }

  /** Every item of every collection; `hiding`: one is locked and shows none. */
  async #all() {
    const items: string[] = [];
    let hiding = false;
    for (const collection of await this.#collections()) {
      const own = pathsOf(await this.#property(collection, 'Collection', 'Items'));
      if (own.length === 0 && (await this.#property(collection, 'Collection', 'Locked')) === true) hiding = true;
      items.push(...own);
    }
    return { items, hiding };
  }

  async #hides(): Promise<boolean> {
    return (await this.#all()).hiding;
  }

  async #collections(): Promise<readonly string[]> {
    return pathsOf(await this.#property(root, 'Service', 'Collections'));
  }

  async #attributes(item: string): Promise<ReadonlyMap<string, string>> {
    const found = await this.#property(item, 'Item', 'Attributes');
    if (!(found instanceof Map)) throw new Error('attributes that are none');
    return found as ReadonlyMap<string, string>;
  }

  async #property(object: string, owner: 'Service' | 'Collection' | 'Item', name: string): Promise<Value | undefined> {
    const [value] = await this.#bus.call({
      destination,
      path: object,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [`${secrets}.${owner}`, name],
    });
    return value;
  }

  /** Without encryption of its own. */
  async #session(): Promise<string> {
    const [, path] = await this.#call(root, 'Service', 'OpenSession', 'sv', ['plain', { signature: 's', value: '' }]);
    return String(path);
  }

  #call(path: string, owner: 'Service' | 'Collection' | 'Item', member: string, signature: string, body: readonly Value[]) {
    return this.#bus.call({ destination, path, interface: `${secrets}.${owner}`, member, signature, body });
  }
}

function named([ofService, ofAccount]: Attributes, service: string, account: string): ReadonlyMap<string, string> {
  return new Map([
    [ofService, service],
    [ofAccount, account],
  ]);
}

function pathsOf(value: Value | undefined): readonly string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) throw new Error('paths that are none');
  return value as string[];
}
