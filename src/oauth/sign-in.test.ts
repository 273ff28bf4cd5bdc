/**
 * Goal: a sign-in ends with usable tokens of this server and resource, or with a problem and nothing left behind; whoever can
 * reach the listener cannot end or steer it.
 * Method: a real authorization server in its shapes and a person who walks its pages; what that server never does is done by
 * the hostile one, by a second visitor of the listener, or by a server made of values.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { requestTo, revealed, seat } from '../../test/kits/sign-in.ts';
import { findSpill } from '../../test/kits/spills.ts';
import type { Shape } from '../../test/toys/authorization-server.ts';
import { consent } from '../../test/toys/consent.ts';
import { type Lab, type RemoteShape, startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { signInByDevice } from './device.ts';
import { signIn } from './sign-in.ts';
import { signInUntil } from './step-up.ts';
import { toolsList } from './tools-list.ts';

const open: Lab[] = [];
afterEach(async () => {
  for (const lab of open.splice(0)) await lab[Symbol.asyncDispose]();
});

async function lab(shape: Partial<Shape> = {}, remote: Partial<RemoteShape> = {}): Promise<Lab> {
  const started = await startLab(shape, remote);
  open.push(started);
  return started;
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error instanceof Problem) return error;
  throw error ?? new Error('nothing went wrong');
}

/** Parameters of the address that the person was given. */
const asked = (told: readonly string[]): URLSearchParams =>
  new URL((told.find((line) => line.startsWith('address')) ?? '').split(' ')[1] ?? '').searchParams;

