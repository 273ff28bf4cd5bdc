/**
 * OpenAI Codex: one keyring item per server, or one file with all of them (`mcp_oauth_credentials_store`; "auto", the default,
 * reads an item and falls back to the file). Both are named alike; their fields differ.
 *
 * An entry without `issuer` is used but never refreshed, so it is always written.
 */
import type { Tree } from '../../documents/document.ts';
import type { Json } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import { nameAndHash, sha256Hex } from '../keys.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const folder = '${CODEX_HOME:-~/.codex}';
const locks = `${folder}/mcp-oauth-locks`;
const encrypted = `${folder}/secrets/mcp_oauth.age`;
const lasting = 365 * 24 * 3_600_000;

const isItem = (row: Row): boolean => row.kind === 'items';

function entryOf(row: Row, key: string, tree: Tree): Entry {
  const entry = fields.fieldsOf(tree);
  const answer = isItem(row) ? fields.fieldsOf(entry?.get('token_response')) : entry;
  return {
    key,
    server: fields.textField(entry, 'server_name'),
    url: fields.textField(entry, isItem(row) ? 'url' : 'server_url'),
    issuer: fields.textField(entry, 'issuer'),
    registration: fields.registrationOf(fields.textField(entry, 'client_id'), {
      secret: fields.secretField(entry, 'client_secret'),
    }),
    tokens: fields.tokensOf({
      access: fields.secretField(answer, 'access_token'),
      refresh: fields.secretField(answer, 'refresh_token'),
      expiresAt: fields.timeField(entry, 'expires_at'),
      scopes: fields.scopesField(answer, isItem(row) ? 'scope' : 'scopes'),
    }),
  };
}

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    if (!root || (row.kind === 'file' && row.path === encrypted)) odd.push(name);
    else if (isItem(row)) entries.push(entryOf(row, name, root));
    else for (const [key, tree] of root) if (fields.fieldsOf(tree)) entries.push(entryOf(row, key, tree));
  }
  return { entries, odd };
}

/** Codex keeps no registration without tokens: it registers at every sign-in, so an entry goes as a whole. */
function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  const found = read(row, texts).entries.some((entry) => entry.key === key);
  if (!found) return [];
  if (isItem(row)) return [{ name: key, text: undefined }];
  return texts.flatMap((each) => fields.changeOf(each, (text) => fields.withoutFields(text, [], [key])));
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const scopes = entry.tokens.scopes ?? [];
  const common = {
    server_name: entry.server,
    issuer: entry.issuer,
    client_id: entry.registration.clientId,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    // Codex does not ask the server about a token whose end it does not know: then it is the server that says no.
    expires_at: entry.tokens.expiresAt ?? entry.writtenAt + lasting,
  };
  if (!isItem(row)) {
    const [target] = texts;
    if (!target) return [];
    return fields.changeOf(target, (text) =>
      fields.withFields(text, [key], {
        ...common,
        client_secret: clientSecret,
        server_url: entry.url,
        access_token: access,
        refresh_token: refresh ?? null,
        scopes,
      }),
    );
  }
  const answer: Record<string, Json> = {
    access_token: access,
    token_type: 'bearer',
    ...(fields.lifetime(entry) === undefined ? {} : { expires_in: fields.lifetime(entry) as number }),
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
  const target = texts.find(({ name }) => name === key) ?? { name: key, text: '' };
  return fields.changeOf(target, (text) =>
    fields.withFields(text, [], { ...common, client_secret: clientSecret, url: entry.url, token_response: answer }),
  );
}

interface Status {
  readonly name?: unknown;
  readonly authStatus?: unknown;
  readonly toolsError?: unknown;
  readonly serverInfo?: unknown;
}

/** The answer to request 2 of `input`, a list with one status for each server. */
function statuses(output: string): readonly Status[] {
  for (const line of output.split('\n')) {
    try {
      const { id, result } = JSON.parse(line) as { id?: unknown; result?: { data?: unknown } };
      if (id === 2 && Array.isArray(result?.data)) return result.data.filter((each) => typeof each === 'object' && each !== null);
    } catch {
      // A line that is no message of the protocol.
    }
  }
  return [];
}

export const store: TokenStore = {
  id: 'codex',
  client: 'codex',
  name: 'OpenAI Codex',
  rows: [
    { kind: 'items', os: 'all', service: 'Codex MCP Credentials' },
    { kind: 'file', os: 'all', path: `${folder}/.credentials.json` },
    { kind: 'file', os: 'all', path: encrypted },
  ],
  protection: (row) => (row.kind === 'file' && row.path !== encrypted ? 'plain' : 'os'),
  programs: { linux: ['codex'], macos: ['codex', 'Codex'], windows: ['codex.exe', 'Codex.exe'] },
  locks: [
    { kind: 'flock', path: `${locks}/<key>.lock`, staleMs: 60_000 },
    { kind: 'flock', path: `${locks}/file-store.lock`, staleMs: 60_000 },
  ],
  lockName: (key) => sha256Hex(key),
  read,
  keyFor: (row, server) => (row.kind === 'file' && row.path === encrypted ? undefined : nameAndHash(server)),
  clear,
  put,
  signIn: {
    command: { program: 'codex', args: ['mcp', 'login', '<server>'] },
    byHand: 'run `codex mcp login <server>`',
    revokes: false,
    registration: 'new',
  },
  clearing: { command: { program: 'codex', args: ['mcp', 'logout', '<server>'] }, byHand: 'run `codex mcp logout <server>`' },
  connects: {
    program: 'codex',
    args: ['app-server'],
    timeoutMs: 60_000,
    input: () =>
      [
        { id: 1, method: 'initialize', params: { clientInfo: { name: 'mcp-rotate', version: '1' } } },
        { method: 'initialized' },
        { id: 2, method: 'mcpServerStatus/list', params: {} },
      ]
        .map((message) => `${JSON.stringify(message)}\n`)
        .join(''),
    inputUntil: '"id":2,',
    says: (output, { server }) => {
      const status = statuses(output).find(({ name }) => name === server);
      if (status?.authStatus === 'notLoggedIn') return 'no';
      const connected = typeof status?.serverInfo === 'object' && status.serverInfo !== null && status.toolsError === null;
      return connected && status.authStatus === 'oAuth' ? 'yes' : 'unknown';
    },
  },
};
