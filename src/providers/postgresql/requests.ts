/**
 * What is asked of PostgreSQL: addresses and statements, as text. The only place here that reveals a secret.
 *
 * Statements about roles take no bound parameters, so names and texts are quoted here, and nowhere else.
 */
import type { Secret } from '../../base/secret.ts';
import type { DatabaseAddress } from '../../ports/databases.ts';
import type { Held, Issuer } from '../provider.ts';
import { scramVerifier } from './scram.ts';

export const defaultPort = 5432;

/** PostgreSQL 18 manual, 4.1.1: quoted identifiers. NUL cannot be written. */
export function identifier(name: string): string {
  if (name === '' || name.includes('\0')) throw new Error('not a name that PostgreSQL can have');
  return `"${name.replaceAll('"', '""')}"`;
}

/** 4.1.2.2: with E the meaning does not depend on standard_conforming_strings. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new Error('not a text that PostgreSQL can have');
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A setting's name may have a prefix: `myapp.tenant`. */
const settingName = (name: string): string => name.split('.').map(identifier).join('.');

/** Addresses in the order of the hosts in the DSN; usually one. */
export function addressesOf(held: Pick<Held, 'parts' | 'context'>): readonly DatabaseAddress[] {
  const { user, password } = held.parts;
  if (user === undefined || password === undefined) return [];
  const { database, sslmode, ...more } = held.context;
  const parameters = Object.fromEntries(
    ['options', 'sslrootcert', 'sslcert', 'sslkey'].flatMap((name) => (more[name] === undefined ? [] : [[name, more[name]]])),
  );
  return serversIn(held.context).map((server) => ({
    ...server,
    user: user.reveal(),
    password,
    ...(database === undefined ? {} : { database }),
    ...(sslmode === undefined ? {} : { tls: sslmode === 'no-verify' ? 'require' : sslmode }),
    parameters,
  }));
}

function serversIn({ host = 'localhost', port, hosts }: Held['context']): readonly { host: string; port: number }[] {
  const list = hosts === undefined ? [`${host}:${port ?? defaultPort}`] : hosts.split(',');
  return list.map((one) => {
    const colon = one.lastIndexOf(':');
    return { host: one.slice(0, colon), port: Number(one.slice(colon + 1)) };
  });
}

export const hostsIn = (context: Held['context']): readonly string[] => serversIn(context).map(({ host }) => host);

/** Settings by which less is asked of the other side than by default, or nothing: a credential's DSN lends them to nobody. */
const weak = new Set(['disable', 'allow', 'prefer', 'no-verify']);

/**
 * The issuer works in the credential's own cluster, and in its database so that settings of that database are seen. The
 * credential's DSN may be a project's, so somebody else's: it leads the issuer to no further host than the one that both name,
 * and to no weaker encryption.
 */
export function issuerHeld(issuer: Issuer, held: Held): Pick<Held, 'parts' | 'context'> {
  const { hosts: _hosts, sslmode, ...lent } = held.context;
  const strict = sslmode === undefined || weak.has(sslmode) ? {} : { sslmode };
  const database = issuer.context['database'] ?? held.context['database'] ?? 'postgres';
  return { parts: issuer.parts, context: { ...lent, ...strict, ...issuer.context, database } };
}

export const userOf = (held: Pick<Held, 'parts'>): string => held.parts['user']?.reveal() ?? '';

/** Credential and cluster as one text, for the fingerprint. */
export const identityText = (held: Held, host: string): string =>
  JSON.stringify([host, held.context['port'], userOf(held), held.parts['password']?.reveal()]);

export const aboutRole = `SELECT r.rolname AS name, r.rolcanlogin AS login, r.rolsuper AS super, r.rolconnlimit AS limit,
  r.rolinherit AS inherit, r.rolvaliduntil::text AS until, pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment,
  (SELECT pg_catalog.substr(s, 6) FROM pg_catalog.pg_db_role_setting d, pg_catalog.unnest(d.setconfig) s
    WHERE d.setrole = r.oid AND d.setdatabase = 0 AND s LIKE 'role=%' LIMIT 1) AS acts
  FROM pg_catalog.pg_roles r WHERE r.rolname = $1`;

