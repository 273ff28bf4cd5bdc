/**
 * Asking for more, once a server has said what it lacks (403 insufficient_scope; MCP 2026-07-28: the union of what was asked for
 * before and what is challenged, a few times at most).
 *
 * A server that asks for what was already granted would ask for ever, so that ends at once.
 */
import { Problem } from '../base/problem.ts';
import type { SignedIn, SignInRequest, SignInTalk } from './oauth.ts';
import { type SignInPorts, signIn } from './sign-in.ts';

const most = 2;

/** Signs in anew with the same registration. `round` counts from 1. Problem oauth/insufficient-scope when it is of no use. */
export async function stepUp(
  ports: SignInPorts,
  { signedIn, request, challengedScopes, round }: StepUp,
  talk: SignInTalk,
): Promise<SignedIn> {
  const had = new Set([...(request.scopes ?? request.discovery.scopes ?? []), ...(signedIn.issued.scopes ?? [])]);
  const more = challengedScopes.filter((scope) => !had.has(scope));
  if (round > most || more.length === 0) {
    const { host } = new URL(request.discovery.url);
    throw new Problem('oauth/insufficient-scope', {
      what:
        more.length === 0
          ? `${host} asks for scopes that the sign-in already has`
          : `${host} asks for more scope after every sign-in`,
      next: 'ask the operator of the server which scopes it needs, and name them: --scope',
    });
  }
  talk.note(`the server asks for ${more.length === 1 ? 'one more scope' : `${more.length} more scopes`}: sign in once more`);
  const again = await signIn(ports, { ...request, registration: signedIn.registration, scopes: [...had, ...more] }, talk);
  return { ...again, registeredBy: signedIn.registeredBy };
}

export interface StepUp {
  readonly signedIn: SignedIn;
  /** The request that led to it. */
  readonly request: SignInRequest;
  readonly challengedScopes: readonly string[];
  readonly round: number;
}

/**
 * Signs in until `use` is content: it answers the scopes that the server lacks, or undefined. What it throws ends the sign-in;
 * the caller knows then from `onSignedIn` what exists.
 */
export async function signInUntil(
  ports: SignInPorts,
  request: SignInRequest,
  talk: SignInTalk,
  use: (signedIn: SignedIn) => Promise<readonly string[] | undefined>,
  onSignedIn: (signedIn: SignedIn) => void = () => {},
): Promise<SignedIn> {
  let asked = request;
  let signedIn = await signIn(ports, request, talk);
  for (let round = 1; ; round++) {
    onSignedIn(signedIn);
    const lacks = await use(signedIn);
    if (lacks === undefined) return signedIn;
    const next = await stepUp(ports, { signedIn, request: asked, challengedScopes: lacks, round }, talk);
    asked = {
      ...asked,
      scopes: [...new Set([...(asked.scopes ?? asked.discovery.scopes ?? []), ...(signedIn.issued.scopes ?? []), ...lacks])],
    };
    signedIn = next;
  }
}
