/**
 * The net and the databases of a whole rotation: the real ones, with a record of every call that changes something, and
 * with faults. A fault is for the next call that it fits (or a later one), once.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Databases, SqlSession } from '../../src/ports/databases.ts';
import type { HttpRequest, Net } from '../../src/ports/net.ts';

/** 'lost': it happened, and no answer came. 'down': it did not happen; 503, or the connection is cut. */
export type Fault = 'lost' | 'down';

export class Calls {
  /** What was called, in order: `POST /credentials/revoke`, `iam CreateAccessKey`, `CREATE ROLE`, `ACL SETUSER`. */
  readonly made: string[] = [];
  #faults: { readonly fits: RegExp; readonly fault: Fault; skip: number }[] = [];

  /** `skip`: how many fitting calls go well before. */
  fail(fits: RegExp, fault: Fault, skip = 0): void {
    this.#faults.push({ fits, fault, skip });
  }

  /** Faults that no call has met yet. */
  get unmet(): number {
    return this.#faults.length;
  }

  async around<T>(call: string, work: () => Promise<T>, down: () => T): Promise<T> {
    this.made.push(call);
    const at = this.#faults.findIndex(({ fits }) => fits.test(call));
    const found = this.#faults[at];
    if (found === undefined || found.skip-- > 0) return work();
    const { fault } = found;
    this.#faults.splice(at, 1);
    if (fault === 'down') return down();
    await work();
    throw new Problem('provider/timeout', { what: 'no answer came', effect: 'unknown' });
  }
}

/** GET is left out of the record, and so are calls of AWS that only look. */
function nameOf({ method, url, body = '' }: HttpRequest): string {
  const operation = /^Action=(\w+)/.exec(body)?.[1];
  if (operation !== undefined) return `aws ${operation}`;
  return `${method} ${new URL(url).pathname}`;
}

export const recordedNet = (net: Net, calls: Calls): Net => ({
  send: (request) =>
    calls.around(
      nameOf(request),
      () => net.send(request),
      () => ({ status: 503, headers: { 'content-type': 'text/plain' }, body: 'down' }),
    ),
});

const cut = (): never => {
  throw new Problem('provider/unavailable', { what: 'the connection was cut', effect: 'unknown' });
};

const wordsOf = (text: string): string => text.trim().split(/\s+/).slice(0, 2).join(' ').toUpperCase();

export function recordedDatabases(databases: Databases, calls: Calls): Databases {
  const sql = (session: SqlSession): SqlSession => ({
    query: (text, parameters) => calls.around(wordsOf(text), () => session.query(text, parameters), cut),
    close: () => session.close(),
  });
  return {
    postgresql: async (address) => sql(await databases.postgresql(address)),
    mysql: async (address) => sql(await databases.mysql(address)),
    async redis(address) {
      const session = await databases.redis(address);
      return {
        // `ACL SETUSER … !hash` takes a password, `#hash` gives one.
        command: (words) => {
          const mark = words.some((word) => word.startsWith('!')) ? ' !' : words.some((word) => word.startsWith('#')) ? ' #' : '';
          return calls.around(words.slice(0, 2).join(' ').toUpperCase() + mark, () => session.command(words), cut);
        },
        close: () => session.close(),
      };
    },
  };
}
