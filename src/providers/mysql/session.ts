/** Sessions as the provider uses them, closed in every way out; and which account a login is. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held } from '../provider.ts';
import { numberOf, readAccount, refusal, textOf } from './answers.ts';
import * as requests from './requests.ts';

export type Login = Pick<Held, 'parts' | 'context'>;

/** `doing` completes "no right to …"; `effect()` is asked when something goes wrong. */
export async function inSession<T>(
  up: Upstream,
  login: Login,
  doing: string,
  work: (session: SqlSession) => Promise<T>,
  effect: () => 'none' | 'unknown' = () => 'none',
): Promise<T> {
  const address = requests.addressOf(login);
  if (address === undefined) {
    throw new Problem('provider/cannot', {
      what: 'the connection names no user, so nothing can be asked of the database',
      next: 'name the user in the connection URL or in MYSQL_USER',
    });
  }
  const session = await up.databases.mysql(address);
  try {
    return await work(session);
  } catch (error) {
    throw refusal(error, doing, effect());
  } finally {
    await session.close().catch(() => {});
  }
}

/** Does this login work? A problem when it cannot be told. */
export async function logsIn(up: Upstream, login: Login): Promise<boolean> {
  try {
    await inSession(up, login, 'log in', async () => undefined);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'provider/refused') return false;
    throw error;
  }
}

export async function accountsNamed(session: SqlSession, user: string): Promise<readonly requests.Account[]> {
  const rows = await session.query(requests.accountsOfUser, [user]);
  return rows.map((row) => ({ user: textOf(row, 'user'), host: textOf(row, 'host') }));
}

/**
 * The one account of this name, for when none has the password that we know. Guessing would give a password to an account
 * that nobody meant.
 */
export async function onlyAccountNamed(session: SqlSession, user: string): Promise<requests.Account> {
  const rows = await session.query(requests.accountsByName, [user]);
  const accounts = rows.map((row) => ({ account: { user: textOf(row, 'user'), host: textOf(row, 'host') }, row }));
  const [only] = accounts;
  if (only && accounts.length === 1 && numberOf(only.row, 'reaches') === 1) return only.account;
  const named = accounts.map(({ account }) => printable(`${account.user}@${account.host}`)).join(', ');
  const state = 'no account was given a new password';
  if (accounts.length === 0) {
    throw new Problem('provider/not-found', {
      what: `the server has no account ${printable(user)} any more`,
      state,
      next: 'make the account again (CREATE USER, GRANT), then mcp-rotate resume',
    });
  }
  throw new Problem('provider/not-found', {
    what: `no account has the old password any more, and which one it was cannot be told: ${named}`,
    state,
    next: `see that one account ${printable(user)} is left and may log in from here (DROP USER or RENAME USER), then mcp-rotate resume`,
  });
}

/** The account that the session itself is logged in as. */
export const ownAccount = async (session: SqlSession): Promise<requests.Account> =>
  readAccount(textOf((await session.query(requests.whoAmI))[0], 'account'));

export const noSuchAccount = (user: string): Problem =>
  new Problem('provider/not-found', { what: `the server has no account ${printable(user)} with this password` });

export const atLimit = (user: string): Problem =>
  new Problem('provider/at-limit', {
    what: `the account ${printable(user)} already has two passwords, and the second is not of this rotation`,
    state: 'both go on working; none was taken away',
    next: 'find out who uses the second password and remove it by hand',
  });

/** Ends every session of a user; which password a session came in with is not kept by the server. */
export async function endSessions(session: SqlSession, user: string): Promise<void> {
  for (const row of await session.query(requests.sessionsOfUser, [user])) {
    const id = Number(row['id']);
    if (!Number.isSafeInteger(id) || id <= 0) continue;
    try {
      await session.query(requests.kill(id));
    } catch (error) {
      // 1094: it has ended by itself.
      if (!(error instanceof Error && 'state' in error && error.state === '1094')) throw error;
    }
  }
}
