/**
 * Goal: the toys of OAuth behave as authorization servers were seen to, so that what passes against them means something.
 * Method: a sign-in by plain requests, independent of the product; then which tokens live on after a refresh, a replay, a
 * revocation, a deleted registration (measured on 2026-11-22 with oidc-provider 9.13.3), and what is told of it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, paths } from './authorization-server.ts';
import { browserScript, type Opened } from './consent.ts';
import { labSession } from './lab-session.ts';
import { type Got, got, type PlainTokens, post, refresh, revoke } from './plain-client.ts';
import { startLab } from './remote-mcp.ts';

const at = labSession();
const { start, issuer, register, authorize, signIn, mcp, statusOf, said } = at;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toy-oauth-'));
});
afterEach(() => rm(folder, { recursive: true }));

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
    expect(at.lab.authorizationServer.registered.has(clientId)).toBe(true);
    expect((await fetch(address, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(address, { headers })).status).toBe(401);
    expect(at.lab.authorizationServer.registered.has(clientId)).toBe(false);
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

describe('the authorization server', () => {
  it('is unavailable as often as was said, and the refresh token is not used up by it', async () => {
    await start();
    const tokens = await signIn();
    at.lab.authorizationServer.unavailable(paths.token, 2, 7);
    for (let time = 0; time < 2; time++) {
      const response = await fetch(issuer() + paths.token, { method: 'POST' });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    }
    expect((await refresh(tokens)).status).toBe(200);
  });

  it('forgets a client', async () => {
    await start();
    const tokens = await signIn();
    await at.lab.authorizationServer.forgetClient(tokens.clientId);
    expect((await refresh(tokens)).body['error']).toBe('invalid_client');
  });

  it('is replaced by another, which knows nobody; the old grant lives on at the old one', async () => {
    await start();
    const tokens = await signIn();
    const next = await at.lab.migrate();
    const told = await got(await fetch(new URL('/.well-known/oauth-protected-resource/mcp', at.lab.remote.url)));
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
    const { requests } = at.lab.authorizationServer;
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
    expect(JSON.stringify([requests, at.lab.remote.calls])).not.toContain(tokens.access);
  });
});

describe('the MCP server', () => {
  it('says where its metadata is, in the header and at the well-known address, or elsewhere, or nowhere', async () => {
    const there = async (path: string): Promise<number> => (await fetch(new URL(path, at.lab.remote.url))).status;
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
    expect(at.lab.remote.calls.map(({ status, tool }) => [status, tool])).toEqual([
      [403, 'write'],
      [200, 'write'],
    ]);
  });

  it.each(['opaque', 'jwt'] as const)('takes no %s token that was issued for another server', async (accessTokens) => {
    await start({ accessTokens });
    const other = await startLab({ accessTokens });
    const tokens = await signIn();
    other.remote.trust(at.lab.authorizationServer);
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
        parameters: { redirect_uri: callback, scope: 'mcp:read', resource: at.lab.remote.url, prompt: null, client_id: clientId },
        ended: 200,
      },
    ]);
  });
});
