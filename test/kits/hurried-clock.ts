/**
 * The real clock for tests of waiting: the time of day is true, but sleeps end sooner and what was waited for counts in full, so
 * that bounded waits keep their number of looks and take a fraction of the time.
 */
import { createClock } from '../../src/platform/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

export function hurriedClock(times: number): Clock {
  const real = createClock();
  return {
    now: () => real.now(),
    elapsed: () => real.elapsed() * times,
    sleep: (length, signal) => real.sleep(length / times, signal),
  };
}
