/**
 * Twin of the clock: virtual time, in which a sleep of three minutes takes none.
 *
 * By itself (`auto`) time moves to the earliest sleeper as soon as everything else that runs has come to rest, that is
 * when the event loop turns. So a timer in the background (the renewal of a lease) wakes between the sleeps of the work,
 * in the right order, and a series without sleeps sees no time pass. Otherwise time stands still until `advance`.
 */
import type { Clock } from '../../src/ports/clock.ts';

export interface TwinClock extends Clock {
  /** Lets time pass: sleepers wake in order, each at its own instant. */
  advance(length: number): Promise<void>;
  /** The wall clock is set, forwards or back; `elapsed` does not notice. */
  jump(by: number): void;
  /** How many sleep now. */
  sleeping(): number;
}

export interface TwinClockOptions {
  readonly start?: number;
  readonly auto?: boolean;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** 22 November 2026. */
export const twinStart = Date.UTC(2026, 10, 22);

export function twinClock({ start = twinStart, auto = true }: TwinClockOptions = {}): TwinClock {
  let elapsed = 0;
  let wall = start;
  let turning = false;
  // in order of waking; sleepers of the same instant in order of falling asleep
  const sleepers: Sleeper[] = [];

  const passUntil = (at: number): void => {
    if (at <= elapsed) return;
    wall += at - elapsed;
    elapsed = at;
  };
  const wakeFirst = (): void => {
    const first = sleepers.shift();
    if (first === undefined) return;
    passUntil(first.at);
    first.wake();
  };
  const turn = (): void => {
    if (!auto || turning || sleepers.length === 0) return;
    turning = true;
    setImmediate(() => {
      turning = false;
      wakeFirst();
      turn();
    });
  };

  return {
    now: () => wall,
    elapsed: () => elapsed,
    sleep: (length, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const leave = (): void => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          at: elapsed + Math.max(0, length),
          wake: () => {
            signal?.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal?.addEventListener('abort', leave, { once: true });
        const later = sleepers.findIndex((each) => each.at > sleeper.at);
        sleepers.splice(later < 0 ? sleepers.length : later, 0, sleeper);
        turn();
      }),
    async advance(length) {
      const end = elapsed + length;
      for (let first = sleepers[0]; first !== undefined && first.at <= end; first = sleepers[0]) {
        wakeFirst();
        await new Promise((resolve) => setImmediate(resolve));
      }
      passUntil(end);
    },
    jump(by) {
      wall += by;
    },
    sleeping: () => sleepers.length,
  };
}
