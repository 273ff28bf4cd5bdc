/** Which values are a login of MySQL or MariaDB: connection URLs and sets of variables; the driver's defaults otherwise. */
import { findDsn, isPlaceholder, loginIn, partSpan, sameHost, variable } from '../dsn.ts';
import type { Held, Recognised, Slot } from '../provider.ts';
import { defaultPort, identityText } from './requests.ts';

export const kind = 'account password';

const sets = ['MYSQL', 'MARIADB'].map((prefix) => ({
  host: [`${prefix}_HOST`],
  port: [`${prefix}_PORT`],
  user: [`${prefix}_USER`, `${prefix}_USERNAME`],
  password: [`${prefix}_PASSWORD`, `${prefix}_PASS`, `${prefix}_PWD`],
  database: [`${prefix}_DATABASE`, `${prefix}_DB`],
  tls: [`${prefix}_SSL_MODE`, `${prefix}_SSL`],
}));

const tlsNames = ['ssl-mode', 'sslmode', 'ssl_mode', 'useSSL', 'tls', 'ssl'];

function fromUrls(slots: readonly Slot[]): Recognised[] {
  return slots.flatMap((slot, index): Recognised[] => {
    const dsn = findDsn(slot.value, ['mysql', 'mariadb']);
    const password = dsn?.password ?? dsn?.query.get('password');
    if (dsn === undefined || password === undefined || isPlaceholder(password.text)) return [];
    const user = dsn.user ?? dsn.query.get('user');
    const host = dsn.hosts[0]?.host || 'localhost';
    const tls = tlsNames.map((name) => dsn.query.get(name)?.text).find((text) => text !== undefined && !text.startsWith('{'));
    const known = user !== undefined && !isPlaceholder(user.text);
    return [
      {
        kind,
        parts: [...(known ? [partSpan('user', index, user)] : []), partSpan('password', index, password)],
        context: {
          host,
          port: dsn.hosts[0]?.port || `${defaultPort}`,
          ...(dsn.path === '' ? {} : { database: dsn.path }),
          ...(tls === undefined ? {} : { tls }),
        },
      },
    ];
  });
}

function fromVariables(slots: readonly Slot[]): Recognised[] {
  return sets.flatMap((set): Recognised[] => {
    const login = loginIn(slots, set, defaultPort);
    if (login === undefined) return [];
    const [database, tls] = [variable(slots, set.database)?.at.text, variable(slots, set.tls)?.at.text];
    const context = { ...login.context, ...(database === undefined ? {} : { database }), ...(tls === undefined ? {} : { tls }) };
    return [{ kind, parts: login.parts, context }];
  });
}

export const recognise = (slots: readonly Slot[]): readonly Recognised[] => [...fromUrls(slots), ...fromVariables(slots)];

export const identity = (held: Held): string => `mysql ${identityText(held, sameHost(held.context['host'] ?? ''))}`;
