/**
 * Goal: a whole rotation of a Redis login in every playbook: two passwords side by side, given by an issuer or by the user
 * itself; and once through the real MCP server, which hangs on a wrong password.
 * Method: a real Redis; the login stands as URL in an argument and as variables in two clients.
 */
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createDatabases } from '../../src/platform/databases.ts';
import { createMcp } from '../../src/platform/mcp.ts';
import type { RedisSession } from '../../src/ports/databases.ts';
import { passwordHash } from '../../src/providers/redis/requests.ts';
import { describeWith } from '../parts.ts';
import { adminPassword, startRedis } from '../real/redis.ts';
import { WholeClock } from './clock.ts';
import { dsnOf, loginOf, takes } from './databases.ts';
import { allProven, type HomeFile, marksOf, orders, type Parts, provenUses, type Whole, whole } from './whole.ts';

const files = (port: number): readonly HomeFile[] => [
  {
    path: '~/.claude.json',
    text: (parts) =>
      `${JSON.stringify({ mcpServers: { cache: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-redis', dsnOf('redis', parts, port, '0')] } } }, null, 2)}\n`,
  },
  {
    path: '~/.codex/config.toml',
    text: ({ user, password }) =>
      `[mcp_servers.cache]\ncommand = "uvx"\nargs = ["redis-mcp-server"]\n[mcp_servers.cache.env]\nREDIS_HOST = "127.0.0.1"\nREDIS_PORT = "${port}"\nREDIS_USERNAME = ${JSON.stringify(user)}\nREDIS_PWD = ${JSON.stringify(password)} # rotated\n`,
  },
];

const script = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-redis/dist/index.js');
const realFiles = (port: number): readonly HomeFile[] => [
  {
    path: '~/.cursor/mcp.json',
    text: (parts) =>
      JSON.stringify({ mcpServers: { cache: { command: process.execPath, args: [script, dsnOf('redis', parts, port, '0')] } } }),
  },
];
const databases = createDatabases();

describeWith(['redis-server'], 'a whole rotation of a Redis login', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let admin: RedisSession;
  let home: Whole | undefined;
  let count = 0;
  beforeAll(async () => {
    server = await startRedis();
    admin = await databases.redis({ host: '127.0.0.1', port: server.port, user: 'admin', password: new Secret(adminPassword) });
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  afterEach(async () => {
    await home?.[Symbol.asyncDispose]();
    home = undefined;
  });

  const works = (parts: Parts) => takes((address) => databases.redis(address), parts, server.port);

  interface Start {
    readonly home: Whole;
    readonly old: Parts;
  }

  async function start(how: 'issuer' | 'self', real = false): Promise<Start> {
    const n = ++count;
    const old = { user: `app-é%"${n}`, password: `o'ld p@ss"w\\ör%41d ${n}` };
    const rights = ['~*', '+@read', '+ping', ...(how === 'self' ? ['+acl', '+config', '+client'] : [])];
    await admin.command(['ACL', 'SETUSER', old.user, 'on', `>${old.password}`, ...rights]);
    home = await whole({
      provider: 'redis',
      files: (real ? realFiles : files)(server.port),
      old,
      clock: new WholeClock(20),
      databases,
      knows: (launch) => works(loginOf(launch, 'REDIS_USERNAME', 'REDIS_PWD')),
      ...(real ? { mcp: createMcp() } : {}),
    });
    if (how === 'issuer') await home.addIssuer(dsnOf('redis', { user: 'admin', password: adminPassword }, server.port, '0'));
    return { home, old };
  }

  async function assertReplaced({ home, old }: Start): Promise<Parts> {
    const now = await home.held();
    expect(now['user']).toBe(old['user']);
    expect(await works(now), 'the new password').toBe(true);
    expect(await works(old), 'the old password').toBe(false);
    const user = JSON.stringify(await admin.command(['ACL', 'GETUSER', old['user'] ?? '']));
    const hash = await passwordHash(new Secret(now['password'] ?? ''));
    expect(user.match(/[0-9a-f]{64}/g), 'no other password of ours').toEqual([hash]);
    expect(server.kept(), 'kept over a restart').toContain(hash);
    return now;
  }

  it.each([
    ['routine', 'issuer', 'proven first'],
    ['departure', 'issuer', 'proven first'],
    ['leak', 'issuer', 'revoked first'],
    ['routine', 'self', 'proven first'],
    ['departure', 'self', 'proven first'],
    ['leak', 'self', 'issued first'],
  ] as const)('%s, %s: %s', async (because, how, order) => {
    const at = await start(how);
    const { home, old } = at;
    const { progress, needs, plan } = await home.rotate(because);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    expect(plan.method).toBe(how === 'issuer' ? 'second-password' : 'own-second-password');
    expect(marksOf(await home.entries())).toEqual(orders[order]);
    const now = await assertReplaced(at);
    const receipt = await home.receipt(progress);
    expect(provenUses(receipt)).toEqual(allProven('claude-code', 'codex'));
    // The audit is asked with a login that works: the old one is dead by then.
    expect(receipt.activity?.source).toContain('ACL LOG');
    expect(receipt.debts).toEqual([]);
    await home.assertKept(progress, old['password'] ?? '', now['password'] ?? '', adminPassword);
  });

  it.each([
    ['issuer', 'lost'],
    ['issuer', 'down'],
    ['self', 'lost'],
    ['self', 'down'],
  ] as const)('issuing and revoking (%s): each answer is %s once: asked again', async (how, fault) => {
    const at = await start(how);
    const { home, old } = at;
    home.calls.fail(/^ACL SETUSER #/, fault);
    home.calls.fail(/^ACL SETUSER !/, fault);
    const { progress, needs } = await home.rotate('routine');
    expect(home.calls.unmet, home.calls.made.join('; ')).toBe(0);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    const now = await assertReplaced(at);
    await home.assertKept(progress, old['password'] ?? '', now['password'] ?? '');
  });

  it('through the real MCP server, which takes a wrong password by hanging (failure mode 22)', async () => {
    const at = await start('issuer', true);
    const { progress, needs } = await at.home.rotate('routine');
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    const receipt = await at.home.receipt(progress);
    expect(provenUses(receipt)).toEqual(allProven('cursor'));
    const now = await assertReplaced(at);
    await at.home.assertKept(progress, at.old['password'] ?? '', now['password'] ?? '');
  });
});
