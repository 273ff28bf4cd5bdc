/**
 * Goal: clients that refresh or write their tokens while a grant is rotated lose no new grant, bring no old token back, and leave
 * no younger pair of the old grant alive.
 * Method: the whole engine over a real authorization server that ends a grant when a refresh token comes twice. Five sessions
 * refresh in a loop, carefully (the product's single-flight refresh under the client's locks) or as careless clients do (what
 * they once read, written back blindly); or a client writes its old tokens at a chosen moment. The server's log judges.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import type { Secret } from '../../src/base/secret.ts';
import { discover } from '../../src/oauth/discover.ts';
import { currentEntry, putEntry } from '../../src/oauth/holdings.ts';
import { refreshOnce } from '../../src/oauth/refresh.ts';
import { locksOf } from '../../src/oauth/rewrite.ts';
import type { Plan, Progress, RotateOptions } from '../../src/rotation/rotation.ts';
import type { TokenStore } from '../../src/stores/store.ts';
import { fingerprintOf } from '../toys/authorization-server.ts';
import { askMcp, post } from '../toys/plain-client.ts';
import { keptFor, type SignIns, signIns } from './sign-ins.ts';

const sessions = 5;

/** One process's worth of what a lease and a journal do for careful sessions. */
class Careful {
  readonly #world: SignIns;
  readonly #sent = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  refreshed = 0;

  constructor(world: SignIns) {
    this.#world = world;
  }

