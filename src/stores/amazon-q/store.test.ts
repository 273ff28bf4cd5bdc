/**
 * Goal: grants of Amazon Q are found by the hash of their address among the files of the AWS tools, which stay unread.
 * Method: the kit over a folder of both, with entries of public clients, as the client never uses a secret; keys computed by
 * another program (`sha256sum`).
 */
import { expect, it } from 'vitest';
import { describeStore, newEntry } from '../../../test/kits/store.ts';
import { Problem } from '../../base/problem.ts';
import type { NewEntry } from '../store.ts';
import { store } from './store.ts';

const [row] = store.rows as [(typeof store.rows)[number]];
/** Of `https://mcp.example.test/mcp`. */
const key = '098dba724f752c0f4518dcba8e40f24496c814baf106031afe72e1b5e7813f9b';
const other = 'b'.repeat(64);
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const folder = '/home/u/.aws/sso/cache';
const file = (name: string, value: unknown): { name: string; text: string } => ({
  name: `${folder}/${name}`,
  text: JSON.stringify(value, null, 2),
});
const registration = { client_id: 'Q DEV CLI', client_secret: null, scopes: ['openid'], redirect_uri: 'http://127.0.0.1:7000' };
const isPublic = (entry: NewEntry): NewEntry => {
  const { clientSecret: _, ...rest } = entry.registration;
  return { ...entry, registration: rest };
};

describeStore(
  { ...store, put: (of, texts, at, entry) => store.put?.(of, texts, at, isPublic(entry)) ?? [] },
  {
    samples: [
      {
        title: 'a folder',
        row,
        texts: [
          file(`${key}.token.json`, {
            access_token: 'made-up-access-lab',
            token_type: 'bearer',
            expires_in: 3600,
            refresh_token: 'made-up-refresh-lab',
            scope: 'a b',
            strange: 'keep-me',
          }),
          file(`${key}.registration.json`, registration),
          file(`${other}.token.json`, { access_token: 'made-up-access-other', token_type: 'bearer' }),
          file('kiro.auth-token.json', { accessToken: 'made-up-neighbour' }),
        ],
        entries: [
          {
            key,
            clientId: 'Q DEV CLI',
            redirectUris: ['http://127.0.0.1:7000'],
            access: 'made-up-access-lab',
            refresh: 'made-up-refresh-lab',
            scopes: ['a', 'b'],
          },
          { key: other, access: 'made-up-access-other' },
        ],
        unknown: { key, text: 'keep-me' },
        fresh: { key: 'c'.repeat(64), texts: [] },
      },
    ],
    odd: ['[]', '{'].map((odd) => ({ row, text: odd, name: `${folder}/${key}.token.json` })),
    keys: [
      { row, server, key },
      { row, server: { ...server, url: 'HTTPS://MCP.example.test:443/mcp?team=1#x' }, key },
      { row, server: { ...server, url: 'no address' }, key: undefined },
    ],
    drops: ['server', 'url', 'issuer', 'expiresAt', 'clientSecret'],
    keepsRegistration: true,
    server,
  },
);

it('refuses a registration with a secret, which the client would never use', () => {
  let refused: unknown;
  try {
    store.put?.(row, [], key, newEntry);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(Problem);
  expect((refused as Problem).code).toBe('document/cannot-hold');
});

it('asks for no file of the AWS tools', () => {
  const pattern = row.kind === 'folder' ? row.path.slice(row.path.lastIndexOf('/') + 1) : '';
  expect(pattern).toBe('*.*.json');
  for (const name of [`${'a'.repeat(40)}.json`, 'kiro-auth-token.json', 'botocore-client-id-us-east-1.json']) {
    expect(name.slice(0, -'.json'.length)).not.toContain('.');
  }
});
