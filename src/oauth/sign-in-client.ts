/**
 * Under which name we sign in, and to which address the browser is sent back.
 *
 * The order is that of MCP 2025-11-25: a registration that was given, a client id metadata document, dynamic registration. We
 * host no document of our own, so the second needs an address from the person.
 */
import { Problem } from '../base/problem.ts';
import type { CallbackOptions } from '../ports/callback.ts';
import type { Registration } from '../stores/store.ts';
import type { Ended, SignedIn, SignInRequest, Wire } from './oauth.ts';
import { deleteRegistration, register } from './registration.ts';

export interface Redirect {
  /** undefined: the address of the listener. */
  readonly uri: string | undefined;
  /** undefined: nobody on this machine can receive it, so it must be pasted. */
  readonly listen: CallbackOptions | undefined;
}

/**
 * A fixed redirect address is what a client or a registration insists on, to the letter: another port may be refused, so a busy
 * one is a problem and no reason to take another.
 */
export function redirectFor({ redirectUri, registration }: Pick<SignInRequest, 'redirectUri' | 'registration'>): Redirect {
  const fixed = redirectUri ?? registration?.redirectUris?.find((uri) => loopback(uri) !== undefined);
  if (fixed === undefined) return { uri: undefined, listen: { path: '/callback' } };
  const url = loopback(fixed);
  if (!url) return { uri: fixed, listen: undefined };
  // RFC 8252 7.3: without a port any will do, and the one that is used is sent.
  if (url.port === '' && url.hostname === '127.0.0.1') return { uri: undefined, listen: { path: url.pathname } };
  return { uri: fixed, listen: { path: url.pathname, port: url.port === '' ? 80 : Number(url.port) } };
}

/** The listener is on 127.0.0.1, to which `localhost` leads as well. */
function loopback(uri: string): URL | undefined {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  return url?.protocol === 'http:' && (url.hostname === '127.0.0.1' || url.hostname === 'localhost') ? url : undefined;
}

export async function registrationFor(
  wire: Wire,
  { discovery, registration, clientMetadataUrl, ledger, signal }: SignInRequest,
  redirectUris: readonly string[],
): Promise<Pick<SignedIn, 'registration' | 'registeredBy'>> {
  signal?.throwIfAborted();
  if (registration) return { registration, registeredBy: 'given' };
  const { metadata, issuer } = discovery;
  if (clientMetadataUrl !== undefined && metadata['client_id_metadata_document_supported'] === true) {
    return { registration: documented(clientMetadataUrl, redirectUris), registeredBy: 'client id metadata document' };
  }
  if (typeof metadata['registration_endpoint'] === 'string') {
    const ask = (name?: string): Promise<Registration> =>
      register(wire, discovery, { redirectUris, ...(name === undefined ? {} : { name }) });
    const undo = (made: Registration): Promise<Ended> => deleteRegistration(wire, made, new URL(discovery.url));
    return { registration: await (ledger ? ledger.make(ask, undo) : ask()), registeredBy: 'dynamic registration' };
  }
  throw new Problem('oauth/no-registration', {
    what:
      clientMetadataUrl === undefined
        ? `${issuer} lets no client register by itself`
        : `${issuer} takes neither a client id metadata document nor a registration`,
    state: 'nobody was asked to sign in',
    next: `register a client there by hand, with the redirect address http://127.0.0.1/callback, then: mcp-rotate oauth sign-in ADDRESS --client-id ID`,
  });
}

/** The id of a client that a document describes is the document's address (draft-ietf-oauth-client-id-metadata-document). */
function documented(address: string, redirectUris: readonly string[]): Registration {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || url.pathname === '/' || url.hash !== '' || url.username !== '') {
    throw new Problem('usage/wrong', {
      what: 'the address of a client id metadata document is https, with a path, and without a fragment or a user name',
    });
  }
  return { clientId: address, redirectUris };
}
