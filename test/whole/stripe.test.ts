/**
 * Goal: a whole rotation of a Stripe key, which a person makes and ends on the dashboard: proven, dead only when refused.
 * Method: the toy Stripe, to which the real addresses are led; a person on its dashboard; environment, header, argument.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { minute } from '../../src/base/time.ts';
import { routed } from '../toys/server.ts';
import { type ToyKey, ToyStripe } from '../toys/stripe.ts';
import { WholeClock } from './clock.ts';
import { allProven, assertOrder, type HomeFile, type Person, patient, provenUses, type Whole, whole } from './whole.ts';

const files: readonly HomeFile[] = [
  {
    path: '~/.claude.json',
    text: ({ key = '' }) =>
      JSON.stringify({
        mcpServers: { pay: { type: 'http', url: 'https://mcp.stripe.com', headers: { Authorization: `Bearer ${key}` } } },
      }),
  },
  {
    path: '~/.codex/config.toml',
    text: ({ key = '' }) =>
      `[mcp_servers.pay]\ncommand = "npx"\nargs = ["-y", "@stripe/mcp", "--tools=all", "--api-key=${key}"]\n[mcp_servers.pay.env]\nOTHER = "x"\n`,
  },
  {
    path: '~/.cursor/mcp.json',
    text: ({ key = '' }) =>
      `{\n\t"mcpServers": {\n\t\t"pay": { "command": "npx", "args": ["-y", "@stripe/mcp"], "env": { "STRIPE_SECRET_KEY": "${key}" } }\n\t}\n}`,
  },
];

interface World {
  readonly toy: ToyStripe;
  readonly clock: WholeClock;
  readonly old: ToyKey;
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

async function start(permissions?: readonly string[]): Promise<World> {
  const clock = new WholeClock();
  const toy = await ToyStripe.start(clock);
  const old = toy.makeByPage('acct_1', 'old', 'live', permissions);
  toy.makeByPage('acct_1', 'of the shop');
  const home = await whole({
    provider: 'stripe',
    files,
    old: { key: old.text },
    clock,
    net: routed({ 'https://api.stripe.com': toy.server.url }),
    knows: (launch) => toy.live().some(({ text }) => JSON.stringify(launch).includes(text)),
  });
  const person: Person = (need) => {
    if (need.kind === 'revoke-by-hand') toy.expireByPage(old.text);
    if (need.kind !== 'new-credential') return patient(need);
    const made = toy.makeByPage('acct_1', 'new', 'live', permissions);
    return { kind: 'new-credential', parts: { key: new Secret(made.text) } };
  };
  const world = { toy, clock, old, home, person };
  open.push(world);
  return world;
}

async function assertReplaced({ toy, old, home }: World): Promise<string> {
  const { key = '' } = await home.held();
  expect(key).not.toBe(old.text);
  expect(toy.live().map(({ text, name }) => [text === key, name])).toEqual([
    [false, 'of the shop'],
    [true, 'new'],
  ]);
  return key;
}

const [made, ended] = [/^need new-credential$/, /^need revoke-by-hand$/];

describe('a whole rotation of a Stripe key', () => {
  it.each([
    ['routine', undefined],
    ['departure', ['balance']],
    ['leak', undefined],
    ['leak', ['balance', 'events']],
  ] as const)('%s, permissions %j: both by the page, dying slowly', async (because, permissions) => {
    const world = await start(permissions);
    const { home, toy, old, clock } = world;
    toy.expiryTakesMs = 2 * minute;
    toy.events.push({ account: 'acct_1', at: clock.now() - minute, type: 'payout.created' });
    const { progress, plan } = await home.rotate(because, world.person);
    expect(progress).toMatchObject({ state: 'complete' });
    assertOrder(home.calls, made, ended, because === 'leak' ? 'revoked first' : 'proven first');
    const receipt = await home.receipt(progress);
    expect(receipt.steps.map(({ step }) => step).sort()).toEqual(plan.steps.filter((step) => step !== 'receipt').sort());
    expect(receipt.steps.find(({ step }) => step === 'revoke')?.note).toBe('by hand');
    expect(provenUses(receipt)).toEqual(allProven('claude-code', 'codex', 'cursor'));
    // Who may not read the events is told where to look.
    const readable = permissions === undefined || (permissions as readonly string[]).includes('events');
    expect(receipt.activity?.events).toBe(readable && because !== 'routine' ? 1 : 0);
    if (because === 'leak') expect(receipt.minutesToDead).toBeGreaterThanOrEqual(2);
    const key = await assertReplaced(world);
    await home.assertKept(progress, old.text, key);
  });

  it.each(['routine', 'leak'] as const)(
    '%s: "done" is not dead: a debt until it is refused (failure mode 28)',
    async (because) => {
      const world = await start();
      const { home, toy, old } = world;
      const { progress } = await home.rotate(because, (need) => {
        if (need.kind === 'revoke-by-hand') return { kind: 'done' };
        return world.person(need);
      });
      expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'not-dead' }] });
      expect(toy.live().map(({ text }) => text)).toContain(old.text);
      const later = await home.resume(progress, world.person);
      expect(later).toMatchObject({ state: 'complete' });
      const key = await assertReplaced(world);
      await home.assertKept(later, old.text, key);
    },
  );

  it('a test key in place of a live one is left alone, and asked for again', async () => {
    const world = await start();
    const { home, toy, old } = world;
    let asked = 0;
    const { progress } = await home.rotate('routine', (need) => {
      if (need.kind !== 'new-credential' || asked++ > 0) return world.person(need);
      const wrong = toy.makeByPage('acct_1', 'new', 'test');
      return { kind: 'new-credential', parts: { key: new Secret(wrong.text) } };
    });
    expect(asked).toBe(2);
    expect(progress).toMatchObject({ state: 'complete' });
    const { key = '' } = await home.held();
    expect(toy.live().map(({ text, mode }) => [text === key, mode])).toEqual([
      [false, 'live'],
      [false, 'test'],
      [true, 'live'],
    ]);
    await home.assertKept(progress, old.text, key);
  });

  it('undone before the old one is ended: the key that a person made is owed until it is dead', async () => {
    const world = await start();
    const { home, toy, old } = world;
    home.processes.start({ name: 'node', env: { STRIPE_SECRET_KEY: old.text } });
    const { progress } = await home.rotate('routine', (need) => (need.kind === 'restart-by-hand' ? 'later' : world.person(need)));
    expect(progress).toMatchObject({ state: 'waiting', need: { kind: 'restart-by-hand' } });
    const undone = await home.undo(progress);
    expect(undone).toMatchObject({ state: 'debt', debts: [{ kind: 'stray-key' }] });
    expect(await home.held()).toEqual({ key: old.text });
    const later = await home.resume(undone, (need) => {
      expect(need.kind).toBe('revoke-by-hand');
      for (const { text, name } of toy.keys) if (name === 'new') toy.expireByPage(text);
      return { kind: 'done' };
    });
    expect(later).toMatchObject({ state: 'rolled-back' });
    expect(toy.live().map(({ name }) => name)).toEqual(['old', 'of the shop']);
    await home.assertKept(later, old.text);
  });

  it('lost answers to the looks at the new and the dying key hold nothing up', async () => {
    const world = await start();
    const { home } = world;
    const { progress } = await home.rotate('routine', (need) => {
      if (need.kind === 'new-credential') home.calls.fail(/account$/, 'lost');
      if (need.kind === 'revoke-by-hand') home.calls.fail(/account$/, 'down');
      return world.person(need);
    });
    expect(progress).toMatchObject({ state: 'complete' });
    expect(home.calls.unmet).toBe(0);
    await assertReplaced(world);
  });
});