describe('a sign-in by authorization code', () => {
  it('gets tokens that the server takes, bound to its resource, and says who signed in', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ person: { account: 'beth' } });
    const before = Date.now();
    const { issued, registration, registeredBy } = await signIn(at.ports, await requestTo(at, remote.url), at.talk);
    expect(registeredBy).toBe('dynamic registration');
    expect(authorizationServer.registered.has(registration.clientId)).toBe(true);
    expect(issued.account).toBe('beth');
    expect(issued.scopes).toEqual(['mcp:read']);
    expect(issued.tokens.refresh).toBeInstanceOf(Secret);
    expect((issued.tokens.expiresAt ?? 0) - before).toBeGreaterThan(3_500_000);
    expect((await toolsList(at.ports, new URL(remote.url), issued.tokens.access)).listed).toBe(true);

    const sent = asked(at.told);
    expect(sent.get('resource')).toBe(remote.url);
    expect(sent.get('code_challenge_method')).toBe('S256');
    expect(sent.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(sent.get('state')?.length).toBeGreaterThanOrEqual(43);
    const { access, refresh } = issued.tokens;
    expect(findSpill([at.told, issued], [access, ...(refresh ? [refresh] : [])])).toBeUndefined();
  });

  it('takes a registration that was given, and registers nothing', async () => {
    const { remote, authorizationServer } = await lab({ registration: 'none' });
    const at = seat();
    const { clientId } = authorizationServer.preRegistered;
    const signedIn = await signIn(at.ports, await requestTo(at, remote.url, { registration: { clientId } }), at.talk);
    expect(signedIn.registeredBy).toBe('given');
    expect(authorizationServer.requests.some(({ path }) => path.startsWith('/reg'))).toBe(false);
  });

  it('says how to give a registration where none can be made', async () => {
    const { remote } = await lab({ registration: 'none' });
    const at = seat();
    const problem = await problemOf(requestTo(at, remote.url).then((request) => signIn(at.ports, request, at.talk)));
    expect(problem.code).toBe('oauth/no-registration');
    expect(problem.next).toContain('--client-id');
    expect(at.told).toEqual([]);
  });

  it('takes a registration that is answered with 200', async () => {
    const { remote } = await lab({ registration: 'answers-200' });
    const at = seat();
    expect((await signIn(at.ports, await requestTo(at, remote.url), at.talk)).issued.tokens.refresh).toBeDefined();
  });

  it('asks for offline_access and consent only where the server lists it', async () => {
    for (const offlineAccess of [true, false]) {
      const { remote } = await lab({ offlineAccess });
      const at = seat();
      const { issued } = await signIn(at.ports, await requestTo(at, remote.url), at.talk);
      expect(asked(at.told).get('scope')?.split(' ').includes('offline_access')).toBe(offlineAccess);
      expect(asked(at.told).get('prompt')).toBe(offlineAccess ? 'consent' : null);
      expect(issued.tokens.refresh).toBeDefined();
    }
  });

  it('is done by hand where there is no browser: the address is told, and the redirect pasted', async () => {
    const { remote } = await lab();
    let given: (text: string) => void = () => {};
    const at = seat({ screen: false, pasted: () => new Promise((resolve) => (given = resolve)) });
    const address = new Promise<string>((resolve) => {
      at.talk.address = resolve;
    });
    const signedIn = signIn(at.ports, await requestTo(at, remote.url), at.talk);
    const back = new URL(await consent(await address));
    given('https://elsewhere.example/?code=a&state=b');
    await expect.poll(() => at.told.join()).toContain('belongs to another sign-in');
    given('no address at all');
    await expect.poll(() => at.told.join()).toContain('is no redirect address');
    given(`  ${back.href}\n`);
    expect(revealed((await signedIn).issued.tokens.access)).not.toBe('');
  });

  it('does not wait for a browser that stays in the foreground', async () => {
    const { remote } = await lab();
    const at = seat({ pasted: () => Promise.reject(new Error('nobody is to be asked')) });
    const { open: show } = at.ports.browser;
    let close: () => void = () => {};
    const closed = new Promise<void>((resolve) => (close = resolve));
    const browser = { open: (address: string) => show(address).then(async (how) => closed.then(() => how)) };
    const { issued } = await signIn({ ...at.ports, browser }, await requestTo(at, remote.url), at.talk);
    expect(issued.tokens.access).toBeInstanceOf(Secret);
    // The person has been there already.
    expect(at.told).toEqual([]);
    close();
  });

  it('tells of a browser that could not be started at all', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat();
    const browser = { open: () => Promise.reject(new Error('no such thing')) };
    await expect(signIn({ ...at.ports, browser }, await requestTo(at, remote.url), at.talk)).rejects.toThrow('no such thing');
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('takes code and state pasted in one word', async () => {
    const { remote } = await lab({ issParameter: false });
    let given: (text: string) => void = () => {};
    const at = seat({ screen: false, pasted: () => new Promise((resolve) => (given = resolve)) });
    const address = new Promise<string>((resolve) => {
      at.talk.address = resolve;
    });
    const signedIn = signIn(at.ports, await requestTo(at, remote.url, { noBrowser: true }), at.talk);
    const back = new URL(await consent(await address)).searchParams;
    given(`${back.get('code')}#${back.get('state')}`);
    expect((await signedIn).issued.tokens.access).toBeInstanceOf(Secret);
  });
});

