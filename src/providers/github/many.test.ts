/**
 * Goal: many tokens go in one call, and each is told what became of it; alerts are read with their keys, which are never shown,
 * and what cannot be read is said.
 * Method: the toy GitHub, its pages and refusals; faults at the call.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { findSpill } from '../../../test/kits/spills.ts';
import { classicToken, ToyGitHub } from '../../../test/toys/github.ts';
import { ToyClock, toyUpstream } from '../../../test/toys/server.ts';
import { faultyUpstream } from '../../../test/twins/faults.ts';
import { Secret } from '../../base/secret.ts';
import { minute } from '../../base/time.ts';
import type { Held, Issuer, RevokeMany } from '../provider.ts';
import { provider } from './provider.ts';

const api = 'https://api.github.com';
const heldOf = (token: string): Held => ({ kind: 'classic token', parts: { token: new Secret(token) }, context: { api } });

const open: ToyGitHub[] = [];
afterEach(async () => {
  for (const toy of open.splice(0)) await toy.server.close();
});

async function start() {
  const clock = new ToyClock();
  const toy = await ToyGitHub.start(clock);
  open.push(toy);
  return { clock, toy, up: toyUpstream(clock, { [api]: toy.server.url }) };
}

function manyOf(): RevokeMany {
  const revocation = provider.methods[0]?.revocation;
  if (revocation?.by !== 'api' || !revocation.many) throw new Error('GitHub takes many at once');
  return revocation.many;
}

describe('many at once', () => {
  it('go in one call, those that are dead already left out', async () => {
    const { clock, toy, up } = await start();
    toy.revocationTakesMs = minute;
    const tokens = Array.from({ length: 45 }, (_, n) => toy.makeByPage('ada', `n${n}`, ['repo']).text);
    const kept = toy.makeByPage('ada', 'not leaked', ['repo']);
    toy.revokeAsPartner(tokens[7] ?? '');
    const answers = await manyOf().revoke(up, tokens.map(heldOf));
    expect(answers.map((answer, n) => (answer === 'absent' ? n : answer)).filter((each) => each !== 'accepted')).toEqual([7]);
    const [call, ...more] = toy.server.log.filter(({ method }) => method === 'POST');
    expect(more).toEqual([]);
    expect((JSON.parse(call?.body ?? '') as { credentials: string[] }).credentials).toEqual(tokens.filter((_, n) => n !== 7));
    expect(call?.headers['authorization']).toBeUndefined();
    await clock.sleep(minute);
    expect(toy.live().map(({ text }) => text)).toEqual([kept.text]);
  });

  it('asks for nothing when all of them are gone', async () => {
    const { toy, up } = await start();
    expect(await manyOf().revoke(up, [heldOf(classicToken(1)), heldOf(classicToken(2))])).toEqual(['absent', 'absent']);
    expect(toy.server.log.some(({ method }) => method === 'POST')).toBe(false);
  });

  it('a lost answer is unknown for all', async () => {
    const { toy, up } = await start();
    const tokens = ['a', 'b'].map((note) => toy.makeByPage('ada', note, []).text);
    const faulty = faultyUpstream(up, { at: 3, fault: 'lost-answer' });
    await expect(manyOf().revoke(faulty.up, tokens.map(heldOf))).rejects.toMatchObject({ effect: 'unknown' });
    expect(toy.live()).toEqual([]);
  });

  it.each([
    [500, 'provider/unavailable', 'unknown'],
    [403, 'provider/forbidden', 'none'],
    [422, 'provider/cannot', 'none'],
    [200, 'provider/garbled', 'unknown'],
  ])('an answer of %i is not taken for a revocation', async (status, code, effect) => {
    const { toy, up } = await start();
    const tokens = ['a', 'b'].map((note) => toy.makeByPage('ada', note, []).text);
    toy.server.fail({ kind: 'status', status }, ({ method }) => method === 'POST');
    await expect(manyOf().revoke(up, tokens.map(heldOf))).rejects.toMatchObject({ code, effect });
  });

  it('keeps hosts apart, and counts no more than GitHub takes', () => {
    const elsewhere = { ...heldOf(classicToken(1)), context: { api: 'https://api.acme.ghe.com' } };
    expect(manyOf().together(elsewhere)).not.toBe(manyOf().together(heldOf(classicToken(1))));
    expect(manyOf().most).toBe(1000);
  });
});

describe('alerts', () => {
  const issuerOf = (token: string): Issuer => ({ source: 'gh', parts: { token: new Secret(token) }, context: { api } });

  async function withAlerts(count: number, scopes: readonly string[] = ['repo']) {
    const { clock, toy, up } = await start();
    const lent = toy.makeByPage('ada', 'gh', scopes).text;
    const secrets = Array.from({ length: count }, (_, n) => classicToken(500 + n));
    toy.alerts.set(
      'acme/tools',
      secrets.map((secret, n) => ({
        number: n + 1,
        secret,
        type: 'github_personal_access_token',
        display: 'GitHub Personal Access Token',
        at: clock.now() - n * minute,
        public: n === 0,
        locations: [
          { type: 'commit', details: { path: `src/a\u001b[2J.ts`, start_line: n + 1, commit_sha: 'ab'.repeat(20) } },
          { type: 'issue_body', details: { issue_body_url: 'https://api.github.com/x' } },
        ],
      })),
    );
    const alerts = (repository = 'acme/tools') => provider.alerts?.(up, issuerOf(lent), repository);
    return { toy, clock, alerts, secrets, lent, up };
  }

  it('are read over all pages, with where each was seen', async () => {
    const { alerts, secrets, lent, clock } = await withAlerts(203);
    const found = await alerts();
    expect(found?.complete).toBe(true);
    expect(found?.alerts.map(({ secret }) => secret?.reveal())).toEqual(secrets);
    expect(found?.alerts[0]).toMatchObject({
      number: 1,
      url: 'https://github.com/acme/tools/security/secret-scanning/1',
      raisedAt: clock.now(),
      what: 'GitHub Personal Access Token',
      public: true,
      seen: [{ where: 'src/a\\u{1b}[2J.ts:1', commit: 'ab'.repeat(20) }, { where: 'issue body' }],
    });
    expect(
      findSpill(
        found,
        [...secrets, lent].map((text) => new Secret(text)),
      ),
    ).toBeUndefined();
  });

  it('without where they were seen are alerts all the same, and said not to be complete', async () => {
    const { toy, alerts } = await withAlerts(2);
    toy.server.fail({ kind: 'status', status: 500 }, ({ path }) => path.endsWith('/2/locations'));
    expect(await alerts()).toMatchObject({ complete: false, alerts: [{ number: 1 }, { number: 2, seen: [] }] });
  });

  it.each([
    ['switched off', 'acme/other', ['repo'], 'provider/not-found', /security\/secret-scanning/],
    ['not for this sign-in', 'acme/tools', ['gist'], 'provider/forbidden', /security_events/],
    ['not a name', 'acme/../tools', ['repo'], 'usage/wrong', /help/],
    ['a name that leads elsewhere', 'acme/..', ['repo'], 'usage/wrong', /help/],
  ])('%s is said', async (_title, repository, scopes, code, next) => {
    const { alerts } = await withAlerts(1, scopes);
    await expect(alerts(repository)).rejects.toMatchObject({ code, next: expect.stringMatching(next) });
  });

  it('a limit is no "not allowed"', async () => {
    const { toy, alerts } = await withAlerts(1);
    toy.server.fail({ kind: 'status', status: 403, headers: { 'retry-after': '9' } }, ({ path }) => path.endsWith('/alerts'));
    await expect(alerts()).rejects.toMatchObject({ code: 'provider/rate-limited', retryAfterMs: 9000 });
  });
});

it('a token of an app is ended where apps are, and is in no inventory', () => {
  const token = classicToken(77).replace(/^ghp_/, 'gho_');
  const slots = [{ where: 'env' as const, name: 'T', value: token }];
  expect(provider.recognise(slots)).toEqual([]);
  expect(provider.recogniseLeaked?.(slots)).toMatchObject([{ kind: 'app token' }]);
  expect(provider.recogniseLeaked?.([{ where: 'env', name: 'T', value: `gho_${'x'.repeat(36)}` }])).toEqual([]);
  const revocation = provider.methods[0]?.revocation;
  expect(revocation?.page?.({ ...heldOf(token), kind: 'app token' }).url).toBe('https://github.com/settings/applications');
});

describe('what a token can do, in words', () => {
  it.each([
    [
      ['repo', 'delete_repo'],
      [/delete repositories/, /private ones too/],
    ],
    [[], [/public, as you/]],
    [['frobnicate'], [/frobnicate/]],
  ])('%j', (rights, told) => {
    const words = provider.inWords?.(heldOf(classicToken(1)), { rights }) ?? [];
    expect(words).toHaveLength(told.length);
    for (const [index, each] of told.entries()) expect(words[index]).toMatch(each);
  });
});
