/**
 * Claude Code: one JSON object for everything, in a file (Linux, Windows) or one Keychain item (macOS). The client's own
 * sign-in and every server's grant lie in it; ours is one member of `mcpOAuth`.
 *
 * An empty access token means that there are none: the client writes that when it has only registered, or lost its grant.
 */
import type { Tree } from '../../documents/document.ts';
import type { Json } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import { nameAndHash } from '../keys.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const folder = '${CLAUDE_CONFIG_DIR:-~/.claude}';
const file = `${folder}/.credentials.json`;
const map = 'mcpOAuth';
const service = 'Claude Code-credentials';

function entryOf(key: string, tree: Tree, root: fields.Fields): Entry {
  const entry = fields.fieldsOf(tree);
  const redirect = fields.textField(entry, 'redirectUri');
  const typedIn = fields.fieldsOf(fields.at(root, ['mcpOAuthClientConfig', key]));
  return {
    key,
    server: fields.textField(entry, 'serverName'),
    url: fields.textField(entry, 'serverUrl'),
    issuer:
      fields.textField(entry, 'issuer') ??
      fields.textField(fields.fieldsOf(entry?.get('discoveryState')), 'authorizationServerUrl'),
    registration: fields.registrationOf(fields.textField(entry, 'clientId'), {
      secret: fields.secretField(entry, 'clientSecret') ?? fields.secretField(typedIn, 'clientSecret'),
      redirectUris: redirect === undefined ? undefined : [redirect],
    }),
    tokens: fields.tokensOf({
      access: fields.secretField(entry, 'accessToken'),
      refresh: fields.secretField(entry, 'refreshToken'),
      expiresAt: fields.timeField(entry, 'expiresAt'),
      scopes: fields.scopesField(entry, 'scope'),
    }),
  };
}

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    const grants = root?.get(map) ?? new Map();
    if (!root || !fields.fieldsOf(grants)) odd.push(name);
    else for (const [key, tree] of grants as fields.Fields) if (fields.fieldsOf(tree)) entries.push(entryOf(key, tree, root));
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      const path = [map, key];
      const entry = read(row, [each]).entries.find((found) => found.key === key);
      if (!entry) return text;
      if (whole) return fields.withoutFields(text, [map], [key]);
      // As the client does it when its grant is gone: the registration stays for the next sign-in.
      return entry.tokens ? fields.withFields(text, path, { accessToken: '', refreshToken: undefined, expiresAt: 0 }) : text;
    }),
  );
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (!target) return [];
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const old = read(row, [target]).entries.find((found) => found.key === key);
  const discovered: Json = { authorizationServerUrl: entry.issuer, oauthMetadataFound: true, authServerMetadataUrl: null };
  return fields.changeOf(target, (text) =>
    fields.withFields(text, [map, key], {
      serverName: entry.server,
      serverUrl: entry.url,
      accessToken: access,
      refreshToken: refresh,
      expiresAt: entry.tokens.expiresAt,
      scope: entry.tokens.scopes?.join(' '),
      clientId: entry.registration.clientId,
      clientSecret,
      // Without an issuer the client warns at every use.
      issuer: entry.issuer,
      redirectUri: entry.registration.redirectUris?.[0],
      ...(old?.issuer === entry.issuer && old.tokens ? {} : { discoveryState: discovered }),
      tokenlessRejectedAt: undefined,
    }),
  );
}

export const store: TokenStore = {
  id: 'claude-code',
  client: 'claude-code',
  name: 'Claude Code',
  rows: [
    { kind: 'file', os: ['linux', 'windows'], path: file },
    {
      kind: 'blob',
      os: ['macos'],
      service,
      account: (host) => {
        const name = host.env('USER') ?? host.userName;
        return /^[A-Za-z0-9._-]+$/.test(name) ? name : 'claude-code-user';
      },
    },
    { kind: 'file', os: ['macos'], path: file, stale: 'Claude Code reads the Keychain; this file is what it falls back to' },
  ],
  protection: (row) => (row.kind === 'blob' ? 'os' : 'plain'),
  programs: { linux: ['claude'], macos: ['claude'], windows: ['claude.exe'] },
  // proper-lockfile: the lock of `x.lock` is the folder `x.lock.lock`. In the order in which the client takes them.
  locks: [
    { kind: 'mkdir', path: `${folder}/mcp-refresh-<key>.lock.lock`, staleMs: 60_000 },
    { kind: 'mkdir', path: `${folder}/.storage-write.lock`, staleMs: 10_000 },
  ],
  lockName: (key) => key.replace(/[^a-zA-Z0-9]/g, '_'),
  read,
  keyFor: (_row, server) => nameAndHash(server),
  clear,
  put,
  redirectUris: (old) => old?.registration?.redirectUris ?? [],
  signIn: {
    command: { program: 'claude', args: ['mcp', 'login', '<server>'], needsTerminal: true },
    byHand: 'in Claude Code, type /mcp, choose <server>, then Authenticate',
    revokes: true,
    registration: 'kept',
  },
  clearing: {
    command: { program: 'claude', args: ['mcp', 'logout', '<server>'] },
    byHand: 'in Claude Code, type /mcp, choose <server>, then Clear authentication',
  },
  connects: {
    program: 'claude',
    args: ['mcp', 'get', '<server>'],
    timeoutMs: 60_000,
    says: (output) => {
      const status = /^\s*Status:\s*(.*)$/m.exec(fields.plainText(output))?.[1] ?? '';
      if (/^\S?\s*Connected\s*$/.test(status)) return 'yes';
      return /Needs authentication/.test(status) ? 'no' : 'unknown';
    },
  },
};
