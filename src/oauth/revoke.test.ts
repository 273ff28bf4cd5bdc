/**
 * Goal: a revocation reaches the server in the way in which the client was registered, and its answer is neither believed too
 * much nor taken for another.
 * Method: a real authorization server, the tokens tried afterwards; a made-up one for every way of proving oneself and every
 * answer that servers were seen to give.
 */
import { describe, expect, it } from 'vitest';
import { toyGrant } from '../../test/kits/oauth-grant.ts';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { paths } from '../../test/toys/authorization-server.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { HttpRequest } from '../ports/net.ts';
import type { Registration } from '../stores/store.ts';
import type { Discovery } from './oauth.ts';
import { revoke } from './revoke.ts';
import { accessStanding, refreshStanding } from './standing.ts';

const endpoint = 'https://auth.example.com/revoke';
const discovery = (metadata: Readonly<Record<string, unknown>> = { revocation_endpoint: endpoint }): Discovery => ({
  url: 'https://mcp.example.com/mcp',
  resource: 'https://mcp.example.com/mcp',
  resourceMetadata: undefined,
  challengedScopes: undefined,
  issuer: 'https://auth.example.com',
  metadata: { issuer: 'https://auth.example.com', ...metadata },
  metadataAddress: '',
  otherIssuers: [],
  scopes: undefined,
  remarks: [],
});
const open: Registration = { clientId: 'public-client' };
const closed: Registration = { clientId: 'a:b', clientSecret: new Secret('p%+ä') };
const token = new Secret('the-token');

describe('with a real server', () => {
  it('ends the grant by the refresh token', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const { discovery: found, registration, access, refresh } = await toyGrant(lab, wire);
    expect(await accessStanding(wire, found, access)).toMatchObject({ alive: 'yes' });
    expect(await revoke(wire, found, registration, refresh, 'refresh')).toBe('accepted');
    expect(await revoke(wire, found, registration, access, 'access')).toBe('accepted');
    expect(await accessStanding(wire, found, access)).toMatchObject({ alive: 'no' });
    expect(await refreshStanding(wire, found, registration, refresh)).toMatchObject({ alive: 'no' });
    const asked = lab.authorizationServer.requests.filter(({ path }) => path === paths.revocation);
    expect(asked.map(({ tokenHint, clientId }) => [tokenHint, clientId])).toEqual([
      ['refresh_token', registration.clientId],
      ['access_token', registration.clientId],
    ]);
  });

  it('hears that signed access tokens cannot be revoked', async () => {
    await using lab = await startLab({ accessTokens: 'jwt' });
    const wire = loopbackWire();
    const { discovery: found, registration, access, refresh } = await toyGrant(lab, wire);
    expect(await revoke(wire, found, registration, access, 'access')).toBe('not-supported');
    expect(await revoke(wire, found, registration, refresh, 'refresh')).toBe('accepted');
    // the residual window: taken until it expires
    expect(await accessStanding(wire, found, access)).toMatchObject({ alive: 'yes' });
    expect(await refreshStanding(wire, found, registration, refresh)).toMatchObject({ alive: 'no' });
  });

  it('does not take "accepted" for dead', async () => {
    await using lab = await startLab({ revocation: 'pretends' });
    const wire = loopbackWire();
    const { discovery: found, registration, access, refresh } = await toyGrant(lab, wire);
    expect(await revoke(wire, found, registration, refresh, 'refresh')).toBe('accepted');
    expect(await accessStanding(wire, found, access)).toMatchObject({ alive: 'yes' });
  });

  it('says so where there is no revocation, or the client is gone', async () => {
    await using without = await startLab({ revocation: 'absent' });
    const wire = loopbackWire();
    const grant = await toyGrant(without, wire);
    expect(await revoke(wire, grant.discovery, grant.registration, grant.refresh, 'refresh')).toBe('not-supported');
    await using lab = await startLab();
    const other = await toyGrant(lab, wire);
    await lab.authorizationServer.forgetClient(other.registration.clientId);
    expect(await revoke(wire, other.discovery, other.registration, other.refresh, 'refresh')).toBe('client-refused');
  });

  it('is told when to come again, and nothing has happened', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const { discovery: found, registration, refresh } = await toyGrant(lab, wire);
    lab.authorizationServer.unavailable(paths.revocation, 1, 7);
    const problem = await revoke(wire, found, registration, refresh, 'refresh').catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 'provider/rate-limited', effect: 'none', retryAfterMs: 7000 });
    expect(await revoke(wire, found, registration, refresh, 'refresh')).toBe('accepted');
  });
});

