/**
 * Goal: a PostgreSQL login is rotated with both logins working in between, the same rights and ownership, and nothing
 * but the old login harmed; and the clear password reaches neither the server's log nor an error.
 * Method: the contract kit and particular cases against a real server, with hostile role names and passwords; an issuer
 * that is no superuser (CREATEROLE and the ADMIN option on the base role) unless a case says otherwise.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitOptions, markers, providerKit, type Sample, type World } from '../../../test/kits/provider.ts';
import { writings } from '../../../test/kits/spills.ts';
import { realUpstream } from '../../../test/real/ports.ts';
import { adminPassword, startPostgresql } from '../../../test/real/postgresql.ts';
import type { RealServer } from '../../../test/real/server.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Issuer, MethodContext, OursMethod } from '../provider.ts';
import { readPgpass } from './answers.ts';
import { provider } from './provider.ts';
import { identifier, literal } from './requests.ts';

const up = realUpstream();
let server: RealServer;
let admin: SqlSession;
let count = 0;

const sibling = provider.methods[0] as OursMethod;
const own = provider.methods[1] as OursMethod;

beforeAll(async () => {
  server = await startPostgresql();
  admin = await open({ user: 'postgres', password: adminPassword }, 'postgres');
  await admin.query('CREATE DATABASE app');
  await admin.close();
  admin = await open({ user: 'postgres', password: adminPassword }, 'app');
  await admin.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
});
afterAll(async () => {
  await admin?.close();
  await server?.stop();
});

const open = (login: { user: string; password: string }, database = 'app'): Promise<SqlSession> =>
  up.databases.postgresql({
    host: '127.0.0.1',
    port: server.port,
    user: login.user,
    password: new Secret(login.password),
    database,
  });
const openHeld = (held: Held): Promise<SqlSession> =>
  open({ user: held.parts['user']?.reveal() ?? '', password: held.parts['password']?.reveal() ?? '' });

const heldOf = (user: string, password: string): Held => ({
  kind: 'role password',
  parts: { user: new Secret(user), password: new Secret(password) },
  context: { host: '127.0.0.1', port: String(server.port), database: 'app' },
});

interface PostgresqlWorld extends World {
  readonly base: string;
  readonly issuer: Issuer;
}

/** A role that owns a schema with a table, an issuer that may manage it, and another role. */
async function world(superuser = false): Promise<PostgresqlWorld> {
  const n = ++count;
  const [base, other, manager] = [`App "x" 100%é'\\ ${n}`, `neighbour ${n}`, `manager "${n}"`];
  const passwords = { base: `o'ld p@ss:w/ör%41d\\ ${n}`, other: `neighbour-password-${n}`, manager: `manager's-password-${n}` };
  for (const statement of [
    `CREATE ROLE ${identifier(base)} LOGIN PASSWORD ${literal(passwords.base)} CONNECTION LIMIT 7`,
    `CREATE ROLE ${identifier(other)} LOGIN PASSWORD ${literal(passwords.other)}`,
    `CREATE ROLE ${identifier(manager)} LOGIN CREATEROLE ${superuser ? 'SUPERUSER' : ''} PASSWORD ${literal(passwords.manager)}`,
    `GRANT ${identifier(base)} TO ${identifier(manager)} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
    `CREATE SCHEMA s${n} AUTHORIZATION ${identifier(base)}`,
    `CREATE TABLE s${n}.things (id int)`,
    `ALTER TABLE s${n}.things OWNER TO ${identifier(base)}`,
  ]) {
    await admin.query(statement);
  }
  const roles = `SELECT a.rolname, a.rolcanlogin, a.rolpassword, a.rolconnlimit, a.rolvaliduntil, a.rolsuper, a.rolcreaterole,
      shobj_description(a.oid, 'pg_authid') AS comment,
      (SELECT array_agg(d.setconfig ORDER BY d.setdatabase) FROM pg_db_role_setting d WHERE d.setrole = a.oid) AS settings,
      (SELECT array_agg(b.rolname || m.set_option || m.inherit_option ORDER BY b.rolname) FROM pg_auth_members m
        JOIN pg_authid b ON b.oid = m.roleid WHERE m.member = a.oid) AS member_of
    FROM pg_authid a WHERE a.rolname IN ($1, $2, $3) OR pg_has_role(a.oid, $4::name, 'MEMBER') AND NOT a.rolsuper ORDER BY 1`;
  const issuer = { source: 'test', parts: heldOf(manager, passwords.manager).parts, context: heldOf('x', 'y').context };
  return {
    up,
    base,
    old: heldOf(base, passwords.base),
    issuer,
    neighbour: heldOf(other, passwords.other),
    state: async () => JSON.stringify(await admin.query(roles, [base, other, manager, base])),
  };
}

const at = (w: PostgresqlWorld, n = 0, old = w.old): MethodContext => ({ old, issuer: w.issuer, marker: markers(n) });

async function issue(w: PostgresqlWorld, n = 0, old = w.old, method = sibling): Promise<Held> {
  const issued = await method.issueWith(up, at(w, n, old), method.propose(up.random, at(w, n, old)));
  return { ...old, parts: issued.parts };
}

async function revoke(w: PostgresqlWorld, held: Held, survivor: Held | undefined): Promise<string> {
  if (sibling.revocation.by !== 'api') throw new Error('no API');
  return sibling.revocation.revoke(up, at(w), { held }, survivor);
}

/** The connection is lost before a statement that fits. */
const cutBefore = (statement: RegExp): Upstream => ({
  ...up,
  databases: {
    ...up.databases,
    async postgresql(address) {
      const session = await up.databases.postgresql(address);
      return {
        close: () => session.close(),
        query(text, parameters) {
          if (statement.test(text)) throw new Problem('provider/unavailable', { what: 'cut' });
          return session.query(text, parameters);
        },
      };
    },
  },
});

const alive = async (held: Held): Promise<string> => (await provider.check(up, held)).alive;
const userOf = (held: Held): string => held.parts['user']?.reveal() ?? '';

const url = 'postgresql://app%40team:p%40ss%2Fw%C3%B6rd@db.example:6432/shop?sslmode=require&application_name=x';
const urlParts = { user: 'app@team', password: 'p@ss/wörd' };
const urlContext = { host: 'db.example', port: '6432', database: 'shop', sslmode: 'require' };
const samples: readonly Sample[] = [
  {
    title: 'URL in a variable',
    slots: [{ where: 'env', name: 'DATABASE_URI', value: url }],
    kind: 'role password',
    parts: urlParts,
    context: urlContext,
    credential: 'shop',
    mutate: [{ part: 'password', how: ['scheme'] }],
  },
  {
    title: 'bare argument',
    slots: [
      { where: 'arg', name: '', value: '--quiet' },
      { where: 'arg', name: '', value: 'postgres://u:secret-password@localhost/db' },
    ],
    kind: 'role password',
    parts: { user: 'u', password: 'secret-password' },
    context: { host: 'localhost', port: '5432', database: 'db' },
    credential: 'local',
    mutate: [{ part: 'password', how: ['scheme'] }],
  },
  {
    title: 'inside a longer argument, with a driver',
    slots: [{ where: 'arg', name: '--dsn', value: 'DSN="postgresql+psycopg://u:secret-password@127.0.0.1/other" x' }],
    kind: 'role password',
    parts: { user: 'u', password: 'secret-password' },
    context: { host: '127.0.0.1', port: '5432', database: 'other' },
    credential: 'local',
  },
  {
    title: 'URL slot, user and password in the query',
    slots: [{ where: 'url', name: '', value: 'postgresql:///db?host=/run/pg&user=u&password=p%26q-secret' }],
    kind: 'role password',
    parts: { user: 'u', password: 'p&q-secret' },
    context: { host: '/run/pg', port: '5432', database: 'db' },
  },
  {
    title: 'several hosts, one of them IPv6',
    slots: [{ where: 'env', name: 'X', value: 'postgresql://u:pw-secret@a,b:5433,[::1]:5434/db' }],
    kind: 'role password',
    parts: { user: 'u', password: 'pw-secret' },
    context: { host: 'a', port: '5432', database: 'db', hosts: 'a:5432,b:5433,::1:5434' },
  },
  {
    title: 'an unescaped @, and a % that encodes nothing',
    slots: [{ where: 'env', name: 'X', value: 'postgres://u:p@ss%zz@h/db' }],
    kind: 'role password',
    parts: { user: 'u', password: 'p@ss%zz' },
    context: { host: 'h', port: '5432', database: 'db' },
  },
  {
    title: 'PG variables',
    slots: [
      { where: 'env', name: 'PGHOST', value: 'DB.example' },
      { where: 'env', name: 'PGPORT', value: '6432' },
      { where: 'env', name: 'PGUSER', value: 'app@team' },
      { where: 'env', name: 'PGPASSWORD', value: 'p@ss/wörd' },
      { where: 'env', name: 'PGSSLMODE', value: 'require' },
    ],
    kind: 'role password',
    parts: urlParts,
    context: { host: 'DB.example', port: '6432', sslmode: 'require' },
    credential: 'shop',
  },
  {
    title: 'PGPASSWORD beside a URL without a password',
    slots: [
      { where: 'env', name: 'PGPASSWORD', value: 'secret-password' },
      { where: 'arg', name: '', value: 'postgres://u@localhost/db' },
    ],
    kind: 'role password',
    parts: { user: 'u', password: 'secret-password' },
    context: { host: 'localhost', port: '5432', database: 'db' },
    credential: 'local',
  },
  {
    title: 'only a password',
    slots: [{ where: 'env', name: 'POSTGRES_PASSWORD', value: 'secret-password' }],
    kind: 'role password',
    parts: { password: 'secret-password' },
    context: { host: 'localhost', port: '5432' },
  },
];

const env = (name: string, value: string) => ({ where: 'env', name, value }) as const;
const options: KitOptions = {
  provider,
  upstream: 'databases',
  samples,
  nearMisses: [
    { title: 'a URL without a password', slots: [env('DATABASE_URL', 'postgres://user@host/db')] },
    { title: 'a URL with an empty password', slots: [env('DATABASE_URL', 'postgres://user:@host/db')] },
    { title: 'a password that is a reference', slots: [env('DATABASE_URL', 'postgres://user:${PW}@host/db')] },
    { title: 'another database', slots: [env('DATABASE_URL', 'mysql://user:secret-password@host/db')] },
    { title: 'a scheme that only ends alike', slots: [env('X', 'notpostgres://user:secret-password@host/db')] },
    { title: 'an @ in the query', slots: [env('X', 'postgres://host:5432/db?mail=a@b')] },
    { title: 'an empty PGPASSWORD', slots: [env('PGPASSWORD', ''), env('PGUSER', 'u')] },
    { title: 'a variable of another kind', slots: [env('PGPASSWORD_FILE', '/run/secret')] },
  ],
  world: () => world(),
};

providerKit(options);

describe('sibling-role', () => {
  it('old sessions go on until the revocation, which ends them and no others (failure mode 22)', async () => {
    const w = await world();
    const before = await openHeld(w.old);
    const fresh = await issue(w);
    const [oldSession, newSession] = [await openHeld(w.old), await openHeld(fresh)];
    const neighbour = await openHeld(w.neighbour);
    for (const session of [before, oldSession, newSession]) {
      expect(await session.query('SELECT current_user AS me')).toEqual([{ me: w.base }]);
    }
    expect(await revoke(w, w.old, fresh)).toBe('gone');
    await expect(before.query('SELECT 1')).rejects.toMatchObject({ code: 'provider/unavailable' });
    await expect(oldSession.query('SELECT 1')).rejects.toMatchObject({ code: 'provider/unavailable' });
    expect(await newSession.query('SELECT current_user AS me, session_user AS login')).toEqual([
      { me: w.base, login: userOf(fresh) },
    ]);
    expect(await neighbour.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    for (const session of [before, oldSession, newSession, neighbour]) await session.close();
  });

  it('what the new login makes belongs to the base role, and it may alter what was there', async () => {
    const w = await world();
    const session = await openHeld(await issue(w));
    await session.query(`CREATE TABLE s${count}.made (id int)`);
    await session.query(`ALTER TABLE s${count}.things ADD COLUMN more int`);
    const [row] = await admin.query(`SELECT tableowner FROM pg_tables WHERE schemaname = $1 AND tablename = 'made'`, [
      `s${count}`,
    ]);
    expect(row).toEqual({ tableowner: w.base });
    await session.close();
  });

  it('a second rotation replaces our first sibling, which disappears; the base role stays without a login', async () => {
    const w = await world();
    const first = await issue(w, 0);
    await revoke(w, w.old, first);
    const second = await issue(w, 1, first);
    expect([await alive(first), await alive(second)]).toEqual(['yes', 'yes']);
    expect((await provider.check(up, second)).account).toBe((await provider.check(up, first)).account);
    expect(await revoke(w, first, second)).toBe('gone');
    const rows = await admin.query('SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname IN ($1, $2, $3) ORDER BY 2, 1', [
      w.base,
      userOf(first),
      userOf(second),
    ]);
    expect(rows).toEqual([
      { rolname: w.base, rolcanlogin: false },
      { rolname: userOf(second), rolcanlogin: true },
    ]);
    expect(userOf(second)).not.toMatch(/_mr.*_mr/);
  });

  it('a leaked sibling is revoked first; the next one finds the base role through it and removes it', async () => {
    const w = await world();
    const first = await issue(w, 0);
    await revoke(w, w.old, first);
    expect(await revoke(w, first, undefined)).toBe('gone');
    expect(await alive(first)).toBe('no');
    const second = await issue(w, 1, first);
    expect(await alive(second)).toBe('yes');
    expect(await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [userOf(first)])).toEqual([]);
  });

  it('a cut between making the next one and removing the leaked one is made good by asking again', async () => {
    const w = await world();
    const first = await issue(w, 0);
    await revoke(w, w.old, first);
    await revoke(w, first, undefined);
    const context = at(w, 1, first);
    const proposed = sibling.propose(up.random, context);
    const rolesOfOld = () => admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [userOf(first)]);
    await expect(sibling.issueWith(cutBefore(/^DROP ROLE/), context, proposed)).rejects.toMatchObject({ effect: 'unknown' });
    expect(await rolesOfOld()).toHaveLength(1);
    const { parts } = await sibling.issueWith(up, context, proposed);
    expect(await alive({ ...first, parts })).toBe('yes');
    expect(await rolesOfOld()).toEqual([]);
  });

  it('an outage while it is asked who it is does not make it another account', async () => {
    const w = await world();
    expect((await provider.check(up, w.old)).account).toMatch(/ of cluster \d+$/);
    const standing = await provider.check(cutBefore(/pg_control_system/), w.old);
    expect(standing).toMatchObject({ alive: 'yes' });
    expect(standing).not.toHaveProperty('account');
  });

  it('a sibling that owns something is kept, without a login', async () => {
    const w = await world();
    const first = await issue(w, 0);
    await admin.query(`CREATE TABLE s${count}.owned (id int)`);
    await admin.query(`ALTER TABLE s${count}.owned OWNER TO ${identifier(userOf(first))}`);
    expect(await revoke(w, first, w.old)).toBe('gone');
    const rows = await admin.query('SELECT a.rolcanlogin, a.rolpassword FROM pg_authid a WHERE rolname = $1', [userOf(first)]);
    expect(rows).toEqual([{ rolcanlogin: false, rolpassword: null }]);
  });

  it('settings, limits and expiry are the same', async () => {
    const w = await world(true);
    const role = identifier(w.base);
    await admin.query(`ALTER ROLE ${role} SET search_path = "$user", "odd ""schema, x", public`);
    await admin.query(`ALTER ROLE ${role} SET "my.app_name" = 'it''s \\ 100%'`);
    await admin.query(`ALTER ROLE ${role} IN DATABASE app SET statement_timeout = '12s'`);
    await admin.query(`ALTER ROLE ${role} VALID UNTIL '2100-01-02 03:04:05+00' NOINHERIT`);
    const fresh = await issue(w);
    const settings = `SELECT setdatabase, s FROM pg_db_role_setting, unnest(setconfig) s
      WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) AND s NOT LIKE 'role=%' ORDER BY 1, 2`;
    const wanted = await admin.query(settings, [w.base]);
    expect(wanted.length).toBe(3);
    expect(await admin.query(settings, [userOf(fresh)])).toEqual(wanted);
    const facts = 'SELECT rolconnlimit, rolvaliduntil, rolinherit FROM pg_roles WHERE rolname = $1';
    expect(await admin.query(facts, [userOf(fresh)])).toEqual(await admin.query(facts, [w.base]));
    const [one, two] = [await openHeld(w.old), await openHeld(fresh)];
    for (const show of ['search_path', 'my.app_name', 'statement_timeout']) {
      const query = `SELECT current_setting('${show}') AS value`;
      expect(await two.query(query)).toEqual(await one.query(query));
    }
    expect((await provider.check(up, fresh)).expiresAt).toBe(Date.UTC(2100, 0, 2, 3, 4, 5));
    await Promise.all([one.close(), two.close()]);
  });

  it('a setting that the issuer may not give is left out and named', async () => {
    const w = await world();
    await admin.query(`ALTER ROLE ${identifier(w.base)} SET log_min_duration_statement = 0`);
    await admin.query(`ALTER ROLE ${identifier(w.base)} SET work_mem = '5MB'`);
    const issued = await sibling.issueWith(up, at(w), sibling.propose(up.random, at(w)));
    expect(issued.note).toContain('log_min_duration_statement');
    expect(issued.note).not.toContain('work_mem');
    expect(await alive({ ...w.old, parts: issued.parts })).toBe('yes');
  });

  it('names stay within 63 bytes and whole characters', async () => {
    const w = await world();
    const long = `${'é'.repeat(31)}x`;
    const name = sibling.propose(up.random, at(w, 0, heldOf(long, 'password-x')))['user']?.reveal() ?? '';
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^é{27}_mr[a-z0-9]{6}$/);
  });

  it('says before any effect what the issuer lacks', async () => {
    const w = await world();
    const manager = identifier(w.issuer.parts['user']?.reveal() ?? '');
    await sibling.preflight(up, at(w));
    await admin.query(`REVOKE ADMIN OPTION FOR ${identifier(w.base)} FROM ${manager}`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({
      code: 'provider/cannot',
      what: expect.stringContaining('ADMIN'),
    });
    await admin.query(`ALTER ROLE ${manager} NOCREATEROLE`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({
      code: 'provider/cannot',
      what: expect.stringContaining('may not create roles'),
    });
    const self = { ...at(w), issuer: { source: 'self', parts: w.old.parts, context: w.old.context } };
    await expect(sibling.preflight(up, self)).rejects.toMatchObject({ code: 'rotation/needs-issuer' });
    await expect(sibling.preflight(up, { ...at(w), issuer: undefined })).rejects.toMatchObject({ code: 'rotation/needs-issuer' });
  });

  it('a superuser’s login needs a superuser as issuer', async () => {
    const w = await world();
    await admin.query(`ALTER ROLE ${identifier(w.base)} SUPERUSER`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
  });

  it('takes no role that is not of this rotation, in preflight and in issue', async () => {
    const w = await world();
    const name = sibling.propose(up.random, at(w))['user']?.reveal() ?? '';
    await admin.query(`CREATE ROLE ${identifier(name)} LOGIN PASSWORD 'of-somebody-else'`);
    const before = await w.state();
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
    await expect(issue(w)).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    expect(await w.state()).toBe(before);
    expect(await alive(heldOf(name, 'of-somebody-else'))).toBe('yes');
  });

  it('never takes the login that must survive, nor the issuer’s own', async () => {
    const w = await world();
    const before = await w.state();
    await expect(revoke(w, w.old, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    const manager: Held = { ...w.old, parts: w.issuer.parts };
    await expect(revoke(w, manager, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    expect(await w.state()).toBe(before);
  });
});

describe('check', () => {
  it('does not take a login that was never judged for a dead one', async () => {
    const w = await world();
    const elsewhere = { ...w.old, context: { ...w.old.context, database: 'no such database' } };
    expect(await provider.check(up, elsewhere)).toMatchObject({ alive: 'unknown' });
    expect(await provider.check(up, { ...w.old, parts: { password: new Secret('password-x') } })).toMatchObject({
      alive: 'unknown',
    });
  });

  it('takes the next host when the first is away', async () => {
    const w = await world();
    const hosts = `127.0.0.1:1,127.0.0.1:${server.port}`;
    expect(await provider.check(up, { ...w.old, context: { ...w.old.context, hosts } })).toMatchObject({ alive: 'yes' });
  });

  it('sees rights change, also when there are too many to list', async () => {
    const w = await world();
    const before = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(before).toContain('database app CONNECT');
    await admin.query(`GRANT SELECT ON s${count}.things TO ${identifier(userOf(w.neighbour))}`);
    const wider = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(wider.filter((right) => !before.includes(right))).toEqual([`relation s${count}.things SELECT`]);
    await admin.query(`DO $$ BEGIN FOR i IN 1..210 LOOP
      EXECUTE format('CREATE TABLE s${count}.t%s (id int)', i);
      EXECUTE format('GRANT SELECT ON s${count}.t%s TO ${identifier(userOf(w.neighbour)).replaceAll("'", "''")}', i); END LOOP; END $$`);
    const many = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(many.filter((right) => right.startsWith('relation'))).toEqual([
      expect.stringMatching(/^relations 211 with rights of sum [0-9a-f]{32}$/),
    ]);
    await admin.query(`GRANT INSERT ON s${count}.t7 TO ${identifier(userOf(w.neighbour))}`);
    expect((await provider.check(up, w.neighbour)).rights).not.toEqual(many);
    await admin.query(`DROP SCHEMA s${count} CASCADE`);
  });
});

