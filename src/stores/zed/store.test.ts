/**
 * Goal: sessions of Zed are read out of its items and cleared by removing the item; nothing is put.
 * Method: the kit over items as Zed writes them (structure: NOTES.md), and addresses whose canonical form decides the name.
 */
import { expect, it } from 'vitest';
import { describeStore, written } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const [sessions, secrets] = store.rows as [(typeof store.rows)[number], (typeof store.rows)[number]];
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
    { row: secrets, text: 'made-up-client-secret', name: 'mcp-oauth-client-secret:https://x.test' },
  ],
  keys: [
    ...[
      ['https://mcp.example.test/mcp', 'https://mcp.example.test/mcp'],
      ['HTTPS://MCP.example.test:443/mcp/?a=1#b', 'https://mcp.example.test/mcp'],
      ['https://mcp.example.test', 'https://mcp.example.test'],
      ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ].map(([url = '', address = '']) => ({ row: sessions, server: { ...server, url }, key: `mcp-oauth:${address}` })),
    { row: sessions, server: { ...server, url: 'no address' }, key: undefined },
    { row: secrets, server, key: undefined },
  ],
  drops: [],
  keepsRegistration: false,
  server,
});

it('says how each system names its items, which is no service and account', () => {
  for (const row of store.rows) {
    expect(row).toMatchObject({ form: { attributes: ['url', 'username'], internet: true, target: 'zed:url=<service>' } });
  }
  expect(store.put).toBeUndefined();
});
