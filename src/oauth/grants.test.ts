/**
 * Goal: a pair of tokens is one grant wherever it is kept; what is shared, stale or orphaned is said, and said of nothing else;
 * no token and no key of an address is shown in any form.
 * Method: a toy store in a scratch home with configs of a real client beside it; the whole look through the use cases, with
 * every planted secret searched for in what status and show print.
 */
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { line, rows, toyStore } from '../../test/kits/toy-store.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { renderGrant } from '../cli/show/render.ts';
import { render as renderStatus } from '../cli/status/render.ts';
import { statusOf } from '../cli/status/view.ts';
import { columns } from '../cli/text.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { collect } from '../inventory/collect.ts';
import type { Ports } from '../ports/ports.ts';
import type { TokenStore } from '../stores/store.ts';
import { collectGrants, type ServerUse } from './grants.ts';
import type { Grant, Grants } from './oauth.ts';

const one = {
  url: 'https://one.example/mcp',
  issuer: 'https://as.example',
  clientId: 'c-one',
  access: 'pl4nted-access-1',
  refresh: 'pl4nted-refresh-1',
};
const use = (more: Partial<ServerUse> = {}): ServerUse => ({
  client: 'toy',
  server: 'one',
  url: one.url,
  headers: {},
  transport: 'http',
  scope: 'user',
  ...more,
});
const style = { width: 80, color: false };

function portsOf(machine: Machine, memory = keyringMemory()): Ports {
  return { ...machine.ports, keyring: twinKeyring(memory) } as unknown as Ports;
}

const adapters = (...stores: TokenStore[]) => ({ clients: [], providers: [], stores });

const grantsOf = (
  machine: Machine,
  uses: readonly ServerUse[] = [use()],
  stores: readonly TokenStore[] = [toyStore],
): Promise<Grants> => collectGrants(portsOf(machine), adapters(...stores), uses, { consent: false });

const codes = (grant: Grant | undefined): string[] => [...new Set(grant?.findings.map(({ code }) => code))];
const byAccess = ({ grants }: Grants, access: string): Grant | undefined =>
  grants.find(({ holdings }) => holdings.some(({ entry }) => entry.tokens?.access?.reveal() === access));

