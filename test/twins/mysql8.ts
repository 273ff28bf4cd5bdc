/**
 * A MySQL 8 in memory, as far as accounts with two passwords go. It keeps to the manual (8.0 Reference Manual, 15.7.1.1
 * ALTER USER, 8.2.15 Password Management) and refuses every statement it does not know. No real MySQL stands behind it.
 */
import { Problem } from '../../src/base/problem.ts';
import { type DatabaseAddress, type SqlSession, StatementRefused } from '../../src/ports/databases.ts';

interface TwinAccount {
  readonly user: string;
  readonly host: string;
  plugin: string;
  first: string;
  second?: string;
  attributes: Record<string, unknown>;
  /** May alter accounts and read mysql.user. */
  readonly admin: boolean;
}

interface TwinSession {
  readonly id: number;
  readonly account: TwinAccount;
  killed: boolean;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

const name = '`((?:[^`]|``)*)`@`((?:[^`]|``)*)`';

/** The text in quotes as a server without NO_BACKSLASH_ESCAPES reads it. */
const unquoted = (text: string): string => text.replace(/\\(.)|''/gs, (_whole, escaped: string | undefined) => escaped ?? "'");

export class Mysql8 {
  version = '8.0.36';
  accounts: TwinAccount[] = [];
  readonly statements: string[] = [];
  #sessions: TwinSession[] = [];
  #next = 1;

  add(user: string, host: string, password: string, admin = false): TwinAccount {
    const account: TwinAccount = { user, host, plugin: 'caching_sha2_password', first: password, admin, attributes: {} };
    this.accounts.push(account);
    return account;
  }

  async open(address: DatabaseAddress): Promise<SqlSession> {
    const password = address.password.reveal();
    const account = this.accounts.find(
      (one) => one.user === address.user && (one.first === password || one.second === password) && one.host !== 'elsewhere',
    );
    if (account === undefined) throw new Problem('provider/refused', { what: 'the twin refused the login' });
    const session: TwinSession = { id: this.#next++, account, killed: false };
    this.#sessions.push(session);
    return {
      query: async (text, parameters) => {
        if (session.killed) throw new Problem('provider/unavailable', { what: 'the session was killed', effect: 'unknown' });
        this.statements.push(text);
        return this.#run(session, text.replace(/\s+/g, ' ').trim(), parameters ?? []);
      },
      close: async () => {
        this.#sessions = this.#sessions.filter((one) => one !== session);
      },
    };
  }

  #run(me: TwinSession, text: string, parameters: readonly (string | number | null)[]): Rows {
    const [user, host] = parameters;
    if (text === 'SELECT VERSION() AS version') return [{ version: this.version }];
    if (text === 'SELECT CURRENT_USER() AS account') return [{ account: `${me.account.user}@${me.account.host}` }];
    if (text === "SET SESSION sql_mode = ''") return [];
    if (text === 'SHOW GRANTS') {
      const grants = me.account.admin ? 'ALL PRIVILEGES' : 'SELECT';
      return [{ [`Grants for ${me.account.user}`]: `GRANT ${grants} ON *.* TO \`${me.account.user}\`@\`${me.account.host}\`` }];
    }
    if (text.includes('FROM information_schema.PROCESSLIST')) {
      return this.#sessions.filter((one) => one !== me && one.account.user === user).map((one) => ({ id: one.id }));
    }
    const kill = /^KILL (\d+)$/.exec(text);
    if (kill !== null) {
      const victim = this.#sessions.find((one) => one.id === Number(kill[1]));
      if (victim === undefined) throw new StatementRefused('1094');
      victim.killed = true;
      return [];
    }
    if (!me.account.admin) throw new StatementRefused(text.startsWith('SELECT') ? '1142' : '1227');
    if (text === 'SELECT User AS user, Host AS host FROM mysql.user WHERE User = ?') {
      return this.accounts.filter((one) => one.user === user).map((one) => ({ user: one.user, host: one.host }));
    }
    if (text.startsWith('SELECT plugin AS plugin')) {
      const found = this.accounts.filter((one) => one.user === user && one.host === host);
      return found.map((one) => ({
        plugin: one.plugin,
        second: one.second === undefined ? 0 : 1,
        dead: 'mcpRotate' in one.attributes ? 1 : 0,
      }));
    }
    return this.#alter(text);
  }

  #alter(text: string): Rows {
    const alter = new RegExp(`^ALTER USER ${name} (.*)$`, 's').exec(text);
    if (alter === null) throw new Error('the twin does not know this statement');
    const account = this.accounts.find(
      (one) => one.user === alter[1]?.replaceAll('``', '`') && one.host === alter[2]?.replaceAll('``', '`'),
    );
    if (account === undefined) throw new StatementRefused('1396');
    const rest = alter[3] ?? '';
    if (rest === 'DISCARD OLD PASSWORD') {
      delete account.second;
      return [];
    }
    const set = /^IDENTIFIED WITH (\w+) BY '((?:[^'\\]|\\.|'')*)'( RETAIN CURRENT PASSWORD)?(?: ATTRIBUTE '(.*)')?$/s.exec(rest);
    if (set === null) throw new Error('the twin does not know this change of an account');
    if (set[3] !== undefined) {
      // Keeping the password needs the same plugin and a password that is not empty.
      if (set[1] !== account.plugin || account.first === '') throw new StatementRefused('3894');
      account.second = account.first;
    }
    // Attributes are merged; null takes one away.
    for (const [key, value] of Object.entries(JSON.parse(set[4] ?? '{}') as object)) {
      if (value === null) delete account.attributes[key];
      else account.attributes[key] = value;
    }
    account.plugin = set[1] ?? '';
    account.first = unquoted(set[2] ?? '');
    return [];
  }
}
