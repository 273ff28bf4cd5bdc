/** What the authorization server is asked about a token that a client holds: each request with the token in it, and nothing read. */
import type { Secret } from '../base/secret.ts';
import type { Registration } from '../stores/store.ts';
import type { Discovery, Wire } from './oauth.ts';
import { askAsClient, type Reply } from './wire.ts';

/** RFC 7009 section 2.1. Undefined: the server has no such endpoint; so below. Problems as of `askAsClient`. */
export function askRevocation(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  token: Secret,
  hint: 'refresh_token' | 'access_token' | undefined,
): Promise<Reply | undefined> {
  return askAsClient(
    wire,
    discovery,
    registration,
    'revocation_endpoint',
    (lib, as, client, authentication, options) =>
      lib.revocationRequest(as, client, authentication, token.reveal(), {
        ...options,
        ...(hint === undefined ? {} : { additionalParameters: { token_type_hint: hint } }),
      }),
    { lost: 'unknown' },
  );
}

/** RFC 7662 section 2.1. */
export function askIntrospection(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  token: Secret,
): Promise<Reply | undefined> {
  return askAsClient(
    wire,
    discovery,
    registration,
    'introspection_endpoint',
    (lib, as, client, authentication, options) => lib.introspectionRequest(as, client, authentication, token.reveal(), options),
    { lost: 'none' },
  );
}

/** RFC 6749 section 6, with `resource` (RFC 8707), and without `scope`: some servers refuse one that they left out of the grant. */
export function askRefresh(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  refresh: Secret,
): Promise<Reply | undefined> {
  return askAsClient(
    wire,
    discovery,
    registration,
    'token_endpoint',
    (lib, as, client, authentication, options) =>
      lib.refreshTokenGrantRequest(as, client, authentication, refresh.reveal(), {
        ...options,
        additionalParameters: { resource: discovery.resource },
      }),
    { lost: 'unknown' },
  );
}
