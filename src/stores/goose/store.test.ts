/**
 * Goal: grants among all secrets of Goose are read, cleared and put without touching a key of a provider, in the keyring item
 * and in the YAML file.
 * Method: the kit over both forms as the client writes them (structure: NOTES.md), with entries of public clients, as it keeps
 * no secret of others; YAML compared byte by byte; the lock's name computed by another program (`sha256sum`).
 */
import { describe, expect, it } from 'vitest';
import { applied, describeStore, newEntry, written } from '../../../test/kits/store.ts';
import type { Problem } from '../../base/problem.ts';
import type { NewEntry, Row } from '../store.ts';
import { store } from './store.ts';

const [blob, ...files] = store.rows as [Row, ...Row[]];
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const lab = {
  client_id: 'client-lab',
  token_response: {
    access_token: 'made-up-access-lab',
    token_type: 'bearer',
    expires_in: 3600,
    refresh_token: 'made-up-refresh-lab',
    scope: 'a b',
  },
  granted_scopes: ['a', 'b'],
  token_received_at: written / 1000,
  requested_scopes: ['keep-me'],
};
const json = JSON.stringify({
  OPENAI_API_KEY: 'made-up-neighbour-key',
  oauth_creds_lab: lab,
  'oauth_creds_my files': {
    client_id: 'client-files',
    token_response: { access_token: 'made-up-access-files', token_type: 'bearer' },
  },
  oauth_creds_: { client_id: 'no name' },
  oauth_creds_none: 'x',
});
const yaml = `OPENAI_API_KEY: made-up-neighbour-key # mine
oauth_creds_lab:
  client_id: client-lab
  token_response:
    access_token: made-up-access-lab
    token_type: bearer
    expires_in: 3600
    refresh_token: made-up-refresh-lab
    scope: a b
  granted_scopes:
  - a
  - b
  token_received_at: ${written / 1000}
  requested_scopes: [keep-me]
# another
"oauth_creds_my files": {client_id: client-files, token_response: {access_token: made-up-access-files, token_type: bearer}}
`;
const entries = [
  {
    key: 'oauth_creds_lab',
    server: 'lab',
    clientId: 'client-lab',
    access: 'made-up-access-lab',
    refresh: 'made-up-refresh-lab',
    expiresAt: written + 3_600_000,
    scopes: ['a', 'b'],
  },
  { key: 'oauth_creds_my files', server: 'my files', clientId: 'client-files', access: 'made-up-access-files' },
];
const isPublic = (entry: NewEntry): NewEntry => {
  const { clientSecret: _, ...registration } = entry.registration;
  return { ...entry, registration };
};
const name = '/home/u/.config/goose/secrets.yaml';

describeStore(
  { ...store, put: (row, texts, key, entry) => store.put?.(row, texts, key, isPublic(entry)) ?? [] },
  {
    samples: [
      {
        title: 'the keyring item',
        row: blob,
        texts: [{ name: 'secrets', text: json }],
        entries,
        at: (key) => [key],
        unknown: { key: 'oauth_creds_lab', text: 'keep-me' },
        fresh: { key: 'oauth_creds_new', texts: [{ name: 'secrets', text: '{}' }] },
      },
      ...files.map((row) => ({
        title: row.kind === 'file' ? row.path : row.kind,
        row,
        texts: [{ name, text: yaml }],
        entries,
        unknown: { key: 'oauth_creds_lab', text: 'keep-me' },
        fresh: { key: 'oauth_creds_new', texts: [{ name, text: '' }] },
      })),
    ],
    odd: [
      { row: blob, text: '[]' },
      { row: blob, text: 'a: 1' },
      ...files.flatMap((row) => ['- a', 'a: [', 'text'].map((odd) => ({ row, text: odd }))),
    ],
    keys: store.rows.map((row) => ({ row, server, key: 'oauth_creds_lab' })),
    about: (key) => ({ server: key.slice('oauth_creds_'.length) }),
    drops: ['url', 'redirectUris', 'clientSecret'],
    keepsRegistration: false,
    server,
  },
);

describe('the YAML file', () => {
  const row = files[0] as Row;
  const texts = [{ name, text: yaml }];
  const [head = '', tail = ''] = yaml.split(/oauth_creds_lab:\n(?: .*\n)+/);

  it('loses the lines of the entry and nothing else', () => {
    expect(store.clear(row, texts, 'oauth_creds_lab', true)).toEqual([{ name, text: `${head}${tail}` }]);
  });

  it('gets one line for the entry and nothing else', () => {
    const after = applied(texts, store.put?.(row, texts, 'oauth_creds_lab', isPublic(newEntry)) ?? [])[0]?.text ?? '';
    expect(after.startsWith(head)).toBe(true);
    expect(after.endsWith(tail)).toBe(true);
    expect(after.slice(head.length, after.length - tail.length)).toMatch(/^"oauth_creds_lab": \{.*\}\n$/);
  });
});

it('refuses a registration with a secret, which the client takes from its settings alone', () => {
  for (const row of store.rows) {
    let refused: unknown;
    try {
      store.put?.(row, [{ name, text: '{}' }], 'oauth_creds_lab', newEntry);
    } catch (error) {
      refused = error;
    }
    expect((refused as Problem | undefined)?.code).toBe('document/cannot-hold');
  }
});

it.each([
  ['oauth_creds_lab', 'lab_a51146d38077ff99'],
  ['oauth_creds_my files/é', 'my_files___2f0ec580c20c388d'],
  ['oauth_creds_ü', 'unnamed_607474ca475a9724'],
  [`oauth_creds_${'a'.repeat(300)}`, `${'a'.repeat(183)}_9835fa6bf4e20a9b`],
])('names the lock of %s as the client does', (key, lock) => {
  expect(store.lockName?.(key, name)).toBe(lock);
});
