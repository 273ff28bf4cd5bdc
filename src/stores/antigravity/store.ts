/**
 * Google Antigravity, editor and terminal: one file each, with an entry per server address; times in RFC 3339.
 *
 * Closed programs, the form known from one report: nothing is put in. The terminal's drops an entry by itself at any error of
 * the server. An entry goes as a whole, as the program itself removes it.
 */
import type { Instant } from '../../base/time.ts';
import * as fields from '../fields.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../store.ts';

/** Go writes an absent time as the year 1. */
function instantOf(token: fields.Fields | undefined): Instant | undefined {
  const text = fields.textField(token, 'expiry');
  const at = text !== undefined && /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return at > 0 ? at : undefined;
}

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    const found = [...(root ?? [])].flatMap(([key, tree]) => entryOf(key, fields.fieldsOf(tree)));
    // A form that nobody has described yet must not look like an empty file.
    if (!root || (root.size > 0 && found.length === 0)) odd.push(name);
    entries.push(...found);
  }
  return { entries, odd };
}

function entryOf(key: string, entry: fields.Fields | undefined): Entry[] {
  const token = fields.fieldsOf(entry?.get('token'));
  if (!token) return [];
  return [
    {
      key,
      server: undefined,
      url: key,
      issuer: undefined,
      registration: fields.registrationOf(fields.textField(entry, 'client_id'), {
        secret: fields.secretField(entry, 'client_secret'),
      }),
      tokens: fields.tokensOf({
        access: fields.secretField(token, 'access_token'),
        refresh: fields.secretField(token, 'refresh_token'),
        expiresAt: instantOf(token),
        scopes: fields.scopesField(token, 'scope'),
      }),
    },
  ];
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) =>
      read(row, [each]).entries.some((entry) => entry.key === key) ? fields.withoutFields(text, [], [key]) : text,
    ),
  );
}

export const store: TokenStore = {
  id: 'antigravity',
  client: 'antigravity',
  name: 'Antigravity',
  rows: [
    { kind: 'file', os: 'all', path: '~/.gemini/antigravity/mcp_oauth_tokens.json' },
    { kind: 'file', os: 'all', path: '~/.gemini/antigravity-cli/mcp_oauth_tokens.json' },
  ],
  protection: () => 'plain',
  programs: {
    linux: ['antigravity', 'agy'],
    macos: ['Antigravity', 'agy'],
    windows: ['Antigravity.exe', 'agy.exe'],
  },
  locks: [],
  read,
  keyFor: (_row, { url }) => url,
  clear,
  signIn: {
    byHand: 'in Antigravity, open Manage MCP Servers, choose <server>, and sign in',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'remove the entry of <url> from mcp_oauth_tokens.json; no command of Antigravity for it is known' },
};
