/**
 * Credentials as clients keep them that are built on rmcp, the Rust library: one map per server with `client_id`,
 * `token_response` (in the words of RFC 6749), `granted_scopes` and `token_received_at` in seconds. Pure.
 *
 * rmcp finds the server's metadata anew at every start, so no address is kept. Structure read in the sources of Goose and Warp
 * as of August 2026.
 */
import type { Tree } from '../documents/document.ts';
import * as fields from './fields.ts';
import type { Entry } from './store.ts';
import { wireTokens } from './wire.ts';

export const second = 1000;

/** undefined for what is no such map. */
export function rmcpEntry(tree: Tree | undefined): Pick<Entry, 'issuer' | 'registration' | 'tokens'> | undefined {
  const kept = fields.fieldsOf(tree);
  const clientId = fields.textField(kept, 'client_id');
  if (clientId === undefined) return undefined;
  const tokens = wireTokens(fields.fieldsOf(kept?.get('token_response')), fields.timeField(kept, 'token_received_at', second));
  return {
    issuer: fields.textField(kept, 'issuer'),
    registration: fields.registrationOf(clientId, { secret: fields.secretField(kept, 'client_secret') }),
    tokens: tokens && { ...tokens, scopes: tokens.scopes ?? fields.scopesField(kept, 'granted_scopes') },
  };
}
