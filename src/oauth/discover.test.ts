/**
 * Goal: the authorization server is found by every way that the revisions of MCP name, and a hostile or muddled server gets
 * neither a request to where it should not go nor a made-up sign-in.
 * Method: a small web of made-up hosts behind the net port, one thing changed at a time, the requests compared; then a hostile
 * server on the loopback over the real net.
 */
import { describe, expect, it } from 'vitest';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { startHostileServer } from '../../test/toys/hostile-authorization-server.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { discover } from './discover.ts';
import { offersPkce } from './metadata.ts';

const mcp = 'https://mcp.example.com/v1/mcp';
const root = 'https://mcp.example.com';
const auth = 'https://auth.example.com';
const pathDocument = `${root}/.well-known/oauth-protected-resource/v1/mcp`;
const rootDocument = `${root}/.well-known/oauth-protected-resource`;
const authDocument = `${auth}/.well-known/oauth-authorization-server`;

const challenged = (parameters = ''): PageAnswer => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer ${parameters}`.trim() },
});
const resource = (more: object = {}): PageAnswer => ({
  body: { resource: mcp, authorization_servers: [auth], scopes_supported: ['mcp:read'], ...more },
});
const good = (issuer = auth, more: object = {}): Record<string, unknown> => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  introspection_endpoint: `${issuer}/introspect`,
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  ...more,
});
const plain = {
  [mcp]: challenged(`resource_metadata="${pathDocument}"`),
  [pathDocument]: resource(),
  [authDocument]: { body: good() },
};

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const end = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (end instanceof Problem) return end;
  throw end ?? new Error('it went well');
}
const codesOf = (found: { remarks: readonly { code: string }[] }): string[] => found.remarks.map(({ code }) => code);

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

  it('several authorization servers', async () => {
    const other = 'https://second.example.com';
    const found = await discover(web({ ...plain, [pathDocument]: resource({ authorization_servers: [auth, other] }) }), mcp);
    expect([found.issuer, found.otherIssuers, codesOf(found)]).toEqual([auth, [other], ['several-issuers']]);
  });

  it('one redirect within the same origin', async () => {
    const moved = { [authDocument]: { status: 308, headers: { location: '/meta' } }, [`${auth}/meta`]: { body: good() } };
    const found = await discover(web({ ...plain, ...moved }), mcp);
    expect([found.metadataAddress, codesOf(found)]).toEqual([`${auth}/meta`, ['metadata-redirected']]);
  });

  it('a list of tools for anybody', async () => {
    const open = { [mcp]: { body: { jsonrpc: '2.0', id: 1, result: { tools: [] } } } };
    expect(codesOf(await discover(web({ ...plain, ...open }), mcp))).toEqual(['open-without-token']);
    expect((await problemOf(discover(web(open), mcp))).code).toBe('oauth/not-oauth');
  });
});

describe('what is refused', () => {
  const issuer = `${auth}/t1`;
  it.each<[string, Record<string, PageAnswer>, string]>([
    ['another issuer', { [authDocument]: { body: good('https://evil.example.com') } }, 'oauth/issuer-mismatch'],
    [
      'an issuer in other letters',
      { [authDocument]: { body: { ...good(), issuer: 'https://AUTH.example.com' } } },
      'oauth/issuer-mismatch',
    ],
    ['an issuer with two slashes', { [authDocument]: { body: { ...good(), issuer: `${auth}//` } } }, 'oauth/issuer-mismatch'],
    [
      'an issuer with a path and a slash more',
      {
        [pathDocument]: resource({ authorization_servers: [issuer] }),
        [`${auth}/.well-known/oauth-authorization-server/t1`]: { body: good(`${issuer}/`) },
      },
      'oauth/issuer-mismatch',
    ],
    ['no issuer', { [authDocument]: { body: { ...good(), issuer: undefined } } }, 'oauth/metadata'],
    ['no token endpoint', { [authDocument]: { body: { ...good(), token_endpoint: undefined } } }, 'oauth/metadata'],
    ['a token endpoint that is no text', { [authDocument]: { body: { ...good(), token_endpoint: [auth] } } }, 'oauth/metadata'],
    ['no metadata', { [authDocument]: { status: 404 } }, 'oauth/metadata'],
    [
      'metadata as a web page',
      { [authDocument]: { headers: { 'content-type': 'text/html' }, body: '<html>' } },
      'oauth/metadata',
    ],
    ['metadata in words', { [authDocument]: { body: 'welcome' } }, 'oauth/metadata'],
    ['metadata as a list', { [authDocument]: { body: [good()] } }, 'oauth/metadata'],
    [
      'deep metadata',
      { [authDocument]: { body: `{"issuer":"${auth}","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` } },
      'oauth/metadata',
    ],
    ['deep objects', { [authDocument]: { body: `${'{"a":'.repeat(50)}1${'}'.repeat(50)}` } }, 'oauth/metadata'],
    ['more than 1 MiB', { [authDocument]: { body: { ...good(), x: 'x'.repeat(2 ** 20) } } }, 'provider/garbled'],
    [
      'a redirect to another host',
      { [authDocument]: { status: 302, headers: { location: 'https://evil.example.com/' } } },
      'oauth/metadata',
    ],
    [
      'a redirect to plain http',
      { [authDocument]: { status: 302, headers: { location: 'http://auth.example.com/' } } },
      'oauth/metadata',
    ],
    ['a redirect to a file', { [authDocument]: { status: 302, headers: { location: 'file:///etc/passwd' } } }, 'oauth/metadata'],
    ['a redirect to nowhere', { [authDocument]: { status: 302 } }, 'oauth/metadata'],
    [
      'a redirect with a password',
      { [authDocument]: { status: 302, headers: { location: 'https://u:p@auth.example.com/m' } } },
      'oauth/unsafe-address',
    ],
    ['a redirect in a circle', { [authDocument]: { status: 302, headers: { location: authDocument } } }, 'oauth/metadata'],
    ['a server in trouble', { [authDocument]: { status: 503 } }, 'provider/unavailable'],
    ['another resource', { [pathDocument]: resource({ resource: 'https://other.example.com/v1/mcp' }) }, 'oauth/metadata'],
    ['a sibling resource', { [pathDocument]: resource({ resource: `${root}/v1/mc` }) }, 'oauth/metadata'],
    ['a child resource', { [pathDocument]: resource({ resource: `${mcp}/deeper` }) }, 'oauth/metadata'],
    ['a resource with a fragment', { [pathDocument]: resource({ resource: `${mcp}#x` }) }, 'oauth/metadata'],
    ['a resource with another query', { [pathDocument]: resource({ resource: `${mcp}?team=2` }) }, 'oauth/metadata'],
    ['no resource', { [pathDocument]: resource({ resource: undefined }) }, 'oauth/metadata'],
    ['authorization servers that are no list', { [pathDocument]: resource({ authorization_servers: auth }) }, 'oauth/metadata'],
    ['an issuer with a query', { [pathDocument]: resource({ authorization_servers: [`${auth}?a=1`] }) }, 'oauth/metadata'],
    ['a server that moved', { [mcp]: { status: 307, headers: { location: `${mcp}/` } } }, 'oauth/metadata'],
    ['no server', { [mcp]: { status: 404 } }, 'oauth/not-oauth'],
    [
      'a server with passwords',
      { [mcp]: { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }, [pathDocument]: { status: 404 } },
      'oauth/not-oauth',
    ],
    ['a server that is overrun', { [mcp]: { status: 429, headers: { 'retry-after': '7' } } }, 'provider/rate-limited'],
    ['resource metadata in trouble', { [pathDocument]: { status: 500 } }, 'provider/unavailable'],
    [
      'resource metadata as a page, where the header says',
      { [pathDocument]: { body: '<html>', headers: { 'content-type': 'text/html' } } },
      'oauth/metadata',
    ],
  ])('%s', async (_title, pages, code) => {
    const at = web({ ...plain, ...pages });
    const problem = await problemOf(discover(at, mcp));
    expect(problem.code).toBe(code);
    expect(at.log.every(({ url }) => [root, auth].includes(new URL(url).origin))).toBe(true);
  });

  const bad = [
    'http://auth.example.com',
    'https://127.0.0.1',
    'https://10.0.0.1',
    'https://[::1]',
    'https://169.254.169.254',
    'file:///etc',
    'data:application/json,{}',
    'https://u:p@auth.example.com',
    'javascript:alert(1)',
    '/relative',
  ];
  it.each(bad)('the address %s, wherever it is named', async (address) => {
    const cases: Record<string, PageAnswer>[] = [
      { [mcp]: challenged(`resource_metadata="${address}"`) },
      { [pathDocument]: resource({ authorization_servers: [address] }) },
      ...[
        'authorization_endpoint',
        'token_endpoint',
        'registration_endpoint',
        'revocation_endpoint',
        'introspection_endpoint',
      ].map((name) => ({ [authDocument]: { body: good(auth, { [name]: address }) } })),
    ];
    for (const pages of cases) {
      const at = web({ ...plain, ...pages });
      const problem = await problemOf(discover(at, mcp));
      expect(problem.code).toBe('oauth/unsafe-address');
      expect(problem.message).not.toContain('u:p');
      expect(at.asked().join()).not.toContain(address);
    }
  });

  it('lets the net port keep a harmless name from leading home, but asks the server itself as the person does', async () => {
    const at = web(plain);
    await discover(at, mcp);
    expect(at.log.map(({ never }) => never)).toEqual([undefined, undefined, ['loopback', 'private']]);
    expect(at.log.every(({ mostBytes }) => mostBytes === 1024 * 1024)).toBe(true);
  });

  it('a whole that takes too long, however patient each answer is', async () => {
    const slow = (page: PageAnswer) => async (): Promise<PageAnswer> => {
      await at.clock.advance(31_000);
      return page;
    };
    const at = web({ [mcp]: slow(plain[mcp] ?? {}), [pathDocument]: slow(resource()), [authDocument]: { body: good() } });
    const problem = await problemOf(discover(at, mcp));
    expect(problem.code).toBe('provider/timeout');
    expect(at.asked()).not.toContain(`GET ${authDocument}`);
    expect(at.log[1]?.timeoutMs).toBe(15_000);
  });

  it('keeps what strangers say out of every sentence', async () => {
    const words = 'STRANGE\u001b[31m';
    const pages = { ...plain, [authDocument]: { body: { ...good(), issuer: words, token_endpoint: words } } };
    const problem = await problemOf(discover(web(pages), mcp));
    expect(JSON.stringify([problem.message, problem.state, problem.next])).not.toMatch(/STRANGE|\\u001b/);
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

  it.each([
    ['resource metadata elsewhere', 'oauth/unsafe-address'],
    ['resource metadata by another scheme', 'oauth/unsafe-address'],
    ['resource metadata redirects elsewhere', 'oauth/metadata'],
    ['resource of another server', 'oauth/metadata'],
    ['authorization server elsewhere', 'oauth/unsafe-address'],
    ['authorization server by another scheme', 'oauth/unsafe-address'],
    ['metadata redirects elsewhere', 'oauth/metadata'],
    ['token endpoint elsewhere', 'oauth/unsafe-address'],
    ['registration endpoint elsewhere', 'oauth/unsafe-address'],
    ['revocation endpoint elsewhere', 'oauth/unsafe-address'],
    ['endless redirects', 'oauth/metadata'],
    ['huge metadata', 'provider/garbled'],
    ['metadata that never ends', 'provider/timeout'],
    ['authorization by javascript:', 'oauth/unsafe-address'],
    ['authorization by file:', 'oauth/unsafe-address'],
    ['authorization by plain http elsewhere', 'oauth/unsafe-address'],
    ['authorization that begins with a dash', 'oauth/unsafe-address'],
    ['issuer of another', 'oauth/issuer-mismatch'],
  ] as const)('refuses: %s', async (scenario, code) => {
    await using server = await startHostileServer(scenario);
    const problem = await problemOf(discover(loopbackWire(500), server.url));
    expect(problem.code).toBe(code);
    expect(server.requests.length).toBeLessThan(6);
    expect(server.requests.every(({ target }) => target === '/mcp' || target.startsWith('/.well-known/'))).toBe(true);
    expect(server.poured).toBeLessThan(16 * 1024 * 1024);
  });
});
