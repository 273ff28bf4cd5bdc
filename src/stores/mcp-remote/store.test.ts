/**
 * Goal: mcp-remote's two files per server are one entry, and no other file of its folder is touched.
 * Method: the store kit over the files that mcp-remote 0.15.1 writes (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { applied, describeStore, newEntry } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [folder, older] = store.rows as [Row, Row];
const key = '9f9a1334d663e0512f6a2b6a5a738bb1';
const at = (name: string): string => `/home/a/.mcp-auth/mcp-remote-v1/${name}`;
const print = (value: unknown): string => JSON.stringify(value, null, 2);
const tokens = {
  access_token: 'made-up-access-1',
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'mcp:read',
  refresh_token: 'made-up-refresh-1',
  expires_at: 1795401790359,
  requested_scope: 'mcp:read',
};
const client = {
  application_type: 'native',
  redirect_uris: ['http://localhost:3399/oauth/callback'],
  token_endpoint_auth_method: 'none',
  client_id_issued_at: 1795397350,
  client_id: 'client-1',
  issuer: 'http://127.0.0.1:4444',
  strange: 'unknown to us',
};
const other = 'abcdef0123456789abcdef0123456789';
const texts = [
  { name: at(`${key}_tokens.json`), text: print(tokens) },
  { name: at(`${key}_client_info.json`), text: print(client) },
  { name: at(`${key}_discovery_state_31292ac9.json`), text: '{"resourceMetadataUrl":"x"}' },
  { name: at(`${key}_lock.json`), text: '{"pid":1,"port":3399}' },
  { name: at(`${other}_client_info.json`), text: print({ client_id: 'client-2', client_secret: 'made-up-secret-2' }) },
  { name: at('notes.json'), text: 'not JSON' },
];
const entry = {
  key,
  issuer: 'http://127.0.0.1:4444',
  clientId: 'client-1',
  redirectUris: ['http://localhost:3399/oauth/callback'],
  access: 'made-up-access-1',
  refresh: 'made-up-refresh-1',
  expiresAt: 1795401790359,
  scopes: ['mcp:read'],
};
const fresh = { key: '0123456789abcdef0123456789abcdef', texts: [] };
const unknown = { key, text: 'unknown to us' };
const server = { server: 'lab', url: 'http://127.0.0.1:4445/mcp', headers: {}, transport: 'http' } as const;

describeStore(store, {
  samples: [
    {
      title: 'folder',
      row: folder,
      texts,
      entries: [entry, { key: other, clientId: 'client-2', clientSecret: 'made-up-secret-2' }],
      unknown,
      fresh,
    },
    {
      title: 'folder of an older version, in the notation of Windows',
      row: older,
      texts: texts.slice(0, 2).map(({ name, text }) => ({ name: name.replaceAll('/', '\\'), text })),
      entries: [entry],
      unknown,
      fresh,
    },
  ],
  odd: [
    { row: folder, name: at(`${key}_tokens.json`), text: 'not JSON' },
    { row: folder, name: at(`${key}_client_info.json`), text: '[]' },
  ],
  keys: [
    { row: folder, server, key },
    { row: older, server, key },
  ],
  drops: ['server', 'url'],
  keepsRegistration: true,
  server,
});

describe('mcp-remote alone', () => {
  it('hashes headers in the order of their names', () => {
    const one = store.keyFor(folder, { ...server, headers: { B: '1', A: '2' } });
    expect(one).toBe(store.keyFor(folder, { ...server, headers: { A: '2', B: '1' } }));
    expect(one).not.toBe(key);
  });

  it('needs the redirect address of the old registration, else that of the port which it works out', () => {
    const [old] = store.read(folder, texts).entries;
    expect(store.redirectUris?.(old)).toEqual(['http://localhost:3399/oauth/callback']);
    const bare = store.read(folder, texts.slice(0, 1)).entries[0];
    expect(store.redirectUris?.(bare)).toEqual([`http://localhost:${3335 + (0x9f9a % 45_816)}/oauth/callback`]);
    expect(store.redirectUris?.(undefined)).toEqual([]);
  });

  it('leaves nothing of an old registration beside a new one', () => {
    const managed = { ...client, registration_client_uri: 'http://x/reg/1', registration_access_token: 'made-up-manage' };
    const before = [{ name: at(`${key}_client_info.json`), text: print(managed) }];
    const after = applied(before, store.put?.(folder, before, key, newEntry) ?? []);
    expect(JSON.stringify(after)).not.toMatch(/made-up-manage|reg\/1|1795397350/);
  });
});
