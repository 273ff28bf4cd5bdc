/**
 * Goal: every way in which a database does not answer comes out as the right problem, soon, without the password and
 * without leaving anything behind; and "this password is wrong" is never confused with "no answer about it".
 * Method: real servers; and sockets that hang, close, or talk nonsense. Unhandled errors fail the run by themselves.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findSpill } from '../../test/kits/spills.ts';
import { describeWith } from '../../test/parts.ts';
import { adminPassword as mariadbPassword, startMariadb } from '../../test/real/mariadb.ts';
import { adminPassword, startPostgresql } from '../../test/real/postgresql.ts';
import { adminPassword as redisPassword, startRedis } from '../../test/real/redis.ts';
import { freePort, type RealServer } from '../../test/real/server.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type DatabaseAddress, StatementRefused } from '../ports/databases.ts';
import { createDatabases } from './databases.ts';

const databases = createDatabases();
const kinds = ['postgresql', 'mysql', 'redis'] as const;
const password = new Secret("wr'ong p%40ss wörd");

const at = (port: number, more: Partial<DatabaseAddress> = {}): DatabaseAddress => ({
  host: '127.0.0.1',
  port,
  user: 'somebody',
  password,
  timeoutMs: 1500,
  ...more,
});

async function problemOf(attempt: Promise<unknown>): Promise<Problem> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem)) throw new Error('no Problem', { cause: error });
  expect(findSpill(error, [password])).toBeUndefined();
  return error;
}

describe('a database that is not there or is none', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    if (server !== undefined) {
      server.close();
      await once(server, 'close');
    }
    server = undefined;
  });
  async function listen(onSocket: (socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onSocket(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  it.each(kinds)('%s: nothing listens', async (kind) => {
    const port = await freePort();
    expect(await problemOf(databases[kind](at(port)))).toMatchObject({ code: 'provider/unreachable', effect: 'none' });
  });

  it.each(kinds.flatMap((kind) => [Number.NaN, 0, 99999].map((port) => [kind, port] as const)))(
    '%s: the port %d is none',
    async (kind, port) => {
      expect((await problemOf(databases[kind](at(port)))).effect).toBe('none');
    },
  );

  it.each(kinds)('%s: the name does not exist', async (kind) => {
    const problem = await problemOf(databases[kind](at(1, { host: 'no-such-host.invalid', timeoutMs: 8000 })));
    expect(problem).toMatchObject({ code: 'provider/unreachable', effect: 'none' });
  });

  it.each(kinds)('%s: it takes the connection and says nothing', async (kind) => {
    const port = await listen(() => {});
    expect(await problemOf(databases[kind](at(port)))).toMatchObject({ code: 'provider/timeout', effect: 'none' });
  });

  it.each(kinds)('%s: it closes at once', async (kind) => {
    const port = await listen((socket) => socket.destroy());
    const { code, effect } = await problemOf(databases[kind](at(port)));
    expect(code).toBeOneOf(['provider/garbled', 'provider/unreachable']);
    expect(effect).toBe('none');
  });

  it.each(kinds)('%s: it talks nonsense', async (kind) => {
    const port = await listen((socket) => {
      socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\nServer: \u0000\u00ff\r\n\r\n'.repeat(4)));
    });
    const { code, effect } = await problemOf(databases[kind](at(port)));
    expect(code).toBeOneOf(['provider/garbled', 'provider/timeout']);
    expect(effect).toBe('none');
  });

  it.each(kinds)('%s: it sends random bytes and then closes', async (kind) => {
    const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 73 + 41) % 256));
    const port = await listen((socket) => socket.end(bytes));
    const { code } = await problemOf(databases[kind](at(port)));
    expect(code).toBeOneOf(['provider/garbled', 'provider/timeout', 'provider/unreachable', 'provider/unavailable']);
  });
});

describe('PostgreSQL', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());
  const admin = (more: Partial<DatabaseAddress> = {}) =>
    at(server.port, { user: 'postgres', password: new Secret(adminPassword), ...more });

  it('runs statements with bound parameters', async () => {
    const session = await databases.postgresql(admin());
    const rows = await session.query('SELECT $1::text AS text, $2::int AS number', ["'; DROP TABLE x; --", 7]);
    expect(rows).toEqual([{ text: "'; DROP TABLE x; --", number: 7 }]);
    await session.close();
  });

  it('tells a wrong password from a login that is not allowed and from a missing database', async () => {
    expect(await problemOf(databases.postgresql(admin({ password })))).toMatchObject({ code: 'provider/refused' });
    const session = await databases.postgresql(admin());
    await session.query("CREATE ROLE asleep NOLOGIN PASSWORD 'x-asleep-x'");
    await session.close();
    const asleep = { user: 'asleep', password: new Secret('x-asleep-x'), database: 'postgres' };
    expect(await problemOf(databases.postgresql(admin(asleep)))).toMatchObject({ code: 'provider/refused' });
    expect(await problemOf(databases.postgresql(admin({ database: 'nope' })))).toMatchObject({ code: 'provider/not-found' });
  });

  it('does not take a login that the server’s rules keep out for a wrong password', async () => {
    const rules = join(server.folder, 'data', 'pg_hba.conf');
    writeFileSync(rules, `host all kept_out all reject\nhost all by_peer all ident\n${readFileSync(rules, 'utf8')}`);
    const session = await databases.postgresql(admin());
    await session.query("CREATE ROLE kept_out LOGIN PASSWORD 'x-kept-out-x'; CREATE ROLE by_peer LOGIN; SELECT pg_reload_conf()");
    await session.close();
    for (const user of ['kept_out', 'by_peer']) {
      const attempt = () =>
        problemOf(databases.postgresql(admin({ user, password: new Secret('x-kept-out-x'), database: 'postgres' })));
      await expect.poll(async () => (await attempt()).code, { timeout: 5000 }).toBe('provider/forbidden');
    }
  });

  it('keeps the state of a refused statement and nothing of its text', async () => {
    const session = await databases.postgresql(admin());
    const error = await session.query(`SELECT '${password.reveal().replaceAll("'", "''")}'::int`).catch((e: unknown) => e);
    await session.close();
    expect(error).toBeInstanceOf(StatementRefused);
    expect(error).toMatchObject({ state: '22P02' });
    expect(findSpill(error, [password])).toBeUndefined();
  });

  it('a statement that takes too long may have happened', async () => {
    const session = await databases.postgresql(admin({ timeoutMs: 300 }));
    expect(await problemOf(session.query('SELECT pg_sleep(1)'))).toMatchObject({ code: 'provider/timeout', effect: 'unknown' });
    await session.close();
  });

  it('a session that the server ends, in a statement or between two, ends no process of ours', async () => {
    const [victim, killer] = [await databases.postgresql(admin()), await databases.postgresql(admin())];
    const [row] = await victim.query('SELECT pg_backend_pid() AS pid');
    const sleeping = problemOf(victim.query('SELECT pg_sleep(20)'));
    await killer.query('SELECT pg_terminate_backend($1)', [Number(row?.['pid'])]);
    expect(await sleeping).toMatchObject({ code: 'provider/unavailable', effect: 'unknown' });
    expect(await problemOf(victim.query('SELECT 1'))).toMatchObject({ code: 'provider/unavailable' });
    await Promise.all([victim.close(), killer.close()]);
  });

  it('demands TLS where the connection says so', async () => {
    const { code } = await problemOf(databases.postgresql(admin({ tls: 'require' })));
    expect(code).toBeOneOf(['provider/garbled', 'provider/unreachable']);
  });

  it('leaves no session behind', async () => {
    const session = await databases.postgresql(admin());
    await expect
      .poll(
        async () =>
          (await session.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'mcp-rotate'"))[0]?.[
            'n'
          ],
      )
      .toBe(1);
    await session.close();
  });
});

describeWith(['mariadbd'], 'MariaDB', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server?.stop());
  const admin = (more: Partial<DatabaseAddress> = {}) =>
    at(server.port, { user: 'root', password: new Secret(mariadbPassword), ...more });

  it('runs statements with bound parameters, and tells refusals apart', async () => {
    const session = await databases.mysql(admin());
    expect(await session.query('SELECT ? AS text', ["\\' OR 1"])).toEqual([{ text: "\\' OR 1" }]);
    expect(await session.query('SELECT nothing').catch((e: unknown) => e)).toMatchObject({ state: '1054' });
    await session.close();
    expect(await problemOf(databases.mysql(admin({ password })))).toMatchObject({ code: 'provider/refused' });
    expect(await problemOf(databases.mysql(admin({ database: 'nope' })))).toMatchObject({ code: 'provider/not-found' });
  });

  it('a statement that takes too long, and a killed session', async () => {
    const slow = await databases.mysql(admin({ timeoutMs: 300 }));
    expect(await problemOf(slow.query('SELECT SLEEP(20)'))).toMatchObject({ code: 'provider/timeout', effect: 'unknown' });
    await slow.close();
    const [victim, killer] = [await databases.mysql(admin()), await databases.mysql(admin())];
    const [row] = await victim.query('SELECT CONNECTION_ID() AS id');
    await killer.query(`KILL ${Number(row?.['id'])}`);
    expect(await problemOf(victim.query('SELECT 1'))).toMatchObject({ code: 'provider/unavailable', effect: 'unknown' });
    await Promise.all([victim.close(), killer.close()]);
  });
});

describeWith(['redis-server'], 'Redis', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  const admin = (more: Partial<DatabaseAddress> = {}) =>
    at(server.port, { user: 'admin', password: new Secret(redisPassword), ...more });

  it('runs commands, and tells refusals apart', async () => {
    const session = await databases.redis(admin());
    expect(await session.command(['PING'])).toBe('PONG');
    expect(await session.command(['NOSUCH', password.reveal()]).catch((e: unknown) => e)).toMatchObject({ state: 'ERR' });
    await session.close();
    expect(await problemOf(databases.redis(admin({ password })))).toMatchObject({ code: 'provider/refused' });
  });

  it('a command that takes too long, and a killed session', async () => {
    const slow = await databases.redis(admin({ timeoutMs: 300 }));
    expect(await problemOf(slow.command(['BLPOP', 'empty', '20']))).toMatchObject({
      code: 'provider/timeout',
      effect: 'unknown',
    });
    await slow.close();
    const [victim, killer] = [await databases.redis(admin()), await databases.redis(admin())];
    const id = await victim.command(['CLIENT', 'ID']);
    await killer.command(['CLIENT', 'KILL', 'ID', String(id)]);
    expect(await problemOf(victim.command(['PING']))).toMatchObject({ code: 'provider/unavailable' });
    await Promise.all([victim.close(), killer.close()]);
  });
});
