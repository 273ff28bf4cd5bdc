/**
 * Goal: a whole rotation of a MariaDB login in every playbook: two passwords side by side, given by an issuer or by the
 * account itself; lost answers and cut connections leave no password that nobody knows.
 * Method: a real MariaDB with hostile names and passwords; the login stands as DSN and as variables in two clients.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createDatabases } from '../../src/platform/databases.ts';
import type { SqlSession } from '../../src/ports/databases.ts';
import { accountName, nativeHash } from '../../src/providers/mysql/requests.ts';
import { describeWith } from '../parts.ts';
import { adminPassword, startMariadb } from '../real/mariadb.ts';
import { WholeClock } from './clock.ts';
import { dsnOf, loginOf, takes } from './databases.ts';
import { allProven, type HomeFile, marksOf, orders, type Parts, provenUses, type Whole, whole } from './whole.ts';

const files = (port: number): readonly HomeFile[] => [
  {
    path: '~/.claude.json',
    text: ({ user, password }) =>
      `${JSON.stringify({ mcpServers: { shop: { command: 'npx', args: ['@benborla29/mcp-server-mysql'], env: { MYSQL_HOST: '127.0.0.1', MYSQL_PORT: `${port}`, MYSQL_USER: user, MYSQL_PASS: password, MYSQL_DB: 'shop' } } } }, null, 2)}\n`,
  },
  {
    path: '~/.codex/config.toml',
    text: (parts) =>
      `# shop\n[mcp_servers.shop]\ncommand = "uvx"\nargs = ["mysql_mcp_server", ${JSON.stringify(dsnOf('mysql', parts, port, 'shop'))}]\n`,
  },
];
const databases = createDatabases();

describeWith(['mariadbd'], 'a whole rotation of a MariaDB login', () => {
  let server: Awaited<ReturnType<typeof startMariadb>>;
  let admin: SqlSession;
  let home: Whole | undefined;
  let count = 0;
  beforeAll(async () => {
    server = await startMariadb();
    admin = await databases.mysql({ host: '127.0.0.1', port: server.port, user: 'root', password: new Secret(adminPassword) });
    await admin.query('CREATE DATABASE shop');
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  afterEach(async () => {
    await home?.[Symbol.asyncDispose]();
    home = undefined;
  });

  const works = (parts: Parts) => takes((address) => databases.mysql(address), parts, server.port);

  async function make(user: string, password: string, grants: readonly string[]): Promise<void> {
    const account = accountName({ user, host: '%' });
    const hash = await nativeHash(new Secret(password));
    await admin.query(`CREATE USER ${account} IDENTIFIED BY PASSWORD '${hash}'`);
    for (const grant of grants) await admin.query(`GRANT ${grant} TO ${account}`);
  }

  interface Start {
    readonly home: Whole;
    readonly old: Parts;
    readonly issuer: Parts | undefined;
  }

  async function start(how: 'issuer' | 'self'): Promise<Start> {
    const n = ++count;
    const old = { user: `app "x"\`'\\@é%${n}`, password: `o'ld p@ss"w\\ör%41d ${n}` };
    await make(old.user, old.password, ['SELECT ON shop.*', ...(how === 'self' ? ['CREATE USER ON *.*'] : [])]);
    const issuer = how === 'issuer' ? { user: `manager${n}`, password: `manager's "pw" ${n}` } : undefined;
    if (issuer) {
      await make(issuer.user, issuer.password, ['CREATE USER, PROCESS, CONNECTION ADMIN ON *.*', 'SELECT ON mysql.*']);
    }
    home = await whole({
      provider: 'mysql',
      files: files(server.port),
      old,
      clock: new WholeClock(20),
      databases,
      knows: (launch) => works(loginOf(launch, 'MYSQL_USER', 'MYSQL_PASS')),
    });
    if (issuer) await home.addIssuer(dsnOf('mysql', issuer, server.port, 'mysql'));
    return { home, old, issuer };
  }

  async function assertReplaced({ home, old, issuer }: Start): Promise<Parts> {
    const now = await home.held();
    expect(now['user']).toBe(old['user']);
    expect(await works(now), 'the new password').toBe(true);
    expect(await works(old), 'the old password').toBe(false);
    if (issuer) expect(await works(issuer)).toBe(true);
    const text = await admin.query(`SHOW CREATE USER ${accountName({ user: now['user'] ?? '', host: '%' })}`);
    expect(JSON.stringify(text).match(/\*[0-9A-F]{40}/g), 'no other password of ours').toEqual([
      await nativeHash(new Secret(now['password'] ?? '')),
    ]);
    expect(server.generalLog()).not.toContain(now['password']);
    return now;
  }

  const secretsOf = (...all: readonly (Parts | undefined)[]): readonly string[] => all.flatMap((one) => one?.['password'] ?? []);

  it.each([
    ['routine', 'issuer', 'proven first'],
    ['departure', 'issuer', 'proven first'],
    ['leak', 'issuer', 'revoked first'],
    ['routine', 'self', 'proven first'],
    ['departure', 'self', 'proven first'],
    ['leak', 'self', 'issued first'],
  ] as const)('%s, %s: %s', async (because, how, order) => {
    const at = await start(how);
    const { home, old, issuer } = at;
    const { progress, needs, plan } = await home.rotate(because);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    expect(plan.method).toBe(how === 'issuer' ? 'second-password' : 'own-second-password');
    expect(marksOf(await home.entries())).toEqual(orders[order]);
    const now = await assertReplaced(at);
    const receipt = await home.receipt(progress);
    expect(provenUses(receipt)).toEqual(allProven('claude-code', 'codex'));
    expect(receipt.steps.find(({ step }) => step === 'audit')?.note).toContain('keeps no record');
    await home.assertKept(progress, ...secretsOf(old, now, issuer));
    if (because !== 'leak') return;
    const next = await home.rotate('routine');
    expect(next.progress).toMatchObject({ state: 'complete' });
    await assertReplaced({ ...at, old: now });
  });

  it.each([
    ['issuer', 'lost'],
    ['issuer', 'down'],
    ['self', 'lost'],
    ['self', 'down'],
  ] as const)('issuing (%s): the answer is %s: asked again with the same value', async (how, fault) => {
    const at = await start(how);
    const { home, old } = at;
    home.calls.fail(/^ALTER USER/, fault);
    const { progress } = await home.rotate('routine');
    expect(home.calls.unmet, home.calls.made.join('; ')).toBe(0);
    expect(progress).toMatchObject({ state: 'complete' });
    const now = await assertReplaced(at);
    await home.assertKept(progress, ...secretsOf(old, now));
  });

  it.each([
    ['issuer', 'lost'],
    ['issuer', 'down'],
    ['self', 'lost'],
    ['self', 'down'],
  ] as const)('revoking in a leak (%s): the answer is %s: asked once more', async (how, fault) => {
    const at = await start(how);
    const { home } = at;
    // By itself it issues first: there the second statement revokes.
    home.calls.fail(/^ALTER USER/, fault, how === 'self' ? 1 : 0);
    const { progress, needs } = await home.rotate('leak');
    expect(home.calls.unmet, home.calls.made.join('; ')).toBe(0);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    await assertReplaced(at);
  });

  describe('a leak in which somebody else has changed the password already', () => {
    const changedTo = { password: 'the-password-of-a-colleague' };

    async function changed(): Promise<Start> {
      const at = await start('issuer');
      const account = accountName({ user: at.old['user'] ?? '', host: '%' });
      await admin.query(`ALTER USER ${account} IDENTIFIED BY PASSWORD '${await nativeHash(new Secret(changedTo.password))}'`);
      return at;
    }

    it('gives the only account of that name another one beside theirs, and says so (failure mode 35)', async () => {
      const { home, old, issuer } = await changed();
      const { progress, needs } = await home.rotate('leak');
      expect(progress).toMatchObject({ state: 'complete' });
      expect(needs).toEqual([]);
      const now = await home.held();
      expect([await works(now), await works(old), await works({ ...old, ...changedTo })]).toEqual([true, false, true]);
      const { steps } = await home.receipt(progress);
      expect(steps.find(({ step }) => step === 'revoke')?.note).toContain('somebody else revoked it');
      expect(steps.find(({ step }) => step === 'issue')?.note).toContain('the only one of its name');
      await home.assertKept(progress, ...secretsOf(old, now, issuer));
    });

    it.each([
      ['10.9.8.7', 'cannot be told'],
      ['127.0.0.1', 'cannot be told'],
    ])('guesses nothing beside an account for %s, and goes on when one is left', async (host, words) => {
      const { home, old } = await changed();
      const user = old['user'] ?? '';
      const other = accountName({ user, host });
      await admin.query(`CREATE USER ${other} IDENTIFIED BY 'another-password'`);
      const before = await admin.query(`SHOW CREATE USER ${other}`);
      const { progress } = await home.rotate('leak');
      expect(progress).toMatchObject({
        state: 'stopped',
        step: 'issue',
        code: 'provider/not-found',
        why: expect.stringContaining(words),
      });
      expect(await admin.query(`SHOW CREATE USER ${other}`)).toEqual(before);
      await admin.query(`DROP USER ${other}`);
      expect(await home.resume(progress)).toMatchObject({ state: 'complete' });
      expect(await works(await home.held())).toBe(true);
    });

    it('takes no account that a login from here does not reach, and says when there is none', async () => {
      const { home, old } = await changed();
      const user = old['user'] ?? '';
      const [here, away] = ['%', '10.9.8.7'].map((host) => accountName({ user, host }));
      await admin.query(`RENAME USER ${here} TO ${away}`);
      const before = await admin.query(`SHOW CREATE USER ${away}`);
      const { progress } = await home.rotate('leak');
      expect(progress).toMatchObject({ state: 'stopped', step: 'issue', code: 'provider/not-found' });
      expect(await admin.query(`SHOW CREATE USER ${away}`)).toEqual(before);
      await admin.query(`DROP USER ${away}`);
      expect(await home.resume(progress)).toMatchObject({ state: 'stopped', why: expect.stringContaining('any more') });
    });
  });
});
