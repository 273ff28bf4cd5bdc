/**
 * Goal: a whole rotation of a PostgreSQL login in every playbook: by a sibling role with an issuer, in place without one;
 * lost answers and cut connections leave no role that nobody knows.
 * Method: a real PostgreSQL with hostile names and passwords; the login stands as DSN and as variables in three clients.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabases } from '../../src/platform/databases.ts';
import { type PostgresqlWorld, type PostgresqlWorlds, startPostgresqlWorlds } from '../real/postgresql-world.ts';
import { WholeClock } from './clock.ts';
import { dsnOf, loginOf, takes } from './databases.ts';
import { allProven, type HomeFile, marksOf, orders, type Parts, provenUses, type Whole, whole } from './whole.ts';

const files = (port: number): readonly HomeFile[] => [
  {
    path: '~/.claude.json',
    text: (parts) =>
      `${JSON.stringify({ mcpServers: { db: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-postgres', dsnOf('postgresql', parts, port, 'app')], env: {} } }, ü: 1 }, null, 2)}\n`,
  },
  {
    path: '~/.codex/config.toml',
    text: (parts) =>
      `[mcp_servers.db]\r\ncommand = "uvx"\r\nargs = ["postgres-mcp"]\r\nenv = { DATABASE_URI = ${JSON.stringify(dsnOf('postgres', parts, port, 'app'))}, LOG = "1" } # ours\r\n`,
  },
  {
    path: '~/.cursor/mcp.json',
    text: ({ user, password }) =>
      JSON.stringify(
        {
          mcpServers: {
            db: {
              command: 'uvx',
              args: ['postgres-mcp'],
              env: { PGPASSWORD: password, PGUSER: user, PGHOST: '127.0.0.1', PGPORT: `${port}`, PGDATABASE: 'app' },
            },
          },
        },
        null,
        '\t',
      ),
  },
];
const clientIds = ['claude-code', 'codex', 'cursor'];
const databases = createDatabases();

let worlds: PostgresqlWorlds;
let home: Whole | undefined;
beforeAll(async () => {
  worlds = await startPostgresqlWorlds();
});
afterAll(async () => {
  await worlds?.stop();
});
afterEach(async () => {
  await home?.[Symbol.asyncDispose]();
  home = undefined;
});

const partsOf = (held: Pick<PostgresqlWorld['old'], 'parts'>): Parts =>
  Object.fromEntries(Object.entries(held.parts).map(([name, part]) => [name, part.reveal()]));
const works = (parts: Parts) =>
  takes((address) => databases.postgresql({ ...address, database: 'app' }), parts, worlds.server.port);

interface Start {
  readonly home: Whole;
  readonly world: PostgresqlWorld;
  readonly old: Parts;
  readonly issuer: Parts | undefined;
}

async function start(how: 'issuer' | 'self'): Promise<Start> {
  const world = await worlds.world();
  const { port } = worlds.server;
  const old = partsOf(world.old);
  home = await whole({
    provider: 'postgresql',
    files: files(port),
    old,
    clock: new WholeClock(20),
    databases,
    knows: (launch) => works(loginOf(launch, 'PGUSER', 'PGPASSWORD')),
  });
  const issuer: Parts | undefined = how === 'issuer' ? partsOf(world.issuer) : undefined;
  if (issuer) await home.addIssuer(dsnOf('postgresql', issuer, port, 'app'));
  return { home, world, old, issuer };
}

/** Roles of this world that may log in, and can act as its owner. */
const logins = async ({ base }: PostgresqlWorld): Promise<readonly unknown[]> => {
  const text = `SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND NOT rolcreaterole
    AND pg_has_role(oid, $1::name, 'USAGE') ORDER BY 1`;
  return (await worlds.admin.query(text, [base])).map(({ rolname }) => rolname);
};

async function assertReplaced({ home, world, old, issuer }: Start): Promise<Parts> {
  const now = await home.held();
  expect(now['password']).not.toBe(old['password']);
  expect(await works(now), 'the new login').toBe(true);
  expect(await works(old), 'the old login').toBe(false);
  expect(await logins(world), 'no other role of ours').toEqual([now['user']]);
  expect(now['user'] === old['user']).toBe(issuer === undefined);
  expect(await works(partsOf(world.neighbour)), 'a neighbour').toBe(true);
  for (const { password = '' } of [now, old]) expect(worlds.server.log()).not.toContain(password);
  return now;
}

