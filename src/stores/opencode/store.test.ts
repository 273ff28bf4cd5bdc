/**
 * Goal: opencode's file, named by server and timed in seconds, is read and changed in one entry.
 * Method: the store kit over a text as opencode 1.18.33 prints it (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { describeStore, newEntry } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [file] = store.rows as [Row];
const name = '/home/a/.local/share/opencode/mcp-auth.json';
const text = JSON.stringify(
  {
    lab: {
      tokens: {
        accessToken: 'made-up-access-1',
        refreshToken: 'made-up-refresh-1',
        expiresAt: 1795400618.246,
        scope: 'mcp:read',
      },
      clientInfo: { clientId: 'client-1', clientIdIssuedAt: 1795397794, strange: 'unknown to us' },
      serverUrl: 'http://127.0.0.1:4445/mcp',
    },
    left: {
      clientInfo: {
        clientId: 'client-2',
        clientIdIssuedAt: 1795397794,
        clientSecret: 'made-up-secret-2',
        clientSecretExpiresAt: 0,
      },
      codeVerifier: 'made-up-verifier',
      oauthState: 'made-up-state',
      serverUrl: 'http://127.0.0.1:4447/mcp',
    },
  },
  null,
  2,
);
const server = { server: 'lab', url: 'http://127.0.0.1:4445/mcp', headers: {}, transport: 'http' } as const;

describeStore(store, {
  samples: [
    {
      title: 'file',
      row: file,
      texts: [{ name, text }],
      entries: [
        {
          key: 'lab',
          server: 'lab',
          url: 'http://127.0.0.1:4445/mcp',
          clientId: 'client-1',
          access: 'made-up-access-1',
          refresh: 'made-up-refresh-1',
          expiresAt: 1795400618246,
          scopes: ['mcp:read'],
        },
        {
          key: 'left',
          server: 'left',
          url: 'http://127.0.0.1:4447/mcp',
          clientId: 'client-2',
          clientSecret: 'made-up-secret-2',
        },
      ],
      at: (key) => [key],
      unknown: { key: 'lab', text: 'unknown to us' },
      fresh: { key: 'new', texts: [{ name, text: '' }] },
    },
  ],
  odd: [
    { row: file, text: 'not JSON' },
    { row: file, text: '[]' },
  ],
  keys: [{ row: file, server, key: 'lab' }],
  drops: ['issuer', 'redirectUris'],
  about: (key) => ({ server: key }),
  keepsRegistration: true,
  server,
  says: [
    ['●  ✓ lab connected\n│      http://127.0.0.1:4445/mcp\n', 'yes'],
    ['\u001b[34m●\u001b[39m  ✓ lab \u001b[90mconnected\u001b[39m\n', 'yes'],
    ['●  ⚠ lab needs authentication\n', 'no'],
    ['●  ✗ lab failed\n', 'unknown'],
    ['●  ✓ laboratory connected\n●  ✓ my lab connected\n', 'unknown'],
  ],
});

describe('opencode alone', () => {
  it('names the lock after its file: one for all entries', () => {
    expect(store.lockName?.('lab', name)).toMatch(/^[0-9a-f]{40}$/);
    expect(store.lockName?.('lab', name)).toBe(store.lockName?.('other', name));
    expect(store.lockName?.('lab', name)).not.toBe(store.lockName?.('lab', '/elsewhere'));
  });

  it('writes seconds, and the issue time of no other registration', () => {
    const [change] = store.put?.(file, [{ name, text }], 'lab', newEntry) ?? [];
    const entry = JSON.parse(change?.text ?? '').lab;
    expect(entry.tokens.expiresAt).toBe(Date.UTC(2026, 10, 23, 13) / 1000);
    expect(entry.clientInfo).toEqual({
      clientId: 'client-new',
      clientSecret: 'made-up-client-secret-new',
      strange: 'unknown to us',
    });
  });
});
