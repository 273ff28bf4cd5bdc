/**
 * Twin of the callback listener: no socket. `visit` is a browser that follows a redirect; it answers what the page says.
 *
 * Time is the given clock's, so a sign-in that nobody finishes ends at once under the twin clock.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Callback, Callbacks } from '../../src/ports/callback.ts';
import type { Clock } from '../../src/ports/clock.ts';

type Answer = NonNullable<Awaited<ReturnType<Callback['next']>>>;
export type Page = Parameters<Answer['answer']>[0] | 'nothing';

export interface CallbacksTwin extends Callbacks {
  /** The page that a browser is shown at this address; 'nobody' when nothing listens. */
  visit(address: string): Promise<Page | 'nobody'>;
  /** Ports on which something listens now. */
  readonly ports: ReadonlySet<number>;
  /** Another program takes a port. */
  take(port: number): void;
}

interface Listening {
  readonly path: string;
  readonly held: Answer[];
  readonly waiting: ((answer: Answer | undefined) => void)[];
  readonly leave: ((page: Page) => void)[];
}

export function twinCallbacks(clock: Pick<Clock, 'sleep'>): CallbacksTwin {
  const open = new Map<number, Listening | 'taken'>();
  let last = 49_152;
  return {
    get ports() {
      return new Set(open.keys());
    },
    take(port) {
      open.set(port, 'taken');
    },
    async visit(address) {
      const { hostname, port, pathname, searchParams } = new URL(address);
      const at = open.get(Number(port || 80));
      if (at === undefined || at === 'taken' || !['127.0.0.1', 'localhost'].includes(hostname)) return 'nobody';
      if (pathname !== at.path) return 'nothing';
      return new Promise((resolve) => {
        at.leave.push(resolve);
        const answer: Answer = { parameters: searchParams, answer: async (verdict) => resolve(verdict) };
        const take = at.waiting.shift();
        if (take === undefined) at.held.push(answer);
        else take(answer);
      });
    },
    async listen({ path, port }) {
      if (port !== undefined && open.has(port)) throw new Problem('oauth/port-busy', { what: `port ${port} is in use` });
      const own = port ?? ++last;
      const here: Listening = { path, held: [], waiting: [], leave: [] };
      open.set(own, here);
      return {
        address: `http://127.0.0.1:${own}${path}`,
        async next({ withinMs, signal }) {
          signal?.throwIfAborted();
          const held = here.held.shift();
          if (held !== undefined || open.get(own) !== here) return held;
          const done = new AbortController();
          const given = new Promise<Answer | undefined>((resolve) => here.waiting.push(resolve));
          const entry = here.waiting.at(-1);
          try {
            const stop = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
            return await Promise.race([given, clock.sleep(withinMs, stop).then(() => undefined)]);
          } finally {
            done.abort();
            const at = entry === undefined ? -1 : here.waiting.indexOf(entry);
            if (at >= 0) here.waiting.splice(at, 1);
          }
        },
        async close() {
          if (open.get(own) !== here) return;
          open.delete(own);
          for (const take of here.waiting.splice(0)) take(undefined);
          for (const leave of here.leave.splice(0)) leave('not-ours');
        },
      };
    },
  };
}