describe('issuer', () => {
  it('reads a connection URL, and fits only the same server and another role', () => {
    const issuer = provider.issuer?.parse(' postgres://post%40gres:adm%27in@localhost:5432/postgres\n');
    expect(issuer?.parts['user']?.reveal()).toBe('post@gres');
    expect(issuer?.parts['password']?.reveal()).toBe("adm'in");
    const held = (host: string, user: string): Held => ({
      ...heldOf(user, 'password-x'),
      context: { host, port: '5432' },
    });
    if (issuer === undefined) throw new Error('not read');
    expect(provider.issuer?.fits(issuer, held('127.0.0.1', 'app'))).toBe(true);
    expect(provider.issuer?.fits(issuer, held('127.0.0.1', 'post@gres'))).toBe(false);
    expect(provider.issuer?.fits(issuer, held('db.example', 'app'))).toBe(false);
    expect(provider.issuer?.parse('hello')).toBeUndefined();
    expect(provider.issuer?.parse('postgres://nobody@h/db')).toBeUndefined();
  });

  it('borrows from ~/.pgpass the login of another role of the same server', () => {
    const text = `# comment\nh\\:1:5432:*:app:app-password\ndb.example:5432:*:someone:one\n*:*:shop:postgres:a\\:b\\\\c\nbroken\n`;
    expect(readPgpass(text)[0]).toEqual({ host: 'h:1', port: '5432', database: '*', user: 'app', password: 'app-password' });
    const [borrow] = provider.issuer?.borrow ?? [];
    if (borrow?.kind !== 'file') throw new Error('no file');
    const held: Held = { ...heldOf('app', 'password-x'), context: { host: 'DB.example', port: '5432' } };
    const issuer = borrow.read(text, held);
    expect(issuer?.parts['user']?.reveal()).toBe('postgres');
    expect(issuer?.parts['password']?.reveal()).toBe('a:b\\c');
    expect(issuer?.context).toEqual({ host: 'DB.example', port: '5432', database: 'shop' });
    expect(borrow.read('db.example:5432:*:app:own', held)).toBeUndefined();
  });
});

