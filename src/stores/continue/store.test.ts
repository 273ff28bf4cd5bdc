/**
 * Goal: grants in Continue's state are read, cleared and put without touching the rest of that state.
 * Method: the kit over a file as the client writes it (structure: NOTES.md).
 */
import { expect, it } from 'vitest';
import { applied, describeStore, newEntry } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const [row] = store.rows as [(typeof store.rows)[number]];
const url = 'https://mcp.example.test/mcp';
const other = 'https://other.example.test/sse?team=1';
const server = { server: 'lab', url, headers: {}, transport: 'http' as const };
const name = '/home/u/.continue/index/globalContext.json';
const text = JSON.stringify(
  {
    selectedModelsByProfileId: { local: { chat: 'm' } },
    mcpOauthStorage: {
      [url]: {
        clientInformation: {
          client_id: 'client-lab',
          client_secret: 'made-up-secret-lab',
          redirect_uris: ['http://localhost:3000/?state=1'],
          registration_client_uri: 'https://as.example.test/reg/1',
        },
        codeVerifier: 'made-up-verifier',
        tokens: {
          access_token: 'made-up-access-lab',
          token_type: 'Bearer',
          expires_in: 3600,
          refresh_token: 'made-up-refresh-lab',
          scope: 'a b',
          strange: 'keep-me',
        },
      },
      [other]: { tokens: { access_token: 'made-up-access-other', token_type: 'Bearer' } },
      'https://r.example.test/': { clientInformation: { client_id: 'client-r' } },
      'https://never.example.test/': { codeVerifier: 'v' },
    },
    autoUpdateCli: true,
  },
  null,
  2,
);

describeStore(store, {
  samples: [
    {
      title: 'as written',
      row,
      texts: [{ name, text }],
      entries: [
        {
          key: url,
          url,
          clientId: 'client-lab',
          clientSecret: 'made-up-secret-lab',
          redirectUris: ['http://localhost:3000/?state=1'],
          access: 'made-up-access-lab',
          refresh: 'made-up-refresh-lab',
          scopes: ['a', 'b'],
        },
        { key: other, url: other, access: 'made-up-access-other' },
        { key: 'https://r.example.test/', url: 'https://r.example.test/', clientId: 'client-r' },
      ],
      at: (key) => ['mcpOauthStorage', key],
      unknown: { key: url, text: 'keep-me' },
      fresh: { key: 'https://new.example.test/', texts: [{ name, text: '' }] },
    },
  ],
  odd: ['[]', '{"mcpOauthStorage":1}', 'x'].map((odd) => ({ row, text: odd })),
  keys: [{ row, server, key: url }],
  about: (key) => ({ url: key }),
  drops: ['server', 'issuer', 'expiresAt'],
  keepsRegistration: true,
  server,
});

it('leaves no verifier of an unfinished sign-in beside new tokens, and none beside cleared ones', () => {
  const texts = [{ name, text }];
  const put = applied(texts, store.put?.(row, texts, url, newEntry) ?? [])[0]?.text ?? '';
  expect(JSON.parse(put).mcpOauthStorage[url]).not.toHaveProperty('codeVerifier');
  expect(JSON.parse(put).mcpOauthStorage[url].clientInformation).not.toHaveProperty('registration_client_uri');
  const cleared = applied(texts, store.clear(row, texts, url, false))[0]?.text ?? '';
  expect(Object.keys(JSON.parse(cleared).mcpOauthStorage[url])).toEqual(['clientInformation']);
});
