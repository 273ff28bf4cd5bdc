/**
 * Goal: a hostile or muddled server gets neither a request to where it should not go, nor our time or memory, nor a made-up
 * sign-in; and no word of it gets into a sentence.
 * Method: a small web of made-up hosts behind the net port, one thing changed at a time, the requests looked at; then hostile
 * servers on the loopback over the real net.
 */
import { describe, expect, it } from 'vitest';
import {
  auth,
  authDocument,
  challenged,
  good,
  mcp,
  pathDocument,
  plain,
  problemOf,
  resource,
  root,
} from '../../test/kits/oauth-pages.ts';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { startHostileServer } from '../../test/toys/hostile-authorization-server.ts';
import { discover } from './discover.ts';

/** Good but for one member. */
const deep = (json: string): string => `${JSON.stringify(good()).slice(0, -1)},"deep":${json}}`;

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
    ['deep lists', { [authDocument]: { body: deep('['.repeat(100_000) + ']'.repeat(100_000)) } }, 'oauth/metadata'],
    ['deep objects', { [authDocument]: { body: deep(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) } }, 'oauth/metadata'],
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
    const problem = await problemOf(discover(loopbackWire(scenario === 'metadata that never ends' ? 700 : 10_000), server.url));
    expect(problem.code).toBe(code);
    expect(server.requests.length).toBeLessThan(6);
    expect(server.requests.every(({ target }) => target === '/mcp' || target.startsWith('/.well-known/'))).toBe(true);
    expect(server.poured).toBeLessThan(16 * 1024 * 1024);
  });
});
