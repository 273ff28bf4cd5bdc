/**
 * Goal: a refresh token goes out once, whatever else is going on, and no pair that came back is lost.
 * Method: a store and a journal in memory, whose every step is noted; a made-up server for each answer; a real one that rotates
 * and detects replays, with five at once and with the answer cut off.
 */
import { describe, expect, it } from 'vitest';
import { type ToyGrant, toyGrant } from '../../test/kits/oauth-grant.ts';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { paths } from '../../test/toys/authorization-server.ts';
import { startHostileServer } from '../../test/toys/hostile-authorization-server.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { LockRule } from '../ports/disk.ts';
import type { Tokens } from '../stores/store.ts';
import { discover } from './discover.ts';
import type { Discovery, Wire } from './oauth.ts';
import { type RefreshParts, refreshOnce } from './refresh.ts';
import { accessStanding } from './standing.ts';

const auth = 'https://auth.example.com';
const endpoint = `${auth}/token`;
const discovery: Discovery = {
  url: 'https://mcp.example.com/mcp',
  resource: 'https://mcp.example.com/mcp',
  resourceMetadata: undefined,
  challengedScopes: undefined,
  issuer: auth,
  metadata: { issuer: auth, token_endpoint: endpoint },
  metadataAddress: '',
  otherIssuers: [],
  scopes: undefined,
  remarks: [],
};
const old: Tokens = { access: new Secret('old-access'), refresh: new Secret('old-refresh'), expiresAt: 1, scopes: ['mcp:read'] };
const fresh = { access_token: 'new-access', refresh_token: 'new-refresh', token_type: 'bearer', expires_in: 60 };

/** One machine: a store, a journal of intents, locks and a lease that really exclude, and a list of what happened. */
class Machine {
  readonly events: string[] = [];
  readonly intents = new Set<string>();
  holds: Tokens | undefined;
  keeps = true;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(holds: Tokens | undefined) {
    this.holds = holds;
  }

  parts(wire: Wire, more: Partial<RefreshParts> = {}): RefreshParts {
    return {
      wire: { ...wire, net: { send: (request) => this.#noted('send', () => wire.net.send(request)) } },
      discovery,
      registration: { clientId: 'c1' },
      seen: this.holds ?? old,
      locks: (['key', 'file'] as const).map((path): LockRule => ({ kind: 'mkdir', path, staleMs: 1 })),
      disk: { withLock: (lock, work) => this.#alone(`lock ${lock.path}`, work) },
      lease: (work) => this.#alone('lease', work),
      read: () => this.#noted('read', async () => this.holds),
      wasSent: async (refresh) => this.intents.has(refresh.reveal()),
      intent: async (refresh) => {
        this.events.push('intent');
        this.intents.add(refresh.reveal());
      },
      keep: async ({ tokens }) => {
        this.events.push('keep');
        if (!this.keeps) throw new Error('the disk is full');
        this.holds = tokens;
      },
      settled: async (refresh) => {
        this.events.push('settled');
        this.intents.delete(refresh.reveal());
      },
      ...more,
    };
  }

  #noted<T>(event: string, work: () => Promise<T>): Promise<T> {
    this.events.push(event);
    return work();
  }

  #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const mine = before.then(async () => {
      this.events.push(name);
      try {
        return await work();
      } finally {
        this.events.push(`${name} free`);
      }
    });
    this.#queues.set(
      name,
      mine.catch(() => undefined),
    );
    return mine;
  }
}

async function ended(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error);
}

