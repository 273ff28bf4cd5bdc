/** The real time. */
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

/** Longest time that a timer of Node can wait; a longer one would end at once. */
const longest = 2 ** 31 - 1;

export function createClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    async sleep(length, signal) {
      for (let left = Math.max(0, length); ; left -= longest) {
        try {
          await setTimeout(Math.min(left, longest), undefined, signal === undefined ? {} : { signal });
        } catch (error) {
          // Node rejects with an error of its own; whoever fired the signal knows the reason by its own name
          throw signal?.aborted ? signal.reason : error;
        }
        if (left <= longest) return;
      }
    },
  };
}
