/**
 * Goal: an entry whose registration lies in a companion file is one entry: read, cleared and written together, whoever writes
 * the companion meanwhile, and never where only the client can say where it belongs.
 * Method: the toy store with a companion beside items and beside a file, on real files and the keyring's twin; the store of
 * MCP Inspector with texts as the real one writes them.
 */
import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { entry, holding, neighbour, old, portsOf, tokensOf, withRow } from '../../test/kits/holdings.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { besideRows, line } from '../../test/kits/toy-store.ts';
import { keyringMemory } from '../../test/twins/keyring.ts';
import { store as inspector } from '../stores/inspector/store.ts';
import type { Row, Where } from '../stores/store.ts';
import { clearHolding, currentEntry, holdingLabel, putEntry, readHoldings, sameTokens } from './holdings.ts';
import { locksOf } from './rewrite.ts';

const tokenLine = (key: string, { url, access, refresh }: typeof old): string => line(key, { url, access, refresh });
const clientLine = (key: string, { clientId, issuer }: typeof old): string => line(key, { clientId, issuer });
const companion = `# theirs \r\n${clientLine('one', old)}${clientLine('two', neighbour)}${clientLine('gone', old)}#\n`;
const others = companion.replace(clientLine('one', old), '');

async function planted(machine: Machine, kind: keyof typeof besideRows) {
  const memory = keyringMemory();
  if (kind === 'file') await machine.write('~/.toy/tokens', tokenLine('one', old) + tokenLine('two', neighbour));
  else memory.items.set('Toy Tokens\none', tokenLine('one', old)).set('Toy Tokens\ntwo', tokenLine('two', neighbour));
  await machine.write('~/.toy/clients', companion);
  return { ports: portsOf(machine, memory), memory, store: withRow(besideRows[kind]) };
}

describe.each(['items', 'file'] as const)('a companion beside %s', (kind) => {
  it('is read with each entry, makes none by itself, and is named with it', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const { holdings, unseen } = await readHoldings(ports, [store], { consent: true });
    expect(holdings.map(({ entry: each }) => [each.key, each.registration?.clientId])).toEqual([
      ['one', 'c-old'],
      ['two', 'c-two'],
    ]);
    const first = kind === 'items' ? 'keyring: Toy Tokens' : '~/.toy/tokens';
    expect(holdings.map((each) => holdingLabel(each).replaceAll(machine.home, '~'))).toEqual(
      Array(2).fill(`${first}, ~/.toy/clients`),
    );
    expect(unseen).toEqual([]);
  });

  it('is cleared with the entry when the whole of it goes, and is left alone otherwise', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const seen = await holding(ports, store);
    expect(await clearHolding(ports, seen, { whole: false })).toBe('cleared');
    expect(await machine.text('~/.toy/clients')).toBe(companion);
    expect(await putEntry(ports, store, seen.row, seen.where, 'one', entry)).toBe('written');
    expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('cleared');
    expect(await machine.text('~/.toy/clients')).toBe(others);
    expect(await currentEntry(ports, seen)).toBeUndefined();
    expect((await holding(ports, store, 'two')).entry.registration?.clientId).toBe('c-two');
  });

  it('is written with the entry, also where there was none yet, for its owner alone', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const { row } = await holding(ports, store);
    const where: Where[] = [
      kind === 'items'
        ? { kind: 'item', service: 'Toy Tokens', account: 'new' }
        : { kind: 'file', file: machine.path('~/.toy/tokens') },
    ];
    expect(await putEntry(ports, store, row, where, 'new', entry)).toBe('written');
    expect((await machine.text('~/.toy/clients')).startsWith(companion)).toBe(true);
    await clearHolding(ports, await holding(ports, store, 'new'), { whole: true });
    await ports.disk.remove(machine.path('~/.toy/clients'));
    expect(await putEntry(ports, store, row, where, 'new', entry)).toBe('written');
    const now = await holding(ports, store, 'new');
    expect([now.entry.registration?.clientId, sameTokens(now.entry.tokens, entry.tokens)]).toEqual(['c-new', true]);
    expect(JSON.parse((await machine.text('~/.toy/clients')).split('\t')[1] ?? '')).toEqual({
      url: old.url,
      issuer: entry.issuer,
      clientId: 'c-new',
    });
    expect(await machine.mode('~/.toy/clients')).toBe(0o600);
  });

  it('keeps what its client writes into it meanwhile, and gives way to another registration of this entry', async () => {
    await using machine = await scratchMachine();
    const { ports: given, store } = await planted(machine, kind);
    const seen = await holding(given, store);
    let writes: string[] = [];
    const replace: typeof given.disk.replace = async (file, ...rest) => {
      const text = file.endsWith('/clients') ? writes.shift() : undefined;
      if (text !== undefined) await machine.write('~/.toy/clients', text);
      return given.disk.replace(file, ...rest);
    };
    const ports = { ...given, disk: { ...given.disk, replace } };
    writes = [`${companion}${clientLine('three', neighbour)}`];
    expect(await putEntry(ports, store, seen.row, seen.where, 'one', entry, seen.entry.tokens)).toBe('written');
    expect(await machine.text('~/.toy/clients')).toContain(clientLine('three', neighbour));
    const now = await holding(ports, store);
    expect(now.entry.registration?.clientId).toBe('c-new');
    await machine.write('~/.toy/clients', clientLine('one', { ...old, clientId: 'c-theirs' }));
    expect(await clearHolding(ports, now, { whole: true })).toBe('changed');
    expect(sameTokens(await tokensOf(ports, store), entry.tokens)).toBe(true);
  });

  it('that others can read is told when it holds a secret alone; one that is odd is told by its own name', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    await chmod(machine.path('~/.toy/clients'), 0o644);
    expect((await holding(ports, store)).readableByOthers).toBeUndefined();
    const keepsSecret = {
      ...store,
      read: (...asked: Parameters<typeof store.read>) => {
        const { entries, odd } = store.read(...asked);
        return {
          entries: entries.map((each) => ({ ...each, registration: { clientId: 'c', clientSecret: entry.tokens.access } })),
          odd,
        };
      },
    };
    expect((await holding(ports, keepsSecret)).readableByOthers).toBe(true);
    await machine.write('~/.toy/clients', 'no line of ours');
    const { unseen } = await readHoldings(ports, [store], { consent: true });
    expect(unseen.map(({ where }) => where)).toEqual([machine.path('~/.toy/clients')]);
  });

  it('names no lock of the entry', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const locking = { ...store, locks: [{ kind: 'mkdir', path: '<file>.lock', staleMs: 1000 }] as const };
    const { row, where } = await holding(ports, store);
    expect(locksOf(ports, locking, row, where.toReversed(), 'one').map(({ path }) => path)).toEqual(
      kind === 'items' ? [] : [machine.path('~/.toy/tokens.lock')],
    );
  });
});

