/**
 * Goal: a token is called dead only when the one who decides refuses it, and alive only when it was really of use; everything
 * else is "could not tell".
 * Method: a real MCP server and authorization server in their shapes; a made-up server for every answer and both protocol eras.
 */
import { describe, expect, it } from 'vitest';
import { toyGrant } from '../../test/kits/oauth-grant.ts';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { fingerprintOf, paths } from '../../test/toys/authorization-server.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { HttpRequest } from '../ports/net.ts';
import type { Discovery } from './oauth.ts';
import { accessStanding, claimsOf, introspect, refreshStanding } from './standing.ts';

const mcp = 'https://mcp.example.com/mcp';
const auth = 'https://auth.example.com';
const discovery: Discovery = {
  url: mcp,
  resource: mcp,
  resourceMetadata: undefined,
  challengedScopes: undefined,
  issuer: auth,
  metadata: {
    issuer: auth,
    token_endpoint: `${auth}/token`,
    revocation_endpoint: `${auth}/revoke`,
    introspection_endpoint: `${auth}/introspect`,
  },
  metadataAddress: '',
  otherIssuers: [],
  scopes: undefined,
  remarks: [],
};
const client = { clientId: 'c1' };
const token = new Secret('the-token');
const tools = { jsonrpc: '2.0', id: 1, result: { tools: [] } };
const challenge = (text: string, status = 401): PageAnswer => ({ status, headers: { 'www-authenticate': text } });
const methodOf = ({ body }: HttpRequest): unknown => (JSON.parse(body ?? '{}') as { method?: unknown }).method;
const broken = () => {
  throw new Problem('provider/timeout', { what: 'late', effect: 'unknown' });
};

