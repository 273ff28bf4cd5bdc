/** The contract of a callback listener, for the real one and its twin alike. */
import { describe, expect, it } from 'vitest';
import type { Callbacks } from '../../src/ports/callback.ts';
import type { Page } from '../twins/callback.ts';

export interface CallbacksUnderTest {
  readonly callbacks: Callbacks;
  /** A browser goes to an address: which of our pages it is shown; 'nobody' when nothing listens there. */
  visit(address: string): Promise<Page | 'nobody'>;
}

export function callbacksKit(title: string, fresh: () => CallbacksUnderTest): void {
  describe(`callbacks: ${title}`, () => {
    it('hands on the parameters, and the browser sees the verdict', async () => {
      const { callbacks, visit } = fresh();
      const callback = await callbacks.listen({ path: '/callback' });
      expect(callback.address).toMatch(/^http:\/\/127\.0\.0\.1:\d{4,5}\/callback$/);
      for (const verdict of ['signed-in', 'refused', 'not-ours'] as const) {
        const page = visit(`${callback.address}?code=a%2Bb+c&state=s&iss=https%3A%2F%2Fas.example`);
        const answer = await callback.next({ withinMs: 5000 });
        expect([...(answer?.parameters ?? [])]).toEqual([
          ['code', 'a+b c'],
          ['state', 's'],
          ['iss', 'https://as.example'],
        ]);
        await answer?.answer(verdict);
        expect(await page).toBe(verdict);
      }
      await callback.close();
    });

    it('keeps answers that come before they are asked for, in order', async () => {
      const { callbacks, visit } = fresh();
      const callback = await callbacks.listen({ path: '/' });
      const pages: Promise<Page | 'nobody'>[] = [];
      for (const n of [1, 2, 3]) {
        pages.push(visit(`${callback.address}?n=${n}`));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      const seen: unknown[] = [];
      for (const verdict of ['not-ours', 'refused', 'signed-in'] as const) {
        const answer = await callback.next({ withinMs: 5000 });
        seen.push(answer?.parameters.get('n'));
        await answer?.answer(verdict);
      }
      expect(seen).toEqual(['1', '2', '3']);
      expect(await Promise.all(pages)).toEqual(['not-ours', 'refused', 'signed-in']);
      await callback.close();
    });

    it('does not take another path for an answer, and ends the wait in time', async () => {
      const { callbacks, visit } = fresh();
      const callback = await callbacks.listen({ path: '/callback' });
      const other = new URL(callback.address);
      for (const path of ['/favicon.ico', '/callback/', '/callbacks', '/']) {
        other.pathname = path;
        expect(await visit(`${other.href}?code=1`)).toBe('nothing');
      }
      expect(await callback.next({ withinMs: 20 })).toBeUndefined();
      // A wait that is over takes nothing from the next one.
      const page = visit(`${callback.address}?late`);
      const answer = await callback.next({ withinMs: 5000 });
      expect(answer?.parameters.has('late')).toBe(true);
      await answer?.answer('refused');
      expect(await page).toBe('refused');
      await callback.close();
    });

    it('ends with the signal, by its reason', async () => {
      const { callbacks } = fresh();
      const callback = await callbacks.listen({ path: '/callback' });
      const stop = new AbortController();
      const wait = callback.next({ withinMs: 60_000, signal: stop.signal });
      const reason = new Error('interrupted');
      stop.abort(reason);
      await expect(wait).rejects.toBe(reason);
      await expect(callback.next({ withinMs: 60_000, signal: stop.signal })).rejects.toBe(reason);
      await callback.close();
    });

    it('leaves nothing when it is closed: the wait ends, browsers too, and the port is free', async () => {
      const { callbacks, visit } = fresh();
      const callback = await callbacks.listen({ path: '/callback' });
      const port = Number(new URL(callback.address).port);
      await expect(callbacks.listen({ path: '/other', port })).rejects.toMatchObject({
        code: 'oauth/port-busy',
        what: expect.stringContaining(String(port)),
      });
      const first = visit(`${callback.address}?first`);
      await callback.next({ withinMs: 5000 });
      const second = visit(`${callback.address}?second`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await callback.next({ withinMs: 5000 });
      const wait = callback.next({ withinMs: 60_000 });
      await callback.close();
      await callback.close();
      expect(await wait).toBeUndefined();
      expect(await callback.next({ withinMs: 60_000 })).toBeUndefined();
      expect(['not-ours', 'nobody']).toContain(await first);
      expect(['not-ours', 'nobody']).toContain(await second);
      expect(await visit(callback.address)).toBe('nobody');
      const again = await callbacks.listen({ path: '/callback', port });
      expect(again.address).toBe(callback.address);
      await again.close();
    });
  });
}
