/**
 * A sign-in by ourselves: authorization code with PKCE S256 (OAuth 2.1; RFC 8252 for the loopback redirect).
 *
 * Invariants. Nothing is asked of a person before the server is known to take PKCE. The listener and the paste run side by side,
 * and only an answer with our `state` ends the wait (src/oauth/redirect.ts). Whatever goes wrong, nothing of ours is left behind
 * unsaid: a grant that came with a registration of our own is revoked, that registration is deleted, and what could not be taken
 * back is told. A grant under a registration that others use is not revoked by us, since theirs would die with it.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Callback } from '../ports/callback.ts';
import type { Ports } from '../ports/ports.ts';
import { safeAddress } from './address.ts';
import { signInByDevice } from './device.ts';
import { issuedFrom } from './issued.ts';
import type { Discovery, SignedIn, SignInRequest, SignInTalk, Wire } from './oauth.ts';
import {
  authorizationAddress,
  judge,
  type Pending,
  pendingOf,
  type Returned,
  readPasted,
  requirePkce,
  scopesToAsk,
} from './redirect.ts';
import { redirectFor, registrationFor } from './sign-in-client.ts';
import { dropRegistration, redeemed, tooLate } from './sign-in-end.ts';
import { base64url, challengeOf, exchangeCode } from './token-requests.ts';

export type SignInPorts = Wire & Pick<Ports, 'browser' | 'callbacks'>;

/**
 * Problems: oauth/* as their codes say; rotation/wider-scope and rotation/other-account of tokens that were refused;
 * provider/* of a server that does not answer. Rejects with the signal's reason.
 */
export async function signIn(ports: SignInPorts, request: SignInRequest, talk: SignInTalk): Promise<SignedIn> {
  const { discovery } = request;
  requirePkce(discovery);
  const endpoint = endpointOf(discovery, 'authorization_endpoint');
  endpointOf(discovery, 'token_endpoint');
  const byDevice = offersDevice(discovery) && talk.pasted === undefined && !request.onlyRedirect;
  if (byDevice && request.noBrowser) return signInByDevice(ports, request, talk);

  const redirect = redirectFor(request);
  if (!redirect.listen && !talk.pasted) {
    throw new Problem('oauth/client-only', {
      what: 'the redirect address leads elsewhere than to this machine, and there is nobody to paste what it gets',
      state: 'nobody was asked to sign in',
      next: 'run it at a terminal, or sign in with the client itself',
    });
  }
  const callback = redirect.listen ? await ports.callbacks.listen(redirect.listen) : undefined;
  const ending = new AbortController();
  try {
    const redirectUri = redirect.uri ?? callback?.address ?? '';
    const { registration, registeredBy } = await registrationFor(ports, request, [redirectUri]);
    try {
      const state = randomText(ports);
      const verifier = new Secret(randomText(ports));
      const scopes = scopesToAsk(request.scopes ?? discovery.scopes, discovery.metadata);
      const address = authorizationAddress({
        endpoint,
        clientId: registration.clientId,
        redirectUri,
        resource: discovery.resource,
        scopes,
        state,
        challenge: await challengeOf(verifier),
      });
      const signal = AbortSignal.any([ending.signal, ...(request.signal ? [request.signal] : [])]);
      const pending = pendingOf(discovery, state);
      const heard = callback && fromListener(ports, request, talk, callback, { pending, signal });
      const opening = request.noBrowser ? undefined : ports.browser.open(address).then((how) => how === 'opened');
      // Of each the sign-in may end without a look at it.
      for (const each of [heard, opening]) each?.catch(() => {});
      // A browser may stay in the foreground until it is closed: whoever comes back from it meanwhile need not wait for that.
      const opened = await Promise.race([opening ?? false, ...(heard ? [heard] : [])]);
      if (opened === false && byDevice) {
        await dropRegistration(ports, { registration, registeredBy }, request, talk);
        return await signInByDevice(ports, request, talk);
      }
      if (typeof opened === 'boolean') talk.address(address, opened);
      const answer = typeof opened === 'boolean' ? await returned(ports, request, talk, { heard, pending, signal }) : opened;
      try {
        const at = ports.clock.now();
        const code = { code: answer.code, redirectUri, verifier };
        const tokens = await redeemed(request, () => exchangeCode(ports, discovery, registration, code, request.signal));
        const issued = await issuedFrom(ports, request, { registration, registeredBy }, tokens, { scopes, at });
        await answer.told('signed-in');
        return { issued, registration, registeredBy };
      } catch (error) {
        await answer.told('refused');
        throw error;
      }
    } catch (error) {
      await dropRegistration(ports, { registration, registeredBy }, request, talk);
      throw error;
    }
  } finally {
    ending.abort(new Error('the sign-in is over'));
    await callback?.close();
  }
}

