/**
 * Goal: a token borrowed from gh finds the audit logs that it may read by itself, says which it could not, and never goes
 * anywhere but to github.com.
 * Method: the toy GitHub with organisations of every kind; what gh prints, and what it might print instead.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { findSpill } from '../../../test/kits/spills.ts';
import { classicToken, fineGrainedToken, ToyGitHub } from '../../../test/toys/github.ts';
import { ToyClock, toyUpstream } from '../../../test/toys/server.ts';
import { Secret } from '../../base/secret.ts';
import type { ActivityReport, Held, Issuer } from '../provider.ts';
import { provider } from './provider.ts';

const facts = provider.issuer;
const [gh] = facts?.borrow ?? [];
const heldOf = (token: string, api = 'https://api.github.com'): Held => ({
  kind: 'classic token',
  parts: { token: new Secret(token) },
  context: { api },
});

function read(output: string): Issuer | undefined {
  if (gh?.kind !== 'command') throw new Error('gh is a command');
  return gh.read(output);
}

describe('what gh lends', () => {
  it('is asked for github.com alone, and its output is one token', () => {
    expect(gh).toMatchObject({ name: 'gh', program: 'gh', args: ['auth', 'token', '--hostname', 'github.com'] });
    const oauth = `${['gh', 'o_'].join('')}${'aB3'.repeat(12)}`;
    for (const token of [oauth, classicToken(1), fineGrainedToken(2)]) {
      expect(read(`${token}\n`)?.parts['token']?.reveal()).toBe(token);
    }
    for (const other of [
      '',
      '\n',
      'no oauth token found for github.com\n',
      `${oauth} ${oauth}`,
      `${oauth}\n${oauth}\n`,
      'x'.repeat(40),
    ]) {
      expect(read(other)).toBeUndefined();
    }
  });

  it('goes to github.com alone, and never looks into its own traces', () => {
    const issuer = read(classicToken(1));
    if (issuer === undefined) throw new Error('not read');
    expect(facts?.fits(issuer, heldOf(classicToken(2)))).toBe(true);
    expect(facts?.fits(issuer, heldOf(classicToken(2), 'https://ghe.example/api/v3'))).toBe(false);
    expect(facts?.fits(issuer, heldOf(classicToken(1)))).toBe(false);
  });
});

describe('the audit with what gh lends', () => {
  const open: ToyGitHub[] = [];
  afterEach(async () => {
    for (const toy of open.splice(0)) await toy.server.close();
  });

  async function start(scopes: readonly string[]) {
    const clock = new ToyClock();
    const toy = await ToyGitHub.start(clock);
    open.push(toy);
    const held = heldOf(toy.makeByPage('ada', 'leaked', ['repo']).text);
    const lent = toy.makeByPage('ada', 'gh', scopes).text;
    toy.audit.push({ token: held.parts['token']?.reveal() ?? '', action: 'repo.download_zip', at: clock.now() - 1000 });
    const up = toyUpstream(clock, { 'https://api.github.com': toy.server.url });
    const report = async (): Promise<ActivityReport> => {
      const at = { held, issuer: read(lent), from: clock.now() - 60_000, to: clock.now() };
      const found = await provider.activity?.(up, at);
      if (found === undefined) throw new Error('no report');
      expect(findSpill(found, [new Secret(lent), held.parts['token'] as Secret])).toBeUndefined();
      return found;
    };
    return { toy, report };
  }

  it('reads every log that it may, and names those that it may not', async () => {
    const { toy, report } = await start(['gist', 'read:audit_log', 'read:org', 'repo']);
    toy.organisations.push(
      { login: 'acme', owners: ['ada'], members: [], enterprise: true },
      { login: 'friends', owners: ['ada'], members: [], enterprise: false },
      { login: 'customer', owners: ['eve'], members: ['ada'], enterprise: true },
      { login: 'strangers', owners: ['eve'], members: [], enterprise: true },
    );
    const found = await report();
    expect(found).toMatchObject({ source: 'audit log of orgs/acme, by the hash of the token', complete: false });
    expect(found.events.map(({ what }) => what)).toEqual(['repo.download_zip acme/tools']);
    expect(found.note).toContain('not read: orgs/friends, orgs/customer');
    expect(toy.server.log.map(({ path }) => path)).not.toContain('/orgs/strangers/audit-log');
  });

  it('is complete when all were read', async () => {
    const { toy, report } = await start(['read:audit_log', 'read:org']);
    toy.organisations.push({ login: 'acme', owners: ['ada'], members: [], enterprise: true });
    expect(await report()).toMatchObject({ complete: true, events: [{ from: '203.0.113.9' }] });
  });

  it.each([
    ['the scopes that gh asks for by itself', ['gist', 'read:org', 'repo'], 'gh auth refresh --scopes read:audit_log'],
    ['not even the list', ['repo'], 'gh auth refresh --scopes read:org'],
  ])('%s: points to the page, and says what is missing', async (_title, scopes, missing) => {
    const { toy, report } = await start(scopes);
    toy.organisations.push({ login: 'acme', owners: ['ada'], members: [], enterprise: true });
    const found = await report();
    expect(found).toMatchObject({ complete: false, events: [], source: expect.stringMatching(/^none/) });
    expect(found.note).toContain('https://github.com/settings/security-log');
    expect(found.note).toContain(missing);
  });

  it('an account without an organisation has its log on the web', async () => {
    const { toy, report } = await start(['read:org']);
    toy.organisations.push({ login: 'strangers', owners: ['eve'], members: [], enterprise: true });
    expect((await report()).note).toContain('gh is in no organisation');
  });

  it('a limit or an outage is a problem, never an empty report', async () => {
    const { toy, report } = await start(['read:audit_log', 'read:org']);
    toy.organisations.push({ login: 'acme', owners: ['ada'], members: [], enterprise: true });
    toy.server.fail({ kind: 'status', status: 403, headers: { 'retry-after': '9' } }, ({ path }) => path.endsWith('/audit-log'));
    await expect(report()).rejects.toMatchObject({ code: 'provider/rate-limited', retryAfterMs: 9000 });
    toy.server.fail({ kind: 'status', status: 403, headers: { 'retry-after': '9' } }, ({ path }) => path === '/user/orgs');
    await expect(report()).rejects.toMatchObject({ code: 'provider/rate-limited' });
    toy.server.fail({ kind: 'status', status: 500 }, ({ path }) => path.endsWith('/audit-log'));
    await expect(report()).rejects.toMatchObject({ code: 'provider/unavailable' });
  });
});
