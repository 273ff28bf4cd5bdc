/**
 * Goal: grants in Warp's keyring items are read and cleared one by one; its own ciphertext is named, never opened.
 * Method: the kit over maps as Warp writes them (structure: NOTES.md); nothing is put, as only Warp can sign in to itself.
 */
import { expect, it } from 'vitest';
import { describeStore, written } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const blobs = store.rows.filter(({ kind }) => kind === 'blob');
const files = store.rows.filter(({ kind }) => kind === 'file');
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const text = JSON.stringify({
  '17293822569102704640': {
    client_id: 'client-lab',
    token_response: {
      access_token: 'made-up-access-lab',
      token_type: 'bearer',
      expires_in: 60,
      refresh_token: 'made-up-refresh-lab',
    },
    granted_scopes: ['a', 'b'],
    token_received_at: written / 1000,
    client_secret: 'made-up-secret-lab',
  },
  '6f9619ff-8b86-d011-b42d-00c04fc964ff': {
    client_id: 'client-two',
    token_response: { access_token: 'made-up-access-two' },
    client_secret: null,
  },
});

describeStore(store, {
  samples: blobs.map((row, i) => ({
    title: `map ${i + 1}`,
    row,
    texts: [{ name: row.kind === 'blob' ? row.account({ userName: 'u', env: () => undefined }) : '', text }],
    entries: [
      {
        key: '17293822569102704640',
        clientId: 'client-lab',
        clientSecret: 'made-up-secret-lab',
        access: 'made-up-access-lab',
        refresh: 'made-up-refresh-lab',
        expiresAt: written + 60_000,
        scopes: ['a', 'b'],
      },
      { key: '6f9619ff-8b86-d011-b42d-00c04fc964ff', clientId: 'client-two', access: 'made-up-access-two' },
    ],
    at: (key) => [key],
  })),
  odd: [...blobs.map((row) => ({ row, text: '[]' })), ...files.map((row) => ({ row, text }))],
  keys: store.rows.map((row) => ({ row, server, key: undefined })),
  drops: [],
  keepsRegistration: false,
  server,
});

it('has one item for each kind of server, and says how the system names it', () => {
  const accounts = blobs.map((row) => (row.kind === 'blob' ? row.account({ userName: 'u', env: () => undefined }) : ''));
  expect(accounts).toEqual(['FileBasedMcpCredentials', 'TemplatableMcpCredentials', 'McpCredentials']);
  for (const row of blobs) expect(row).toMatchObject({ form: { attributes: ['service', 'key'] } });
  expect(store.put).toBeUndefined();
});

it('calls its files what they are', () => {
  const [linux, windows] = files as [(typeof files)[number], (typeof files)[number]];
  expect(store.protection(linux, { os: 'linux' })).toBe('weak');
  expect(store.protection(windows, { os: 'windows' })).toBe('os');
});
