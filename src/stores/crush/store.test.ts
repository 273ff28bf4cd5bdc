/**
 * Goal: tokens of Crush are read, cleared and put in its data file without touching the servers and settings beside them.
 * Method: the kit over a file as the client writes it (structure: NOTES.md), and the entry that consists of nothing else.
 */
import { expect, it } from 'vitest';
import { applied, describeStore, newEntry, written } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const rows = store.rows;
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const name = '/home/u/.local/share/crush/crush.json';
const text = `{
  "models": {"large": {"model": "m", "provider": "p"}},
  "providers": {"p": {"api_key": "made-up-neighbour-key"}},
  "mcp": {
    "lab": {
      "oauth_token": {
        "access_token": "made-up-access-lab",
        "refresh_token": "made-up-refresh-lab",
        "expires_in": 3600,
        "expires_at": ${written / 1000 + 3600},
        "client": {"client_id": "client-lab", "client_secret": "made-up-secret-lab", "auth_url": "https://as.example.test/auth", "token_url": "https://as.example.test/token", "auth_style": 1},
        "strange": "keep-me"
      }
    },
    "whole": {"type": "http", "oauth": true, "oauth_token": {"access_token": "made-up-access-whole", "expires_in": 0, "expires_at": 0}},
    "stdio": {"type": "stdio", "command": "x"}
  }
}`;

describeStore(store, {
  samples: rows.map((row) => ({
    title: row.kind === 'file' ? row.path : row.kind,
    row,
    texts: [{ name, text }],
    entries: [
      {
        key: 'lab',
        server: 'lab',
        clientId: 'client-lab',
        clientSecret: 'made-up-secret-lab',
        access: 'made-up-access-lab',
        refresh: 'made-up-refresh-lab',
        expiresAt: written + 3_600_000,
      },
      { key: 'whole', server: 'whole', access: 'made-up-access-whole' },
    ],
    at: (key) => (key === 'lab' ? ['mcp', 'lab'] : ['mcp', key, 'oauth_token']),
    unknown: { key: 'lab', text: 'keep-me' },
    fresh: { key: 'new', texts: [{ name, text: '' }] },
  })),
  odd: rows.flatMap((row) => ['[]', '{"mcp":[]}', 'models: {}'].map((odd) => ({ row, text: odd }))),
  keys: rows.flatMap((row) => [
    { row, server, key: 'lab' },
    { row, server: { ...server, server: 'a.b' }, key: undefined },
  ]),
  about: (key) => ({ server: key }),
  drops: ['url', 'issuer', 'redirectUris', 'scopes'],
  keepsRegistration: false,
  server,
});

const [row] = rows as [(typeof rows)[number]];

it('takes a server away of which nothing but the token was there, and leaves one that the person wrote', () => {
  const after = applied([{ name, text }], store.clear(row, [{ name, text }], 'lab', false))[0]?.text ?? '';
  expect(Object.keys(JSON.parse(after).mcp)).toEqual(['whole', 'stdio']);
  const left = applied([{ name, text }], store.clear(row, [{ name, text }], 'whole', true))[0]?.text ?? '';
  expect(JSON.parse(left).mcp.whole).toEqual({ type: 'http', oauth: true });
});

it('does not keep the pages of another authorization server', () => {
  const after = applied([{ name, text }], store.put?.(row, [{ name, text }], 'lab', newEntry) ?? [])[0]?.text ?? '';
  expect(JSON.parse(after).mcp.lab.oauth_token.client).toEqual({
    client_id: 'client-new',
    client_secret: 'made-up-client-secret-new',
    token_url: 'https://as.example.test/token',
  });
});

it('registers every address at which the client may listen', () => {
  const uris = store.redirectUris?.(undefined) ?? [];
  expect(uris).toHaveLength(10);
  expect([uris[0], uris[9]]).toEqual(['http://localhost:40704/callback', 'http://localhost:40713/callback']);
});

it('tells the address of a server that stands whole in the data file', () => {
  const whole = '{"mcp":{"x":{"type":"http","url":"https://x.test","oauth_token":{"access_token":"made-up"}}}}';
  expect(store.read(row, [{ name, text: whole }]).entries.map(({ url }) => url)).toEqual(['https://x.test']);
});
