/**
 * Method `own-password`: the role changes its own password. The old one is refused for new logins from that moment, so
 * this is a replacement without overlap. Sessions that are open go on until they end.
 */
import { randomLetters } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, Issued, MethodContext, OursMethod, Revoked } from '../provider.ts';
import { readOnly, truth } from './answers.ts';
import * as requests from './requests.ts';
import { inSession } from './session.ts';

const passwordLetters = 32;

const refused = (error: unknown): boolean => error instanceof Problem && error.code === 'provider/refused';

async function issueWith(up: Upstream, at: MethodContext, proposed: Readonly<Record<string, Secret>>): Promise<Issued> {
  const password = proposed['password'];
  if (password === undefined) throw new Error('issue without a proposed password');
  const user = requests.userOf(at.old);
  const statements = await requests.ownPassword(password, at.marker, user);
  const issued: Issued = { parts: { ...at.old.parts, password }, upstreamId: user };
  try {
    await inSession(up, at.old, 'change its own password', async (session) => {
      for (const statement of statements) await session.query(statement);
    });
  } catch (error) {
    if (!refused(error)) throw error;
    // The old one is refused: an earlier attempt may have succeeded, which the new one tells.
    await inSession(up, { ...at.old, parts: issued.parts }, 'log in', async () => undefined);
  }
  return issued;
}

async function revoke(
  up: Upstream,
  _at: MethodContext,
  target: { readonly held?: Held },
  survivor: Held | undefined,
): Promise<Revoked> {
  if (target.held === undefined || survivor === undefined) {
    throw new Problem('provider/cannot', {
      what: 'an own password ends only by being replaced: without a new one the role would be locked out for good',
      state: 'nothing was revoked',
      next: 'issue the new password first; that ends the old one',
    });
  }
  try {
    await inSession(up, target.held, 'log in', async () => undefined);
  } catch (error) {
    if (refused(error)) return 'gone';
    throw error;
  }
  return 'accepted';
}

export const ownPassword: OursMethod = {
  id: 'own-password',
  overlap: 'replaces',
  needs: 'self',
  issue: 'api',
  value: 'ours',
  words: {
    issue: 'the role changes its own password (ALTER ROLE … PASSWORD); the old one is refused from then on',
    revoke: 'nothing more to do: the old password ended when the new one was set; open sessions end by themselves',
  },
  preflight: (up, at) =>
    inSession(up, at.old, 'ask whether it may write', async (session) => {
      if (truth((await session.query(requests.isReplica))[0], 'replica')) throw readOnly();
    }),
  propose: (random, at) => ({
    ...at.old.parts,
    password: new Secret(randomLetters(random.bytes(4 * passwordLetters), passwordLetters)),
  }),
  issueWith,
  revocation: { by: 'api', revoke },
};