describe('collectGrants', () => {
  it('counts copies of a pair as one grant, also one that has lost its refresh token', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', { ...one, expiresAt: 5000, scope: 'a b' }));
    await machine.write('~/.toy/tokens.old', line('one', one));
    await machine.write('~/.toy/servers/one.tokens', line('one', { ...one, refresh: '' }));
    const { grants } = await grantsOf(machine);
    expect(grants).toHaveLength(1);
    const [grant] = grants;
    expect(grant?.id).toBe(`oauth-${grant?.fingerprint.slice(0, 4)}`);
    expect(grant?.holdings.map(({ row, stale }) => [row.kind, stale])).toEqual([
      ['file', undefined],
      ['folder', undefined],
      ['file', 'of an older version'],
    ]);
    expect(grant).toMatchObject({
      url: one.url,
      issuer: one.issuer,
      clientId: 'c-one',
      scopes: ['a', 'b'],
      expiresAt: 5000,
      refreshable: true,
    });
    expect(codes(grant)).toEqual(['plain-text', 'stale-copy']);
  });

  it('takes older tokens of a stale copy for a grant of their own, shared by its registration', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one));
    await machine.write('~/.toy/tokens.old', line('one', { ...one, access: 'pl4nted-older', refresh: 'pl4nted-older-refresh' }));
    const all = await grantsOf(machine);
    const [current, stale] = [byAccess(all, one.access), byAccess(all, 'pl4nted-older')];
    expect(all.grants).toHaveLength(2);
    expect([current?.sharedWith, stale?.sharedWith]).toEqual([[stale?.id], [current?.id]]);
    expect(codes(current)).toEqual(['plain-text', 'shared']);
    expect(codes(stale)).toEqual(['plain-text', 'stale-copy', 'shared']);
    expect(stale?.findings.find(({ code }) => code === 'stale-copy')?.text).toContain('tokens.old is of an older version');
  });

  it.each([
    ['the same client at another issuer', { issuer: 'https://other.example' }, false],
    ['another client at the same issuer', { clientId: 'c-two' }, false],
    ['the same, its issuer written with a slash', { issuer: 'https://as.example/' }, true],
    ['the same, its issuer not kept, for the same server', { issuer: undefined as unknown as string }, true],
    [
      'the same, its issuer not kept, for another server',
      { issuer: undefined as unknown as string, url: 'https://two.example' },
      false,
    ],
  ])('shares a registration: %s', async (_, more, shared) => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one) + line('two', { ...one, access: 'a2', refresh: 'r2', ...more }));
    const { grants } = await grantsOf(machine);
    expect(grants.map(({ sharedWith }) => sharedWith.length)).toEqual(shared ? [1, 1] : [0, 0]);
  });

  it('names several clients that hold one pair', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one));
    await machine.write('~/.other/tokens', line('one', one));
    const other: TokenStore = {
      ...toyStore,
      id: 'other',
      client: 'other',
      name: 'Other',
      rows: [{ ...rows.file, path: '~/.other/tokens' }],
    };
    const { grants } = await grantsOf(machine, [use(), use({ client: 'other' })], [toyStore, other]);
    expect(grants).toHaveLength(1);
    expect(grants[0]?.findings.find(({ code }) => code === 'shared')?.text).toBe('held by Toy and Other');
  });

  it.each([
    ['a server that is there', [use()], false],
    ['a renamed server', [use({ server: 'renamed' })], true],
    ['a server of another client alone', [use({ client: 'other' }), use({ server: 'x' })], true],
    ['a client whose configs nobody reads', [use({ client: 'other' })], false],
    ['a server whose address cannot be seen whole', [use({ url: '${HOST}/mcp', unresolved: true })], false],
  ])('orphan: %s', async (_, uses, orphan) => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one));
    const { grants } = await grantsOf(machine, uses);
    expect(codes(grants[0]).includes('orphan')).toBe(orphan);
  });

  it('goes by address where a store keeps no names, and by the very key where it makes one', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one));
    const nameless: TokenStore = {
      ...toyStore,
      keyFor: () => undefined,
      read: (...given) => {
        const { entries, odd } = toyStore.read(...given);
        return { entries: entries.map((entry) => ({ ...entry, server: undefined })), odd };
      },
    };
    const found = async (store: TokenStore, uses: readonly ServerUse[]) =>
      codes((await grantsOf(machine, uses, [store])).grants[0]);
    expect(await found(nameless, [use({ server: 'any', url: `${one.url}/` })])).not.toContain('orphan');
    expect(await found(nameless, [use({ url: 'https://elsewhere.example' })])).toContain('orphan');
    const hashing: TokenStore = { ...toyStore, keyFor: (_, { headers }) => (headers['x'] === undefined ? 'one' : 'another') };
    expect(await found(hashing, [use()])).not.toContain('orphan');
    expect(await found(hashing, [use({ headers: { x: '1' } })])).toContain('orphan');
  });

  it('says what ends by itself, and what other users can read', async () => {
    await using machine = await scratchMachine();
    machine.now = 10_000;
    await machine.write('~/.toy/tokens', line('one', { ...one, refresh: '', expiresAt: 9_999 }), 0o644);
    await machine.write('~/.toy/tokens.old', line('two', { ...one, access: 'a2', expiresAt: 9_999 }));
    const all = await grantsOf(machine);
    expect(codes(byAccess(all, one.access))).toEqual(
      ['plain-text', 'readable-by-others', 'no-refresh', 'expired', 'shared'].sort(byOrder),
    );
    expect(codes(byAccess(all, 'a2'))).not.toContain('expired');
  });

  it('lists registrations without tokens, and those that a newer one has replaced', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.toy/tokens', line('one', one) + line('bare', { clientId: 'c-bare', issuer: one.issuer }));
    await machine.write(
      '~/.toy/tokens.old',
      line('one', { ...one, access: 'a0', refresh: 'r0', clientId: 'c-zero' }) + line('x', one),
    );
    const { registrations } = await grantsOf(machine);
    expect(registrations.map(({ clientId, issuer }) => [clientId, issuer])).toEqual([
      ['c-bare', one.issuer],
      ['c-zero', one.issuer],
    ]);
  });

  it('tells of a keyring out of reach only where a client has a server to sign in to; of a locked one always', async () => {
    await using machine = await scratchMachine();
    expect((await grantsOf(machine, [])).unseen).toEqual([]);
    expect((await grantsOf(machine)).unseen.map(({ why }) => why)).toEqual(['unavailable', 'unavailable']);
    machine.env['DBUS_SESSION_BUS_ADDRESS'] = 'x';
    const memory = keyringMemory('locked');
    memory.items.set('Toy Items\none', line('one', one));
    const { unseen } = await collectGrants(portsOf(machine, memory), adapters(toyStore), [], { consent: false });
    expect(unseen.map(({ why }) => why)).toEqual(['locked']);
  });
});

