/**
 * One writer: work on something is done while its lease is held, and by one process.
 *
 * A lease is taken over at once from a holder whose process is gone, and from any holder whose time ran out. The timer here
 * keeps the time of a live holder from running out. A holder that slept through it (a closed laptop) learns so at its next
 * append, which is refused: the journal checks the lease's token, not the clock.
 */
import { Problem } from '../base/problem.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { Holder, JournalStore, Lease } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';

type LeasePorts = Pick<Ports, 'clock' | 'processes'>;

export const leaseLength: Milliseconds = 30 * second;

export interface LeaseOptions {
  /** What others are told that we are, e.g. `mcp-rotate rotate postgresql-7c1e`; never with a secret. */
  readonly command?: string;
}

/**
 * Runs `work` while holding the lease `name`, e.g. a rotation id. Problem: rotation/locked when another process holds it.
 */
export async function withLease<T>(
  ports: LeasePorts,
  store: JournalStore,
  name: string,
  work: (lease: Lease) => Promise<T>,
  options: LeaseOptions = {},
): Promise<T> {
  const lease = await acquire(ports, store, name, options.command ?? 'mcp-rotate');
  const stop = new AbortController();
  const renewal = renew(ports, store, lease, stop.signal).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  let result: T;
  try {
    result = await work(lease);
  } catch (error) {
    stop.abort();
    await renewal;
    // what went wrong with the work is told, whatever else goes wrong now
    await store.release(lease).catch(() => undefined);
    throw error;
  }
  stop.abort();
  const broken = await renewal;
  await releaseIfPossible(store, lease);
  if (broken !== undefined) throw broken.error;
  return result;
}

async function acquire({ clock, processes }: LeasePorts, store: JournalStore, name: string, command: string): Promise<Lease> {
  const { pid, identity } = await processes.self();
  const isGone = async (holder: Holder): Promise<boolean> => {
    if (holder.identity === identity) return false; // ourselves, working on it already
    const running = await processes.list();
    return !running.some((each) => each.pid === holder.pid && each.identity === holder.identity);
  };
  const answer = await store.acquire(name, { pid, identity, command }, clock.now(), leaseLength, isGone);
  if ('lease' in answer) return answer.lease;
  throw new Problem('rotation/locked', {
    what: `another process works on ${name}: ${answer.heldBy.command}, process ${answer.heldBy.pid}`,
    state: 'this command has changed nothing',
    next: `wait until it ends; if it hangs, end process ${answer.heldBy.pid} and run the command again`,
  });
}

/** Ends when stopped, or when the lease is lost: the next append says so. */
async function renew({ clock }: LeasePorts, store: JournalStore, lease: Lease, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await clock.sleep(leaseLength / 3, stop);
    } catch (error) {
      if (stop.aborted) return;
      throw error;
    }
    try {
      if ((await store.renew(lease, clock.now(), leaseLength)) === 'fenced') return;
    } catch (error) {
      // a busy or full disk: try again, there is time for two more; anything else is a bug, told when the work has ended
      if (!(error instanceof Problem)) throw error;
    }
  }
}

/** A lease that cannot be given back is free as soon as this process is gone. */
async function releaseIfPossible(store: JournalStore, lease: Lease): Promise<void> {
  try {
    await store.release(lease);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}
