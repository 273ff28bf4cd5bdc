/**
 * Goal: items that a client names in its own way are found, cleared and written as that client would find them, and where the
 * system's keyring cannot name them, nothing is taken for empty.
 * Method: the stores of Zed, Warp and Gemini CLI over the keyring's twin, which keeps items of a form apart; the real keyring
 * is in src/platform/keyring.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { entry, holding, portsOf } from '../../test/kits/holdings.ts';
import { scratchMachine } from '../../test/kits/machine.ts';
import { keyringMemory } from '../../test/twins/keyring.ts';
import { store as gemini } from '../stores/gemini-cli/store.ts';
import type { Row, TokenStore } from '../stores/store.ts';
import { store as warp } from '../stores/warp/store.ts';
import { store as zed } from '../stores/zed/store.ts';
import { clearHolding, currentEntry, putEntry, readHoldings, sameTokens } from './holdings.ts';

const session = (access: string): string =>
  JSON.stringify({
    token_endpoint: 'https://as.example/token',
    resource: entry.url,
    client_registration: { client_id: 'c-old', client_secret: null },
    tokens: { access_token: access, refresh_token: `${access}-refresh`, expires_at: null },
  });
const key = 'mcp-oauth:https://one.example/mcp';
const neighbour = 'mcp-oauth:https://two.example';

function rowOf(store: TokenStore, kind: Row['kind']): Row & { readonly kind: 'items' | 'blob' } {
  const row = store.rows.find((each) => each.kind === kind);
  if (row?.kind !== 'items' && row?.kind !== 'blob') throw new Error('no such row');
  return row;
}

/** As the twin keeps an item of a row's form. */
const item = (row: ReturnType<typeof rowOf>, service: string, account: string): string =>
  `\n${JSON.stringify(row.form)}\n${service}\n${account}`;

describe('sessions of Zed, each with a service of its own', () => {
  const row = rowOf(zed, 'items');
  async function planted(machine: Awaited<ReturnType<typeof scratchMachine>>) {
    const memory = keyringMemory();
    memory.items
      .set(item(row, key, 'mcp-oauth'), session('old'))
      .set(item(row, neighbour, 'mcp-oauth'), session('two'))
      .set(item(row, 'https://zed.dev', '17'), 'the login of Zed itself')
      .set(item(row, 'mcp-oauth-client-secret:https://one.example/mcp', 'x'), 'typed in')
      .set(`${key}\nmcp-oauth`, 'a plain item, which Zed never looks at');
    return { memory, ports: portsOf(machine, memory) };
  }

  it('are found by the pattern, cleared, and put under the same name', async () => {
    await using machine = await scratchMachine();
    const { memory, ports } = await planted(machine);
    const before = new Map(memory.items);
    const { holdings, unseen, problems } = await readHoldings(ports, [zed], { consent: true });
    expect(holdings.map((each) => each.entry.key)).toEqual([key, neighbour]);
    expect([unseen, problems]).toEqual([[], []]);
    const seen = await holding(ports, zed, key);
    expect(seen.where).toEqual([{ kind: 'item', service: key, account: 'mcp-oauth' }]);
    expect(await clearHolding(ports, seen, { whole: false })).toBe('cleared');
    expect(await currentEntry(ports, seen)).toBeUndefined();
    expect(await putEntry(ports, zed, row, seen.where, key, entry)).toBe('written');
    expect(sameTokens((await holding(ports, zed, key)).entry.tokens, { ...entry.tokens, expiresAt: undefined })).toBe(true);
    const changed = [...memory.items].filter(([name, text]) => before.get(name) !== text).map(([name]) => name);
    expect(changed).toEqual([item(row, key, 'mcp-oauth')]);
    expect(memory.items.size).toBe(before.size);
  });

  it('cannot be seen where the keyring cannot name them: unavailable, never empty', async () => {
    await using machine = await scratchMachine();
    const { memory, ports } = await planted(machine);
    const seen = await holding(ports, zed, key);
    memory.plainOnly = true;
    const { holdings, unseen } = await readHoldings(ports, [zed], { consent: true });
    expect([holdings, unseen.map(({ why, where }) => [why, where])]).toEqual([[], [['unavailable', 'keyring: mcp-oauth:*']]]);
    await expect(clearHolding(ports, seen, { whole: true })).rejects.toMatchObject({ code: 'store/unavailable' });
    await expect(putEntry(ports, zed, row, seen.where, key, entry)).rejects.toMatchObject({ code: 'store/unavailable' });
  });

  it('are cleared but not put on macOS, told before anything is written', async () => {
    await using machine = await scratchMachine();
    const { memory, ports: given } = await planted(machine);
    const ports = { ...given, host: { ...given.host, os: 'macos' as const } };
    const seen = await holding(ports, zed, key);
    const before = new Map(memory.items);
    const put = putEntry(ports, zed, row, seen.where, key, entry, seen.entry.tokens);
    await expect(put).rejects.toMatchObject({ code: 'oauth/client-only' });
    expect(memory.items).toEqual(before);
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
  });
});

describe('items of one service', () => {
  it('of Gemini CLI are those that keytar names', async () => {
    await using machine = await scratchMachine();
    const memory = keyringMemory();
    const row = rowOf(gemini, 'items');
    const text = JSON.stringify({ serverName: 'one', token: { accessToken: 'old', tokenType: 'Bearer' }, clientId: 'c' });
    memory.items.set(item(row, 'gemini-cli-oauth', 'one'), text).set('gemini-cli-oauth\nplain', text);
    const ports = portsOf(machine, memory);
    const seen = await holding(ports, { ...gemini, rows: [row] }, 'one');
    expect(await putEntry(ports, gemini, row, seen.where, 'one', entry, seen.entry.tokens)).toBe('written');
    expect(memory.items.get(item(row, 'gemini-cli-oauth', 'one'))).toContain('new-access');
    expect(memory.items.get('gemini-cli-oauth\nplain')).toBe(text);
  });

  it('of Warp are read, and only a stale one is ours to clear', async () => {
    await using machine = await scratchMachine();
    const memory = keyringMemory();
    const text = JSON.stringify({ one: { client_id: 'c', token_response: { access_token: 'old' } } });
    for (const row of warp.rows) {
      if (row.kind === 'blob')
        memory.items.set(item(row, row.service, row.account({ userName: '', env: () => undefined })), text);
    }
    const ports = portsOf(machine, memory);
    const { holdings } = await readHoldings(ports, [warp], { consent: true });
    const answers = holdings.map((each) => clearHolding(ports, each, { whole: true }).catch(({ code }) => code as string));
    expect(await Promise.all(answers)).toEqual(['oauth/client-only', 'oauth/client-only', 'cleared']);
    expect([...memory.items.values()]).toEqual([text, text, '{}']);
  });
});
