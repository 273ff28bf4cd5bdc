/**
 * Goal: a connection that is lost between two statements leaves nothing that asking again does not mend, and no false word.
 * Method: a real server, and a session that ends before a chosen statement.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { markers } from '../../../test/kits/provider.ts';
import { realUpstream } from '../../../test/real/ports.ts';
import { type PostgresqlWorld, type PostgresqlWorlds, startPostgresqlWorlds } from '../../../test/real/postgresql-world.ts';
import { Problem } from '../../base/problem.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held, MethodContext, OursMethod } from '../provider.ts';
import { provider } from './provider.ts';

const up = realUpstream();
const sibling = provider.methods[0] as OursMethod;

let pg: PostgresqlWorlds;
beforeAll(async () => {
  pg = await startPostgresqlWorlds();
});
afterAll(() => pg?.stop());

const at = (w: PostgresqlWorld, n: number, old = w.old): MethodContext => ({ old, issuer: w.issuer, marker: markers(n) });
const userOf = (held: Held): string => held.parts['user']?.reveal() ?? '';

async function revoke(w: PostgresqlWorld, held: Held, survivor: Held | undefined): Promise<string> {
  if (sibling.revocation.by !== 'api') throw new Error('no API');
  return sibling.revocation.revoke(up, at(w, 0), { held }, survivor);
}

/** The connection is lost before a statement that fits. */
const cutBefore = (statement: RegExp): Upstream => ({
  ...up,
  databases: {
    ...up.databases,
    async postgresql(address) {
      const session = await up.databases.postgresql(address);
      return {
        close: () => session.close(),
        query(text, parameters) {
          if (statement.test(text)) throw new Problem('provider/unavailable', { what: 'cut' });
          return session.query(text, parameters);
        },
      };
    },
  },
});

it('between making the next one and removing the leaked one: made good by asking again', async () => {
  const w = await pg.world();
  const issued = await sibling.issueWith(up, at(w, 0), sibling.propose(up.random, at(w, 0)));
  const first: Held = { ...w.old, parts: issued.parts };
  await revoke(w, w.old, first);
  await revoke(w, first, undefined);
  const context = at(w, 1, first);
  const proposed = sibling.propose(up.random, context);
  const rolesOfOld = () => pg.admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [userOf(first)]);
  await expect(sibling.issueWith(cutBefore(/^DROP ROLE/), context, proposed)).rejects.toMatchObject({ effect: 'unknown' });
  expect(await rolesOfOld()).toHaveLength(1);
  const { parts } = await sibling.issueWith(up, context, proposed);
  expect((await provider.check(up, { ...first, parts })).alive).toBe('yes');
  expect(await rolesOfOld()).toEqual([]);
});

it('while it is asked who it is: that does not make it another account', async () => {
  const w = await pg.world();
  expect((await provider.check(up, w.old)).account).toMatch(/ of cluster \d+$/);
  const standing = await provider.check(cutBefore(/pg_control_system/), w.old);
  expect(standing).toMatchObject({ alive: 'yes' });
  expect(standing).not.toHaveProperty('account');
});
