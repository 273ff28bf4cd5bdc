/**
 * Goal: a whole rotation of a GitHub token through three clients, in every playbook, also when the provider was quicker,
 * and with answers that get lost.
 * Method: the toy GitHub over the real net; a person who makes the new token on its page; the token stands in an
 * environment, in an argument and in a header.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Need } from '../../src/rotation/rotation.ts';
import { ToyGitHub, type ToyToken } from '../toys/github.ts';
import { routed } from '../toys/server.ts';
import { WholeClock } from './clock.ts';
import {
  allProven,
  assertOrder,
  type HomeFile,
  type Parts,
  type Person,
  patient,
  provenUses,
  type Whole,
  whole,
} from './whole.ts';

const scopes = ['read:org', 'repo'];

/** `api` undefined: as most people have it, without an address. */
function files(api: string | undefined): readonly HomeFile[] {
  const env = (token: string) => ({ ...(api ? { GITHUB_API_URL: api } : {}), GITHUB_PERSONAL_ACCESS_TOKEN: token });
  const address = api ? `"-e", "GITHUB_API_URL=${api}", ` : '';
  return [
    {
      path: '~/.claude.json',
      text: ({ token = '' }) =>
        `${JSON.stringify({ numStartups: 3, mcpServers: { gh: { type: 'stdio', command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'], env: env(token) } }, tips: 'ü' }, null, 2)}\n`,
    },
    {
      path: '~/.codex/config.toml',
      text: ({ token = '' }) =>
        `# mine\r\n[mcp_servers.gh]\r\ncommand = "docker"\r\nargs = ["run", "-i", "--rm", ${address}"-e", 'GITHUB_PERSONAL_ACCESS_TOKEN=${token}', "ghcr.io/github/github-mcp-server"] # keep\r\n`,
    },
    {
      path: '~/.cursor/mcp.json',
      text: ({ token = '' }) =>
        `{"mcpServers":{"gh":{"url":"https://api.githubcopilot.com/mcp/","headers":{"Authorization":"Bearer ${token}"}}}}`,
    },
  ];
}

const clientIds = ['claude-code', 'codex', 'cursor'];

interface World {
  readonly toy: ToyGitHub;
  readonly clock: WholeClock;
  readonly old: ToyToken;
  readonly home: Whole;
  /** Makes the token as the page says. */
  readonly person: Person;
}

const open: World[] = [];
afterEach(async () => {
  for (const { home, toy } of open.splice(0)) {
    await home[Symbol.asyncDispose]();
    await toy.server.close();
  }
});

async function start(usualAddress = false): Promise<World> {
  const clock = new WholeClock();
  const toy = await ToyGitHub.start(clock);
  const old = toy.makeByPage('ada', 'old', scopes);
  toy.makeByPage('ada', 'of something else', scopes);
  const home = await whole({
    provider: 'github',
    files: files(usualAddress ? undefined : toy.server.url),
    old: { token: old.text },
    clock,
    net: routed({ 'https://api.github.com': toy.server.url }),
    knows: (launch) => toy.live().some(({ text }) => JSON.stringify(launch).includes(text)),
  });
  const person: Person = (need) => (need.kind === 'new-credential' ? makeToken(toy, need) : patient(need));
  const world = { toy, clock, old, home, person };
  open.push(world);
  return world;
}

/** What the page says is done: its label, its scopes. */
function makeToken(toy: ToyGitHub, { page }: Extract<Need, { kind: 'new-credential' }>) {
  const url = new URL(page.url);
  const asked = url.searchParams.get('scopes')?.split(',') ?? scopes;
  const made = toy.makeByPage('ada', url.searchParams.get('description') ?? '', asked);
  return { kind: 'new-credential', parts: { token: new Secret(made.text) } } as const;
}

async function assertReplaced({ toy, old, home }: World): Promise<Parts> {
  const now = await home.held();
  expect(now['token']).not.toBe(old.text);
  const live = toy.live().map(({ text, note }) => [text === now['token'] ? 'new' : text === old.text ? 'old' : 'other', note]);
  expect(live).toEqual([
    ['other', 'of something else'],
    ['new', expect.stringMatching(/^mcp-rotate r-\d{8}-[a-z2-9]{6}$/)],
  ]);
  return now;
}

