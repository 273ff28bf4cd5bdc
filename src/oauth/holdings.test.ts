/**
 * Goal: every kind of row is found, read, cleared and written as its client would find it, no neighbour's byte changes, nothing
 * that a client wrote in between is lost, and what cannot be seen is said and never taken for empty.
 * Method: a toy store with one row of each kind, on real files in a scratch home and on the keyring's twin; a client that
 * writes at a chosen moment; eight writers at once as processes of their own; the disk's twin cut at every effect.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { line, rows, toyStore } from '../../test/kits/toy-store.ts';
import { createDiskTwin, type DiskTwin, PowerCut } from '../../test/twins/disk.ts';
import { twinHost } from '../../test/twins/host.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { Secret } from '../base/secret.ts';
import type { Ports } from '../ports/ports.ts';
import type { NewEntry, Row, TokenStore, Where } from '../stores/store.ts';
import { clearHolding, currentEntry, holdingLabel, putEntry, readHoldings, sameTokens } from './holdings.ts';
import type { Holding } from './oauth.ts';

type Spots = Pick<Ports, 'host' | 'disk' | 'keyring' | 'processes'>;

const old = {
  url: 'https://one.example/mcp',
  issuer: 'https://as.example',
  clientId: 'c-old',
  access: 'old-access',
  refresh: 'old-refresh',
};
const neighbour = { ...old, clientId: 'c-two', access: 'two-access', refresh: 'two-refresh' };
const entry: NewEntry = {
  server: 'one',
  url: old.url,
  issuer: old.issuer,
  registration: { clientId: 'c-new' },
  tokens: { access: new Secret('new-access'), refresh: new Secret('new-refresh'), expiresAt: 9000, scopes: undefined },
  tokenEndpoint: 'https://as.example/token',
  resource: old.url,
  writtenAt: 1,
};

function portsOf(machine: Machine, memory = keyringMemory()): Spots {
  machine.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere';
  return { ...machine.ports, keyring: twinKeyring(memory) };
}

const withRow = (row: Row, more: Partial<TokenStore> = {}): TokenStore => ({ ...toyStore, rows: [row], ...more });

const read = async (ports: Spots, store: TokenStore = toyStore): Promise<readonly Holding[]> =>
  (await readHoldings(ports, [store], { consent: true })).holdings;

async function holding(ports: Spots, store: TokenStore, key = 'one'): Promise<Holding> {
  const found = (await read(ports, store)).find((each) => each.entry.key === key);
  if (!found) throw new Error(`no holding ${key}`);
  return found;
}

const tokensOf = async (ports: Spots, store: TokenStore, key = 'one') => (await holding(ports, store, key)).entry.tokens;

/** Two servers in a row of each kind that can be changed, with what must not change beside the first one's line. */
const kinds = {
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

async function planted(machine: Machine, kind: keyof typeof kinds) {
  const memory = keyringMemory();
  await kinds[kind].plant(machine, memory.items);
  return { ports: portsOf(machine, memory), memory, store: withRow(kinds[kind].row) };
}

/** Everything that is stored, less the lines of server `one`. */
async function beside(machine: Machine, items: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const path of ['tokens', 'servers/two.tokens', 'servers/two.client', 'servers/debug.log']) {
    all[path] = await machine.text(`~/.toy/${path}`).catch(() => '-');
  }
  for (const [name, text] of items) all[name] = text;
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [name, text.replace(/^one\t.*\n/gm, '')]));
}

