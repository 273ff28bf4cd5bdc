/**
 * Goal: the report tells what a server does, "could not tell" where it cannot be seen, and changes nothing by looking; the
 * refresh test measures what the server really does with refresh tokens and revocations, and leaves nothing behind.
 * Method: a real authorization server in the shapes that matter; the rules alone over observations made by hand.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { requestTo, seat } from '../../test/kits/sign-in.ts';
import type { Shape } from '../../test/toys/authorization-server.ts';
import { startHostileServer } from '../../test/toys/hostile-authorization-server.ts';
import { type Lab, type RemoteShape, startLab } from '../../test/toys/remote-mcp.ts';
import { Secret } from '../base/secret.ts';
import { type Bounds, measure } from './measure.ts';
import type { Issued, SignedIn } from './oauth.ts';
import { observe } from './observe.ts';
import { type Measured, report, revisions } from './report.ts';
import { requirements } from './requirements.ts';
import { signIn } from './sign-in.ts';

const open: Lab[] = [];
afterEach(async () => {
  for (const lab of open.splice(0)) await lab[Symbol.asyncDispose]();
});

async function lab(shape: Partial<Shape> = {}, remote: Partial<RemoteShape> = {}): Promise<Lab> {
  const started = await startLab(shape, remote);
  open.push(started);
  return started;
}

async function reportOn(url: string) {
  const { ports } = seat();
  const { rows, ...rest } = report(await observe(ports, url));
  return { ...rest, rows, of: (id: string) => rows.find((row) => row.id === id) };
}

describe('the report', () => {
  it('finds nothing that must be done undone at a server that does it all, and changes nothing there', async () => {
    const { remote, authorizationServer } = await lab();
    const { rows, issuer, of } = await reportOn(remote.url);
    expect(issuer).toBe(authorizationServer.issuer);
    const failing = rows.filter(({ by }) => revisions.some((each) => by[each].cell === 'fails' && by[each].level === 'must'));
    expect(failing.map(({ id }) => id)).toEqual([]);
    expect(of('pkce-s256')?.by['2025-11-25'].cell).toBe('ok');
    expect(of('iss-parameter')?.by['2026-07-28'].cell).toBe('ok');
    expect(of('revocation')).toMatchObject({ answer: 'ok', by: { '2026-07-28': { cell: 'not asked' } } });
    expect(of('refresh-rotates')?.by['2025-06-18'].cell).toBe('could not tell');
    expect([...authorizationServer.registered]).toEqual([]);
    expect(authorizationServer.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('tells the revisions apart: without the header 2025-06-18 fails, the later ones do not', async () => {
    const { remote } = await lab({}, { resourceMetadata: 'well-known' });
    const { of } = await reportOn(remote.url);
    expect(of('challenge-names-metadata')?.by).toMatchObject({
      '2025-06-18': { cell: 'fails', level: 'must' },
      '2025-11-25': { cell: 'not asked' },
    });
    expect(of('resource-metadata')?.by['2025-11-25'].cell).toBe('ok');
  });

  it.each([
    ['revocation', { revocation: 'absent' }],
    ['introspection', { introspection: false, revocation: 'yes' }],
    ['registration-dynamic', { registration: 'none' }],
    ['iss-parameter', { issParameter: false }],
  ] as const)('%s is seen to be missing', async (id, shape) => {
    const { remote } = await lab(shape);
    const { of } = await reportOn(remote.url);
    expect(of(id)?.answer).toBe('fails');
  });

  it('a server whose issuer is another fails that, and the rest could not be told', async () => {
    await using server = await startHostileServer('issuer of another');
    const { of, problem } = await reportOn(server.url);
    expect(problem?.code).toBe('oauth/issuer-mismatch');
    expect(of('issuer-identical')?.by['2025-06-18'].cell).toBe('fails');
    expect(of('pkce-s256')?.by['2026-07-28'].cell).toBe('could not tell');
  });

  it('every requirement has its own id, a basis, and is judged without a discovery', () => {
    expect(new Set(requirements.map(({ id }) => id)).size).toBe(requirements.length);
    for (const { basis, judge } of requirements) {
      expect(basis).not.toBe('');
      const found = judge({
        url: 'https://mcp.example.com/mcp',
        refusal: { status: 401, challenged: true, namesMetadata: true, scopes: [] },
        document: undefined,
        discovery: undefined,
        problem: { code: 'provider/timeout', what: 'no answer' },
        measured: undefined,
      });
      expect(found.seen).not.toBe('');
    }
  });

  it('plain http of an authorization server that is not on this machine is found', () => {
    const rule = requirements.find(({ id }) => id === 'https');
    const judged = (tokenEndpoint: string) =>
      rule?.judge({
        url: 'https://mcp.example.com/mcp',
        refusal: { status: 401, challenged: true, namesMetadata: true, scopes: undefined },
        document: undefined,
        discovery: {
          url: 'https://mcp.example.com/mcp',
          resource: 'https://mcp.example.com/mcp',
          resourceMetadata: undefined,
          challengedScopes: undefined,
          issuer: 'https://auth.example.com',
          metadata: { issuer: 'https://auth.example.com', token_endpoint: tokenEndpoint },
          metadataAddress: 'https://auth.example.com/.well-known/oauth-authorization-server',
          otherIssuers: [],
          scopes: undefined,
          remarks: [],
        },
        problem: undefined,
        measured: undefined,
      }).answer;
    expect(judged('https://auth.example.com/token')).toBe('ok');
    expect(judged('http://auth.example.com/token')).toBe('fails');
    expect(judged('http://127.0.0.1:9/token')).toBe('ok');
  });
});

const bounds: Bounds = { lookMs: 1200, everyMs: 200 };

async function measuredAt(shape: Partial<Shape>): Promise<{ measured: Measured; signIns: number }> {
  const { remote } = await lab(shape);
  const at = seat({ person: { jar: new Map() } });
  const request = await requestTo(at, remote.url);
  let signIns = 1;
  const first = await signIn(at.ports, request, at.talk);
  const measured = await measure(
    at.ports,
    request.discovery,
    first,
    () => {
      signIns++;
      return signIn(at.ports, { ...request, registration: first.registration }, at.talk);
    },
    bounds,
  );
  return { measured, signIns };
}

describe('the refresh test', () => {
  it('rotation on, opaque tokens: the old one is refused, reuse ends the grant, revocation kills both', async () => {
    const { measured, signIns } = await measuredAt({});
    expect(measured).toMatchObject({
      access: 'opaque',
      refreshable: true,
      rotates: 'yes',
      oldRefused: 'yes',
      graceMs: undefined,
      reuseEndsGrant: 'yes',
      revocation: 'accepted',
      accessDead: 'yes',
      refreshDead: 'yes',
    });
    expect(measured.accessDeadAfterMs).toBeLessThan(bounds.lookMs);
    expect(signIns).toBe(2);
  });

  it('rotation off: seen, and nobody is asked to sign in a second time', async () => {
    const { measured, signIns } = await measuredAt({ rotateRefreshTokens: false });
    expect(measured).toMatchObject({ rotates: 'no', oldRefused: 'unknown', accessDead: 'yes', refreshDead: 'yes' });
    expect(signIns).toBe(1);
  });

  it('signed tokens outlive their revocation, which is measured and said with their end', async () => {
    const { measured } = await measuredAt({ accessTokens: 'jwt' });
    expect(measured).toMatchObject({ access: 'jwt', audience: 'this server', accessDead: 'no', refreshDead: 'yes' });
    expect(measured.accessUntil).toBeGreaterThan(Date.now());
  });

  it('a revocation that pretends is not believed', async () => {
    const { measured } = await measuredAt({ revocation: 'pretends' });
    expect(measured).toMatchObject({ revocation: 'accepted', accessDead: 'no', refreshDead: 'no' });
  });

  it('without revocation nothing is said to be dead or alive', async () => {
    const { measured } = await measuredAt({ revocation: 'absent' });
    expect(measured).toMatchObject({ revocation: 'not-supported', accessDead: 'unknown', refreshDead: 'unknown' });
  });
});

const withRefresh = (issued: Issued, refresh: string): Issued => ({
  ...issued,
  tokens: { ...issued.tokens, refresh: new Secret(refresh) },
});

describe('the grace period of an old refresh token', () => {
  /** A server of values: the old refresh token works for `graceMs` of a clock that moves only by sleeping. */
  async function graced(graceMs: number): Promise<Measured> {
    await using server = await startHostileServer('plain');
    const at = seat({
      act: async (address) => {
        const { headers } = await fetch(address, { redirect: 'manual' });
        await fetch(headers.get('location') ?? '');
      },
    });
    const request = await requestTo(at, server.url);
    const { registration, issued } = await signIn(at.ports, request, at.talk);
    let elapsed = 0;
    let turn = 0;
    const clock = {
      ...at.ports.clock,
      elapsed: () => elapsed,
      sleep: async (ms: number) => {
        elapsed += ms;
      },
    };
    let rotatedAt: number | undefined;
    const net = {
      send: async (asked: Parameters<typeof at.ports.net.send>[0]) => {
        const form = new URLSearchParams(asked.body ?? '');
        if (form.get('grant_type') !== 'refresh_token') return at.ports.net.send(asked);
        const old = form.get('refresh_token') === 'old-refresh';
        if (old) rotatedAt ??= elapsed;
        const taken = !old || elapsed - (rotatedAt ?? 0) < graceMs;
        const body = taken
          ? { access_token: `a${++turn}`, refresh_token: `r${turn}`, token_type: 'Bearer' }
          : { error: 'invalid_grant' };
        return { status: taken ? 200 : 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      },
    };
    const by: SignedIn = { registration, registeredBy: 'given', issued: withRefresh(issued, 'old-refresh') };
    const first: SignedIn = { ...by, issued: withRefresh(issued, 'first-refresh') };
    return await measure({ ...at.ports, clock, net }, request.discovery, first, async () => by, {
      lookMs: 30_000,
      everyMs: 2_000,
    });
  }

  it('is measured to within the interval of asking', async () => {
    const { oldRefused, graceMs } = await graced(7_000);
    expect(oldRefused).toBe('yes');
    expect(graceMs).toBe(8_000);
  });

  it('is bounded: an old token that works for as long as we look is said to be taken', async () => {
    expect(await graced(Number.POSITIVE_INFINITY)).toMatchObject({
      oldRefused: 'no',
      graceMs: undefined,
      reuseEndsGrant: 'unknown',
    });
  });
});
