/**
 * Continue: the grants of all servers are one member of the file in which the extension keeps its state, by address.
 *
 * When a token was received is not kept, so its lifetime tells no moment; the client refreshes when the server answers 401. It
 * deletes the whole file when it cannot read it, and takes no lock.
 */
import * as fields from '../fields.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';
import { registrationToPut, tokensToPut, wireRegistration, wireTokens } from '../wire.ts';

const map = 'mcpOauthStorage';

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    const grants = root?.get(map) ?? new Map();
    if (!root || !fields.fieldsOf(grants)) odd.push(name);
    else for (const [key, tree] of grants as fields.Fields) entries.push(...entryOf(key, fields.fieldsOf(tree)));
  }
  return { entries, odd };
}

function entryOf(key: string, entry: fields.Fields | undefined): Entry[] {
  const registration = wireRegistration(fields.fieldsOf(entry?.get('clientInformation')));
  const tokens = wireTokens(fields.fieldsOf(entry?.get('tokens')));
  return registration || tokens ? [{ key, server: undefined, url: key, issuer: undefined, registration, tokens }] : [];
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      const entry = read(row, [each]).entries.find((found) => found.key === key);
      if (!entry || (!whole && !entry.tokens)) return text;
      return whole
        ? fields.withoutFields(text, [map], [key])
        : fields.withoutFields(text, [map, key], ['tokens', 'codeVerifier']);
    }),
  );
}

function put(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const [target] = texts;
  if (!target || read(row, [target]).odd.length > 0) return [];
  const before = fields.textField(
    fields.fieldsOf(fields.at(fields.readTree(target.text), [map, key, 'clientInformation'])),
    'client_id',
  );
  return fields.changeOf(target, (text) => {
    const registered = fields.withFields(text, [map, key, 'clientInformation'], registrationToPut(entry, before));
    const entered = fields.withFields(registered, [map, key], { codeVerifier: undefined });
    return fields.withFields(entered, [map, key, 'tokens'], tokensToPut(entry));
  });
}

export const store: TokenStore = {
  id: 'continue',
  client: 'continue',
  name: 'Continue',
  rows: [{ kind: 'file', os: 'all', path: '${CONTINUE_GLOBAL_DIR:-~/.continue}/index/globalContext.json' }],
  protection: () => 'plain',
  // In an editor it runs inside the editor's own program, which reads the file afresh at every use.
  programs: { linux: ['cn'], macos: ['cn'], windows: ['cn.exe'] },
  locks: [],
  read,
  keyFor: (_row, { url }) => url,
  clear,
  put,
  redirectUris: () => ['http://localhost:3000'],
  signIn: {
    byHand: 'in Continue, open Settings → Tools, choose <server>, then Authenticate',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'in Continue, open Settings → Tools, choose <server>, then Logout' },
};