describe('how the client proves itself', () => {
  const proof = ({ headers, body }: HttpRequest): string => {
    const fields = new URLSearchParams(body);
    const basic = headers['authorization'];
    if (basic !== undefined) return new TextDecoder().decode(Uint8Array.from(atob(basic.slice(6)), (c) => c.charCodeAt(0)));
    return `${fields.get('client_id')}/${fields.get('client_secret')}`;
  };
  const raw = 'a:b:p%+ä';
  const encoded = 'a%3Ab:p%25%2B%C3%A4';
  const post = 'a:b/p%+ä';
  const none = 'a:b/null';
  it.each<[string, Registration, string[] | undefined, string[]]>([
    ['a public client', open, undefined, ['public-client/null']],
    ['a public client, whatever is offered', open, ['client_secret_basic'], ['public-client/null']],
    ['a secret where nothing is said', closed, undefined, [post, raw, encoded, none]],
    ['post', closed, ['client_secret_post'], [post]],
    ['basic', closed, ['client_secret_basic'], [raw, encoded]],
    ['both', closed, ['client_secret_basic', 'client_secret_post'], [post, raw, encoded]],
    ['all', closed, ['none', 'client_secret_basic', 'client_secret_post'], [post, raw, encoded, none]],
    ['basic, nothing to encode', { clientId: 'ab', clientSecret: new Secret('cd') }, ['client_secret_basic'], ['ab:cd']],
  ])('%s', async (_title, registration, methods, proofs) => {
    const metadata = { revocation_endpoint: endpoint, revocation_endpoint_auth_methods_supported: methods };
    const refusing = web({ [endpoint]: { status: 401, body: { error: 'invalid_client' } } });
    expect(await revoke(refusing, discovery(metadata), registration, token, 'refresh')).toBe('client-refused');
    expect(refusing.log.map(proof)).toEqual(proofs);
    // each way is taken where it is the one that fits, and no further one is tried
    for (const [index, fits] of proofs.entries()) {
      const at = web({
        [endpoint]: (request) => (proof(request) === fits ? {} : { status: 401, body: { error: 'invalid_client' } }),
      });
      expect(await revoke(at, discovery(metadata), registration, token, 'refresh')).toBe('accepted');
      expect(at.log.length).toBe(index + 1);
    }
  });

  it('goes by the methods of the token endpoint where none are told for the revocation', async () => {
    const metadata = { revocation_endpoint: endpoint, token_endpoint_auth_methods_supported: ['client_secret_basic'] };
    const at = web({ [endpoint]: {} });
    await revoke(at, discovery(metadata), closed, token, 'refresh');
    expect(at.log.map(proof)).toEqual([raw]);
  });
});

describe('answers', () => {
  it('sends a form with the token and its kind, to the address that the metadata names', async () => {
    const shared = 'https://auth.example.com/token';
    const at = web({ [shared]: {} });
    await revoke(at, discovery({ revocation_endpoint: shared, token_endpoint: shared }), open, token, 'access');
    expect(Object.fromEntries(new URLSearchParams(at.log[0]?.body))).toEqual({
      client_id: 'public-client',
      token: 'the-token',
      token_type_hint: 'access_token',
    });
    expect(at.asked()).toEqual([`POST ${shared}`]);
    expect(at.log[0]).toMatchObject({ never: ['loopback', 'private'] });
  });

  it('leaves the hint out for a server that refuses it', async () => {
    const at = web({
      [endpoint]: ({ body }) => (body?.includes('token_type_hint') ? { status: 400, body: { error: 'invalid_request' } } : {}),
    });
    expect(await revoke(at, discovery(), open, token, 'access')).toBe('accepted');
    expect(at.log.length).toBe(2);
  });

  it.each<[PageAnswer, string]>([
    [{ status: 200 }, 'accepted'],
    [{ status: 204 }, 'accepted'],
    [{ status: 200, body: '<html>' }, 'accepted'],
    [{ status: 400, body: { error: 'unsupported_token_type' } }, 'not-supported'],
    [{ status: 404 }, 'not-supported'],
    [{ status: 405 }, 'not-supported'],
    [{ status: 400, body: { error: 'invalid_client' } }, 'client-refused'],
    [{ status: 401 }, 'client-refused'],
    [{ status: 400, body: { error: 'unauthorized_client' } }, 'client-refused'],
  ])('%j is %s', async (answer, end) => {
    expect(await revoke(web({ [endpoint]: answer }), discovery(), open, token, 'refresh')).toBe(end);
  });

  it.each<[PageAnswer, string, string]>([
    [{ status: 400, body: { error: 'FOREIGN' } }, 'provider/cannot', 'none'],
    [{ status: 403, body: 'FOREIGN' }, 'provider/forbidden', 'none'],
    [{ status: 500, body: 'FOREIGN' }, 'provider/unavailable', 'unknown'],
    [{ status: 503 }, 'provider/unavailable', 'unknown'],
    [{ status: 429, headers: { 'retry-after': '3' } }, 'provider/rate-limited', 'none'],
    [{ status: 302, headers: { location: 'https://evil.example.com/FOREIGN' } }, 'provider/garbled', 'unknown'],
  ])('%j is a problem', async (answer, code, effect) => {
    const at = web({ [endpoint]: answer });
    const problem = await revoke(at, discovery(), open, token, 'refresh').catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ code, effect });
    expect(String(problem)).not.toMatch(/FOREIGN|the-token|evil/);
    expect(at.log.every(({ url }) => url === endpoint)).toBe(true);
  });

  it('sends no token to an unsafe address, though a discovery says so', async () => {
    for (const address of ['http://auth.example.com/revoke', 'https://127.0.0.1/', 'https://10.0.0.1/']) {
      const at = web({});
      const end = revoke(at, discovery({ revocation_endpoint: address }), open, token, 'refresh');
      await expect(end).rejects.toMatchObject({ code: 'oauth/unsafe-address' });
      expect(at.log).toEqual([]);
    }
  });
});
