/**
 * Goal: a Stripe key is told from those of others with the same prefix, is called dead only when refused, and both its ends are
 * told to a person without ambiguity.
 * Method: the contract kit and every fault at every call of check, against a toy with memory on a real server.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { providerKit } from '../../../test/kits/provider.ts';
import { expectNoSpill } from '../../../test/kits/provider-life.ts';
import { ToyClock, toyUpstream } from '../../../test/toys/server.ts';
import { stripeKey, type ToyKey, ToyStripe } from '../../../test/toys/stripe.ts';
import { faults, faultyUpstream } from '../../../test/twins/faults.ts';
import { Secret } from '../../base/secret.ts';
import { hour, minute } from '../../base/time.ts';
import type { Held, PageMethod, Slot } from '../provider.ts';
import { provider } from './provider.ts';

const marker = 'mcp-rotate r-20261122-k7mq4t';
const env = (name: string, value: string): Slot => ({ where: 'env', name, value });
const heldOf = (key: Pick<ToyKey, 'text' | 'permissions'>): Held => ({
  kind: key.permissions === undefined ? 'secret key' : 'restricted key',
  parts: { key: new Secret(key.text) },
  context: {},
});
const [page] = provider.methods as readonly [PageMethod];
const expirePage = (held: Held) => {
  if (page.revocation.by !== 'page') throw new Error('not by page');
  return page.revocation.page(held);
};

const open: ToyStripe[] = [];
afterEach(async () => {
  for (const toy of open.splice(0)) await toy.server.close();
});

async function start(permissions?: readonly string[], mode: 'live' | 'test' = 'live') {
  const clock = new ToyClock();
  const toy = await ToyStripe.start(clock);
  open.push(toy);
  const key = toy.makeByPage('acct_1Abcdefgh12345', 'server', mode, permissions);
  return { clock, toy, key, held: heldOf(key), up: toyUpstream(clock, { 'https://api.stripe.com': toy.server.url }) };
}

const live = stripeKey(1, 'live');
const restricted = stripeKey(2, 'live', true);
const short = `${['sk', 'test'].join('_')}_${live.slice(-24)}`;

providerKit({
  provider,
  async world() {
    const { toy, up, held } = await start();
    return {
      up,
      old: held,
      issuer: undefined,
      neighbour: heldOf(toy.makeByPage('acct_1Abcdefgh12345', 'other')),
      state: async () => JSON.stringify(toy.live().map(({ account, mode, name }) => [account, mode, name])),
      close: () => toy.server.close(),
    };
  },
  samples: [
    {
      title: 'a secret key in the environment',
      slots: [env('STRIPE_SECRET_KEY', live)],
      kind: 'secret key',
      parts: { key: live },
      context: {},
      credential: 'one',
      mutate: [{ part: 'key', how: ['prefix', 'alphabet'] }],
    },
    {
      title: 'a secret key as an argument',
      slots: [{ where: 'arg', name: '--api-key', value: live }],
      kind: 'secret key',
      parts: { key: live },
      context: {},
      credential: 'one',
    },
    {
      title: 'a restricted key in a header',
      slots: [{ where: 'header', name: 'Authorization', value: `Bearer ${restricted}` }],
      kind: 'restricted key',
      parts: { key: restricted },
      context: {},
      credential: 'two',
      mutate: [{ part: 'key', how: ['prefix', 'alphabet'] }],
    },
    {
      title: 'an old, short key, known by its neighbourhood',
      slots: [
        { where: 'arg', name: '', value: '@stripe/mcp' },
        { where: 'arg', name: '', value: `--api-key=${short}` },
      ],
      kind: 'secret key',
      parts: { key: short },
      context: {},
      credential: 'three',
    },
  ],
  nearMisses: [
    { title: 'a key of another service with the same prefix', slots: [env('CLERK_SECRET_KEY', short)] },
    { title: 'a publishable key', slots: [env('STRIPE_KEY', live.replace('sk', 'pk'))] },
    { title: 'an OpenAI key', slots: [env('STRIPE_KEY', live.replaceAll('_', '-'))] },
    { title: 'a longer word', slots: [env('STRIPE_KEY', `x${live}`)] },
  ],
});

describe('check', () => {
  it('tells account and mode', async () => {
    const { up, held } = await start();
    expect(await provider.check(up, held)).toEqual({
      alive: 'yes',
      how: 'GET /v1/account answered 200',
      account: 'acct_1Abcdefgh12345 (live mode)',
    });
  });

  it('tells a test key from a live one of the same account, and two accounts', async () => {
    const { toy, up, held } = await start();
    const others = [toy.makeByPage('acct_1Abcdefgh12345', 'x', 'test'), toy.makeByPage('acct_1Other0000', 'y')];
    const accounts = await Promise.all([held, ...others.map(heldOf)].map(async (one) => (await provider.check(up, one)).account));
    expect(new Set(accounts).size).toBe(3);
  });

  it.each([[['events']], [['balance']], [['balance', 'account']], [[]]])(
    'of a restricted key with %j is alive and names the account',
    async (permissions) => {
      const { up, held } = await start(permissions);
      expect(await provider.check(up, held)).toMatchObject({ alive: 'yes', account: 'acct_1Abcdefgh12345 (live mode)' });
    },
  );

  it('says dead only once the key is refused (failure mode 28)', async () => {
    const { clock, toy, up, held, key } = await start();
    toy.expiryTakesMs = 2 * minute;
    toy.expireByPage(key.text);
    expect((await provider.check(up, held)).alive).toBe('yes');
    await clock.sleep(2 * minute);
    expect(await provider.check(up, held)).toMatchObject({ alive: 'no', how: 'GET /v1/account answered 401' });
  });

  it.each(faults.filter((fault) => fault !== 'cut'))('is no wrong yes or no at %s (failure mode 25)', async (fault) => {
    const { up, held } = await start();
    const standing = await provider.check(faultyUpstream(up, { at: 1, fault }).up, held);
    // A 403 whose body is not an error of Stripe's proves nothing.
    expect(standing.alive).toBe(fault === 'refused' ? 'no' : 'unknown');
    expect(standing.retryAfterMs).toBe(fault === 'rate-limited' ? 7000 : undefined);
    expectNoSpill(standing, [held.parts['key'] as Secret]);
  });

  it.each(faults.filter((fault) => fault !== 'cut'))(
    'of a restricted key survives %s when it asks for the account',
    async (fault) => {
      const { up, held } = await start(['balance', 'account']);
      const faulty = faultyUpstream(up, { at: 2, fault });
      const standing = await provider.check(faulty.up, held);
      expect(faulty.fired()).toBe(true);
      expect(standing).toEqual({ alive: 'yes', how: 'GET /v1/balance answered 200' });
    },
  );
});

describe('the pages', () => {
  it('lead to the mode of the key, and name permissions and marker', async () => {
    const { held } = await start(['balance'], 'test');
    const { url, steps } = page.page({ old: held, issuer: undefined, marker }, { alive: 'yes', how: '' });
    expect(url).toBe('https://dashboard.stripe.com/test/apikeys/create');
    const text = steps.join('\n');
    expect(text).toContain(`"${marker}"`);
    expect(text).toContain('mode (test)');
    expect(text).toContain('"Create restricted key"');
    expect(text).toContain('do not press "Rotate key"');
    expect(expirePage(held).url).toBe('https://dashboard.stripe.com/test/apikeys');
    expect(expirePage(heldOf({ text: live, permissions: undefined })).url).toBe('https://dashboard.stripe.com/apikeys');
  });

  it('name the row of the old key by its end, and no more of it', async () => {
    const { held, key } = await start();
    const text = expirePage(held).steps.join('\n');
    expect(text).toContain(`…${key.text.slice(-4)}`);
    expect(text).not.toContain(key.text.slice(-5));
    expect(text).toContain('"now"');
  });
});

describe('activity', () => {
  it('reads every page of the window in order, and claims no completeness', async () => {
    const { clock, toy, up, held, key } = await start();
    const now = clock.now();
    for (let n = 0; n < 230; n++) toy.events.push({ account: key.account, at: now - n * 1000, type: 'payout.created' });
    toy.events.push(
      { account: key.account, at: now - 2 * hour, type: 'too.early' },
      { account: 'acct_x', at: now, type: 'of.another' },
    );
    const report = await provider.activity?.(up, { held, issuer: undefined, from: now - hour, to: now });
    expect(report?.events).toHaveLength(230);
    expect(report?.events[0]).toEqual({ at: now - 229_000, what: 'payout.created' });
    expect(report?.complete).toBe(false);
  });

  it('of a key that may not read events points to the dashboard', async () => {
    const { up, held } = await start(['balance']);
    const report = await provider.activity?.(up, { held, issuer: undefined, from: 0, to: 1 });
    expect(report).toMatchObject({ complete: false, events: [] });
    expect(report?.note).toContain('https://dashboard.stripe.com/logs');
  });
});
