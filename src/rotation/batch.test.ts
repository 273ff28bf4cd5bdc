/**
 * Goal: revocations that come together go out as one call and each is answered; one that the provider does not take stops none
 * of the others; a problem of the call is everybody's.
 * Method: a provider made of values, a clock that is moved by hand.
 */
import { describe, expect, it } from 'vitest';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Upstream } from '../ports/ports.ts';
import type { Held, MethodContext, Provider, Revoked } from '../providers/provider.ts';
import { inBatches } from './batch.ts';

const heldOf = (text: string, host = 'one'): Held => ({ kind: 'k', parts: { token: new Secret(text) }, context: { host } });
const textOf = (held: Held): string => held.parts['token']?.reveal() ?? '';

function world(fails: (texts: readonly string[]) => Error | undefined = () => undefined, most = 3) {
  const calls: string[][] = [];
  let elapsed = 0;
  const clock = {
    now: () => elapsed,
    elapsed: () => elapsed,
    sleep: async (length: number) => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      elapsed += length;
    },
  };
  const send = async (texts: readonly string[]): Promise<Revoked[]> => {
    calls.push([...texts]);
    const error = fails(texts);
    if (error) throw error;
    return texts.map((text) => (text.startsWith('gone') ? 'absent' : 'accepted'));
  };
  const provider = {
    id: 'p',
    methods: [
      {
        id: 'm',
        revocation: {
          by: 'api',
          revoke: async (_up: Upstream, _at: MethodContext, { held }: { held?: Held }) =>
            (await send([held ? textOf(held) : 'by id']))[0] ?? 'gone',
          many: {
            most,
            together: (held: Held) => held.context['host'] ?? '',
            revoke: (_up: Upstream, all: readonly Held[]) => send(all.map(textOf)),
          },
        },
      },
    ],
  } as unknown as Provider;
  const batches = inBatches({ clients: [], stores: [], providers: [provider] }, clock);
  const [wrapped] = batches.adapters.providers;
  const revocation = wrapped?.methods[0]?.revocation;
  if (revocation?.by !== 'api') throw new Error('by api');
  const revoke = (held: Held | undefined, marker = '') =>
    revocation.revoke({} as Upstream, { marker } as MethodContext, held ? { held } : { upstreamId: '7' }, undefined);
  return { calls, revoke, batches, clock };
}

describe('revocations that come together', () => {
  it('are one call, and each has its own answer', async () => {
    const { calls, revoke } = world();
    expect(await Promise.all([revoke(heldOf('a')), revoke(heldOf('gone b'))])).toEqual(['accepted', 'absent']);
    expect(calls).toEqual([['a', 'gone b']]);
  });

  it('are as many calls as the provider asks for, and one per address', async () => {
    const { calls, revoke } = world();
    await Promise.all([...'abcd'].map((text) => revoke(heldOf(text))).concat(revoke(heldOf('e', 'two'))));
    expect(calls.map((call) => call.join('')).sort()).toEqual(['abc', 'd', 'e']);
  });

  it('wait for those that come a moment later, and not for ever', async () => {
    const { calls, revoke } = world(() => undefined, 1000);
    const all: Promise<Revoked>[] = [];
    for (let n = 0; n < 40; n++) {
      all.push(revoke(heldOf(`x${n}`)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(calls.flat()).toHaveLength(40);
    expect(calls.length).toBeGreaterThan(1);
    expect(calls.length).toBeLessThan(12);
  });

  it('go out as soon as all that are awaited have come, or will not', async () => {
    const { calls, revoke, batches, clock } = world(() => undefined, 1000);
    for (const marker of ['a', 'b', 'c', 'd']) batches.await('p', marker);
    const all = [revoke(heldOf('a'), 'a'), revoke(heldOf('b'), 'b')];
    batches.gone('d');
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([]);
    all.push(revoke(heldOf('c'), 'c'));
    await Promise.all(all);
    expect(calls).toEqual([['a', 'b', 'c']]);
    expect(clock.elapsed()).toBeLessThan(151);
  });

  it('of two addresses wait for each other no longer than the last of either takes', async () => {
    const { calls, revoke, batches, clock } = world(() => undefined, 1000);
    for (const marker of ['a', 'b', 'c']) batches.await('p', marker);
    await Promise.all([revoke(heldOf('a'), 'a'), revoke(heldOf('b'), 'b'), revoke(heldOf('c', 'two'), 'c')]);
    expect(calls.map((call) => call.join('')).sort()).toEqual(['ab', 'c']);
    expect(clock.elapsed()).toBeLessThan(151);
  });

  it('do not wait for ever for one that is awaited and does not come', async () => {
    const { calls, revoke, batches, clock } = world(() => undefined, 1000);
    for (const marker of ['a', 'b', 'never']) batches.await('p', marker);
    await Promise.all([revoke(heldOf('a'), 'a'), revoke(heldOf('b'), 'b')]);
    expect(calls).toEqual([['a', 'b']]);
    expect(clock.elapsed()).toBeLessThan(2000);
  });

  it('a lost answer is lost for each of them', async () => {
    const lost = new Problem('provider/timeout', { what: 'no answer', effect: 'unknown' });
    const { calls, revoke } = world(() => lost);
    const ends = await Promise.allSettled([revoke(heldOf('a')), revoke(heldOf('b'))]);
    expect(ends.map((end) => end.status === 'rejected' && end.reason)).toEqual([lost, lost]);
    expect(calls).toHaveLength(1);
  });

  it('one that is not taken stops none of the others', async () => {
    const { calls, revoke } = world((texts) =>
      texts.includes('odd') ? new Problem('provider/cannot', { what: 'answered 422' }) : undefined,
    );
    const ends = await Promise.allSettled([revoke(heldOf('a')), revoke(heldOf('odd')), revoke(heldOf('b'))]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([['a', 'odd', 'b'], ['a'], ['odd'], ['b']]);
  });

  it('a bug in the call is everybody’s, and nobody waits for ever', async () => {
    const { revoke } = world(() => new TypeError('a bug'));
    const ends = await Promise.allSettled([revoke(heldOf('a')), revoke(heldOf('b'))]);
    expect(ends.map((end) => end.status === 'rejected' && end.reason.name)).toEqual(['TypeError', 'TypeError']);
  });

  it('one alone is asked for alone, and one without its text goes at once', async () => {
    const { calls, revoke } = world();
    await Promise.all([revoke(heldOf('a')), revoke(undefined)]);
    expect(calls).toEqual([['by id'], ['a']]);
  });
});