describe("MCP Inspector's registrations, beside its tokens", () => {
  const url = 'https://one.example/mcp';
  const issuer = 'https://as.example';
  const key = `oauth+66754f61-e093-448c-9ace-3d41eda423a5+${encodeURIComponent(url)}:tokens:${issuer}`;
  const token = JSON.stringify({ access_token: 'old-access', token_type: 'Bearer', refresh_token: 'old-refresh', issuer });
  const clientInformation = { client_id: 'c-old', redirect_uris: ['http://127.0.0.1:6276/oauth/callback'] };
  const neighbours = { 'https://two.example/mcp': { byIssuer: { [issuer]: { clientInformation } } } };
  const state = { secretsNamespace: 'x', servers: { [url]: { byIssuer: { [issuer]: { clientInformation } } }, ...neighbours } };
  const [itemsRow, fileRow] = inspector.rows as [Row, Row];

  it.each([
    ['keyring items', itemsRow],
    ['one file', fileRow],
  ] as const)('in %s are cleared and replaced with them', async (_, row) => {
    await using machine = await scratchMachine();
    const memory = keyringMemory();
    const ports = portsOf(machine, memory);
    const store = { ...inspector, rows: [row] };
    if (row.kind === 'items') memory.items.set(`mcp-inspector\n${key}`, token);
    else {
      await machine.write(
        '~/.mcp-inspector/secrets.json',
        JSON.stringify({ version: 1, encryption: 'none', secrets: { [key]: token } }),
      );
    }
    await machine.write('~/.mcp-inspector/storage/oauth.json', JSON.stringify(state, null, 2));
    const seen = await holding(ports, store, key);
    expect(seen.entry.registration?.clientId).toBe('c-old');
    expect(seen.where).toHaveLength(2);
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
    const kept = async (): Promise<typeof state> =>
      JSON.parse(await machine.text('~/.mcp-inspector/storage/oauth.json')) as typeof state;
    expect((await kept()).servers).toEqual({ [url]: { byIssuer: { [issuer]: {} } }, ...neighbours });
    const next = { ...entry, url, issuer };
    expect(await putEntry(ports, store, row, seen.where, key, next)).toBe('written');
    const now = await holding(ports, store, key);
    expect([now.entry.registration?.clientId, sameTokens(now.entry.tokens, next.tokens)]).toEqual(['c-new', true]);
    expect((await kept()).servers).toMatchObject(neighbours);

    await ports.disk.remove(machine.path('~/.mcp-inspector/storage/oauth.json'));
    await clearHolding(ports, now, { whole: true });
    await expect(putEntry(ports, store, row, seen.where, key, next)).rejects.toMatchObject({ code: 'oauth/client-only' });
  });
});