describe('readHoldings', () => {
  it('finds the entries of every kind of row, with where they lie and how they are kept', async () => {
    await using machine = await scratchMachine();
    const memory = keyringMemory();
    for (const { plant } of Object.values(kinds)) await plant(machine, memory.items);
    await machine.write('~/.toy/tokens.old', line('one', old), 0o644);
    const { holdings, unseen, problems } = await readHoldings(portsOf(machine, memory), [toyStore], { consent: false });
    expect([unseen, problems]).toEqual([[], []]);
    const told = holdings.map((each) => [
      each.row.kind,
      each.entry.key,
      holdingLabel(each).replaceAll(machine.home, '~'),
      each.protection,
      each.stale ?? '',
      each.readableByOthers ?? false,
    ]);
    expect(told).toEqual([
      ['file', 'one', '~/.toy/tokens', 'plain', '', false],
      ['file', 'two', '~/.toy/tokens', 'plain', '', false],
      ['file', 'one', '~/.toy/tokens.old', 'plain', 'of an older version', true],
      ['folder', 'one', '~/.toy/servers/one.client, ~/.toy/servers/one.tokens', 'plain', '', false],
      ['folder', 'two', '~/.toy/servers/two.client, ~/.toy/servers/two.tokens', 'plain', '', false],
      ['items', 'one', 'keyring: Toy Items', 'os', '', false],
      ['items', 'two', 'keyring: Toy Items', 'os', '', false],
      ['blob', 'two', 'keyring: Toy Blob', 'os', '', false],
      ['blob', 'one', 'keyring: Toy Blob', 'os', '', false],
    ]);
    expect(holdings.find(({ row, entry }) => row.kind === 'items' && entry.key === 'one')?.where).toEqual([
      { kind: 'item', service: 'Toy Items', account: 'one' },
    ]);
    expect(holdings.every(({ entry: { tokens } }) => tokens?.access !== undefined)).toBe(true);
  });

  it.each(['locked', 'unavailable'] as const)(
    'a keyring that is %s is said to be so, never empty (failure mode 5)',
    async (state) => {
      await using machine = await scratchMachine();
      const { ports, memory, store } = await planted(machine, 'items');
      const seen = await holding(ports, store);
      memory.state = state;
      const { holdings, unseen } = await readHoldings(ports, [store], { consent: true });
      expect(holdings).toEqual([]);
      expect(unseen).toEqual([expect.objectContaining({ store: 'toy', why: state, where: 'keyring: Toy Items' })]);
      await expect(currentEntry(ports, seen)).rejects.toMatchObject({ code: `store/${state}` });
      await expect(clearHolding(ports, seen, { whole: true })).rejects.toMatchObject({ code: `store/${state}` });
    },
  );

  it('does not ask a keyring where there is no D-Bus', async () => {
    await using machine = await scratchMachine();
    const keyring = twinKeyring();
    const asked: string[] = [];
    const list: typeof keyring.list = (service) => {
      asked.push(service);
      return keyring.list(service);
    };
    const ports = { ...portsOf(machine), keyring: { ...keyring, list } };
    delete machine.env['DBUS_SESSION_BUS_ADDRESS'];
    const { unseen } = await readHoldings(ports, [toyStore], { consent: true });
    expect(unseen.map(({ why, where }) => [why, where])).toEqual([
      ['unavailable', 'keyring: Toy Items'],
      ['unavailable', 'keyring: Toy Blob'],
    ]);
    expect(asked).toEqual([]);
    machine.env['XDG_RUNTIME_DIR'] = machine.home;
    await machine.write('~/bus', '');
    await readHoldings(ports, [toyStore], { consent: true });
    expect(asked).toEqual(['Toy Items', 'Toy Blob']);
  });

  it('reads no item on macOS before the person agrees, and names it without what its address may hold', async () => {
    await using machine = await scratchMachine();
    const { ports: given, memory, store } = await planted(machine, 'items');
    memory.items.set('Toy Items\nhttps://x.example/mcp?key=hidden', line('x', old));
    let reads = 0;
    const get: typeof given.keyring.get = (...item) => {
      reads++;
      return given.keyring.get(...item);
    };
    const ports = { ...given, host: { ...given.host, os: 'macos' as const }, keyring: { ...given.keyring, get } };
    const { holdings, unseen } = await readHoldings(ports, [store], { consent: false });
    expect([holdings, reads]).toEqual([[], 0]);
    expect(unseen).toMatchObject([{ why: 'needs-consent', names: ['https://x.example/mcp', 'one', 'two'] }]);
    expect((await readHoldings(ports, [store], { consent: true })).holdings).toHaveLength(3);
  });

  it('lists names out of an SQLite file, and opens nothing', async () => {
    await using machine = await scratchMachine();
    const key = (json: object): string =>
      `\u0000\u0005secret://${JSON.stringify(json)}{"type":"Buffer","data":[118,49,48]}\u0000`;
    await machine.write(
      '~/.toy/state.vscdb',
      new TextEncoder().encode(
        `SQLite format 3\u0000${key({ isDynamicAuthProvider: true, authProviderId: 'https://as.example https://s.example/mcp?k=hidden', clientId: 'c' })}` +
          key({ extensionId: 'anysphere.cursor-mcp', key: '[user-linear] mcp_tokens' }).repeat(2) +
          key({ extensionId: 'anysphere.cursor-mcp', key: '[user-linear] mcp_client_information' }) +
          key({ extensionId: 'vscode.github-authentication', key: 'github.auth' }),
      ),
    );
    const { holdings, unseen } = await readHoldings(portsOf(machine), [withRow(rows.names)], { consent: true });
    expect(holdings).toEqual([]);
    expect(unseen).toEqual([
      {
        store: 'toy',
        client: 'toy',
        why: 'names-only',
        where: machine.path('~/.toy/state.vscdb'),
        names: ['https://as.example https://s.example/mcp', 'user-linear'],
        todo: 'in Toy, press Sign out',
      },
    ]);
  });

  it('says what it could not read, and reads the rest', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', new Uint8Array([0xff, 0xfe, 0x00]));
    await machine.write('~/.toy/tokens.old', 'one\t{"access":"cut off');
    await machine.write('~/.toy/servers/one.tokens', line('one', old));
    const { holdings, unseen, problems } = await readHoldings(portsOf(machine), [toyStore], { consent: true });
    expect(holdings.map(({ row }) => row.kind)).toEqual(['folder']);
    expect(unseen.map(({ why }) => why)).toEqual(['not-readable', 'not-readable']);
    expect(problems.map(({ code }) => code)).toEqual(['document/not-text', 'document/broken']);
    expect(JSON.stringify(problems)).not.toContain('cut off');
  });

  it('takes an empty file for an empty store', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', '\n');
    expect(await readHoldings(portsOf(machine), [withRow(rows.file)], { consent: true })).toMatchObject({
      holdings: [],
      problems: [],
    });
  });
});

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('an entry of a %s', (kind) => {
  it.each([false, true])('is cleared (whole: %s), and every byte beside it stays', async (whole) => {
    await using machine = await scratchMachine();
    const { ports, memory, store } = await planted(machine, kind);
    const before = await beside(machine, memory.items);
    const seen = await holding(ports, store);
    expect(await clearHolding(ports, seen, { whole })).toBe('cleared');
    const now = await currentEntry(ports, seen);
    expect(now?.tokens).toBeUndefined();
    // A keyring item holds both: the toy's clears its line to the registration.
    expect(now?.registration?.clientId).toBe(whole ? undefined : 'c-old');
    const after = await beside(machine, memory.items);
    for (const [name, text] of Object.entries(before)) expect(after[name] ?? '').toBe(text);
    expect(await clearHolding(ports, seen, { whole })).toBe('was clear');
  });

  it('is put where nothing stands, and in place of what was seen', async () => {
    await using machine = await scratchMachine();
    const { ports, memory, store } = await planted(machine, kind);
    const before = await beside(machine, memory.items);
    const { row, where, entry: seen } = await holding(ports, store);
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('changed');
    expect(sameTokens(await tokensOf(ports, store), seen.tokens)).toBe(true);
    expect(await putEntry(ports, store, row, where, 'one', entry, seen.tokens)).toBe('written');
    expect(await beside(machine, memory.items)).toEqual(before);
    const now = await holding(ports, store);
    expect(sameTokens(now.entry.tokens, entry.tokens)).toBe(true);
    expect(now.entry.registration?.clientId).toBe('c-new');
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('written');
    expect(await clearHolding(ports, now, { whole: true })).toBe('cleared');
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('written');
    expect(await beside(machine, memory.items)).toEqual(before);
  });

  it('is left alone when its client has got other tokens', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const seen = await holding(ports, store);
    expect(await putEntry(ports, store, seen.row, seen.where, 'one', entry, seen.entry.tokens)).toBe('written');
    expect(await clearHolding(ports, seen, { whole: true })).toBe('changed');
    expect(sameTokens(await tokensOf(ports, store), entry.tokens)).toBe(true);
  });
});

