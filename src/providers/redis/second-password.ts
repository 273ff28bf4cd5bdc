/**
 * Methods `second-password` (with an issuer) and `own-second-password` (the user itself may change users): a user of
 * Redis has any number of passwords. Only hashes are sent.
 *
 * `ACL SETUSER` makes a user that is not there, so its being there is looked at first; and it ends `nopass`, so a user
 * that takes any password is left alone. What is changed lives in memory until the server is told to keep it; where it
 * cannot keep it, the answer says so, for after a restart the old password would be back.
 */
import { printable, randomLetters } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { type RedisSession, StatementRefused } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Issued, MethodContext, OursMethod, Revoked } from '../provider.ts';
import { type AclUser, garbled, readAclFile, readUser } from './answers.ts';
import * as requests from './requests.ts';
import { inSession, type Login } from './session.ts';

const passwordLetters = 32;
type Needs = 'issuer' | 'self';

const notKept =
  'the server does not keep its users (it has no ACL file and no configuration file that it may write): ' +
  'after a restart the passwords are those of before; enter the change where its users come from';

function loginFor(needs: Needs, at: MethodContext, own: Held): Login {
  if (needs === 'self') return own;
  if (at.issuer !== undefined) return requests.issuerHeld(at.issuer, at.old);
  throw new Problem('rotation/needs-issuer', {
    what: 'a second password needs the login of a Redis user that may change users',
    next: 'mcp-rotate issuer add redis',
  });
}

async function userNamed(session: RedisSession, user: string): Promise<AclUser | undefined> {
  return readUser(await session.command(requests.getUser(user)));
}

function changeable(found: AclUser | undefined, user: string): AclUser {
  if (found === undefined) throw new Problem('provider/not-found', { what: `Redis has no user ${printable(user)}` });
  if (!found.open) return found;
  throw new Problem('provider/cannot', {
    what: `the user ${printable(user)} takes any password, so there is none to replace`,
    next: 'give the user a password on the server (ACL SETUSER … resetpass >…)',
  });
}

async function passwordOf(held: Held): Promise<string> {
  const { password } = held.parts;
  if (password === undefined) throw new Problem('provider/cannot', { what: 'there is no password to look for' });
  return requests.passwordHash(password);
}

/** CONFIG REWRITE writes names as they are; with others in it the server could not read its file again (seen with 7.0.15). */
const plainName = /^[A-Za-z0-9_.:@-]+$/;

/** Has the server keep its users over a restart. Answers whether it does. */
async function keep(session: RedisSession, user: string): Promise<boolean> {
  try {
    const file = readAclFile(await session.command(requests.aclFile));
    if (file === undefined && !plainName.test(user)) return false;
    await session.command(file === undefined ? requests.rewriteConfig : requests.saveAclFile);
    return true;
  } catch (error) {
    if (error instanceof StatementRefused) return false;
    throw error;
  }
}

async function preflight(needs: Needs, up: Upstream, at: MethodContext): Promise<void> {
  const user = requests.userOf(at.old);
  const login = loginFor(needs, at, at.old);
  await inSession(up, login, 'look at users', async (session) => {
    const found = changeable(await userNamed(session, user), user);
    if (found.passwords.length > 0 && !found.passwords.includes(await passwordOf(at.old))) {
      throw new Problem('provider/not-found', { what: `the user ${printable(user)} does not have this password` });
    }
    const may = await session.command(requests.mayChange(requests.userOf(login), user)).catch((error: unknown) => {
      // Redis 6 has no DRYRUN, and it is a right of its own: issuing will tell.
      if (error instanceof StatementRefused) return 'OK';
      throw error;
    });
    if (typeof may !== 'string') throw garbled();
    if (may !== 'OK') {
      throw new Problem('provider/forbidden', {
        what: `the user ${printable(requests.userOf(login))} may not change users`,
        next: 'use an issuer with +acl',
      });
    }
  });
}

async function issueWith(
  needs: Needs,
  up: Upstream,
  at: MethodContext,
  proposed: Readonly<Record<string, Secret>>,
): Promise<Issued> {
  const password = proposed['password'];
  if (password === undefined) throw new Error('issue without a proposed password');
  const user = requests.userOf(at.old);
  let effect: 'none' | 'unknown' = 'none';
  return inSession(
    up,
    loginFor(needs, at, at.old),
    'change users',
    async (session) => {
      changeable(await userNamed(session, user), user);
      await session.command(requests.addHash(user, await requests.passwordHash(password)));
      effect = 'unknown';
      const kept = await keep(session, user);
      return { parts: { ...at.old.parts, password }, ...(kept ? {} : { note: notKept }) };
    },
    () => effect,
  );
}

async function revoke(
  needs: Needs,
  up: Upstream,
  at: MethodContext,
  target: { readonly held?: Held },
  survivor: Held | undefined,
): Promise<Revoked> {
  const { held } = target;
  if (held === undefined)
    throw new Problem('provider/cannot', { what: 'a password without its text cannot be taken from a user' });
  const user = requests.userOf(held);
  const hash = await passwordOf(held);
  let effect: 'none' | 'unknown' = 'none';
  const work = async (session: RedisSession): Promise<Revoked> => {
    const found = await userNamed(session, user);
    if (found === undefined) return 'absent';
    changeable(found, user);
    const alive = survivor === undefined ? undefined : await passwordOf(survivor);
    if (alive !== undefined && (alive === hash || !found.passwords.includes(alive))) {
      throw new Problem('rotation/unsafe-revoke', {
        what: 'the password that must go on working is not another password of this user',
        state: 'nothing was revoked',
      });
    }
    const there = found.passwords.includes(hash);
    if (there) await session.command(requests.removeHash(user, hash));
    effect = 'unknown';
    await keep(session, user);
    // Redis does not keep by which password a connection came in; a client of the survivor connects again by itself.
    if (there) await session.command(requests.endConnections(user));
    return there ? 'gone' : 'absent';
  };
  try {
    return await inSession(up, loginFor(needs, at, survivor ?? held), 'change users', work, () => effect);
  } catch (error) {
    // Its own login is refused, and it was the only one at hand: it is gone already.
    const alone = needs === 'self' && survivor === undefined;
    if (alone && error instanceof Problem && error.code === 'provider/refused') return 'gone';
    throw error;
  }
}

const method = (id: string, needs: Needs): OursMethod => ({
  id,
  overlap: 'many',
  needs,
  issue: 'api',
  value: 'ours',
  words: {
    issue: 'gives the user a second password (ACL SETUSER … #sha256) and has the server keep it (ACL SAVE or CONFIG REWRITE)',
    revoke: 'takes the old password (ACL SETUSER … !sha256) and closes all connections of the user, which connect again',
  },
  preflight: (up, at) => preflight(needs, up, at),
  propose: (random, at) => ({
    ...at.old.parts,
    password: new Secret(randomLetters(random.bytes(4 * passwordLetters), passwordLetters)),
  }),
  issueWith: (up, at, proposed) => issueWith(needs, up, at, proposed),
  revocation: { by: 'api', revoke: (up, at, target, survivor) => revoke(needs, up, at, target, survivor) },
});

export const secondPassword = method('second-password', 'issuer');
export const ownSecondPassword = method('own-second-password', 'self');
