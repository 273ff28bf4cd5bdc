/**
 * Goal: sessions of Zed are read out of its items and cleared by removing the item, and put in Zed's own form.
 * Method: the kit over items as Zed writes them (structure: NOTES.md), and addresses whose canonical form decides the name.
 */
import { expect, it } from 'vitest';
import { describeStore, newEntry, written } from '../../../test/kits/store.ts';
import { Secret } from '../../base/secret.ts';
import type { Text } from '../store.ts';
import { store } from './store.ts';

const [sessions] = store.rows as [(typeof store.rows)[number]];
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const text = JSON.stringify({
  token_endpoint: 'https://as.example.test/token',
  resource: 'https://mcp.example.test/mcp',
  client_registration: { client_id: 'https://zed.dev/oauth/client-metadata.json', client_secret: null },
  tokens: {
    access_token: 'made-up-access-lab',
    refresh_token: 'made-up-refresh-lab',
    expires_at: { secs_since_epoch: written / 1000, nanos_since_epoch: 5 },
  },
});
const other = JSON.stringify({
  client_registration: { client_id: 'client-other', client_secret: 'made-up-secret-other' },
  tokens: { access_token: 'made-up-access-other', refresh_token: null, expires_at: null },
});

describeStore(store, {
  samples: [
    {
      title: 'items',
      row: sessions,
      texts: [
        { name: 'mcp-oauth:https://mcp.example.test/mcp', text },
        { name: 'mcp-oauth:http://127.0.0.1:8080', text: other },
      ],
      entries: [
        {
          key: 'mcp-oauth:https://mcp.example.test/mcp',
          url: 'https://mcp.example.test/mcp',
          clientId: 'https://zed.dev/oauth/client-metadata.json',
          access: 'made-up-access-lab',
          refresh: 'made-up-refresh-lab',
          expiresAt: written,
        },
        {
          key: 'mcp-oauth:http://127.0.0.1:8080',
          url: 'http://127.0.0.1:8080',
          clientId: 'client-other',
          clientSecret: 'made-up-secret-other',
          access: 'made-up-access-other',
        },
      ],
      fresh: { key: 'mcp-oauth:https://new.example.test', texts: [] },
    },
  ],
  odd: [
    { row: sessions, text: '{}', name: 'mcp-oauth:https://x.test' },
    { row: sessions, text, name: 'https://zed.dev' },
    { row: sessions, text: 'made-up-client-secret', name: 'mcp-oauth-client-secret:https://x.test' },
  ],
  keys: [
    ...[
      ['https://mcp.example.test/mcp', 'https://mcp.example.test/mcp'],
      ['HTTPS://MCP.example.test:443/mcp/?a=1#b', 'https://mcp.example.test/mcp'],
      ['https://mcp.example.test', 'https://mcp.example.test'],
      ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ].map(([url = '', address = '']) => ({ row: sessions, server: { ...server, url }, key: `mcp-oauth:${address}` })),
    { row: sessions, server: { ...server, url: 'no address' }, key: undefined },
  ],
  drops: ['server', 'issuer', 'redirectUris', 'scopes'],
  about: (key) => ({ url: key.slice('mcp-oauth:'.length) }),
  keepsRegistration: false,
  server,
});

it('says how each system names its items, which is no service and account', () => {
  for (const row of store.rows) {
    expect(row).toMatchObject({ form: { attributes: ['url', 'username'], internet: true, target: 'zed:url=<service>' } });
  }
});

it('puts what Zed reads: all that its session must have, a moment as Rust writes it, no more for what is not known', () => {
  const key = 'mcp-oauth:https://mcp.example.test/mcp';
  const parsed = (entry: typeof newEntry, texts: readonly Text[]): unknown =>
    JSON.parse(store.put?.(sessions, texts, key, entry)[0]?.text ?? '');
  expect(parsed(newEntry, [])).toEqual({
    token_endpoint: newEntry.tokenEndpoint,
    resource: newEntry.resource,
    client_registration: { client_id: 'client-new', client_secret: 'made-up-client-secret-new' },
    tokens: {
      access_token: 'made-up-access-new',
      refresh_token: 'made-up-refresh-new',
      expires_at: { secs_since_epoch: written / 1000 + 3600, nanos_since_epoch: 0 },
    },
  });
  const bare = { access: new Secret('a'), refresh: undefined, expiresAt: undefined, scopes: undefined };
  expect(parsed({ ...newEntry, registration: { clientId: 'c' }, tokens: bare }, [{ name: key, text }])).toEqual({
    token_endpoint: newEntry.tokenEndpoint,
    resource: newEntry.resource,
    client_registration: { client_id: 'c' },
    tokens: { access_token: 'a' },
  });
});
