/**
 * Goal: a user of Redis has two working passwords between issue and revocation, its rules stay, the change is kept over
 * a restart or said not to be, and no clear password reaches the server before it is used.
 * Method: the contract kit and particular cases against real servers that keep their users in an ACL file, in the
 * configuration file, or nowhere.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitOptions, markers, providerKit, type Sample, type World } from '../../../test/kits/provider.ts';
import { describeWith } from '../../../test/parts.ts';
import { realUpstream } from '../../../test/real/ports.ts';
import { adminPassword, type Keeping, startRedis } from '../../../test/real/redis.ts';
import { Secret } from '../../base/secret.ts';
import type { RedisSession } from '../../ports/databases.ts';
import type { Held, Method, MethodContext, OursMethod } from '../provider.ts';
import { readUser } from './answers.ts';
import { provider } from './provider.ts';
import { passwordHash } from './requests.ts';

const [byIssuer, bySelf] = provider.methods as readonly [OursMethod, OursMethod];
const up = realUpstream();
const at = (w: World, n = 0): MethodContext => ({ old: w.old, issuer: w.issuer, marker: markers(n) });

async function issue(w: World, method = byIssuer): Promise<Held> {
  const issued = await method.issueWith(w.up, at(w), method.propose(w.up.random, at(w)));
  return { ...w.old, parts: issued.parts };
}
async function revoke(w: World, held: Held, survivor: Held | undefined, method = byIssuer): Promise<string> {
  if (method.revocation.by !== 'api') throw new Error('no API');
  return method.revocation.revoke(w.up, at(w), { held }, survivor);
}
const alive = async (held: Held): Promise<string> => (await provider.check(up, held)).alive;

const env = (name: string, value: string) => ({ where: 'env', name, value }) as const;
const samples: readonly Sample[] = [
  {
    title: 'URL with a user',
    slots: [env('REDIS_URL', 'redis://app:p%40ss%2Fword@cache.example:6380/2')],
    kind: 'user password',
    parts: { user: 'app', password: 'p@ss/word' },
    context: { host: 'cache.example', port: '6380', database: '2' },
    credential: 'cache',
    mutate: [{ part: 'password', how: ['scheme'] }],
  },
  {
    title: 'URL without a user, TLS, as an argument',
    slots: [{ where: 'arg', name: '', value: 'rediss://:secret-password@cache.example' }],
    kind: 'user password',
    parts: { password: 'secret-password' },
    context: { host: 'cache.example', port: '6379', tls: 'verify-full' },
    credential: 'default user',
  },
  {
    title: 'variables',
    slots: [
      env('REDIS_HOST', 'cache.example'),
      env('REDIS_PORT', '6380'),
      env('REDIS_USERNAME', 'app'),
      env('REDIS_PWD', 'p@ss/word'),
      env('REDIS_SSL', 'true'),
      env('REDIS_SSL_CERT_REQS', 'none'),
    ],
    kind: 'user password',
    parts: { user: 'app', password: 'p@ss/word' },
    context: { host: 'cache.example', port: '6380', tls: 'require' },
    credential: 'cache',
  },
];
const nearMisses: KitOptions['nearMisses'] = [
  { title: 'a URL without a password', slots: [env('REDIS_URL', 'redis://cache.example:6379/0')] },
  { title: 'a URL with a user alone', slots: [env('REDIS_URL', 'redis://app@cache.example')] },
  { title: 'another scheme', slots: [env('REDIS_URL', 'predis://app:secret-password@cache.example')] },
  { title: 'an empty password', slots: [env('REDIS_PASSWORD', ''), env('REDIS_USERNAME', 'app')] },
];

type Server = Awaited<ReturnType<typeof startRedis>>;
let count = 0;

const heldAt = (server: Server, user: string | undefined, password: string): Held => ({
  kind: 'user password',
  parts: { ...(user === undefined ? {} : { user: new Secret(user) }), password: new Secret(password) },
  context: { host: '127.0.0.1', port: String(server.port) },
});
const open = (held: Held): Promise<RedisSession> =>
  up.databases.redis({
    host: '127.0.0.1',
    port: Number(held.context['port']),
    user: held.parts['user']?.reveal() ?? 'default',
    password: held.parts['password'] ?? new Secret('x'),
  });

async function worldOn(
  server: Server,
  admin: RedisSession,
  method: Method = byIssuer,
  odd = `"é%'\\`,
): Promise<World & { readonly user: string }> {
  const n = ++count;
  const [user, other] = [`app${odd}${n}`, `neighbour${n}`];
  const [password, neighbours] = [`o'ld p@ss"w\\ör%41d ${n}`, `neighbour-password-${n}`];
  const self = method.needs === 'self' ? ['+acl', '+config', '+client'] : [];
  await admin.command(['ACL', 'SETUSER', user, 'on', `>${password}`, '~app:*', '&news', '+@read', '+ping', ...self]);
  await admin.command(['ACL', 'SETUSER', other, 'on', `>${neighbours}`, '~*', '+@all']);
  const issuer = { source: 'test', parts: heldAt(server, 'admin', adminPassword).parts, context: {} };
  return {
    up,
    user,
    old: heldAt(server, user, password),
    issuer: method.needs === 'self' ? undefined : issuer,
    neighbour: heldAt(server, other, neighbours),
    // The order of passwords means nothing.
    state: async () => {
      const users = await Promise.all([user, other, 'admin'].map((name) => admin.command(['ACL', 'GETUSER', name])));
      return JSON.stringify(users.map(readUser).map((found) => ({ ...found, passwords: [...(found?.passwords ?? [])].sort() })));
    },
    // The server writes all its users at every change.
    close: async () => void (await admin.command(['ACL', 'DELUSER', user, other])),
  };
}

function withServer(keeping: Keeping): { server(): Server; admin(): RedisSession } {
  let server: Server;
  let admin: RedisSession;
  beforeAll(async () => {
    server = await startRedis(keeping);
    admin = await open(heldAt(server, 'admin', adminPassword));
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  return { server: () => server, admin: () => admin };
}

describeWith(['redis-server'], 'Redis with an ACL file', () => {
  const { server, admin } = withServer('aclfile');
  const world = (method?: Method) => worldOn(server(), admin(), method);

  providerKit({ provider, samples, nearMisses, world, upstream: 'databases' });

  it('both passwords work until the revocation, which closes the connections of this user alone', async () => {
    const w = await world();
    const before = await open(w.old);
    const fresh = await issue(w);
    const during = [await open(w.old), await open(fresh)];
    const theirs = await open(w.neighbour);
    for (const session of [before, ...during]) expect(await session.command(['PING'])).toBe('PONG');
    expect(await revoke(w, w.old, fresh)).toBe('gone');
    expect([await alive(w.old), await alive(fresh)]).toEqual(['no', 'yes']);
    await expect(before.command(['PING'])).rejects.toMatchObject({ code: 'provider/unavailable' });
    expect(await theirs.command(['PING'])).toBe('PONG');
    for (const session of [before, ...during, theirs]) await session.close();
  });

  it('rules stay, and the file holds the change', async () => {
    const w = await world();
    const rules = async () => readUser(await admin().command(['ACL', 'GETUSER', w.user]))?.rights;
    const before = await rules();
    const issued = await byIssuer.issueWith(up, at(w), byIssuer.propose(up.random, at(w)));
    expect(issued.note).toBeUndefined();
    const fresh: Held = { ...w.old, parts: issued.parts };
    expect(await rules()).toEqual(before);
    const [oldHash, newHash] = [w.old, fresh].map((held) => passwordHash(held.parts['password'] ?? new Secret('x')));
    expect(server().kept()).toContain(`#${await newHash}`);
    expect(server().kept()).toContain(`#${await oldHash}`);
    await revoke(w, w.old, fresh);
    expect(server().kept()).not.toContain(`#${await oldHash}`);
    expect(await rules()).toEqual(before);
  });

  it('a user that is not there is not made, and one that takes any password is left alone', async () => {
    const w = await world();
    const nobody = { ...w, old: heldAt(server(), 'nobody', 'some-password') };
    await expect(byIssuer.preflight(up, at(nobody))).rejects.toMatchObject({ code: 'provider/not-found' });
    await expect(issue(nobody)).rejects.toMatchObject({ code: 'provider/not-found', effect: 'none' });
    expect(await admin().command(['ACL', 'GETUSER', 'nobody'])).toBeNull();
    await admin().command(['ACL', 'SETUSER', w.user, 'nopass']);
    await expect(byIssuer.preflight(up, at(w))).rejects.toMatchObject({ code: 'provider/cannot' });
    await expect(issue(w)).rejects.toMatchObject({ code: 'provider/cannot', effect: 'none' });
    expect(await alive(heldAt(server(), w.user, 'whatever-password'))).toBe('yes');
  });

  it('says before any effect that the issuer or the user itself may not (failure mode 11)', async () => {
    const w = await world();
    const before = await w.state();
    const weak = { source: 'test', parts: w.old.parts, context: {} };
    await expect(byIssuer.preflight(up, { ...at(w), issuer: weak })).rejects.toMatchObject({ code: 'provider/forbidden' });
    await admin().command(['ACL', 'SETUSER', w.user, '+acl|getuser', '+acl|dryrun']);
    await expect(bySelf.preflight(up, at(w))).rejects.toMatchObject({
      code: 'provider/forbidden',
      what: expect.stringContaining('may not change'),
    });
    await expect(issue(w, bySelf)).rejects.toMatchObject({ code: 'provider/forbidden', effect: 'none' });
    await expect(byIssuer.preflight(up, { ...at(w), issuer: undefined })).rejects.toMatchObject({
      code: 'rotation/needs-issuer',
    });
    await admin().command(['ACL', 'SETUSER', w.user, '-acl|getuser', '-acl|dryrun']);
    expect((await w.state()).length).toBeGreaterThanOrEqual(before.length);
    expect(await alive(w.old)).toBe('yes');
  });

  it('never takes the password that must go on working (failure mode 31)', async () => {
    const w = await world();
    const before = await w.state();
    await expect(revoke(w, w.old, w.old)).rejects.toMatchObject({ code: 'rotation/unsafe-revoke' });
    await expect(revoke(w, w.old, heldAt(server(), w.user, 'never-its-password'))).rejects.toMatchObject({
      code: 'rotation/unsafe-revoke',
    });
    expect(await w.state()).toBe(before);
  });

  it('a user that may not even PING is alive, without rights', async () => {
    const w = await world();
    await admin().command(['ACL', 'SETUSER', w.user, '-ping']);
    const standing = await provider.check(up, w.old);
    expect(standing.alive).toBe('yes');
    expect(standing.rights).toBeUndefined();
  });

  it('a refused old password shows in the activity, which holds no password', async () => {
    const w = await world();
    const fresh = await issue(w);
    await revoke(w, w.old, fresh);
    expect(await alive(w.old)).toBe('no');
    const to = up.clock.now() + 5000;
    const report = await provider.activity?.(up, { held: fresh, issuer: w.issuer, from: to - 60_000, to });
    expect(report?.events.map((event) => event.what)).toContain('refused: auth');
  });
});

describeWith(['redis-server'], 'Redis with a configuration file', () => {
  const { server, admin } = withServer('config');

  it('keeps the change by rewriting the file; also for requirepass', async () => {
    const w = await worldOn(server(), admin(), byIssuer, '');
    await admin().command(['CONFIG', 'SET', 'requirepass', 'first-requirepass']);
    for (const old of [w.old, heldAt(server(), undefined, 'first-requirepass')]) {
      const one = { ...w, old };
      await byIssuer.preflight(up, at(one));
      const issued = await byIssuer.issueWith(up, at(one), byIssuer.propose(up.random, at(one)));
      const fresh: Held = { ...old, parts: issued.parts };
      expect(issued.note).toBeUndefined();
      expect(Object.keys(fresh.parts)).toEqual(Object.keys(old.parts));
      expect([await alive(old), await alive(fresh)]).toEqual(['yes', 'yes']);
      expect(await revoke(one, old, fresh)).toBe('gone');
      expect([await alive(old), await alive(fresh)]).toEqual(['no', 'yes']);
      const [oldHash, newHash] = [old, fresh].map((held) => passwordHash(held.parts['password'] ?? new Secret('x')));
      expect(server().kept()).toContain(`#${await newHash}`);
      expect(server().kept()).not.toContain(`#${await oldHash}`);
    }
  });

  it('does not have a name written with which the server could not start again', async () => {
    const w = await worldOn(server(), admin());
    const issued = await byIssuer.issueWith(up, at(w), byIssuer.propose(up.random, at(w)));
    expect(issued.note).toContain('after a restart');
    expect(server().kept()).not.toContain(w.user);
  });
});

describeWith(['redis-server'], 'Redis that keeps nothing', () => {
  const { server, admin } = withServer('nowhere');

  it('says that the change is not kept over a restart', async () => {
    const w = await worldOn(server(), admin());
    const issued = await byIssuer.issueWith(up, at(w), byIssuer.propose(up.random, at(w)));
    expect(issued.note).toContain('after a restart');
    expect(await alive({ ...w.old, parts: issued.parts })).toBe('yes');
  });
});

describe('issuer', () => {
  it('reads a connection URL, and fits only the same server and another user', () => {
    const issuer = provider.issuer?.parse('redis://admin:adm%27in-pw@localhost/0 ');
    expect(issuer?.parts['password']?.reveal()).toBe("adm'in-pw");
    const held: Held = {
      kind: 'user password',
      parts: { password: new Secret('some-password') },
      context: { host: '127.0.0.1', port: '6379' },
    };
    if (issuer === undefined) throw new Error('not read');
    expect(provider.issuer?.fits(issuer, held)).toBe(true);
    expect(provider.issuer?.fits(issuer, { ...held, parts: { ...held.parts, user: new Secret('admin') } })).toBe(false);
    expect(provider.issuer?.fits(issuer, { ...held, context: { ...held.context, port: '6380' } })).toBe(false);
    expect(provider.issuer?.parse('redis://localhost')).toBeUndefined();
  });
});
