/**
 * Goal: Inspector's tokens (a keyring item, or a member of one file) and the registrations beside them are one entry.
 * Method: the store kit over texts as MCP Inspector 2.12.0 writes them (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { applied, describeStore, newEntry, type StoreSample } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [items, file] = store.rows as [Row, Row];
const space = '66754f61-e093-448c-9ace-3d41eda423a5';
const keyOf = (url: string, issuer: string): string => `oauth+${space}+${encodeURIComponent(url)}:tokens:${issuer}`;
const url = 'http://127.0.0.1:4445/mcp';
const issuer = 'http://127.0.0.1:4444';
const key = keyOf(url, issuer);
const fresh = keyOf(newEntry.url, newEntry.issuer);
const state = {
  name: '/home/a/.mcp-inspector/storage/oauth.json',
  text: JSON.stringify(
    {
      secretsNamespace: space,
      servers: {
        [url]: {
          discoveryState: { authorizationServerUrl: issuer },
          byIssuer: {
            [issuer]: {
              clientInformation: {
                redirect_uris: ['http://127.0.0.1:6276/oauth/callback'],
                client_id: 'client-1',
                client_id_issued_at: 1795397350,
                strange: 'unknown to us',
              },
              clientRegistrationKind: 'dcr',
            },
          },
          activeIssuer: issuer,
        },
        'https://neighbour.test/mcp': { scope: 'x' },
      },
    },
    null,
    2,
  ),
};
const token = (n: number): string =>
  JSON.stringify({
    access_token: `made-up-access-${n}`,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'mcp:read',
    refresh_token: `made-up-refresh-${n}`,
    issuer,
  });
const other = keyOf('https://neighbour.test/mcp', issuer);
const secrets = {
  name: '/home/a/.mcp-inspector/secrets.json',
  text: JSON.stringify(
    { version: 1, encryption: 'none', secrets: { [key]: token(1), [other]: token(2), 'server+x:clientSecret': 'y' } },
    null,
    2,
  ),
};
const entry = {
  key,
  url,
  issuer,
  clientId: 'client-1',
  redirectUris: ['http://127.0.0.1:6276/oauth/callback'],
  access: 'made-up-access-1',
  refresh: 'made-up-refresh-1',
  scopes: ['mcp:read'],
};
const neighbour = {
  key: other,
  url: 'https://neighbour.test/mcp',
  issuer,
  access: 'made-up-access-2',
  refresh: 'made-up-refresh-2',
  scopes: ['mcp:read'],
};
const at: StoreSample['at'] = (k, name) => {
  if (name === secrets.name) return ['secrets', k];
  const of = k === key ? [url, issuer] : k === other ? ['https://neighbour.test/mcp', issuer] : [newEntry.url, newEntry.issuer];
  return name === state.name ? ['servers', of[0] as string, 'byIssuer', of[1] as string, 'clientInformation'] : undefined;
};
const server = { server: 'lab', url, headers: {}, transport: 'http' } as const;
const moved = { ...newEntry, url, issuer };

describeStore(store, {
  samples: [
    {
      title: 'keyring items',
      row: items,
      texts: [{ name: key, text: token(1) }, { name: other, text: token(2) }, state],
      entries: [entry, neighbour],
      at,
      unknown: { key, text: 'unknown to us' },
    },
    {
      title: 'file',
      row: file,
      texts: [secrets, state],
      entries: [entry, neighbour],
      at,
      unknown: { key, text: 'unknown to us' },
      fresh: { key: fresh, texts: [{ name: secrets.name, text: '' }, state] },
    },
  ],
  odd: [
    { row: items, name: key, text: 'not JSON' },
    { row: file, text: 'not JSON' },
    { row: file, text: '{"version":1,"encryption":"aes-256-gcm","iv":"x","tag":"y","secrets":"z"}' },
  ],
  keys: [{ row: items, server, key: undefined }],
  drops: ['server', 'expiresAt'],
  about: (k) => (k === key ? { url, issuer } : k === other ? { url: 'https://neighbour.test/mcp', issuer } : {}),
  keepsRegistration: false,
  server,
  says: [
    ['{\n  "tools": [\n    {\n      "name": "whoami"\n    }\n  ]\n}\n[mcp-inspector] Secrets are stored unencrypted.\n', 'yes'],
    ['{"tools":[{"name":"whoami"}]}', 'yes'],
    ['[mcp-inspector] Secrets are stored unencrypted.\n{"error":{"code":"auth_required","message":"x {\\"error\\":1}"}}\n', 'no'],
    ['{"error":{"code":"auth_required","message":"x"}}', 'no'],
    ['{"error":{"code":"store_unavailable"}}', 'unknown'],
    ['[]', 'unknown'],
  ],
});

describe('Inspector alone', () => {
  const texts = [{ name: key, text: token(1) }, state];

  it('clears the tokens alone, or the registration of this issuer with them', () => {
    expect(store.clear(items, texts, key, false)).toEqual([{ name: key, text: undefined }]);
    const after = applied(texts, store.clear(items, texts, key, true));
    expect(after.map(({ name }) => name)).toEqual([state.name]);
    expect(after[0]?.text).not.toContain('client-1');
    expect(after[0]?.text).toContain('"clientRegistrationKind": "dcr"');
  });

  it('puts nothing that the client would not find: without its own state, or under a name of another kind', () => {
    expect(store.put?.(items, texts.slice(0, 1), key, moved)).toEqual([]);
    expect(store.put?.(items, texts, 'oauth+x', moved)).toEqual([]);
  });

  it('leaves the names of other kinds alone', () => {
    expect(store.clear(file, [secrets, state], 'server+x:clientSecret', true)).toEqual([]);
    expect(store.read(items, [{ name: 'server+x:clientSecret', text: 'y' }])).toEqual({ entries: [], odd: [] });
  });
});
