/**
 * Qwen Code: a list in one file; with QWEN_CODE_FORCE_ENCRYPTED_FILE_STORAGE one keyring item per server, or, without a
 * keyring, a file under a key that anyone on the machine can work out, which is not opened here.
 *
 * No registration secret is kept: a confidential client's comes from the settings. The file is replaced as a whole, without a
 * lock; an entry without its token would break the client, so an entry goes as a whole.
 */
import type { Tree } from '../../documents/document.ts';
import { withMember, withoutMember } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import { cannotKeep, clientOnly } from '../refusals.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const home = '${QWEN_HOME:-~/.qwen}';
const encrypted = `${home}/mcp-oauth-tokens-v2.json`;
const isItem = (row: Row): boolean => row.kind === 'items';
const isEncrypted = (row: Row): boolean => row.kind === 'file' && row.path === encrypted;
const nameOf = (tree: Tree): string | undefined => fields.textField(fields.fieldsOf(tree), 'serverName');

function entryOf(key: string, tree: Tree): Entry {
  const entry = fields.fieldsOf(tree);
  const token = fields.fieldsOf(entry?.get('token'));
  return {
    key,
    server: nameOf(tree),
    url: fields.textField(entry, 'mcpServerUrl'),
    issuer: undefined,
    tokenEndpoint: fields.textField(entry, 'tokenUrl'),
    registration: fields.registrationOf(fields.textField(entry, 'clientId')),
    tokens: fields.tokensOf({
      access: fields.secretField(token, 'accessToken'),
      refresh: fields.secretField(token, 'refreshToken'),
      expiresAt: fields.timeField(token, 'expiresAt'),
      scopes: fields.scopesField(token, 'scope'),
    }),
  };
}

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries = new Map<string, Entry>();
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = text.trim() === '' ? [] : fields.readTree(text);
    if (isEncrypted(row)) odd.push(name);
    else if (isItem(row) && nameOf(root ?? null) !== undefined) entries.set(name, entryOf(name, root as Tree));
    else if (isItem(row) || !Array.isArray(root)) odd.push(name);
    else {
      // Of a name that stands twice the client uses the last.
      for (const tree of root as readonly Tree[]) {
        const key = nameOf(tree);
        if (key !== undefined) entries.set(key, entryOf(key, tree));
      }
    }
  }
  return { entries: [...entries.values()], odd };
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  if (!read(row, texts).entries.some((entry) => entry.key === key)) return [];
  if (isItem(row)) return [{ name: key, text: undefined }];
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      const list = fields.readTree(text);
      if (!Array.isArray(list)) return text;
      return list.reduceRight<string>((left, tree, i) => (nameOf(tree as Tree) === key ? withoutMember(left, [i]) : left), text);
    }),
  );
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (row.kind !== 'file' || isEncrypted(row)) throw clientOnly(store);
  if (!target) return [];
  if (entry.registration.clientSecret) throw cannotKeep(store, 'a registration’s secret');
  const { access, refresh } = fields.cleartext(entry);
  const { expiresAt, scopes } = entry.tokens;
  return fields.changeOf(target, (old) => {
    const text = old.trim() === '' ? `${old}[]` : old;
    const list = fields.readTree(text);
    if (!Array.isArray(list)) return old;
    const found = list.findLastIndex((tree) => nameOf(tree as Tree) === key);
    const path = [found < 0 ? list.length : found];
    const there = found < 0 ? withMember(text, path, { serverName: key }) : text;
    const withToken = fields.withFields(there, [...path, 'token'], {
      accessToken: access,
      tokenType: 'Bearer',
      scope: scopes?.join(' '),
      refreshToken: refresh,
      expiresAt,
    });
    return fields.withFields(withToken, path, {
      clientId: entry.registration.clientId,
      tokenUrl: entry.tokenEndpoint,
      mcpServerUrl: entry.url,
      updatedAt: entry.writtenAt,
    });
  });
}

export const store: TokenStore = {
  id: 'qwen-code',
  client: 'qwen-code',
  name: 'Qwen Code',
  rows: [
    { kind: 'file', os: 'all', path: `${home}/mcp-oauth-tokens.json` },
    {
      kind: 'items',
      os: 'all',
      service: 'qwen-code-oauth',
      form: { attributes: ['service', 'account'], target: '<service>/<account>' },
    },
    { kind: 'file', os: 'all', path: encrypted },
  ],
  protection: (row) => (isItem(row) ? 'os' : isEncrypted(row) ? 'weak' : 'plain'),
  programs: { linux: ['qwen'], macos: ['qwen'], windows: ['qwen.exe'] },
  locks: [],
  read,
  keyFor: (row, { server }) => (row.kind === 'file' && !isEncrypted(row) ? server : undefined),
  clear,
  put,
  signIn: {
    byHand: 'in Qwen Code, type /mcp auth <server> and let it open the browser',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'remove the entry of <server> from ~/.qwen/mcp-oauth-tokens.json; Qwen Code has no command for it' },
};
