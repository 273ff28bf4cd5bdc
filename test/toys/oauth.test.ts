/**
 * Goal: the toys of OAuth behave as authorization servers were seen to, so that what passes against them means something.
 * Method: a sign-in by plain requests, independent of the product, then what each shape is
 * for: which tokens live on after a refresh, a replay, a revocation, a deleted registration (measured on 2026-11-22 with
 * oidc-provider 9.13.3), and how the server answers.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, paths, type Shape } from './authorization-server.ts';
import { browserScript, consent, type Opened } from './consent.ts';
import {
  type Answer,
  askMcp,
  authorize as authorizeClient,
  type Got,
  got,
  type PlainTokens,
  post,
  redirectUri,
  refresh,
  register as registerClient,
  revoke,
  signIn as signInPlainly,
  statusWith,
  type Wish as WholeWish,
} from './plain-client.ts';
import { type Lab, type RemoteShape, startLab } from './remote-mcp.ts';

let lab: Lab;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toy-oauth-'));
});
afterEach(async () => {
  await lab?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

type Wish = Partial<WholeWish>;

const start = async (shape: Partial<Shape> = {}, remote: Partial<RemoteShape> = {}): Promise<void> => {
  lab = await startLab(shape, remote);
};

const issuer = (): string => lab.authorizationServer.issuer;
const metadata = async (): Promise<Answer> => (await got(await fetch(`${issuer()}/.well-known/oauth-authorization-server`))).body;
const register = (more: object = {}): Promise<Got> => registerClient(issuer(), more);
const authorize = (clientId: string, wish: Wish = {}) =>
  authorizeClient({ issuer: issuer(), resource: lab.remote.url, clientId, ...wish });
const signIn = (wish: Wish = {}): Promise<PlainTokens> => signInPlainly({ issuer: issuer(), resource: lab.remote.url, ...wish });
const mcp = (token: string | undefined, method?: string, params?: object): Promise<Response> =>
  askMcp(lab.remote.url, token, method, params);
const statusOf = (token: string): Promise<number> => statusWith(lab.remote.url, token);
const said = async (token: string, name: string, args: object = {}): Promise<unknown> => {
  const { body } = await got(await mcp(token, 'tools/call', { name, arguments: args }));
  return (body['result'] as { content?: { text?: string }[] } | undefined)?.content?.[0]?.text;
};

const renewed = (tokens: PlainTokens, { body }: Got): PlainTokens => ({
  ...tokens,
  access: String(body['access_token']),
  refresh: String(body['refresh_token']),
});

describe.each(['opaque', 'jwt'] as const)('a grant with %s access tokens', (accessTokens) => {
  const opaque = accessTokens === 'opaque';
  /** What the MCP server says to an access token whose grant has ended. */
  const afterwards = opaque ? 401 : 200;

  it('opens the tools, and a refresh rotates the refresh token and leaves the old access token alive', async () => {
    await start({ accessTokens });
    const old = await signIn();
    expect(await said(old.access, 'whoami')).toBe(`ann by ${old.clientId}`);
    expect(await said(old.access, 'add', { a: 2, b: 40 })).toBe('42');
    const next = renewed(old, await refresh(old));
    expect(next.refresh).not.toBe(old.refresh);
    expect([await statusOf(next.access), await statusOf(old.access)]).toEqual([200, 200]);
  });

  it('ends as a whole when a used refresh token comes back', async () => {
    await start({ accessTokens });
    const old = await signIn();
    const next = renewed(old, await refresh(old));
    expect((await refresh(old)).body['error']).toBe('invalid_grant');
    expect((await refresh(next)).body['error']).toBe('invalid_grant');
    expect(await statusOf(next.access)).toBe(afterwards);
  });

  it('is ended by revoking the refresh token', async () => {
    await start({ accessTokens });
    const tokens = await signIn();
    expect((await revoke(tokens, tokens.refresh)).status).toBe(200);
    expect((await refresh(tokens)).body['error']).toBe('invalid_grant');
    expect(await statusOf(tokens.access)).toBe(afterwards);
  });

  it('is ended by revoking the access token, if that is opaque', async () => {
    await start({ accessTokens });
    const tokens = await signIn();
    const answer = await revoke(tokens, tokens.access);
    expect([answer.status, answer.body['error']]).toEqual(opaque ? [200, undefined] : [400, 'unsupported_token_type']);
    expect(await statusOf(tokens.access)).toBe(afterwards);
    expect((await refresh(tokens)).status).toBe(opaque ? 400 : 200);
  });

  it('is out of reach once its registration is deleted', async () => {
    await start({ accessTokens });
    const { body } = await register();
    const clientId = String(body['client_id']);
    const tokens = await signIn({ clientId });
    const address = String(body['registration_client_uri']);
    const headers = { authorization: `Bearer ${String(body['registration_access_token'])}` };
    expect((await fetch(address, { headers })).status).toBe(200);
    expect(lab.authorizationServer.registered.has(clientId)).toBe(true);
    expect((await fetch(address, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(address, { headers })).status).toBe(401);
    expect(lab.authorizationServer.registered.has(clientId)).toBe(false);
    for (const answer of [await refresh(tokens), await revoke(tokens, tokens.refresh)])
      expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    expect(await statusOf(tokens.access)).toBe(afterwards);
  });
});

