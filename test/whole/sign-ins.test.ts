/**
 * Goal: rotating a grant ends the old one for good and leaves the client signed in with another, whatever the authorization
 * server can do; and says what cannot be promised.
 * Method: the whole engine over real files, real HTTP and a real authorization server in every shape; its log and a real MCP
 * server's answers are the judges, never what the engine says of itself.
 */
import { describe, expect, it } from 'vitest';
import { findSpill } from '../kits/spills.ts';
import { fingerprintOf, startAuthorizationServer } from '../toys/authorization-server.ts';
import { askMcp } from '../toys/plain-client.ts';
import { keptFor, type SignIns, type SignInsOptions, signIns } from './sign-ins.ts';

const status = async ({ lab }: SignIns, token: string | undefined): Promise<number> =>
  (await askMcp(lab.remote.url, token)).status;

async function kept(world: SignIns, server = 'lab') {
  const [holding, ...others] = await keptFor(world, server);
  expect(others).toEqual([]);
  return holding?.entry.tokens;
}

describe('rotating a grant', () => {
  it.each<[string, SignInsOptions]>([
    ['opaque tokens, refresh tokens rotate', {}],
    ['refresh tokens do not rotate', { shape: { rotateRefreshTokens: false } }],
    ['registration answers 200', { shape: { registration: 'answers-200' } }],
    ['no registration management', { shape: { registrationManagement: 'absent' } }],
    ['no iss parameter', { shape: { issParameter: false } }],
    ['slow', { shape: { slowMs: 150 } }],
    ['the browser is still signed in', { person: { jar: new Map() } }],
  ])('ends the old one and signs in again: %s', async (_, options) => {
    await using world = await signIns(options);
    const old = world.first.tokens;
    expect(await status(world, old.access.reveal())).toBe(200);
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    expect(await status(world, old.access.reveal())).toBe(401);
    const now = await kept(world);
    expect(now?.access?.equals(old.access)).toBe(false);
    expect(now?.refresh && old.refresh?.equals(now.refresh)).toBe(false);
    expect(await status(world, now?.access?.reveal())).toBe(200);
    const revoked = world.lab.authorizationServer.requests.filter(({ path }) => path === '/token/revocation');
    expect(revoked[0]?.token).toBe(fingerprintOf(old.refresh?.reveal() ?? ''));
    const secrets = [old.access, old.refresh, now?.access, now?.refresh].filter((each) => each !== undefined);
    expect(findSpill(world.events, secrets)).toBeUndefined();
    expect(findSpill(await world.engine().receipt(progress.rotation), secrets)).toBeUndefined();
  });
});

