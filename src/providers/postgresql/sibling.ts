/**
 * Method `sibling-role`: a second login role that is a member of the base role and whose sessions act as the base role
 * (`ALTER ROLE … SET role`), so that rights and ownership are the same and both logins work at the same time.
 *
 * Words here: the base role is the one that has the rights and owns; a sibling is a login of ours for it. The credential
 * in hand is the base role itself (first rotation) or a sibling (later ones). The base role is never dropped; it only
 * loses its own login. Everything that makes a sibling is one transaction: after a lost answer it is there or not.
 */
import { marker as markerOf, printable, randomLetters } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { type SqlSession, StatementRefused } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Issued, MethodContext, OursMethod, Revoked } from '../provider.ts';
import { numberOf, type Role, readIssuer, readOnly, readRole, readSettings, textOf } from './answers.ts';
import * as requests from './requests.ts';
import { inSession } from './session.ts';

/** A name is at most 63 bytes; ours end in seven letters and digits of the marker. */
const mostNameBytes = 63;
const ending = /_mr[a-z0-9]{6}$/;
const passwordLetters = 32;

function issuerOf(at: MethodContext): Pick<Held, 'parts' | 'context'> {
  if (at.issuer === undefined) {
    throw new Problem('rotation/needs-issuer', {
      what: 'a second login role needs the login of a PostgreSQL role that may create roles',
      next: 'mcp-rotate issuer add postgresql',
    });
  }
  return requests.issuerHeld(at.issuer, at.old);
}

function cut(name: string, bytes: number): string {
  let short = name;
  while (new TextEncoder().encode(short).length > bytes) short = Array.from(short).slice(0, -1).join('');
  return short;
}

/** `app_mrk7mq4t`: the base role's name, then the letters of the rotation's marker. */
function siblingName(at: MethodContext): string {
  const letters = at.marker
    .replace(/[^a-z0-9]/g, '')
    .slice(-6)
    .padStart(6, '2');
  const tail = `_mr${letters}`;
  return cut(requests.userOf(at.old).replace(ending, ''), mostNameBytes - tail.length) + tail;
}

const isOurs = (role: Role): boolean => ending.test(role.name) && (role.comment ?? '').startsWith(markerOf(''));

const roleNamed = async (session: SqlSession, name: string): Promise<Role | undefined> =>
  readRole(await session.query(requests.aboutRole, [name]));

/** The old login and the role it stands for. */
async function lineage(session: SqlSession, at: MethodContext): Promise<{ old: Role; base: Role; actsAs: string }> {
  const old = await roleNamed(session, requests.userOf(at.old));
  if (old === undefined) {
    throw new Problem('provider/not-found', { what: `PostgreSQL has no role ${printable(requests.userOf(at.old))}` });
  }
  if (!isOurs(old) || old.actsAs === undefined) return { old, base: old, actsAs: old.actsAs ?? old.name };
  const base = await roleNamed(session, old.actsAs);
  if (base === undefined) {
    throw new Problem('provider/not-found', {
      what: `PostgreSQL has no role ${printable(old.actsAs)}, which ${printable(old.name)} acts as`,
    });
  }
  return { old, base, actsAs: base.name };
}

function mayIssue(issuer: ReturnType<typeof readIssuer>, base: Role, old: Role): void {
  const who = printable(issuer.name);
  const cannot = (what: string, next: string): Problem => new Problem('provider/cannot', { what, next });
  if (issuer.replica) throw readOnly();
  if (issuer.name === old.name) {
    throw new Problem('rotation/needs-issuer', {
      what: `the issuing role ${who} is the one to be rotated, and would lose its own login`,
      next: 'mcp-rotate issuer add postgresql, with another role',
    });
  }
  if (issuer.super) return;
  if (!issuer.createRole)
    throw cannot(`the role ${who} may not create roles`, `ALTER ROLE ${who} CREATEROLE, or use another issuer`);
  if (base.super || old.super)
    throw cannot(`only a superuser may make a login for ${printable(base.name)}, which is one`, 'use a superuser as issuer');
  if (issuer.version < 160000) return;
  // PostgreSQL 16 release notes: CREATEROLE alone gives no power over other roles; the ADMIN option does.
  for (const [has, role] of [
    [issuer.admin, base],
    [issuer.adminOld, old],
  ] as const) {
    if (!has) {
      throw cannot(
        `the role ${who} has no ADMIN option on ${printable(role.name)}`,
        `GRANT ${printable(requests.identifier(role.name))} TO ${printable(requests.identifier(issuer.name))} WITH ADMIN OPTION, as a superuser`,
      );
    }
  }
}

async function preflight(up: Upstream, at: MethodContext): Promise<void> {
  await inSession(up, issuerOf(at), 'read roles', async (session) => {
    const { old, base } = await lineage(session, at);
    mayIssue(readIssuer(await session.query(requests.aboutIssuer, [base.name, old.name])), base, old);
    const there = await roleNamed(session, siblingName(at));
    if (there !== undefined && there.comment !== at.marker) throw clash(there.name);
  });
}

const clash = (name: string): Problem =>
  new Problem('provider/cannot', {
    what: `PostgreSQL already has a role ${printable(name)}, which is not of this rotation`,
    next: 'start another rotation',
  });

/** Runs statements as one transaction; a refused one leaves nothing behind. */
async function transaction(session: SqlSession, work: () => Promise<void>): Promise<void> {
  await session.query('BEGIN');
  await work();
  await session.query('COMMIT');
}

