/**
 * What is asked of MySQL and MariaDB: addresses and statements, as text. The only place here that reveals a secret.
 *
 * Account statements take no bound parameters. Names are quoted with backticks, in which nothing but the backtick is
 * special in any SQL mode; everything else that is pasted is checked to be letters, digits and the signs of a hash.
 */
import type { Secret } from '../../base/secret.ts';
import type { DatabaseAddress } from '../../ports/databases.ts';
import type { Held, Issuer } from '../provider.ts';

export const defaultPort = 3306;

export interface Account {
  readonly user: string;
  readonly host: string;
}

/** One way to log in to an account of MariaDB: plugin and what it keeps. */
export interface AuthMethod {
  readonly plugin: string;
  readonly string: string | undefined;
}

export const nativePlugin = 'mysql_native_password';

const quoted = (name: string): string => {
  if (name.includes('\0')) throw new Error('not a name that MySQL can have');
  return `\`${name.replaceAll('`', '``')}\``;
};

export const accountName = (account: Account): string => `${quoted(account.user)}@${quoted(account.host)}`;

/** A hash or a password of ours: nothing in it is special inside quotes. */
function safe(text: string): string {
  if (!/^[*A-Za-z0-9+/=._-]*$/.test(text)) throw new Error('a text that must not be pasted into SQL');
  return text;
}

const tlsModes: Readonly<Record<string, string>> = {
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
  true: 'require',
  false: 'disable',
};

export function addressOf(held: Pick<Held, 'parts' | 'context'>): DatabaseAddress | undefined {
  const { user, password } = held.parts;
  if (user === undefined || password === undefined) return undefined;
  const { host = 'localhost', port, database, tls } = held.context;
  return {
    host,
    port: Number(port ?? defaultPort),
    user: user.reveal(),
    password,
    ...(database === undefined ? {} : { database }),
    ...(tls === undefined ? {} : { tls: tlsModes[tls.toLowerCase()] ?? tls }),
  };
}

/** By which the other side is not looked at, or not even asked: a credential's config, perhaps a project's, lends them to nobody. */
const weak = new Set(['disable', 'allow', 'prefer']);

/** The issuer works on the credential's own server, in no database. */
export function issuerHeld(issuer: Issuer, held: Held): Pick<Held, 'parts' | 'context'> {
  const { tls, database: _database, ...lent } = held.context;
  const strict = tls === undefined || weak.has(tlsModes[tls.toLowerCase()] ?? tls) ? {} : { tls };
  const { database: _own, ...own } = issuer.context;
  return { parts: issuer.parts, context: { ...lent, ...strict, ...own } };
}

export const userOf = (held: Pick<Held, 'parts'>): string => held.parts['user']?.reveal() ?? '';

export const identityText = (held: Held, host: string): string =>
  JSON.stringify([host, held.context['port'], userOf(held), held.parts['password']?.reveal()]);

const sha1 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));

/** What mysql_native_password keeps: `*` and SHA1(SHA1(password)) in hexadecimal. */
export async function nativeHash(password: Secret): Promise<string> {
  const twice = await sha1(await sha1(new TextEncoder().encode(password.reveal())));
  return `*${Array.from(twice, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()}`;
}

/**
 * What stands in place of a revoked hash while an account has no other password: each digit's complement. No password
 * is known for it, and the account is found again by it.
 */
export const tombstone = (hash: string): string =>
  hash.replace(/[0-9A-F]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16).toUpperCase());

export const version = 'SELECT VERSION() AS version';
export const whoAmI = 'SELECT CURRENT_USER() AS account';
export const accountsOfUser = 'SELECT User AS user, Host AS host FROM mysql.user WHERE User = ?';
/** MariaDB, where roles stand in the same table; `reaches`: a login from where this session comes from would find it. */
export const accountsByName = `SELECT User AS user, Host AS host, SUBSTRING_INDEX(USER(), '@', -1) LIKE Host AS reaches
  FROM mysql.user WHERE User = ? AND is_role = 'N'`;
export const showAccount = (account: Account): string => `SHOW CREATE USER ${accountName(account)}`;
export const showGrants = 'SHOW GRANTS';
export const sessionsOfUser = 'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? AND ID <> CONNECTION_ID()';
export const kill = (id: number): string => `KILL ${Math.trunc(id)}`;

/** MariaDB Knowledge Base, ALTER USER: any one of the methods lets in. */
export function setMethods(account: Account, methods: readonly AuthMethod[]): string {
  if (methods.length === 0) throw new Error('an account without any method has no password at all');
  const list = methods.map(({ plugin, string }) => safe(plugin) + (string === undefined ? '' : ` USING '${safe(string)}'`));
  return `ALTER USER ${accountName(account)} IDENTIFIED VIA ${list.join(' OR ')}`;
}

/** Backslash and quote as `literal` writes them; without it a server with NO_BACKSLASH_ESCAPES reads something else. */
export const knownQuoting = "SET SESSION sql_mode = ''";
const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Plugins that keep a second password (MySQL 8.0 Reference Manual, 8.2.15: those that store it in mysql.user). */
export const dualPlugins = ['caching_sha2_password', 'sha256_password', nativePlugin];

/**
 * MySQL 8.0 Reference Manual, 15.7.1.1. `retain`: the password that was the only one becomes the second one. `kill`: the
 * password becomes one that nobody knows, and a mark of ours says so. `revive`: after that, without the mark.
 */
export function setPassword(
  account: Account,
  plugin: string,
  password: Secret,
  how: 'retain' | 'replace' | 'kill' | 'revive',
): string {
  const more = {
    retain: ' RETAIN CURRENT PASSWORD',
    replace: '',
    kill: ` ATTRIBUTE '{"mcpRotate": "revoked"}'`,
    revive: ` ATTRIBUTE '{"mcpRotate": null}'`,
  };
  return `ALTER USER ${accountName(account)} IDENTIFIED WITH ${safe(plugin)} BY ${literal(password.reveal())}${more[how]}`;
}
/** The second password ends. */
export const discard = (account: Account): string => `ALTER USER ${accountName(account)} DISCARD OLD PASSWORD`;

const hasPath = (path: string): string => `JSON_CONTAINS_PATH(COALESCE(User_attributes, '{}'), 'one', '${path}')`;
export const accountFacts = `SELECT plugin AS plugin, ${hasPath('$.additional_password')} AS second,
  ${hasPath('$.metadata.mcpRotate')} AS dead FROM mysql.user WHERE User = ? AND Host = ?`;
