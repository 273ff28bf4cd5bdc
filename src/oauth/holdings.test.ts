/**
 * Goal: every kind of row is found and read as its client would find it, and what cannot be seen is said and never taken for
 * empty.
 * Method: a toy store with one row of each kind, on real files in a scratch home and on the keyring's twin.
 */
import { describe, expect, it } from 'vitest';
import { holding, kinds, old, planted, portsOf, withRow } from '../../test/kits/holdings.ts';
import { scratchMachine } from '../../test/kits/machine.ts';
import { line, rows, toyStore } from '../../test/kits/toy-store.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { clearHolding, currentEntry, holdingLabel, readHoldings } from './holdings.ts';

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