describe('an access token', () => {
  it.each<[string, PageAnswer, 'yes' | 'no' | 'unknown']>([
    ['a list of tools', { body: tools }, 'yes'],
    [
      'a list of tools as a stream',
      { headers: { 'content-type': 'text/event-stream' }, body: `event: message\r\ndata: ${JSON.stringify(tools)}\r\n\r\n` },
      'yes',
    ],
    ['a right too few', challenge('Bearer error="insufficient_scope", scope="x"', 403), 'yes'],
    ['a refusal of the token', challenge('Bearer error="invalid_token"'), 'no'],
    ['a refusal in the body', { status: 401, body: { error: 'invalid_token' } }, 'no'],
    ['a challenge of its own without a reason', challenge('Bearer resource_metadata="https://a.example.com/"'), 'no'],
    ['a challenge for another reason', challenge('Bearer error="FOREIGN"'), 'unknown'],
    ['a challenge of a proxy', challenge('Basic realm="proxy"'), 'unknown'],
    ['a 401 as a web page', { status: 401, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'unknown'],
    ['an unreadable challenge', challenge('Bearer error="invalid_token'), 'unknown'],
    ['a 403', { status: 403 }, 'unknown'],
    ['a web page with status 200', { headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' }, 'unknown'],
    [
      'an error of JSON-RPC with status 200',
      { body: { jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'FOREIGN' } } },
      'unknown',
    ],
    ['a redirect', { status: 302, headers: { location: 'https://evil.example.com' } }, 'unknown'],
    ['nothing there', { status: 404 }, 'unknown'],
    ['trouble', { status: 500 }, 'unknown'],
  ])('met by %s', async (_title, answer, alive) => {
    const at = web({ [mcp]: answer });
    const standing = await accessStanding(at, discovery, token);
    expect(standing.alive).toBe(alive);
    expect(JSON.stringify(standing)).not.toMatch(/FOREIGN|the-token|evil/);
    expect(at.log.every(({ url, headers }) => url === mcp && headers['authorization'] === 'Bearer the-token')).toBe(true);
  });

  it('passes on when to come again', async () => {
    const standing = await accessStanding(web({ [mcp]: { status: 503, headers: { 'retry-after': '9' } } }), discovery, token);
    expect(standing).toEqual({ alive: 'unknown', how: 'POST tools/list answered 503', retryAfterMs: 9000 });
  });

  it('is not told from none by a server that lists its tools to anybody', async () => {
    const remarks = [{ code: 'open-without-token', text: '', basis: '' }];
    expect((await accessStanding(web({ [mcp]: { body: tools } }), { ...discovery, remarks }, token)).alive).toBe('unknown');
  });

  it('is asked about in a session where the server is of the older eras, which is closed again', async () => {
    const list = { body: { jsonrpc: '2.0', id: 2, result: { tools: [] } } };
    for (const [ended, alive] of [
      [list, 'yes'],
      [challenge('Bearer error="invalid_token"'), 'no'],
    ] as const) {
      const at = web({
        [mcp]: (request) => {
          if (request.method === 'DELETE') return { status: 200 };
          if (methodOf(request) === 'initialize')
            return { headers: { 'mcp-session-id': 's1' }, body: { jsonrpc: '2.0', id: 1, result: {} } };
          if (request.headers['mcp-session-id'] !== 's1') return { status: 400 };
          return methodOf(request) === 'tools/list' ? ended : { status: 202 };
        },
      });
      expect((await accessStanding(at, discovery, token)).alive).toBe(alive);
      expect(at.log.at(-1)?.method).toBe('DELETE');
      expect(at.log.map((request) => methodOf(request))).toEqual([
        'tools/list',
        'initialize',
        'notifications/initialized',
        'tools/list',
        undefined,
      ]);
    }
  });

  it('could not be asked about when no answer comes', async () => {
    expect(await accessStanding(web({ [mcp]: broken }), discovery, token)).toMatchObject({ alive: 'unknown' });
  });

  it('of a real server lives, and dies with its grant', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const { discovery: found, access, refresh } = await toyGrant(lab, wire);
    expect(await accessStanding(wire, found, access)).toEqual({
      alive: 'yes',
      how: expect.stringMatching(/^POST tools\/list answered 200$/),
    });
    await lab.authorizationServer.endGrantOf(refresh.reveal());
    expect(await accessStanding(wire, found, access)).toEqual({ alive: 'no', how: 'POST tools/list answered 401 invalid_token' });
  });
});

describe('a refresh token', () => {
  it.each<[string, PageAnswer, 'yes' | 'no' | 'unknown']>([
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'no'],
    ['invalid_grant with an odd status', { status: 500, body: { error: 'invalid_grant' } }, 'unknown'],
    ['invalid_client', { status: 401, body: { error: 'invalid_client' } }, 'unknown'],
    ['invalid_scope', { status: 400, body: { error: 'invalid_scope' } }, 'unknown'],
    ['foreign words', { status: 400, body: { error: 'FOREIGN' } }, 'unknown'],
    ['trouble', { status: 502 }, 'unknown'],
    ['200 without a token', { body: {} }, 'unknown'],
    ['200 as a page', { body: '<html>' }, 'unknown'],
  ])('met by %s', async (_title, answer, alive) => {
    const standing = await refreshStanding(web({ [`${auth}/token`]: answer }), discovery, client, token);
    expect(standing.alive).toBe(alive);
    expect(standing.how).not.toMatch(/FOREIGN|the-token/);
  });

  it('that works leaves no pair behind that nobody keeps', async () => {
    const at = web({
      [`${auth}/token`]: { body: { access_token: 'new-a', refresh_token: 'new-r', token_type: 'Bearer' } },
      [`${auth}/revoke`]: {},
    });
    expect(await refreshStanding(at, discovery, client, token)).toEqual({ alive: 'yes', how: 'the refresh answered 200' });
    expect(at.log.slice(1).map(({ body }) => new URLSearchParams(body).get('token'))).toEqual(['new-r', 'new-a']);
    const stuck = web({ [`${auth}/token`]: { body: { access_token: 'new-a' } }, [`${auth}/revoke`]: broken });
    expect((await refreshStanding(stuck, discovery, client, token)).how).toMatch(/could not be revoked/);
  });

  it('of a real server dies with its grant, and a live one takes its new pair with it', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const { discovery: found, registration, access, refresh } = await toyGrant(lab, wire);
    expect(await refreshStanding(wire, found, registration, refresh)).toMatchObject({ alive: 'yes' });
    const revoked = lab.authorizationServer.requests.filter(({ path }) => path === paths.revocation);
    expect(revoked.length).toBeGreaterThan(0);
    expect(revoked.map(({ token: each }) => each)).not.toContain(fingerprintOf(refresh.reveal()));
    expect(await accessStanding(wire, found, access)).toMatchObject({ alive: 'no' });
    expect(await refreshStanding(wire, found, registration, refresh)).toMatchObject({ alive: 'no' });
  });

  it('could not be asked about when no answer comes', async () => {
    expect(await refreshStanding(web({ [`${auth}/token`]: broken }), discovery, client, token)).toMatchObject({
      alive: 'unknown',
    });
  });
});