describe('what goes wrong', () => {
  it('consent denied: told, and our registration is deleted', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ person: { deny: true } });
    const problem = await problemOf(requestTo(at, remote.url).then((request) => signIn(at.ports, request, at.talk)));
    expect(problem.code).toBe('oauth/denied');
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('timeout: nobody comes, told, and our registration is deleted', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ act: async () => {} });
    const request = await requestTo(at, remote.url, { withinMs: 300 });
    expect((await problemOf(signIn(at.ports, request, at.talk))).code).toBe('oauth/timeout');
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('interrupted: the reason comes through, and our registration is deleted', async () => {
    const { remote, authorizationServer } = await lab();
    const stop = new AbortController();
    const at = seat({ act: async () => stop.abort(new Problem('rotation/interrupted', { what: 'interrupted' })) });
    const request = await requestTo(at, remote.url, { signal: stop.signal });
    expect((await problemOf(signIn(at.ports, request, at.talk))).code).toBe('rotation/interrupted');
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('port busy: a fixed redirect address is never moved to another port', async () => {
    const { remote } = await lab();
    const at = seat();
    const taken = await at.ports.callbacks.listen({ path: '/callback' });
    try {
      const redirectUri = taken.address.replace('127.0.0.1', 'localhost');
      const request = await requestTo(at, remote.url, { redirectUri });
      expect((await problemOf(signIn(at.ports, request, at.talk))).code).toBe('oauth/port-busy');
      expect(at.told).toEqual([]);
    } finally {
      await taken.close();
    }
  });

  it('a redirect address that a client insists on is sent to the letter', async () => {
    const { remote } = await lab();
    const at = seat();
    const free = await at.ports.callbacks.listen({ path: '/oauth/callback' });
    const redirectUri = free.address.replace('127.0.0.1', 'localhost');
    await free.close();
    const { registration } = await signIn(at.ports, await requestTo(at, remote.url, { redirectUri }), at.talk);
    expect(asked(at.told).get('redirect_uri')).toBe(redirectUri);
    expect(registration.redirectUris).toEqual([redirectUri]);
  });

  it('a redirect address elsewhere needs somebody to paste', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat();
    const request = await requestTo(at, remote.url, { redirectUri: 'https://app.example/callback' });
    expect((await problemOf(signIn(at.ports, request, at.talk))).code).toBe('oauth/client-only');
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('a callback hit by another page, with no state or a wrong one, does not end the wait, and is told once', async () => {
    const { remote } = await lab();
    const pages: number[] = [];
    const at = seat({
      act: async (address) => {
        const redirect = new URL(address).searchParams.get('redirect_uri') ?? '';
        for (const query of ['', '?code=evil', '?code=evil&state=guessed', '?error=access_denied&state=guessed']) {
          pages.push((await fetch(redirect + query)).status);
        }
        await fetch(await consent(address));
      },
    });
    const { issued } = await signIn(at.ports, await requestTo(at, remote.url), at.talk);
    expect(issued.tokens.access).toBeInstanceOf(Secret);
    expect(pages).toEqual([400, 400, 400, 400]);
    expect(at.told.filter((line) => line.startsWith('note'))).toHaveLength(1);
  });

  it('the browser is told that it did not work when the code is refused', async () => {
    const { remote } = await lab();
    let page = '';
    const at = seat({
      act: async (address) => {
        const back = new URL(await consent(address));
        back.searchParams.set('code', 'another-code');
        page = await (await fetch(back)).text();
      },
    });
    const problem = await problemOf(requestTo(at, remote.url).then((request) => signIn(at.ports, request, at.talk)));
    expect(problem.code).toBe('oauth/wrong-answer');
    expect(problem.what).toContain('invalid_grant');
    await expect.poll(() => page).toContain('Not signed in');
  });

  it('another account signed in: refused, and its grant is revoked', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ person: { account: 'carol' } });
    const request = await requestTo(at, remote.url, { old: { tokens: [], account: 'ann' } });
    const problem = await problemOf(signIn(at.ports, request, at.talk));
    expect(problem.code).toBe('rotation/other-account');
    expect(problem.state).toContain('revoked again');
    expect(authorizationServer.requests.filter(({ path }) => path === '/token/revocation').length).toBeGreaterThan(0);
    expect([...authorizationServer.registered]).toEqual([]);
  });

  it('clock skew: the expiry is counted from our own clock, however wrong', async () => {
    const { remote } = await lab();
    const at = seat();
    const ahead = 3 * 86_400_000;
    const ports = { ...at.ports, clock: { ...at.ports.clock, now: () => Date.now() + ahead } };
    const { issued } = await signIn(ports, await requestTo(at, remote.url), at.talk);
    expect(Math.abs((issued.tokens.expiresAt ?? 0) - (Date.now() + ahead + 3_600_000))).toBeLessThan(20_000);
  });
});

const tokens = { access_token: 'device-access', token_type: 'Bearer' };