describe('new stores', () => {
  it('makes file and folder for their owner alone', async () => {
    await using machine = await scratchMachine();
    const ports = portsOf(machine);
    const spots = (...names: string[]): Where[] => names.map((name) => ({ kind: 'file', file: machine.path(`~/.toy/${name}`) }));
    expect(await putEntry(ports, toyStore, rows.file, spots('tokens'), 'one', entry)).toBe('written');
    expect(await putEntry(ports, toyStore, rows.folder, spots('servers/one.tokens'), 'one', entry)).toBe('written');
    expect(await machine.mode('~/.toy/tokens')).toBe(0o600);
    expect(await machine.mode('~/.toy/servers')).toBe(0o700);
    expect(await machine.mode('~/.toy/servers/one.client')).toBe(0o600);
    expect((await read(ports)).map(({ entry: { key } }) => key)).toEqual(['one', 'one']);
  });

  it('keeps the mode of a file that is there', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, 'file');
    await chmod(machine.path('~/.toy/tokens'), 0o640);
    const seen = await holding(ports, store);
    expect(seen.readableByOthers).toBe(true);
    await clearHolding(ports, seen, { whole: true });
    expect(await machine.mode('~/.toy/tokens')).toBe(0o640);
  });
});

describe('limits and locks', () => {
  it('refuses what Windows cannot hold before anything is removed', async () => {
    await using machine = await scratchMachine();
    const { ports: given, memory, store } = await planted(machine, 'items');
    const ports = { ...given, host: { ...given.host, os: 'windows' as const } };
    const { row, where, entry: seen } = await holding(ports, store);
    const before = new Map(memory.items);
    const long = { ...entry, tokens: { ...entry.tokens, access: new Secret('x'.repeat(1400)) } };
    await expect(putEntry(ports, store, row, where, 'one', long, seen.tokens)).rejects.toMatchObject({
      code: 'document/cannot-hold',
    });
    expect(memory.items).toEqual(before);
    expect(await putEntry(ports, store, row, where, 'one', entry, seen.tokens)).toBe('written');
  });

  it('holds every lock of the store in order, and none that a key would lead elsewhere', async () => {
    const taken: string[] = [];
    const disk = createDiskTwin({
      files: { '/home/ada/.toy/tokens': line('one', old) + line('../../x', old) },
      onEffect: ({ name, path, moment }) => {
        if (moment === 'after' && /lock$/.test(name)) taken.push(`${name} ${path}`);
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const store = withRow(rows.file, {
      locks: [
        { kind: 'mkdir', path: '${TOY_HOME:-~/.toy}/locks/<key>.lock', staleMs: 1000 },
        { kind: 'mkdir', path: '<file>.lock', staleMs: 1000 },
        { kind: 'mkdir', path: '<folder>/write.lock', staleMs: 1000 },
      ],
    });
    expect(await clearHolding(ports, await holding(ports, store), { whole: false })).toBe('cleared');
    expect(taken).toEqual([
      'lock /home/ada/.toy/locks/one.lock',
      'lock /home/ada/.toy/tokens.lock',
      'lock /home/ada/.toy/write.lock',
      'unlock /home/ada/.toy/write.lock',
      'unlock /home/ada/.toy/tokens.lock',
      'unlock /home/ada/.toy/locks/one.lock',
    ]);
    taken.length = 0;
    const named = { ...store, lockName: (key: string) => `name of ${key}` };
    expect(await putEntry(ports, named, rows.file, [{ kind: 'file', file: `${home}/tokens` }], 'one', entry)).toBe('written');
    expect(taken[0]).toBe('lock /home/ada/.toy/locks/name of one.lock');
    taken.length = 0;
    expect(await clearHolding(ports, await holding(ports, store, '../../x'), { whole: false })).toBe('cleared');
    expect(taken[0]).toBe('lock /home/ada/.toy/tokens.lock');
  });

  it('refuses a store that would change a neighbour, and one where only the client may write', async () => {
    await using machine = await scratchMachine();
    const { ports } = await planted(machine, 'file');
    const before = await machine.text('~/.toy/tokens');
    const careless = withRow(rows.file, { clear: (_, texts) => texts.map(({ name }) => ({ name, text: '' })) });
    await expect(holding(ports, careless).then((seen) => clearHolding(ports, seen, { whole: true }))).rejects.toThrow(
      /another entry/,
    );
    const { put: _, ...closed } = withRow(rows.file, { clear: () => [] });
    const seen = await holding(ports, closed);
    await expect(clearHolding(ports, seen, { whole: true })).rejects.toMatchObject({ code: 'oauth/client-only' });
    await expect(putEntry(ports, closed, seen.row, seen.where, 'one', entry)).rejects.toMatchObject({
      code: 'oauth/client-only',
    });
    expect(await machine.text('~/.toy/tokens')).toBe(before);
  });
});

const home = '/home/ada/.toy';

function twinPorts(disk: DiskTwin): Spots {
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

const folderFiles = {
  [`${home}/servers/one.tokens`]: line('one', { access: old.access, refresh: old.refresh }),
  [`${home}/servers/one.client`]: line('one', { clientId: old.clientId }),
};

describe('a client that writes meanwhile', () => {
  const writingAt = (at: 'rename' | 'read', then: (disk: DiskTwin) => void) => {
    let times = 0;
    return createDiskTwin({
      files: { [`${home}/tokens`]: line('one', old) + line('two', neighbour) },
      onEffect: ({ name, moment, path }, disk) => {
        if (name === at && moment === 'before' && path === `${home}/tokens` && times++ === 0) then(disk);
        return undefined;
      },
    });
  };

  it('keeps a refreshed pair of this entry: changed', async () => {
    const refreshed = { ...old, access: 'their-access', refresh: 'their-refresh' };
    const disk = writingAt('rename', (at) => at.write(`${home}/tokens`, line('one', refreshed) + line('two', neighbour)));
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('changed');
    expect(disk.text(`${home}/tokens`)).toBe(line('one', refreshed) + line('two', neighbour));
  });

  it('keeps a refreshed pair of a neighbour, and clears this entry all the same', async () => {
    const theirs = { ...neighbour, access: 'their-access' };
    const disk = writingAt('rename', (at) => at.write(`${home}/tokens`, line('one', old) + line('two', theirs)));
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('cleared');
    expect(disk.text(`${home}/tokens`)).toBe(line('two', theirs));
  });

  it('that only dropped a token has written nothing to be lost', async () => {
    const ports = twinPorts(createDiskTwin({ files: { [`${home}/tokens`]: line('one', old) } }));
    const store = withRow(rows.file);
    const seen = await holding(ports, store);
    (ports.disk as DiskTwin).write(`${home}/tokens`, line('one', { ...old, refresh: '' }));
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
  });

  it('gets its registration back when its tokens came between ours', async () => {
    const theirs = line('one', { access: 'their-access' });
    const { [`${home}/servers/one.client`]: client = '' } = folderFiles;
    const disk = createDiskTwin({
      files: { [`${home}/servers/one.client`]: client },
      onEffect: ({ name, moment, path }, at) => {
        if (name === 'create' && moment === 'before' && path.endsWith('one.tokens')) at.write(path, theirs);
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const where: Where[] = [{ kind: 'file', file: `${home}/servers/one.client` }];
    expect(await putEntry(ports, withRow(rows.folder), rows.folder, where, 'one', entry)).toBe('changed');
    expect([disk.text(`${home}/servers/one.client`), disk.text(`${home}/servers/one.tokens`)]).toEqual([client, theirs]);
  });

  it('right after us is told of: what was read back is what counts', async () => {
    const theirs = line('one', { ...old, access: 'their-access' });
    const disk = createDiskTwin({
      files: { [`${home}/tokens`]: '#\n' },
      onEffect: ({ name, moment, path }, at) => {
        if (name === 'rename' && moment === 'after') at.write(path, theirs);
        return undefined;
      },
    });
    const where: Where[] = [{ kind: 'file', file: `${home}/tokens` }];
    expect(await putEntry(twinPorts(disk), withRow(rows.file), rows.file, where, 'one', entry)).toBe('changed');
    expect(disk.text(`${home}/tokens`)).toBe(theirs);
  });

  it('a keyring item keeps a neighbour that it put there between our look and our write', async () => {
    await using machine = await scratchMachine();
    const { ports: given, memory, store } = await planted(machine, 'blob');
    const seen = await holding(given, store);
    let reads = 0;
    const get: typeof given.keyring.get = async (...item) => {
      const name = 'Toy Blob\ntester';
      if (++reads === 2) memory.items.set(name, `${memory.items.get(name)}${line('three', neighbour)}`);
      return given.keyring.get(...item);
    };
    const ports = { ...given, keyring: { ...given.keyring, get } };
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
    expect((await read(given, store)).map(({ entry: { key } }) => key)).toEqual(['two', 'three']);
  });

  it('and never stops is a problem, not an endless wait', async () => {
    let count = 0;
    const disk = createDiskTwin({
      files: { [`${home}/tokens`]: line('one', old) },
      onEffect: ({ name, moment }, at) => {
        if (name === 'rename' && moment === 'before')
          at.write(`${home}/tokens`, line('one', old) + line('two', { access: `a${count++}` }));
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    await expect(holding(ports, store).then((seen) => clearHolding(ports, seen, { whole: true }))).rejects.toMatchObject({
      code: 'file/changed',
    });
  });

  it('eight of them at once lose nothing', async () => {
    await using machine = await scratchMachine();
    const names = Array.from({ length: 8 }, (_, at) => `w${at}`);
    const file = await machine.write(
      '~/.toy/tokens',
      line('one', old) + names.map((name) => line(name, { access: `${name}-0` })).join(''),
    );
    await machine.write('~/.toy/locks/keep', '');
    const ports = portsOf(machine);
    const store = withRow(rows.file);
    const seen = await holding(ports, store);
    const program = new URL('../../test/kits/toy-store.writer.ts', import.meta.url).pathname;
    const writers = names.map((name) =>
      spawn(process.execPath, [program, file, machine.path('~/.toy/locks/write.lock'), name, '6'], {
        stdio: 'ignore',
        timeout: 20_000,
      }),
    );
    const ends = Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0] as number));
    const where = seen.where;
    for (let round = 0; round < 6; round++) {
      expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('cleared');
      expect(await putEntry(ports, store, rows.file, where, 'one', entry)).toBe('written');
    }
    expect(await ends).toEqual(names.map(() => 0));
    const tokens = new Map((await read(ports, store)).map(({ entry: { key, tokens } }) => [key, tokens?.access?.reveal()]));
    expect(Object.fromEntries(tokens)).toEqual({
      one: 'new-access',
      ...Object.fromEntries(names.map((name) => [name, `${name}-6`])),
    });
  });
});

describe('a power cut', () => {
  const state = (disk: DiskTwin): string => {
    const [entry] = toyStore.read(
      rows.folder,
      [...disk.files()]
        .filter(([path]) => /one\.(tokens|client)$/.test(path))
        .map(([name]) => ({ name, text: disk.text(name) ?? '' })),
    ).entries;
    const tokens = entry?.tokens?.access?.reveal().slice(0, 3) ?? 'none';
    return tokens === 'none' ? 'none' : `${tokens} with ${entry?.registration?.clientId}`;
  };
  const seen = async (ports: Spots): Promise<Holding> => holding(ports, withRow(rows.folder));

  async function cutEverywhere(work: (ports: Spots, seen: Holding) => Promise<unknown>) {
    const states: string[] = [];
    for (let at = 0; ; at++) {
      let effects = 0;
      let armed = false;
      const disk = createDiskTwin({
        files: folderFiles,
        onWait: (lock, twin) => twin.delete(lock),
        onEffect: ({ name }) => {
          if (armed && name !== 'read' && effects++ === at) throw new PowerCut();
          return undefined;
        },
      });
      const ports = twinPorts(disk);
      const found = await seen(ports);
      armed = true;
      const ended = await work(ports, found).catch((error: unknown) => error);
      armed = false;
      states.push(state(disk));
      if (!(ended instanceof PowerCut)) {
        expect(at).toBeGreaterThan(8);
        return { states, ended };
      }
      // Whoever comes after finishes it.
      await work(ports, found);
      states.push(`then ${state(disk)}`);
    }
  }

  it('at any effect of a replacement leaves the old, none or the new, never a mix, and is finished by the next run', async () => {
    const { states, ended } = await cutEverywhere((ports, { store, row, where, entry: old }) =>
      putEntry(ports, store, row, where, 'one', entry, old.tokens),
    );
    expect(ended).toBe('written');
    expect(new Set(states)).toEqual(new Set(['old with c-old', 'none', 'new with c-new', 'then new with c-new']));
  });

  it('at any effect of a clearing leaves the old or none, and is finished by the next run', async () => {
    const { states, ended } = await cutEverywhere((ports, found) => clearHolding(ports, found, { whole: true }));
    expect(ended).toBe('cleared');
    expect(new Set(states)).toEqual(new Set(['old with c-old', 'none', 'then none']));
  });
});
