/** A grant to try things on: a client of ours registered at a toy's authorization server, and a person who signed in by plain requests. */
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../../src/base/secret.ts';
import { discover } from '../../src/oauth/discover.ts';
import type { Discovery, Wire } from '../../src/oauth/oauth.ts';
import { register } from '../../src/oauth/registration.ts';
import type { Registration } from '../../src/stores/store.ts';
import { paths } from '../toys/authorization-server.ts';
import { consent, type Person } from '../toys/consent.ts';
import type { Lab } from '../toys/remote-mcp.ts';

export interface ToyGrant {
  readonly discovery: Discovery;
  readonly registration: Registration;
  readonly access: Secret;
  readonly refresh: Secret;
}

const redirectUri = 'http://127.0.0.1:9/callback';

export async function toyGrant(
  lab: Lab,
  wire: Wire,
  wish: { person?: Person; registration?: Registration } = {},
): Promise<ToyGrant> {
  const discovery = await discover(wire, lab.remote.url);
  const registration =
    wish.registration ?? (await register(wire, discovery, { redirectUris: [redirectUri], scopes: ['mcp:read'] }));
  const verifier = randomBytes(32).toString('base64url');
  const address = new URL(discovery.issuer + paths.authorization);
  address.search = new URLSearchParams({
    client_id: registration.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'mcp:read',
    resource: discovery.resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const redirect = new URL(await consent(address.href, wish.person));
  const response = await fetch(discovery.issuer + paths.token, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: registration.clientId,
      code: redirect.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  });
  const body = (await response.json()) as { access_token?: string; refresh_token?: string; error?: string };
  if (body.access_token === undefined || body.refresh_token === undefined) throw new Error(`no pair was issued: ${body.error}`);
  return { discovery, registration, access: new Secret(body.access_token), refresh: new Secret(body.refresh_token) };
}
