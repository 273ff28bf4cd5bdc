/**
 * Methods `second-password` (with an issuer) and `own-second-password` (the account itself has the right): two passwords
 * of one account live at once. MariaDB and MySQL do it by different statements; which one it is, its version tells.
 */
import { printable, randomLetters } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Issued, MethodContext, OursMethod, Revoked } from '../provider.ts';
import { readVersion } from './answers.ts';
import * as mariadb from './mariadb.ts';
import * as mysql8 from './mysql8.ts';
import * as requests from './requests.ts';
import { inSession, type Login } from './session.ts';

const passwordLetters = 32;
const sessionsNote =
  'the server does not keep by which password a session came in: sessions that the old one opened go on until they end';

const byNameNote = ({ user, host }: requests.Account): string =>
  `no account had the old password any more, so somebody has changed it: ${printable(`${user}@${host}`)}, the only one of its name, has the new one beside theirs`;

type Needs = 'issuer' | 'self';

/** Whose login is used, and how the account is found with it. */
function caller(needs: Needs, at: MethodContext, own: Held): { login: Login; who: 'self' | string } {
  if (needs === 'self') return { login: own, who: 'self' };
  if (at.issuer === undefined) {
    throw new Problem('rotation/needs-issuer', {
      what: 'a second password needs the login of an account that may alter others',
      next: 'mcp-rotate issuer add mysql',
    });
  }
  return { login: requests.issuerHeld(at.issuer, at.old), who: requests.userOf(at.old) };
}

async function preflight(needs: Needs, up: Upstream, at: MethodContext): Promise<void> {
  const { login, who } = caller(needs, at, at.old);
  await inSession(up, login, 'read accounts', async (session) => {
    const server = readVersion(await session.query(requests.version));
    if (server.kind === 'mariadb') {
      mariadb.supported(server.number);
      return mariadb.ready(session, who, at.old);
    }
    mysql8.supported(server.number, login);
    return mysql8.ready(up, session, who, at.old);
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
  const { login, who } = caller(needs, at, at.old);
  let effect: 'none' | 'unknown' = 'none';
  const changing = (): void => {
    effect = 'unknown';
  };
  return inSession(
    up,
    login,
    'add a password',
    async (session) => {
      const server = readVersion(await session.query(requests.version));
      if (server.kind === 'mariadb') {
        mariadb.supported(server.number);
        const { account, byName } = await mariadb.add(session, who, at.old, password, changing);
        const parts = { ...at.old.parts, password };
        return { parts, note: byName ? `${byNameNote(account)}; ${sessionsNote}` : sessionsNote };
      } else {
        mysql8.supported(server.number, login);
        await mysql8.add(up, session, who, at.old, password, changing);
      }
      return { parts: { ...at.old.parts, password }, note: sessionsNote };
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
    throw new Problem('provider/cannot', { what: 'a password without its text cannot be taken from an account' });
  if (survivor?.parts['password']?.equals(held.parts['password'] ?? new Secret(' ')) === true) {
    throw new Problem('rotation/unsafe-revoke', {
      what: 'the password to be revoked is also the one that must go on working',
      state: 'nothing was revoked',
    });
  }
  const { login, who } = caller(needs, at, survivor ?? held);
  let effect: 'none' | 'unknown' = 'none';
  const changing = (): void => {
    effect = 'unknown';
  };
  try {
    return await inSession(
      up,
      login,
      'take a password from the account',
      async (session) => {
        const server = readVersion(await session.query(requests.version));
        if (server.kind === 'mariadb') return mariadb.remove(session, who, held, survivor, changing);
        mysql8.supported(server.number, login);
        return mysql8.remove(up, session, who, at.old, held, survivor, changing);
      },
      () => effect,
    );
  } catch (error) {
    // Its own login is refused, and it was the only one at hand: it is gone already.
    const alone = needs === 'self' && survivor === undefined;
    if (alone && error instanceof Problem && error.code === 'provider/refused') return 'gone';
    throw error;
  }
}

const method = (id: string, needs: Needs): OursMethod => ({
  id,
  overlap: { most: 2 },
  needs,
  issue: 'api',
  value: 'ours',
  words: {
    issue: 'gives the account a second password (MariaDB: IDENTIFIED VIA … OR …; MySQL: RETAIN CURRENT PASSWORD)',
    revoke: 'takes the old password from the account; in a leak all its sessions are ended, as the server cannot tell them apart',
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
