/**
 * Goal: Gemini CLI's list and its keyring items are read and changed in one entry; its encrypted file is named, not opened.
 * Method: the store kit over texts as Gemini CLI 0.61.0 writes them (made-up tokens); then what is its own.
 */
import { describe, expect, it } from 'vitest';
import { describeStore } from '../../../test/kits/store.ts';
import type { Row } from '../store.ts';
import { store } from './store.ts';

const [file, items, encrypted] = store.rows as [Row, Row, Row];
const name = '/home/a/.gemini/mcp-oauth-tokens.json';
const labEntry = {
  serverName: 'lab',
  token: {
    accessToken: 'made-up-access-1',
    tokenType: 'Bearer',
    refreshToken: 'made-up-refresh-1',
    scope: 'openid mcp:read',
    expiresAt: 1795401790359,
    strange: 'unknown to us',
  },
  clientId: 'client-1',
  tokenUrl: 'http://127.0.0.1:4444/token',
  mcpServerUrl: 'http://127.0.0.1:4445/mcp',
  updatedAt: 1795398190359,
};
const text = JSON.stringify(
  [
    { serverName: 'neighbour', token: { accessToken: 'made-up-access-2', tokenType: 'Bearer' }, strange: 1, updatedAt: 1 },
    labEntry,
  ],
  null,
  2,
);
const lab = {
  key: 'lab',
  server: 'lab',
  url: 'http://127.0.0.1:4445/mcp',
  clientId: 'client-1',
  access: 'made-up-access-1',
  refresh: 'made-up-refresh-1',
  expiresAt: 1795401790359,
  scopes: ['openid', 'mcp:read'],
};
const server = { server: 'lab', url: 'http://127.0.0.1:4445/mcp', headers: {}, transport: 'http' } as const;

describeStore(store, {
  samples: [
    {
      title: 'file',
      row: file,
      texts: [{ name, text }],
      entries: [lab, { key: 'neighbour', server: 'neighbour', access: 'made-up-access-2' }],
      at: (key) => [key === 'neighbour' ? 0 : key === 'lab' ? 1 : 2],
      unknown: { key: 'lab', text: 'unknown to us' },
      fresh: { key: 'new', texts: [{ name, text: '' }] },
    },
    {
      title: 'keyring item',
      row: items,
      texts: [{ name: 'lab', text: JSON.stringify(labEntry) }],
      entries: [lab],
      unknown: { key: 'lab', text: 'unknown to us' },
      fresh: { key: 'new', texts: [] },
    },
  ],
  odd: [
    { row: file, text: 'not JSON' },
    { row: file, text: '{"lab":{}}' },
    { row: items, text: '[]' },
    { row: encrypted, text: `${'0'.repeat(24)}:${'1'.repeat(32)}:abcdef` },
  ],
  keys: [
    { row: file, server: { ...server, server: 'my lab' }, key: 'my lab' },
    { row: items, server: { ...server, server: 'my lab/ä.b-c_d' }, key: 'my_lab__.b-c_d' },
    { row: encrypted, server, key: undefined },
  ],
  drops: ['issuer', 'redirectUris'],
  about: (key) => ({ server: key }),
  keepsRegistration: false,
  server,
  says: [
    ['Configured MCP servers:\n\n✓ lab: http://127.0.0.1:4445/mcp (http) - Connected\n', 'yes'],
    ['\u001b[32m✓\u001b[0m lab: http://127.0.0.1:4445/mcp (http) - Connected\n', 'yes'],
    ['✗ lab: http://127.0.0.1:4445/mcp (http) - Disconnected\n', 'unknown'],
    ['✓ laboratory: http://127.0.0.1:4445/mcp (http) - Connected\n', 'unknown'],
  ],
});

describe('Gemini CLI alone', () => {
  it('clears every entry of a name that stands twice, and reads the last, as the client does', () => {
    const twice = JSON.stringify([labEntry, { ...labEntry, token: { accessToken: 'made-up-later' } }]);
    const { entries } = store.read(file, [{ name, text: twice }]);
    expect(entries.map(({ tokens }) => tokens?.access?.reveal())).toEqual(['made-up-later']);
    expect(store.clear(file, [{ name, text: twice }], 'lab', false)).toEqual([{ name, text: '[]' }]);
  });

  it('trusts no folder for its check', () => expect(JSON.stringify(store.connects)).not.toContain('TRUST'));
});