/** $1: the role to be given to the new one; $2: the role whose sessions are to be ended. */
export const aboutIssuer = `SELECT pg_catalog.current_setting('server_version_num')::int AS version, r.rolsuper AS super,
  r.rolcreaterole AS createrole, pg_catalog.pg_is_in_recovery() AS replica, r.rolname AS name,
  pg_catalog.pg_has_role(r.oid, b.oid, 'MEMBER WITH ADMIN OPTION') AS admin,
  pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER WITH ADMIN OPTION') AS admin_old
  FROM pg_catalog.pg_roles r, pg_catalog.pg_roles b, pg_catalog.pg_roles o
  WHERE r.rolname = current_user AND b.rolname = $1 AND o.rolname = $2`;

/** Settings of a role, for all databases (`database` null) or one. */
export const settingsOfRole = `SELECT db.datname AS database, s AS setting FROM pg_catalog.pg_db_role_setting d
  JOIN pg_catalog.pg_roles r ON r.oid = d.setrole LEFT JOIN pg_catalog.pg_database db ON db.oid = d.setdatabase,
  pg_catalog.unnest(d.setconfig) s WHERE r.rolname = $1 AND s NOT LIKE 'role=%' ORDER BY 1, 2`;

export interface NewRole {
  readonly name: string;
  readonly password: Secret;
  readonly marker: string;
  /** The role that it belongs to, and the role that its sessions act as (the same, unless a person set another). */
  readonly base: string;
  readonly actsAs: string;
  readonly connectionLimit: number;
  readonly validUntil: string | undefined;
  readonly inherit: boolean;
}

export async function createRole(role: NewRole): Promise<readonly string[]> {
  const name = identifier(role.name);
  const until = role.validUntil === undefined ? '' : ` VALID UNTIL ${literal(role.validUntil)}`;
  const options = `LOGIN ${role.inherit ? 'INHERIT' : 'NOINHERIT'} CONNECTION LIMIT ${role.connectionLimit}${until}`;
  return [
    `CREATE ROLE ${name} ${options} PASSWORD ${literal(await verifier(role))} IN ROLE ${identifier(role.base)}`,
    `ALTER ROLE ${name} SET role = ${literal(role.actsAs)}`,
    `COMMENT ON ROLE ${name} IS ${literal(role.marker)}`,
  ];
}

/** Same password again for a role that is already ours: the statement of a repeated issue. */
export const repeatRole = async (role: Pick<NewRole, 'name' | 'password' | 'marker'>): Promise<string> =>
  `ALTER ROLE ${identifier(role.name)} LOGIN PASSWORD ${literal(await verifier(role))}`;

const verifier = (role: Pick<NewRole, 'name' | 'password' | 'marker'>): Promise<string> =>
  scramVerifier(role.password.reveal(), `${role.marker} ${role.name}`);

/** Settings that hold a list, kept in a quoted form of their own (guc: GUC_LIST_QUOTE; see pg_dump's variable_is_guc_list_quote). */
const lists = [
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
];

/**
 * One setting of a role, given to another. A list goes through the session's own value, so that the server reads and
 * writes its quoting; anything else is a literal.
 */
export function copySetting(
  role: string,
  database: string | null,
  name: string,
  value: string,
): readonly { readonly text: string; readonly parameters?: readonly string[] }[] {
  const where = database === null ? '' : ` IN DATABASE ${identifier(database)}`;
  const alter = `ALTER ROLE ${identifier(role)}${where} SET ${settingName(name)}`;
  if (!lists.includes(name.toLowerCase())) return [{ text: `${alter} = ${literal(value)}` }];
  return [{ text: 'SELECT pg_catalog.set_config($1, $2, true)', parameters: [name, value] }, { text: `${alter} FROM CURRENT` }];
}

export const disableRole = (name: string): string => `ALTER ROLE ${identifier(name)} NOLOGIN PASSWORD NULL`;
export const dropRole = (name: string): string => `DROP ROLE ${identifier(name)}`;
export const borrowRole = (name: string): string => `GRANT ${identifier(name)} TO CURRENT_USER`;
export const returnRole = (name: string): string => `REVOKE ${identifier(name)} FROM CURRENT_USER`;

