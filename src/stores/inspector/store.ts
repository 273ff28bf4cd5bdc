/**
 * MCP Inspector: tokens as one keyring item per server and issuer, or (MCP_INSPECTOR_SECRET_STORE=file) all in one file under
 * the same names; the registrations in a file of their own beside either.
 *
 * A name is `oauth+<namespace>+<address, percent-encoded>:tokens:<issuer>`, the namespace being made by the client. No
 * expiry is kept. Several Inspectors at once refresh without a lock and lose the grant to reuse detection.
 */
import type { Json } from '../../documents/members.ts';
import * as fields from '../fields.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const beside = '${MCP_INSPECTOR_OAUTH_STATE_PATH:-~/.mcp-inspector/storage/oauth.json}';
const redirect = 'http://127.0.0.1:6276/oauth/callback';

interface Name {
  readonly url: string;
  readonly issuer: string;
}

/** undefined for items of other kinds (a client secret that was typed in, an identity provider's session). */
function nameOf(key: string): Name | undefined {
  const [, url, issuer] = /^oauth\+[^+]+\+(.+?):tokens:(.+)$/s.exec(key) ?? [];
  try {
    return url === undefined || issuer === undefined ? undefined : { url: decodeURIComponent(url), issuer };
  } catch {
    return undefined;
  }
}

const isState = (row: Row, { text }: Text): boolean =>
  row.kind !== 'folder' && fields.fieldsOf(fields.at(fields.readTree(text), ['servers'])) !== undefined;

const clientPath = ({ url, issuer }: Name): string[] => ['servers', url, 'byIssuer', issuer, 'clientInformation'];

function entryOf(key: string, name: Name, token: string, state: Text | undefined): Entry | undefined {
  const tokens = fields.fieldsOf(fields.readTree(token));
  if (!tokens) return undefined;
  const client = fields.fieldsOf(fields.at(fields.readTree(state?.text ?? ''), clientPath(name)));
  return {
    key,
    server: undefined,
    url: name.url,
    issuer: name.issuer,
    registration: fields.registrationOf(fields.textField(client, 'client_id'), {
      secret: fields.secretField(client, 'client_secret'),
      secretExpiresAt: fields.timeField(client, 'client_secret_expires_at', 1000),
      redirectUris: fields.textsField(client, 'redirect_uris'),
      managementUri: fields.textField(client, 'registration_client_uri'),
      managementToken: fields.secretField(client, 'registration_access_token'),
    }),
    tokens: fields.tokensOf({
      access: fields.secretField(tokens, 'access_token'),
      refresh: fields.secretField(tokens, 'refresh_token'),
      expiresAt: undefined,
      scopes: fields.scopesField(tokens, 'scope'),
    }),
  };
}

