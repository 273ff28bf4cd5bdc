/** The database of the kill storm, looked at by the driver itself and not through the product. */
import { Client } from 'pg';
import { adminPassword } from '../real/postgresql.ts';

export interface RoleRow {
  readonly name: string;
  readonly login: boolean;
  readonly memberOf: readonly string[];
}

export interface StormDatabase {
  readonly adminDsn: string;
  /** Makes a role with a hostile password and a database of its own; answers the DSN. */
  makeRole(name: string): Promise<string>;
  /** Does a login work? Fails on anything but a plain yes or a plain refusal. */
  accepts(dsn: string): Promise<boolean>;
  /** The roles whose names begin so, by name. */
  roles(prefix: string): Promise<readonly RoleRow[]>;
  close(): Promise<void>;
}

export function passwordOf(dsn: string): string {
  return decodeURIComponent(new URL(dsn).password);
}

export const userOf = (dsn: string): string => decodeURIComponent(new URL(dsn).username);

export async function openDatabase(port: number): Promise<StormDatabase> {
  const at = { host: '127.0.0.1', port };
  const admin = new Client({ ...at, user: 'postgres', password: adminPassword, database: 'postgres' });
  await admin.connect();
  return {
    adminDsn: `postgresql://postgres:${adminPassword}@127.0.0.1:${port}/postgres`,
    async makeRole(name) {
      const password = `p@ss:w/ö%"'${name}`;
      await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
      await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
      return `postgresql://${name}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
    },
    async accepts(dsn) {
      const client = new Client({
        ...at,
        user: userOf(dsn),
        password: passwordOf(dsn),
        database: new URL(dsn).pathname.slice(1),
      });
      try {
        await client.connect();
        return true;
      } catch (error) {
        // 28P01: wrong password or no such role; 28000: the role may not log in.
        const { code } = error as { code?: string };
        if (code === '28P01' || code === '28000') return false;
        throw error;
      } finally {
        await client.end();
      }
    },
    async roles(prefix) {
      const { rows } = await admin.query<RoleRow>(
        `SELECT rolname AS name, rolcanlogin AS login,
                ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = pg_roles.oid) AS "memberOf"
           FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY rolname`,
        [prefix],
      );
      return rows;
    },
    close: () => admin.end(),
  };
}