it('two refreshes at once with one token: the winner loses too', async () => {
  await start();
  const tokens = await signIn();
  const answers = await Promise.all([refresh(tokens), refresh(tokens)]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
  const winner = renewed(tokens, answers.find(({ status }) => status === 200) as Got);
  expect([await statusOf(winner.access), (await refresh(winner)).status]).toEqual([401, 400]);
});

it('revocation answers 200 to anything, and again', async () => {
  await start();
  const tokens = await signIn();
  expect((await revoke(tokens, 'garbage')).status).toBe(200);
  await revoke(tokens, tokens.refresh);
  expect((await revoke(tokens, tokens.refresh)).status).toBe(200);
});

describe('two sign-ins', () => {
  it('of one client in one browser share a grant, and end together', async () => {
    await start();
    const jar = new Map<string, string>();
    const first = await signIn({ person: { jar } });
    const second = await signIn({ clientId: first.clientId, person: { jar } });
    await revoke(first, first.refresh);
    expect([await statusOf(first.access), await statusOf(second.access), (await refresh(second)).status]).toEqual([
      401, 401, 400,
    ]);
  });

  it.each(['another client in one browser', 'one client in a fresh browser'])('of %s are grants of their own', async (which) => {
    await start();
    const jar = new Map<string, string>();
    const first = await signIn({ person: { jar } });
    const second = await signIn(which.startsWith('another') ? { person: { jar } } : { clientId: first.clientId });
    await revoke(first, first.refresh);
    expect([await statusOf(first.access), await statusOf(second.access), (await refresh(second)).status]).toEqual([
      401, 200, 200,
    ]);
  });
});

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
    await lab.authorizationServer.endGrantOf(tokens.refresh);
    expect([await statusOf(tokens.access), (await refresh(tokens)).body['error']]).toEqual([401, 'invalid_grant']);
  });

  it('that pretends to revoke: 200, and all lives on', async () => {
    await start({ revocation: 'pretends' });
    expect((await metadata())['revocation_endpoint']).toBe(issuer() + paths.revocation);
    const tokens = await signIn();
    expect((await revoke(tokens, tokens.refresh)).status).toBe(200);
    expect([await statusOf(tokens.access), (await refresh(tokens)).status]).toEqual([200, 200]);
    const noted = lab.authorizationServer.requests.find(({ path }) => path === paths.revocation);
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
    await lab[Symbol.asyncDispose]();
    await start({ registration: 'answers-200' });
    const answer = await register();
    expect(answer.status).toBe(200);
    expect(await statusOf((await signIn({ clientId: String(answer.body['client_id']) })).access)).toBe(200);
    await lab[Symbol.asyncDispose]();
    await start({ registration: 'none' });
    expect(Object.keys(await metadata())).not.toContain('registration_endpoint');
    expect((await register()).status).toBe(404);
    const { clientId } = lab.authorizationServer.preRegistered;
    const tokens = await signIn({ clientId });
    expect([await statusOf(tokens.access), (await refresh(tokens)).status]).toEqual([200, 200]);
  });

  it('management of registrations: absent, or promised and refused', async () => {
    await start({ registrationManagement: 'absent' });
    const kept = Object.keys((await register()).body);
    expect(kept).toContain('client_id');
    expect(kept.filter((name) => name.startsWith('registration_'))).toEqual([]);
    await lab[Symbol.asyncDispose]();
    await start({ registrationManagement: 'refuses' });
    const { body } = await register();
    const headers = { authorization: `Bearer ${String(body['registration_access_token'])}` };
    const answer = await fetch(String(body['registration_client_uri']), { method: 'DELETE', headers });
    expect(answer.ok).toBe(false);
    expect(lab.authorizationServer.registered.has(String(body['client_id']))).toBe(true);
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
      await lab[Symbol.asyncDispose]();
    }
  });

  it('offline_access: told or not', async () => {
    await start();
    expect((await metadata())['scopes_supported']).toEqual(['openid', 'mcp:read', 'mcp:write']);
    await lab[Symbol.asyncDispose]();
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
      post(issuer() + paths.device, { client_id: clientId, scope: 'mcp:read', resource: lab.remote.url });
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
    await lab[Symbol.asyncDispose]();
    await start({ deviceFlow: false });
    expect(Object.keys(await metadata())).not.toContain('device_authorization_endpoint');
  });
});

