/** MySQL and MariaDB: an account's password. Facts and wiring; the only file that others see. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { findDsn, sameHost } from '../dsn.ts';
import type { Held, Issuer, Provider, Standing } from '../provider.ts';
import { readGrants } from './answers.ts';
import { identity, recognise } from './recognise.ts';
import * as requests from './requests.ts';
import { ownSecondPassword, secondPassword } from './second-password.ts';
import { inSession, ownAccount } from './session.ts';

const place = (context: Held['context']): string =>
  `${sameHost(context['host'] ?? '')}:${context['port'] ?? requests.defaultPort}`;

/** What a question answers; undefined when the account may not ask it or the answer is odd. */
const ifTold = <T>(asked: Promise<T>): Promise<T | undefined> => asked.catch(() => undefined);

async function check(up: Upstream, held: Held): Promise<Standing> {
  try {
    return await inSession(up, held, 'ask who it is', async (session) => {
      const account = await ifTold(ownAccount(session));
      const rights = await ifTold(session.query(requests.showGrants).then(readGrants));
      return {
        alive: 'yes',
        how: 'the database took the login',
        ...(account === undefined
          ? {}
          : { account: `${printable(`${account.user}@${account.host}`)} of ${place(held.context)}` }),
        ...(rights === undefined ? {} : { rights }),
      };
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { alive: error.code === 'provider/refused' ? 'no' : 'unknown', how: error.what };
  }
}

function parseIssuer(text: string): Issuer | undefined {
  const slot = { where: 'arg', name: '', value: text.trim() } as const;
  const dsn = findDsn(slot.value, ['mysql', 'mariadb']);
  const [found] = recognise([slot]);
  const [user, password] = [dsn?.user ?? dsn?.query.get('user'), dsn?.password ?? dsn?.query.get('password')];
  if (found === undefined || user === undefined || password === undefined) return undefined;
  return { source: 'DSN', parts: { user: new Secret(user.text), password: new Secret(password.text) }, context: found.context };
}

const parts = [
  { name: 'user', secret: false },
  { name: 'password', secret: true },
];

export const provider: Provider = {
  id: 'mysql',
  name: 'MySQL or MariaDB',
  parts,
  valueClass: 'production',
  cadenceDays: 90,
  methods: [secondPassword, ownSecondPassword],
  pace: { worksWithinMs: 2 * second, deadWithinMs: 2 * second },
  issuer: {
    what: 'connection URL of an account with CREATE USER and SELECT on the database mysql',
    parts,
    parse: parseIssuer,
    fits: (issuer, held) => place(issuer.context) === place(held.context) && requests.userOf(issuer) !== requests.userOf(held),
    borrow: [],
  },
  hint: /mysql|mariadb/i,
  recognise,
  identity,
  hosts: (context) => [context['host'] ?? 'localhost'],
  afterMisuse: () => [
    'look for users, grants, routines, triggers and events that were made: mysql.user, information_schema.routines, .triggers, .events',
    'look through the general or audit log of the server, where it is switched on, for the time of the exposure',
    'take what the user could read for read, and what it could write for changed, unless the log says otherwise',
  ],
  check,
};
