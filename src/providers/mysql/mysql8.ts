/**
 * Two passwords in MySQL 8.0.14 and later: RETAIN CURRENT PASSWORD makes the old one the second, DISCARD OLD PASSWORD
 * ends it (8.0 Reference Manual, 15.7.1.1 and 8.2.15).
 *
 * The password itself goes over the connection, for the server makes the hash with a salt of its own; so TLS or the
 * loopback is demanded. The server rewrites such statements before it logs them (6.1.2.3, Passwords and Logging).
 *
 * Which of the two is the old one is never told by trying a login, for a refusal may have other reasons: the old one is
 * the second as long as there is a second. An account whose only password leaked carries a mark (an attribute) until it
 * has a new one.
 */
import { randomLetters } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import { sameHost } from '../dsn.ts';
import type { Held, Revoked } from '../provider.ts';
import { numberOf, textOf } from './answers.ts';
import * as requests from './requests.ts';
import { accountsNamed, atLimit, endSessions, inSession, type Login, logsIn, noSuchAccount, ownAccount } from './session.ts';

/** 8.0.14 has two passwords; attributes of accounts came with 8.0.21. */
const oldestServer = 80021;

export function supported(version: number, login: Login): void {
  if (version < oldestServer) {
    throw new Problem('provider/cannot', {
      what: 'this MySQL is older than 8.0.21, from which on an account can have two passwords and a mark',
    });
  }
  const address = requests.addressOf(login);
  const safe = address !== undefined && (sameHost(address.host) === 'localhost' || address.host.startsWith('/'));
  if (safe || ['require', 'verify-ca', 'verify-full'].includes(address?.tls ?? '')) return;
  throw new Problem('provider/cannot', {
    what: 'MySQL takes a new password only in clear text, and this connection does not demand TLS',
    next: 'add ssl-mode=REQUIRED to the issuer’s connection URL',
  });
}

interface Found {
  readonly account: requests.Account;
  readonly plugin: string;
  readonly second: boolean;
  /** Its only password was revoked by us. */
  readonly dead: boolean;
}

/** The account of a login: its own session, or the only one of that name, or the one that the login itself names. */
async function find(
  up: Upstream,
  session: SqlSession,
  who: 'self' | string,
  logins: readonly Held[],
): Promise<Found | undefined> {
  let accounts = who === 'self' ? [await ownAccount(session)] : await accountsNamed(session, who);
  if (accounts.length > 1) {
    for (const login of logins) {
      if (!(await logsIn(up, login))) continue;
      accounts = [await inSession(up, login, 'ask who it is', ownAccount)];
      break;
    }
  }
  if (accounts.length > 1) {
    throw new Problem('provider/cannot', {
      what: 'several accounts have this name, and none of the passwords at hand tells which it is',
    });
  }
  const [account] = accounts;
  if (account === undefined) return undefined;
  const [row] = await session.query(requests.accountFacts, [account.user, account.host]);
  if (row === undefined) return undefined;
  const plugin = textOf(row, 'plugin');
  if (!requests.dualPlugins.includes(plugin)) {
    throw new Problem('provider/cannot', { what: 'the account’s way to log in keeps no second password in MySQL' });
  }
  return { account, plugin, second: numberOf(row, 'second') === 1, dead: numberOf(row, 'dead') === 1 };
}

export async function ready(up: Upstream, session: SqlSession, who: 'self' | string, old: Held): Promise<void> {
  const found = await find(up, session, who, [old]);
  if (found === undefined) throw noSuchAccount(requests.userOf(old));
  if (found.second) throw atLimit(requests.userOf(old));
}

export async function add(
  up: Upstream,
  session: SqlSession,
  who: 'self' | string,
  old: Held,
  password: Secret,
  changing: () => void,
): Promise<void> {
  const fresh: Held = { ...old, parts: { ...old.parts, password } };
  if (await logsIn(up, fresh)) return;
  const found = await find(up, session, who, [old]);
  if (found === undefined) throw noSuchAccount(requests.userOf(old));
  if (found.second) throw atLimit(requests.userOf(old));
  await session.query(requests.knownQuoting);
  changing();
  await session.query(requests.setPassword(found.account, found.plugin, password, found.dead ? 'revive' : 'retain'));
}

/** Ends `target`. `old` is the one that the rotation began with, so anything else is the one that it issued. */
export async function remove(
  up: Upstream,
  session: SqlSession,
  who: 'self' | string,
  old: Held,
  target: Held,
  survivor: Held | undefined,
  changing: () => void,
): Promise<Revoked> {
  const found = await find(up, session, who, survivor === undefined ? [target] : [survivor, target]);
  if (found === undefined) return 'absent';
  const { account, plugin, second, dead } = found;
  if (survivor === undefined) {
    const gone = dead || !(await logsIn(up, target));
    changing();
    if (!gone) {
      await session.query(requests.setPassword(account, plugin, new Secret(randomLetters(up.random.bytes(128), 32)), 'kill'));
      if (second) await session.query(requests.discard(account));
    }
    await endSessions(session, account.user);
    return 'gone';
  }
  if (!(await logsIn(up, survivor))) {
    throw new Problem('rotation/unsafe-revoke', {
      what: 'the password that must go on working is refused by the server',
      state: 'nothing was revoked',
    });
  }
  if (!second) return 'gone';
  const first = survivor.parts['password'];
  const isOld = target.parts['password'] !== undefined && old.parts['password']?.equals(target.parts['password']) === true;
  await session.query(requests.knownQuoting);
  changing();
  if (!isOld && first !== undefined) await session.query(requests.setPassword(account, plugin, first, 'replace'));
  await session.query(requests.discard(account));
  return 'gone';
}
