/** Sessions as the provider uses them: the first host that answers, closed in every way out. */
import { Problem } from '../../base/problem.ts';
import type { SqlSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held } from '../provider.ts';
import { refusal } from './answers.ts';
import { addressesOf } from './requests.ts';

const tryNext = new Set(['provider/unreachable', 'provider/timeout', 'provider/unavailable']);

async function open(up: Upstream, held: Pick<Held, 'parts' | 'context'>): Promise<SqlSession> {
  let last = new Problem('provider/cannot', {
    what: 'the connection names no user, so nothing can be asked of PostgreSQL',
    next: 'name the user in the connection URL or in PGUSER',
  });
  for (const address of addressesOf(held)) {
    try {
      return await up.databases.postgresql(address);
    } catch (error) {
      if (!(error instanceof Problem) || !tryNext.has(error.code)) throw error;
      last = error;
    }
  }
  throw last;
}

/**
 * Runs with a session. `doing` completes "no right to …". `effect()` is asked when something goes wrong: what of the
 * work so far may have stayed.
 */
export async function inSession<T>(
  up: Upstream,
  held: Pick<Held, 'parts' | 'context'>,
  doing: string,
  work: (session: SqlSession) => Promise<T>,
  effect: () => 'none' | 'unknown' = () => 'none',
): Promise<T> {
  const session = await open(up, held);
  try {
    return await work(session);
  } catch (error) {
    throw refusal(error, doing, effect());
  } finally {
    await session.close().catch(() => {});
  }
}
