/** Which values are a login of Redis or Valkey: connection URLs and sets of variables. */
import { findDsn, isPlaceholder, loginIn, partSpan, sameHost, variable } from '../dsn.ts';
import type { Held, Recognised, Slot } from '../provider.ts';
import { defaultPort, identityText } from './requests.ts';

export const kind = 'user password';

const sets = ['REDIS', 'VALKEY'].map((prefix) => ({
  host: [`${prefix}_HOST`],
  port: [`${prefix}_PORT`],
  user: [`${prefix}_USERNAME`, `${prefix}_USER`],
  password: [`${prefix}_PASSWORD`, `${prefix}_PWD`, `${prefix}_PASS`],
  tls: [`${prefix}_SSL`, `${prefix}_TLS`],
  unverified: [`${prefix}_SSL_CERT_REQS`, `${prefix}_CERT_REQS`],
}));

/** Clients look at the certificate unless they are told not to (redis-py: ssl_cert_reqs=none). */
const tlsMode = (certificate: string | undefined): string => (certificate?.toLowerCase() === 'none' ? 'require' : 'verify-full');

function fromUrls(slots: readonly Slot[]): Recognised[] {
  return slots.flatMap((slot, index): Recognised[] => {
    const dsn = findDsn(slot.value, ['redis', 'rediss', 'valkey', 'valkeys']);
    const password = dsn?.password ?? dsn?.query.get('password');
    if (dsn === undefined || password === undefined || isPlaceholder(password.text)) return [];
    const user = dsn.user ?? dsn.query.get('username');
    const known = user !== undefined && !isPlaceholder(user.text);
    const tls = dsn.scheme === 'rediss' || dsn.scheme === 'valkeys';
    return [
      {
        kind,
        parts: [...(known ? [partSpan('user', index, user)] : []), partSpan('password', index, password)],
        context: {
          host: dsn.hosts[0]?.host || 'localhost',
          port: dsn.hosts[0]?.port || `${defaultPort}`,
          ...(dsn.path === '' ? {} : { database: dsn.path }),
          ...(tls ? { tls: tlsMode(dsn.query.get('ssl_cert_reqs')?.text) } : {}),
        },
      },
    ];
  });
}

function fromVariables(slots: readonly Slot[]): Recognised[] {
  return sets.flatMap((set): Recognised[] => {
    const login = loginIn(slots, set, defaultPort);
    if (login === undefined) return [];
    const text = (names: readonly string[]): string | undefined => variable(slots, names)?.at.text;
    const tls = /^(true|1|yes|on)$/i.test(text(set.tls) ?? '');
    const context = { ...login.context, ...(tls ? { tls: tlsMode(text(set.unverified)) } : {}) };
    return [{ kind, parts: login.parts, context }];
  });
}

export const recognise = (slots: readonly Slot[]): readonly Recognised[] => [...fromUrls(slots), ...fromVariables(slots)];

export const identity = (held: Held): string => `redis ${identityText(held, sameHost(held.context['host'] ?? ''))}`;
