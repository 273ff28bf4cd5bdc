/** The contract of a keyring in each of its states, for the real one and its twin alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Keyring } from '../../src/ports/keyring.ts';

export type KeyringState = 'unlocked' | 'locked' | 'unavailable';

export interface KeyringUnderTest {
  readonly keyring: Keyring;
  end(): Promise<void>;
}

/** Stored in the first session, before the store is locked. */
export const planted = { service: 'mcp-rotate kit', account: 'planted', value: 'planted before' };

/** `start` starts a session in a state; sessions of one kit share what is stored, and 'unlocked' comes first. */
export function keyringKit(title: string, start: (state: KeyringState) => Promise<KeyringUnderTest>): void {
  const service = 'mcp-rotate kit';

  describe(`keyring: ${title}`, () => {
    const session = (state: KeyringState): { readonly keyring: Keyring } => {
      let under: KeyringUnderTest;
      beforeAll(async () => {
        under = await start(state);
      });
      afterAll(() => under.end());
      return {
        get keyring() {
          return under.keyring;
        },
      };
    };
    const get = async (keyring: Keyring, account: string, of = service): Promise<string> => {
      const found = await keyring.get(of, account);
      return found instanceof Secret ? `= ${found.reveal()}` : found;
    };

    describe('unlocked', () => {
      const at = session('unlocked');

      it('keeps, replaces and removes a value exactly', async () => {
        expect(await get(at.keyring, 'a')).toBe('absent');
        await at.keyring.set(service, 'a', new Secret('one'));
        expect(await get(at.keyring, 'a')).toBe('= one');
        const odd = '{"two":"äß \\" \u{1f511}\\n"}\nline';
        await at.keyring.set(service, 'a', new Secret(odd));
        expect(await get(at.keyring, 'a')).toBe(`= ${odd}`);
        await at.keyring.remove(service, 'a');
        expect(await get(at.keyring, 'a')).toBe('absent');
        await at.keyring.remove(service, 'a');
      });

      it('does not mix up accounts and services', async () => {
        await at.keyring.set(service, 'x', new Secret('by x'));
        await at.keyring.set(service, 'y', new Secret('by y'));
        await at.keyring.set(`${service} 2`, 'x', new Secret('elsewhere'));
        await at.keyring.remove(service, 'y');
        expect([await get(at.keyring, 'x'), await get(at.keyring, 'y'), await get(at.keyring, 'x', `${service} 2`)]).toEqual([
          '= by x',
          'absent',
          '= elsewhere',
        ]);
      });

      it('lists accounts of one service, and no value', async () => {
        await at.keyring.set(service, 'ö "q" \\ \u{1f511}', new Secret('by odd'));
        const listed = await at.keyring.list(service);
        expect(listed).toEqual(['x', 'ö "q" \\ \u{1f511}'].map((account) => ({ service, account })));
        expect(await at.keyring.list(`${service} 2`)).toEqual([{ service: `${service} 2`, account: 'x' }]);
        expect(await at.keyring.list('mcp-rotate')).toEqual([]);
        expect(JSON.stringify(listed)).not.toContain('by ');
        await at.keyring.remove(service, 'ö "q" \\ \u{1f511}');
      });

      it('takes a value for the next session', async () => {
        await at.keyring.set(planted.service, planted.account, new Secret(planted.value));
        expect(await get(at.keyring, planted.account)).toBe(`= ${planted.value}`);
      });
    });

    describe('locked (failure mode 5)', () => {
      const at = session('locked');

      it('says locked, never absent', async () => {
        expect(await get(at.keyring, planted.account)).toBe('locked');
      });

      it('lists nothing for sure but that a service has no item', async () => {
        expect(await at.keyring.list(planted.service)).toBe('locked');
        expect(await at.keyring.list('a service without items')).toEqual([]);
      });

      it('refuses to store and to remove, and says why', async () => {
        await expect(at.keyring.set(service, 'b', new Secret('b'))).rejects.toMatchObject({ code: 'store/locked' });
        await expect(at.keyring.remove(planted.service, planted.account)).rejects.toMatchObject({ code: 'store/locked' });
      });
    });

    describe('unlocked again', () => {
      const at = session('unlocked');

      it('still holds what was there', async () => {
        expect(await get(at.keyring, planted.account)).toBe(`= ${planted.value}`);
        expect(await get(at.keyring, 'b')).toBe('absent');
      });
    });

    describe('not there (failure mode 5)', () => {
      const at = session('unavailable');

      it('says so, never absent', async () => {
        expect(await get(at.keyring, planted.account)).toBe('unavailable');
        await expect(at.keyring.set(service, 'b', new Secret('b'))).rejects.toMatchObject({ code: 'store/unavailable' });
        await expect(at.keyring.remove(service, 'b')).rejects.toMatchObject({ code: 'store/unavailable' });
        expect(await at.keyring.list(service)).toBe('unavailable');
      });
    });
  });
}