const secretsOf = (...all: readonly (Parts | undefined)[]): readonly string[] => all.flatMap((one) => one?.['password'] ?? []);

describe('a whole rotation of a PostgreSQL login', () => {
  it.each([
    ['routine', 'issuer', 'proven first'],
    ['departure', 'issuer', 'proven first'],
    ['leak', 'issuer', 'revoked first'],
    ['routine', 'self', 'in place'],
    ['departure', 'self', 'in place'],
    ['leak', 'self', 'in place, leak'],
  ] as const)('%s, %s: %s', async (because, how, order) => {
    const at = await start(how);
    const { home, old, issuer } = at;
    const { progress, needs, plan } = await home.rotate(because);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    expect(plan.method).toBe(how === 'issuer' ? 'sibling-role' : 'own-password');
    expect(marksOf(await home.entries())).toEqual(orders[order]);
    const now = await assertReplaced(at);
    const receipt = await home.receipt(progress);
    expect(provenUses(receipt)).toEqual(allProven(...clientIds));
    expect(receipt.places.map(({ client, part }) => `${client} ${part}`).sort()).toEqual(
      clientIds.flatMap((id) => [`${id} password`, `${id} user`]).sort(),
    );
    expect(receipt.debts).toEqual([]);
    expect(receipt.activity?.source).toContain('pg_stat_activity');
    await home.assertKept(progress, ...secretsOf(old, now, issuer));
    // After a leak, the next rotation of the same login, as it will come.
    if (because !== 'leak') return;
    const next = await home.rotate('routine');
    expect(next.progress).toMatchObject({ state: 'complete' });
    await assertReplaced({ ...at, old: now });
  });

  it.each([
    ['issuer', /^CREATE ROLE/, 'lost'],
    ['issuer', /^COMMIT/, 'lost'],
    ['issuer', /^CREATE ROLE/, 'down'],
    ['self', /^ALTER ROLE/, 'lost'],
    ['self', /^ALTER ROLE/, 'down'],
  ] as const)('issuing (%s), %s is %s: asked again with the same value', async (how, statement, fault) => {
    const at = await start(how);
    const { home, old } = at;
    home.calls.fail(statement, fault);
    const { progress } = await home.rotate('routine');
    expect(home.calls.unmet, home.calls.made.join('; ')).toBe(0);
    expect(progress).toMatchObject({ state: 'complete' });
    const now = await assertReplaced(at);
    await home.assertKept(progress, ...secretsOf(old, now));
  });

  it.each(['routine', 'leak'] as const)('%s: a connection that is cut while revoking: asked once more', async (because) => {
    const at = await start('issuer');
    const { home } = at;
    // With the overlap the first of these gives the sibling its rights.
    home.calls.fail(/^ALTER ROLE/, 'down', because === 'routine' ? 1 : 0);
    const { progress } = await home.rotate(because);
    expect(home.calls.unmet, home.calls.made.join('; ')).toBe(0);
    expect(progress).toMatchObject({ state: 'complete' });
    await assertReplaced(at);
  });

  it('undone at the last moment: the old login everywhere, and no role of ours left', async () => {
    const at = await start('issuer');
    const { home, world, old } = at;
    home.processes.start({ name: 'node', args: [dsnOf('postgresql', old, worlds.server.port, 'app')] });
    const { progress, needs } = await home.rotate('routine', () => 'later');
    expect(needs).toEqual(['restart-by-hand']);
    expect((await home.held())['user']).not.toBe(old['user']);
    expect(await home.undo(progress)).toMatchObject({ state: 'rolled-back' });
    expect(await home.held()).toEqual(old);
    expect(await works(old)).toBe(true);
    expect(await logins(world)).toEqual([old['user']]);
    await home.assertKept({ ...progress, state: 'rolled-back' } as typeof progress, ...secretsOf(old));
  });
});
