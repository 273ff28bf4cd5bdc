/**
 * mcp-remote: two files per server in one folder, named by a hash of the address: tokens, and the registration.
 *
 * Neither holds the address. A registration whose redirect addresses lack its own port is deleted by it, so a new one must name
 * the old address. It is a stdio server and offers no command: a call through it is a call of that server.
 */
import * as fields from '../fields.ts';
import { md5Hex } from '../keys.ts';
import type { Change, Entry, NewEntry, Row, ServerRef, Text, TokenStore } from '../store.ts';

const base = '${MCP_REMOTE_CONFIG_DIR:-~/.mcp-auth}';
const second = 1000;
const name = /^([0-9a-f]{32})_(tokens|client_info)\.json$/;

type Part = 'tokens' | 'client_info';

function partOf(text: Text): { readonly key: string; readonly part: Part } | undefined {
  const [, key, part] = name.exec(fields.fileName(text.name)) ?? [];
  return key === undefined ? undefined : { key, part: part as Part };
}

const textOf = (texts: readonly Text[], key: string, part: Part): Text | undefined =>
  texts.find((text) => fields.fileName(text.name) === `${key}_${part}.json`);

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const found = new Map<string, Partial<Record<Part, fields.Fields>>>();
  const odd: string[] = [];
  for (const text of texts) {
    const which = partOf(text);
    if (!which) continue;
    const parsed = fields.fieldsOf(fields.readTree(text.text));
    if (parsed) found.set(which.key, { ...found.get(which.key), [which.part]: parsed });
    else odd.push(text.name);
  }
  const entries = [...found].map(
    ([key, { tokens, client_info: client }]): Entry => ({
      key,
      server: undefined,
      url: undefined,
      issuer: fields.textField(tokens, 'issuer') ?? fields.textField(client, 'issuer'),
      registration: fields.registrationOf(fields.textField(client, 'client_id'), {
        secret: fields.secretField(client, 'client_secret'),
        secretExpiresAt: fields.timeField(client, 'client_secret_expires_at', second),
        redirectUris: fields.textsField(client, 'redirect_uris'),
        managementUri: fields.textField(client, 'registration_client_uri'),
        managementToken: fields.secretField(client, 'registration_access_token'),
      }),
      tokens: fields.tokensOf({
        access: fields.secretField(tokens, 'access_token'),
        refresh: fields.secretField(tokens, 'refresh_token'),
        expiresAt: fields.timeField(tokens, 'expires_at'),
        scopes: fields.scopesField(tokens, 'scope'),
      }),
    }),
  );
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  const { entries } = read(row, texts);
  const entry = entries.find((each) => each.key === key);
  const parts: readonly Part[] = whole ? ['tokens', 'client_info'] : entry?.tokens ? ['tokens'] : [];
  return parts.flatMap((part) => {
    const text = textOf(texts, key, part);
    // A file in another form is somebody's, and says so in `odd`.
    return text && fields.fieldsOf(fields.readTree(text.text)) ? [{ name: text.name, text: undefined }] : [];
  });
}

function put(_row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const { clientId, clientSecretExpiresAt, redirectUris } = entry.registration;
  const scope = entry.tokens.scopes?.join(' ');
  const edit = (part: Part, wanted: fields.Wanted): readonly Change[] => {
    const old = textOf(texts, key, part) ?? { name: `${key}_${part}.json`, text: '' };
    return fields.changeOf(old, (text) => fields.withFields(text, [], wanted));
  };
  const before = fields.fieldsOf(fields.readTree(textOf(texts, key, 'client_info')?.text ?? ''));
  const isSame = fields.textField(before, 'client_id') === clientId;
  return [
    ...edit('client_info', {
      client_id: clientId,
      client_secret: clientSecret,
      client_secret_expires_at: clientSecretExpiresAt === undefined ? undefined : Math.floor(clientSecretExpiresAt / second),
      redirect_uris: redirectUris ?? fields.textsField(before, 'redirect_uris') ?? [],
      ...(clientSecret === undefined ? { token_endpoint_auth_method: 'none' } : {}),
      ...(isSame
        ? {}
        : {
            client_id_issued_at: undefined,
            registration_client_uri: undefined,
            registration_access_token: undefined,
            ...(clientSecret === undefined ? {} : { token_endpoint_auth_method: undefined }),
          }),
      issuer: entry.issuer,
    }),
    ...edit('tokens', {
      access_token: access,
      token_type: 'Bearer',
      expires_in: fields.lifetime(entry),
      scope,
      refresh_token: refresh,
      issuer: entry.issuer,
      expires_at: entry.tokens.expiresAt,
      requested_scope: scope,
    }),
  ];
}

/** Headers as given with `--header`; the client's other parts of the name are not in any config that we read. */
function keyFor({ url, headers }: ServerRef): string {
  const names = Object.keys(headers).sort();
  return md5Hex(names.length === 0 ? url : `${url}|${JSON.stringify(headers, names)}`);
}

export const store: TokenStore = {
  id: 'mcp-remote',
  client: 'mcp-remote',
  name: 'mcp-remote',
  rows: [
    { kind: 'folder', os: 'all', path: `${base}/mcp-remote-v1/*.json` },
    {
      kind: 'folder',
      os: 'all',
      path: `${base}/mcp-remote-0*/*.json`,
      stale: 'kept by an older mcp-remote in a folder of its version, which newer ones do not read',
    },
  ],
  protection: () => 'plain',
  // It runs as `node` or `npm exec`, as every other server that npx starts does: no name of its own.
  programs: { linux: [], macos: [], windows: [] },
  locks: [{ kind: 'create', path: '<folder>/<key>_refresh_in_progress.json', staleMs: 30_000 }],
  read,
  keyFor: (_row, server) => keyFor(server),
  clear,
  put,
  redirectUris: (old) => {
    if (!old) return [];
    const known = old.registration?.redirectUris ?? [];
    // The port that it works out of the hash when nobody gives one.
    const port = 3335 + (Number.parseInt(old.key.slice(0, 4), 16) % 45_816);
    return known.length > 0 || Number.isNaN(port) ? known : [`http://localhost:${port}/oauth/callback`];
  },
  signIn: {
    byHand: 'restart the client that starts mcp-remote for <url>; it opens the browser by itself',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'delete the files of <url> in every folder of ~/.mcp-auth; mcp-remote has no command for it' },
};