/** Problem oauth/metadata when the server names none, oauth/unsafe-address when it is not http(s) or points elsewhere. */
function endpointOf({ url, issuer, metadata }: Discovery, name: 'authorization_endpoint' | 'token_endpoint'): string {
  const endpoint = metadata[name];
  if (typeof endpoint !== 'string') throw new Problem('oauth/metadata', { what: `${issuer} names no ${name}` });
  return safeAddress(endpoint, name.replaceAll('_', ' '), new URL(url)).href;
}

const offersDevice = ({ metadata }: Discovery): boolean => typeof metadata['device_authorization_endpoint'] === 'string';

interface Waiting {
  /** The answer at the listener, where there is one. */
  readonly heard: Promise<Answered> | undefined;
  readonly pending: Pending;
  readonly signal: AbortSignal;
}

interface Answered {
  readonly code: Secret;
  /** Releases the page that the browser holds open; does nothing for a pasted answer. */
  told(verdict: 'signed-in' | 'refused'): Promise<void>;
}

/** The first answer that is ours, from the listener or the person. */
async function returned(ports: SignInPorts, request: SignInRequest, talk: SignInTalk, waiting: Waiting): Promise<Answered> {
  const over = new AbortController();
  const signal = AbortSignal.any([waiting.signal, over.signal]);
  const ways: Promise<Answered>[] = [late(ports, request, signal)];
  if (waiting.heard) ways.push(waiting.heard);
  if (talk.pasted) ways.push(fromPerson(talk, talk.pasted.bind(talk), waiting.pending, signal));
  try {
    return await Promise.race(ways);
  } finally {
    over.abort(new Error('an answer came another way'));
    for (const way of ways) way.catch(() => {});
  }
}

/** Never answers. */
async function late({ clock }: Wire, { withinMs }: SignInRequest, signal: AbortSignal): Promise<never> {
  await clock.sleep(withinMs, signal);
  throw tooLate(withinMs);
}

async function fromListener(
  { clock }: Wire,
  { withinMs }: SignInRequest,
  talk: SignInTalk,
  callback: Callback,
  { pending, signal }: Pick<Waiting, 'pending' | 'signal'>,
): Promise<Answered> {
  const until = clock.elapsed() + withinMs;
  // Once: who finds the port can call it as often as they like.
  let told = false;
  for (;;) {
    const next = await callback.next({ withinMs: Math.max(1, until - clock.elapsed()), signal });
    if (next === undefined) throw tooLate(withinMs);
    const judged = judge(next.parameters, pending);
    if (judged.kind === 'not-ours') {
      await next.answer('not-ours');
      if (!told) talk.note('a page called the redirect address without the state of this sign-in; it was ignored');
      told = true;
      continue;
    }
    if (judged.kind === 'refused') await next.answer('refused');
    return { code: codeOf(judged), told: (verdict) => next.answer(verdict) };
  }
}

async function fromPerson(
  talk: SignInTalk,
  pasted: NonNullable<SignInTalk['pasted']>,
  pending: Pending,
  signal: AbortSignal,
): Promise<Answered> {
  for (;;) {
    const text = await pasted(signal);
    signal.throwIfAborted();
    // Nobody can paste any more: the listener goes on alone.
    if (text === undefined) return new Promise<never>(() => {});
    const parameters = readPasted(text);
    const judged = parameters && judge(parameters, pending);
    if (judged && judged.kind !== 'not-ours') return { code: codeOf(judged), told: async () => {} };
    talk.note(
      judged
        ? 'what was pasted belongs to another sign-in: open the address above, and paste where it leads to'
        : 'what was pasted is no redirect address: paste the whole address to which the browser was sent',
    );
  }
}

function codeOf(judged: Exclude<Returned, { kind: 'not-ours' }>): Secret {
  if (judged.kind === 'refused') throw judged.problem;
  return judged.code;
}

/** 32 bytes: RFC 7636 7.1 asks for that much in a verifier. */
const randomText = ({ random }: Wire): string => base64url(random.bytes(32));
