/** PostgreSQL: a role and its password. Facts and wiring; the only file that others see. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { second } from '../../base/time.ts';
import { type SqlSession, StatementRefused } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import { findDsn, sameHost } from '../dsn.ts';
import type { ActivityReport, Borrow, Held, Issuer, Provider, Standing } from '../provider.ts';
import { instantOf, type Row, readPgpass, readRights, textOf } from './answers.ts';
import { ownPassword } from './own-password.ts';
import { identity, recognise } from './recognise.ts';
import * as requests from './requests.ts';
import { inSession } from './session.ts';
import { siblingRole } from './sibling.ts';

const loopback = (context: Held['context']): string =>
  `${sameHost(context['host'] ?? '')}:${context['port'] ?? requests.defaultPort}`;

/** What a question answers, or undefined when this role may not ask it or the answer is odd: never a reason to doubt the login. */
async function ifTold<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

async function rightsOf(session: SqlSession): Promise<readonly string[]> {
  const direct = readRights(await session.query(requests.rightsOfRole));
  const listed = readRights(await session.query(requests.listRelationRights));
  const relations = listed.length > requests.mostRelations ? readRights(await session.query(requests.sumRelationRights)) : listed;
  return [...direct, ...relations].sort();
}

/** The cluster's own name, or its address where this role may not ask. Not the address in an outage: it would be another name. */
async function whereIs(session: SqlSession, held: Held): Promise<string> {
  try {
    return `cluster ${textOf((await session.query(requests.whichCluster))[0], 'cluster')}`;
  } catch (error) {
    if (error instanceof StatementRefused) return loopback(held.context);
    throw error;
  }
}

async function check(up: Upstream, held: Held): Promise<Standing> {
  try {
    return await inSession(up, held, 'ask who it is', async (session) => {
      const how = 'PostgreSQL took the login';
      const me = await ifTold(async () => {
        const [row] = await session.query(requests.whoAmI);
        return { row: row as Row, acts: textOf(row, 'acts'), login: textOf(row, 'login') };
      });
      if (me === undefined) return { alive: 'yes', how };
      const where = await ifTold(() => whereIs(session, held));
      const rights = await ifTold(() => rightsOf(session));
      const expiresAt = instantOf(me.row, 'until');
      return {
        alive: 'yes',
        how,
        ...(where === undefined ? {} : { account: `${printable(me.acts)} of ${where}` }),
        upstreamId: me.login,
        ...(rights === undefined ? {} : { rights }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { alive: error.code === 'provider/refused' ? 'no' : 'unknown', how: error.what };
  }
}

async function activity(
  up: Upstream,
  at: {
    readonly held: Held;
    readonly survivor?: Held;
    readonly issuer: Issuer | undefined;
    readonly from: number;
    readonly to: number;
  },
): Promise<ActivityReport> {
  // The old password is dead by the time of an audit.
  const asker = at.issuer === undefined ? (at.survivor ?? at.held) : requests.issuerHeld(at.issuer, at.held);
  return inSession(up, asker, 'read pg_stat_activity', async (session) => {
    const rows = await session.query(requests.listSessions, [requests.userOf(at.held)]);
    return {
      source: 'pg_stat_activity: sessions that are open now',
      complete: false,
      events: rows.flatMap((row) => {
        const since = instantOf(row, 'since');
        if (since === undefined || since > at.to) return [];
        const from = row['source'];
        const program = row['program'];
        return [
          {
            at: since,
            what: 'session opened',
            ...(typeof from === 'string' ? { from } : {}),
            ...(typeof program === 'string' && program !== '' ? { agent: printable(program, 60) } : {}),
          },
        ];
      }),
      note: 'sessions that have ended are only in the server’s log (log_connections)',
    };
  });
}

function issuerFrom(source: string, parts: { user: string; password: string }, context: Record<string, string>): Issuer {
  return { source, parts: { user: new Secret(parts.user), password: new Secret(parts.password) }, context };
}

function parseIssuer(text: string): Issuer | undefined {
  const slot = { where: 'arg', name: '', value: text.trim() } as const;
  const dsn = findDsn(slot.value, ['postgres', 'postgresql']);
  const [found] = recognise([slot]);
  const user = dsn?.user ?? dsn?.query.get('user');
  const password = dsn?.password ?? dsn?.query.get('password');
  if (found === undefined || user === undefined || password === undefined) return undefined;
  return issuerFrom('DSN', { user: user.text, password: password.text }, { ...found.context });
}

/**
 * `~/.pgpass`: an entry for the same server and another user; `postgres` before others. One for any host (`*`) is lent to this
 * machine's own server alone: which host it would go to elsewhere is said by the credential's DSN, perhaps a project's.
 */
function readBorrowed(text: string, held: Held): Issuer | undefined {
  const { host = 'localhost', port = `${requests.defaultPort}` } = held.context;
  const entries = readPgpass(text).filter(
    (entry) =>
      (sameHost(entry.host) === sameHost(host) || (entry.host === '*' && sameHost(host) === sameHost('localhost'))) &&
      (entry.port === '*' || entry.port === port) &&
      entry.user !== '*' &&
      entry.user !== '' &&
      entry.user !== requests.userOf(held),
  );
  const chosen = entries.find((entry) => entry.user === 'postgres') ?? entries[0];
  if (chosen === undefined) return undefined;
  const database = chosen.database === '*' || chosen.database === 'replication' ? {} : { database: chosen.database };
  return issuerFrom('~/.pgpass', chosen, { host, port, ...database });
}

const pgpass: Borrow = { kind: 'file', name: 'pgpass', path: '~/.pgpass', read: readBorrowed };

export const provider: Provider = {
  id: 'postgresql',
  name: 'PostgreSQL',
  parts: [
    { name: 'user', secret: false },
    { name: 'password', secret: true },
  ],
  valueClass: 'production',
  cadenceDays: 90,
  methods: [siblingRole, ownPassword],
  pace: { worksWithinMs: 2 * second, deadWithinMs: 2 * second },
  issuer: {
    what: 'connection URL of a role that may create roles and has the ADMIN option on the role to be rotated',
    parts: [
      { name: 'user', secret: false },
      { name: 'password', secret: true },
    ],
    parse: parseIssuer,
    fits: (issuer, held) =>
      loopback(issuer.context) === loopback(held.context) && requests.userOf(issuer) !== requests.userOf(held),
    borrow: [pgpass],
  },
  hint: /postgres|PG/i,
  recognise,
  identity,
  hosts: requests.hostsIn,
  afterMisuse: () => [
    'look for roles, functions, triggers and extensions that were made: \\du, \\df, \\dx, pg_event_trigger',
    'look through the log of the server (log_connections, log_statement) for the time of the exposure',
    'take what the role could read for read, and what it could write for changed, unless the log says otherwise',
  ],
  check,
  activity,
};