  async refresh(): Promise<string> {
    const { ports, lab } = this.#world;
    const [holding] = await keptFor(this.#world, 'lab');
    const { tokens: seen, registration } = holding?.entry ?? {};
    if (!holding || !seen || !registration) return 'signed out';
    const wire = { net: ports.net, clock: ports.clock, random: ports.random };
    const discovery = await discover(wire, lab.remote.url);
    const { store, row, where, entry } = holding;
    const name = (token: Secret): string => fingerprintOf(token.reveal());
    const { kind } = await refreshOnce({
      wire,
      discovery,
      registration,
      seen,
      disk: ports.disk,
      locks: locksOf(ports, store, row, where, entry.key),
      lease: (work) => this.#alone(work),
      read: async () => (await currentEntry(ports, holding))?.tokens,
      wasSent: async (token) => this.#sent.has(name(token)),
      intent: async (token) => void this.#sent.add(name(token)),
      settled: async (token) => void this.#sent.delete(name(token)),
      keep: async ({ tokens }) => {
        // The locks are held already.
        const unlocked: TokenStore = { ...store, locks: [] };
        const about = { server: 'lab', url: lab.remote.url, issuer: discovery.issuer, resource: discovery.resource };
        const tokenEndpoint = String(discovery.metadata['token_endpoint']);
        const put = { ...about, registration, tokens, tokenEndpoint, writtenAt: ports.clock.now() };
        expect(await putEntry(ports, unlocked, row, where, entry.key, put, seen)).toBe('written');
      },
    });
    if (kind === 'refreshed') this.refreshed++;
    return kind;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

async function whileRunning(loop: () => Promise<unknown>, work: () => Promise<void>): Promise<void> {
  let over = false;
  const all = Array.from({ length: sessions }, async () => {
    while (!over) {
      await loop();
      await sleep(20);
    }
  });
  try {
    await work();
  } finally {
    over = true;
    await Promise.all(all);
  }
}

/** A client that refreshes in between changes the credential: it is planned for anew. */
async function rotated(world: SignIns, more: Partial<RotateOptions> = {}): Promise<Progress> {
  for (let i = 0; ; i++) {
    let plan: Plan;
    let rotation: string;
    try {
      plan = await world.plan(more);
      rotation = await world.engine().start(plan);
    } catch (error) {
      if (error instanceof Problem && ['rotation/drift', 'usage/unknown-credential'].includes(error.code) && i < 50) continue;
      throw error;
    }
    return world.resume({ rotation });
  }
}

/** One entry with one pair that works, and nothing else that the server ever gave out does. */
async function assertOnePair(world: SignIns): Promise<void> {
  const { lab } = world;
  const kept = await keptFor(world, 'lab');
  expect(kept).toHaveLength(1);
  const { access, refresh } = kept[0]?.entry.tokens ?? {};
  expect((await askMcp(lab.remote.url, access?.reveal())).status).toBe(200);
  const { givenOut } = lab.authorizationServer;
  const pair = givenOut.findIndex((one) => one.access === access?.reveal() && one.refresh === refresh?.reveal());
  expect(pair).toBeGreaterThanOrEqual(0);
  const grant = await lab.authorizationServer.grantOf(access?.reveal() ?? '');
  for (const one of givenOut) {
    for (const token of [one.access, one.refresh ?? one.access]) {
      const lives = await lab.authorizationServer.takes(token);
      if (lives) expect(await lab.authorizationServer.grantOf(token)).toBe(grant);
    }
  }
  expect(await lab.authorizationServer.takes(refresh?.reveal() ?? '')).toBe(true);
}

/** Blind, as a client that keeps its file in memory. */
const writesBack = async (world: SignIns, text: string): Promise<void> => void (await world.machine.write(world.file, text));

describe('sessions that refresh while the grant is rotated', () => {
  it.each(['claude-code', 'opencode'] as const)(
    'carefully, with the store of %s: nobody loses the new grant',
    async (client) => {
      await using world = await signIns({ client });
      const careful = new Careful(world);
      await whileRunning(
        () => careful.refresh(),
        async () => {
          for (let i = 0; careful.refreshed < 3 && i < 500; i++) await sleep(10);
          expect(await rotated(world, { signIn: 'tool' })).toMatchObject({ state: 'complete' });
          const before = careful.refreshed;
          for (let i = 0; careful.refreshed < before + 3 && i < 500; i++) await sleep(10);
          expect(careful.refreshed).toBeGreaterThanOrEqual(before + 3);
        },
      );
      await assertOnePair(world);
      const [old] = world.lab.authorizationServer.givenOut;
      expect((await askMcp(world.lab.remote.url, old?.access)).status).toBe(401);
    },
    60_000,
  );

  it('carelessly: a replay of old refresh tokens ends the old grant alone, also in a browser that stays signed in', async () => {
    await using world = await signIns({ client: 'claude-code', person: { jar: new Map() } });
    const [first] = await keptFor(world, 'lab');
    const { issuer } = world.lab.authorizationServer;
    const clientId = first?.entry.registration?.clientId ?? '';
    const text = await world.text();
    let token = world.first.tokens.refresh?.reveal() ?? '';
    let wrote = 0;
    let answers = 0;
    await whileRunning(
      async () => {
        const mine = token;
        const { status, body } = await post(`${issuer}/token`, {
          grant_type: 'refresh_token',
          client_id: clientId,
          refresh_token: mine,
        });
        answers++;
        if (status !== 200) return;
        token = String(body['refresh_token']);
        if (wrote++ > 2) return;
        const pair = text
          .replace(world.first.tokens.access.reveal(), String(body['access_token']))
          .replace(world.first.tokens.refresh?.reveal() ?? '', token);
        await writesBack(world, pair);
      },
      async () => {
        expect(await rotated(world, { signIn: 'tool' })).toMatchObject({ state: 'complete' });
        const before = answers;
        for (let i = 0; answers < before + sessions && i < 500; i++) await sleep(10);
      },
    );
    await assertOnePair(world);
  }, 60_000);
});

describe('a pair of the old grant that is younger than the one that was planned for', () => {
  it('is revoked by name, cleared and proven dead', async () => {
    await using world = await signIns({ client: 'claude-code' });
    const rotation = await world.engine().start(await world.plan({ signIn: 'tool' }));
    const younger = await world.refreshAsClient();
    expect(await world.resume({ rotation })).toMatchObject({ state: 'complete' });
    const revoked = world.lab.authorizationServer.requests.filter(({ path }) => path === '/token/revocation');
    expect(revoked.map(({ token }) => token)).toEqual(
      [younger.refresh, younger.access, world.first.tokens.refresh, world.first.tokens.access].map(
        (token) => token && fingerprintOf(token.reveal()),
      ),
    );
    expect((await askMcp(world.lab.remote.url, younger.access?.reveal())).status).toBe(401);
    await assertOnePair(world);
  }, 60_000);

  it('and one that lands between the revocation and the clearing is too', async () => {
    await using world = await signIns({ client: 'gemini-cli', shape: { revocation: 'pretends' } });
    let younger: Awaited<ReturnType<SignIns['refreshAsClient']>> | undefined;
    const { send } = world.ports.net;
    world.ports.net.send = async (request) => {
      const answer = await send(request);
      if (request.url.endsWith('/token/revocation') && !younger) younger = await world.refreshAsClient();
      return answer;
    };
    const progress = await rotated(world);
    // It pretends: so it is owed, and every pair of it was named.
    expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'not-dead' }] });
    const named = world.lab.authorizationServer.requests.filter(({ path }) => path === '/token/revocation');
    expect(named.map(({ token }) => token)).toContain(fingerprintOf(younger?.refresh?.reveal() ?? ''));
    const [kept] = await keptFor(world, 'lab');
    expect(kept?.entry.tokens?.access?.equals(younger?.access ?? world.first.tokens.access)).toBe(false);
  }, 60_000);
});

