/**
 * From the answer of a token endpoint to tokens that may be used: read, judged, and told whose they are.
 *
 * Tokens that are refused exist all the same. They are taken back at once where that can harm nobody: under a registration that
 * was made for this sign-in. Under any other, revoking could end the grant that a client still uses, so it is said instead.
 */
import { Problem } from '../base/problem.ts';
import type { Issued, SignedIn, SignInRequest, Wire } from './oauth.ts';
import { revoke } from './revoke.ts';
import { claimsOf, introspect } from './standing.ts';
import { type Asked, faultOf, readTokens } from './token-answers.ts';
import type { Reply } from './wire.ts';

export async function issuedFrom(
  wire: Wire,
  request: SignInRequest,
  by: Pick<SignedIn, 'registration' | 'registeredBy'>,
  answer: Reply,
  asked: Pick<Asked, 'scopes' | 'at'>,
): Promise<Issued> {
  const { discovery, old } = request;
  const all: Asked = { ...asked, issuer: discovery.issuer, old: old?.tokens ?? [] };
  const { issued: received, idToken } = readTokens(answer, all);
  const issued = {
    ...received,
    tokens: { ...received.tokens, expiresAt: received.tokens.expiresAt ?? claimsOf(received.tokens.access)?.expiresAt },
  };
  const fault = faultOf(issued, all);
  if (fault) throw await takenBack(wire, request, by, issued, fault);
  const account = (idToken && claimsOf(idToken)?.account) ?? (await introspectedAccount(wire, request, by, issued));
  if (old?.account !== undefined && account !== undefined && account !== old.account) {
    const other = new Problem('rotation/other-account', {
      what: `another account signed in at ${discovery.issuer} than the one whose tokens are to be replaced`,
      next: 'sign out there in the browser, and sign in with the account that was used before',
    });
    throw await takenBack(wire, request, by, issued, other);
  }
  return { ...issued, account };
}

async function introspectedAccount(
  wire: Wire,
  { discovery }: SignInRequest,
  { registration }: Pick<SignedIn, 'registration'>,
  { tokens }: Issued,
): Promise<string | undefined> {
  if (typeof discovery.metadata['introspection_endpoint'] !== 'string') return undefined;
  try {
    return (await introspect(wire, discovery, registration, tokens.access))?.account;
  } catch (error) {
    // Who it is serves a comparison only; a server that does not tell is one more that does not.
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function takenBack(
  wire: Wire,
  { discovery }: SignInRequest,
  { registration, registeredBy }: Pick<SignedIn, 'registration' | 'registeredBy'>,
  { tokens }: Issued,
  problem: Problem,
): Promise<Problem> {
  if (registeredBy !== 'dynamic registration') {
    return problem.with({
      state: 'the tokens were thrown away unused; their grant stays until it is ended at the server or expires',
    });
  }
  const said: string[] = [];
  try {
    if (tokens.refresh) said.push(await revoke(wire, discovery, registration, tokens.refresh, 'refresh'));
    said.push(await revoke(wire, discovery, registration, tokens.access, 'access'));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  return problem.with({
    state: said.includes('accepted')
      ? 'the tokens were revoked again, and are kept nowhere'
      : 'the tokens were thrown away unused, but the server did not take their revocation: end the grant on its own page',
  });
}
