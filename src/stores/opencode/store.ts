/**
 * opencode: one file with an entry per server name. Times are in seconds. It does not look at `expiresAt` and refreshes when the
 * server answers 401.
 */
import * as fields from '../fields.ts';
import { sha1Hex } from '../keys.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const second = 1000;

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    if (!root) odd.push(name);
    for (const [key, tree] of root ?? []) {
      const entry = fields.fieldsOf(tree);
      if (!entry) continue;
      const tokens = fields.fieldsOf(entry.get('tokens'));
      const client = fields.fieldsOf(entry.get('clientInfo'));
      entries.push({
        key,
        server: key,
        url: fields.textField(entry, 'serverUrl'),
        issuer: undefined,
        registration: fields.registrationOf(fields.textField(client, 'clientId'), {
          secret: fields.secretField(client, 'clientSecret'),
          secretExpiresAt: fields.timeField(client, 'clientSecretExpiresAt', second),
        }),
        tokens: fields.tokensOf({
          access: fields.secretField(tokens, 'accessToken'),
          refresh: fields.secretField(tokens, 'refreshToken'),
          expiresAt: fields.timeField(tokens, 'expiresAt', second),
          scopes: fields.scopesField(tokens, 'scope'),
        }),
      });
    }
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      if (!read(row, [each]).entries.some((entry) => entry.key === key)) return text;
      // The verifier and state of a sign-in that was never finished go with the tokens.
      return whole
        ? fields.withoutFields(text, [], [key])
        : fields.withoutFields(text, [key], ['tokens', 'codeVerifier', 'oauthState']);
    }),
  );
}

function put(_row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (!target) return [];
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const { expiresAt, scopes } = entry.tokens;
  const { clientSecretExpiresAt, clientId } = entry.registration;
  const before = fields.textField(fields.fieldsOf(fields.at(fields.readTree(target.text), [key, 'clientInfo'])), 'clientId');
  return fields.changeOf(target, (text) => {
    const entered = fields.withFields(text, [key], { serverUrl: entry.url, codeVerifier: undefined, oauthState: undefined });
    const withTokens = fields.withFields(entered, [key, 'tokens'], {
      accessToken: access,
      refreshToken: refresh,
      expiresAt: expiresAt === undefined ? undefined : expiresAt / second,
      scope: scopes?.join(' '),
    });
    return fields.withFields(withTokens, [key, 'clientInfo'], {
      clientId,
      clientSecret,
      clientSecretExpiresAt: clientSecretExpiresAt === undefined ? undefined : clientSecretExpiresAt / second,
      ...(before === clientId ? {} : { clientIdIssuedAt: undefined }),
    });
  });
}

export const store: TokenStore = {
  id: 'opencode',
  client: 'opencode',
  name: 'opencode',
  rows: [{ kind: 'file', os: 'all', path: '${XDG_DATA_HOME:-~/.local/share}/opencode/mcp-auth.json' }],
  protection: () => 'plain',
  programs: { linux: ['opencode'], macos: ['opencode', 'OpenCode'], windows: ['opencode.exe', 'OpenCode.exe'] },
  locks: [{ kind: 'mkdir', path: '${XDG_STATE_HOME:-~/.local/state}/opencode/locks/<key>.lock', staleMs: 60_000 }],
  // One lock for the whole file, whichever entry it is about.
  lockName: (_key, file) => sha1Hex(`mcp-auth:${file ?? ''}`),
  read,
  keyFor: (_row, { server }) => server,
  clear,
  put,
  signIn: {
    command: { program: 'opencode', args: ['mcp', 'auth', '<server>'] },
    byHand: 'run `opencode mcp auth <server>`',
    revokes: false,
    registration: 'new',
  },
  clearing: {
    command: { program: 'opencode', args: ['mcp', 'logout', '<server>'] },
    byHand: 'run `opencode mcp logout <server>`',
  },
  connects: {
    program: 'opencode',
    args: ['mcp', 'list'],
    timeoutMs: 60_000,
    says: (output, { server }) => {
      // `✓ <server> connected`, `⚠ <server> needs authentication`, `✗ <server> failed`.
      for (const line of fields.plainText(output).split('\n')) {
        const [, mark, rest] = /([✓⚠✗○])\s+(.*)$/u.exec(line) ?? [];
        if (rest === undefined || !rest.startsWith(`${server} `)) continue;
        const state = rest.slice(server.length).trim();
        if (mark === '✓' && state === 'connected') return 'yes';
        if (state === 'needs authentication') return 'no';
      }
      return 'unknown';
    },
  },
};
