/**
 * Goal: what was sealed can be opened later by whoever has the same keyring or file, and by nobody else; there is never a
 * second key; a locked keyring is said to be locked.
 * Method: the twin of the keyring in each state; the power cut before and after every effect of making a key; two processes
 * that make one at once; the key lost, changed, or of another machine.
 */
import { describe, expect, it } from 'vitest';
import { stateDisk } from '../../test/kits/state-disk.ts';
import { twinHost } from '../../test/twins/host.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { Secret } from '../base/secret.ts';
import type { Held } from '../providers/provider.ts';
import { createSealer, openHeld, sealHeld } from './seal.ts';

type Hook = (effect: string) => void | Promise<void>;

function machine(state: 'unlocked' | 'locked' | 'unavailable' = 'unlocked') {
  const keys = keyringMemory(state);
  const { files, text } = stateDisk();
  const host = twinHost();
  return {
    keys,
    files,
    text: (name: string) => text(host.join(host.stateFolder, name)),
    path: (name: string) => host.join(host.stateFolder, name),
    /** The ports of one process on this machine. */
    ports: (before: Hook = () => undefined, after: Hook = () => undefined) => ({
      host,
      keyring: twinKeyring(keys, { before, after }),
      disk: stateDisk(files, { before, after }).disk,
    }),
  };
}

const plain = 'a secret text äöü \u{1f511}';

describe('a sealer', () => {
  it('keeps its key in the keyring, and nothing secret in the state folder', async () => {
    const at = machine();
    const sealed = await (await createSealer(at.ports())).seal(plain);
    expect(Buffer.from(sealed).toString('latin1')).toMatch(/^age-encryption\.org\/v1\n/);
    expect(Buffer.from(sealed).includes('a secret text')).toBe(false);
    expect(await (await createSealer(at.ports())).open(sealed)).toBe(plain);
    expect([...at.keys.items.values()]).toEqual([expect.stringMatching(/^AGE-SECRET-KEY-1/)]);
    expect([...at.files.keys()]).toEqual([at.path('seal.json')]);
    expect(at.text('seal.json')).not.toContain('SECRET');
    expect(at.files.get(at.path('seal.json'))?.mode).toBe(0o600);
  });

  it.each(['locked', 'unavailable'] as const)(
    'keeps it in a file of its owner when the keyring is %s at first',
    async (state) => {
      const at = machine(state);
      const sealed = await (await createSealer(at.ports())).seal(plain);
      expect(at.files.get(at.path('seal.key'))?.mode).toBe(0o600);
      expect(at.text('seal.key')).toMatch(/^AGE-SECRET-KEY-1\w+\n$/);
      // a keyring that comes later changes nothing
      at.keys.state = 'unlocked';
      expect(await (await createSealer(at.ports())).open(sealed)).toBe(plain);
      expect(at.keys.items.size).toBe(0);
    },
  );

  it.each(['locked', 'unavailable'] as const)(
    'says that the keyring is %s when the key is in it (failure mode 5)',
    async (state) => {
      const at = machine();
      const sealed = await (await createSealer(at.ports())).seal(plain);
      at.keys.state = state;
      const files = [...at.files.keys()];
      await expect(createSealer(at.ports())).rejects.toMatchObject({ code: `store/${state}` });
      expect([...at.files.keys()]).toEqual(files);
      at.keys.state = 'unlocked';
      expect(await (await createSealer(at.ports())).open(sealed)).toBe(plain);
    },
  );

  it('makes no second key when the first is gone or another', async () => {
    const at = machine();
    await createSealer(at.ports());
    const [name, identity] = [...at.keys.items][0] ?? ['', ''];
    const other = machine();
    await createSealer(other.ports());
    for (const wrong of [undefined, 'garbage', [...other.keys.items.values()][0] ?? '']) {
      if (wrong === undefined) at.keys.items.delete(name);
      else at.keys.items.set(name, wrong);
      await expect(createSealer(at.ports())).rejects.toMatchObject({ code: 'state/damaged' });
    }
    at.keys.items.set(name, identity);
    await createSealer(at.ports());
    expect(at.keys.items.size).toBe(1);
  });

  it('says so when its file of the key or its record is damaged', async () => {
    const at = machine('unavailable');
    await createSealer(at.ports());
    const write = (name: string, text: string) => at.files.set(at.path(name), { bytes: Buffer.from(text), mode: 0o600 });
    const key = at.text('seal.key') ?? '';
    for (const text of ['', 'AGE-SECRET-KEY-1ABC\n']) {
      write('seal.key', text);
      await expect(createSealer(at.ports())).rejects.toMatchObject({ code: 'state/damaged' });
    }
    write('seal.key', key);
    for (const text of ['', '{}', '{"schema":"mcp-rotate/seal@9"']) {
      write('seal.json', text);
      await expect(createSealer(at.ports())).rejects.toMatchObject({
        code: 'state/damaged',
        what: expect.stringContaining('seal.json'),
      });
    }
  });

  it('does not open what was changed, cut, or sealed elsewhere', async () => {
    const sealer = await createSealer(machine().ports());
    const foreign = await (await createSealer(machine().ports())).seal(plain);
    const sealed = await sealer.seal(plain);
    const changed = sealed.slice();
    changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1;
    for (const bytes of [changed, sealed.subarray(0, -1), new Uint8Array(0), foreign]) {
      await expect(sealer.open(bytes)).rejects.toMatchObject({ code: 'state/damaged' });
    }
    expect(await sealer.open(sealed)).toBe(plain);
  });

  it('never seals the same text twice alike', async () => {
    const sealer = await createSealer(machine().ports());
    expect(await sealer.seal(plain)).not.toEqual(await sealer.seal(plain));
  });
});

