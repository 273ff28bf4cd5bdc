/** Sessions as the provider uses them, closed in every way out. */
import { Problem } from '../../base/problem.ts';
import type { RedisSession } from '../../ports/databases.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Held } from '../provider.ts';
import { refusal } from './answers.ts';
import { addressOf } from './requests.ts';

export type Login = Pick<Held, 'parts' | 'context'>;

/** `doing` completes "no right to …"; `effect()` is asked when something goes wrong. */
export async function inSession<T>(
  up: Upstream,
  login: Login,
  doing: string,
  work: (session: RedisSession) => Promise<T>,
  effect: () => 'none' | 'unknown' = () => 'none',
): Promise<T> {
  const address = addressOf(login);
  if (address === undefined) throw new Problem('provider/cannot', { what: 'there is no password to log in to Redis with' });
  const session = await up.databases.redis(address);
  try {
    return await work(session);
  } catch (error) {
    throw refusal(error, doing, effect());
  } finally {
    await session.close().catch(() => {});
  }
}
