/**
 * Goal: grants inside Cline's settings are read, cleared and put without touching the servers, and never where Cline would not
 * take them up.
 * Method: the kit over the settings in both spellings of a server and over the older file, a text inside a text; then what is
 * refused.
 */
import { expect, it } from 'vitest';
import { applied, describeStore, newEntry, written } from '../../../test/kits/store.ts';
import { Problem } from '../../base/problem.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const isOlder = (row: Row): boolean => row.kind === 'file' && row.path.endsWith('secrets.json');
const current = store.rows.filter((row) => !isOlder(row));
const older = store.rows.filter(isOlder);
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const name = '/home/u/.cline/data/settings/cline_mcp_settings.json';
const text = JSON.stringify(
  {
    mcpServers: {
      lab: {
        transport: { type: 'streamableHttp', url: 'https://mcp.example.test/mcp' },
        oauth: {
          clientInformation: {
            client_id: 'client-lab',
            client_secret: 'made-up-secret-lab',
            client_id_issued_at: 1_763_000_000,
            redirect_uris: ['http://127.0.0.1:1456/mcp/oauth/callback'],
          },
          redirectUrl: 'http://127.0.0.1:1456/mcp/oauth/callback',
          codeVerifier: 'made-up-verifier',
          tokens: {
            access_token: 'made-up-access-lab',
            token_type: 'Bearer',
            expires_in: 3600,
            refresh_token: 'made-up-refresh-lab',
            scope: 'a b',
            strange: 'keep-me',
          },
          lastAuthenticatedAt: written - 1000,
        },
      },
      flat: {
        type: 'sse',
        url: 'https://flat.example.test/sse',
        headers: { 'X-Key': 'made-up-neighbour-key' },
        oauth: { tokens: { access_token: 'made-up-access-flat', token_type: 'bearer' } },
      },
      registered: { url: 'https://r.example.test', oauth: { clientInformation: { client_id: 'client-r' } } },
      failed: { url: 'https://f.example.test', oauth: { lastError: 'no' } },
      local: { command: 'npx', args: ['x'] },
    },
  },
  null,
  2,
);
const inner = JSON.stringify({
  aa: {
    tokens: { access_token: 'made-up-access-old', refresh_token: 'made-up-refresh-old', expires_in: 60 },
    tokens_saved_at: written,
    client_info: { client_id: 'client-old', redirect_uris: [] },
  },
  bb: { tokens: { access_token: 'made-up-access-bb' } },
});
const olderText = `{\n  "apiKey": "made-up-neighbour-key",\n  "mcpOAuthSecrets": ${JSON.stringify(inner)}\n}`;
const olderName = '/home/u/.cline/data/secrets.json';
const fresh = JSON.stringify({ mcpServers: { new: { url: 'https://mcp.example.test/mcp' } } });

const entries = [
  {
    key: 'lab',
    server: 'lab',
    url: 'https://mcp.example.test/mcp',
    clientId: 'client-lab',
    clientSecret: 'made-up-secret-lab',
    redirectUris: ['http://127.0.0.1:1456/mcp/oauth/callback'],
    access: 'made-up-access-lab',
    refresh: 'made-up-refresh-lab',
    expiresAt: written - 1000 + 3_600_000,
    scopes: ['a', 'b'],
  },
  { key: 'flat', server: 'flat', url: 'https://flat.example.test/sse', access: 'made-up-access-flat' },
];
const addresses: Readonly<Record<string, string>> = {
  flat: 'https://flat.example.test/sse',
  registered: 'https://r.example.test',
};
const registered = { key: 'registered', server: 'registered', url: 'https://r.example.test', clientId: 'client-r' };
// The address is the settings' own, which a put does not change.
describeStore(
  { ...store, rows: current },
  {
    samples: current.map((row) => ({
      title: row.kind === 'file' ? row.path : row.kind,
      row,
      texts: [{ name, text }],
      entries: [...entries, registered],
      at: (key) => ['mcpServers', key, 'oauth'],
      unknown: { key: 'lab', text: 'keep-me' },
      fresh: { key: 'new', texts: [{ name: '/other.json', text: fresh }] },
    })),
    odd: current.flatMap((row) => ['[]', '{"mcpServers":[]}'].map((odd) => ({ row, text: odd }))),
    keys: current.map((row) => ({ row, server, key: 'lab' })),
    about: (key) => ({ server: key, url: addresses[key] ?? newEntry.url }),
    drops: ['issuer'],
    keepsRegistration: true,
    server,
  },
);

const { put: _, ...readOnly } = store;
describeStore(
  { ...readOnly, name: 'Cline, the older file', rows: older },
  {
    samples: older.map((row) => ({
      title: row.kind === 'file' ? row.path : row.kind,
      row,
      texts: [{ name: olderName, text: olderText }],
      entries: [
        {
          key: 'aa',
          clientId: 'client-old',
          redirectUris: [],
          access: 'made-up-access-old',
          refresh: 'made-up-refresh-old',
          expiresAt: written + 60_000,
        },
        { key: 'bb', access: 'made-up-access-bb' },
      ],
      at: () => ['mcpOAuthSecrets'],
      fresh: { key: 'new', texts: [{ name: olderName, text: '{}' }] },
    })),
    odd: older.flatMap((row) => ['[]', '{"mcpOAuthSecrets":"[]"}', '{"mcpOAuthSecrets":"{"}'].map((odd) => ({ row, text: odd }))),
    keys: older.map((row) => ({ row, server, key: '88201dfeed680257030bc1d7d0e96bfb4994dacb156b97199cea4b5d132c8890' })),
    drops: [],
    keepsRegistration: true,
    server,
  },
);

const [row] = current as [Row];
const [olderRow] = older as [Row];

it('leaves no neighbour of the older file other bytes, inside of the inner text too', () => {
  const after = applied(
    [{ name: olderName, text: olderText }],
    store.clear(olderRow, [{ name: olderName, text: olderText }], 'aa', true),
  )[0];
  expect(JSON.parse(after?.text ?? '')).toEqual({
    apiKey: 'made-up-neighbour-key',
    mcpOAuthSecrets: '{"bb":{"tokens":{"access_token":"made-up-access-bb"}}}',
  });
});

it('forgets what belonged to the last sign-in', () => {
  const after = applied([{ name, text }], store.put?.(row, [{ name, text }], 'lab', newEntry) ?? [])[0]?.text ?? '';
  const { oauth, transport } = JSON.parse(after).mcpServers.lab;
  expect(oauth.codeVerifier).toBeUndefined();
  expect(oauth.clientInformation.client_id_issued_at).toBeUndefined();
  expect(oauth.redirectUrl).toBe('http://localhost:3399/oauth/callback');
  expect(transport).toEqual({ type: 'streamableHttp', url: 'https://mcp.example.test/mcp' });
});

it.each([
  ['a server that is not in the settings', row, '{"mcpServers":{}}', 'lab'],
  [
    'a server with a client of its own',
    row,
    '{"mcpServers":{"lab":{"url":"https://x.test","oauthClient":{"clientId":"mine"}}}}',
    'lab',
  ],
  ['the older file', olderRow, '{}', 'aa'],
])('refuses %s', (_title, where, content, key) => {
  let refused: unknown;
  try {
    store.put?.(where, [{ name, text: content }], key, newEntry);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(Problem);
  expect((refused as Problem).code).toBe('document/cannot-hold');
});

it('holds a lock that the client cannot rename its own onto', () => {
  expect(store.locks).toEqual([{ kind: 'create', path: '<file>.lock', staleMs: 10_000 }]);
});
