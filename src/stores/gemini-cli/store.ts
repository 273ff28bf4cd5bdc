/**
 * Gemini CLI: a list in one file by default; with GEMINI_FORCE_ENCRYPTED_FILE_STORAGE one keyring item per server, and with
 * GEMINI_FORCE_FILE_STORAGE on top a file under a key that anyone on the machine can work out, which is not opened here.
 *
 * The client takes no lock and rewrites its file in place.
 */
import type { Tree } from '../../documents/document.ts';
import { withMember, withoutMember } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const encrypted = '~/.gemini/gemini-credentials.json';
const isItem = (row: Row): boolean => row.kind === 'items';
const accountOf = (server: string): string => server.replace(/[^a-zA-Z0-9\-_.]/g, '_');

function entryOf(key: string, tree: Tree): Entry {
  const entry = fields.fieldsOf(tree);
  const token = fields.fieldsOf(entry?.get('token'));
  return {
    key,
    server: fields.textField(entry, 'serverName'),
    url: fields.textField(entry, 'mcpServerUrl'),
    issuer: undefined,
    tokenEndpoint: fields.textField(entry, 'tokenUrl'),
    registration: fields.registrationOf(fields.textField(entry, 'clientId'), {
      secret: fields.secretField(entry, 'clientSecret'),
    }),
    tokens: fields.tokensOf({
      access: fields.secretField(token, 'accessToken'),
      refresh: fields.secretField(token, 'refreshToken'),
      expiresAt: fields.timeField(token, 'expiresAt'),
      scopes: fields.scopesField(token, 'scope'),
    }),
  };
}

const nameOf = (tree: Tree): string | undefined => fields.textField(fields.fieldsOf(tree), 'serverName');

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries = new Map<string, Entry>();
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = text.trim() === '' ? [] : fields.readTree(text);
    if (row.kind === 'file' && row.path === encrypted) odd.push(name);
    else if (isItem(row) && fields.fieldsOf(root)) entries.set(name, entryOf(name, root as Tree));
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

/** The client keeps no entry without tokens, so it goes as a whole, and under its name twice if it stands twice. */
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
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const { expiresAt, scopes } = entry.tokens;
  const target = isItem(row) ? (texts.find(({ name }) => name === key) ?? { name: key, text: '{}' }) : texts[0];
  if (!target) return [];
  return fields.changeOf(target, (old) => {
    const text = old.trim() === '' ? `${old}[]` : old;
    const list = isItem(row) ? undefined : fields.readTree(text);
    if (!isItem(row) && !Array.isArray(list)) return old;
    const found = Array.isArray(list) ? list.findLastIndex((tree) => nameOf(tree as Tree) === key) : 0;
    const path = isItem(row) ? [] : [found < 0 && Array.isArray(list) ? list.length : found];
    const there = found < 0 ? withMember(text, path, { serverName: key }) : text;
    const entered = fields.withFields(there, path, { serverName: entry.server });
    const withToken = fields.withFields(entered, [...path, 'token'], {
      accessToken: access,
      tokenType: 'Bearer',
      scope: scopes?.join(' '),
      refreshToken: refresh,
      expiresAt,
    });
    return fields.withFields(withToken, path, {
      clientId: entry.registration.clientId,
      clientSecret,
      tokenUrl: entry.tokenEndpoint,
      mcpServerUrl: entry.url,
      updatedAt: entry.writtenAt,
    });
  });
}

export const store: TokenStore = {
  id: 'gemini-cli',
  client: 'gemini-cli',
  name: 'Gemini CLI',
  rows: [
    { kind: 'file', os: 'all', path: '~/.gemini/mcp-oauth-tokens.json' },
    {
      kind: 'items',
      os: 'all',
      service: 'gemini-cli-oauth',
      // As keytar names items.
      form: { attributes: ['service', 'account'], target: '<service>/<account>' },
    },
    { kind: 'file', os: 'all', path: encrypted },
  ],
  protection: (row) => (row.kind === 'items' ? 'os' : row.kind === 'file' && row.path === encrypted ? 'weak' : 'plain'),
  programs: { linux: ['gemini'], macos: ['gemini'], windows: ['gemini.exe'] },
  locks: [],
  read,
  keyFor: (row, { server }) => {
    if (row.kind === 'file' && row.path === encrypted) return undefined;
    return isItem(row) ? accountOf(server) : server;
  },
  clear,
  put,
  signIn: {
    byHand: 'in Gemini CLI, type /mcp auth <server> and let it open the browser',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'remove the entry of <server> from ~/.gemini/mcp-oauth-tokens.json; Gemini CLI has no command for it' },
  connects: {
    program: 'gemini',
    // Not with GEMINI_CLI_TRUST_WORKSPACE: it would start what any folder's settings name. An untrusted folder stays unknown.
    args: ['mcp', 'list'],
    timeoutMs: 60_000,
    says: (output, { server }) => {
      for (const line of fields.plainText(output).split('\n')) {
        const [, name, state] = /^\s*[^\s\w]\s+(\S+):? .* - (\w+)\s*$/u.exec(line) ?? [];
        if (name !== server && name !== `${server}:`) continue;
        if (state === 'Connected') return 'yes';
        // Also said of a server that does not answer, so it is no proof that the tokens are dead.
      }
      return 'unknown';
    },
  },
};