/** The order of findings is the order in which a copy and then the grant are judged. */
const order = ['plain-text', 'readable-by-others', 'stale-copy', 'orphan', 'shared', 'no-refresh', 'expired'];
const byOrder = (a: string, b: string): number => order.indexOf(a) - order.indexOf(b);

describe('status and show', () => {
  it('find the servers in the clients’ configs, and show no token and no key of an address', async () => {
    await using machine = await scratchMachine();
    const secretUrl = 'https://one.example/mcp?key=pl4nted-in-address';
    await machine.write(
      '~/.claude.json',
      JSON.stringify({
        mcpServers: {
          one: { type: 'http', url: secretUrl, headers: { 'X-Key': 'pl4nted-in-header' } },
          sse: { type: 'sse', url: 'https://two.example/sse' },
          proxied: { command: 'npx', args: ['-y', 'mcp-remote@latest', 'https://three.example/mcp', '--header', 'A: b'] },
          hidden: { type: 'http', url: 'https://four.example/mcp', headers: { K: '${NOT_SET_ANYWHERE}' } },
          local: { command: 'node', args: ['x.js', 'https://five.example'] },
        },
      }),
    );
    await machine.write(
      '~/.toy/tokens',
      line('one', { ...one, url: secretUrl, issuer: 'https://u:pl4nted-user@as.example/t?x=pl4nted-q' }) +
        line('gone', { ...one, access: 'pl4nted-2', refresh: 'pl4nted-3' }),
    );
    await machine.write('~/.toy/tokens.old', 'one\tpl4nted-odd');
    const store: TokenStore = { ...toyStore, client: 'claude-code' };
    const known = { clients: [claudeCode], providers: [], stores: [store] };
    const ports = portsOf(machine);
    const inventory = await collect(ports, known, { folders: [] });
    expect(inventory.remotes).toEqual([
      {
        client: 'claude-code',
        server: 'one',
        url: secretUrl,
        headers: { 'X-Key': 'pl4nted-in-header' },
        transport: 'http',
        scope: 'user',
      },
      { client: 'claude-code', server: 'sse', url: 'https://two.example/sse', headers: {}, transport: 'sse', scope: 'user' },
      {
        client: 'mcp-remote',
        server: 'proxied',
        url: 'https://three.example/mcp',
        headers: { A: 'b' },
        transport: 'http',
        scope: 'user',
      },
      {
        client: 'claude-code',
        server: 'hidden',
        url: 'https://four.example/mcp',
        headers: {},
        transport: 'http',
        scope: 'user',
        unresolved: true,
      },
    ]);
    const grants = await collectGrants(ports, known, inventory.remotes, { consent: false });
    const status = statusOf({ ...inventory, credentials: [] }, grants);
    const texts = [
      JSON.stringify(status.json),
      renderStatus(status, style),
      ...grants.grants.map((grant) => renderGrant(grant, style)),
    ];
    expect(texts.join('\n')).not.toContain('pl4nted');
    for (const text of texts.slice(1)) for (const each of text.split('\n')) expect(columns(each)).toBeLessThanOrEqual(80);
    const gone = byAccess(grants, 'pl4nted-2');
    expect(status.json.grants.find(({ id }) => id === gone?.id)).toMatchObject({
      servers: ['gone'],
      clients: ['claude-code'],
      issuer: 'https://as.example',
      expiresAt: null,
      refreshable: true,
      findings: ['plain-text', 'orphan'],
      copies: [
        {
          client: 'claude-code',
          store: 'toy',
          where: machine.path('~/.toy/tokens'),
          server: 'gone',
          protection: 'plain',
          stale: null,
        },
      ],
    });
    expect(status.exit).toBe('upstream');
    expect(texts[1]).toMatch(
      new RegExp(`^${gone?.id} +oauth, as\\.example\n  servers   gone\n  held by   claude-code\n  store     .*\n`, 'm'),
    );
    expect(texts[1]).toContain('found     plain-text, orphan\n');
    expect(texts[1]).toContain('not seen: sign-ins of claude-code');
  });
});
