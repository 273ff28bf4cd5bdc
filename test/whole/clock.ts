/**
 * The clock of these tests: a sleep of the rotation takes no time and moves the clock; the renewal of a lease, which runs
 * beside it, waits until the clock was moved so far. A toy upstream reads the same clock. `restMs`: how long a sleep takes
 * in truth at most, for upstreams that need real time.
 */
import { leaseLength } from '../../src/rotation/lease.ts';
import { ToyClock } from '../toys/server.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class WholeClock extends ToyClock {
  readonly #restMs: number;
  #renewals: Sleeper[] = [];

  constructor(restMs = 0) {
    super(Date.now());
    this.#restMs = restMs;
  }

  override async sleep(length: number, signal?: AbortSignal): Promise<void> {
    if (length === leaseLength / 3 && signal !== undefined) return this.#renewal(length, signal);
    if (this.#restMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(length, this.#restMs)));
    await super.sleep(length, signal);
    const due = this.#renewals.filter(({ at }) => at <= this.now());
    this.#renewals = this.#renewals.filter(({ at }) => at > this.now());
    for (const { wake } of due) wake();
  }

  #renewal(length: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.now() + length, wake: resolve };
      this.#renewals.push(sleeper);
      const stop = (): void => {
        this.#renewals = this.#renewals.filter((each) => each !== sleeper);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}
