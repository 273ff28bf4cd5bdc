/**
 * Goal: every shape of the authorization server is what its name says, and nothing else changes with it.
 * Method: what a plain client sees of each shape, beside what it sees without it.
 */
import { describe, expect, it } from 'vitest';
import { fingerprintOf, paths } from './authorization-server.ts';
import { consent } from './consent.ts';
import { labSession } from './lab-session.ts';
import { type Got, post, redirectUri, refresh, revoke } from './plain-client.ts';

const at = labSession();
const { start, issuer, metadata, register, authorize, signIn, statusOf, said } = at;

describe('a shape', () => {
  it('without rotation: the same refresh token each time', async () => {
    await start({ rotateRefreshTokens: false });
    const tokens = await signIn();
    expect((await refresh(tokens)).body['refresh_token']).toBe(tokens.refresh);
    expect((await refresh(tokens)).body['refresh_token']).toBe(tokens.refresh);
  });

  it('without revocation: neither told nor there', async () => {
    await start({ revocation: 'absent' });
    expect(Object.keys(await metadata())).not.toContain('revocation_endpoint');
    const tokens = await signIn();
    expect((await revoke(tokens, tokens.refresh)).status).toBe(404);
    await at.lab.authorizationServer.endGrantOf(tokens.refresh);
    expect([await statusOf(tokens.access), (await refresh(tokens)).body['error']]).toEqual([401, 'invalid_grant']);
  });

  it('that pretends to revoke: 200, and all lives on', async () => {
    await start({ revocation: 'pretends' });
    expect((await metadata())['revocation_endpoint']).toBe(issuer() + paths.revocation);
    const tokens = await signIn();
    expect((await revoke(tokens, tokens.refresh)).status).toBe(200);
    expect([await statusOf(tokens.access), (await refresh(tokens)).status]).toEqual([200, 200]);
    const noted = at.lab.authorizationServer.requests.find(({ path }) => path === paths.revocation);
    expect(noted).toMatchObject({ status: 200, clientId: tokens.clientId, token: fingerprintOf(tokens.refresh) });
  });

  it('without introspection: not told', async () => {
    await start({ introspection: false, accessTokens: 'jwt' });
    expect(Object.keys(await metadata())).not.toContain('introspection_endpoint');
    expect(await statusOf((await signIn()).access)).toBe(200);
  });

  it('registration: 201, 200, or none and a client that is known beforehand', async () => {
    await start();
    expect((await register()).status).toBe(201);
    await start({ registration: 'answers-200' });
    const answer = await register();
    expect(answer.status).toBe(200);
    expect(await statusOf((await signIn({ clientId: String(answer.body['client_id']) })).access)).toBe(200);
    await start({ registration: 'none' });
    expect(Object.keys(await metadata())).not.toContain('registration_endpoint');
    expect((await register()).status).toBe(404);
    const { clientId } = at.lab.authorizationServer.preRegistered;
    const tokens = await signIn({ clientId });
    expect([await statusOf(tokens.access), (await refresh(tokens)).status]).toEqual([200, 200]);
  });

  it('management of registrations: absent, or promised and refused', async () => {
    await start({ registrationManagement: 'absent' });
    const kept = Object.keys((await register()).body);
    expect(kept).toContain('client_id');
    expect(kept.filter((name) => name.startsWith('registration_'))).toEqual([]);
    await start({ registrationManagement: 'refuses' });
    const { body } = await register();
    const headers = { authorization: `Bearer ${String(body['registration_access_token'])}` };
    const answer = await fetch(String(body['registration_client_uri']), { method: 'DELETE', headers });
    expect(answer.ok).toBe(false);
    expect(at.lab.authorizationServer.registered.has(String(body['client_id']))).toBe(true);
  });

  it('the iss parameter: sent and told, or neither', async () => {
    for (const issParameter of [true, false]) {
      await start({ issParameter });
      expect((await metadata())['authorization_response_iss_parameter_supported']).toBe(issParameter ? true : undefined);
      const clientId = String((await register()).body['client_id']);
      for (const person of [{}, { deny: true }]) {
        const { redirect } = await authorize(clientId, { person });
        expect(redirect.searchParams.get('state')).toBe('the-state');
        expect(redirect.searchParams.get('iss')).toBe(issParameter ? issuer() : null);
      }
    }
  });

  it('offline_access: told or not', async () => {
    await start();
    expect((await metadata())['scopes_supported']).toEqual(['openid', 'mcp:read', 'mcp:write']);
    await start({ offlineAccess: true });
    expect((await metadata())['scopes_supported']).toContain('offline_access');
    expect((await signIn()).refresh).not.toBe('undefined');
  });

  it('lifetimes: an access token and a refresh token that run out', async () => {
    await start({ accessSeconds: 1, refreshSeconds: 2 });
    const tokens = await signIn();
    await expect.poll(() => statusOf(tokens.access), { timeout: 4000, interval: 100 }).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await refresh(tokens)).body['error']).toBe('invalid_grant');
  });

  it('slow: every answer takes its time', async () => {
    await start({ slowMs: 300 });
    const before = performance.now();
    await metadata();
    expect(performance.now() - before).toBeGreaterThan(290);
  });

  it('client id metadata documents: an https address that nobody serves is the client', async () => {
    const clientId = 'https://client.example/metadata.json';
    const document = {
      client_id: clientId,
      client_name: 'toy',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    };
    await start({ clientDocuments: { [clientId]: document } });
    expect((await metadata())['client_id_metadata_document_supported']).toBe(true);
    const tokens = await signIn({ clientId });
    expect(await said(tokens.access, 'whoami')).toBe(`ann by ${clientId}`);
    await revoke(tokens, tokens.refresh);
    expect(await statusOf(tokens.access)).toBe(401);
    await expect(signIn({ clientId: 'https://client.example/unknown.json' })).rejects.toThrow('answered 400: invalid_client');
  });

  it('the device flow', async () => {
    await start();
    const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
    const more = { grant_types: [deviceGrant, 'refresh_token'], response_types: [], redirect_uris: [] };
    const clientId = String((await register(more)).body['client_id']);
    const ask = (): Promise<Got> =>
      post(issuer() + paths.device, { client_id: clientId, scope: 'mcp:read', resource: at.lab.remote.url });
    const poll = (asked: Got): Promise<Got> =>
      post(issuer() + paths.token, {
        grant_type: deviceGrant,
        client_id: clientId,
        device_code: String(asked.body['device_code']),
      });
    const refused = await ask();
    await consent(String(refused.body['verification_uri_complete']), { deny: true });
    expect((await poll(refused)).body['error']).toBe('access_denied');
    const asked = await ask();
    expect((await poll(asked)).body['error']).toBe('authorization_pending');
    await consent(String(asked.body['verification_uri_complete']));
    const { body } = await poll(asked);
    expect(await statusOf(String(body['access_token']))).toBe(200);
    expect(typeof body['refresh_token']).toBe('string');
    await start({ deviceFlow: false });
    expect(Object.keys(await metadata())).not.toContain('device_authorization_endpoint');
  });
});
