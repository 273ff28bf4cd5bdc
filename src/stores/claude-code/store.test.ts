/**
 * Goal: Claude Code's one object for everything is read and changed in one member, its own sign-in and its neighbours untouched.
 * Method: the store kit over texts with the fields that Claude Code 2.1.330 wrote (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { applied, describeStore, newEntry, plain, type StoreSample } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [file, blob, fallback] = store.rows as [Row, Row, Row];
const key = 'lab|8515ced8d4036819';
const other = 'plugin:linear:linear|638130d5ab3558f4';
const text = JSON.stringify({
  claudeAiOauth: { accessToken: 'made-up-own-sign-in', refreshToken: 'made-up-own-refresh', expiresAt: 1, scopes: ['x'] },
  mcpOAuth: {
    [key]: {
      serverName: 'lab',
      serverUrl: 'http://127.0.0.1:4445/mcp',
      accessToken: 'made-up-access-1',
      discoveryState: {
        authorizationServerUrl: 'http://127.0.0.1:4444',
        oauthMetadataFound: true,
        authServerMetadataUrl: null,
        resourceMetadataUrl: 'http://127.0.0.1:4445/.well-known/oauth-protected-resource/mcp',
      },
      clientId: 'client-1',
      issuer: 'http://127.0.0.1:4444',
      redirectUri: 'http://localhost:49451/callback',
      refreshToken: 'made-up-refresh-1',
      expiresAt: 1795401790359,
      scope: 'mcp:read offline_access',
      stepUpScope: 'unknown to us',
    },
    [other]: {
      serverName: 'plugin:linear:linear',
      serverUrl: 'https://mcp.linear.app/mcp',
      accessToken: '',
      clientId: 'client-2',
      expiresAt: 0,
    },
  },
  mcpOAuthClientConfig: { [other]: { clientSecret: 'made-up-typed-secret' } },
  pluginSecrets: { __proto__x: { a: 'é' } },
});

const entries = [
  {
    key,
    server: 'lab',
    url: 'http://127.0.0.1:4445/mcp',
    issuer: 'http://127.0.0.1:4444',
    clientId: 'client-1',
    redirectUris: ['http://localhost:49451/callback'],
    access: 'made-up-access-1',
    refresh: 'made-up-refresh-1',
    expiresAt: 1795401790359,
    scopes: ['mcp:read', 'offline_access'],
  },
  {
    key: other,
    server: 'plugin:linear:linear',
    url: 'https://mcp.linear.app/mcp',
    clientId: 'client-2',
    clientSecret: 'made-up-typed-secret',
  },
];

const sample = (title: string, row: Row, name: string, body: string): StoreSample => ({
  title,
  row,
  texts: [{ name, text: body }],
  entries,
  at: (k) => ['mcpOAuth', k],
  unknown: { key, text: 'unknown to us' },
  stays: ['made-up-typed-secret'],
  fresh: { key: 'new|0123456789abcdef', texts: [{ name, text: '' }] },
});
const http = { headers: {}, transport: 'http' } as const;
const lab = { ...http, server: 'lab', url: 'http://127.0.0.1:4445/mcp' };

describeStore(store, {
  samples: [
    sample('file', file, '/home/a/.claude/.credentials.json', text),
    sample(
      'file, printed by a person',
      file,
      '/h/.credentials.json',
      `\ufeff${JSON.stringify(JSON.parse(text), null, '\t')}\r\n`,
    ),
    sample('Keychain item', blob, 'a', text),
    sample('file on macOS', fallback, '/Users/a/.claude/.credentials.json', text),
  ],
  odd: [
    { row: file, text: 'not JSON' },
    { row: file, text: '[]' },
    { row: file, text: '{"mcpOAuth":[]}' },
  ],
  keys: [
    { row: file, server: lab, key },
    { row: blob, server: lab, key },
    { row: fallback, server: lab, key },
    { row: file, server: { ...http, server: 'linear', url: 'https://mcp.linear.app/mcp' }, key: 'linear|638130d5ab3558f4' },
    { row: file, server: { ...http, server: 'notion', url: 'https://mcp.notion.com/mcp' }, key: 'notion|eac663db915250e7' },
  ],
  drops: [],
  keepsRegistration: true,
  server: lab,
  says: [
    ['lab:\n  Scope: User config\n  Status: ✔ Connected\n  Type: http\n', 'yes'],
    ['lab:\n  Status: \u001b[32m✔ Connected\u001b[39m\n', 'yes'],
    ['lab:\n  Status: ! Needs authentication\n', 'no'],
    ['lab:\n  Status: ✘ Failed to connect\n', 'unknown'],
    ['lab:\n  Status: not Connected\n', 'unknown'],
  ],
});

describe('Claude Code alone', () => {
  it('names the refresh lock as the client does, whatever stands in a server’s name', () => {
    expect(store.lockName?.(key, undefined)).toBe('lab_8515ced8d4036819');
    expect(store.lockName?.(other, undefined)).toBe('plugin_linear_linear_638130d5ab3558f4');
    expect(store.lockName?.('../é|1', undefined)).not.toMatch(/[/.|]/);
  });

  it('clears tokens as the client does, so that its next sign-in uses the registration', () => {
    const [change] = store.clear(file, [{ name: 'f', text }], key, false);
    const entry = JSON.parse(change?.text ?? '').mcpOAuth[key];
    expect(entry).toMatchObject({
      accessToken: '',
      expiresAt: 0,
      clientId: 'client-1',
      redirectUri: 'http://localhost:49451/callback',
    });
    expect(entry).not.toHaveProperty('refreshToken');
  });

  it('writes where the new issuer was discovered, and keeps what was discovered of the old one if it is the same', () => {
    const texts = [{ name: 'f', text }];
    const moved = JSON.parse(applied(texts, store.put?.(file, texts, key, newEntry) ?? [])[0]?.text ?? '').mcpOAuth[key];
    expect(moved.discoveryState.authorizationServerUrl).toBe(newEntry.issuer);
    const entry = { ...newEntry, issuer: 'http://127.0.0.1:4444' };
    const same = JSON.parse(applied(texts, store.put?.(file, texts, key, entry) ?? [])[0]?.text ?? '').mcpOAuth[key];
    expect(same.discoveryState.resourceMetadataUrl).toContain('well-known');
  });

  it('asks for the old redirect address, so that a later sign-in keeps the registration', () => {
    const old = store.read(file, [{ name: 'f', text }]).entries[0];
    expect(old && plain(old).redirectUris).toEqual(store.redirectUris?.(old));
    expect(store.redirectUris?.(undefined)).toEqual([]);
  });

  it.each([
    [{ USER: 'ann' }, 'x', 'ann'],
    [{}, 'bob', 'bob'],
    [{ USER: 'a b' }, 'x', 'claude-code-user'],
  ])('names the Keychain item after the user: %o', (env: Record<string, string>, userName, account) => {
    if (blob.kind !== 'blob') throw new Error('unreachable');
    expect(blob.account({ userName, env: (name) => env[name] })).toBe(account);
  });
});
