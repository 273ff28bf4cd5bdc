/**
 * Tokens and registrations in the words of the protocol (RFC 6749 section 5.1, RFC 7591 section 3.2.1), as clients keep them
 * that store a server's answer as it came. Pure.
 */
import type { Instant } from '../base/time.ts';
import * as fields from './fields.ts';
import type { NewEntry, Registration, Tokens } from './store.ts';

const second = 1000;

/** `receivedAt`: when the answer came, where the client keeps that; without it a lifetime tells no moment. */
export function wireTokens(tokens: fields.Fields | undefined, receivedAt?: Instant): Tokens | undefined {
  const lifetime = fields.timeField(tokens, 'expires_in', second);
  return fields.tokensOf({
    access: fields.secretField(tokens, 'access_token'),
    refresh: fields.secretField(tokens, 'refresh_token'),
    expiresAt: receivedAt === undefined || lifetime === undefined ? undefined : receivedAt + lifetime,
    scopes: fields.scopesField(tokens, 'scope'),
  });
}

export function wireRegistration(client: fields.Fields | undefined): Registration | undefined {
  return fields.registrationOf(fields.textField(client, 'client_id'), {
    secret: fields.secretField(client, 'client_secret'),
    secretExpiresAt: fields.timeField(client, 'client_secret_expires_at', second),
    redirectUris: fields.textsField(client, 'redirect_uris'),
    managementUri: fields.textField(client, 'registration_client_uri'),
    managementToken: fields.secretField(client, 'registration_access_token'),
  });
}

export function tokensToPut(entry: NewEntry): fields.Wanted {
  const { access, refresh } = fields.cleartext(entry);
  return {
    access_token: access,
    token_type: 'bearer',
    expires_in: fields.lifetime(entry),
    refresh_token: refresh,
    scope: entry.tokens.scopes?.join(' '),
  };
}

/** `before`: the client id that stands there; what belongs to another one goes. */
export function registrationToPut(entry: NewEntry, before: string | undefined): fields.Wanted {
  const { clientId, clientSecretExpiresAt, redirectUris } = entry.registration;
  const { clientSecret } = fields.cleartext(entry);
  const other = { client_id_issued_at: undefined, registration_client_uri: undefined, registration_access_token: undefined };
  return {
    client_id: clientId,
    client_secret: clientSecret,
    client_secret_expires_at: clientSecretExpiresAt === undefined ? undefined : Math.floor(clientSecretExpiresAt / second),
    // The SDK's form of a registration has them always.
    redirect_uris: redirectUris ?? [],
    ...(before === clientId ? {} : { ...other, token_endpoint_auth_method: clientSecret === undefined ? 'none' : undefined }),
  };
}