describe('a client that writes its old tokens back', () => {
  /** At the nth request to the path, what the store held at first is written into it. */
  function atRequest(world: SignIns, path: RegExp, text: string, nth = 1): void {
    const { send } = world.ports.net;
    let seen = 0;
    world.ports.net.send = async (request) => {
      if (path.test(`${request.method} ${new URL(request.url).pathname} ${request.body ?? ''}`) && ++seen === nth) {
        await writesBack(world, text);
      }
      return send(request);
    };
  }

  it.each([
    ['after the clearing', /^POST \/reg/],
    ['while the code is exchanged', /^POST \/token .*authorization_code/],
    ['after the new ones were written', /^POST \/token .*grant_type=refresh_token/],
  ])(
    '%s: they are written over',
    async (_, path) => {
      await using world = await signIns();
      atRequest(world, path, await world.text());
      expect(await rotated(world)).toMatchObject({ state: 'complete' });
      expect(await world.text()).not.toContain(world.first.tokens.access.reveal());
      await assertOnePair(world);
    },
    60_000,
  );

  it('whatever is done: the rotation does not call itself complete, and goes on when the client has ended', async () => {
    await using world = await signIns();
    const text = await world.text();
    const { replace } = world.ports.disk;
    let runs = true;
    world.ports.disk.replace = async (...given) => {
      const answer = await replace(...given);
      if (runs && given[0] === world.file) await writesBack(world, text);
      return answer;
    };
    const progress = await rotated(world);
    expect(progress).not.toMatchObject({ state: 'complete' });
    expect((await askMcp(world.lab.remote.url, world.first.tokens.access.reveal())).status).toBe(401);
    runs = false;
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    await assertOnePair(world);
  }, 60_000);

  it('over what the client itself got: its grant is ended when it has signed in once more', async () => {
    let world: SignIns | undefined;
    await using made = await signIns({
      client: 'opencode',
      runAsPerson: async (_program, args) => {
        if (args.includes('auth')) await world?.signInAs('lab');
        return { status: 0, output: args.includes('list') ? '✓ lab connected' : '', errors: '' };
      },
    });
    world = made;
    atRequest(made, /^POST \/token .*grant_type=refresh_token/, await made.text());
    const progress = await rotated(made);
    expect(progress).toMatchObject({ state: 'stopped', code: 'rotation/drift' });
    await made.signInAs('lab');
    expect(await made.resume(progress)).toMatchObject({ state: 'complete' });
    await assertOnePair(made);
  }, 60_000);
});

describe('the try of the old refresh token', () => {
  const isTry = (request: { readonly body?: string }): boolean => request.body?.includes('grant_type=refresh_token') === true;

  /** Its answer is lost, whatever it was. */
  function losesTheAnswer(world: SignIns): void {
    const { send } = world.ports.net;
    world.ports.net.send = async (request) => {
      const answer = await send(request);
      if (isTry(request)) throw new Problem('provider/timeout', { what: 'no answer came', effect: 'unknown' });
      return answer;
    };
  }

  const tries = ({ lab, first }: SignIns): number => {
    const old = fingerprintOf(first.tokens.refresh?.reveal() ?? '');
    return lab.authorizationServer.requests.filter(({ grantType, token }) => grantType === 'refresh_token' && token === old)
      .length;
  };

  it('whose answer is lost is not made again: what the server said of it before counts', async () => {
    await using world = await signIns();
    losesTheAnswer(world);
    expect(await rotated(world)).toMatchObject({ state: 'complete' });
    expect(tries(world)).toBe(1);
  }, 60_000);

  it('and where the server says nothing, a person looks at its page', async () => {
    await using world = await signIns();
    losesTheAnswer(world);
    const { send } = world.ports.net;
    world.ports.net.send = async (request) => {
      const answer = await send(request);
      return { ...answer, body: answer.body.replace('"introspection_endpoint"', '"not_there"') };
    };
    const progress = await rotated(world);
    expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'not-dead' }] });
    expect(await world.resume(progress, () => undefined)).toMatchObject({ state: 'waiting', need: { kind: 'revoke-by-hand' } });
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    expect(tries(world)).toBe(1);
  }, 60_000);
});
