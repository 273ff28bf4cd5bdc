/**
 * Goal: whatever a server says, a sign-in ends in a clear problem with its code, sends nothing to where it must not, shows nothing
 * of what the server wrote, and leaves no token in any output.
 * Method: one hostile server per scenario of its list; the table names the outcome of each, and is compared with that list, so
 * that a scenario without an expectation fails.
 */
import { describe, expect, it } from 'vitest';
import { requestTo, seat } from '../../test/kits/sign-in.ts';
import { findSpill } from '../../test/kits/spills.ts';
import { type HostileScenario, hostileScenarios, startHostileServer } from '../../test/toys/hostile-authorization-server.ts';
import { type Code, Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { SignedIn } from './oauth.ts';
import { signIn } from './sign-in.ts';

/** 'signed in': it does no harm here. */
const outcomes: Readonly<Record<HostileScenario, Code | 'signed in'>> = {
  plain: 'signed in',

  'resource metadata elsewhere': 'oauth/unsafe-address',
  'resource metadata by another scheme': 'oauth/unsafe-address',
  'resource metadata redirects elsewhere': 'oauth/metadata',
  'resource of another server': 'oauth/metadata',
  'authorization server elsewhere': 'oauth/unsafe-address',
  'authorization server by another scheme': 'oauth/unsafe-address',
  'metadata redirects elsewhere': 'oauth/metadata',
  'token endpoint elsewhere': 'oauth/unsafe-address',
  'registration endpoint elsewhere': 'oauth/unsafe-address',
  'revocation endpoint elsewhere': 'oauth/unsafe-address',
  'endless redirects': 'oauth/metadata',
  'huge metadata': 'provider/garbled',
  'metadata that never ends': 'provider/timeout',

  'authorization by javascript:': 'oauth/unsafe-address',
  'authorization by file:': 'oauth/unsafe-address',
  'authorization by plain http elsewhere': 'oauth/unsafe-address',
  // One argument of one program, never a shell's: harmless, and the person sees a page that is not there.
  'authorization with shell text': 'signed in',
  'authorization that begins with a dash': 'oauth/unsafe-address',

  'issuer of another': 'oauth/issuer-mismatch',
  'issuer with a slash more': 'oauth/issuer-mismatch',
  'iss of another': 'oauth/issuer-mismatch',
  'iss missing': 'oauth/issuer-mismatch',
  'iss twice': 'oauth/issuer-mismatch',
  // Not an answer to us at all: the wait goes on until its time is over.
  'state of another': 'oauth/timeout',
  'state missing': 'oauth/timeout',
  'code missing': 'oauth/wrong-answer',
  'error with markup': 'oauth/denied',

  'scope widened': 'rotation/wider-scope',
  'old token again': 'oauth/wrong-answer',
  'token answer as HTML': 'oauth/wrong-answer',
  'token of another type': 'oauth/wrong-answer',
  'token answer without access token': 'oauth/wrong-answer',
  'token answer with an empty access token': 'oauth/wrong-answer',
  'token with a line break': 'oauth/wrong-answer',
  'huge token answer': 'provider/garbled',
  'token endpoint redirects elsewhere': 'oauth/wrong-answer',
  'token endpoint hangs': 'provider/timeout',
  'token answer is cut': 'provider/garbled',
};

const beforeTokens: readonly (Code | 'signed in')[] = [
  'oauth/unsafe-address',
  'oauth/issuer-mismatch',
  'oauth/timeout',
  'oauth/denied',
];
const mostTaken = 8 * 1024 * 1024;

/** The person's browser follows wherever it is led, as browsers do. */
async function browse(address: string): Promise<void> {
  const { headers } = await fetch(address, { redirect: 'manual' });
  const location = headers.get('location');
  if (location !== null) await fetch(location);
}

async function signInAt(url: string, told: string[], old: readonly Secret[] = []): Promise<SignedIn | Problem> {
  const at = seat({ act: browse });
  const { net } = at.ports;
  // A server that hangs is given up after 20 s by the real port; here after one.
  const ports = {
    ...at.ports,
    net: { send: (request: Parameters<typeof net.send>[0]) => net.send({ ...request, timeoutMs: 1000 }) },
  };
  try {
    const request = await requestTo({ ...at, ports }, url, { scopes: ['mcp:read'], withinMs: 1500, old: { tokens: old } });
    return await signIn(ports, request, at.talk);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  } finally {
    told.push(...at.told);
  }
}

describe('a hostile server', () => {
  it.each(hostileScenarios)('%s', async (scenario) => {
    await using server = await startHostileServer(scenario);
    const told: string[] = [];
    const first = scenario === 'old token again' ? await signInAt(server.url, told) : undefined;
    const old = first && !(first instanceof Problem) ? [first.issued.tokens.access] : [];
    const ended = await signInAt(server.url, told, old);
    expect(ended instanceof Problem ? ended.code : 'signed in').toBe(outcomes[scenario]);

    const said = ended instanceof Problem ? [ended.what, ended.state, ended.next].join(' ') : '';
    expect(said).not.toMatch(/[\p{Cc}<>]|evil/u);
    expect(
      findSpill(
        [told, said],
        [...server.issued, 'a-code'].map((text) => new Secret(text)),
      ),
    ).toBeUndefined();
    const paths = server.requests.map(({ target }) => target.split('?')[0]);
    if (beforeTokens.includes(outcomes[scenario])) expect(paths).not.toContain('/token');
    expect(server.poured).toBeLessThan(mostTaken);
  });

  it('is told before anybody is asked to sign in, when that can be known', async () => {
    for (const scenario of ['token endpoint elsewhere', 'authorization by javascript:', 'issuer of another'] as const) {
      await using server = await startHostileServer(scenario);
      const told: string[] = [];
      expect(await signInAt(server.url, told)).toBeInstanceOf(Problem);
      expect(told).toEqual([]);
      expect(server.requests.map(({ target }) => target)).not.toContain('/register');
    }
  });

  it.each([
    ['says nothing about PKCE', undefined],
    ['takes only plain PKCE', ['plain']],
    ['lists PKCE in another form', 'S256'],
  ])('that %s is not signed in to', async (_what, methods) => {
    await using server = await startHostileServer('plain');
    const at = seat({ act: browse });
    const request = await requestTo(at, server.url);
    const { discovery } = request;
    const metadata = { ...discovery.metadata, code_challenge_methods_supported: methods };
    const problem = await signIn(at.ports, { ...request, discovery: { ...discovery, metadata } }, at.talk).catch(
      (e: unknown) => e,
    );
    expect(problem).toMatchObject({ code: 'oauth/no-pkce' });
    expect(at.told).toEqual([]);
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'http://login.example.com/authorize', '--help'])(
    'whose metadata says %s by the time of the sign-in is not opened in a browser',
    async (endpoint) => {
      await using server = await startHostileServer('plain');
      const at = seat({ act: browse });
      const request = await requestTo(at, server.url);
      const { discovery } = request;
      const metadata = { ...discovery.metadata, authorization_endpoint: endpoint };
      const problem = await signIn(at.ports, { ...request, discovery: { ...discovery, metadata } }, at.talk).catch(
        (e: unknown) => e,
      );
      expect(problem).toMatchObject({ code: 'oauth/unsafe-address' });
      expect(at.told).toEqual([]);
    },
  );

  it('that granted too much has its grant revoked under the registration made for it', async () => {
    await using server = await startHostileServer('scope widened');
    const ended = await signInAt(server.url, []);
    expect(ended).toMatchObject({ code: 'rotation/wider-scope', state: expect.stringContaining('revoked again') });
    expect(server.requests.filter(({ target }) => target === '/revoke')).toHaveLength(2);
  });

  it('that granted too much under a registration of others is not revoked, and that is said', async () => {
    await using server = await startHostileServer('scope widened');
    const at = seat({ act: browse });
    const request = await requestTo(at, server.url, { scopes: ['mcp:read'], registration: { clientId: 'shared' } });
    const problem = await signIn(at.ports, request, at.talk).catch((e: unknown) => e);
    expect(problem).toMatchObject({ state: expect.stringContaining('stays until') });
    expect(server.requests.some(({ target }) => target === '/revoke')).toBe(false);
  });
});
