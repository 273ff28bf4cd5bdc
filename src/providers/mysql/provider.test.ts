/**
 * Goal: an account of MariaDB or MySQL has two working passwords between issue and revocation, keeps its other ways to
 * log in and its rights, and is never left without a password unless it leaked.
 * Method: the contract kit and particular cases against a real MariaDB, with hostile names and passwords; the branch for
 * MySQL 8 against a twin that keeps to its manual.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitOptions, markers, providerCases, providerKit, type Sample, type World } from '../../../test/kits/provider.ts';
import { writings } from '../../../test/kits/spills.ts';
import { describeWith } from '../../../test/parts.ts';
import { adminPassword, startMariadb } from '../../../test/real/mariadb.ts';
import { realUpstream } from '../../../test/real/ports.ts';
import { Mysql8 } from '../../../test/twins/mysql8.ts';
import { Secret } from '../../base/secret.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Method, MethodContext, OursMethod } from '../provider.ts';
import { readGrants, readMethods, readVersion } from './answers.ts';
import { provider } from './provider.ts';
import { accountName, nativeHash, tombstone } from './requests.ts';

const [byIssuer, bySelf] = provider.methods as readonly [OursMethod, OursMethod];
const real = realUpstream();

const heldOf = (port: number, user: string, password: string): Held => ({
  kind: 'account password',
  parts: { user: new Secret(user), password: new Secret(password) },
  context: { host: '127.0.0.1', port: String(port) },
});
const at = (w: World, n = 0): MethodContext => ({ old: w.old, issuer: w.issuer, marker: markers(n) });

async function issue(w: World, method = byIssuer, n = 0): Promise<Held> {
  const issued = await method.issueWith(w.up, at(w, n), method.propose(w.up.random, at(w, n)));
  return { ...w.old, parts: issued.parts };
}
async function revoke(w: World, held: Held, survivor: Held | undefined, method = byIssuer): Promise<string> {
  if (method.revocation.by !== 'api') throw new Error('no API');
  return method.revocation.revoke(w.up, at(w), { held }, survivor);
}
const alive = async (w: World, held: Held): Promise<string> => (await provider.check(w.up, held)).alive;

const env = (name: string, value: string) => ({ where: 'env', name, value }) as const;
const samples: readonly Sample[] = [
  {
    title: 'URL',
    slots: [env('DATABASE_URL', 'mysql://app:p%40ss%2Fword@db.example/shop?ssl-mode=REQUIRED')],
    kind: 'account password',
    parts: { user: 'app', password: 'p@ss/word' },
    context: { host: 'db.example', port: '3306', database: 'shop', tls: 'REQUIRED' },
    credential: 'shop',
    mutate: [{ part: 'password', how: ['scheme'] }],
  },
  {
    title: 'URL with a driver, in an argument',
    slots: [{ where: 'arg', name: '', value: '--db=mariadb+pymysql://app:p%40ss%2Fword@db.example:3306/x' }],
    kind: 'account password',
    parts: { user: 'app', password: 'p@ss/word' },
    context: { host: 'db.example', port: '3306', database: 'x' },
    credential: 'shop',
  },
  {
    title: 'variables',
    slots: [env('MYSQL_HOST', 'db.example'), env('MYSQL_USER', 'app'), env('MYSQL_PASS', 'p@ss/word'), env('MYSQL_DB', 'shop')],
    kind: 'account password',
    parts: { user: 'app', password: 'p@ss/word' },
    context: { host: 'db.example', port: '3306', database: 'shop' },
    credential: 'shop',
  },
  {
    title: 'another password, on the loopback',
    slots: [env('MYSQL_PASSWORD', 'other-password'), env('MYSQL_USER', 'app')],
    kind: 'account password',
    parts: { user: 'app', password: 'other-password' },
    context: { host: 'localhost', port: '3306' },
    credential: 'other',
  },
];
const nearMisses: KitOptions['nearMisses'] = [
  { title: 'PostgreSQL', slots: [env('DATABASE_URL', 'postgres://app:secret-password@db/x')] },
  { title: 'a URL without a password', slots: [env('DATABASE_URL', 'mysql://app@db/x')] },
  { title: 'a reference', slots: [env('MYSQL_PASSWORD', '${env:PW}'), env('MYSQL_USER', 'app')] },
  { title: 'the password of the server’s image', slots: [env('MYSQL_ROOT_HOST', '%')] },
];

describeWith(['mariadbd'], 'MariaDB', () => {
  let server: Awaited<ReturnType<typeof startMariadb>>;
  let admin: SqlSession;
  let count = 0;
  beforeAll(async () => {
    server = await startMariadb();
    admin = await open('root', adminPassword);
    await admin.query('CREATE DATABASE shop');
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  const open = (user: string, password: string) =>
    real.databases.mysql({ host: '127.0.0.1', port: server.port, user, password: new Secret(password) });
  const openHeld = (held: Held) => open(held.parts['user']?.reveal() ?? '', held.parts['password']?.reveal() ?? '');

  async function world(method: Method = byIssuer): Promise<World & { readonly account: string }> {
    const n = ++count;
    const [user, other, manager] = [`app "x"\`'\\@é%${n}`, `neighbour ${n}`, `manager${n}`];
    const password = { user: `o'ld p@ss"w\\ör%41d ${n}`, other: `neighbour-password-${n}`, manager: `manager's "pw" ${n}` };
    const account = accountName({ user, host: '%' });
    for (const [name, text, host] of [
      [user, password.user, '%'],
      [user, password.other, '10.9.8.7'],
      [other, password.other, '127.0.0.1'],
      [manager, password.manager, '%'],
    ] as const) {
      const hash = await nativeHash(new Secret(text));
      await admin.query(`CREATE USER ${accountName({ user: name, host })} IDENTIFIED BY PASSWORD '${hash}'`);
    }
    await admin.query(`GRANT SELECT, INSERT ON shop.* TO ${account} WITH GRANT OPTION`);
    if (method.needs === 'self') await admin.query(`GRANT CREATE USER ON *.* TO ${account}`);
    await admin.query(`GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO \`${manager}\`@\`%\``);
    await admin.query(`GRANT SELECT ON mysql.* TO \`${manager}\`@\`%\``);
    const state = `SELECT User, Host, JSON_REMOVE(Priv, '$.password_last_changed') AS p FROM mysql.global_priv
      WHERE User IN (?, ?, ?) ORDER BY 1, 2`;
    const issuer = { source: 'test', parts: heldOf(server.port, manager, password.manager).parts, context: {} };
    return {
      up: real,
      account,
      old: heldOf(server.port, user, password.user),
      issuer: method.needs === 'self' ? undefined : issuer,
      neighbour: heldOf(server.port, other, password.other),
      // An empty list of further methods is what a list of one leaves behind; it means nothing.
      state: async () => JSON.stringify(await admin.query(state, [user, other, manager])).replaceAll(',"auth_or":[{}]', ''),
    };
  }

  providerKit({ provider, samples, nearMisses, world, upstream: 'databases' });

  it('both passwords work until the revocation; sessions go on, for the server cannot tell them apart', async () => {
    const w = await world();
    const before = await openHeld(w.old);
    const fresh = await issue(w);
    const during = [await openHeld(w.old), await openHeld(fresh)];
    expect(await revoke(w, w.old, fresh)).toBe('gone');
    expect([await alive(w, w.old), await alive(w, fresh)]).toEqual(['no', 'yes']);
    for (const session of [before, ...during]) {
      expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await session.close();
    }
  });

  it('in a leak all sessions of the account end, and those of no other', async () => {
    const w = await world();
    const [mine, theirs] = [await openHeld(w.old), await openHeld(w.neighbour)];
    expect(await revoke(w, w.old, undefined)).toBe('gone');
    await expect(mine.query('SELECT 1')).rejects.toMatchObject({ code: 'provider/unavailable' });
    expect(await theirs.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await Promise.all([mine.close(), theirs.close()]);
  });

  it('other ways to log in stay, in leak and routine, and a password that is not of this rotation is never taken (failure mode 4)', async () => {
    const w = await world();
    const oldHash = await nativeHash(w.old.parts['password'] ?? new Secret('x'));
    await admin.query(`ALTER USER ${w.account} IDENTIFIED VIA unix_socket OR mysql_native_password USING '${oldHash}'`);
    const methods = async () => readMethods(await admin.query(`SHOW CREATE USER ${w.account}`)).methods.map((m) => m.plugin);
    const fresh = await issue(w);
    expect(await methods()).toEqual(['unix_socket', 'mysql_native_password', 'mysql_native_password']);
    await expect(issue(w, byIssuer, 1)).rejects.toMatchObject({ code: 'provider/at-limit', effect: 'none' });
    expect([await alive(w, w.old), await alive(w, fresh)]).toEqual(['yes', 'yes']);
    await revoke(w, w.old, fresh);
    expect(await methods()).toEqual(['unix_socket', 'mysql_native_password']);
    await revoke(w, fresh, undefined);
    expect(await methods()).toEqual(['unix_socket', 'mysql_native_password']);
    expect([await alive(w, w.old), await alive(w, fresh)]).toEqual(['no', 'no']);
  });

  it('refuses to take the last password in favour of one that the account does not have (failure mode 31)', async () => {
    const w = await world();
    const before = await w.state();
    await expect(revoke(w, w.old, heldOf(server.port, 'x', 'not-its-password'))).rejects.toMatchObject({
      code: 'rotation/unsafe-revoke',
    });
    await expect(revoke(w, w.old, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    expect(await w.state()).toBe(before);
  });

  it('says before any effect what is missing (failure mode 11)', async () => {
    const w = await world();
    await expect(byIssuer.preflight(w.up, { ...at(w), issuer: undefined })).rejects.toMatchObject({
      code: 'rotation/needs-issuer',
    });
    const weak = { source: 'test', parts: w.neighbour.parts, context: {} };
    await expect(byIssuer.preflight(w.up, { ...at(w), issuer: weak })).rejects.toMatchObject({ code: 'provider/forbidden' });
    await admin.query(`ALTER USER ${w.account} IDENTIFIED BY 'changed-by-somebody'`);
    await expect(byIssuer.preflight(w.up, at(w))).rejects.toMatchObject({ code: 'provider/not-found' });
  });

  it('an account without the right to alter itself changes nothing', async () => {
    const w = await world();
    const before = await w.state();
    await expect(issue(w, bySelf)).rejects.toMatchObject({ code: 'provider/forbidden' });
    expect(await w.state()).toBe(before);
  });

  it('the server’s log never holds the new password', async () => {
    const w = await world();
    const fresh = await issue(w);
    expect(await alive(w, fresh)).toBe('yes');
    const log = server.generalLog();
    expect(log).toContain('IDENTIFIED VIA');
    for (const writing of writings(fresh.parts['password']?.reveal() ?? '')) expect(log).not.toContain(writing);
  });

  it('rights are told without hashes', async () => {
    const w = await world();
    await issue(w);
    const { rights = [] } = await provider.check(w.up, w.old);
    expect(rights.join()).toContain('GRANT SELECT, INSERT ON `shop`.*');
    expect(rights.join()).not.toMatch(/[0-9A-F]{40}|IDENTIFIED/);
  });

  it('a wrong host, a missing database and a locked account are told apart', async () => {
    const w = await world();
    const missing = { ...w.old, context: { ...w.old.context, database: 'nope' } };
    expect(await alive(w, missing)).toBe('unknown');
    await admin.query(`ALTER USER ${w.account} ACCOUNT LOCK`);
    expect(await alive(w, w.old)).toBe('no');
  });
});

describe('MySQL 8 (twin)', () => {
  async function world(method: Method = byIssuer): Promise<World & { readonly twin: Mysql8; readonly up: Upstream }> {
    const twin = new Mysql8();
    const old = 'o\'ld p\\ass"word%41';
    twin.add("app`x'", '%', old, method.needs === 'self');
    twin.add("app`x'", 'elsewhere', 'not-from-here');
    twin.add('neighbour', '%', 'neighbour-password');
    twin.add('manager', '%', 'manager-password', true);
    return {
      twin,
      up: { ...real, databases: { ...real.databases, mysql: (address) => twin.open(address) } },
      old: heldOf(1, "app`x'", old),
      issuer:
        method.needs === 'self'
          ? undefined
          : { source: 'test', parts: heldOf(1, 'manager', 'manager-password').parts, context: {} },
      neighbour: heldOf(1, 'neighbour', 'neighbour-password'),
      state: async () => JSON.stringify(twin.accounts),
    };
  }
  /** With one account of the name: after a leak no password at hand tells which of several it was. */
  async function alone(method: Method): Promise<World> {
    const w = await world(method);
    w.twin.accounts = w.twin.accounts.filter(({ host }) => host !== 'elsewhere');
    return w;
  }

  providerKit({
    provider,
    samples,
    nearMisses,
    world: alone,
    upstream: 'databases',
    // A survivor whose login is refused stops the revocation.
    alsoRight: { refused: ['rotation/unsafe-revoke'] },
  });

  it('the kit has cases for both methods', () => {
    const titles = providerCases({ provider, samples, nearMisses, world: alone, upstream: 'databases' }).map(
      ({ title }) => title,
    );
    for (const { id } of provider.methods) expect(titles.some((title) => title.startsWith(`${id}: issue`))).toBe(true);
  });

  it('sends the statements of the manual', async () => {
    const w = await world();
    const fresh = await issue(w);
    const text = fresh.parts['password']?.reveal() ?? '';
    const alter = "ALTER USER `app``x'`@`%` ";
    expect(w.twin.statements.at(-1)).toBe(`${alter}IDENTIFIED WITH caching_sha2_password BY '${text}' RETAIN CURRENT PASSWORD`);
    await revoke(w, w.old, fresh);
    expect(w.twin.statements.at(-1)).toBe(`${alter}DISCARD OLD PASSWORD`);
    expect([await alive(w, w.old), await alive(w, fresh)]).toEqual(['no', 'yes']);
  });

  it('a password that is not of this rotation is never taken (failure mode 4)', async () => {
    const w = await world();
    const fresh = await issue(w);
    await expect(issue(w, byIssuer, 1)).rejects.toMatchObject({ code: 'provider/at-limit', effect: 'none' });
    expect([await alive(w, w.old), await alive(w, fresh)]).toEqual(['yes', 'yes']);
  });

  it('stops where several accounts have the name and none can be told', async () => {
    const w = await world();
    expect(await revoke(w, w.old, undefined)).toBe('gone');
    expect(w.twin.statements.some((text) => text.endsWith(`ATTRIBUTE '{"mcpRotate": "revoked"}'`))).toBe(true);
    await expect(issue(w)).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
  });

  it('demands TLS or the loopback, and a version with two passwords', async () => {
    const w = await world();
    const far = { ...w.old, context: { host: 'db.example', port: '3306' } };
    await expect(byIssuer.preflight(w.up, { ...at(w), old: far })).rejects.toMatchObject({ code: 'provider/cannot' });
    const issuer = { source: 'test', parts: w.issuer?.parts ?? {}, context: { tls: 'REQUIRED' } };
    await byIssuer.preflight(w.up, { ...at(w), old: far, issuer });
    w.twin.version = '8.0.20';
    await expect(byIssuer.preflight(w.up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
    w.twin.version = '5.7.44-log';
    await expect(issue(w)).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
  });
});