describe('the order', () => {
  it('is lease, locks, a look, the intent, the request, the store, the end of the intent', async () => {
    const machine = new Machine(old);
    const at = web({ [endpoint]: { body: fresh } });
    const end = await refreshOnce(machine.parts(at));
    expect(machine.events).toEqual([
      'lease',
      'lock key',
      'lock file',
      'read',
      'intent',
      'send',
      'keep',
      'settled',
      'lock file free',
      'lock key free',
      'lease free',
    ]);
    expect(end).toMatchObject({
      kind: 'refreshed',
      issued: { tokenType: 'bearer', grantedAt: at.clock.now(), scopes: undefined },
    });
    expect(machine.holds?.access?.reveal()).toBe('new-access');
    expect(machine.holds?.refresh?.reveal()).toBe('new-refresh');
    expect(machine.holds).toMatchObject({ expiresAt: at.clock.now() + 60_000, scopes: ['mcp:read'] });
    expect(machine.intents.size).toBe(0);
    expect(Object.fromEntries(new URLSearchParams(at.log[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'old-refresh',
      client_id: 'c1',
      resource: discovery.resource,
    });
  });

  it('sends nothing when somebody was faster, or there is nothing to send', async () => {
    const at = web({});
    const faster = new Machine({ ...old, access: new Secret('theirs') });
    expect(await refreshOnce(faster.parts(at, { seen: old }))).toMatchObject({ kind: 'already', tokens: faster.holds });
    const rotated = new Machine({ ...old, refresh: new Secret('theirs') });
    expect(await refreshOnce(rotated.parts(at, { seen: old }))).toMatchObject({ kind: 'already' });
    expect(await refreshOnce(new Machine(undefined).parts(at))).toEqual({ kind: 'absent' });
    expect(await refreshOnce(new Machine({ ...old, refresh: undefined }).parts(at))).toEqual({ kind: 'absent' });
    expect(at.log).toEqual([]);
    expect(faster.events).not.toContain('intent');
  });

  it('sends nothing when the intent cannot be written, or the person has stopped', async () => {
    const at = web({ [endpoint]: { body: fresh } });
    const full = new Machine(old);
    await expect(refreshOnce(full.parts(at, { intent: () => Promise.reject(new Error('full')) }))).rejects.toThrow('full');
    const stopped = new Machine(old);
    await expect(refreshOnce(stopped.parts(at, { signal: AbortSignal.abort(new Error('stop')) }))).rejects.toThrow('stop');
    expect([at.log, full.intents.size, stopped.intents.size]).toEqual([[], 0, 0]);
    expect(full.events.at(-1)).toBe('lease free');
  });
});

describe('a token whose answer is lost', () => {
  it.each<[string, PageAnswer | (() => never)]>([
    [
      'no answer',
      () => {
        throw new Problem('provider/timeout', { what: 'late', effect: 'unknown' });
      },
    ],
    [
      'a broken answer',
      () => {
        throw new Problem('provider/garbled', { what: 'torn', effect: 'unknown' });
      },
    ],
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['503 that names no time', { status: 503 }],
    ['a redirect', { status: 307, headers: { location: 'https://evil.example.com' } }],
    ['202', { status: 202 }],
  ])('by %s counts as used up, and never goes out again', async (_title, answer) => {
    const machine = new Machine(old);
    const at = web({ [endpoint]: answer });
    expect(await refreshOnce(machine.parts(at))).toEqual({ kind: 'lost' });
    expect([...machine.intents]).toEqual(['old-refresh']);
    expect(machine.holds).toBe(old);
    const later = web({ [endpoint]: { body: fresh } });
    expect(await refreshOnce(machine.parts(later))).toEqual({ kind: 'lost' });
    expect([at.log.length, later.log.length]).toEqual([1, 0]);
  });

  it('by a pair that could not be kept never goes out again either', async () => {
    const machine = new Machine(old);
    machine.keeps = false;
    await expect(refreshOnce(machine.parts(web({ [endpoint]: { body: fresh } })))).rejects.toThrow('the disk is full');
    expect([...machine.intents]).toEqual(['old-refresh']);
  });
});

describe('a clear answer leaves the token as it is', () => {
  it.each<[string, PageAnswer | (() => never), string]>([
    [
      'never sent',
      () => {
        throw new Problem('provider/unreachable', { what: 'no way' });
      },
      'provider/unreachable',
    ],
    ['come again', { status: 503, headers: { 'retry-after': '4' } }, 'provider/rate-limited'],
    ['too many', { status: 429 }, 'provider/rate-limited'],
    ['client unknown', { status: 401, body: { error: 'invalid_client' } }, 'provider/refused'],
    ['scope', { status: 400, body: { error: 'invalid_scope', error_description: 'FOREIGN' } }, 'provider/cannot'],
  ])('%s', async (_title, answer, code) => {
    const machine = new Machine(old);
    const problem = await ended(refreshOnce(machine.parts(web({ [endpoint]: answer }))));
    expect(problem).toMatchObject({ code, effect: 'none' });
    expect(String(problem)).not.toMatch(/FOREIGN|old-/);
    expect([machine.intents.size, machine.holds]).toEqual([0, old]);
  });

  it('invalid_grant: the grant is over', async () => {
    const machine = new Machine(old);
    const at = web({ [endpoint]: { status: 400, body: { error: 'invalid_grant' } } });
    expect(await refreshOnce(machine.parts(at))).toEqual({ kind: 'refused' });
    expect(machine.intents.size).toBe(0);
  });

  it('tries the other way of proving itself with a secret', async () => {
    const machine = new Machine(old);
    const at = web({
      [endpoint]: ({ headers }) =>
        headers['authorization'] === undefined ? { status: 401, body: { error: 'invalid_client' } } : { body: fresh },
    });
    const registration = { clientId: 'c1', clientSecret: new Secret('word') };
    expect(await refreshOnce(machine.parts(at, { registration }))).toMatchObject({ kind: 'refreshed' });
    expect(at.log.length).toBe(2);
  });
});

describe('what the answer may hold', () => {
  it('may leave the refresh token out, which then stays', async () => {
    const machine = new Machine(old);
    const { refresh_token: _gone, ...rest } = fresh;
    await refreshOnce(machine.parts(web({ [endpoint]: { body: rest } })));
    expect([machine.holds?.access?.reveal(), machine.holds?.refresh?.reveal()]).toEqual(['new-access', 'old-refresh']);
  });

  it('may say the scope, write the type in capitals, the time as text, and add an id token that we do not read', async () => {
    const machine = new Machine(old);
    const body = { ...fresh, token_type: 'BEARER', scope: 'mcp:read mcp:write', expires_in: '60', id_token: 'not.a.token' };
    const end = await refreshOnce(machine.parts(web({ [endpoint]: { body } })));
    expect(end).toMatchObject({ kind: 'refreshed', issued: { scopes: ['mcp:read', 'mcp:write'], tokenType: 'bearer' } });
  });

  it.each<[string, object | string]>([
    ['the old access token', { ...fresh, access_token: 'old-access' }],
    ['another type', { ...fresh, token_type: 'mac' }],
    ['dpop', { ...fresh, token_type: 'DPoP' }],
    ['no type', { ...fresh, token_type: undefined }],
    ['no access token', { ...fresh, access_token: undefined }],
    ['an empty access token', { ...fresh, access_token: '' }],
    ['a line break', { ...fresh, access_token: 'new\r\nx-evil: 1' }],
    ['an empty refresh token', { ...fresh, refresh_token: '' }],
    ['a page', '<html>'],
    ['a list', [fresh]],
  ])('not: %s', async (_title, body) => {
    const machine = new Machine(old);
    const problem = await ended(refreshOnce(machine.parts(web({ [endpoint]: { body } }))));
    expect(problem).toMatchObject({ code: 'oauth/wrong-answer', effect: 'unknown' });
    expect(JSON.stringify([String(problem), problem])).not.toMatch(/old-|new-|evil/);
    expect((problem as Problem).cause).toBeUndefined();
    expect([machine.holds, [...machine.intents]]).toEqual([old, ['old-refresh']]);
  });
});

describe('with a server that rotates and takes a replay for theft', () => {
  const machineOf = (grant: ToyGrant) => {
    const tokens: Tokens = { access: grant.access, refresh: grant.refresh, expiresAt: undefined, scopes: undefined };
    const machine = new Machine(tokens);
    const { discovery: found, registration } = grant;
    return { machine, parts: (wire: Wire) => machine.parts(wire, { discovery: found, registration, seen: tokens }) };
  };

  it('five at once send it once, and all have the new pair', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const grant = await toyGrant(lab, wire);
    const { machine, parts } = machineOf(grant);
    const ends = await Promise.all(Array.from({ length: 5 }, () => refreshOnce(parts(wire))));
    expect(ends.map(({ kind }) => kind).sort()).toEqual(['already', 'already', 'already', 'already', 'refreshed']);
    const sent = lab.authorizationServer.requests.filter(({ grantType }) => grantType === 'refresh_token');
    expect(sent.map(({ status }) => status)).toEqual([200]);
    const { access } = machine.holds ?? old;
    expect(await accessStanding(wire, grant.discovery, access ?? grant.access)).toMatchObject({ alive: 'yes' });
    expect(access?.equals(grant.access)).toBe(false);
  });

  it('an answer that is cut off is not followed by a replay, and the grant lives on', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const grant = await toyGrant(lab, wire);
    const { machine, parts } = machineOf(grant);
    const cut: Wire = {
      ...wire,
      net: {
        async send(request) {
          const answer = await wire.net.send(request);
          if (request.url.endsWith(paths.token)) throw new Problem('provider/garbled', { what: 'cut', effect: 'unknown' });
          return answer;
        },
      },
    };
    expect(await refreshOnce(parts(cut))).toEqual({ kind: 'lost' });
    expect(await refreshOnce(parts(wire))).toEqual({ kind: 'lost' });
    const sent = lab.authorizationServer.requests.filter(({ grantType }) => grantType === 'refresh_token');
    expect(sent.map(({ status }) => status)).toEqual([200]);
    expect(machine.holds?.refresh).toBe(grant.refresh);
  });

  it('a server that is away for a moment is asked again with the same token', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const grant = await toyGrant(lab, wire);
    const { parts } = machineOf(grant);
    lab.authorizationServer.unavailable(paths.token, 1, 2);
    expect(await ended(refreshOnce(parts(wire)))).toMatchObject({ code: 'provider/rate-limited', retryAfterMs: 2000 });
    expect(await refreshOnce(parts(wire))).toMatchObject({ kind: 'refreshed' });
  });

  it('keeps a token that is not rotated', async () => {
    await using lab = await startLab({ rotateRefreshTokens: false });
    const wire = loopbackWire();
    const grant = await toyGrant(lab, wire);
    const { machine, parts } = machineOf(grant);
    expect(await refreshOnce(parts(wire))).toMatchObject({ kind: 'refreshed' });
    expect(machine.holds?.refresh?.equals(grant.refresh)).toBe(true);
  });
});

