/**
 * Zed: one keyring item per server, named by the server's canonical address: entries with the same address share it. It reads
 * them when a server starts, so it must not run while one is changed.
 *
 * The items are not plain ones of service and account on any system (see the row's form). Clearing one is the removal of the
 * item, as Zed's own Log out does; a client secret that a person typed in is an item of its own, which stays.
 */
import type { Instant } from '../../base/time.ts';
import type { KeyringForm } from '../../ports/keyring.ts';
import * as fields from '../fields.ts';
import type { Change, Entry, NewEntry, Row, Text, TokenStore } from '../store.ts';

const sessions = 'mcp-oauth:';
const form: KeyringForm = { attributes: ['url', 'username'], internet: true, target: 'zed:url=<service>' };

/** A moment as Rust's serde writes it. */
function instantOf(tokens: fields.Fields | undefined): Instant | undefined {
  return fields.timeField(fields.fieldsOf(tokens?.get('expires_at')), 'secs_since_epoch', 1000);
}

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const session = fields.fieldsOf(fields.readTree(text));
    const client = fields.fieldsOf(session?.get('client_registration'));
    const tokens = fields.fieldsOf(session?.get('tokens'));
    if (row.kind !== 'items' || !name.startsWith(sessions) || !client || !tokens) {
      odd.push(name);
      continue;
    }
    entries.push({
      key: name,
      server: undefined,
      url: name.slice(sessions.length),
      issuer: undefined,
      registration: fields.registrationOf(fields.textField(client, 'client_id'), {
        secret: fields.secretField(client, 'client_secret'),
      }),
      tokens: fields.tokensOf({
        access: fields.secretField(tokens, 'access_token'),
        refresh: fields.secretField(tokens, 'refresh_token'),
        expiresAt: instantOf(tokens),
        scopes: undefined,
      }),
    });
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  return read(row, texts).entries.some((entry) => entry.key === key) ? [{ name: key, text: undefined }] : [];
}

function put(_row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[] {
  const { access, refresh, clientSecret } = fields.cleartext(entry);
  const { expiresAt } = entry.tokens;
  const target = texts.find(({ name }) => name === key) ?? { name: key, text: '' };
  return fields.changeOf(target, (text) => {
    const session = fields.withFields(text, [], { token_endpoint: entry.tokenEndpoint, resource: entry.resource });
    const client = { client_id: entry.registration.clientId, client_secret: clientSecret };
    const registered = fields.withFields(session, ['client_registration'], client);
    const tokens = fields.withFields(registered, ['tokens'], { access_token: access, refresh_token: refresh });
    if (expiresAt === undefined) return fields.withoutFields(tokens, ['tokens'], ['expires_at']);
    const moment = { secs_since_epoch: Math.floor(expiresAt / 1000), nanos_since_epoch: 0 };
    return fields.withFields(tokens, ['tokens', 'expires_at'], moment);
  });
}

/** Scheme and host in lower case, no query, no fragment, no slash at the end. undefined for what is no address. */
function canonical(url: string): string | undefined {
  try {
    const { protocol, host, pathname } = new URL(url);
    return host === '' ? undefined : `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
  } catch {
    return undefined;
  }
}

export const store: TokenStore = {
  id: 'zed',
  client: 'zed',
  name: 'Zed',
  rows: [{ kind: 'items', os: 'all', service: `${sessions}*`, account: 'mcp-oauth', form }],
  protection: () => 'os',
  programs: { linux: ['zed', 'zed-editor'], macos: ['zed', 'Zed'], windows: ['zed.exe', 'Zed.exe'] },
  locks: [],
  read,
  keyFor: (row, { url }) => {
    const address = canonical(url);
    return row.kind === 'items' && address !== undefined ? `${sessions}${address}` : undefined;
  },
  clear,
  put,
  signIn: {
    byHand: 'in Zed, open the settings of the Agent Panel and choose Authenticate at <server>',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'in Zed, open the settings of the Agent Panel, open the menu of <server>, and choose Log Out' },
};
