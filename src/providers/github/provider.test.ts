/**
 * Goal: GitHub tokens are told from look-alikes, revoked without authorization, and called dead only when refused.
 * Method: the contract kit and what is peculiar here, against a toy with memory on a real server; every fault at every call
 * of check and revoke. That the requests fit GitHub's own description is shown in test/real/prism.test.ts.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { providerKit, type World } from '../../../test/kits/provider.ts';
import { expectNoSpill } from '../../../test/kits/provider-life.ts';
import { classicToken, fineGrainedToken, ToyGitHub, type ToyToken } from '../../../test/toys/github.ts';
import { ToyClock, toyUpstream } from '../../../test/toys/server.ts';
import { faults, faultyUpstream } from '../../../test/twins/faults.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { day, hour, minute } from '../../base/time.ts';
import type { Held, Method, PageMethod, Slot } from '../provider.ts';
import { provider } from './provider.ts';
import { revokeCredentials } from './requests.ts';

const api = 'https://api.github.com';
const server = 'https://git.corp.test/api/v3';
const env = (name: string, value: string): Slot => ({ where: 'env', name, value });
const heldOf = (token: ToyToken, base = api): Held => ({
  kind: token.scopes === undefined ? 'fine-grained token' : 'classic token',
  parts: { token: new Secret(token.text) },
  context: { api: base },
});

const open: ToyGitHub[] = [];
afterEach(async () => {
  for (const toy of open.splice(0)) await toy.server.close();
});

async function start(scopes: readonly string[] | 'fine-grained' = ['repo', 'gist']) {
  const clock = new ToyClock();
  const toy = await ToyGitHub.start(clock);
  open.push(toy);
  const token = toy.makeByPage('octocat', 'laptop', scopes === 'fine-grained' ? undefined : scopes, clock.now() + 30 * day);
  const up = toyUpstream(clock, { [api]: toy.server.url, 'https://git.corp.test': toy.server.url });
  return { clock, toy, up, token, held: heldOf(token) };
}

async function world(method: Method): Promise<World> {
  const { clock, toy, up, token } = await start();
  toy.revocationTakesMs = 2 * minute;
  // An Enterprise Server answers under /api/v3; the toy does not know that path, so the route leaves it out.
  const onServer = method.id === 'server-page';
  const net: World['up']['net'] = { send: (request) => up.net.send({ ...request, url: request.url.replace('/api/v3', '') }) };
  return {
    up: { ...up, clock, net },
    old: heldOf(token, onServer ? server : api),
    issuer: undefined,
    neighbour: heldOf(toy.makeByPage('octocat', 'desktop', ['repo']), onServer ? server : api),
    state: async () => JSON.stringify(toy.live().map(({ login, note, scopes }) => [login, note, scopes])),
    close: () => toy.server.close(),
  };
}

const one = classicToken(1);
const fine = fineGrainedToken(2);
const swapped = `${one.slice(0, -1)}${one.endsWith('a') ? 'b' : 'a'}`;

providerKit({
  provider,
  world,
  samples: [
    {
      title: 'a classic token in the environment',
      slots: [env('GITHUB_PERSONAL_ACCESS_TOKEN', one)],
      kind: 'classic token',
      parts: { token: one },
      context: { api },
      credential: 'one',
      mutate: [{ part: 'token', how: ['short', 'prefix', 'alphabet'] }],
    },
    {
      title: 'a classic token in a header, on a ghe.com tenant',
      slots: [{ where: 'header', name: 'Authorization', value: `Bearer ${one}` }, env('GITHUB_HOST', 'https://acme.ghe.com')],
      kind: 'classic token',
      parts: { token: one },
      context: { api: 'https://api.acme.ghe.com' },
      credential: 'one',
    },
    {
      title: 'a fine-grained token, twice',
      slots: [env('GITHUB_TOKEN', fine), env('GH_TOKEN', fine)],
      kind: 'fine-grained token',
      parts: { token: fine },
      context: { api },
      credential: 'two',
      mutate: [{ part: 'token', how: ['short', 'prefix', 'alphabet'] }],
    },
    {
      title: 'a token inside an address, for an Enterprise Server',
      slots: [
        { where: 'arg', name: '', value: `https://x-access-token:${fine}@git.corp.test/o/r.git` },
        env('GH_HOST', 'git.corp.test'),
      ],
      kind: 'fine-grained token',
      parts: { token: fine },
      context: { api: server },
      credential: 'two',
    },
    {
      title: 'a token with the address of the API',
      slots: [env('GITHUB_TOKEN', one), env('GITHUB_API_URL', 'https://git.corp.test/api/v3/')],
      kind: 'classic token',
      parts: { token: one },
      context: { api: server },
    },
  ],
  nearMisses: [
    { title: 'a checksum that does not fit', slots: [env('GITHUB_TOKEN', swapped)] },
    { title: 'a placeholder', slots: [env('GITHUB_TOKEN', `ghp_${'x'.repeat(36)}`)] },
    { title: 'a longer word', slots: [env('GITHUB_TOKEN', `${one}7`), env('X', `a${fine}`)] },
    { title: 'a token of an OAuth app', slots: [env('GITHUB_TOKEN', one.replace('p_', 'o_'))] },
    { title: 'a reference', slots: [env('GITHUB_TOKEN', '${GITHUB_TOKEN}')] },
  ],
});

describe('recognising', () => {
  it('takes the published example of the checksum for real', () => {
    const published = ['gh', 'p_zQWBuTSOoRi4A9spHcVY5ncnsDkx', 'kJ0mLq17'].join('');
    expect(provider.recognise([env('T', published)])).toHaveLength(1);
  });

  it('keeps two tokens apart, and both spots of one together', () => {
    const found = provider.recognise([env('A', `${one},${fine}`), env('B', one)]);
    expect(found.map(({ kind, parts }) => [kind, parts.length])).toEqual([
      ['classic token', 2],
      ['fine-grained token', 1],
    ]);
  });

  it.each([
    ['github.com', api],
    ['https://github.com/', api],
    ['spaces and such', api],
    ['git.corp.test:8443', 'https://git.corp.test:8443/api/v3'],
  ])('reads the host %s', (host, expected) => {
    expect(provider.recognise([env('GITHUB_TOKEN', one), env('GH_HOST', host)])[0]?.context).toEqual({ api: expected });
  });
});

describe('check', () => {
  it('tells account, scopes and expiry of a classic token', async () => {
    const { up, held, token } = await start(['repo', 'gist']);
    expect(await provider.check(up, held)).toEqual({
      alive: 'yes',
      how: 'GET /user answered 200',
      account: `octocat (${token.userId})`,
      rights: ['gist', 'repo'],
      expiresAt: token.expiresAt,
    });
  });

  it('says nothing of the rights of a fine-grained token, and that a classic one has none', async () => {
    const fineGrained = await start('fine-grained');
    expect(await provider.check(fineGrained.up, fineGrained.held)).not.toHaveProperty('rights');
    const bare = await start([]);
    expect((await provider.check(bare.up, bare.held)).rights).toEqual([]);
  });

  it('tells tokens of two accounts apart', async () => {
    const { toy, up, held } = await start();
    const other = heldOf(toy.makeByPage('hubot', 'x', ['repo']));
    expect((await provider.check(up, other)).account).not.toBe((await provider.check(up, held)).account);
  });

  it.each(faults)('is neither yes nor no at %s, unless the key itself is refused (failure mode 25)', async (fault) => {
    const { up, held } = await start();
    const faulty = faultyUpstream(up, { at: 1, fault });
    const standing = await provider.check(faulty.up, held);
    expect(faulty.fired()).toBe(fault !== 'cut');
    expect(standing.alive).toBe(fault === 'refused' ? 'no' : fault === 'cut' ? 'yes' : 'unknown');
    expect(standing.retryAfterMs).toBe(fault === 'rate-limited' ? 7000 : undefined);
    expectNoSpill(standing, [held.parts['token'] as Secret]);
  });

  it('reads a spent rate limit, answered as 403, with the time to wait', async () => {
    const { clock, toy, up, held } = await start();
    const reset = String(clock.now() / 1000 + 90);
    toy.server.fail({ kind: 'status', status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset } });
    expect(await provider.check(up, held)).toMatchObject({ alive: 'unknown', retryAfterMs: 90_000 });
  });

  it('does not take the login page of a proxy for a refusal', async () => {
    const { up, held } = await start();
    const net = { send: async () => ({ status: 401, headers: { 'content-type': 'text/html' }, body: '<html>' }) };
    expect((await provider.check({ ...up, net }, held)).alive).toBe('unknown');
  });
});

const [page] = provider.methods as readonly [PageMethod];
const revoke = (up: Parameters<typeof provider.check>[0], held: Held) => {
  if (page.revocation.by !== 'api') throw new Error('no API');
  return page.revocation.revoke(up, { old: held, issuer: undefined, marker: 'm' }, { held }, undefined);
};

describe('revoking', () => {
  it('is accepted first and effective later (failure mode 28)', async () => {
    const { clock, toy, up, held } = await start();
    toy.revocationTakesMs = 3 * minute;
    expect(await revoke(up, held)).toBe('accepted');
    expect((await provider.check(up, held)).alive).toBe('yes');
    expect(await revoke(up, held)).toBe('accepted');
    await clock.sleep(3 * minute);
    expect((await provider.check(up, held)).alive).toBe('no');
    expect(await revoke(up, held)).toBe('absent');
  });

  it('asks without authorization', async () => {
    const { toy, up, held } = await start();
    await revoke(up, held);
    const asked = toy.server.log.find(({ method }) => method === 'POST');
    expect(asked?.headers['authorization']).toBeUndefined();
    expect(JSON.parse(asked?.body ?? '')).toEqual({ credentials: [held.parts['token']?.reveal()] });
  });

  it('finds nothing to do for what GitHub revoked itself (failure mode 35)', async () => {
    const { toy, up, held, token } = await start();
    toy.revokeAsPartner(token.text);
    expect(await revoke(up, held)).toBe('absent');
    expect(toy.server.log.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it.each(faults.filter((fault) => fault !== 'cut'))('becomes the right problem at %s', async (fault) => {
    const { toy, up, held } = await start();
    const before = toy.live().length;
    const outcome = await revoke(faultyUpstream(up, { at: 2, fault }).up, held).catch((error: unknown) => error);
    expectNoSpill(outcome, [held.parts['token'] as Secret]);
    if (fault === 'garbage' || fault === 'truncated') {
      expect(outcome).toBe('accepted');
      return;
    }
    expect(outcome).toBeInstanceOf(Problem);
    if (toy.live().length !== before) expect(outcome).toMatchObject({ effect: 'unknown' });
    const codes = {
      refused: 'provider/refused',
      forbidden: 'provider/forbidden',
      'rate-limited': 'provider/rate-limited',
      'server-error': 'provider/unavailable',
      unavailable: 'provider/unavailable',
      unreachable: 'provider/unreachable',
      hang: 'provider/timeout',
      'lost-answer': 'provider/timeout',
    };
    expect(outcome).toMatchObject({ code: codes[fault as keyof typeof codes] });
    expect(await revoke(up, held)).toBe(fault === 'lost-answer' ? 'absent' : 'accepted');
  });

  it('of a token whose text is not known is refused', async () => {
    const { up, held } = await start();
    if (page.revocation.by !== 'api') throw new Error('no API');
    const at = { old: held, issuer: undefined, marker: 'm' };
    await expect(page.revocation.revoke(up, at, { upstreamId: '7' }, undefined)).rejects.toMatchObject({
      code: 'provider/cannot',
    });
  });

  it('can take many tokens in one call', () => {
    const tokens = [new Secret(one), new Secret(fine)];
    expect(JSON.parse(revokeCredentials(api, tokens).body ?? '')).toEqual({ credentials: [one, fine] });
  });

  it('goes by page on an Enterprise Server', async () => {
    const { up, token } = await start();
    const at = { old: heldOf(token, server), issuer: undefined, marker: 'm' };
    await expect(page.preflight(up, at)).rejects.toMatchObject({ code: 'provider/cannot' });
    expect(provider.methods[1]?.revocation.by).toBe('page');
    expect(provider.methods[1]?.revocation.page?.(at.old).url).toBe('https://git.corp.test/settings/tokens');
  });
});

describe('the page for the new token', () => {
  const marker = 'mcp-rotate r-20261122-k7mq4t';

  it('is filled in with the scopes of the old one, and says them too', async () => {
    const { up, held } = await start(['read:org', 'repo']);
    const { url, steps } = page.page({ old: held, issuer: undefined, marker }, await provider.check(up, held));
    const { searchParams, origin, pathname } = new URL(url);
    expect([origin + pathname, searchParams.get('description'), searchParams.get('scopes')]).toEqual([
      'https://github.com/settings/tokens/new',
      marker,
      'read:org,repo',
    ]);
    expect(steps.join('\n')).toContain('read:org, repo');
  });

  it('asks for no scope when there was none, and does not guess when it cannot know', () => {
    const at = { old: heldOf({ text: one, scopes: [] } as unknown as ToyToken), issuer: undefined, marker };
    expect(page.page(at, { alive: 'yes', how: '', rights: [] }).steps.join()).toContain('Tick no scope');
    expect(page.page(at, { alive: 'no', how: '' }).url).not.toContain('scopes');
  });

  it('lists the permissions to copy for a fine-grained token', async () => {
    const { up, held } = await start('fine-grained');
    const { url, steps } = page.page({ old: held, issuer: undefined, marker }, await provider.check(up, held));
    expect(url).toContain('https://github.com/settings/personal-access-tokens/new?');
    expect(steps.join('\n')).toMatch(/same repositories, and every permission/);
  });
});

describe('activity', () => {
  it('points to the security log when there is no audit log to ask', async () => {
    const { clock, up, held } = await start();
    const report = await provider.activity?.(up, { held, issuer: undefined, from: 0, to: clock.now() });
    expect(report).toMatchObject({ complete: false, events: [] });
    expect(report?.note).toContain('https://github.com/settings/security-log');
  });

  it('reads all pages of the audit log for exactly this token and window', async () => {
    const { clock, toy, up, held, token } = await start();
    const owner = toy.makeByPage('boss', 'audit', ['read:audit_log']);
    const at = (n: number) => clock.now() - n * 1000;
    for (let n = 0; n < 130; n++) toy.audit.push({ token: token.text, action: 'git.push', at: at(n) });
    toy.audit.push({ token: token.text, action: 'too.old', at: at(7200) });
    toy.audit.push({ token: owner.text, action: 'of.another', at: at(1) });
    const issuer = provider.issuer?.parse(`orgs/acme ${owner.text}`);
    expect(issuer).toBeDefined();
    const report = await provider.activity?.(up, { held, issuer, from: clock.now() - hour, to: clock.now() });
    expect(report?.events).toHaveLength(130);
    expect(report?.complete).toBe(true);
    expect(report?.events[0]).toMatchObject({ what: 'git.push acme/tools', from: '203.0.113.9' });
    expectNoSpill(report, [held.parts['token'] as Secret, new Secret(owner.text)]);
  });

  it('sends the token of an owner only to where it belongs', () => {
    const issuer = provider.issuer?.parse(`orgs/acme ${one}`);
    if (issuer === undefined) throw new Error('not parsed');
    expect(provider.issuer?.fits(issuer, heldOf({ text: fine } as ToyToken))).toBe(true);
    expect(provider.issuer?.fits(issuer, heldOf({ text: fine } as ToyToken, 'https://evil.test'))).toBe(false);
    expect(provider.issuer?.parse(one)).toBeUndefined();
    expect(provider.issuer?.parse('orgs/acme not-a-token')).toBeUndefined();
  });
});
