/**
 * Goal: sleeping takes its time, ends by a signal with the signal's own reason, and outlasts the longest timer of Node.
 * Method: short real sleeps; a very long one that must still be pending; the same promises asked of the twin.
 */
import { describe, expect, it } from 'vitest';
import { twinClock } from '../../test/twins/clock.ts';
import { createClock } from './clock.ts';
import { createRandom } from './random.ts';

describe.each([
  ['real', createClock],
  ['twin', () => twinClock()],
])('%s clock', (_name, make) => {
  it('sleeps for at least the time asked', async () => {
    const clock = make();
    const start = clock.elapsed();
    await clock.sleep(30);
    expect(clock.elapsed() - start).toBeGreaterThanOrEqual(29);
    await clock.sleep(0);
    await clock.sleep(-5);
  });

  it("rejects with the signal's reason, also when it fired before", async () => {
    const clock = make();
    const reason = new Error('interrupted by a person');
    const stop = new AbortController();
    const sleeping = clock.sleep(3_600_000, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(1, stop.signal)).rejects.toBe(reason);
  });
});

it('the real clock sleeps for weeks when asked', async () => {
  const stop = new AbortController();
  let ended = false;
  const sleeping = createClock()
    .sleep(2 ** 31, stop.signal)
    .then(
      () => undefined,
      () => undefined,
    )
    .finally(() => {
      ended = true;
    });
  await createClock().sleep(30);
  expect(ended).toBe(false);
  stop.abort();
  await sleeping;
});

it('real randomness has the length asked and does not repeat', () => {
  const random = createRandom();
  expect(random.bytes(32).length).toBe(32);
  expect(random.bytes(32)).not.toEqual(random.bytes(32));
});
