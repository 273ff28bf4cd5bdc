/**
 * Goal: a whole rotation of a GitLab token: in place where the token may rotate itself, by the page where it may not; and
 * a lost answer costs a page and a debt, never the family of tokens.
 * Method: the toy GitLab, with families, over the real net; two clients, the token in an environment and in an argument.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Progress } from '../../src/rotation/rotation.ts';
import { ToyGitLab, type ToyToken } from '../toys/gitlab.ts';
import { routed } from '../toys/server.ts';
import { WholeClock } from './clock.ts';
import { allProven, assertOrder, type HomeFile, type Person, patient, provenUses, type Whole, whole } from './whole.ts';

const files = (url: string): readonly HomeFile[] => [
  {
    path: '~/.claude.json',
    text: ({ token = '' }) =>
      `${JSON.stringify({ mcpServers: { lab: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-gitlab'], env: { GITLAB_API_URL: `${url}/api/v4`, GITLAB_PERSONAL_ACCESS_TOKEN: token } } } }, null, 4)}\n`,
  },
  {
    path: '~/.codex/config.toml',
    text: ({ token = '' }) =>
      `[mcp_servers.lab]\ncommand = "docker"\nargs = [\n  "run", "--rm", "-i",\n  "-e", "GITLAB_API_URL=${url}/api/v4",\n  "-e", "GITLAB_PERSONAL_ACCESS_TOKEN=${token}", # from my profile\n  "mcp/gitlab",\n]\n`,
  },
];

interface World {
  readonly toy: ToyGitLab;
  readonly clock: WholeClock;
  readonly old: ToyToken;
  readonly neighbour: ToyToken;
  readonly home: Whole;
  readonly person: Person;
}

const open: World[] = [];
afterEach(async () => {
  for (const { home, toy } of open.splice(0)) {
    await home[Symbol.asyncDispose]();
    await toy.server.close();
  }
});

async function start(scopes: readonly string[]): Promise<World> {
  const clock = new WholeClock();
  const toy = await ToyGitLab.start(clock);
  const old = toy.make(7, 'old', scopes, 90);
  const neighbour = toy.make(7, 'neighbour', ['api'], 90);
  const home = await whole({
    provider: 'gitlab',
    files: files(toy.server.url),
    old: { token: old.text },
    clock,
    net: routed({ 'https://gitlab.com': toy.server.url }),
    knows: (launch) => toy.live().some(({ text }) => JSON.stringify(launch).includes(text)),
  });
  const person: Person = (need) => {
    if (need.kind !== 'new-credential') return patient(need);
    const url = new URL(need.page.url);
    const asked = url.searchParams.get('scopes')?.split(',') ?? scopes;
    const made = toy.make(7, url.searchParams.get('name') ?? '', asked, 90);
    return { kind: 'new-credential', parts: { token: new Secret(made.text) } };
  };
  const world = { toy, clock, old, neighbour, home, person };
  open.push(world);
  return world;
}

async function assertReplaced({ toy, old, neighbour, home }: World, progress: Progress): Promise<void> {
  const { token = '' } = await home.held();
  expect(token).not.toBe(old.text);
  expect(toy.live().map(({ text }) => text)).toEqual([neighbour.text, token]);
  const receipt = await home.receipt(progress);
  expect(provenUses(receipt)).toEqual(allProven('claude-code', 'codex'));
  await home.assertKept(progress, old.text, neighbour.text, token);
}

const rotate = /self\/rotate$/;
const isRotate = (call: string): boolean => rotate.test(call);

describe('a whole rotation of a GitLab token', () => {
  it.each(['routine', 'departure', 'leak'] as const)(
    '%s: in place: the old one dies in the call that makes the new one',
    async (because) => {
      const world = await start(['api']);
      const { home, toy } = world;
      toy.events.push({ userId: 7, at: world.clock.now() - 2 * 86_400_000, action: 'pushed to' });
      const exposed = because === 'routine' ? {} : { exposedSince: world.clock.now() - 5 * 86_400_000 };
      const { progress, needs, plan } = await home.rotate(because, world.person, exposed);
      expect(progress).toMatchObject({ state: 'complete' });
      expect(needs).toEqual([]);
      expect(plan).toMatchObject({ method: 'self-rotate', overlap: 'none', pointOfNoReturn: 'issue' });
      expect(home.calls.made.filter(isRotate)).toHaveLength(1);
      const receipt = await home.receipt(progress);
      expect(receipt.activity).toMatchObject({ events: because === 'routine' ? 0 : 1 });
      expect(receipt.proofs.filter(({ kind }) => kind === 'dead')).toMatchObject([{ answer: 'yes' }]);
      await assertReplaced(world, progress);
    },
  );

  it.each(['routine', 'leak'] as const)('%s: a token that may not rotate itself goes by the page', async (because) => {
    const world = await start(['read_api', 'read_user']);
    const { home } = world;
    const { progress, needs, plan } = await home.rotate(because, world.person);
    expect(plan).toMatchObject({ method: 'page', overlap: 'many', pointOfNoReturn: 'revoke' });
    expect(plan.warnings.join()).toContain('self_rotate');
    expect(needs).toEqual(['new-credential']);
    expect(progress).toMatchObject({ state: 'complete' });
    assertOrder(home.calls, /^need new-credential$/, /^DELETE .*self$/, because === 'leak' ? 'revoked first' : 'proven first');
    expect(home.calls.made.filter(isRotate)).toEqual([]);
    await assertReplaced(world, progress);
  });

  it.each(['routine', 'leak'] as const)(
    '%s: a lost answer is never asked for again: a page, and a debt until the lost one is gone',
    async (because) => {
      const world = await start(['api']);
      const { home, toy, old, neighbour } = world;
      home.calls.fail(rotate, 'lost');
      const { progress, needs } = await home.rotate(because, world.person);
      expect(needs).toEqual(['new-credential']);
      expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'lost-key' }] });
      expect(home.calls.made.filter(isRotate)).toHaveLength(1);
      const lost = toy.live().find(({ name }) => name === 'old');
      const { token = '' } = await home.held();
      expect(toy.live().map(({ text }) => text)).toEqual([neighbour.text, lost?.text, token]);
      expect((await home.receipt(progress)).debts).toMatchObject([{ kind: 'lost-key' }]);
      await home.assertKept(progress, old.text, token, lost?.text ?? 'gone');
      // A person looks, ends it on the page, and says so.
      const later = await home.resume(progress, (need) => {
        expect(need).toEqual({ kind: 'confirm-strays', strays: [], lost: expect.stringContaining('never arrived') });
        if (lost) lost.revoked = true;
        return { kind: 'accept' };
      });
      expect(later).toMatchObject({ state: 'complete' });
      await assertReplaced(world, later);
    },
  );

  it('a 503 before anything happened is tried again only with a token seen alive', async () => {
    const world = await start(['api']);
    const { home } = world;
    home.calls.fail(rotate, 'down');
    const { progress, needs } = await home.rotate('routine', world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    expect(home.calls.made.filter(isRotate)).toHaveLength(2);
    await assertReplaced(world, progress);
  });

  it('by the page: a 503 at revoke is asked again before it is a debt', async () => {
    const world = await start(['read_api']);
    const { home } = world;
    home.calls.fail(/^DELETE /, 'down');
    const { progress, needs } = await home.rotate('routine', world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(home.calls.unmet).toBe(0);
    expect(needs).toEqual(['new-credential']);
    await assertReplaced(world, progress);
  });

  it('leak: GitLab was quicker: never rotated with the dead one, but by the page (failure mode 35)', async () => {
    const world = await start(['api']);
    const { home, old } = world;
    old.revoked = true;
    const { progress, needs, plan } = await home.rotate('leak', world.person);
    expect(plan.method).toBe('page');
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual(['new-credential']);
    expect(home.calls.made.filter(isRotate)).toEqual([]);
    await assertReplaced(world, progress);
  });
});
