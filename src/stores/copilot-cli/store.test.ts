/**
 * Goal: every sign-in that Copilot CLI keeps is found, also several of one server, and cleared by its own two files.
 * Method: the kit over a folder with two of one server, a registration alone and a file of another kind; nothing is put.
 */
import { expect, it } from 'vitest';
import { describeStore, written } from '../../../test/kits/store.ts';
import { store } from './store.ts';

const [row] = store.rows as [(typeof store.rows)[number]];
const url = 'https://mcp.example.test/mcp';
const server = { server: 'lab', url, headers: {}, transport: 'http' as const };
const folder = '/home/u/.copilot/mcp-oauth-config';
const client = {
  serverUrl: url,
  authorizationServerUrl: 'https://as.example.test',
  clientId: 'client-lab',
  redirectUri: 'http://127.0.0.1:4000/',
};
const file = (name: string, value: unknown): { name: string; text: string } => ({
  name: `${folder}/${name}`,
  text: JSON.stringify(value),
});
const base = { url, issuer: 'https://as.example.test', clientId: 'client-lab', redirectUris: ['http://127.0.0.1:4000/'] };

describeStore(store, {
  samples: [
    {
      title: 'a folder',
      row,
      texts: [
        file('aa11.json', { ...client, clientSecret: 'made-up-secret-lab' }),
        file('aa11.tokens.json', {
          accessToken: 'made-up-access-1',
          refreshToken: 'made-up-refresh-1',
          expiresAt: written / 1000 + 60,
          scope: 'a b',
        }),
        file('bb22.json', client),
        file('bb22.tokens.json', { accessToken: 'made-up-access-2' }),
        file('cc33.json', client),
        file('settings.json', { theme: 'dark' }),
      ],
      entries: [
        {
          ...base,
          key: 'aa11',
          clientSecret: 'made-up-secret-lab',
          access: 'made-up-access-1',
          refresh: 'made-up-refresh-1',
          expiresAt: written + 60_000,
          scopes: ['a', 'b'],
        },
        { ...base, key: 'bb22', access: 'made-up-access-2' },
        { ...base, key: 'cc33' },
      ],
    },
  ],
  odd: ['[]', '{', '"x"'].map((odd) => ({ row, text: odd, name: `${folder}/aa11.tokens.json` })),
  keys: [{ row, server, key: undefined }],
  drops: [],
  keepsRegistration: true,
  server,
});

it('leaves the registration beside cleared tokens, and nothing of what is none of its own', () => {
  const texts = [
    file('aa11.json', client),
    file('aa11.tokens.json', { accessToken: 'made-up-access-1' }),
    file('x.json', { a: 1 }),
  ];
  expect(store.clear(row, texts, 'aa11', false)).toEqual([{ name: `${folder}/aa11.tokens.json`, text: undefined }]);
  expect(store.clear(row, texts, 'x', true)).toEqual([]);
  expect(store.put).toBeUndefined();
});
