/**
 * Goal: a PostgreSQL login is rotated with both logins working in between, the same rights and ownership, and nothing
 * but the old login harmed; and the clear password reaches neither the server's log nor an error.
 * Method: the contract kit and particular cases against a real server, with hostile role names and passwords; an issuer
 * that is no superuser (CREATEROLE and the ADMIN option on the base role) unless a case says otherwise.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitOptions, markers, providerKit, type Sample } from '../../../test/kits/provider.ts';
import { writings } from '../../../test/kits/spills.ts';
import { realUpstream } from '../../../test/real/ports.ts';
import { type PostgresqlWorld, type PostgresqlWorlds, startPostgresqlWorlds } from '../../../test/real/postgresql-world.ts';
import { Secret } from '../../base/secret.ts';
import type { Held, MethodContext, OursMethod } from '../provider.ts';
import { provider } from './provider.ts';
import { identifier } from './requests.ts';

const up = realUpstream();
const sibling = provider.methods[0] as OursMethod;
const own = provider.methods[1] as OursMethod;

let pg: PostgresqlWorlds;
beforeAll(async () => {
  pg = await startPostgresqlWorlds();
});
afterAll(() => pg?.stop());

const at = (w: PostgresqlWorld, n = 0, old = w.old): MethodContext => ({ old, issuer: w.issuer, marker: markers(n) });

async function issue(w: PostgresqlWorld, n = 0, old = w.old, method = sibling): Promise<Held> {
  const issued = await method.issueWith(up, at(w, n, old), method.propose(up.random, at(w, n, old)));
  return { ...old, parts: issued.parts };
}

async function revoke(w: PostgresqlWorld, held: Held, survivor: Held | undefined): Promise<string> {
  if (sibling.revocation.by !== 'api') throw new Error('no API');
  return sibling.revocation.revoke(up, at(w), { held }, survivor);
}

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
  world: () => pg.world(),
};

providerKit(options);

describe('sibling-role', () => {
  it('old sessions go on until the revocation, which ends them and no others', async () => {
    const w = await pg.world();
    const before = await pg.openHeld(w.old);
    const fresh = await issue(w);
    const [oldSession, newSession] = [await pg.openHeld(w.old), await pg.openHeld(fresh)];
    const neighbour = await pg.openHeld(w.neighbour);
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
    const w = await pg.world();
    const session = await pg.openHeld(await issue(w));
    await session.query(`CREATE TABLE ${w.schema}.made (id int)`);
    await session.query(`ALTER TABLE ${w.schema}.things ADD COLUMN more int`);
    const [row] = await pg.admin.query(`SELECT tableowner FROM pg_tables WHERE schemaname = $1 AND tablename = 'made'`, [
      `${w.schema}`,
    ]);
    expect(row).toEqual({ tableowner: w.base });
    await session.close();
  });

  it('a second rotation replaces our first sibling, which disappears; the base role stays without a login', async () => {
    const w = await pg.world();
    const first = await issue(w, 0);
    await revoke(w, w.old, first);
    const second = await issue(w, 1, first);
    expect([await alive(first), await alive(second)]).toEqual(['yes', 'yes']);
    expect((await provider.check(up, second)).account).toBe((await provider.check(up, first)).account);
    expect(await revoke(w, first, second)).toBe('gone');
    const rows = await pg.admin.query('SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname IN ($1, $2, $3) ORDER BY 2, 1', [
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
    const w = await pg.world();
    const first = await issue(w, 0);
    await revoke(w, w.old, first);
    expect(await revoke(w, first, undefined)).toBe('gone');
    expect(await alive(first)).toBe('no');
    const second = await issue(w, 1, first);
    expect(await alive(second)).toBe('yes');
    expect(await pg.admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [userOf(first)])).toEqual([]);
  });

  it('a sibling that owns something is kept, without a login', async () => {
    const w = await pg.world();
    const first = await issue(w, 0);
    await pg.admin.query(`CREATE TABLE ${w.schema}.owned (id int)`);
    await pg.admin.query(`ALTER TABLE ${w.schema}.owned OWNER TO ${identifier(userOf(first))}`);
    expect(await revoke(w, first, w.old)).toBe('gone');
    const rows = await pg.admin.query('SELECT a.rolcanlogin, a.rolpassword FROM pg_authid a WHERE rolname = $1', [userOf(first)]);
    expect(rows).toEqual([{ rolcanlogin: false, rolpassword: null }]);
  });

  it('settings, limits and expiry are the same', async () => {
    const w = await pg.world(true);
    const role = identifier(w.base);
    await pg.admin.query(`ALTER ROLE ${role} SET search_path = "$user", "odd ""schema, x", public`);
    await pg.admin.query(`ALTER ROLE ${role} SET "my.app_name" = 'it''s \\ 100%'`);
    await pg.admin.query(`ALTER ROLE ${role} IN DATABASE app SET statement_timeout = '12s'`);
    await pg.admin.query(`ALTER ROLE ${role} VALID UNTIL '2100-01-02 03:04:05+00' NOINHERIT`);
    const fresh = await issue(w);
    const settings = `SELECT setdatabase, s FROM pg_db_role_setting, unnest(setconfig) s
      WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) AND s NOT LIKE 'role=%' ORDER BY 1, 2`;
    const wanted = await pg.admin.query(settings, [w.base]);
    expect(wanted.length).toBe(3);
    expect(await pg.admin.query(settings, [userOf(fresh)])).toEqual(wanted);
    const facts = 'SELECT rolconnlimit, rolvaliduntil, rolinherit FROM pg_roles WHERE rolname = $1';
    expect(await pg.admin.query(facts, [userOf(fresh)])).toEqual(await pg.admin.query(facts, [w.base]));
    const [one, two] = [await pg.openHeld(w.old), await pg.openHeld(fresh)];
    for (const show of ['search_path', 'my.app_name', 'statement_timeout']) {
      const query = `SELECT current_setting('${show}') AS value`;
      expect(await two.query(query)).toEqual(await one.query(query));
    }
    expect((await provider.check(up, fresh)).expiresAt).toBe(Date.UTC(2100, 0, 2, 3, 4, 5));
    await Promise.all([one.close(), two.close()]);
  });

  it('a setting that the issuer may not give is left out and named', async () => {
    const w = await pg.world();
    await pg.admin.query(`ALTER ROLE ${identifier(w.base)} SET log_min_duration_statement = 0`);
    await pg.admin.query(`ALTER ROLE ${identifier(w.base)} SET work_mem = '5MB'`);
    const issued = await sibling.issueWith(up, at(w), sibling.propose(up.random, at(w)));
    expect(issued.note).toContain('log_min_duration_statement');
    expect(issued.note).not.toContain('work_mem');
    expect(await alive({ ...w.old, parts: issued.parts })).toBe('yes');
  });

  it('names stay within 63 bytes and whole characters', async () => {
    const w = await pg.world();
    const long = `${'é'.repeat(31)}x`;
    const name = sibling.propose(up.random, at(w, 0, pg.heldOf(long, 'password-x')))['user']?.reveal() ?? '';
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^é{27}_mr[a-z0-9]{6}$/);
  });

  it('says before any effect what the issuer lacks (failure mode 11)', async () => {
    const w = await pg.world();
    const manager = identifier(w.issuer.parts['user']?.reveal() ?? '');
    await sibling.preflight(up, at(w));
    await pg.admin.query(`REVOKE ADMIN OPTION FOR ${identifier(w.base)} FROM ${manager}`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({
      code: 'provider/cannot',
      what: expect.stringContaining('ADMIN'),
    });
    await pg.admin.query(`ALTER ROLE ${manager} NOCREATEROLE`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({
      code: 'provider/cannot',
      what: expect.stringContaining('may not create roles'),
    });
    const self = { ...at(w), issuer: { source: 'self', parts: w.old.parts, context: w.old.context } };
    await expect(sibling.preflight(up, self)).rejects.toMatchObject({ code: 'rotation/needs-issuer' });
    await expect(sibling.preflight(up, { ...at(w), issuer: undefined })).rejects.toMatchObject({ code: 'rotation/needs-issuer' });
  });

  it('a superuser’s login needs a superuser as issuer', async () => {
    const w = await pg.world();
    await pg.admin.query(`ALTER ROLE ${identifier(w.base)} SUPERUSER`);
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
  });

  it('takes no role that is not of this rotation, in preflight and in issue (failure mode 11)', async () => {
    const w = await pg.world();
    const name = sibling.propose(up.random, at(w))['user']?.reveal() ?? '';
    await pg.admin.query(`CREATE ROLE ${identifier(name)} LOGIN PASSWORD 'of-somebody-else'`);
    const before = await w.state();
    await expect(sibling.preflight(up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
    await expect(issue(w)).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    expect(await w.state()).toBe(before);
    expect(await alive(pg.heldOf(name, 'of-somebody-else'))).toBe('yes');
  });

  it('never takes the login that must survive, nor the issuer’s own (failure modes 6, 31)', async () => {
    const w = await pg.world();
    const before = await w.state();
    await expect(revoke(w, w.old, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    const manager: Held = { ...w.old, parts: w.issuer.parts };
    await expect(revoke(w, manager, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    expect(await w.state()).toBe(before);
  });
});

describe('check', () => {
  it('does not take a login that was never judged for a dead one', async () => {
    const w = await pg.world();
    const elsewhere = { ...w.old, context: { ...w.old.context, database: 'no such database' } };
    expect(await provider.check(up, elsewhere)).toMatchObject({ alive: 'unknown' });
    expect(await provider.check(up, { ...w.old, parts: { password: new Secret('password-x') } })).toMatchObject({
      alive: 'unknown',
    });
  });

  it('takes the next host when the first is away', async () => {
    const w = await pg.world();
    const hosts = `127.0.0.1:1,127.0.0.1:${pg.server.port}`;
    expect(await provider.check(up, { ...w.old, context: { ...w.old.context, hosts } })).toMatchObject({ alive: 'yes' });
  });

  it('sees rights change, also when there are too many to list', async () => {
    const w = await pg.world();
    const before = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(before).toContain('database app CONNECT');
    await pg.admin.query(`GRANT SELECT ON ${w.schema}.things TO ${identifier(userOf(w.neighbour))}`);
    const wider = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(wider.filter((right) => !before.includes(right))).toEqual([`relation ${w.schema}.things SELECT`]);
    await pg.admin.query(`DO $$ BEGIN FOR i IN 1..210 LOOP
      EXECUTE format('CREATE TABLE ${w.schema}.t%s (id int)', i);
      EXECUTE format('GRANT SELECT ON ${w.schema}.t%s TO ${identifier(userOf(w.neighbour)).replaceAll("'", "''")}', i); END LOOP; END $$`);
    const many = (await provider.check(up, w.neighbour)).rights ?? [];
    expect(many.filter((right) => right.startsWith('relation'))).toEqual([
      expect.stringMatching(/^relations 211 with rights of sum [0-9a-f]{32}$/),
    ]);
    await pg.admin.query(`GRANT INSERT ON ${w.schema}.t7 TO ${identifier(userOf(w.neighbour))}`);
    expect((await provider.check(up, w.neighbour)).rights).not.toEqual(many);
    await pg.admin.query(`DROP SCHEMA ${w.schema} CASCADE`);
  });
});

describe('the server’s log', () => {
  it('never holds a new password', async () => {
    const w = await pg.world();
    const fresh = await issue(w);
    const other = await issue(w, 1, w.neighbour, own);
    expect([await alive(fresh), await alive(other)]).toEqual(['yes', 'yes']);
    await expect.poll(() => pg.server.log()).toContain('ALTER ROLE SESSION_USER PASSWORD');
    for (const held of [fresh, other]) {
      const password = held.parts['password']?.reveal() ?? '';
      expect(password).toMatch(/^[a-z2-9]{32}$/);
      for (const writing of writings(password)) expect(pg.server.log()).not.toContain(writing);
    }
  });
});

describe('own-password', () => {
  it('works for a sibling, whose sessions act as another role', async () => {
    const w = await pg.world();
    const first = await issue(w);
    const fresh = await issue(w, 1, first, own);
    expect([await alive(first), await alive(fresh), await alive(w.old)]).toEqual(['no', 'yes', 'yes']);
    expect(userOf(fresh)).toBe(userOf(first));
  });

  it('is not ended before there is a new one', async () => {
    const w = await pg.world();
    if (own.revocation.by !== 'api') throw new Error('no API');
    await expect(own.revocation.revoke(up, at(w), { held: w.old }, undefined)).rejects.toMatchObject({ code: 'provider/cannot' });
    expect(await alive(w.old)).toBe('yes');
  });
});
