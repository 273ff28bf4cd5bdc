/**
 * Goal: waiting is bounded, believes nothing that was not said, and never mistakes an outage for life or death.
 * Method: a provider that answers from a script on a clock that only sleeping moves; then random scripts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import type { Upstream } from '../ports/ports.ts';
import type { Held, Standing } from '../providers/provider.ts';
import { compareStanding, untilDead, untilWorks } from './standing.ts';

type Alive = Standing['alive'];
const held = (name: string): Held => ({ kind: 'k', parts: { token: new Secret(name) }, context: {} });
const standing = (alive: Alive, more: Partial<Standing> = {}): Standing => ({ alive, how: `answered ${alive}`, ...more });

function bench(script: (now: number, who: string) => Standing, deadWithinMs = 60_000) {
  let now = 1_000_000;
  const times: number[] = [];
  const clock = {
    now: () => now,
    elapsed: () => now,
    sleep: async (length: number, signal?: AbortSignal) => {
      if (!(length > 0)) throw new Error(`slept ${length}`);
      now += length;
      signal?.throwIfAborted();
    },
  };
  const provider = {
    pace: { worksWithinMs: 60_000, deadWithinMs },
    async check(_up: Upstream, { parts }: Held) {
      const who = parts['token']?.reveal() ?? '';
      if (who !== 'witness') times.push(now - 1_000_000);
      return script(now - 1_000_000, who);
    },
  };
  return { up: { clock } as unknown as Upstream, provider, times, passed: () => now - 1_000_000 };
}

describe('waiting until it works', () => {
  it('ends at the first yes (failure mode 24)', async () => {
    const { up, provider, passed } = bench((now) => standing(now < 30_000 ? 'no' : 'yes'));
    expect(await untilWorks(up, provider, held('new'), { withinMs: 60_000 })).toMatchObject({ answer: 'yes' });
    expect(passed()).toBeLessThan(50_000);
  });

  it.each(['no', 'unknown'] as const)(
    'is %s at the end of its time, not before, and not much after (failure mode 25)',
    async (alive) => {
      const { up, provider, times, passed } = bench(() => standing(alive));
      const waited = await untilWorks(up, provider, held('new'), { withinMs: 60_000 });
      expect(waited).toMatchObject({ answer: alive, tries: times.length });
      expect(passed()).toBe(60_000);
      expect(times.length).toBeGreaterThan(5);
      expect(times.length).toBeLessThan(20);
    },
  );

  it('asks once when there is no time', async () => {
    const { up, provider, times } = bench(() => standing('no'));
    expect(await untilWorks(up, provider, held('new'), { withinMs: 0 })).toMatchObject({ answer: 'no', tries: 1 });
    expect(times).toEqual([0]);
  });

  it('honours Retry-After, and gives up at once where it goes beyond the time', async () => {
    const polite = bench((now) => (now < 20_000 ? standing('unknown', { retryAfterMs: 20_000 }) : standing('yes')));
    expect(await untilWorks(polite.up, polite.provider, held('new'), { withinMs: 60_000 })).toMatchObject({ answer: 'yes' });
    expect(polite.times).toEqual([0, 20_000]);
    const long = bench(() => standing('unknown', { retryAfterMs: 3_600_000 }));
    expect(await untilWorks(long.up, long.provider, held('new'), { withinMs: 60_000 })).toMatchObject({
      answer: 'unknown',
      tries: 1,
    });
  });

  it('stops when told to', async () => {
    const { up, provider } = bench(() => standing('no'));
    const controller = new AbortController();
    const onTry = () => controller.abort(new Error('interrupted'));
    await expect(untilWorks(up, provider, held('new'), { withinMs: 60_000, signal: controller.signal, onTry })).rejects.toThrow(
      'interrupted',
    );
  });
});

describe('waiting until it is dead', () => {
  it('polls past an accepted revocation until it is refused (failure mode 28)', async () => {
    const { up, provider } = bench((now) => standing(now < 10_000 ? 'yes' : 'no'));
    const waited = await untilDead(up, provider, held('old'), { withinMs: 60_000 });
    expect(waited.answer).toBe('yes');
  });

  it('is "no" while it goes on working', async () => {
    const { up, provider } = bench(() => standing('yes'));
    expect(await untilDead(up, provider, held('old'), { withinMs: 10_000 })).toMatchObject({ answer: 'no' });
  });

  it('is "unknown" in an outage, also after it was seen to work (failure modes 25, 30)', async () => {
    const { up, provider } = bench((now) => standing(now < 5_000 ? 'yes' : 'unknown'));
    expect(await untilDead(up, provider, held('old'), { withinMs: 30_000 })).toMatchObject({ answer: 'unknown' });
  });

  it('takes one refusal where revocation is at once, and dates it by that', async () => {
    const { up, provider, times } = bench(() => standing('no'), 1_000);
    expect(await untilDead(up, provider, held('old'), { withinMs: 0 })).toMatchObject({ answer: 'yes', at: 1_000_000 });
    expect(times).toEqual([0]);
  });

  it('does not believe one refusal among answers that still work', async () => {
    let count = 0;
    const { up, provider } = bench(() => standing(++count % 2 === 0 ? 'no' : 'yes'));
    expect((await untilDead(up, provider, held('old'), { withinMs: 60_000 })).answer).not.toBe('yes');
    const steady = bench((now) => standing(now < 4_000 ? 'yes' : 'no'));
    const waited = await untilDead(steady.up, steady.provider, held('old'), { withinMs: 60_000 });
    expect(waited.answer).toBe('yes');
    expect(waited.at - 1_000_000).toBe(steady.times.at(-2));
  });

  it('does not take a refusal of everybody for a death', async () => {
    const locked = bench(() => standing('no'), 0);
    const witness = held('witness');
    const waited = await untilDead(locked.up, locked.provider, held('old'), { withinMs: 10_000, witness });
    expect(waited.answer).toBe('unknown');
    expect(waited.standing.how).toContain('the new credential is refused too');
    const healed = bench((now, who) => standing(who === 'witness' && now > 5_000 ? 'yes' : 'no'), 0);
    expect(await untilDead(healed.up, healed.provider, held('old'), { withinMs: 10_000, witness })).toMatchObject({
      answer: 'yes',
    });
  });

  it('whatever is answered: "yes" only with a refusal last, "no" only if it works last, always within its time', async () => {
    const alive = fc.constantFrom<Alive>('yes', 'no', 'unknown');
    await fc.assert(
      fc.asyncProperty(
        fc.array(alive, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 100_000 }),
        async (script, withinMs) => {
          let i = 0;
          let last: Alive = 'unknown';
          const { up, provider, passed } = bench(() => {
            last = script[i++ % script.length] ?? 'unknown';
            return standing(last);
          });
          const { answer } = await untilDead(up, provider, held('old'), { withinMs });
          if (answer === 'yes') expect(last).toBe('no');
          if (answer === 'no') expect(last).toBe('yes');
          if (last === 'unknown') expect(answer).toBe('unknown');
          expect(passed()).toBeLessThanOrEqual(withinMs);
        },
      ),
    );
  });
});

describe('two standings', () => {
  it.each([
    [
      'same',
      { account: 'a', rights: ['x', 'y'] },
      { account: 'a', rights: ['y', 'x'] },
      { account: 'same', scope: 'same', lost: [], gained: [] },
    ],
    [
      'tighter',
      { account: 'a', rights: ['x', 'y'] },
      { account: 'a', rights: ['x'] },
      { account: 'same', scope: 'tighter', lost: ['y'], gained: [] },
    ],
    [
      'wider',
      { account: 'a', rights: ['x'] },
      { account: 'b', rights: ['x', 'z'] },
      { account: 'other', scope: 'wider', lost: [], gained: ['z'] },
    ],
    [
      'both',
      { rights: ['x'] },
      { account: 'b', rights: ['z'] },
      { account: 'unknown', scope: 'wider', lost: ['x'], gained: ['z'] },
    ],
    [
      'none',
      { account: 'a', rights: ['x'] },
      { account: 'a', rights: [] },
      { account: 'same', scope: 'tighter', lost: ['x'], gained: [] },
    ],
    ['silent', { account: 'a' }, { account: 'a', rights: ['x'] }, { account: 'same', scope: 'unknown', lost: [], gained: [] }],
  ])('are compared: %s (failure mode 27)', (_name, old, next, expected) => {
    expect(compareStanding(standing('yes', old), standing('yes', next))).toEqual(expected);
  });
});