/** Settings one by one, each in a savepoint: one that the issuer may not set is left out and named. */
async function copySettings(session: SqlSession, from: string, to: string): Promise<string[]> {
  const left: string[] = [];
  for (const { database, name, value } of readSettings(await session.query(requests.settingsOfRole, [from]))) {
    await session.query('SAVEPOINT setting');
    try {
      for (const { text, parameters } of requests.copySetting(to, database, name, value)) await session.query(text, parameters);
    } catch (error) {
      if (!(error instanceof StatementRefused)) throw error;
      await session.query('ROLLBACK TO SAVEPOINT setting');
      left.push(printable(name));
    }
  }
  return left;
}

async function issueWith(up: Upstream, at: MethodContext, proposed: Readonly<Record<string, Secret>>): Promise<Issued> {
  const password = proposed['password'];
  if (password === undefined) throw new Error('issue without a proposed password');
  const name = requests.userOf({ parts: proposed });
  let effect: 'none' | 'unknown' = 'none';
  return inSession(
    up,
    issuerOf(at),
    'make a login role',
    async (session) => {
      const there = await roleNamed(session, name);
      if (there !== undefined && there.comment !== at.marker) throw clash(name);
      if (there !== undefined) {
        effect = 'unknown';
        await session.query(await requests.repeatRole({ name, password, marker: at.marker }));
        const before = await roleNamed(session, requests.userOf(at.old));
        if (before !== undefined) await dropIfSpent(session, before);
        return { parts: proposed, upstreamId: name };
      }
      const { old, base, actsAs } = await lineage(session, at);
      const { connectionLimit, validUntil, inherit } = old;
      const statements = await requests.createRole({
        name,
        password,
        marker: at.marker,
        base: base.name,
        actsAs,
        connectionLimit,
        validUntil,
        inherit,
      });
      let left: string[] = [];
      await transaction(session, async () => {
        for (const statement of statements) await session.query(statement);
        left = await copySettings(session, old.name, name);
      });
      effect = 'unknown';
      await dropIfSpent(session, old);
      const note = `settings of the role that the issuer may not give to the new one: ${left.join(', ')}`;
      return { parts: proposed, upstreamId: name, ...(left.length === 0 ? {} : { note }) };
    },
    () => effect,
  );
}

/** A sibling that was revoked before there was a new one was kept as the way to its base role; now it may go. */
async function dropIfSpent(session: SqlSession, old: Role): Promise<void> {
  if (isOurs(old) && !old.login) await dropIfEmpty(session, old.name);
}

/** SQLSTATE 2BP01: it owns something or is granted something; it stays, without a login. */
async function dropIfEmpty(session: SqlSession, name: string): Promise<void> {
  try {
    await session.query(requests.dropRole(name));
  } catch (error) {
    if (!(error instanceof StatementRefused) || error.state !== '2BP01') throw error;
  }
}

/** Ends what logged in as the role. An issuer that may not is made a member for a moment, which its ADMIN option allows. */
async function endSessions(up: Upstream, session: SqlSession, name: string): Promise<void> {
  const end = () => session.query(requests.endSessions, [name]);
  // A login that was under way when the role lost its login may appear after the first look.
  for (let quiet = 0, round = 0; quiet < 2; round++) {
    if (numberOf((await session.query(requests.countSessions, [name]))[0], 'sessions') === 0) {
      quiet++;
      if (quiet < 2) await up.clock.sleep(50);
      continue;
    }
    quiet = 0;
    if (round > 20)
      throw new Problem('provider/unavailable', {
        what: `sessions of the role ${printable(name)} do not end`,
        effect: 'unknown',
      });
    try {
      await end();
    } catch (error) {
      if (!(error instanceof StatementRefused) || error.state !== '42501') throw error;
      await session.query(requests.borrowRole(name));
      try {
        await end();
      } finally {
        await session.query(requests.returnRole(name));
      }
    }
  }
}

async function revoke(
  up: Upstream,
  at: MethodContext,
  target: { readonly held?: Held; readonly upstreamId?: string },
  survivor: Held | undefined,
): Promise<Revoked> {
  const name = target.held === undefined ? (target.upstreamId ?? '') : requests.userOf(target.held);
  if (survivor !== undefined && requests.userOf(survivor) === name) {
    throw new Problem('rotation/unsafe-revoke', {
      what: `the role ${printable(name)} is also the one that must go on working`,
      state: 'nothing was revoked',
    });
  }
  let effect: 'none' | 'unknown' = 'none';
  return inSession(
    up,
    issuerOf(at),
    `take the login of the role ${printable(name)}`,
    async (session) => {
      const role = await roleNamed(session, name);
      if (role === undefined) return 'absent';
      const [me] = await session.query(requests.whoAmI);
      if (textOf(me, 'login') === name) {
        throw new Problem('rotation/unsafe-revoke', {
          what: 'the issuing role would take its own login',
          state: 'nothing was revoked',
        });
      }
      effect = 'unknown';
      try {
        await session.query(requests.disableRole(name));
      } catch (error) {
        // The server said no to the first change, so nothing was changed.
        if (error instanceof StatementRefused) effect = 'none';
        throw error;
      }
      await endSessions(up, session, name);
      if (isOurs(role) && survivor !== undefined) await dropIfEmpty(session, name);
      return 'gone';
    },
    () => effect,
  );
}

export const siblingRole: OursMethod = {
  id: 'sibling-role',
  overlap: 'many',
  needs: 'issuer',
  issue: 'api',
  value: 'ours',
  words: {
    issue: 'creates a second login role that acts as the same role (CREATE ROLE … IN ROLE, ALTER ROLE … SET role)',
    revoke: 'takes login and password from the old role, ends its sessions, drops it if it is one of ours and owns nothing',
  },
  preflight,
  propose: (random, at) => ({
    user: new Secret(siblingName(at)),
    password: new Secret(randomLetters(random.bytes(4 * passwordLetters), passwordLetters)),
  }),
  issueWith,
  revocation: { by: 'api', revoke },
};
