/**
 * Revocation (RFC 7009): the refresh token first, which is the grant, then the access token, while the client is still registered.
 *
 * 'accepted' proves nothing: 200 is the answer for unknown and foreign tokens as well. Some servers have the revocation at their
 * token endpoint (workers-oauth-provider), refuse a hint, or refuse signed access tokens (`unsupported_token_type`). To ask again
 * does no harm, so an unclear answer is a problem with which the caller may try once more.
 */
import type { Secret } from '../base/secret.ts';
import type { Registration } from '../stores/store.ts';
import type { Discovery, Revocation, Wire } from './oauth.ts';
import { askRevocation } from './requests.ts';
import { refusesClient, unexpectedReply } from './wire.ts';

/**
 * Problems: provider/rate-limited (429, or 503 with Retry-After: nothing was done, `retryAfterMs` says when to come again),
 * provider/unavailable, oauth/unsafe-address, and those of the net port (`effect` unknown: it may be revoked).
 */
export async function revoke(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  token: Secret,
  kind: 'refresh' | 'access',
): Promise<Revocation> {
  let reply = await askRevocation(wire, discovery, registration, token, `${kind}_token`);
  // A hint may be left out (RFC 7009 section 2.1), and some servers answer 400 to one that they do not know.
  if (reply?.status === 400 && reply.error !== 'invalid_client') {
    reply = await askRevocation(wire, discovery, registration, token, undefined);
  }
  if (reply === undefined) return 'not-supported';
  if (reply.status >= 200 && reply.status < 300) return 'accepted';
  if (reply.error === 'unsupported_token_type') return 'not-supported';
  // 404 and the like: named in the metadata, and not there
  if (reply.status === 404 || reply.status === 405 || reply.status === 501) return 'not-supported';
  if (refusesClient(reply) || reply.error === 'unauthorized_client') return 'client-refused';
  throw unexpectedReply(wire, `${new URL(discovery.issuer).host}: revocation`, reply, true);
}
