/**
 * What tests of the token stores start from: a toy store with two servers in a row of each kind, on real files in a scratch
 * home and the keyring's twin, or on the disk's twin; and the entry that is put.
 */
import { Secret } from '../../src/base/secret.ts';
import { readHoldings } from '../../src/oauth/holdings.ts';
import type { Holding } from '../../src/oauth/oauth.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { NewEntry, Row, TokenStore } from '../../src/stores/store.ts';
import type { DiskTwin } from '../twins/disk.ts';
import { twinHost } from '../twins/host.ts';
import { keyringMemory, twinKeyring } from '../twins/keyring.ts';
import type { Machine } from './machine.ts';
import { line, rows, toyStore } from './toy-store.ts';

export type Spots = Pick<Ports, 'host' | 'disk' | 'keyring' | 'processes'>;

export const old = {
  url: 'https://one.example/mcp',
  issuer: 'https://as.example',
  clientId: 'c-old',
  access: 'old-access',
  refresh: 'old-refresh',
};
export const neighbour = { ...old, clientId: 'c-two', access: 'two-access', refresh: 'two-refresh' };
export const entry: NewEntry = {
  server: 'one',
  url: old.url,
  issuer: old.issuer,
  registration: { clientId: 'c-new' },
  tokens: { access: new Secret('new-access'), refresh: new Secret('new-refresh'), expiresAt: 9000, scopes: undefined },
  tokenEndpoint: 'https://as.example/token',
  resource: old.url,
  writtenAt: 1,
};

export function portsOf(machine: Machine, memory = keyringMemory()): Spots {
  machine.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere';
  return { ...machine.ports, keyring: twinKeyring(memory) };
}

export const withRow = (row: Row, more: Partial<TokenStore> = {}): TokenStore => ({ ...toyStore, rows: [row], ...more });

export const read = async (ports: Spots, store: TokenStore = toyStore): Promise<readonly Holding[]> =>
  (await readHoldings(ports, [store], { consent: true })).holdings;

export async function holding(ports: Spots, store: TokenStore, key = 'one'): Promise<Holding> {
  const found = (await read(ports, store)).find((each) => each.entry.key === key);
  if (!found) throw new Error(`no holding ${key}`);
  return found;
}

export const tokensOf = async (ports: Spots, store: TokenStore, key = 'one') => (await holding(ports, store, key)).entry.tokens;

/** Two servers in a row of each kind that can be changed, with what must not change beside the first one's line. */
export const kinds = {
  file: {
    row: rows.file,
    plant: (machine: Machine) =>
      machine.write('~/.toy/tokens', `#\ufeff keep  \r\n${line('one', old)}${line('two', neighbour)}#end\n`),
  },
  folder: {
    row: rows.folder,
    plant: async (machine: Machine) => {
      for (const [key, { clientId, issuer, url, access, refresh }] of [
        ['one', old],
        ['two', neighbour],
      ] as const) {
        await machine.write(`~/.toy/servers/${key}.tokens`, line(key, { url, access, refresh }));
        await machine.write(`~/.toy/servers/${key}.client`, line(key, { clientId, issuer }));
      }
      await machine.write('~/.toy/servers/debug.log', 'no entry of ours');
    },
  },
  items: {
    row: rows.items,
    plant: (_: Machine, items: Map<string, string>) => {
      items.set('Toy Items\none', line('one', old)).set('Toy Items\ntwo', line('two', neighbour));
    },
  },
  blob: {
    row: rows.blob,
    plant: (_: Machine, items: Map<string, string>) => {
      items.set('Toy Blob\ntester', `${line('two', neighbour)}${line('one', old)}# login of the client itself\n`);
      items.set('Toy Blob\nsomebody', line('one', neighbour));
    },
  },
} as const;

export async function planted(machine: Machine, kind: keyof typeof kinds) {
  const memory = keyringMemory();
  await kinds[kind].plant(machine, memory.items);
  return { ports: portsOf(machine, memory), memory, store: withRow(kinds[kind].row) };
}

/** Everything that is stored, less the lines of server `one`. */
export async function beside(machine: Machine, items: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const path of ['tokens', 'servers/two.tokens', 'servers/two.client', 'servers/debug.log']) {
    all[path] = await machine.text(`~/.toy/${path}`).catch(() => '-');
  }
  for (const [name, text] of items) all[name] = text;
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [name, text.replace(/^one\t.*\n/gm, '')]));
}

export const home = '/home/ada/.toy';

export function twinPorts(disk: DiskTwin): Spots {
  const none = async (): Promise<never> => {
    throw new Error('no process is looked at');
  };
  return {
    host: twinHost(),
    disk,
    keyring: twinKeyring(),
    processes: { run: none, which: none } as unknown as Ports['processes'],
  };
}

export const folderFiles = {
  [`${home}/servers/one.tokens`]: line('one', { access: old.access, refresh: old.refresh }),
  [`${home}/servers/one.client`]: line('one', { clientId: old.clientId }),
};
