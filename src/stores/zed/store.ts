/**
 * Zed: one keyring item per server, named by the server's canonical address: entries with the same address share it. A client
 * secret that a person typed in is an item of its own, which goes with the sign-in.
 *
 * The items are not plain ones of service and account on any system (see the row's form). As long as the keyring port cannot
 * write such items, only Zed writes them: nothing is put in. Clearing one is the removal of the item, as Zed's own Log out does.
 */
import type { Instant } from '../../base/time.ts';
import type { KeyringForm } from '../../ports/keyring.ts';
import * as fields from '../fields.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../store.ts';

const sessions = 'mcp-oauth:';
const secrets = 'mcp-oauth-client-secret:';
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
  rows: [
    { kind: 'items', os: 'all', service: `${sessions}*`, form },
    { kind: 'items', os: 'all', service: `${secrets}*`, form },
  ],
  protection: () => 'os',
  programs: { linux: ['zed', 'zed-editor'], macos: ['zed', 'Zed'], windows: ['zed.exe', 'Zed.exe'] },
  locks: [],
  read,
  keyFor: (row, { url }) => {
    const address = canonical(url);
    return row.kind === 'items' && row.service === `${sessions}*` && address !== undefined ? `${sessions}${address}` : undefined;
  },
  clear,
  signIn: {
    byHand: 'in Zed, open the settings of the Agent Panel and choose Authenticate at <server>',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'in Zed, open the settings of the Agent Panel, open the menu of <server>, and choose Log Out' },
};
