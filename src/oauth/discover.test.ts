/**
 * Goal: the authorization server is found by every way that the revisions of MCP name, and what departs from them is remarked.
 * Method: a small web of made-up hosts behind the net port, one thing changed at a time, the requests compared; then a real
 * authorization server over the real net.
 */
import { describe, expect, it } from 'vitest';
import {
  auth,
  authDocument,
  challenged,
  codesOf,
  good,
  mcp,
  pathDocument,
  plain,
  problemOf,
  resource,
  root,
  rootDocument,
} from '../../test/kits/oauth-pages.ts';
import { loopbackWire, web } from '../../test/kits/oauth-web.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { discover } from './discover.ts';
import { offersPkce } from './metadata.ts';

describe('the ways to the authorization server', () => {
  it('goes by the header of the 401', async () => {
    const at = web(plain);
    const found = await discover(at, mcp);
    expect(found).toMatchObject({
      url: mcp,
      resource: mcp,
      resourceMetadata: { address: pathDocument, by: 'header', scopes: ['mcp:read'] },
      challengedScopes: undefined,
      issuer: auth,
      metadataAddress: authDocument,
      otherIssuers: [],
      scopes: ['mcp:read'],
    });
    expect(found.metadata['token_endpoint']).toBe(`${auth}/token`);
    expect(codesOf(found)).toEqual([]);
    expect(at.asked()).toEqual([`POST ${mcp}`, `GET ${pathDocument}`, `GET ${authDocument}`]);
  });

  it('takes the scopes of the challenge before those of the metadata', async () => {
    const pages = { ...plain, [mcp]: challenged(`scope="files:write files:read", resource_metadata="${pathDocument}"`) };
    const found = await discover(web(pages), mcp);
    expect([found.challengedScopes, found.scopes]).toEqual([
      ['files:write', 'files:read'],
      ['files:write', 'files:read'],
    ]);
  });

  it('goes by the well-known address with the path, then by the root', async () => {
    const first = await discover(web({ ...plain, [mcp]: challenged() }), mcp);
    expect(first.resourceMetadata?.by).toBe('well-known');
    const at = web({
      ...plain,
      [mcp]: challenged(),
      [pathDocument]: { status: 404 },
      [rootDocument]: resource({ resource: root }),
    });
    const found = await discover(at, mcp);
    expect(found).toMatchObject({ resource: root, resourceMetadata: { address: rootDocument, by: 'well-known-root' } });
    expect(codesOf(found)).toEqual(['prm-at-root', 'prm-resource-parent']);
  });

  it('goes on without a challenge, and with one whose pointer is stale', async () => {
    expect(codesOf(await discover(web({ ...plain, [mcp]: { status: 401 } }), mcp))).toEqual(['challenge-missing']);
    const stale = web({ ...plain, [mcp]: challenged(`resource_metadata="${root}/gone"`) });
    const found = await discover(stale, mcp);
    expect(found.resourceMetadata?.by).toBe('well-known');
    expect(codesOf(found)).toEqual(['prm-pointer-broken']);
    const torn = await discover(web({ ...plain, [mcp]: challenged('resource_metadata="https://a.example.com') }), mcp);
    expect(codesOf(torn)).toEqual(['challenge-unreadable']);
  });

  it('looks for the metadata of an issuer with a path in three places, in order', async () => {
    const issuer = `${auth}/t1`;
    const places = [
      `${auth}/.well-known/oauth-authorization-server/t1`,
      `${auth}/.well-known/openid-configuration/t1`,
      `${auth}/t1/.well-known/openid-configuration`,
    ];
    for (const [index, place] of places.entries()) {
      const at = web({
        ...plain,
        [pathDocument]: resource({ authorization_servers: [issuer] }),
        [place]: { body: good(issuer) },
      });
      const found = await discover(at, mcp);
      expect(found).toMatchObject({ issuer, metadataAddress: place });
      expect(at.asked().slice(2)).toEqual(places.slice(0, index + 1).map((each) => `GET ${each}`));
      expect(codesOf(found)).toEqual(index === 0 ? [] : ['openid-metadata']);
    }
  });

  it('takes a server of 2025-03-26 for its own authorization server', async () => {
    const at = web({ [mcp]: challenged(), [`${root}/.well-known/oauth-authorization-server`]: { body: good(root) } });
    const found = await discover(at, mcp);
    expect(found).toMatchObject({ issuer: root, resource: mcp, resourceMetadata: undefined, scopes: undefined });
    expect(codesOf(found)).toEqual(['prm-missing']);
  });

  it('falls back to the fixed endpoints of 2025-03-26 only where one is there', async () => {
    const at = web({ [mcp]: challenged(), [`${root}/authorize`]: { status: 400 } });
    const found = await discover(at, mcp);
    expect(found.metadata).toMatchObject({ token_endpoint: `${root}/token`, registration_endpoint: `${root}/register` });
    expect(codesOf(found)).toContain('default-endpoints');
    expect(offersPkce(found)).toBe(true);
    expect((await problemOf(discover(web({ [mcp]: challenged() }), mcp))).code).toBe('oauth/not-oauth');
    const page = {
      [`${root}/.well-known/oauth-authorization-server`]: { body: '<html>' },
      [`${root}/authorize`]: { status: 400 },
    };
    expect((await problemOf(discover(web({ [mcp]: challenged(), ...page }), mcp))).code).toBe('oauth/metadata');
  });

  it('asks a server of the older eras in their words when it does not take the first question', async () => {
    const older = web({
      ...plain,
      [mcp]: ({ body }) => {
        const { method } = JSON.parse(body ?? '{}') as { method?: string };
        if (method === 'initialize') return { headers: { 'mcp-session-id': 's1' }, body: { jsonrpc: '2.0', id: 1, result: {} } };
        return method === 'tools/list' && older.log.length > 2
          ? challenged(`resource_metadata="${pathDocument}"`)
          : { status: 400 };
      },
    });
    expect((await discover(older, mcp)).issuer).toBe(auth);
    expect(older.log.filter(({ headers }) => headers['mcp-session-id'] === 's1').length).toBeGreaterThan(1);
    const sse = web({ ...plain, [mcp]: ({ method }) => (method === 'GET' ? challenged() : { status: 405 }) });
    expect((await discover(sse, mcp)).resourceMetadata?.by).toBe('well-known');
  });

  it('keeps the spelling of the resource that the server has', async () => {
    const spelt = await discover(web({ ...plain, [pathDocument]: resource({ resource: `${root}/v1/` }) }), mcp);
    expect(spelt.resource).toBe(`${root}/v1/`);
  });
});

