/**
 * Real ports that keep account of the time spent waiting on somebody else: database, server, network, another program,
 * sleep. Two waits at once count once: it is the union of the intervals, not their sum.
 *
 * The lease's renewal sleeps all along beside the work: that is no waiting, and counting it would make every rotation free.
 */
import type { Clock } from '../../src/ports/clock.ts';
import type { Databases } from '../../src/ports/databases.ts';
import type { Disk } from '../../src/ports/disk.ts';
import type { JournalStore } from '../../src/ports/journal-store.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { leaseLength } from '../../src/rotation/lease.ts';

export class Waiting {
  #under = 0;
  #since = 0;
  #waitedMs = 0;
  readonly #parts = new Map<string, { calls: number; ms: number }>();

  /** The union so far, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Calls and milliseconds by kind, each on its own. */
  get parts(): ReadonlyMap<string, { readonly calls: number; readonly ms: number }> {
    return this.#parts;
  }

  async during<T>(kind: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    if (this.#under++ === 0) this.#since = start;
    try {
      return await work();
    } finally {
      const end = performance.now();
      if (--this.#under === 0) this.#waitedMs += end - this.#since;
      this.count(kind, end - start);
    }
  }

  count(kind: string, ms = 0): void {
    const before = this.#parts.get(kind) ?? { calls: 0, ms: 0 };
    this.#parts.set(kind, { calls: before.calls + 1, ms: before.ms + ms });
  }
}

/** Every method of `port` runs within `around`. */
function wrapped<Port extends object>(
  port: Port,
  around: (name: string, work: () => Promise<unknown>) => Promise<unknown>,
): Port {
  return new Proxy(port, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof found !== 'function') return found;
      return (...given: unknown[]) => around(String(name), () => Reflect.apply(found, target, given) as Promise<unknown>);
    },
  });
}

export function timed(ports: Ports, waiting: Waiting): Ports {
  const wait = <Port extends object>(kind: string, port: Port): Port => wrapped(port, (_, work) => waiting.during(kind, work));
  const counted =
    (kind: string) =>
    async (name: string, work: () => Promise<unknown>): Promise<unknown> => {
      const start = performance.now();
      const result = await work();
      waiting.count(`${kind}.${name}`, performance.now() - start);
      return result;
    };
  const sessions: Databases = {
    postgresql: async (address) =>
      wait('databases', await waiting.during('databases', () => ports.databases.postgresql(address))),
    mysql: async (address) => wait('databases', await waiting.during('databases', () => ports.databases.mysql(address))),
    redis: async (address) => wait('databases', await waiting.during('databases', () => ports.databases.redis(address))),
  };
  const clock: Clock = {
    now: () => ports.clock.now(),
    elapsed: () => ports.clock.elapsed(),
    sleep: (length, signal) =>
      length === leaseLength / 3
        ? ports.clock.sleep(length, signal)
        : waiting.during('clock.sleep', () => ports.clock.sleep(length, signal)),
  };
  let journal: Promise<JournalStore> | undefined;
  return {
    ...ports,
    clock,
    databases: sessions,
    net: wait('net', ports.net),
    mcp: wait('mcp', ports.mcp),
    disk: wrapped<Disk>(ports.disk, counted('disk')),
    processes: wrapped(ports.processes, (name, work) =>
      name === 'run' ? waiting.during('processes.run', work) : counted('processes')(name, work),
    ),
    journal: () => {
      journal ??= ports.journal().then((store) => wrapped(store, counted('journal')));
      return journal;
    },
  };
}
