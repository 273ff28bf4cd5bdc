/**
 * Goal: grants of Qwen Code are read, cleared and put in its list; what it could not use, or only it can open, is left alone.
 * Method: the kit over a file as the client writes it (structure: NOTES.md), with entries of public clients, as it keeps no
 * secret of others; then the keyring's items and the refusals.
 */
import { describe, expect, it } from 'vitest';
import { describeStore, newEntry, written } from '../../../test/kits/store.ts';
import { Problem } from '../../base/problem.ts';
import type { NewEntry, Row } from '../store.ts';
import { store } from './store.ts';

const [file, items, encrypted] = store.rows as [Row, Row, Row];
const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };
const name = '/home/u/.qwen/mcp-oauth-tokens.json';
const lab = {
  serverName: 'lab',
  token: {
    accessToken: 'made-up-access-lab',
    refreshToken: 'made-up-refresh-lab',
    tokenType: 'Bearer',
    scope: 'a b',
    expiresAt: written + 60_000,
  },
  clientId: 'client-lab',
  tokenUrl: 'https://as.example.test/token',
  mcpServerUrl: 'https://mcp.example.test/mcp',
  updatedAt: written,
  strange: 'keep-me',
};
const two = { serverName: 'two', token: { accessToken: 'made-up-access-two', tokenType: 'Bearer' }, updatedAt: 1 };
const text = JSON.stringify([lab, two], null, 2);
const isPublic = (entry: NewEntry): NewEntry => {
  const { clientSecret: _, ...registration } = entry.registration;
  return { ...entry, registration };
};
const plainLab = {
  key: 'lab',
  server: 'lab',
  url: 'https://mcp.example.test/mcp',
  clientId: 'client-lab',
  access: 'made-up-access-lab',
  refresh: 'made-up-refresh-lab',
  expiresAt: written + 60_000,
  scopes: ['a', 'b'],
};

describeStore(
  { ...store, put: (row, texts, key, entry) => store.put?.(row, texts, key, isPublic(entry)) ?? [] },
  {
    samples: [
      {
        title: 'the list',
        row: file,
        texts: [{ name, text }],
        entries: [plainLab, { key: 'two', server: 'two', access: 'made-up-access-two' }],
        at: (key) => (key === 'new' ? [2] : [key === 'lab' ? 0 : 1]),
        unknown: { key: 'lab', text: 'keep-me' },
        fresh: { key: 'new', texts: [{ name, text: '' }] },
      },
    ],
    odd: [
      { row: file, text: '{}' },
      { row: file, text: 'x' },
      { row: items, text: '[]' },
      { row: items, text: '{"token":{}}' },
      { row: encrypted, text: '00112233445566778899aabbccddeeff:00112233445566778899aabbccddeeff:aabb' },
      { row: encrypted, text },
    ],
    keys: [
      { row: file, server, key: 'lab' },
      { row: items, server, key: undefined },
      { row: encrypted, server, key: undefined },
    ],
    about: (key) => ({ server: key }),
    drops: ['issuer', 'redirectUris', 'clientSecret'],
    keepsRegistration: false,
    server,
  },
);

describe('the keyring', () => {
  const texts = [{ name: 'lab', text: JSON.stringify(lab) }];

  it('is read and cleared item by item', () => {
    expect(store.read(items, texts).entries.map(({ key, server: of }) => [key, of])).toEqual([['lab', 'lab']]);
    expect(store.clear(items, texts, 'lab', true)).toEqual([{ name: 'lab', text: undefined }]);
    expect(store.clear(items, texts, 'two', true)).toEqual([]);
  });

  it.each([items, encrypted])('is not written', (row) => {
    expect(codeOf(() => store.put?.(row, texts, 'lab', isPublic(newEntry)))).toBe('oauth/client-only');
  });
});

it('refuses a registration with a secret, which the client would not find again', () => {
  expect(codeOf(() => store.put?.(file, [{ name, text }], 'lab', newEntry))).toBe('document/cannot-hold');
});

it('takes an entry away under its name twice, if it stands twice', () => {
  const twice = JSON.stringify([lab, two, lab]);
  expect(store.clear(file, [{ name, text: twice }], 'lab', true)).toEqual([{ name, text: JSON.stringify([two]) }]);
});

it('puts an entry where the client will read it, if its name stands twice', () => {
  const twice = JSON.stringify([lab, two, lab]);
  const [change] = store.put?.(file, [{ name, text: twice }], 'lab', isPublic(newEntry)) ?? [];
  const list = JSON.parse(change?.text ?? '') as (typeof lab)[];
  expect(list.map(({ token }) => token.accessToken)).toEqual(['made-up-access-lab', 'made-up-access-two', 'made-up-access-new']);
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
}
