/**
 * Crush: the token of a server is a member of that server in the data file, which the program writes itself and merges over the
 * person's own config. Times are in seconds.
 *
 * A token without an access token is dropped by the client at its next start, registration and all: an entry goes as a whole.
 * A name with a character that has a meaning in the client's paths of members leads elsewhere, so nobody finds its token again.
 */
import * as fields from '../fields.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const second = 1000;
const kept = 'oauth_token';

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    const servers = root?.get('mcp') ?? new Map();
    if (!root || !fields.fieldsOf(servers)) odd.push(name);
    else for (const [key, tree] of servers as fields.Fields) entries.push(...entryOf(key, fields.fieldsOf(tree)));
  }
  return { entries, odd };
}

function entryOf(key: string, server: fields.Fields | undefined): Entry[] {
  const token = fields.fieldsOf(server?.get(kept));
  if (!token) return [];
  const client = fields.fieldsOf(token.get('client'));
  return [
    {
      key,
      server: key,
      url: fields.textField(server, 'url'),
      issuer: undefined,
      registration: fields.registrationOf(fields.textField(client, 'client_id'), {
        secret: fields.secretField(client, 'client_secret'),
      }),
      tokens: fields.tokensOf({
        access: fields.secretField(token, 'access_token'),
        refresh: fields.secretField(token, 'refresh_token'),
        expiresAt: fields.timeField(token, 'expires_at', second),
        scopes: undefined,
      }),
    },
  ];
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      if (!read(row, [each]).entries.some((entry) => entry.key === key)) return text;
      const server = fields.fieldsOf(fields.at(fields.readTree(text), ['mcp', key]));
      // With nothing left in it the client would take it for a server without an address.
      return server?.size === 1 ? fields.withoutFields(text, ['mcp'], [key]) : fields.withoutFields(text, ['mcp', key], [kept]);
    }),
  );
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (!target || read(row, [target]).odd.length > 0) return [];
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const { expiresAt } = entry.tokens;
  return fields.changeOf(target, (text) => {
    const withToken = fields.withFields(text, ['mcp', key, kept], {
      access_token: access,
      refresh_token: refresh,
      expires_in: fields.lifetime(entry) ?? 0,
      // Zero counts as expired: the client refreshes before the first use.
      expires_at: expiresAt === undefined ? 0 : Math.floor(expiresAt / second),
    });
    return fields.withFields(withToken, ['mcp', key, kept, 'client'], {
      client_id: entry.registration.clientId,
      client_secret: clientSecret,
      // Needed for a sign-in only, for which the client asks the server afresh; of another server it would be wrong.
      auth_url: undefined,
      token_url: entry.tokenEndpoint,
      auth_style: undefined,
    });
  });
}

export const store: TokenStore = {
  id: 'crush',
  client: 'crush',
  name: 'Crush',
  rows: [
    { kind: 'file', os: 'all', path: '${CRUSH_GLOBAL_DATA}/crush.json' },
    { kind: 'file', os: ['linux', 'macos'], path: '${XDG_DATA_HOME:-~/.local/share}/crush/crush.json' },
    { kind: 'file', os: ['windows'], path: '${LOCALAPPDATA}/crush/crush.json' },
  ],
  protection: () => 'plain',
  programs: { linux: ['crush'], macos: ['crush'], windows: ['crush.exe'] },
  locks: [{ kind: 'flock', path: '<file>.lock', staleMs: 0 }],
  read,
  keyFor: (_row, { server }) => (/[.*?|#@!:{}[\]()\\]/.test(server) ? undefined : server),
  clear,
  put,
  // The first of these ports that is free, and the registration that is kept: so all of them.
  redirectUris: () => Array.from({ length: 10 }, (_, i) => `http://localhost:${40_704 + i}/callback`),
  signIn: {
    byHand: 'start crush and authorize <server>, which it lists as "needs authentication"',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'remove oauth_token of <server> from Crush’s data file crush.json; Crush has no command for it' },
};
