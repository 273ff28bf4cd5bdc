/**
 * Goal: a GitLab token is rotated by itself without ever tripping reuse detection, whatever happens to the answer.
 * Method: the contract kit, and every fault at every call, against a toy with memory and families on a real server.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { providerKit, type World } from '../../../test/kits/provider.ts';
import { plainToken, routableToken, ToyGitLab, type ToyToken } from '../../../test/toys/gitlab.ts';
import { ToyClock, type ToyFault, toyUpstream } from '../../../test/toys/server.ts';
import { Secret } from '../../base/secret.ts';
import { day, hour } from '../../base/time.ts';
import type { Held, MethodContext, PageMethod, Slot, TheirsMethod } from '../provider.ts';
import { base36, crc32, inDigits } from '../tokens.ts';
import { provider } from './provider.ts';

const api = 'https://gitlab.com/api/v4';
const marker = 'mcp-rotate r-20261122-k7mq4t';
const env = (name: string, value: string): Slot => ({ where: 'env', name, value });
const heldOf = (token: Pick<ToyToken, 'text'>): Held => ({
  kind: 'access token',
  parts: { token: new Secret(token.text) },
  context: { api },
});
const contextOf = (old: Held): MethodContext => ({ old, issuer: undefined, marker });
const [selfRotate, page] = provider.methods as readonly [TheirsMethod, PageMethod];

const open: ToyGitLab[] = [];
afterEach(async () => {
  for (const toy of open.splice(0)) await toy.server.close();
});

async function start(scopes: readonly string[] = ['api', 'read_user'], days: number | null = 60) {
  const clock = new ToyClock();
  const toy = await ToyGitLab.start(clock);
  open.push(toy);
  const token = toy.make(42, 'laptop', scopes, days);
  return { clock, toy, token, old: heldOf(token), up: toyUpstream(clock, { 'https://gitlab.com': toy.server.url }, 300) };
}

async function world(): Promise<World> {
  const { toy, up, old } = await start();
  return {
    up,
    old,
    issuer: undefined,
    neighbour: heldOf(toy.make(42, 'desktop', ['api'], 60)),
    state: async () => JSON.stringify(toy.live().map(({ id, userId, name }) => [id, userId, name])),
    close: () => toy.server.close(),
  };
}

const one = plainToken(1);
const two = routableToken(2);

providerKit({
  provider,
  world,
  samples: [
    {
      title: 'a token in the environment',
      slots: [env('GITLAB_PERSONAL_ACCESS_TOKEN', one)],
      kind: 'access token',
      parts: { token: one },
      context: { api },
      credential: 'one',
      mutate: [{ part: 'token', how: ['short', 'prefix', 'alphabet'] }],
    },
    {
      title: 'a routable token for an instance of its own',
      slots: [env('GITLAB_TOKEN', two), env('GITLAB_API_URL', 'https://git.corp.test/api/v4/')],
      kind: 'access token',
      parts: { token: two },
      context: { api: 'https://git.corp.test/api/v4' },
      credential: 'two',
      mutate: [{ part: 'token', how: ['short', 'prefix', 'alphabet'] }],
    },
    {
      title: "a header of GitLab's own MCP server",
      slots: [
        { where: 'url', name: '', value: 'https://git.corp.test/gitlab/api/v4/mcp' },
        { where: 'header', name: 'Authorization', value: `Bearer ${one}` },
      ],
      kind: 'access token',
      parts: { token: one },
      context: { api: 'https://git.corp.test/gitlab/api/v4' },
      credential: 'one',
    },
    {
      title: 'an instance named without the path of its API',
      slots: [env('GITLAB_TOKEN', two), env('GITLAB_URL', 'https://git.corp.test')],
      kind: 'access token',
      parts: { token: two },
      context: { api: 'https://git.corp.test/api/v4' },
      credential: 'two',
    },
  ],
  nearMisses: [
    {
      title: 'a checksum that does not fit',
      slots: [
        env(
          'X',
          two.replace(/.$/, (c) => (c === '1' ? '2' : '1')),
        ),
      ],
    },
    { title: 'a longer word', slots: [env('X', `${one}x`), env('Y', `x${one}`)] },
    { title: 'a token of a runner', slots: [env('X', one.replace('pat', 'rt'))] },
  ],
});

describe('recognising', () => {
  it('takes the first routable form, which had no version', () => {
    const head = `${two.slice(0, two.indexOf('.'))}.0r`;
    const token = head + inDigits(crc32(head), base36, 7);
    expect(provider.recognise([env('X', token)])).toHaveLength(1);
  });
});

describe('self-rotation', () => {
  it('gives the new token as long a life as the old one had, and always a date', async () => {
    const { clock, toy, up, old } = await start(['api'], 60);
    await clock.sleep(50 * day);
    const issued = await selfRotate.issueNew(up, contextOf(old));
    expect(issued.expiresAt).toBe(Math.floor((clock.now() + 60 * day) / day) * day);
    expect(toy.server.log.at(-1)?.query.get('expires_at')).toMatch(/^\d{4}-\d\d-\d\d$/);
    const forever = await start(['api'], null);
    const next = await selfRotate.issueNew(forever.up, contextOf(forever.old));
    expect(next.expiresAt).toBe(Math.floor((forever.clock.now() + 364 * day) / day) * day);
  });

  it('says before any effect that the scopes do not allow it', async () => {
    const { toy, up, old } = await start(['read_api']);
    await expect(selfRotate.preflight(up, contextOf(old))).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    await expect(selfRotate.issueNew(up, contextOf(old))).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    expect(toy.server.log.filter(({ method }) => method !== 'GET')).toEqual([]);
    const enough = await start(['self_rotate']);
    await selfRotate.preflight(enough.up, contextOf(enough.old));
  });

  it('says that the instance does not take the date, with no effect', async () => {
    const { toy, up, old } = await start(['api'], 60);
    toy.mostDays = 30;
    await expect(selfRotate.issueNew(up, contextOf(old))).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    expect((await provider.check(up, old)).alive).toBe('yes');
  });

  const lost: readonly ToyFault[] = (['hang', 'reset', 'garbage', 'truncated'] as const).map((kind) => ({ kind, when: 'after' }));
  it.each(lost)('is not asked again after a lost answer, so the family lives (failure modes 2 and 3): $kind', async (fault) => {
    const { toy, up, old, token } = await start();
    toy.server.fail(fault, ({ method }) => method === 'POST');
    await expect(selfRotate.issueNew(up, contextOf(old))).rejects.toMatchObject({ effect: 'unknown' });
    expect(toy.server.log.filter(({ method }) => method === 'POST')).toHaveLength(1);
    const family = () => toy.live().filter(({ family }) => family === token.family);
    expect(family()).toHaveLength(1);
    // The engine, or a person, tries again with the old token: nothing is sent that would trip reuse detection.
    await expect(selfRotate.issueNew(up, contextOf(old))).rejects.toMatchObject({ code: 'provider/refused', effect: 'none' });
    await expect(selfRotate.preflight(up, contextOf(old))).rejects.toMatchObject({ code: 'provider/refused' });
    expect(family()).toHaveLength(1);
    expect(toy.server.log.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('would lose the whole family if a dead token were rotated: the toy keeps to reuse detection', async () => {
    const { toy, up, old, token } = await start();
    await selfRotate.issueNew(up, contextOf(old));
    await up.net.send({
      method: 'POST',
      url: `${api}/personal_access_tokens/self/rotate`,
      headers: { 'private-token': token.text },
    });
    expect(toy.live().filter(({ family }) => family === token.family)).toEqual([]);
  });
});

const revoke = (up: World['up'], old: Held, target: { held?: Held; upstreamId?: string }, survivor?: Held) => {
  if (selfRotate.revocation.by !== 'api') throw new Error('no API');
  return selfRotate.revocation.revoke(up, contextOf(old), target, survivor);
};

describe('revoking', () => {
  it('by number needs a working token of the same user, and finds a missing one absent (failure mode 29)', async () => {
    const { toy, up, old } = await start();
    const other = toy.make(42, 'other', ['api'], 60);
    expect(await revoke(up, old, { upstreamId: String(other.id) })).toBe('gone');
    expect(await revoke(up, old, { upstreamId: String(other.id) })).toBe('absent');
    await revoke(up, old, { held: old });
    await expect(revoke(up, old, { upstreamId: '999' })).rejects.toMatchObject({ code: 'provider/refused' });
  });

  it('never takes the token that must go on working', async () => {
    const { token, up, old } = await start();
    await expect(revoke(up, old, { held: old }, old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    await expect(revoke(up, old, { upstreamId: String(token.id) }, old)).rejects.toMatchObject({
      code: 'rotation/unsafe-revoke',
    });
    expect((await provider.check(up, old)).alive).toBe('yes');
  });

  it('does not take the page of a proxy for a token that is gone', async () => {
    const { up, old } = await start();
    const net = { send: async () => ({ status: 401, headers: { 'content-type': 'text/html' }, body: '' }) };
    await expect(revoke({ ...up, net }, old, { held: old })).rejects.toMatchObject({ code: 'provider/refused' });
    const welcome = { send: async () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }) };
    await expect(revoke({ ...up, net: welcome }, old, { held: old })).rejects.toMatchObject({ code: 'provider/garbled' });
  });
});

describe('check', () => {
  it('tells user, scopes, number and dates', async () => {
    const { clock, up, old, token } = await start();
    expect(await provider.check(up, old)).toEqual({
      alive: 'yes',
      how: 'GET /personal_access_tokens/self answered 200, active',
      account: 'user 42',
      rights: ['api', 'read_user'],
      upstreamId: String(token.id),
      issuedAt: clock.now(),
      expiresAt: Date.parse(token.expiresAt ?? ''),
    });
  });

  it('tells tokens of two users apart', async () => {
    const { toy, up, old } = await start();
    const other = heldOf(toy.make(43, 'x', ['api'], 1));
    expect((await provider.check(up, other)).account).not.toBe((await provider.check(up, old)).account);
  });

  it('sees a token expire', async () => {
    const { clock, up, old } = await start(['api'], 2);
    await clock.sleep(3 * day);
    expect((await provider.check(up, old)).alive).toBe('no');
  });
});

describe('the page', () => {
  it('is filled in with the name and the scopes of the old token', async () => {
    const { up, old } = await start();
    const { url, steps } = page.page(contextOf(old), await provider.check(up, old));
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin + pathname, searchParams.get('name'), searchParams.get('scopes')]).toEqual([
      'https://gitlab.com/-/user_settings/personal_access_tokens',
      marker,
      'api,read_user',
    ]);
    expect(steps.join('\n')).toContain('api, read_user');
  });
});

describe('activity', () => {
  it('reads every page of own events in the window, and claims no completeness', async () => {
    const { clock, toy, up, old } = await start();
    const now = clock.now();
    for (let n = 0; n < 250; n++) toy.events.push({ userId: 42, at: now - n * 1000, action: 'pushed to' });
    toy.events.push({ userId: 42, at: now - 2 * hour, action: 'too early' }, { userId: 7, at: now, action: 'of another' });
    const report = await provider.activity?.(up, { held: old, issuer: undefined, from: now - hour, to: now });
    expect(report?.events).toHaveLength(250);
    expect(report?.complete).toBe(false);
    expect(report?.events[0]?.what).toBe('pushed to Issue in project 9');
  });

  it('of a dead token points to the page', async () => {
    const { clock, up, old } = await start();
    await revoke(up, old, { held: old });
    const report = await provider.activity?.(up, { held: old, issuer: undefined, from: 0, to: clock.now() });
    expect(report).toMatchObject({ complete: false, events: [] });
    expect(report?.note).toContain('https://gitlab.com/-/user_settings/');
  });
});
