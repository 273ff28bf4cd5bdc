/** The contract of a keyring in each of its states, for the real one and its twin alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Keyring, KeyringForm } from '../../src/ports/keyring.ts';

export type KeyringState = 'unlocked' | 'locked' | 'unavailable';

export interface KeyringUnderTest {
  readonly keyring: Keyring;
  end(): Promise<void>;
}

/** Stored in the first session, before the store is locked. */
export const planted = { service: 'mcp-rotate kit', account: 'planted', value: 'planted before' };

/** Of these a keyring has to keep plain items and those of another form apart. */
const forms: readonly KeyringForm[] = [
  { attributes: ['url', 'username'], internet: true, target: 'zed:url=<service>' },
  { attributes: ['service', 'key'] },
  { attributes: ['service', 'account'], target: '<service>/<account>' },
];

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

      it.each(forms)('names items by $attributes, lists them by a pattern, and mixes them up with no plain one', async (form) => {
        const form_ = (of: string, account: string) => at.keyring.get(of, account, form);
        const text = async (of: string, account: string): Promise<string> => {
          const found = await form_(of, account);
          return found instanceof Secret ? `= ${found.reveal()}` : found;
        };
        const names = ['formed:https://b.test/x', 'formed:https://ä.test'] as const;
        const odd = `{"two":"äß \u{1f511}"}\n${'long '.repeat(5000)}`;
        expect(await at.keyring.list('formed:*', form)).toEqual([]);
        await at.keyring.set(names[0], 'plain', new Secret('plain'));
        for (const name of names) await at.keyring.set(name, 'a', new Secret(`by ${name}`), form);
        await at.keyring.set(names[0], 'b', new Secret('by b'), form);
        await at.keyring.set(names[1], 'a', new Secret(odd), form);
        expect(await at.keyring.list('formed:*', form)).toEqual([
          { service: names[0], account: 'a' },
          { service: names[0], account: 'b' },
          { service: names[1], account: 'a' },
        ]);
        expect(await at.keyring.list(names[0], form)).toHaveLength(2);
        expect(await at.keyring.list('formed:', form)).toEqual([]);
        expect([await text(names[0], 'a'), await text(names[1], 'a')]).toEqual([`= by ${names[0]}`, `= ${odd}`]);
        expect([await text(names[0], 'plain'), await text('formed:*', 'a')]).toEqual(['absent', 'absent']);
        await at.keyring.remove(names[0], 'a', form);
        await at.keyring.remove(names[0], 'a', form);
        expect([await text(names[0], 'a'), await text(names[0], 'b')]).toEqual(['absent', '= by b']);
        expect(await get(at.keyring, 'plain', names[0])).toBe('= plain');
        await at.keyring.remove(names[0], 'plain');
        await at.keyring.remove(names[0], 'b', form);
        await at.keyring.remove(names[1], 'a', form);
      });

      it('takes a value for the next session', async () => {
        await at.keyring.set(planted.service, 'formed', new Secret('formed'), forms[0]);
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

      it('says locked of items of a form too', async () => {
        expect(await at.keyring.get(planted.service, 'formed', forms[0])).toBe('locked');
        expect(await at.keyring.list(planted.service, forms[0])).toBe('locked');
        expect(await at.keyring.list('mcp-rotate*', forms[0])).toBe('locked');
        const again = at.keyring.set(planted.service, 'formed', new Secret('b'), forms[0]);
        await expect(again).rejects.toMatchObject({ code: 'store/locked' });
        await expect(at.keyring.set(service, 'b', new Secret('b'), forms[0])).rejects.toMatchObject({ code: 'store/locked' });
        await expect(at.keyring.remove(planted.service, 'formed', forms[0])).rejects.toMatchObject({ code: 'store/locked' });
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
        expect(await at.keyring.list('*', forms[0])).toBe('unavailable');
        expect(await at.keyring.get(planted.service, 'formed', forms[0])).toBe('unavailable');
        await expect(at.keyring.set(service, 'b', new Secret('b'), forms[0])).rejects.toMatchObject({
          code: 'store/unavailable',
        });
        await expect(at.keyring.remove(service, 'b', forms[0])).rejects.toMatchObject({ code: 'store/unavailable' });
      });
    });
  });
}
