/**
 * Two passwords in MariaDB: the account gets a second method `mysql_native_password` beside the first (IDENTIFIED VIA …
 * OR …). Every other method of the account (unix_socket, ed25519) is carried over as it is. The server is given hashes
 * only, so the clear password never comes into its log.
 *
 * An account whose only password is revoked (leak, before there is a new one) keeps a tombstone in the hash's place:
 * nothing logs in with it, and the account is found again by it.
 */

import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Held, Revoked } from '../provider.ts';
import { readMethods } from './answers.ts';
import * as requests from './requests.ts';
import { accountsNamed, atLimit, endSessions, noSuchAccount, onlyAccountNamed, ownAccount } from './session.ts';

/** IDENTIFIED VIA … OR … (MariaDB Knowledge Base, Authentication from MariaDB 10.4). */
const oldestServer = 100400;

interface Found {
  readonly account: requests.Account;
  readonly methods: readonly requests.AuthMethod[];
}

const isHash = (method: requests.AuthMethod, hash: string): boolean =>
  method.plugin === requests.nativePlugin && method.string === hash;

/** A native password that somebody can know: no tombstone of ours, no `invalid`, not empty. */
const passwordsIn = (methods: readonly requests.AuthMethod[], except: string): readonly requests.AuthMethod[] =>
  methods.filter(
    ({ plugin, string }) => plugin === requests.nativePlugin && /^\*[0-9A-F]{40}$/.test(string ?? '') && string !== except,
  );

/** The account that has one of the hashes; 'self' looks at the session's own account, which needs no right. */
async function find(session: SqlSession, who: 'self' | string, hashes: readonly string[]): Promise<Found | undefined> {
  const accounts = who === 'self' ? [await ownAccount(session)] : await accountsNamed(session, who);
  for (const account of accounts) {
    const { methods } = readMethods(await session.query(requests.showAccount(account)));
    if (methods.some((method) => hashes.some((hash) => isHash(method, hash)))) return { account, methods };
  }
  return undefined;
}

export function supported(version: number): void {
  if (version >= oldestServer) return;
  throw new Problem('provider/cannot', { what: 'this MariaDB is older than 10.4 and keeps one password per account' });
}

async function hashesOf(old: Held): Promise<{ hash: string; dead: string }> {
  const password = old.parts['password'];
  if (password === undefined) throw noSuchAccount(requests.userOf(old));
  const hash = await requests.nativeHash(password);
  return { hash, dead: requests.tombstone(hash) };
}

/** Says whether there is room, without any effect. */
export async function ready(session: SqlSession, who: 'self' | string, old: Held): Promise<void> {
  const { hash, dead } = await hashesOf(old);
  const found = await find(session, who, [hash, dead]);
  if (found === undefined) throw noSuchAccount(requests.userOf(old));
  if (passwordsIn(found.methods, dead).length > 1) throw atLimit(requests.userOf(old));
}

/** `byName`: no account has the old password any more, and the only one of its name was taken. */
interface Added {
  readonly account: requests.Account;
  readonly byName: boolean;
}

async function findByName(session: SqlSession, who: 'self' | string, old: Held): Promise<Found> {
  if (who === 'self') throw noSuchAccount(requests.userOf(old));
  const account = await onlyAccountNamed(session, who);
  return { account, methods: readMethods(await session.query(requests.showAccount(account))).methods };
}

/**
 * Adds the new password; `changing` is called just before the effect. Where somebody else has changed the old one already
 * (a leak that two people answer), theirs stays beside ours.
 */
export async function add(
  session: SqlSession,
  who: 'self' | string,
  old: Held,
  password: Secret,
  changing: () => void,
): Promise<Added> {
  const { hash, dead } = await hashesOf(old);
  const fresh = await requests.nativeHash(password);
  const found = await find(session, who, [hash, dead, fresh]);
  const { account, methods } = found ?? (await findByName(session, who, old));
  const added: Added = { account, byName: found === undefined };
  if (methods.some((method) => isHash(method, fresh))) return added;
  if (passwordsIn(methods, dead).length > 1) throw atLimit(requests.userOf(old));
  const kept = methods.filter((method) => !isHash(method, dead));
  changing();
  await session.query(requests.setMethods(account, [...kept, { plugin: requests.nativePlugin, string: fresh }]));
  return added;
}

/** Takes one password from the account. Without a survivor its sessions are ended as well. */
export async function remove(
  session: SqlSession,
  who: 'self' | string,
  target: Held,
  survivor: Held | undefined,
  changing: () => void,
): Promise<Revoked> {
  const { hash, dead } = await hashesOf(target);
  const found = await find(session, who, [hash, dead]);
  if (found === undefined) return 'absent';
  const { account, methods } = found;
  const rest = methods.filter((method) => !isHash(method, hash));
  if (survivor !== undefined) {
    const { hash: alive } = await hashesOf(survivor);
    if (!rest.some((method) => isHash(method, alive))) {
      throw new Problem('rotation/unsafe-revoke', {
        what: 'the password that must go on working is not one of this account',
        state: 'nothing was revoked',
      });
    }
  }
  if (rest.length < methods.length) {
    const others = rest.length > 0 ? rest : [{ plugin: requests.nativePlugin, string: dead }];
    changing();
    await session.query(
      requests.setMethods(account, passwordsIn(others, dead).length > 0 ? others : withTombstone(others, dead)),
    );
  }
  if (survivor === undefined) {
    changing();
    await endSessions(session, account.user);
  }
  return 'gone';
}

/** Other methods stay (unix_socket); the tombstone tells which account it was. */
function withTombstone(methods: readonly requests.AuthMethod[], dead: string): readonly requests.AuthMethod[] {
  if (methods.some((method) => isHash(method, dead))) return methods;
  return [...methods, { plugin: requests.nativePlugin, string: dead }];
}