/** Key and token text of every entry of a text; undefined when it is not in the store's form (encrypted is such a form). */
function tokensIn(row: Row, { name, text }: Text): readonly (readonly [string, string])[] | undefined {
  if (row.kind === 'items') return [[name, text]];
  const root = fields.fieldsOf(fields.readTree(text));
  if (!root || root.size === 0) return root ? [] : undefined;
  const secrets = fields.fieldsOf(root.get('secrets'));
  if (root.get('encryption') !== 'none' || !secrets) return undefined;
  return [...secrets].filter((pair): pair is [string, string] => typeof pair[1] === 'string');
}

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const state = texts.find((text) => isState(row, text));
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const text of texts) {
    if (text === state) continue;
    const pairs = tokensIn(row, text);
    if (!pairs) odd.push(text.name);
    for (const [key, token] of pairs ?? []) {
      const name = nameOf(key);
      if (!name) continue;
      const entry = entryOf(key, name, token, state);
      if (entry) entries.push(entry);
      else odd.push(text.name);
    }
  }
  return { entries, odd: [...new Set(odd)] };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  const name = nameOf(key);
  if (!name) return [];
  const state = texts.find((text) => isState(row, text));
  const registration =
    whole && state
      ? fields.changeOf(state, (text) => fields.withoutFields(text, clientPath(name).slice(0, -1), ['clientInformation']))
      : [];
  const tokens = texts.flatMap((each): readonly Change[] => {
    if (each === state || !tokensIn(row, each)?.some(([found]) => found === key)) return [];
    if (row.kind === 'items') return [{ name: each.name, text: undefined }];
    return fields.changeOf(each, (text) => fields.withoutFields(text, ['secrets'], [key]));
  });
  return [...tokens, ...registration];
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const name = nameOf(key);
  const state = texts.find((text) => isState(row, text));
  // Without its own state the client would not find the entry again.
  if (!name || !state) return [];
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const tokens: fields.Wanted = {
    access_token: access,
    token_type: 'Bearer',
    expires_in: fields.lifetime(entry),
    scope: entry.tokens.scopes?.join(' '),
    refresh_token: refresh,
    issuer: entry.issuer,
  };
  const { clientId, clientSecretExpiresAt, redirectUris } = entry.registration;
  const before = fields.textField(fields.fieldsOf(fields.at(fields.readTree(state.text), clientPath(name))), 'client_id');
  const registered = fields.changeOf(state, (text) =>
    fields.withFields(text, clientPath(name), {
      client_id: clientId,
      client_secret: clientSecret,
      client_secret_expires_at: clientSecretExpiresAt === undefined ? undefined : Math.floor(clientSecretExpiresAt / 1000),
      redirect_uris: redirectUris ?? [redirect],
      ...(clientSecret === undefined ? { token_endpoint_auth_method: 'none' } : {}),
      ...(before === clientId
        ? {}
        : { client_id_issued_at: undefined, registration_client_uri: undefined, registration_access_token: undefined }),
      issuer: entry.issuer,
    }),
  );
  const target =
    row.kind === 'items'
      ? (texts.find((text) => text.name === key) ?? { name: key, text: '' })
      : texts.find((text) => text !== state);
  if (!target) return [];
  const written = fields.changeOf(target, (text) => {
    if (row.kind === 'items') return fields.withFields(text, [], tokens);
    const pairs = tokensIn(row, target);
    if (!pairs) return text;
    const old = pairs.find(([found]) => found === key)?.[1] ?? '';
    const fresh: Record<string, Json> = { version: 1, encryption: 'none', secrets: {} };
    const whole =
      pairs.length === 0 && fields.fieldsOf(fields.readTree(text))?.size === 0 ? fields.withFields(text, [], fresh) : text;
    return fields.withFields(whole, ['secrets'], { [key]: fields.withFields(old, [], tokens) });
  });
  return [...registered, ...written];
}

export const store: TokenStore = {
  id: 'inspector',
  client: 'inspector',
  name: 'MCP Inspector',
  rows: [
    { kind: 'items', os: 'all', service: 'mcp-inspector', beside },
    { kind: 'file', os: 'all', path: '${MCP_INSPECTOR_SECRET_FILE:-~/.mcp-inspector/secrets.json}', beside },
  ],
  protection: (row) => (row.kind === 'items' ? 'os' : 'plain'),
  programs: { linux: ['mcp-inspector'], macos: ['mcp-inspector'], windows: ['mcp-inspector.exe'] },
  locks: [],
  read,
  keyFor: () => undefined,
  clear,
  put,
  redirectUris: () => [redirect],
  signIn: {
    command: {
      program: 'mcp-inspector',
      args: ['--cli', '<url>', '--transport', 'http', '--relogin', '--method', 'tools/list'],
      env: { MCP_AUTO_OPEN_ENABLED: 'true' },
    },
    byHand: 'run `mcp-inspector --cli <url> --transport http --relogin --method tools/list`',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'sign in again with `mcp-inspector --cli <url> --transport http --relogin --method tools/list`' },
  connects: {
    program: 'mcp-inspector',
    args: ['--cli', '<url>', '--transport', 'http', '--stored-auth-only', '--method', 'tools/list'],
    timeoutMs: 60_000,
    says: (output) => {
      // The answer is printed over several lines, an error on one, each beside notes.
      for (const [text] of output.matchAll(/^\{(?:.*\}$|[\s\S]*?^\})/gm)) {
        const answer = fields.fieldsOf(fields.readTree(text));
        if (Array.isArray(answer?.get('tools'))) return 'yes';
        if (fields.at(answer, ['error', 'code']) === 'auth_required') return 'no';
      }
      return 'unknown';
    },
  },
};