describe('the authorization server', () => {
  it('is unavailable as often as was said, and the refresh token is not used up by it', async () => {
    await start();
    const tokens = await signIn();
    lab.authorizationServer.unavailable(paths.token, 2, 7);
    for (let time = 0; time < 2; time++) {
      const response = await fetch(issuer() + paths.token, { method: 'POST' });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    }
    expect((await refresh(tokens)).status).toBe(200);
  });

  it('forgets a client', async () => {
    await start();
    const tokens = await signIn();
    await lab.authorizationServer.forgetClient(tokens.clientId);
    expect((await refresh(tokens)).body['error']).toBe('invalid_client');
  });

  it('is replaced by another, which knows nobody; the old grant lives on at the old one', async () => {
    await start();
    const tokens = await signIn();
    const next = await lab.migrate();
    const told = await got(await fetch(new URL('/.well-known/oauth-protected-resource/mcp', lab.remote.url)));
    expect(told.body['authorization_servers']).toEqual([next.issuer]);
    expect(next.issuer).not.toBe(issuer());
    expect(await statusOf(tokens.access)).toBe(401);
    expect((await refresh(tokens, next.issuer)).body['error']).toBe('invalid_client');
    expect((await refresh(tokens)).status).toBe(200);
    expect(await statusOf((await signIn({ issuer: next.issuer })).access)).toBe(200);
  });

  it('tells what it was asked, and no token', async () => {
    await start();
    const tokens = await signIn();
    await refresh(tokens);
    await post(issuer() + paths.revocation, {
      client_id: tokens.clientId,
      token: tokens.access,
      token_type_hint: 'access_token',
    });
    const { requests } = lab.authorizationServer;
    expect(requests.filter(({ path }) => path.startsWith(paths.token) && path !== paths.introspection)).toEqual([
      { method: 'POST', path: paths.token, status: 200, clientId: tokens.clientId, grantType: 'authorization_code' },
      {
        method: 'POST',
        path: paths.token,
        status: 200,
        clientId: tokens.clientId,
        grantType: 'refresh_token',
        token: fingerprintOf(tokens.refresh),
      },
      {
        method: 'POST',
        path: paths.revocation,
        status: 200,
        clientId: tokens.clientId,
        tokenHint: 'access_token',
        token: fingerprintOf(tokens.access),
      },
    ]);
    expect(JSON.stringify(requests)).not.toContain(tokens.refresh);
    expect(JSON.stringify([requests, lab.remote.calls])).not.toContain(tokens.access);
  });
});

