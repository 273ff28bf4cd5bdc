/**
 * Goal: grants of cursor-agent are read in both forms that were seen, and cleared without touching other servers'.
 * Method: the kit over a file of one project; nothing is put, as the form is known from others' readers alone.
 */
import { expect, it } from 'vitest';
import { describeStore } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const [row] = store.rows as [(typeof store.rows)[number]];
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const name = '/home/u/.cursor/projects/home-u-code/mcp-auth.json';
const text = `{
  "lab": {
    "tokens": {"access_token": "made-up-access-lab", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "made-up-refresh-lab", "scope": "a"},
    "clientInformation": {"client_id": "client-lab", "client_secret": "made-up-secret-lab", "redirect_uris": ["http://localhost:8787/callback"]}
  },
  "notes": {"clientInfo": {"client_id": "client-notes"}, "tokens": {"access_token": "made-up-access-notes"}},
  "empty": {}
}
`;

describeStore(store, {
  samples: [
    {
      title: 'a project',
      row,
      texts: [{ name, text }],
      entries: [
        {
          key: 'lab',
          server: 'lab',
          clientId: 'client-lab',
          clientSecret: 'made-up-secret-lab',
          redirectUris: ['http://localhost:8787/callback'],
          access: 'made-up-access-lab',
          refresh: 'made-up-refresh-lab',
          scopes: ['a'],
        },
        { key: 'notes', server: 'notes', clientId: 'client-notes', access: 'made-up-access-notes' },
      ],
      at: (key) => [key],
      fresh: { key: 'new', texts: [{ name, text: '{}' }] },
    },
  ],
  odd: ['[]', '"x"', '{'].map((odd) => ({ row, text: odd })),
  keys: [{ row, server, key: 'lab' }],
  drops: [],
  keepsRegistration: true,
  server,
});

it('is written by its client alone', () => {
  expect(store.put).toBeUndefined();
  expect(store.signIn.command).toBeUndefined();
});
