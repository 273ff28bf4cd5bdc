/**
 * Cline (VS Code, JetBrains, terminal): the grant of a server is a member of that server in the settings that all of its
 * programs share, re-read at every use.
 *
 * Tokens are used only beside the registration that they were issued to, and only while the settings name no other client. A
 * server that is not in the settings gets none: an entry without an address would make the whole file invalid. Older versions
 * kept all in one text inside another file, which newer ones take over one by one.
 */
import { withMember } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import { sha256Hex } from '../keys.ts';
import { cannotKeep } from '../refusals.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';
import { registrationToPut, tokensToPut, wireRegistration, wireTokens } from '../wire.ts';

const settings = 'settings/cline_mcp_settings.json';
const older = 'mcpOAuthSecrets';
const isOlder = (row: Row): boolean => row.kind === 'file' && row.path.endsWith('/secrets.json');

/** What a sign-in leaves that does not hold for the next one. */
const passing = ['codeVerifier', 'discoveryState', 'lastError', 'authorizationRequired'] as const;

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    const map = isOlder(row) ? mapInText(root) : (root?.get('mcpServers') ?? new Map());
    if (!root || !fields.fieldsOf(map)) odd.push(name);
    else
      for (const [key, tree] of map as fields.Fields)
        entries.push(...(isOlder(row) ? olderEntry : entryOf)(key, fields.fieldsOf(tree)));
  }
  return { entries, odd };
}

/** A JSON text as a value of the file; none is an empty map. */
function mapInText(root: fields.Fields | undefined): fields.Fields | undefined {
  return root?.has(older) ? fields.fieldsOf(fields.readTree(fields.textField(root, older) ?? '')) : new Map();
}

function entryOf(key: string, server: fields.Fields | undefined): Entry[] {
  const oauth = fields.fieldsOf(server?.get('oauth'));
  if (!oauth) return [];
  const transport = fields.fieldsOf(server?.get('transport'));
  return [
    {
      key,
      server: key,
      url: fields.textField(transport, 'url') ?? fields.textField(server, 'url'),
      issuer: undefined,
      registration: wireRegistration(fields.fieldsOf(oauth.get('clientInformation'))),
      tokens: wireTokens(fields.fieldsOf(oauth.get('tokens')), fields.timeField(oauth, 'lastAuthenticatedAt')),
    },
  ].filter(({ registration, tokens }) => registration || tokens);
}

function olderEntry(key: string, entry: fields.Fields | undefined): Entry[] {
  const registration = wireRegistration(fields.fieldsOf(entry?.get('client_info')));
  const tokens = wireTokens(fields.fieldsOf(entry?.get('tokens')), fields.timeField(entry, 'tokens_saved_at'));
  return registration || tokens ? [{ key, server: undefined, url: undefined, issuer: undefined, registration, tokens }] : [];
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      const entry = read(row, [each]).entries.find((found) => found.key === key);
      if (!entry || (!whole && !entry.tokens)) return text;
      if (!isOlder(row)) {
        const names = ['tokens', 'lastAuthenticatedAt', ...passing];
        return whole
          ? fields.withoutFields(text, ['mcpServers', key], ['oauth'])
          : fields.withoutFields(text, ['mcpServers', key, 'oauth'], names);
      }
      const inner = fields.textField(fields.fieldsOf(fields.readTree(text)), older) ?? '';
      const left = whole
        ? fields.withoutFields(inner, [], [key])
        : fields.withoutFields(inner, [key], ['tokens', 'tokens_saved_at']);
      return withMember(text, [older], left);
    }),
  );
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (!target || read(row, [target]).odd.length > 0) return [];
  if (isOlder(row)) throw cannotKeep(store, 'new sign-ins in the file of older versions');
  const server = fields.fieldsOf(fields.at(fields.readTree(target.text), ['mcpServers', key]));
  if (!server) throw cannotKeep(store, 'a server that is not in its settings');
  const named = fields.textField(fields.fieldsOf(server.get('oauthClient')), 'clientId');
  if (named !== undefined && named !== entry.registration.clientId)
    throw cannotKeep(store, 'another client than its settings name');
  const path = ['mcpServers', key, 'oauth'];
  const before = fields.textField(fields.fieldsOf(fields.at(server, ['oauth', 'clientInformation'])), 'client_id');
  return fields.changeOf(target, (text) => {
    const entered = fields.withFields(text, path, {
      ...Object.fromEntries(passing.map((name) => [name, undefined])),
      redirectUrl: entry.registration.redirectUris?.[0],
      lastAuthenticatedAt: entry.writtenAt,
    });
    const registered = fields.withFields(entered, [...path, 'clientInformation'], registrationToPut(entry, before));
    return fields.withFields(registered, [...path, 'tokens'], tokensToPut(entry));
  });
}

export const store: TokenStore = {
  id: 'cline',
  client: 'cline',
  name: 'Cline',
  rows: [
    { kind: 'file', os: 'all', path: '${CLINE_MCP_SETTINGS_PATH}' },
    { kind: 'file', os: 'all', path: `\${CLINE_DATA_DIR}/${settings}` },
    { kind: 'file', os: 'all', path: `\${CLINE_DIR:-~/.cline}/data/${settings}` },
    ...['${CLINE_DATA_DIR}', '${CLINE_DIR:-~/.cline}/data'].map((folder) => ({
      kind: 'file' as const,
      os: 'all' as const,
      path: `${folder}/secrets.json`,
      stale: 'kept by an older Cline; newer ones take it over when the server is next used',
    })),
  ],
  protection: () => 'plain',
  // In an editor it runs inside the editor's own program, which reads the file afresh at every use.
  programs: { linux: ['cline'], macos: ['cline'], windows: ['cline.exe'] },
  // The client's own lock is a folder that is never empty, renamed into place: an empty one would be replaced, a file is not.
  locks: [{ kind: 'create', path: '<file>.lock', staleMs: 10_000 }],
  read,
  keyFor: (row, { server, url }) => (isOlder(row) ? sha256Hex(`${server}:${url}`) : server),
  clear,
  put,
  // The first of these ports that is free: the terminal tries three, the editors six.
  redirectUris: () => Array.from({ length: 6 }, (_, i) => `http://127.0.0.1:${1456 + i}/mcp/oauth/callback`),
  signIn: {
    byHand: 'in Cline, open MCP Servers, choose <server>, then Authenticate',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'remove oauth of <server> from cline_mcp_settings.json; Cline clears it only together with the server' },
};