/** Ends the sessions that logged in as the role ($1) and waits for each up to three seconds. */
export const endSessions = `SELECT pg_catalog.pg_terminate_backend(a.pid, 3000) AS ended FROM pg_catalog.pg_stat_activity a
  WHERE a.usename = $1 AND a.pid <> pg_catalog.pg_backend_pid()`;
export const countSessions = `SELECT pg_catalog.count(*)::int AS sessions FROM pg_catalog.pg_stat_activity a
  WHERE a.usename = $1 AND a.pid <> pg_catalog.pg_backend_pid()`;
export const listSessions = `SELECT a.backend_start AS since, a.client_addr::text AS source, a.application_name AS program
  FROM pg_catalog.pg_stat_activity a WHERE a.usename = $1 AND a.pid <> pg_catalog.pg_backend_pid() ORDER BY 1`;

export const isReplica = 'SELECT pg_catalog.pg_is_in_recovery() AS replica';

/** The session's own role gets another password; `SET ROLE NONE` because a role may change only its own. */
export async function ownPassword(password: Secret, marker: string, user: string): Promise<readonly string[]> {
  const text = await scramVerifier(password.reveal(), `${marker} ${user}`);
  return ['SET ROLE NONE', `ALTER ROLE SESSION_USER PASSWORD ${literal(text)}`];
}

export const whoAmI = `SELECT current_user AS acts, session_user AS login,
  (SELECT r.rolvaliduntil FROM pg_catalog.pg_roles r WHERE r.rolname = session_user) AS until`;
export const whichCluster = 'SELECT system_identifier::text AS cluster FROM pg_catalog.pg_control_system()';

/** Most relations whose rights are listed one by one; above, their rights become one sum. */
export const mostRelations = 200;

const relationRights = `SELECT n.nspname || '.' || c.relname AS name, (SELECT pg_catalog.string_agg(p, ',' ORDER BY p)
    FROM pg_catalog.unnest(CASE WHEN c.relkind = 'S' THEN ARRAY['SELECT', 'UPDATE', 'USAGE']
      ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'] END) p
    WHERE CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, p)
      ELSE pg_catalog.has_table_privilege(c.oid, p) END) AS may
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;

/** What the role that the session acts as may do; one text per right. */
export const rightsOfRole = `SELECT 'attribute ' || a AS may FROM pg_catalog.pg_roles r, pg_catalog.unnest(ARRAY[
    CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolcreatedb THEN 'createdb' END,
    CASE WHEN r.rolcreaterole THEN 'createrole' END, CASE WHEN r.rolreplication THEN 'replication' END,
    CASE WHEN r.rolbypassrls THEN 'bypassrls' END]) a WHERE r.rolname = current_user AND a IS NOT NULL
  UNION ALL SELECT 'role ' || r.rolname FROM pg_catalog.pg_roles r
    WHERE pg_catalog.pg_has_role(r.oid, 'USAGE') AND r.rolname <> current_user
      AND NOT (SELECT s.rolsuper FROM pg_catalog.pg_roles s WHERE s.rolname = current_user)
  UNION ALL SELECT 'database ' || pg_catalog.current_database() || ' ' || p FROM pg_catalog.unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) p
    WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), p)
  UNION ALL SELECT 'schema ' || n.nspname || ' ' || p FROM pg_catalog.pg_namespace n, pg_catalog.unnest(ARRAY['CREATE', 'USAGE']) p
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, p)`;

export const listRelationRights = `SELECT 'relation ' || t.name || ' ' || t.may AS may FROM (${relationRights}) t
  WHERE t.may IS NOT NULL ORDER BY 1 LIMIT ${mostRelations + 1}`;
export const sumRelationRights = `SELECT 'relations ' || pg_catalog.count(*) || ' with rights of sum ' ||
  pg_catalog.md5(pg_catalog.string_agg(t.name || ' ' || t.may, '|' ORDER BY t.name)) AS may FROM (${relationRights}) t
  WHERE t.may IS NOT NULL`;
