/**
 * What is asked of Redis: addresses and commands. The only place here that reveals a secret. Commands are lists of words,
 * so nothing needs quoting; passwords go as SHA-256, so that the clear text reaches neither the server nor its log.
 */
import type { Secret } from '../../base/secret.ts';
import type { DatabaseAddress } from '../../ports/databases.ts';
import type { Held, Issuer } from '../provider.ts';

export const defaultPort = 6379;

/** Without a user name a login is that of the user `default`. */
export const userOf = (held: Pick<Held, 'parts'>): string => held.parts['user']?.reveal() ?? 'default';

/** No database is selected: the right to SELECT is not needed for anything here. */
export function addressOf(held: Pick<Held, 'parts' | 'context'>): DatabaseAddress | undefined {
  const { password } = held.parts;
  if (password === undefined) return undefined;
  const { host = 'localhost', port, tls } = held.context;
  return {
    host,
    port: Number(port ?? defaultPort),
    user: userOf(held),
    password,
    ...(tls === undefined ? {} : { tls }),
  };
}

/** The issuer works on the credential's own server. */
export const issuerHeld = (issuer: Issuer, held: Held): Pick<Held, 'parts' | 'context'> => ({
  parts: issuer.parts,
  context: { ...held.context, ...issuer.context },
});

export const identityText = (held: Held, host: string): string =>
  JSON.stringify([host, held.context['port'], userOf(held), held.parts['password']?.reveal()]);

/** As `ACL GETUSER` lists passwords: SHA-256 in lower-case hexadecimal. */
export async function passwordHash(password: Secret): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(password.reveal()));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export type Words = readonly string[];

export const ping: Words = ['PING'];
export const getUser = (user: string): Words => ['ACL', 'GETUSER', user];
export const addHash = (user: string, hash: string): Words => ['ACL', 'SETUSER', user, `#${hash}`];
export const removeHash = (user: string, hash: string): Words => ['ACL', 'SETUSER', user, `!${hash}`];
/** Would this user be allowed to change that one? Redis 7. */
export const mayChange = (who: string, user: string): Words => ['ACL', 'DRYRUN', who, 'ACL', 'SETUSER', user];
/** Every connection of the user but the one that asks. */
export const endConnections = (user: string): Words => ['CLIENT', 'KILL', 'USER', user];
export const aclFile: Words = ['CONFIG', 'GET', 'aclfile'];
export const saveAclFile: Words = ['ACL', 'SAVE'];
export const rewriteConfig: Words = ['CONFIG', 'REWRITE'];
export const aclLog: Words = ['ACL', 'LOG', '50'];
