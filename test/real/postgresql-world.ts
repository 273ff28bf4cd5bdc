/**
 * Worlds for tests of what rotates PostgreSQL roles: one real server, and on it any number of worlds with a role that
 * owns something, an issuer that is no superuser, and a neighbour. Names and passwords are hostile.
 */
import { Secret } from '../../src/base/secret.ts';
import type { SqlSession } from '../../src/ports/databases.ts';
import { identifier, literal } from '../../src/providers/postgresql/requests.ts';
import type { Held, Issuer } from '../../src/providers/provider.ts';
import type { World } from '../kits/provider.ts';
import { realUpstream } from './ports.ts';
import { adminPassword, startPostgresql } from './postgresql.ts';
import type { RealServer } from './server.ts';

export interface PostgresqlWorld extends World {
  /** Role of `old`. */
  readonly base: string;
  /** A schema of the base role, with the table `things`. */
  readonly schema: string;
  readonly issuer: Issuer;
}

export interface PostgresqlWorlds {
  readonly server: RealServer;
  /** Superuser, in the database `app`. */
  readonly admin: SqlSession;
  heldOf(user: string, password: string): Held;
  openHeld(held: Held): Promise<SqlSession>;
  world(superuserAsIssuer?: boolean): Promise<PostgresqlWorld>;
  stop(): Promise<void>;
}

export async function startPostgresqlWorlds(): Promise<PostgresqlWorlds> {
  const up = realUpstream();
  const server = await startPostgresql();
  let count = 0;

  const heldOf = (user: string, password: string): Held => ({
    kind: 'role password',
    parts: { user: new Secret(user), password: new Secret(password) },
    context: { host: '127.0.0.1', port: String(server.port), database: 'app' },
  });
  const open = (held: Held, database = 'app'): Promise<SqlSession> =>
    up.databases.postgresql({
      host: '127.0.0.1',
      port: server.port,
      user: held.parts['user']?.reveal() ?? '',
      password: held.parts['password'] ?? new Secret('none'),
      database,
    });

  const first = await open(heldOf('postgres', adminPassword), 'postgres');
  await first.query('CREATE DATABASE app');
  await first.close();
  const admin = await open(heldOf('postgres', adminPassword));
  await admin.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');

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
      schema: `s${n}`,
      old: heldOf(base, passwords.base),
      issuer,
      neighbour: heldOf(other, passwords.other),
      state: async () => JSON.stringify(await admin.query(roles, [base, other, manager, base])),
    };
  }

  return {
    server,
    admin,
    heldOf,
    openHeld: (held) => open(held),
    world,
    async stop() {
      await admin.close();
      await server.stop();
    },
  };
}
