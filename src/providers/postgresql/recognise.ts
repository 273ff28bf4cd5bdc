/**
 * Which values are a PostgreSQL login: connection URLs (also with the password in the query, or in PGPASSWORD beside
 * them), and sets of variables. What is missing has libpq's defaults.
 */
import { type Dsn, findDsn, isPlaceholder, loginIn, partSpan, type Span, sameHost, variable } from '../dsn.ts';
import type { Held, PartSpan, Recognised, Slot } from '../provider.ts';
import { defaultPort, identityText } from './requests.ts';

export const kind = 'role password';

/** Names that servers and libpq take, in order; the first set with a password counts. */
const sets = [
  {
    host: ['PGHOST'],
    port: ['PGPORT'],
    user: ['PGUSER'],
    password: ['PGPASSWORD'],
    database: ['PGDATABASE'],
    tls: ['PGSSLMODE'],
  },
  ...['POSTGRES', 'POSTGRESQL', 'PG'].map((prefix) => ({
    host: [`${prefix}_HOST`, `${prefix}_HOSTNAME`],
    port: [`${prefix}_PORT`],
    user: [`${prefix}_USER`, `${prefix}_USERNAME`],
    password: [`${prefix}_PASSWORD`, `${prefix}_PASS`],
    database: [`${prefix}_DB`, `${prefix}_DATABASE`, `${prefix}_DBNAME`],
    tls: [`${prefix}_SSLMODE`, `${prefix}_SSL_MODE`],
  })),
];

const kept = ['sslmode', 'options', 'sslrootcert', 'sslcert', 'sslkey'];

function contextOf(dsn: Dsn): Record<string, string> {
  const hosts = dsn.hosts.map(({ host, port }) => ({
    host: host === '' ? 'localhost' : host,
    port: port === '' ? `${defaultPort}` : port,
  }));
  const first = hosts[0] ?? { host: 'localhost', port: `${defaultPort}` };
  const query = (name: string): string | undefined => dsn.query.get(name)?.text;
  const database = dsn.path === '' ? query('dbname') : dsn.path;
  const context: Record<string, string> = { host: query('host') ?? first.host, port: query('port') ?? first.port };
  if (database !== undefined) context['database'] = database;
  if (hosts.length > 1) context['hosts'] = hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  for (const name of kept) {
    const value = query(name);
    if (value !== undefined) context[name] = value;
  }
  return context;
}

/** The URLs of one slot list; those without a password take the one of PGPASSWORD, as libpq does. */
function fromUrls(slots: readonly Slot[]): Recognised[] {
  const shared = variable(slots, ['PGPASSWORD']);
  return slots.flatMap((slot, index): Recognised[] => {
    const dsn = findDsn(slot.value, ['postgres', 'postgresql']);
    if (dsn === undefined) return [];
    const own = dsn.password ?? dsn.query.get('password');
    const [password, at]: [Span | undefined, number] = own === undefined ? [shared?.at, shared?.index ?? index] : [own, index];
    if (password === undefined || isPlaceholder(password.text)) return [];
    const user = dsn.user ?? dsn.query.get('user');
    const parts: PartSpan[] = [partSpan('password', at, password)];
    if (user !== undefined && !isPlaceholder(user.text)) parts.unshift(partSpan('user', index, user));
    return [{ kind, parts, context: contextOf(dsn) }];
  });
}

function fromVariables(slots: readonly Slot[]): Recognised | undefined {
  for (const set of sets) {
    const login = loginIn(slots, set, defaultPort);
    if (login === undefined) continue;
    const [database, sslmode] = [variable(slots, set.database)?.at.text, variable(slots, set.tls)?.at.text];
    const more = { ...(database === undefined ? {} : { database }), ...(sslmode === undefined ? {} : { sslmode }) };
    return { kind, parts: login.parts, context: { ...login.context, ...more } };
  }
  return undefined;
}

export function recognise(slots: readonly Slot[]): readonly Recognised[] {
  const urls = fromUrls(slots);
  const variables = fromVariables(slots);
  if (variables === undefined) return urls;
  const password = variables.parts.at(-1);
  const taken = urls.some((url) => url.parts.some((part) => part.part === 'password' && part.slot === password?.slot));
  return taken ? urls : [...urls, variables];
}

export const identity = (held: Held): string => `postgresql ${identityText(held, sameHost(held.context['host'] ?? ''))}`;