describe('the server’s log', () => {
  it('never holds a new password', async () => {
    const w = await world();
    const fresh = await issue(w);
    const other = await issue(w, 1, w.neighbour, own);
    expect([await alive(fresh), await alive(other)]).toEqual(['yes', 'yes']);
    await expect.poll(() => server.log()).toContain('ALTER ROLE SESSION_USER PASSWORD');
    for (const held of [fresh, other]) {
      const password = held.parts['password']?.reveal() ?? '';
      expect(password).toMatch(/^[a-z2-9]{32}$/);
      for (const writing of writings(password)) expect(server.log()).not.toContain(writing);
    }
  });
});

describe('own-password', () => {
  it('works for a sibling, whose sessions act as another role', async () => {
    const w = await world();
    const first = await issue(w);
    const fresh = await issue(w, 1, first, own);
    expect([await alive(first), await alive(fresh), await alive(w.old)]).toEqual(['no', 'yes', 'yes']);
    expect(userOf(fresh)).toBe(userOf(first));
  });

  it('is not ended before there is a new one', async () => {
    const w = await world();
    if (own.revocation.by !== 'api') throw new Error('no API');
    await expect(own.revocation.revoke(up, at(w), { held: w.old }, undefined)).rejects.toMatchObject({ code: 'provider/cannot' });
    expect(await alive(w.old)).toBe('yes');
  });
});