describe('making the key', () => {
  it.each(['unlocked', 'locked'] as const)('can be cut before and after every effect (keyring %s)', async (state) => {
    let cuts = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let nth = 0; ; nth++) {
        const at = machine(state);
        let count = 0;
        const cut: Hook = () => {
          if (count++ === nth) throw new Error('power');
        };
        const nothing: Hook = () => undefined;
        const ports = moment === 'before' ? at.ports(cut) : at.ports(nothing, cut);
        const whole = await createSealer(ports).then(
          () => true,
          (error: Error) => {
            expect(error.message).toBe('power');
            return false;
          },
        );
        if (whole) break;
        cuts++;
        const sealed = await (await createSealer(at.ports())).seal(plain);
        expect(await (await createSealer(at.ports())).open(sealed)).toBe(plain);
      }
    }
    // before and after each: the keyring and the record; or the refused keyring (no after), the key's file and the record
    expect(cuts).toBe(state === 'unlocked' ? 4 : 5);
  });

  it.each(['unlocked', 'locked'] as const)('by several at once yields one (keyring %s)', async (state) => {
    const at = machine(state);
    const pause: Hook = () => new Promise((resolve) => setImmediate(resolve));
    const sealers = await Promise.all(Array.from({ length: 5 }, () => createSealer(at.ports(pause, pause))));
    for (const one of sealers) {
      const sealed = await one.seal(plain);
      for (const other of [...sealers, await createSealer(at.ports())]) expect(await other.open(sealed)).toBe(plain);
    }
    expect(at.keys.items.size).toBe(state === 'unlocked' ? 1 : 0);
  });
});

it('a credential is sealed whole', async () => {
  const sealer = await createSealer(machine().ports());
  const held: Held = {
    kind: 'DSN',
    parts: { user: new Secret('app'), password: new Secret('"p\\w"') },
    context: { host: 'db', port: '5432' },
  };
  const back = await openHeld(sealer, await sealHeld(sealer, held));
  expect([back.kind, back.context]).toEqual([held.kind, held.context]);
  expect(Object.entries(back.parts).map(([name, part]) => [name, part.reveal()])).toEqual([
    ['user', 'app'],
    ['password', '"p\\w"'],
  ]);
});