describe('introspection', () => {
  it('of a real server tells whether, whose, until when', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const { discovery: found, registration, access, refresh } = await toyGrant(lab, wire, { person: { account: 'bea' } });
    const told = await introspect(wire, found, registration, access);
    expect(told).toMatchObject({ active: true, account: 'bea', scopes: ['mcp:read'] });
    expect(Math.abs((told?.expiresAt ?? 0) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    await lab.authorizationServer.endGrantOf(refresh.reveal());
    expect(await introspect(wire, found, registration, access)).toEqual({ active: false });
  });

  it('is undefined where there is none, or it does not answer us', async () => {
    const { introspection_endpoint: _none, ...metadata } = discovery.metadata;
    const without = { ...discovery, metadata: { ...metadata, issuer: auth } };
    expect(await introspect(web({}), without, client, token)).toBeUndefined();
    for (const answer of [
      { status: 401 },
      { status: 403 },
      { status: 404 },
      { status: 200, body: '<html>' },
      { status: 200, body: [1] },
    ]) {
      expect(await introspect(web({ [`${auth}/introspect`]: answer }), discovery, client, token)).toBeUndefined();
    }
  });

  it('takes nothing but a plain yes or no for one', async () => {
    for (const active of ['true', 1, null, undefined]) {
      expect(await introspect(web({ [`${auth}/introspect`]: { body: { active } } }), discovery, client, token)).toEqual({
        active: undefined,
      });
    }
  });
});

describe('what a signed token says of itself', () => {
  const jwt = (claims: unknown): Secret => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return new Secret(`${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`);
  };

  it('is read without trust', () => {
    expect(claimsOf(jwt({ exp: 1_800_000_000, sub: 'änn', scope: 'a b', aud: 'x', iss: 'https://i' }))).toEqual({
      expiresAt: 1_800_000_000_000,
      account: 'änn',
      scopes: ['a', 'b'],
      audience: ['x'],
      issuer: 'https://i',
    });
    expect(claimsOf(jwt({ aud: ['x', 7, 'y'] }))).toEqual({ audience: ['x', 'y'] });
    expect(claimsOf(jwt({ exp: 'soon', sub: 7, scope: 7, aud: 7, iss: {} }))).toEqual({});
  });

  it.each(['opaque', 'a.b', 'a.b.c.d', 'a.!!.c', 'a.e30=.c', `a.${'A'.repeat(70_000)}.c`, 'a._w.c'])(
    'is nothing in %.20s',
    (text) => {
      expect(claimsOf(new Secret(text))).toBeUndefined();
    },
  );

  it('is nothing where it is no object', () => {
    for (const claims of [[], 'text', null, 7]) expect(claimsOf(jwt(claims))).toBeUndefined();
  });

  it('tells until when a real one lives on', async () => {
    await using lab = await startLab({ accessTokens: 'jwt', accessSeconds: 600 });
    const { access, discovery: found } = await toyGrant(lab, loopbackWire());
    const claims = claimsOf(access);
    expect(claims).toMatchObject({ account: 'ann', audience: [lab.remote.url], issuer: found.issuer, scopes: ['mcp:read'] });
    expect(Math.abs((claims?.expiresAt ?? 0) - Date.now() - 600_000)).toBeLessThan(60_000);
  });
});
