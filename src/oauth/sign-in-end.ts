/** How a sign-in ends that did not succeed: what is told, and what of ours is taken away again. */
import { Problem } from '../base/problem.ts';
import { duration, type Milliseconds } from '../base/time.ts';
import type { Ended, SignedIn, SignInRequest, SignInTalk, Wire } from './oauth.ts';
import { deleteRegistration } from './registration.ts';
import type { Reply } from './wire.ts';

export const tooLate = (withinMs: Milliseconds): Problem =>
  new Problem('oauth/timeout', {
    what: `nobody signed in within ${duration(withinMs)}`,
    state: 'no token was issued',
    next: 'start again when somebody can sign in',
  });

/**
 * Asks with a code, told before and after. An answer with status 200 brought tokens, whatever is wrong with them; one of 5xx may
 * come from before a server that gave them.
 */
export async function redeemed({ redeeming }: Pick<SignInRequest, 'redeeming'>, ask: () => Promise<Reply>): Promise<Reply> {
  if (!redeeming) return ask();
  await redeeming.begins();
  let reply: Reply;
  try {
    reply = await ask();
  } catch (error) {
    if (error instanceof Problem && error.effect === 'none') await redeeming.none();
    throw error;
  }
  if (reply.status >= 400 && reply.status < 500) await redeeming.none();
  return reply;
}

/** A registration that was made for this sign-in alone is of no use to anybody when the sign-in failed. */
export async function dropRegistration(
  wire: Wire,
  { registration, registeredBy }: Pick<SignedIn, 'registration' | 'registeredBy'>,
  { discovery, ledger }: SignInRequest,
  talk: Pick<SignInTalk, 'note'>,
): Promise<boolean> {
  if (registeredBy !== 'dynamic registration') return false;
  const ended = await deleted(wire, registration, discovery);
  await ledger?.ended(registration, ended).catch(foundGoneLater);
  const gone = ended === 'deleted' || ended === 'gone';
  if (!gone)
    talk.note(`the registration ${registration.clientId} at ${discovery.issuer} could not be deleted; it holds no grant`);
  return gone;
}

/** It stays on our list, and the next attempt to delete it strikes it off. */
function foundGoneLater(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}

async function deleted(wire: Wire, registration: SignedIn['registration'], { url }: SignInRequest['discovery']): Promise<Ended> {
  try {
    return await deleteRegistration(wire, registration, new URL(url));
  } catch (error) {
    if (error instanceof Problem) return 'unknown';
    throw error;
  }
}
