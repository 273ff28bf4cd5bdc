/**
 * Goal: AWS keys are rotated with both alive, none that is not ours is ever deleted, and slowness is not taken for death or life.
 * Method: the contract kit against a toy with memory on a real server that checks every request against AWS' service models and
 * verifies its signature; then what is peculiar: limit, propagation, who revokes. Strays and activity: trail.test.ts.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { providerKit, type World } from '../../../test/kits/provider.ts';
import { accessKeyId, account, secretKey } from '../../../test/toys/aws.ts';
import { heldOf, issuerOf, usingAws } from '../../../test/toys/aws-world.ts';
import { hour, minute, second } from '../../base/time.ts';
import type { Held, Method, MethodContext, PageMethod, Slot, TheirsMethod } from '../provider.ts';
import { isWhole } from './answers.ts';
import { provider } from './provider.ts';

const [byIssuer, bySelf, page] = provider.methods as readonly [TheirsMethod, TheirsMethod, PageMethod];

const start = usingAws();
afterEach(() => vi.unstubAllEnvs());

const revoke = (up: World['up'], at: MethodContext, target: { held?: Held; upstreamId?: string }, survivor?: Held) => {
  if (bySelf.revocation.by !== 'api') throw new Error('no API');
  return bySelf.revocation.revoke(up, at, target, survivor);
};
const freshOf = (at: MethodContext, parts: Held['parts']): Held => ({ ...at.old, parts });

const id = accessKeyId(400);
const secret = secretKey(400);
const pair = { accessKeyId: id, secretAccessKey: secret };
const env = (name: string, value: string): Slot => ({ where: 'env', name, value });

providerKit({
  provider,
  async world(method: Method) {
    const { toy, up, old } = await start();
    toy.newKeyTakesMs = 20 * second;
    toy.endedKeyTakesMs = 40 * second;
    const neighbour = toy.known('someone')[0];
    if (neighbour === undefined) throw new Error('nobody there');
    return {
      up,
      old,
      issuer: method.needs === 'issuer' ? issuerOf(toy.make('boss')) : undefined,
      neighbour: heldOf(neighbour),
      state: async () =>
        JSON.stringify(
          toy
            .known()
            .flatMap((key) => (key.active ? [[key.id.slice(0, 4), key.user]] : []))
            .sort(),
        ),
      close: () => toy.server.close(),
    };
  },
  samples: [
    {
      title: 'a pair in the environment',
      slots: [env('AWS_ACCESS_KEY_ID', id), env('AWS_SECRET_ACCESS_KEY', secret), env('AWS_REGION', 'eu-central-1')],
      kind: 'access key',
      parts: pair,
      context: { region: 'eu-central-1' },
      credential: 'one',
      mutate: [
        { part: 'accessKeyId', how: ['short', 'prefix', 'alphabet'] },
        { part: 'secretAccessKey', how: ['short', 'alphabet'] },
      ],
    },
    {
      title: 'a pair as arguments, with an address',
      slots: [
        { where: 'arg', name: '--access-key', value: id },
        { where: 'arg', name: '--secret-key', value: secret },
        env('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566'),
      ],
      kind: 'access key',
      parts: pair,
      context: { region: 'us-east-1', endpoint: 'http://127.0.0.1:4566' },
      credential: 'one',
    },
    {
      title: 'a pair with another stem, beside another secret',
      slots: [
        env('S3_SECRET_KEY', secretKey(401)),
        env('S3_ACCESS_KEY', accessKeyId(401)),
        env('OTHER_SECRET', secretKey(7)),
        env('AWS_DEFAULT_REGION', 'not a region'),
      ],
      kind: 'access key',
      parts: { accessKeyId: accessKeyId(401), secretAccessKey: secretKey(401) },
      context: { region: 'us-east-1' },
      credential: 'two',
    },
  ],
  nearMisses: [
    {
      title: 'a session, which ends by itself',
      slots: [env('AWS_ACCESS_KEY_ID', id.replace('AK', 'AS')), env('AWS_SECRET_ACCESS_KEY', secret)],
    },
    { title: 'a key id without a secret', slots: [env('AWS_ACCESS_KEY_ID', id)] },
    { title: 'forty letters of something else', slots: [env('AWS_ACCESS_KEY_ID', id), env('CHECKSUM', secret)] },
    { title: 'the secret of another service', slots: [env('AWS_ACCESS_KEY_ID', id), env('GITHUB_APP_SECRET', secret)] },
    {
      title: 'a hash',
      slots: [env('AWS_ACCESS_KEY_ID', id), env('AWS_SECRET_ACCESS_KEY', '0123456789abcdef0123456789abcdef01234567')],
    },
  ],
});

describe('two keys', () => {
  it('does not delete a key that it did not make, but names both with their last use (failure mode 4)', async () => {
    const { clock, toy, key, at, up } = await start();
    const unknown = toy.make('deploy');
    unknown.lastUse = { at: clock.now() - hour, service: 's3' };
    const problem = await bySelf.issueNew(up, at).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 'provider/at-limit', effect: 'none' });
    const { what } = problem as { what: string };
    expect(what).toContain(key.id);
    expect(what).toContain(`${unknown.id} (active, last used 2026-11-22T11:00:00Z for s3)`);
    expect(toy.known('deploy')).toHaveLength(2);
    expect(toy.events.map(({ name }) => name)).not.toContain('DeleteAccessKey');
    await expect(bySelf.preflight(up, at)).rejects.toMatchObject({ code: 'provider/at-limit' });
  });

  it('says at the limit too when the last use may not be read, and when somebody else was faster', async () => {
    const { toy, at, up } = await start();
    toy.denied.add('deploy GetAccessKeyLastUsed');
    toy.make('deploy').active = false;
    await expect(bySelf.preflight(up, at)).rejects.toMatchObject({
      what: expect.stringContaining('(inactive, last use not known)'),
    });
    const raced = await start();
    const net: World['up']['net'] = {
      async send(request) {
        if (request.body?.includes('Action=CreateAccessKey')) raced.toy.make('deploy');
        return raced.up.net.send(request);
      },
    };
    await expect(bySelf.issueNew({ ...raced.up, net }, raced.at)).rejects.toMatchObject({
      code: 'provider/at-limit',
      effect: 'none',
    });
  });
});

describe('check', () => {
  it('does not take a key that is not known yet for anything but refused, and knows it later (failure mode 24)', async () => {
    const { clock, toy, at, up } = await start();
    toy.newKeyTakesMs = 30 * second;
    const { parts } = await bySelf.issueNew(up, at);
    const fresh = freshOf(at, parts);
    expect((await provider.check(up, fresh)).alive).toBe('no');
    await clock.sleep(30 * second);
    expect(await provider.check(up, fresh)).toEqual({
      alive: 'yes',
      how: 'sts GetCallerIdentity answered',
      account: `arn:aws:iam::${account}:user/team/deploy`,
      upstreamId: fresh.parts['accessKeyId']?.reveal(),
    });
    expect(30 * second).toBeLessThanOrEqual(provider.pace.worksWithinMs);
  });

  it('does not call a key dead whose secret or clock is wrong', async () => {
    const { clock, key, old, up } = await start();
    const mistyped = heldOf({ id: key.id, secret: secretKey(99) });
    expect((await provider.check(up, mistyped)).alive).toBe('unknown');
    const fast = { ...clock, now: () => clock.now() + hour };
    expect((await provider.check({ ...up, clock: { ...up.clock, ...fast } }, old)).alive).toBe('unknown');
  });

  it('tells keys of two users apart', async () => {
    const { toy, old, up } = await start();
    const other = toy.known('someone')[0];
    if (other === undefined) throw new Error('nobody there');
    expect((await provider.check(up, heldOf(other))).account).not.toBe((await provider.check(up, old)).account);
  });

  it.each([
    ['Throttling', 400, 'provider'],
    ['ServiceUnavailable', 503, 'provider'],
    ['AccessDenied', 403, 'provider'],
  ])('is unknown at %s', async (code, status) => {
    const { old, up } = await start();
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>x</Message></Error></ErrorResponse>`;
    const net = { send: async () => ({ status, headers: { 'retry-after': '9' }, body }) };
    const standing = await provider.check({ ...up, net }, old);
    expect(standing).toMatchObject({
      alive: 'unknown',
      how: expect.stringContaining(code === 'ServiceUnavailable' ? '503' : code),
    });
    expect(standing.retryAfterMs).toBe(code === 'Throttling' ? 9000 : undefined);
  });

  it.each(['hang', 'reset', 'truncated', 'garbage'] as const)('is unknown when the connection does %s', async (kind) => {
    const { toy, old, up } = await start();
    toy.server.fail({ kind, when: 'after' });
    expect((await provider.check(up, old)).alive).toBe('unknown');
  });

  it('goes to the address that the config names', async () => {
    const { toy, old, up } = await start();
    const here = { ...old, context: { ...old.context, endpoint: toy.server.url } };
    expect((await provider.check(up, here)).alive).toBe('yes');
    expect(toy.server.log[0]?.headers['x-forwarded-host']).toBe(new URL(toy.server.url).host);
  });

  it('takes nothing from the environment of this process', async () => {
    const { toy, old, up } = await start();
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId(9));
    vi.stubEnv('AWS_REGION', 'ap-south-1');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '5');
    vi.stubEnv('AWS_PROFILE', 'not-there');
    vi.stubEnv('AWS_SDK_UA_APP_ID', 'elsewhere');
    expect((await provider.check(up, old)).alive).toBe('yes');
    expect(toy.server.log).toHaveLength(1);
    const { headers } = toy.server.log[0] ?? { headers: {} as Record<string, string> };
    expect(headers['x-forwarded-host']).toBe('sts.eu-west-1.amazonaws.com');
    expect(headers['user-agent']).not.toContain('elsewhere');
  });
});

describe('revoking', () => {
  it('is done by the new key: inactive first, then deleted (failure mode 6)', async () => {
    const { toy, key, at, old, up } = await start();
    const { parts } = await bySelf.issueNew(up, at);
    expect(await revoke(up, at, { held: old, upstreamId: key.id }, freshOf(at, parts))).toBe('gone');
    const ending = toy.events.filter(({ name }) => /Update|Delete/.test(name));
    expect(ending.map(({ name, accessKeyId: by }) => [name, by])).toEqual([
      ['UpdateAccessKey', parts['accessKeyId']?.reveal()],
      ['DeleteAccessKey', parts['accessKeyId']?.reveal()],
    ]);
  });

  it('when somebody deleted it already is absent (failure mode 29)', async () => {
    const { toy, key, at, old, up } = await start();
    const { parts } = await bySelf.issueNew(up, at);
    key.deletedAt = 0;
    expect(await revoke(up, at, { held: old }, freshOf(at, parts))).toBe('absent');
    expect(toy.events.map(({ name }) => name)).not.toContain('DeleteAccessKey');
  });

  it('does not call a key gone that still works: that is for check to say (failure mode 28)', async () => {
    const { clock, toy, at, old, up } = await start();
    toy.endedKeyTakesMs = 4 * minute;
    const { parts } = await bySelf.issueNew(up, at);
    await revoke(up, at, { held: old }, freshOf(at, parts));
    expect((await provider.check(up, old)).alive).toBe('yes');
    await clock.sleep(4 * minute);
    expect((await provider.check(up, old)).alive).toBe('no');
  });

  it('refuses the survivor, and ids that do not agree', async () => {
    const { key, at, old, up } = await start();
    await expect(revoke(up, at, { held: old }, old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    await expect(revoke(up, at, { upstreamId: key.id }, old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    await expect(revoke(up, at, { held: old, upstreamId: 'AKIAOTHER' })).rejects.toMatchObject({
      code: 'rotation/unsafe-revoke',
    });
  });

  it('does not take a web page in between for an answer of AWS', async () => {
    const { at, old, up } = await start();
    const net = { send: async () => ({ status: 200, headers: {}, body: '<html><body>Welcome</body></html>' }) };
    await expect(revoke({ ...up, net }, at, { held: old })).rejects.toMatchObject({
      code: 'provider/garbled',
      effect: 'unknown',
    });
    expect(
      isWhole('DeleteAccessKey', '<?xml version="1.0"?>\n<DeleteAccessKeyResponse xmlns="x"></DeleteAccessKeyResponse>\n'),
    ).toBe(true);
    expect(isWhole('DeleteAccessKey', '<ListAccessKeysResponse></ListAccessKeysResponse>')).toBe(false);
  });

  it('that gets no further than inactive says so, and ends well when asked again', async () => {
    const { toy, key, at, old, up } = await start();
    const { parts } = await bySelf.issueNew(up, at);
    toy.denied.add('deploy DeleteAccessKey');
    await expect(revoke(up, at, { held: old }, freshOf(at, parts))).rejects.toMatchObject({
      code: 'provider/forbidden',
      effect: 'unknown',
      state: `${key.id} is inactive, which can be undone, and not deleted yet`,
    });
    toy.denied.clear();
    expect(await revoke(up, at, { held: old }, freshOf(at, parts))).toBe('gone');
  });
});

describe('an issuing key', () => {
  it('makes and ends keys of the user, not of its own', async () => {
    const { toy, key, at, old, up } = await start();
    const boss = { ...at, issuer: issuerOf(toy.make('boss')) };
    await byIssuer.preflight(up, boss);
    const { upstreamId } = await byIssuer.issueNew(up, boss);
    expect(toy.known('deploy').map(({ id: each }) => each)).toEqual([key.id, upstreamId]);
    expect(await revoke(up, boss, { held: old }, undefined)).toBe('gone');
    expect(toy.known('boss')).toHaveLength(1);
  });

  it('finds the user of a deleted key in the trail', async () => {
    const { toy, at, old, up } = await start();
    const boss = { ...at, issuer: issuerOf(toy.make('boss')) };
    await provider.check(up, old);
    await revoke(up, boss, { held: old }, undefined);
    expect((await byIssuer.issueNew(up, boss)).upstreamId).toBe(toy.known('deploy')[0]?.id);
    toy.events.length = 0;
    await expect(byIssuer.issueNew(up, boss))
      .rejects.toMatchObject({ code: 'provider/at-limit' })
      .catch(() => undefined);
  });

  it('that is itself the target does not revoke; the survivor does (failure mode 6)', async () => {
    const { toy, key, at, old, up } = await start();
    const { parts } = await bySelf.issueNew(up, at);
    const same = { ...at, issuer: issuerOf(key) };
    expect(await revoke(up, same, { held: old }, freshOf(at, parts))).toBe('gone');
    expect(toy.events.at(-1)?.accessKeyId).toBe(parts['accessKeyId']?.reveal());
  });
});

it('the page names the marker and leaves the old key alone', async () => {
  const { key, at } = await start();
  const { url, steps } = page.page(at, { alive: 'yes', how: '', account: 'arn:x' });
  expect(url).toBe('https://console.aws.amazon.com/iam/home#/security_credentials');
  expect(steps.join('\n')).toContain(`leave ${key.id} alone`);
});
