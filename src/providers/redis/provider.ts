/** Redis and Valkey: a user's password, also that of `requirepass`. Facts and wiring; the only file that others see. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { findDsn, sameHost } from '../dsn.ts';
import type { ActivityReport, Held, Issuer, Provider, Standing } from '../provider.ts';
import { garbled, readLog, readUser } from './answers.ts';
import { identity, recognise } from './recognise.ts';
import * as requests from './requests.ts';
import { ownSecondPassword, secondPassword } from './second-password.ts';
import { inSession } from './session.ts';

const place = (context: Held['context']): string =>
  `${sameHost(context['host'] ?? '')}:${context['port'] ?? requests.defaultPort}`;

async function check(up: Upstream, held: Held): Promise<Standing> {
  try {
    return await inSession(up, held, 'PING', async (session) => {
      if ((await session.command(requests.ping)) !== 'PONG') throw garbled();
      // Many users may not look at themselves.
      const user = await session
        .command(requests.getUser(requests.userOf(held)))
        .then(readUser)
        .catch(() => undefined);
      return {
        alive: 'yes',
        how: 'AUTH was taken and PING answered',
        account: `${printable(requests.userOf(held))} of ${place(held.context)}`,
        ...(user === undefined ? {} : { rights: user.rights }),
      };
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'provider/forbidden') {
      return { alive: 'yes', how: 'AUTH was taken; PING is not allowed to this user' };
    }
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
  const user = requests.userOf(at.held);
  // The old password is dead by the time of an audit.
  const asker = at.issuer === undefined ? (at.survivor ?? at.held) : requests.issuerHeld(at.issuer, at.held);
  return inSession(up, asker, 'read the ACL log', async (session) => {
    const now = up.clock.now();
    const denied = readLog(await session.command(requests.aclLog)).filter((entry) => entry.user === user);
    const events = denied.map((entry) => ({ at: Math.round(now - entry.ageSeconds * second), what: `refused: ${entry.reason}` }));
    return {
      source: 'ACL LOG: refused logins and commands of this user',
      complete: false,
      events: events.filter((event) => event.at >= at.from && event.at <= at.to),
      note: 'Redis keeps no record of what was allowed, and not by which password',
    };
  });
}

function parseIssuer(text: string): Issuer | undefined {
  const slot = { where: 'arg', name: '', value: text.trim() } as const;
  const dsn = findDsn(slot.value, ['redis', 'rediss', 'valkey', 'valkeys']);
  const [found] = recognise([slot]);
  const [user, password] = [dsn?.user ?? dsn?.query.get('username'), dsn?.password ?? dsn?.query.get('password')];
  if (found === undefined || password === undefined) return undefined;
  const { database: _database, ...context } = { ...found.context };
  const parts = { ...(user === undefined ? {} : { user: new Secret(user.text) }), password: new Secret(password.text) };
  return { source: 'DSN', parts, context };
}

const parts = [
  { name: 'user', secret: false },
  { name: 'password', secret: true },
];

export const provider: Provider = {
  id: 'redis',
  name: 'Redis or Valkey',
  parts,
  valueClass: 'data',
  cadenceDays: 90,
  methods: [secondPassword, ownSecondPassword],
  pace: { worksWithinMs: 2 * second, deadWithinMs: 2 * second },
  issuer: {
    what: 'connection URL of a user with +acl, +config and +client',
    parts,
    parse: parseIssuer,
    fits: (issuer, held) => place(issuer.context) === place(held.context) && requests.userOf(issuer) !== requests.userOf(held),
    borrow: [],
  },
  hint: /redis|valkey/i,
  recognise,
  identity,
  hosts: (context) => [context['host'] ?? 'localhost'],
  afterMisuse: () => [
    'look for users, modules, scripts and replicas that are not yours: ACL LIST, MODULE LIST, FUNCTION LIST, INFO replication',
    'look at CONFIG GET dir and dbfilename: a changed one is how files are written to the machine',
    'take what the user could read for read, and what it could write for changed',
  ],
  check,
  activity,
};