describe('what a server cannot do is said, and owed', () => {
  it('a token that is checked offline stays valid until it expires: debt with the time, paid when it has', async () => {
    await using world = await signIns({ shape: { accessTokens: 'jwt', accessSeconds: 60 } });
    const plan = await world.plan();
    expect(plan.warnings.join()).toMatch(/stays valid until \d{4}-/);
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({
      state: 'debt',
      debts: [{ kind: 'not-dead', text: expect.stringMatching(/valid until \d{4}-/) }],
    });
    expect(await status(world, world.first.tokens.access.reveal())).toBe(200);
    expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
  }, 60_000);

  it('a server without revocation: said in the plan, a person ends it on its page', async () => {
    await using world = await signIns({ shape: { revocation: 'absent' } });
    const plan = await world.plan();
    expect(plan.grant?.revocation).toBe('none');
    expect(plan.warnings.join()).toContain('cannot revoke');
    const { progress, needs } = await world.rotate({}, (need) => {
      if (need.kind === 'revoke-by-hand')
        void world.lab.authorizationServer.endGrantOf(world.first.tokens.refresh?.reveal() ?? '');
      return need.kind === 'accept-unproven' ? { kind: 'accept' } : { kind: 'done' };
    });
    expect(needs).toEqual(['revoke-by-hand', 'accept-unproven']);
    expect(progress).toMatchObject({ state: 'complete' });
  }, 60_000);

  it('and if nobody does, the grant is a debt', async () => {
    await using world = await signIns({ shape: { revocation: 'absent' } });
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'not-dead' }] });
    expect(await status(world, world.first.tokens.access.reveal())).toBe(200);
    await world.lab.authorizationServer.endGrantOf(world.first.tokens.refresh?.reveal() ?? '');
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
  }, 120_000);

  it('a server that answers 200 and revokes nothing is not believed', async () => {
    await using world = await signIns({ shape: { revocation: 'pretends' } });
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({
      state: 'debt',
      debts: [{ kind: 'not-dead', text: expect.stringContaining('still takes it') }],
    });
  }, 60_000);

  it('a server that is away for a moment is asked again', async () => {
    await using world = await signIns();
    world.lab.authorizationServer.unavailable('/token/revocation', 1, 1);
    expect((await world.rotate()).progress).toMatchObject({ state: 'complete' });
    expect(await status(world, world.first.tokens.access.reveal())).toBe(401);
  }, 60_000);

  // Claude Code keeps the issuer, Gemini CLI the address of the tokens.
  it.each(['claude-code', 'gemini-cli'] as const)(
    'a server that moved to another issuer: the old grant is revoked where it was made, the new one made where it is now: %s',
    async (client) => {
      await using world = await signIns({ client });
      const before = world.lab.authorizationServer;
      const after = await world.lab.migrate();
      expect((await world.plan()).warnings.join()).toContain('has moved');
      const { progress } = await world.rotate({ signIn: 'tool' });
      expect(before.requests.some(({ path }) => path === '/token/revocation')).toBe(true);
      expect(after.requests.some(({ grantType }) => grantType === 'authorization_code')).toBe(true);
      const refresh = fingerprintOf(world.first.tokens.refresh?.reveal() ?? '');
      expect(after.requests.filter(({ token }) => token === refresh)).toEqual([]);
      expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
      expect(progress.state).toBe('complete');
    },
    60_000,
  );
});