describe('the MCP server', () => {
  it('says where its metadata is, in the header and at the well-known address, or elsewhere, or nowhere', async () => {
    const there = async (path: string): Promise<number> => (await fetch(new URL(path, lab.remote.url))).status;
    const root = '/.well-known/oauth-protected-resource';
    for (const [resourceMetadata, expected] of [
      ['header and well-known', [true, 200, 200]],
      ['well-known', [false, 200, 200]],
      ['well-known at the root', [false, 404, 200]],
      ['none', [false, 404, 404]],
    ] as const) {
      await start({}, { resourceMetadata });
      const response = await mcp(undefined);
      expect(response.status).toBe(401);
      const header = response.headers.get('www-authenticate') ?? '';
      expect([header.includes(`resource_metadata="http`), await there(`${root}/mcp`), await there(root)]).toEqual(expected);
      await lab[Symbol.asyncDispose]();
    }
  });

  it('asks for more scope for the tool `write`', async () => {
    await start();
    const narrow = await signIn();
    const refused = await mcp(narrow.access, 'tools/call', { name: 'write', arguments: {} });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="mcp:write"');
    const wide = await signIn({ scope: 'mcp:read mcp:write' });
    expect(await said(wide.access, 'write')).toBe('written');
    expect(lab.remote.calls.map(({ status, tool }) => [status, tool])).toEqual([
      [403, 'write'],
      [200, 'write'],
    ]);
  });

  it.each(['opaque', 'jwt'] as const)('takes no %s token that was issued for another server', async (accessTokens) => {
    await start({ accessTokens });
    const other = await startLab({ accessTokens });
    const tokens = await signIn();
    other.remote.trust(lab.authorizationServer);
    const response = await fetch(other.remote.url, { method: 'POST', headers: { authorization: `Bearer ${tokens.access}` } });
    await other[Symbol.asyncDispose]();
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('a person', () => {
  it('denies, or is somebody else', async () => {
    await start();
    const clientId = String((await register()).body['client_id']);
    const { redirect } = await authorize(clientId, { person: { deny: true } });
    expect([redirect.searchParams.get('error'), redirect.searchParams.get('code')]).toEqual(['access_denied', null]);
    expect(await said((await signIn({ person: { account: 'eve' } })).access, 'whoami')).toMatch(/^eve by/);
  });

  it('is a program too, which follows the redirect and notes what it opened', async () => {
    await start();
    const landed: string[] = [];
    const listener = createServer((request, response) => {
      landed.push(request.url ?? '');
      response.end('thanks');
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`;
    const clientId = String((await register({ application_type: 'native' })).body['client_id']);
    const { address } = await authorize(clientId, { person: { deny: true } });
    const asked = new URL(address);
    asked.searchParams.set('redirect_uri', callback);
    const script = await browserScript(folder, { account: "o'hara" });
    await promisify(execFile)(script, [asked.href]);
    await new Promise((resolve) => listener.close(resolve));
    expect(landed).toEqual([expect.stringMatching(/^\/callback\?code=.*state=the-state/)]);
    const lines = (await readFile(join(folder, 'opened.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as Opened)).toEqual([
      {
        address: issuer() + paths.authorization,
        parameters: { redirect_uri: callback, scope: 'mcp:read', resource: lab.remote.url, prompt: null, client_id: clientId },
        ended: 200,
      },
    ]);
  });
});