describe('over the real net, from a hostile server', () => {
  it.each([
    ['old token again', 'oauth/wrong-answer'],
    ['token answer as HTML', 'oauth/wrong-answer'],
    ['token of another type', 'oauth/wrong-answer'],
    ['token answer without access token', 'oauth/wrong-answer'],
    ['token answer with an empty access token', 'oauth/wrong-answer'],
    ['token with a line break', 'oauth/wrong-answer'],
    ['huge token answer', 'lost'],
    ['token endpoint redirects elsewhere', 'lost'],
    ['token endpoint hangs', 'lost'],
    ['token answer is cut', 'lost'],
  ] as const)('%s', async (scenario, expected) => {
    await using server = await startHostileServer(scenario);
    const found = await discover(loopbackWire(), server.url);
    const wire = loopbackWire(scenario === 'token endpoint hangs' ? 700 : 10_000);
    if (scenario === 'old token again') await fetch(`${server.issuer}/token`, { method: 'POST' });
    const tokens: Tokens = { ...old, access: new Secret('hostile-access-1'), refresh: new Secret('hostile-refresh-1') };
    const machine = new Machine(tokens);
    const end = await ended(refreshOnce(machine.parts(wire, { discovery: found, seen: tokens })));
    expect(end).toMatchObject(expected === 'lost' ? { kind: 'lost' } : { code: expected });
    expect(machine.holds).toBe(tokens);
    expect(machine.intents.size).toBe(1);
  });
});
