/**
 * A made-up client whose token store has one row of each kind: a file of many servers, an older file that it no longer reads, a
 * folder in which an entry is spread over two files, keyring items, a keyring blob, and names beside what it alone can open.
 *
 * Its texts are lines, `key TAB JSON`, so that changing one entry is changing one line; a line that starts with `#` is a
 * comment. Nothing is shared with the stores of the product, whose forms have kits of their own.
 */
import { Secret } from '../../src/base/secret.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../../src/stores/store.ts';

export const rows = {
  file: { kind: 'file', os: 'all', path: '~/.toy/tokens' },
  stale: { kind: 'file', os: 'all', path: '~/.toy/tokens.old', stale: 'of an older version' },
  folder: { kind: 'folder', os: 'all', path: '~/.toy/servers/*' },
  items: { kind: 'items', os: 'all', service: 'Toy Items' },
  blob: { kind: 'blob', os: 'all', service: 'Toy Blob', account: ({ userName }) => userName },
  names: { kind: 'names', os: 'all', path: '~/.toy/state.vscdb' },
} as const satisfies Record<string, Row>;

/** Rows with a companion: the registrations of all servers in one file, beside tokens in items or in one file. */
export const besideRows = {
  items: { kind: 'items', os: 'all', service: 'Toy Tokens', beside: '${TOY_CLIENTS:-~/.toy/clients}' },
  file: { kind: 'file', os: 'all', path: '~/.toy/tokens', beside: '${TOY_CLIENTS:-~/.toy/clients}' },
} as const satisfies Record<string, Row>;

const isBeside = (row: Row, name: string): boolean => 'beside' in row && name.endsWith('/clients');

interface Kept {
  url?: string;
  issuer?: string;
  clientId?: string;
  access?: string;
  refresh?: string;
  expiresAt?: number;
  scope?: string;
}

const registrationFields = ['clientId', 'issuer'] as const;
const tokenFields = ['access', 'refresh', 'expiresAt', 'scope'] as const;

/** One line of a text, for tests that write what the client would have. */
export const line = (key: string, kept: Kept): string => `${key}\t${JSON.stringify(kept)}\n`;

const lines = (text: string): string[] => text.split(/(?<=\n)/);

function parse(given: string): [string, Kept] | undefined | 'odd' {
  if (given.startsWith('#') || given.trim() === '') return undefined;
  const [key = '', json = ''] = given.split('\t');
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === 'object' && value !== null && key !== '' ? [key, value as Kept] : 'odd';
  } catch {
    return 'odd';
  }
}

function entryOf(key: string, kept: Kept): Entry {
  const secret = (text: string | undefined): Secret | undefined => (text ? new Secret(text) : undefined);
  const access = secret(kept.access);
  const refresh = secret(kept.refresh);
  return {
    key,
    server: key,
    url: kept.url,
    issuer: kept.issuer,
    registration: kept.clientId === undefined ? undefined : { clientId: kept.clientId },
    tokens: access || refresh ? { access, refresh, expiresAt: kept.expiresAt, scopes: kept.scope?.split(' ') } : undefined,
  };
}

/** Of a folder: all files of `<key>.tokens` and `<key>.client` together. A companion alone makes no entry. */
function read(row: Row, texts: readonly Text[]): { entries: Entry[]; odd: string[] } {
  const entries = new Map<string, Kept>();
  const odd: string[] = [];
  for (const { name, text } of texts.toSorted((a, b) => Number(isBeside(row, a.name)) - Number(isBeside(row, b.name)))) {
    for (const each of lines(text)) {
      const parsed = parse(each);
      if (parsed === 'odd') odd.push(name);
      else if (parsed && (entries.has(parsed[0]) || !isBeside(row, name)))
        entries.set(parsed[0], { ...entries.get(parsed[0]), ...parsed[1] });
    }
  }
  if (row.kind === 'names') return { entries: [], odd: [] };
  return { entries: [...entries].map(([key, kept]) => entryOf(key, kept)), odd: [...new Set(odd)] };
}

/** Each text with the line of the key replaced; undefined takes the line out, and the text with it when it was alone. */
function change(row: Row, texts: readonly Text[], key: string, next: (kept: Kept, name: string) => Kept | undefined): Change[] {
  return texts.flatMap(({ name, text }) => {
    const changed = lines(text).map((each) => {
      const parsed = parse(each);
      if (!Array.isArray(parsed) || parsed[0] !== key) return each;
      const kept = next(parsed[1], name);
      return kept === undefined ? '' : line(key, kept);
    });
    const after = changed.join('');
    if (after === text) return [];
    return [
      { name, text: after === '' && row.kind !== 'file' && row.kind !== 'blob' && !isBeside(row, name) ? undefined : after },
    ];
  });
}

function without(kept: Kept, fields: readonly (keyof Kept)[]): Kept {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !fields.includes(name as keyof Kept)));
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): Change[] {
  const { tokens, registration, issuer, url } = entry;
  const whole: Kept = {
    url,
    issuer,
    clientId: registration.clientId,
    access: tokens.access.reveal(),
    ...(tokens.refresh ? { refresh: tokens.refresh.reveal() } : {}),
    ...(tokens.expiresAt === undefined ? {} : { expiresAt: tokens.expiresAt }),
  };
  const parts: [string | undefined, Kept][] =
    row.kind === 'folder'
      ? [
          [`${key}.tokens`, without(whole, registrationFields)],
          [`${key}.client`, without(whole, tokenFields)],
        ]
      : row.kind !== 'names' && 'beside' in row
        ? [
            [texts.find(({ name }) => isBeside(row, name))?.name, without(whole, tokenFields)],
            [
              row.kind === 'items' ? key : texts.find(({ name }) => !isBeside(row, name))?.name,
              without(whole, registrationFields),
            ],
          ]
        : [[texts[0]?.name, whole]];
  return parts.flatMap(([name, kept]) => {
    const old = texts.find((text) => text.name === name || text.name.endsWith(`/${name}`));
    const text = old?.text ?? '';
    const stands = lines(text).some((each) => each.startsWith(`${key}\t`));
    const after = stands
      ? lines(text)
          .map((each) => {
            const parsed = parse(each);
            return Array.isArray(parsed) && parsed[0] === key ? line(key, { ...parsed[1], ...kept }) : each;
          })
          .join('')
      : text + line(key, kept);
    return after === text ? [] : [{ name: old?.name ?? name ?? key, text: after }];
  });
}

export const toyStore: TokenStore & Required<Pick<TokenStore, 'put'>> = {
  id: 'toy',
  client: 'toy',
  name: 'Toy',
  rows: Object.values(rows),
  protection: ({ kind }) => (kind === 'items' || kind === 'blob' ? 'os' : 'plain'),
  programs: { linux: ['toy'], macos: ['Toy'], windows: ['toy.exe'] },
  locks: [{ kind: 'mkdir', path: '~/.toy/locks/write.lock', staleMs: 10_000 }],
  read,
  keyFor: (_, { server }) => server,
  clear: (row, texts, key, whole) =>
    change(row, texts, key, (kept, name) => {
      if (row.kind === 'folder') return whole || name.endsWith('.tokens') ? undefined : kept;
      if ('beside' in row) return whole || !isBeside(row, name) ? undefined : kept;
      return whole ? undefined : without(kept, tokenFields);
    }),
  put,
  signIn: { byHand: 'in Toy, press Sign in', revokes: false, registration: 'new' },
  clearing: { byHand: 'in Toy, press Sign out' },
};
