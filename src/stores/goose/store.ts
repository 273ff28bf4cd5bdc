/**
 * Goose: every secret of the program in one keyring item, or (GOOSE_DISABLE_KEYRING, or no keyring) in one YAML file; ours are
 * the members named `oauth_creds_` and the extension's name. The keys of the model providers stand beside them.
 *
 * Each write of the client is the whole map as it last read it, under no lock that covers it; its lock per extension covers a
 * refresh or a sign-in. No registration secret is kept: a confidential client's comes from the settings.
 */
import type { Tree } from '../../documents/document.ts';
import type { Json } from '../../documents/members.ts';
import { readDocument } from '../../documents/read.ts';
import { withoutYamlMember, withYamlMember } from '../../documents/yaml-members.ts';
import * as fields from '../fields.ts';
import { sha256Hex } from '../keys.ts';
import { cannotKeep } from '../refusals.ts';
import { rmcpEntry, second } from '../rmcp.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';
import { tokensToPut } from '../wire.ts';

const prefix = 'oauth_creds_';

/** undefined for what is no map. */
function rootOf(row: Row, text: string): fields.Fields | undefined {
  if (row.kind === 'blob') return fields.fieldsOf(fields.readTree(text));
  try {
    return fields.fieldsOf(readDocument(new TextEncoder().encode(text), 'yaml').get([]) ?? new Map());
  } catch {
    return undefined;
  }
}

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = rootOf(row, text);
    if (!root) odd.push(name);
    for (const [key, tree] of root ?? []) {
      const entry = key.startsWith(prefix) && key !== prefix ? rmcpEntry(tree) : undefined;
      if (entry) entries.push({ key, server: key.slice(prefix.length), url: undefined, ...entry });
    }
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  return texts.flatMap((each) => {
    if (!read(row, [each]).entries.some((entry) => entry.key === key)) return [];
    return row.kind === 'blob'
      ? fields.changeOf(each, (text) => fields.withoutFields(text, [], [key]))
      : [{ name: each.name, text: withoutYamlMember(each.text, key) }];
  });
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  const root = target && rootOf(row, target.text);
  if (!target || !root) return [];
  if (entry.registration.clientSecret) throw cannotKeep(store, 'a registration’s secret');
  const wanted: fields.Wanted = {
    client_id: entry.registration.clientId,
    granted_scopes: entry.tokens.scopes ?? [],
    token_received_at: Math.floor(entry.writtenAt / second),
    issuer: entry.issuer,
  };
  if (row.kind === 'blob') {
    return fields.changeOf(target, (text) =>
      fields.withFields(fields.withFields(text, [key], wanted), [key, 'token_response'], tokensToPut(entry)),
    );
  }
  const old = fields.fieldsOf(root.get(key));
  const merged = over(old, { ...wanted, token_response: over(fields.fieldsOf(old?.get('token_response')), tokensToPut(entry)) });
  if (old && JSON.stringify(jsonOf(old)) === JSON.stringify(merged)) return [];
  return [{ name: target.name, text: withYamlMember(target.text, key, merged) }];
}

/** Old fields with new ones over them, in the old order. */
function over(old: fields.Fields | undefined, wanted: fields.Wanted): Json {
  const all = { ...(jsonOf(old ?? new Map()) as Record<string, Json>), ...wanted };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Json;
}

function jsonOf(tree: Tree): Json {
  if (tree instanceof Map) return Object.fromEntries([...(tree as fields.Fields)].map(([name, item]) => [name, jsonOf(item)]));
  return Array.isArray(tree) ? tree.map((item) => jsonOf(item as Tree)) : (tree as Json);
}

/** As the client names the lock of an extension: its name in harmless characters, and a hash of it. */
function lockName(key: string): string {
  const name = key.slice(prefix.length);
  const stem = name.replace(/[^A-Za-z0-9_-]/gu, '_');
  return `${/^_*$/.test(stem) ? 'unnamed' : stem.slice(0, 183)}_${sha256Hex(name).slice(0, 16)}`;
}

const lock = { kind: 'flock', staleMs: 0 } as const;

export const store: TokenStore = {
  id: 'goose',
  client: 'goose',
  name: 'Goose',
  rows: [
    { kind: 'blob', os: 'all', service: 'goose', account: () => 'secrets' },
    { kind: 'file', os: 'all', path: '${GOOSE_PATH_ROOT}/config/secrets.yaml' },
    { kind: 'file', os: ['linux', 'macos'], path: '${XDG_CONFIG_HOME:-~/.config}/goose/secrets.yaml' },
    { kind: 'file', os: ['windows'], path: '${APPDATA}/Block/goose/config/secrets.yaml' },
  ],
  protection: (row) => (row.kind === 'blob' ? 'os' : 'plain'),
  programs: {
    linux: ['goose', 'goosed', 'Goose'],
    macos: ['goose', 'goosed', 'Goose'],
    windows: ['goose.exe', 'goosed.exe', 'Goose.exe'],
  },
  // Beside the settings, wherever the secrets are; a folder that a variable moved is found for a file alone.
  locks: [{ ...lock, path: '<folder>/oauth/<key>.lock' }],
  lockName,
  read,
  keyFor: (_row, { server }) => `${prefix}${server}`,
  clear,
  put,
  signIn: {
    byHand: 'start a goose session with the extension <server>; goose opens the browser by itself',
    revokes: false,
    registration: 'new',
  },
  clearing: {
    byHand: 'remove oauth_creds_<server> from the item `goose` of the keyring, or from secrets.yaml; goose has no command for it',
  },
};
