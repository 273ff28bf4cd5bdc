/**
 * Goal: where the client cannot sign in again, this tool does: by plan when the client's program is not here, and after the
 * revocation when a person chooses it; the choice outlives a cut, and nobody is asked for it twice.
 * Method: the whole engine over real files and a real authorization server; the client's own program is played.
 */
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/ports/processes.ts';
import { consent } from '../toys/consent.ts';
import { askMcp } from '../toys/plain-client.ts';
import { keptFor, type SignIns, signIns } from './sign-ins.ts';

const works = async (world: SignIns): Promise<void> => {
  const [holding, ...others] = await keptFor(world, 'lab');
  expect(others).toEqual([]);
  const token = holding?.entry.tokens?.access?.reveal();
  expect((await askMcp(world.lab.remote.url, token)).status).toBe(200);
  expect((await askMcp(world.lab.remote.url, world.first.tokens.access.reveal())).status).toBe(401);
};

/** opencode, whose sign-in never comes to an end. */
async function stubborn(): Promise<{ world: SignIns; ran: () => number }> {
  let ran = 0;
  const world = await signIns({
    client: 'opencode',
    runAsPerson: async (_program, args): Promise<RunResult> => {
      if (args.includes('auth')) ran++;
      return { status: args.includes('auth') ? 1 : 0, output: args.includes('list') ? '✓ lab connected' : '', errors: '' };
    },
  });
  return { world, ran: () => ran };
}

const quiet = { onEvent: () => undefined };

describe('a client whose program is not here', () => {
  it('is signed in by the tool, and the plan says so', async () => {
    await using world = await signIns({ client: 'opencode' });
    const plan = await world.plan();
    expect(plan).toMatchObject({ method: 'sign-in-by-tool', grant: { signIn: 'tool' } });
    expect(plan.warnings.join()).toMatch(/opencode is not on the PATH: mcp-rotate signs in.*--sign-in client/);
    expect((await world.rotate()).progress).toMatchObject({ state: 'complete' });
    await works(world);
  }, 60_000);

  it('is left to a person where only the client could be registered', async () => {
    await using world = await signIns({ client: 'opencode' });
    const { send } = world.ports.net;
    world.ports.net.send = async (request) => {
      const answer = await send(request);
      return request.url.includes('/.well-known/')
        ? { ...answer, body: answer.body.replace('"registration_endpoint"', '"no_endpoint"') }
        : answer;
    };
    const plan = await world.plan();
    expect(plan.grant).toMatchObject({ signIn: 'client' });
    expect(plan.grant?.orByTool).toBeUndefined();
    expect(plan.warnings.join()).toContain('you sign in inside opencode');
  }, 60_000);

  it('is planned through the client where its program is here', async () => {
    const { world } = await stubborn();
    await using _ = world;
    expect((await world.plan()).grant).toMatchObject({ signIn: 'client', orByTool: { newRegistration: true } });
  }, 60_000);
});

describe('without a browser and without a terminal', () => {
  it('the address is told, and whoever opens it on this machine signs in; no code of another kind is asked for', async () => {
    await using world = await signIns();
    const rotation = await world.engine().start(await world.plan());
    world.person = undefined;
    const visits: Promise<unknown>[] = [];
    const ended = await world.engine().advance(rotation, {
      onEvent: (event) => {
        const [, address] = (event.kind === 'note' && /^open (http\S+)$/.exec(event.text)) || [];
        if (address !== undefined) visits.push(consent(address).then((redirect) => fetch(redirect)));
      },
    });
    expect(visits).toHaveLength(1);
    await Promise.all(visits);
    expect(ended).toMatchObject({ state: 'waiting', need: { kind: 'accept-unproven' } });
    expect(world.lab.authorizationServer.requests.filter(({ path }) => path.includes('device'))).toEqual([]);
    await works(world);
  }, 60_000);
});

describe('after the revocation', () => {
  it('a person leaves it to the tool, as an answer', async () => {
    const { world, ran } = await stubborn();
    await using _ = world;
    const { progress, needs } = await world.rotate({}, (need) =>
      need.kind === 'sign-in' && need.orByTool ? { kind: 'by-tool' } : { kind: 'done' },
    );
    expect(needs).toEqual(['sign-in']);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(ran()).toBe(1);
    await works(world);
    expect(await world.engine().receipt(progress.rotation)).toMatchObject({ method: 'sign-in-by-tool', state: 'complete' });
  }, 60_000);

  it('or as an option, and the choice outlives a cut', async () => {
    const { world, ran } = await stubborn();
    await using _ = world;
    const { progress } = await world.rotate({}, () => undefined);
    expect(progress).toMatchObject({ state: 'waiting', need: { kind: 'sign-in', orByTool: true } });
    const { open } = world.ports.browser;
    world.ports.browser.open = async () => {
      throw new Error('cut');
    };
    const asked = world.engine().advance(progress.rotation, { ...quiet, signIn: 'tool' });
    await expect(asked).rejects.toThrow('cut');
    world.ports.browser.open = open;
    expect(await world.resume(progress)).toMatchObject({ state: 'complete' });
    expect(ran()).toBe(1);
    await works(world);
  }, 60_000);

  it('what the client got meanwhile goes before', async () => {
    const { world } = await stubborn();
    await using _ = world;
    const { progress } = await world.rotate({}, () => undefined);
    const own = await world.signInAs('lab');
    const ended = await world.engine().advance(progress.rotation, { ...quiet, signIn: 'tool' });
    expect(ended).toMatchObject({ state: 'complete' });
    const [kept] = await keptFor(world, 'lab');
    expect(kept?.entry.tokens?.access?.equals(own.tokens.access)).toBe(true);
    expect((await world.engine().receipt(progress.rotation)).method).toBe('sign-in-through-client');
  }, 60_000);

  it('not where the store is not ours to write: refused, and the client can still do it', async () => {
    const { world } = await stubborn();
    await using _ = world;
    const plan = await world.plan();
    if (!plan.grant) throw new Error('no grant');
    const { orByTool, ...grant } = plan.grant;
    const rotation = await world.engine().start({ ...plan, grant });
    const waits = await world.engine().advance(rotation, quiet);
    expect(waits).toMatchObject({ state: 'waiting', need: { kind: 'sign-in' } });
    expect(waits.state === 'waiting' && waits.need).not.toHaveProperty('orByTool');
    const refused = await world.engine().advance(rotation, { ...quiet, signIn: 'tool' });
    expect(refused).toMatchObject({ state: 'stopped', code: 'oauth/client-only' });
    await world.signInAs('lab');
    expect(await world.resume({ rotation })).toMatchObject({ state: 'complete' });
  }, 60_000);
});
