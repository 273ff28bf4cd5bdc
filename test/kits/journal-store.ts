/**
 * The contract of a journal store, for the real one and its twin alike.
 *
 * `open` opens a handle on one and the same store each time; handles are what two processes have.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Holder, JournalStore, Lease, StoredEntry } from '../../src/ports/journal-store.ts';

export interface StoreUnderTest {
  open(): Promise<JournalStore>;
  dispose(): Promise<void>;
}

export const zeros = '0'.repeat(64);

export function holder(pid: number): Holder {
  return { pid, identity: `${pid}@1700000000`, command: `mcp-rotate rotate key-${pid}` };
}

export async function take(store: JournalStore, name: string, pid = 1, now = 1_000): Promise<Lease> {
  const answer = await store.acquire(name, holder(pid), now, 30_000, async () => false);
  if (!('lease' in answer)) throw new Error(`the lease ${name} is held`);
  return answer.lease;
}

/** A link of the chain; the store trusts the caller's hash, so any text does. */
export function link(rotation: string, previous: string, hash: string, body = '{}'): Omit<StoredEntry, 'sequence'> {
  return { rotation, at: 1_700_000_000_123, kind: 'step', body, previous, hash };
}

const never = async (): Promise<boolean> => false;

export function journalStoreKit(title: string, make: () => Promise<StoreUnderTest>): void {
  describe(`journal store: ${title}`, () => {
    let under: StoreUnderTest;
    let store: JournalStore;
    let other: JournalStore;
    beforeEach(async () => {
      under = await make();
      store = await under.open();
      other = await under.open();
    });
    afterEach(async () => {
      await store.close();
      await other.close();
      await under.dispose();
    });

    describe('entries', () => {
      it('are empty at first', async () => {
        expect(await store.entries()).toEqual([]);
        expect(await store.last()).toBeUndefined();
      });

      it('are numbered without gaps, kept exactly, and seen by another handle', async () => {
        const a = await take(store, 'a');
        const b = await take(other, 'b', 2);
        const body = JSON.stringify({ text: 'ä\u2028\u0000"\\', list: [1.5, null] });
        expect(await store.append(link('a', zeros, 'h1', body), a)).toEqual({ sequence: 1, ...link('a', zeros, 'h1', body) });
        await other.append(link('b', 'h1', 'h2'), b);
        await store.append({ ...link('a', 'h2', 'h3'), at: 0.5, kind: 'proof' }, a);
        const expected = [
          { sequence: 1, ...link('a', zeros, 'h1', body) },
          { sequence: 2, ...link('b', 'h1', 'h2') },
          { sequence: 3, ...link('a', 'h2', 'h3'), at: 0.5, kind: 'proof' },
        ];
        for (const handle of [store, other, await under.open()]) {
          expect((await handle.entries()).map((entry) => ({ ...entry }))).toEqual(expected);
          expect((await handle.entries('a')).map((entry) => entry.sequence)).toEqual([1, 3]);
          expect(await handle.entries('c')).toEqual([]);
          expect({ ...(await handle.last()) }).toEqual(expected[2]);
        }
      });

      it('must follow the last one', async () => {
        const lease = await take(store, 'a');
        await store.append(link('a', zeros, 'h1'), lease);
        expect(await store.append(link('a', zeros, 'h2'), lease)).toBe('stale');
        expect(await store.append(link('a', 'h0', 'h2'), lease)).toBe('stale');
        expect((await store.entries()).length).toBe(1);
      });

      it('are refused without the current lease (failure mode 51)', async () => {
        expect(await store.append(link('a', zeros, 'h1'), { name: 'a', token: 1 })).toBe('fenced');
        const old = await take(store, 'a');
        const answer = await other.acquire('a', holder(2), 31_001, 30_000, never);
        expect(answer).toEqual({ lease: { name: 'a', token: 2 } });
        expect(await store.append(link('a', zeros, 'h1'), old)).toBe('fenced');
        expect(await store.append(link('a', zeros, 'h1'), { name: 'b', token: 2 })).toBe('fenced');
        if ('lease' in answer) expect(await other.append(link('a', zeros, 'h1'), answer.lease)).toMatchObject({ sequence: 1 });
      });

      it('are refused after the lease was given back', async () => {
        const lease = await take(store, 'a');
        await store.release(lease);
        expect(await store.append(link('a', zeros, 'h1'), lease)).toBe('fenced');
      });
    });

    describe('sealed values', () => {
      it('are kept by rotation and name; a later one replaces', async () => {
        const lease = await take(store, 'a');
        expect(await store.putSealed('a', 'new', Uint8Array.of(1, 2), lease)).toBe('kept');
        await store.putSealed('a', 'new', Uint8Array.of(0, 255), lease);
        await store.putSealed('a', 'alt', Uint8Array.of(3), lease);
        await store.putSealed('b', 'new', Uint8Array.of(4), await take(store, 'b'));
        expect([...((await other.getSealed('a', 'new')) ?? [])]).toEqual([0, 255]);
        expect(await other.sealedNames('a')).toEqual(['alt', 'new']);
        expect(await other.getSealed('a', 'none')).toBeUndefined();
        expect(await other.sealedNames('c')).toEqual([]);
      });

      it('need the current lease', async () => {
        const lease = await take(store, 'a');
        await store.release(lease);
        expect(await store.putSealed('a', 'new', Uint8Array.of(1), lease)).toBe('fenced');
        expect(await store.getSealed('a', 'new')).toBeUndefined();
      });

      it('are shredded by rotation, twice without harm', async () => {
        await store.putSealed('a', 'new', Uint8Array.of(1), await take(store, 'a'));
        await store.putSealed('b', 'new', Uint8Array.of(2), await take(store, 'b'));
        expect(await other.sealedRotations()).toEqual(['a', 'b']);
        await store.shred('a');
        await store.shred('a');
        expect(await other.sealedNames('a')).toEqual([]);
        expect(await other.sealedRotations()).toEqual(['b']);
        expect(await other.getSealed('a', 'new')).toBeUndefined();
        expect([...((await other.getSealed('b', 'new')) ?? [])]).toEqual([2]);
      });
    });

    describe('leases (failure modes 7, 51)', () => {
      it('have one holder, who is named to others', async () => {
        await take(store, 'a', 1);
        const asked: Holder[] = [];
        const answer = await other.acquire('a', holder(2), 30_999, 30_000, async (who) => {
          asked.push({ pid: who.pid, identity: who.identity, command: who.command });
          return false;
        });
        expect(answer).toEqual({ heldBy: holder(1) });
        expect(asked).toEqual([holder(1)]);
        expect(await other.acquire('b', holder(2), 1_000, 30_000, never)).toEqual({ lease: { name: 'b', token: 1 } });
      });

      it('are taken over from a holder that is gone, with a higher token', async () => {
        const old = await take(store, 'a', 1);
        const answer = await other.acquire('a', holder(2), 2_000, 30_000, async () => true);
        expect(answer).toEqual({ lease: { name: 'a', token: old.token + 1 } });
        expect(await store.renew(old, 2_000, 30_000)).toBe('fenced');
      });

      it('are taken over when their time ran out, and not before', async () => {
        const lease = await take(store, 'a', 1, 1_000);
        expect(await store.renew(lease, 20_000, 30_000)).toBe('kept');
        expect(await other.acquire('a', holder(2), 49_999, 30_000, never)).toEqual({ heldBy: holder(1) });
        expect(await other.acquire('a', holder(2), 50_000, 30_000, never)).toEqual({ lease: { name: 'a', token: 2 } });
      });

      it('are free once given back; giving back an old one changes nothing', async () => {
        const old = await take(store, 'a', 1);
        await store.release(old);
        const lease = await take(other, 'a', 2, 1_001);
        expect(lease.token).toBeGreaterThan(old.token);
        await store.release(old);
        expect(await store.acquire('a', holder(3), 1_002, 30_000, never)).toEqual({ heldBy: holder(2) });
        expect(await store.renew(old, 1_002, 30_000)).toBe('fenced');
      });

      it('go to one of two who both find the holder gone', async () => {
        await take(store, 'a', 1);
        let waiting = 0;
        let go = (): void => undefined;
        const both = new Promise<void>((resolve) => {
          go = resolve;
        });
        // both look first, then both try to take it; the loser looks again, at a live holder
        const isGone = async (who: Holder): Promise<boolean> => {
          if (who.pid !== 1) return false;
          if (++waiting === 2) go();
          await both;
          return true;
        };
        const answers = await Promise.all([
          store.acquire('a', holder(2), 2_000, 30_000, isGone),
          other.acquire('a', holder(3), 2_000, 30_000, isGone),
        ]);
        expect(answers.filter((answer) => 'lease' in answer)).toEqual([{ lease: { name: 'a', token: 2 } }]);
        expect(answers.filter((answer) => 'heldBy' in answer).length).toBe(1);
      });
    });
  });
}