describe('answers', () => {
  it('reads versions', () => {
    const read = (version: string) => readVersion([{ version }]);
    expect(read('10.11.19-MariaDB-0+deb12u1-log')).toEqual({ kind: 'mariadb', number: 101119 });
    expect(read('5.5.5-10.3.39-MariaDB')).toEqual({ kind: 'mariadb', number: 100339 });
    expect(read('8.4.2')).toEqual({ kind: 'mysql', number: 80402 });
    expect(() => read('PostgreSQL')).toThrow(/garbled/);
  });

  it('reads login methods, and is not fooled by names', () => {
    const read = (text: string) => readMethods([{ 'CREATE USER for x': text }]);
    const hash = `*${'A'.repeat(40)}`;
    const fake = "`a`` IDENTIFIED VIA x USING 'y'`@`%`";
    expect(read(`CREATE USER ${fake} IDENTIFIED BY PASSWORD '${hash}' REQUIRE SSL`).methods).toEqual([
      { plugin: 'mysql_native_password', string: hash },
    ]);
    expect(read(`CREATE USER ${fake}`)).toEqual({ methods: [], locked: false });
    expect(read(`CREATE USER ${fake} IDENTIFIED VIA ed25519 USING 'a/b+c' OR unix_socket ACCOUNT LOCK`)).toEqual({
      methods: [
        { plugin: 'ed25519', string: 'a/b+c' },
        { plugin: 'unix_socket', string: undefined },
      ],
      locked: true,
    });
    expect(() => read(`CREATE USER ${fake} IDENTIFIED SOMEHOW`)).toThrow(/garbled/);
  });

  it('takes everything about passwords out of grants', () => {
    const hash = `*${'A'.repeat(40)}`;
    const to = 'GRANT USAGE ON *.* TO `a`@`%`';
    const rows = [
      { g: `${to} IDENTIFIED BY PASSWORD '${hash}' REQUIRE SSL WITH GRANT OPTION` },
      { g: `${to} IDENTIFIED VIA mysql_native_password USING '${hash}' OR unix_socket OR ed25519 USING 'x'` },
      { g: 'GRANT SELECT ON `b`.* TO `a`@`%`' },
    ];
    expect(readGrants(rows)).toEqual(['GRANT SELECT ON `b`.* TO `a`@`%`', to, `${to} REQUIRE SSL WITH GRANT OPTION`]);
  });

  it('a tombstone is no hash of the same password and leads back', async () => {
    const hash = await nativeHash(new Secret('password'));
    // The vector of the MySQL manual for PASSWORD('password').
    expect(hash).toBe('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19');
    expect(tombstone(hash)).not.toBe(hash);
    expect(tombstone(tombstone(hash))).toBe(hash);
  });
});
