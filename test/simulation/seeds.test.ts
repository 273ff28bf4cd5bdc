/**
 * Goal: what a random series once found stays found.
 * Method: the seeds that broke a promise or found no end, each run again.
 */
import { expect, it } from 'vitest';
import { runSeries } from '../world/series.ts';

it.each([
  ['both keys refused while rolling back', 875019481],
  ['a value of ours refused after its answer was lost', 1494076246],
  ['a page in a departure', 324455137],
  ['replaced in a leak', 1069114454],
  ['an answer to one need taken for another', 7000073],
  ['rolling back with the old key dead', 1094],
  ['a refusal that left the intent open', 1486],
])('%s (seed %i)', async (_what, seed) => {
  await expect(runSeries(seed)).resolves.toBeDefined();
});
