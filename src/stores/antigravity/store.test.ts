/**
 * Goal: grants of Antigravity are read and cleared; a form that nobody described is said to be one, not taken for empty.
 * Method: the kit over both files; nothing is put, as the form is known from one report alone.
 */
import { expect, it } from 'vitest';
import { describeStore } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const url = 'https://mcp.example.test/mcp';
const other = 'https://other.example.test/mcp';
const server = { server: 'lab', url, headers: {}, transport: 'http' as const };
const name = '/home/u/.gemini/antigravity/mcp_oauth_tokens.json';
const text = JSON.stringify({
  [url]: {
    client_id: 'client-lab',
    client_secret: 'made-up-secret-lab',
    token_url: 'https://as.example.test/token',
    token: {
      access_token: 'made-up-access-lab',
      token_type: 'Bearer',
      refresh_token: 'made-up-refresh-lab',
      expiry: '2026-11-23T14:00:00.123456789+01:00',
    },
  },
  [other]: { client_id: 'client-other', token: { access_token: 'made-up-access-other', expiry: '0001-01-01T00:00:00Z' } },
});

describeStore(store, {
  samples: store.rows.map((row) => ({
    title: row.kind === 'file' ? row.path : row.kind,
    row,
    texts: [{ name, text }],
    entries: [
      {
        key: url,
        url,
        clientId: 'client-lab',
        clientSecret: 'made-up-secret-lab',
        access: 'made-up-access-lab',
        refresh: 'made-up-refresh-lab',
        expiresAt: Date.UTC(2026, 10, 23, 13, 0, 0, 123),
      },
      { key: other, url: other, clientId: 'client-other', access: 'made-up-access-other' },
    ],
    at: (key) => [key],
    fresh: { key: 'new', texts: [{ name, text: '{}' }] },
  })),
  odd: store.rows.flatMap((row) => ['[]', `{"version":1,"tokens":${text}}`].map((odd) => ({ row, text: odd }))),
  keys: store.rows.map((row) => ({ row, server, key: url })),
  drops: [],
  keepsRegistration: false,
  server,
});

it('is written by its client alone', () => {
  expect(store.put).toBeUndefined();
});