describe('who issued it', () => {
  it.each(['claude-code', 'gemini-cli'] as const)(
    'is who is asked, also where the resource names another server before it: %s',
    async (client) => {
      await using world = await signIns({ client });
      await using another = await startAuthorizationServer();
      const { send } = world.ports.net;
      world.ports.net.send = async (request) => {
        const answer = await send(request);
        const body = answer.body.replace('"authorization_servers":[', `$&"${another.issuer}",`);
        return request.url.includes('oauth-protected-resource') ? { ...answer, body } : answer;
      };
      const plan = await world.plan();
      expect(plan.grant?.issuer).toBe(world.lab.authorizationServer.issuer);
      expect(plan.warnings.join()).not.toContain('has moved');
      expect((await world.rotate({ signIn: 'tool' })).progress).toMatchObject({ state: 'complete' });
      expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
      expect(another.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    },
    60_000,
  );

  it('is said to be the server’s word of today where the store does not know', async () => {
    await using world = await signIns({ client: 'opencode' });
    const { warnings, grant } = await world.plan();
    expect(warnings).toContainEqual(expect.stringContaining(`they go to ${grant?.issuer}, which 127.0.0.1`));
    await using knowing = await signIns({ client: 'claude-code' });
    expect((await knowing.plan()).warnings.join()).not.toContain('does not keep');
  }, 60_000);
});

describe('people', () => {
  it('another account that signs in is sent away, and asked again', async () => {
    await using world = await signIns({ person: { account: 'ann' } });
    let asked = 0;
    const open = world.ports.browser.open;
    world.ports.browser.open = (address) => {
      world.person = { account: asked++ === 0 ? 'bob' : 'ann' };
      return open(address);
    };
    const { progress } = await world.rotate();
    expect(asked).toBe(2);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
  }, 60_000);

  it('consent that is denied leaves the rotation waiting, and the old grant dead', async () => {
    await using world = await signIns();
    world.person = { deny: true };
    const { progress, needs } = await world.rotate({}, (need) => (need.kind === 'sign-in' ? undefined : { kind: 'done' }));
    expect(needs).toEqual(['sign-in']);
    expect(progress).toMatchObject({ state: 'waiting', step: 'sign in' });
    expect(await status(world, world.first.tokens.access.reveal())).toBe(401);
    expect(await kept(world)).toBeUndefined();
    world.person = {};
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
  }, 60_000);

  it('a client that runs is ended first, or left running by name; nothing is revoked before', async () => {
    await using world = await signIns();
    const gemini = { pid: 77, parent: 1, name: 'gemini', startedAt: 0, identity: '77:1', terminal: true };
    world.running.push(gemini);
    const { progress, needs } = await world.rotate({}, () => undefined);
    expect(needs).toEqual(['stop-by-hand']);
    expect(await status(world, world.first.tokens.access.reveal())).toBe(200);
    world.running.length = 0;
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
  }, 60_000);

  it('who changes their mind before the revocation has everything as it was', async () => {
    await using world = await signIns();
    world.running.push({ pid: 77, parent: 1, name: 'gemini', startedAt: 0, identity: '77:1', terminal: true });
    const before = await world.text();
    const { progress } = await world.rotate({}, () => undefined);
    const undone = await world.engine().undo(progress.rotation, { onEvent: () => undefined });
    expect(undone).toMatchObject({ state: 'rolled-back' });
    expect(await world.text()).toBe(before);
    expect(await status(world, world.first.tokens.access.reveal())).toBe(200);
  }, 60_000);
});

describe('stores', () => {
  it('keeps every byte of the neighbours, and clears copies that nobody reads', async () => {
    await using world = await signIns();
    const mine = await world.text();
    const neighbour = {
      serverName: 'other',
      token: { accessToken: 'aaa', tokenType: 'Bearer', odd: [1, { x: null }] },
      extra: true,
    };
    const list = [neighbour, ...JSON.parse(mine)];
    const text = `${JSON.stringify(list, null, 3).replace('"extra": true', '"extra" :  true')}\n\n`;
    await world.machine.write(world.file, text);
    const { progress } = await world.rotate({});
    expect(progress).toMatchObject({ state: 'complete' });
    const after = await world.text();
    const own = text.indexOf('"other"');
    const until = text.indexOf('"extra" :  true') + '"extra" :  true'.length;
    expect(own).toBeGreaterThan(0);
    expect(after.slice(0, until)).toBe(text.slice(0, until));
    expect(after.endsWith('\n\n')).toBe(true);
    expect(JSON.parse(after)).toHaveLength(2);
  }, 60_000);

  it('signs in through the client, and takes what the client keeps then', async () => {
    let world: SignIns | undefined;
    await using made = await signIns({
      client: 'opencode',
      runAsPerson: async (_program, args) => {
        if (args.includes('auth')) await world?.signInAs('lab');
        return { status: 0, output: args.includes('list') ? '✓ lab connected' : '', errors: '' };
      },
    });
    world = made;
    const plan = await made.plan();
    expect(plan.grant).toMatchObject({ signIn: 'client', client: 'opencode' });
    const { progress } = await made.rotate({}, (need) =>
      need.kind === 'accept-unproven' ? { kind: 'accept' } : { kind: 'done' },
    );
    expect(progress).toMatchObject({ state: 'complete' });
    expect(await status(made, made.first.tokens.access.reveal())).toBe(401);
    expect(await status(made, (await kept(made))?.access?.reveal())).toBe(200);
  }, 60_000);

  it('a client that is not here is waited for: a person signs in inside it', async () => {
    await using world = await signIns({ client: 'opencode' });
    const { progress, needs } = await world.rotate({ signIn: 'client' }, (need) =>
      need.kind === 'accept-unproven' ? { kind: 'accept' } : undefined,
    );
    expect(needs).toEqual(['sign-in']);
    await world.signInAs('lab');
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
  }, 60_000);
});

describe('another sign-in of the client’s own, after the new one was proven', () => {
  /** Once, when the old tokens are tried: everything is confirmed and verified by then. */
  function signsInLate(world: SignIns, account: string): void {
    const { send } = world.ports.net;
    let tried = false;
    world.ports.net.send = async (request) => {
      const old = world.first.tokens.refresh?.reveal() ?? '';
      if (!tried && request.body?.includes(`refresh_token=${encodeURIComponent(old)}`)) {
        tried = true;
        world.person = { account };
        await world.signInAs('lab');
        world.person = { account: 'ann' };
      }
      return send(request);
    };
  }

  it('is proven as the first was, and that is what the receipt is about', async () => {
    await using world = await signIns({ person: { account: 'ann' } });
    signsInLate(world, 'ann');
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    const { newFingerprint } = await world.engine().receipt(progress.rotation);
    expect((await world.grants()).grants.map(({ fingerprint }) => fingerprint)).toEqual([newFingerprint]);
    const told = world.events.flatMap((event) => (event.kind === 'proof' ? [event.proof.kind] : []));
    expect(told.slice(told.indexOf('dead') + 1)).toEqual(['read-back', 'authenticated', 'connects']);
    expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
  }, 60_000);

  it('of another account is ended, and a person asked again', async () => {
    await using world = await signIns({ person: { account: 'ann' } });
    signsInLate(world, 'bob');
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    const { givenOut } = world.lab.authorizationServer;
    const now = await kept(world);
    // The old one, ours, that of the other account, ours again.
    expect(givenOut).toHaveLength(4);
    expect(givenOut.at(-1)?.access).toBe(now?.access?.reveal());
    const live = [];
    for (const { access } of givenOut) if (await world.lab.authorizationServer.takes(access)) live.push(access);
    expect(live).toEqual([now?.access?.reveal()]);
  }, 60_000);
});

describe('left for a while', () => {
  const leaveAtProof = (need: { readonly kind: string }) =>
    need.kind === 'accept-unproven' ? undefined : ({ kind: 'done' } as const);

  it('a client that refreshed meanwhile is followed: the younger pair is the new one', async () => {
    await using world = await signIns();
    const { progress, needs } = await world.rotate({}, leaveAtProof);
    expect(needs).toEqual(['accept-unproven']);
    const before = await kept(world);
    const younger = await world.refreshAsClient();
    expect(younger.refresh?.equals(before?.refresh ?? younger.access)).toBe(false);
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    expect(await status(world, (await kept(world))?.access?.reveal())).toBe(200);
    const { newFingerprint } = await world.engine().receipt(progress.rotation);
    expect((await world.grants()).grants.map(({ fingerprint }) => fingerprint)).toEqual([newFingerprint]);
  }, 60_000);

  it('an access token that is past its time is refreshed once, and proven', async () => {
    await using world = await signIns({ shape: { accessSeconds: 12 } });
    const { progress } = await world.rotate({}, leaveAtProof);
    expect(progress).toMatchObject({ state: 'waiting', step: 'verify' });
    // Twice more, with nothing that is new.
    for (let again = 0; again < 2; again++) await world.resume(progress, leaveAtProof);
    const before = await kept(world);
    await new Promise((resolve) => setTimeout(resolve, 12_500));
    expect(await status(world, before?.access?.reveal())).toBe(401);
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    const now = await kept(world);
    expect(now?.refresh && before?.refresh?.equals(now.refresh)).toBe(false);
    expect(await status(world, now?.access?.reveal())).toBe(200);
    const refreshes = world.lab.authorizationServer.requests.filter(
      ({ grantType, status: told }) => grantType === 'refresh_token' && told === 200,
    );
    expect(refreshes).toHaveLength(1);
    const { proofs } = await world.engine().receipt(progress.rotation);
    expect(proofs.filter(({ kind }) => kind === 'authenticated')).toHaveLength(1);
  }, 60_000);
});