describe('a sign-in by code on another device', () => {
  it('is made where there is neither a browser nor somebody to paste', async () => {
    const { remote } = await lab();
    const at = seat({ screen: false });
    at.talk.code = (code, address) => {
      at.told.push(`code ${code}`);
      void consent(address);
    };
    // The server names no interval, so it is asked every five seconds (RFC 8628 3.2): time is let pass faster.
    const clock = { ...at.ports.clock, sleep: (ms: number, signal?: AbortSignal) => at.ports.clock.sleep(ms / 20, signal) };
    const { issued, registeredBy } = await signIn({ ...at.ports, clock }, await requestTo(at, remote.url), at.talk);
    expect(at.told.join()).toMatch(/code \S+/);
    expect(registeredBy).toBe('dynamic registration');
    expect((await toolsList(at.ports, new URL(remote.url), issued.tokens.access)).listed).toBe(true);
  });

  it('asks less often when the server says so, and goes on after an answer that was lost', async () => {
    const { remote } = await lab();
    const at = seat();
    const answers: (object | 'lost')[] = [{ error: 'authorization_pending' }, { error: 'slow_down' }, 'lost', tokens];
    const slept: number[] = [];
    const clock = { ...at.ports.clock, sleep: async (ms: number) => void slept.push(ms) };
    const net: typeof at.ports.net = {
      send: async (request) => {
        const device = request.body?.includes('device_code') === true;
        const said = device
          ? answers.shift()
          : { device_code: 'd', user_code: 'u', verification_uri: remote.url, expires_in: 600 };
        if (said === 'lost') throw new Problem('provider/timeout', { what: 'no answer', effect: 'unknown' });
        return { status: said && 'error' in said ? 400 : 200, headers: {}, body: JSON.stringify(said) };
      },
    };
    const request = await requestTo(at, remote.url, { registration: { clientId: 'given' }, withinMs: 60_000 });
    const { issued } = await signInByDevice({ ...at.ports, clock, net }, request, at.talk);
    expect(revealed(issued.tokens.access)).toBe('device-access');
    expect(slept).toEqual([5000, 5000, 10_000, 10_000]);
  });

  it('ends in time, and our registrations are deleted', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ screen: false });
    const clock = { ...at.ports.clock, sleep: (ms: number, signal?: AbortSignal) => at.ports.clock.sleep(ms / 50, signal) };
    let elapsed = 0;
    const fast = { ...clock, elapsed: () => (elapsed += 4_000) };
    const request = await requestTo(at, remote.url, { noBrowser: true });
    expect((await problemOf(signInByDevice({ ...at.ports, clock: fast }, request, at.talk))).code).toBe('oauth/timeout');
    expect([...authorizationServer.registered]).toEqual([]);
  });
});

describe('step-up', () => {
  it('asks for the union of scopes, under the same registration', async () => {
    const { remote, authorizationServer } = await lab();
    const at = seat({ person: { jar: new Map() } });
    const rounds: (readonly string[] | undefined)[] = [];
    const signedIn = await signInUntil(at.ports, await requestTo(at, remote.url), at.talk, async ({ issued }) => {
      rounds.push(issued.scopes);
      return rounds.length === 1 ? ['mcp:write'] : undefined;
    });
    expect(rounds.map((scopes) => [...(scopes ?? [])].sort())).toEqual([['mcp:read'], ['mcp:read', 'mcp:write']]);
    expect(signedIn.registeredBy).toBe('dynamic registration');
    expect([...authorizationServer.registered]).toEqual([signedIn.registration.clientId]);
  });

  it('ends after two, and at once where nothing more is asked for', async () => {
    const { remote } = await lab();
    const at = seat({ person: { jar: new Map() } });
    const request = await requestTo(at, remote.url);
    const same = signInUntil(at.ports, request, at.talk, async () => ['mcp:read']);
    expect((await problemOf(same)).what).toContain('already has');
    let round = 0;
    const more = signInUntil(
      at.ports,
      request,
      at.talk,
      async () => [['mcp:write'], ['openid'], ['offline_access']][round++] ?? [],
    );
    expect((await problemOf(more)).code).toBe('oauth/insufficient-scope');
    expect(round).toBe(3);
  });
});
