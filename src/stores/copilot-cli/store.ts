/**
 * GitHub Copilot CLI: two files per sign-in in one folder, named by a hash that only the client can make: the registration with
 * the server's address, and the tokens. One server may have several.
 *
 * A closed program, the form known from tools of others that read it: nothing is put in.
 */
import * as fields from '../fields.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../store.ts';

const second = 1000;
const name = /^(.+?)(\.tokens)?\.json$/;

type Part = 'tokens' | 'client';

function partOf(text: Text): { readonly key: string; readonly part: Part } | undefined {
  const [, key, tokens] = name.exec(fields.fileName(text.name)) ?? [];
  return key === undefined ? undefined : { key, part: tokens === undefined ? 'client' : 'tokens' };
}

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
  const entries = [...found].map(([key, { tokens, client }]): Entry => {
    const redirect = fields.textField(client, 'redirectUri');
    return {
      key,
      server: undefined,
      url: fields.textField(client, 'serverUrl'),
      issuer: fields.textField(client, 'authorizationServerUrl'),
      registration: fields.registrationOf(fields.textField(client, 'clientId'), {
        secret: fields.secretField(client, 'clientSecret'),
        redirectUris: redirect === undefined ? undefined : [redirect],
      }),
      tokens: fields.tokensOf({
        access: fields.secretField(tokens, 'accessToken'),
        refresh: fields.secretField(tokens, 'refreshToken'),
        expiresAt: fields.timeField(tokens, 'expiresAt', second),
        scopes: fields.scopesField(tokens, 'scope'),
      }),
    };
  });
  return { entries: entries.filter(({ registration, tokens }) => registration || tokens), odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  if (!read(row, texts).entries.some((entry) => entry.key === key)) return [];
  return texts.flatMap((text) => {
    const which = partOf(text);
    if (which?.key !== key || (which.part === 'client' && !whole)) return [];
    // A file in another form is somebody's, and says so in `odd`.
    return fields.fieldsOf(fields.readTree(text.text)) ? [{ name: text.name, text: undefined }] : [];
  });
}

export const store: TokenStore = {
  id: 'copilot-cli',
  client: 'copilot-cli',
  name: 'GitHub Copilot CLI',
  rows: [{ kind: 'folder', os: 'all', path: '${COPILOT_HOME:-~/.copilot}/mcp-oauth-config/*.json' }],
  protection: () => 'plain',
  programs: { linux: ['copilot'], macos: ['copilot'], windows: ['copilot.exe'] },
  locks: [],
  read,
  keyFor: () => undefined,
  clear,
  signIn: {
    byHand: 'start copilot; it opens the browser for <server>, or type /mcp there and choose <server>',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'delete the files of <url> in ~/.copilot/mcp-oauth-config; Copilot CLI has no command for it' },
};
