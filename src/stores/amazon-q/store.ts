/**
 * Amazon Q Developer CLI: two files per server beside the sign-ins of the AWS tools, named by a hash of the server's address
 * (without its query): tokens as the server answered, and the registration.
 *
 * When a token was received is not kept, so its lifetime tells no moment. A registration's secret is never used, so a client
 * that has one could not refresh. The pattern of the files leaves those of the AWS tools unread.
 */
import * as fields from '../fields.ts';
import { sha256Hex } from '../keys.ts';
import { cannotKeep } from '../refusals.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';
import { tokensToPut, wireTokens } from '../wire.ts';

const name = /^([0-9a-f]{64})\.(token|registration)\.json$/;

type Part = 'token' | 'registration';

function partOf(text: Text): { readonly key: string; readonly part: Part } | undefined {
  const [, key, part] = name.exec(fields.fileName(text.name)) ?? [];
  return key === undefined ? undefined : { key, part: part as Part };
}

const textOf = (texts: readonly Text[], key: string, part: Part): Text | undefined =>
  texts.find((text) => fields.fileName(text.name) === `${key}.${part}.json`);

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
  const entries = [...found].map(([key, { token, registration }]): Entry => {
    const redirect = fields.textField(registration, 'redirect_uri');
    return {
      key,
      server: undefined,
      url: undefined,
      issuer: undefined,
      registration: fields.registrationOf(fields.textField(registration, 'client_id'), {
        secret: fields.secretField(registration, 'client_secret'),
        redirectUris: redirect === undefined ? undefined : [redirect],
      }),
      tokens: wireTokens(token),
    };
  });
  return { entries: entries.filter(({ registration, tokens }) => registration || tokens), odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  if (!read(row, texts).entries.some((entry) => entry.key === key)) return [];
  return (whole ? (['token', 'registration'] as const) : (['token'] as const)).flatMap((part) => {
    const text = textOf(texts, key, part);
    // A file in another form is somebody's, and says so in `odd`.
    return text && fields.fieldsOf(fields.readTree(text.text)) ? [{ name: text.name, text: undefined }] : [];
  });
}

function put(_row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  if (entry.registration.clientSecret) throw cannotKeep(store, 'a registration’s secret');
  const edit = (part: Part, wanted: fields.Wanted): readonly Change[] =>
    fields.changeOf(textOf(texts, key, part) ?? { name: `${key}.${part}.json`, text: '' }, (text) =>
      fields.withFields(text.trim() === '' ? '{\n}' : text, [], wanted),
    );
  const { clientId, redirectUris } = entry.registration;
  return [
    ...edit('registration', {
      client_id: clientId,
      client_secret: null,
      scopes: entry.tokens.scopes ?? [],
      redirect_uri: redirectUris?.[0] ?? '',
    }),
    ...edit('token', tokensToPut(entry)),
  ];
}

/** undefined for what is no address. */
function keyFor(url: string): string | undefined {
  try {
    const { origin, pathname } = new URL(url);
    return sha256Hex(`${origin}${pathname}`);
  } catch {
    return undefined;
  }
}

export const store: TokenStore = {
  id: 'amazon-q',
  client: 'amazon-q',
  name: 'Amazon Q Developer CLI',
  rows: [{ kind: 'folder', os: 'all', path: '~/.aws/sso/cache/*.*.json' }],
  protection: () => 'plain',
  programs: { linux: ['q', 'qchat'], macos: ['q', 'qchat'], windows: ['q.exe', 'qchat.exe'] },
  locks: [],
  read,
  keyFor: (_row, { url }) => keyFor(url),
  clear,
  put,
  signIn: {
    byHand: 'start q chat, type /mcp, and open the address that it shows for <server>',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'delete the .token.json and .registration.json of <url> in ~/.aws/sso/cache; q has no command for it' },
};