describe('what departs from a revision is remarked, and no more', () => {
  it.each<[string, object, string[]]>([
    ['no PKCE', { code_challenge_methods_supported: undefined }, ['pkce-not-advertised']],
    ['only plain PKCE', { code_challenge_methods_supported: ['plain'] }, ['pkce-not-advertised']],
    ['no revocation', { revocation_endpoint: undefined }, ['no-revocation']],
    ['no registration', { registration_endpoint: undefined }, ['no-registration']],
    ['no iss in redirects', { authorization_response_iss_parameter_supported: undefined }, ['iss-not-advertised']],
  ])('%s', async (_title, more, codes) => {
    const found = await discover(web({ ...plain, [authDocument]: { body: good(auth, more) } }), mcp);
    expect(codesOf(found)).toEqual(codes);
    expect(offersPkce(found)).toBe(!codes.includes('pkce-not-advertised'));
  });

  it('a slash after a bare origin, in either document', async () => {
    const told = await discover(web({ ...plain, [authDocument]: { body: { ...good(), issuer: `${auth}/` } } }), mcp);
    expect([told.issuer, codesOf(told)]).toEqual([`${auth}/`, ['issuer-trailing-slash']]);
    const named = await discover(web({ ...plain, [pathDocument]: resource({ authorization_servers: [`${auth}/`] }) }), mcp);
    expect([named.issuer, codesOf(named)]).toEqual([auth, ['issuer-trailing-slash']]);
    const both = {
      [pathDocument]: resource({ authorization_servers: [`${auth}/`] }),
      [authDocument]: { body: { ...good(), issuer: `${auth}/` } },
    };
    expect(codesOf(await discover(web({ ...plain, ...both }), mcp))).toEqual([]);
  });

  it('metadata by another name, of a bearable depth', async () => {
    const body = JSON.stringify({ ...good(), deep: [[[[[[1]]]]]] });
    const found = await discover(web({ ...plain, [authDocument]: { body, headers: { 'content-type': 'text/plain' } } }), mcp);
    expect(codesOf(found)).toEqual(['metadata-content-type']);
  });

  it('several authorization servers', async () => {
    const other = 'https://second.example.com';
    const found = await discover(web({ ...plain, [pathDocument]: resource({ authorization_servers: [auth, other] }) }), mcp);
    expect([found.issuer, found.otherIssuers, codesOf(found)]).toEqual([auth, [other], ['several-issuers']]);
  });

  describe('that of several', () => {
    const other = 'https://second.example.com';
    const third = 'https://third.example.com/t';
    const both = {
      ...plain,
      [pathDocument]: resource({ authorization_servers: [auth, other, third] }),
      [`${other}/.well-known/oauth-authorization-server`]: { body: good(other) },
      'https://third.example.com/.well-known/oauth-authorization-server/t': { body: good(third) },
    };
    const none = { issuer: '', tokenEndpoint: '' };

    it.each([
      [none, auth],
      [{ ...none, issuer: other }, other],
      [{ ...none, issuer: `${other}/` }, other],
      [{ ...none, issuer: third, tokenEndpoint: `${other}/token` }, third],
      [{ ...none, tokenEndpoint: 'https://third.example.com/oauth/token' }, third],
      [{ ...none, issuer: 'https://gone.example.com' }, auth],
      [{ ...none, tokenEndpoint: 'https://second.example.com.evil.example/token' }, auth],
    ])('which issued what is in hand: %j', async (issuedBy, expected) => {
      const at = web(both);
      const found = await discover(at, mcp, { issuedBy });
      expect(found.issuer).toBe(expected);
      expect(found.otherIssuers).toEqual([auth, other, third].filter((each) => each !== expected));
      expect(at.asked().filter((each) => each.includes('authorization-server'))).toHaveLength(1);
    });

    it('which is there, for who has nothing at any of them', async () => {
      for (const status of [503, 404]) {
        const away = { ...both, [authDocument]: { status }, [`${auth}/.well-known/openid-configuration`]: { status } };
        const found = await discover(web(away), mcp, { orNext: true });
        expect([found.issuer, found.otherIssuers, codesOf(found)]).toEqual([
          other,
          [auth, third],
          ['several-issuers', 'issuer-passed-over'],
        ]);
        // Who has a grant there would send it elsewhere.
        expect((await problemOf(discover(web(away), mcp))).code).toMatch(/^(?:provider\/unavailable|oauth\/metadata)$/);
      }
    });

    it('and no next one after what looks like a mix-up', async () => {
      const mixed = { ...both, [authDocument]: { body: good(other) } };
      expect((await problemOf(discover(web(mixed), mcp, { orNext: true }))).code).toBe('oauth/issuer-mismatch');
    });
  });

  it('one redirect within the same origin', async () => {
    const moved = { [authDocument]: { status: 308, headers: { location: '/meta' } }, [`${auth}/meta`]: { body: good() } };
    const found = await discover(web({ ...plain, ...moved }), mcp);
    expect([found.metadataAddress, codesOf(found)]).toEqual([`${auth}/meta`, ['metadata-redirected']]);
  });

  it('a list of tools for anybody', async () => {
    const open = { [mcp]: { body: { jsonrpc: '2.0', id: 1, result: { tools: [] } } } };
    expect(codesOf(await discover(web({ ...plain, ...open }), mcp))).toEqual(['open-without-token']);
    const problem = await problemOf(discover(web(open), mcp));
    expect([problem.code, problem.what]).toEqual(['oauth/not-oauth', 'mcp.example.com lists its tools without any token']);
  });
});

describe('over the real net', () => {
  it('finds a real authorization server by every way', async () => {
    for (const resourceMetadata of ['header and well-known', 'well-known', 'well-known at the root'] as const) {
      await using lab = await startLab({}, { resourceMetadata, challengedScope: 'mcp:read' });
      const found = await discover(loopbackWire(), lab.remote.url);
      expect(found).toMatchObject({ issuer: lab.authorizationServer.issuer, resource: lab.remote.url, scopes: ['mcp:read'] });
    }
  });
});
