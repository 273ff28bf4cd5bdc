/** Time. Wall time may jump; `elapsed` never goes back and stands still while the machine sleeps. */
import type { Instant, Milliseconds } from '../base/time.ts';

export interface Clock {
  now(): Instant;
  elapsed(): Milliseconds;
  /** Ends early, with a rejection that is the signal's reason, when the signal fires. */
  sleep(length: Milliseconds, signal?: AbortSignal): Promise<void>;
}
