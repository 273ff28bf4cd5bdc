/**
 * Goal: Codex's file and its keyring items, which spell the same entry differently, are read and changed as Codex would.
 * Method: the store kit over texts with the fields that Codex 0.169.0 wrote (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { describeStore } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [items, file, age] = store.rows as [Row, Row, Row];
const key = 'lab|8515ced8d4036819';
const tana = 'tana|2e68dc1e4b65021a';
const text = JSON.stringify({
  [key]: {
    server_name: 'lab',
    server_url: 'http://127.0.0.1:4445/mcp',
    issuer: 'http://127.0.0.1:4444',
    client_id: 'client-1',
    access_token: 'made-up-access-1',
    expires_at: 1795401790359,
    refresh_token: 'made-up-refresh-1',
    scopes: ['mcp:read'],
    strange: 'unknown to us',
  },
  [tana]: {
    server_name: 'tana',
    server_url: 'http://localhost:8262/mcp',
    client_id: 'client-2',
    access_token: 'made-up-access-2',
    expires_at: 1795401790000,
    refresh_token: null,
    scopes: [],
  },
});
const item = JSON.stringify({
  server_name: 'lab',
  url: 'http://127.0.0.1:4445/mcp',
  issuer: 'http://127.0.0.1:4444',
  client_id: 'client-1',
  token_response: {
    access_token: 'made-up-access-1',
    token_type: 'bearer',
    expires_in: 3600,
    refresh_token: 'made-up-refresh-1',
    scope: 'mcp:read',
  },
  expires_at: 1795401790359,
  strange: 'unknown to us',
});
const lab = {
  key,
  server: 'lab',
  url: 'http://127.0.0.1:4445/mcp',
  issuer: 'http://127.0.0.1:4444',
  clientId: 'client-1',
  access: 'made-up-access-1',
  refresh: 'made-up-refresh-1',
  expiresAt: 1795401790359,
  scopes: ['mcp:read'],
};
const server = { server: 'lab', url: 'http://127.0.0.1:4445/mcp', headers: {}, transport: 'http' } as const;
const answer = (status: object): string =>
  `{"id":1,"result":{}}\n{"method":"configWarning","params":{}}\nnoise\n${JSON.stringify({ id: 2, result: { data: [{ name: 'neighbour', authStatus: 'notLoggedIn' }, status], nextCursor: null } })}\n`;

describeStore(store, {
  samples: [
    {
      title: 'file',
      row: file,
      texts: [{ name: '/home/a/.codex/.credentials.json', text }],
      entries: [
        lab,
        {
          key: tana,
          server: 'tana',
          url: 'http://localhost:8262/mcp',
          clientId: 'client-2',
          access: 'made-up-access-2',
          expiresAt: 1795401790000,
        },
      ],
      at: (k) => [k],
      unknown: { key, text: 'unknown to us' },
      fresh: { key: 'new|0123456789abcdef', texts: [{ name: '/home/a/.codex/.credentials.json', text: '' }] },
    },
    {
      title: 'keyring item',
      row: items,
      texts: [{ name: key, text: item }],
      entries: [lab],
      unknown: { key, text: 'unknown to us' },
      fresh: { key: 'new|0123456789abcdef', texts: [] },
    },
  ],
  odd: [
    { row: file, text: '[1]' },
    { row: items, text: 'not JSON' },
    { row: age, text: '{"a":{"access_token":"x"}}' },
    { row: age, text: 'age-encryption.org/v1\n-> scrypt x 18\n' },
  ],
  keys: [
    { row: file, server, key },
    { row: items, server, key },
    { row: file, server: { ...server, server: 'tana', url: 'http://localhost:8262/mcp' }, key: tana },
    { row: age, server, key: undefined },
  ],
  drops: ['redirectUris'],
  keepsRegistration: false,
  server,
  says: [
    [answer({ name: 'lab', authStatus: 'oAuth', toolsError: null, serverInfo: { name: 'lab' }, tools: {} }), 'yes'],
    [answer({ name: 'lab', authStatus: 'notLoggedIn', toolsError: 'x', serverInfo: null, tools: {} }), 'no'],
    [answer({ name: 'lab', authStatus: 'oAuth', toolsError: 'Send message error', serverInfo: null, tools: {} }), 'unknown'],
    [answer({ name: 'another', authStatus: 'oAuth', toolsError: null, serverInfo: {} }), 'unknown'],
    ['{"id":2,"error":{"code":1}}', 'unknown'],
    ['{"id":2,"result":{"data":[null]}}', 'unknown'],
  ],
});

describe('Codex alone', () => {
  it('names its locks after the hash of the key', () => expect(store.lockName?.(key, undefined)).toMatch(/^[0-9a-f]{64}$/));

  it('sends whole lines of its protocol and waits for the answer that is judged', () => {
    const lines = store.connects?.input?.(server).split('\n') ?? [];
    expect(lines.at(-1)).toBe('');
    expect(lines.slice(0, -1).map((line) => JSON.parse(line).method)).toEqual([
      'initialize',
      'initialized',
      'mcpServerStatus/list',
    ]);
    expect(answer({})).toContain(store.connects?.inputUntil);
  });
});