describe('a whole rotation of a GitHub token', () => {
  it.each(['routine', 'departure'] as const)(
    '%s: proven, then revoked, then seen dead minutes later (failure mode 28)',
    async (because) => {
      const world = await start();
      const { home, toy, old } = world;
      toy.revocationTakesMs = 90_000;
      const { progress, needs, plan } = await home.rotate(because, world.person);
      expect(progress).toMatchObject({ state: 'complete' });
      expect(needs).toEqual(['new-credential']);
      const now = await assertReplaced(world);
      assertOrder(home.calls, /^need new-credential$/, /credentials\/revoke/, 'proven first');
      const receipt = await home.receipt(progress);
      expect(receipt).toMatchObject({ state: 'complete', provider: 'github', because, method: 'page', debts: [] });
      expect(receipt.steps.map(({ step }) => step)).toEqual(plan.steps.filter((step) => step !== 'receipt'));
      expect(receipt.steps.find(({ step }) => step === 'revoke')?.note).toBe('accepted, not proven yet');
      const [dead] = receipt.proofs.filter(({ kind }) => kind === 'dead');
      const revoke = receipt.steps.find(({ step }) => step === 'revoke');
      expect((dead?.at ?? 0) - (revoke?.endedAt ?? 0)).toBeGreaterThanOrEqual(80_000);
      expect(receipt.places.map(({ client, part }) => `${client} ${part}`).sort()).toEqual(clientIds.map((id) => `${id} token`));
      expect(provenUses(receipt)).toEqual(allProven(...clientIds));
      await home.assertKept(progress, old.text, now['token'] ?? '');
    },
  );

  it('leak: revoked at once, the clock runs until it is refused, then a new one', async () => {
    const world = await start();
    const { home, toy, old } = world;
    toy.revocationTakesMs = 60_000;
    const { progress } = await home.rotate('leak', world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    const now = await assertReplaced(world);
    assertOrder(home.calls, /^need new-credential$/, /credentials\/revoke/, 'revoked first');
    const receipt = await home.receipt(progress);
    expect(receipt.minutesToDead).toBeGreaterThanOrEqual(1);
    expect(receipt.activity?.source).toContain('security log');
    expect(provenUses(receipt)).toEqual(allProven(...clientIds));
    await home.assertKept(progress, old.text, now['token'] ?? '');
  });

  it('leak: GitHub itself was quicker, and nothing is revoked twice (failure mode 35)', async () => {
    const world = await start();
    const { home, toy, old } = world;
    const plan = await home.plan('leak');
    toy.revokeAsPartner(old.text);
    expect(plan.pointOfNoReturn).toBe('revoke');
    const { progress } = await home.rotate('leak', world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    await assertReplaced(world);
    expect(home.calls.made).not.toContain('POST /credentials/revoke');
    const receipt = await home.receipt(progress);
    expect(receipt.steps.find(({ step }) => step === 'revoke')?.note).toContain('gone already');
    expect(receipt.minutesToDead).toBeLessThan(1);
  });

  it('routine: GitHub revokes the old one while we rotate: the way out is forwards (failure mode 35)', async () => {
    const world = await start();
    const { home, toy, old } = world;
    const { progress } = await home.rotate('routine', (need) => {
      if (need.kind === 'new-credential') toy.revokeAsPartner(old.text);
      return world.person(need);
    });
    expect(progress).toMatchObject({ state: 'complete' });
    await assertReplaced(world);
    expect(home.calls.made).not.toContain('POST /credentials/revoke');
  });

  it('a token of another account is left alone, and asked for again (failure mode 16)', async () => {
    const world = await start();
    const { home, toy } = world;
    const others: ToyToken[] = [];
    const { progress, needs } = await home.rotate('routine', (need) => {
      if (need.kind !== 'new-credential' || others.length > 0) return world.person(need);
      others.push(toy.makeByPage('eve', 'hers', scopes));
      return { kind: 'new-credential', parts: { token: new Secret(others[0]?.text ?? '') } };
    });
    expect(needs).toEqual(['new-credential', 'new-credential']);
    expect(progress).toMatchObject({ state: 'complete' });
    const { token = '' } = await home.held();
    expect(toy.live().map(({ login, text }) => [login, text === token])).toEqual([
      ['ada', false],
      ['eve', false],
      ['ada', true],
    ]);
    await home.assertKept(progress, token, others[0]?.text ?? '');
  });

  it('given up at the page: the old token stays everywhere, and lives', async () => {
    const world = await start();
    const { home, toy, old } = world;
    const { progress } = await home.rotate('routine', () => 'later');
    expect(progress).toMatchObject({ state: 'waiting', need: { kind: 'new-credential' } });
    expect(await home.undo(progress)).toMatchObject({ state: 'rolled-back' });
    expect(await home.held()).toEqual({ token: old.text });
    expect(toy.live()).toHaveLength(2);
  });

  it('an answer to the look at the new token that is lost, and a 503 at revoke, hold nothing up', async () => {
    const world = await start();
    const { home, toy } = world;
    const { progress, needs } = await home.rotate('routine', (need) => {
      home.calls.fail(/^GET \/user$/, 'lost');
      home.calls.fail(/^POST \/credentials\/revoke$/, 'down');
      return world.person(need);
    });
    expect(progress).toMatchObject({ state: 'complete' });
    expect(home.calls.unmet).toBe(0);
    expect(needs).toEqual(['new-credential']);
    expect(home.calls.made.filter((call) => call === 'POST /credentials/revoke')).toHaveLength(2);
    await assertReplaced(world);
    expect(toy.live()).toHaveLength(2);
  });

  it('a program that still holds the old token is ended by its person first (failure mode 20)', async () => {
    const world = await start();
    const { home, old } = world;
    const codex = home.processes.start({
      name: 'codex',
      terminal: true,
      servers: [{ name: 'docker', args: [`TOKEN=${old.text}`] }],
    });
    const { progress, needs } = await home.rotate('routine', (need) => {
      if (need.kind === 'restart-by-hand') {
        expect(home.calls.made).not.toContain('POST /credentials/revoke');
        expect(need.holders.map(({ name }) => name).sort()).toEqual(['codex', 'docker']);
        home.processes.end(codex.pid);
      }
      return world.person(need);
    });
    expect(needs).toEqual(['new-credential', 'restart-by-hand']);
    expect(progress).toMatchObject({ state: 'complete' });
    await assertReplaced(world);
  });

  it('leak: what gh is signed in to tells what was done with the token, in every organisation', async () => {
    const world = await start(true);
    const { home, toy, old, clock } = world;
    toy.organisations.push(
      { login: 'acme', owners: ['ada'], members: [], enterprise: true },
      { login: 'friends', owners: [], members: ['ada'], enterprise: false },
    );
    toy.audit.push({ token: old.text, action: 'repo.download_zip', at: clock.now() - 3_600_000 });
    const lent = toy.makeByPage('ada', 'gh', ['read:org', 'read:audit_log']);
    const script = `#!/bin/sh\n[ "$*" = "auth token --hostname github.com" ] && [ -z "$GH_TOKEN" ] || exit 4\necho ${lent.text}\n`;
    await home.write('~/bin/gh', script, 0o700);
    home.env['PATH'] = `${home.home}/bin:${home.env['PATH']}`;
    home.env['GH_TOKEN'] = old.text;
    await home.borrow('gh');
    const { progress, needs } = await home.rotate('leak', world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual(['new-credential']);
    const receipt = await home.receipt(progress);
    expect(receipt.activity).toMatchObject({ source: 'audit log of orgs/acme, by the hash of the token', events: 1 });
    expect(receipt.activity?.note).toContain('not read: orgs/friends');
    const { token = '' } = await home.held();
    expect(toy.live().map(({ note }) => note)).toEqual(['of something else', 'gh', expect.stringMatching(/^mcp-rotate/)]);
    await home.assertKept(progress, old.text, token, lent.text);
  });
});
