/**
 * Goal: a registration is on our list before anybody uses it, with what deletes it readable to nobody but us; none is made that
 * could not be written down; the right one is found for the next sign-in, and no other.
 * Method: the list over a disk and a keyring in memory with the real sealing; the choice as a table.
 */
import { describe, expect, it } from 'vitest';
import { findSpill } from '../../test/kits/spills.ts';
import { type StateDisk, stateDisk } from '../../test/kits/state-disk.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { day } from '../base/time.ts';
import type { Ports } from '../ports/ports.ts';
import { createSealer } from '../rotation/seal.ts';
import type { Registration } from '../stores/store.ts';
import type { Ended } from './oauth.ts';
import { isUnused, leadsBack, type OwnRegistration, OwnRegistrations, ownFor, type Wanted } from './own-registrations.ts';

const owner = { issuer: 'https://as.example', client: 'codex', server: 'lab' };
const made: Registration = {
  clientId: 'c-1',
  redirectUris: ['http://127.0.0.1/callback'],
  managementUri: 'https://as.example/reg/pl4nted-in-the-address',
  managementToken: new Secret('pl4nted-management-token'),
  clientSecret: new Secret('pl4nted-client-secret'),
  clientSecretExpiresAt: 9_000,
};
const secrets = [made.managementToken, made.clientSecret, new Secret('pl4nted-in-the-address')].filter(
  (each) => each instanceof Secret,
);

function world(state: StateDisk = stateDisk()) {
  const memory = keyringMemory();
  const ports = {
    disk: state.disk,
    keyring: twinKeyring(memory),
    clock: { now: () => 5_000 },
    random: { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) },
    host: { stateFolder: '/state', join: (...parts: string[]) => parts.join('/') },
  } as unknown as Ports;
  return { state, memory, ports, own: new OwnRegistrations(ports, () => createSealer(ports)) };
}

const never = async (): Promise<never> => {
  throw new Error('not to be undone');
};

describe('the list', () => {
  it('holds what deletes a registration before it is handed out, and shows none of it', async () => {
    const { state, ports, own } = world();
    await own.make(owner, async () => made, never);
    const [row] = await own.list();
    expect(row).toMatchObject({ ...owner, clientId: 'c-1', ours: true, hasSecret: true, deletable: true, since: 5_000 });
    expect(findSpill([state.text('/state/registrations.json')], secrets)).toBeUndefined();
    expect(state.files.get('/state/registrations.json')?.mode).toBe(0o600);
    const later = new OwnRegistrations(ports, () => createSealer(ports));
    const opened = row && (await later.open(row));
    expect(opened).toEqual(made);
    expect(opened?.managementToken?.reveal()).toBe('pl4nted-management-token');
    expect(opened?.clientSecret?.reveal()).toBe('pl4nted-client-secret');
  });

  it('makes none while the keyring that holds the key is locked', async () => {
    const { memory, own } = world();
    await own.make(owner, async () => made, never);
    memory.state = 'locked';
    let asked = 0;
    const ask = async () => {
      asked++;
      return made;
    };
    await expect(own.make(owner, ask, never)).rejects.toMatchObject({ code: 'store/locked' });
    const [row] = await own.list();
    await expect(row && own.open(row)).rejects.toMatchObject({ code: 'store/locked' });
    expect(asked).toBe(0);
  });

  it('makes none when the list cannot be read, and takes back one that could not be written down', async () => {
    const damaged = world();
    await damaged.ports.disk.replace('/state/registrations.json', 'absent', new TextEncoder().encode('{"schema":"other"}'));
    await expect(damaged.own.make(owner, never, never)).rejects.toMatchObject({ code: 'state/damaged' });

    let full = false;
    const before = (_effect: string, path: string): void => {
      if (full && path.endsWith('registrations.json')) throw new Problem('file/disk-full', { what: 'the disk is full' });
    };
    const { own } = world(stateDisk(new Map(), { before }));
    const undone: Registration[] = [];
    const ask = async () => {
      full = true;
      return made;
    };
    const undo = async (each: Registration): Promise<Ended> => {
      undone.push(each);
      return 'deleted';
    };
    await expect(own.make(owner, ask, undo)).rejects.toMatchObject({ code: 'file/disk-full' });
    expect(undone).toEqual([made]);
    expect(await own.list()).toEqual([]);
  });

  it('knows by name one whose answer was lost, and none whose answer came', async () => {
    const { state, own, ports } = world();
    const lost = new Problem('provider/timeout', { what: 'no answer', effect: 'unknown' });
    const refused = new Problem('oauth/no-registration', { what: 'not here' });
    const names: string[] = [];
    const asking =
      (end: Problem | Registration | undefined) =>
      async (marker: string): Promise<Registration> => {
        names.push(marker);
        // Written down already while it is asked for: a cut may come now.
        expect(state.text('/state/registrations.json')).toContain(marker);
        if (end instanceof Problem) throw end;
        if (!end) throw new Error('cut');
        return end;
      };
    await expect(own.make(owner, asking(undefined), never)).rejects.toThrow('cut');
    await expect(own.make(owner, asking(lost), never)).rejects.toBe(lost);
    await expect(own.make(owner, asking(refused), never)).rejects.toBe(refused);
    await own.make(owner, asking(made), never);
    const [cut = '', unheard = ''] = names;
    expect(new Set(names).size).toBe(4);
    expect(cut).toMatch(/^mcp-rotate [a-z2-9]{6}$/);
    expect(await own.asked()).toEqual([cut, unheard].map((marker) => ({ ...owner, marker, since: 5_000 })));
    expect((await own.list()).map(({ clientId }) => clientId)).toEqual(['c-1']);
    await own.ended({ ...owner, clientId: 'c-1' }, 'deleted');
    expect(await own.asked()).toHaveLength(2);
    // A server forgets what nobody uses: after 90 days the next one takes their place.
    const clock = { ...ports.clock, now: () => 5_000 + 90 * day };
    const next = new OwnRegistrations({ ...ports, clock }, () => createSealer(ports));
    await next.make(owner, async () => made, never);
    expect(await next.asked()).toEqual([]);
  });

  it('takes one that could not be written down for a maybe, unless it was deleted', async () => {
    for (const [how, left] of [
      ['deleted', 0],
      ['unknown', 1],
    ] as const) {
      let full = false;
      const before = (_effect: string, path: string): void => {
        if (full && path.endsWith('registrations.json')) throw new Problem('file/disk-full', { what: 'the disk is full' });
      };
      const { own } = world(stateDisk(new Map(), { before }));
      const ask = async (): Promise<Registration> => {
        full = true;
        return made;
      };
      const undo = async (): Promise<Ended> => {
        full = false;
        return how;
      };
      await expect(own.make(owner, ask, undo)).rejects.toMatchObject({ code: 'file/disk-full' });
      expect(await own.asked()).toHaveLength(left);
    }
  });

  it('loses none of several that are made at once', async () => {
    const { own } = world();
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((clientId) => own.make(owner, async () => ({ ...made, clientId }), never)));
    expect((await own.list()).map(({ clientId }) => clientId).sort()).toEqual(ids);
  });

  it('strikes off what is gone, keeps what is not, and knows what a server will not delete', async () => {
    const { own } = world();
    const name = { issuer: `${owner.issuer}/`, clientId: 'c-1' };
    await own.make(owner, async () => made, never);
    await own.make(owner, async () => ({ clientId: 'c-2' }), never);
    await own.ended(name, 'unknown');
    expect(await own.find(name)).toMatchObject({ deletable: true });
    await own.ended(name, 'not-supported');
    expect((await own.list()).map(({ clientId, deletable }) => [clientId, deletable])).toEqual([
      ['c-1', false],
      ['c-2', false],
    ]);
    await own.ended({ ...name, issuer: 'https://another.example' }, 'deleted');
    expect(await own.list()).toHaveLength(2);
    await own.ended(name, 'gone');
    expect((await own.list()).map(({ clientId }) => clientId)).toEqual(['c-2']);
  });

  it('remembers what a rotation replaced, and who made it', async () => {
    const { own } = world();
    await own.make(owner, async () => made, never);
    expect(await own.replaced(owner, { clientId: 'c-1' })).toMatchObject({ ours: true, replaced: true, deletable: true });
    expect(await own.replaced(owner, { clientId: 'theirs' })).toMatchObject({ ours: false, deletable: false });
    expect((await own.list()).map(({ replaced }) => replaced)).toEqual([true, true]);
  });

  it('says of a row whose secrets are damaged that it cannot be opened', async () => {
    const { own } = world();
    await own.make(owner, async () => made, never);
    const [row] = await own.list();
    for (const sealed of ['no base64!', btoa('no age file'), '']) {
      expect(row && (await own.open({ ...row, sealed }))).toBeUndefined();
    }
  });
});

describe('which one is used again', () => {
  const row: OwnRegistration = {
    ...owner,
    clientId: 'kept',
    ours: true,
    replaced: false,
    redirectUris: ['http://127.0.0.1/callback'],
    hasSecret: false,
    deletable: true,
    since: 0,
    sealed: '',
  };
  const spare = { ...row, clientId: 'spare' };
  const wanted: Wanted = { ...owner, clientId: 'kept', anew: false, redirectUris: [], now: 1_000 };
  const chosen = (rows: readonly OwnRegistration[], more: Partial<Wanted> = {}) => ownFor(rows, { ...wanted, ...more })?.clientId;

  it.each<[string, readonly OwnRegistration[], Partial<Wanted>, string | undefined]>([
    ['that of the store', [spare, row], {}, 'kept'],
    ['whoever made it for', [{ ...row, client: '', server: '' }], {}, 'kept'],
    ['not the store’s when it will not do', [row], { anew: true }, undefined],
    ['no other while that of the store will do', [spare], {}, undefined],
    ['one that never got to the store', [row, spare], { anew: true }, 'spare'],
    ['the newest of them', [spare, { ...spare, clientId: 'newer' }], { clientId: undefined, anew: true }, 'newer'],
    ['none of another client', [{ ...spare, client: 'gemini-cli' }], { anew: true }, undefined],
    ['none for another server', [{ ...spare, server: 'other' }], { anew: true }, undefined],
    ['none at another issuer', [{ ...row, issuer: 'https://other.example' }], {}, undefined],
    ['a slash is no other issuer', [{ ...row, issuer: 'https://as.example/' }], {}, 'kept'],
    ['none that was replaced', [{ ...spare, replaced: true }], { anew: true }, undefined],
    ['none that its client made', [{ ...row, ours: false }], {}, undefined],
    ['none whose secret has expired', [{ ...row, secretExpiresAt: 1_000 }], {}, undefined],
    ['one whose secret has not', [{ ...row, secretExpiresAt: 1_001 }], {}, 'kept'],
    ['none that leads elsewhere', [row], { redirectUris: ['http://localhost:3000'] }, undefined],
  ])('%s', (_, rows, more, expected) => expect(chosen(rows, more)).toBe(expected));

  it('an address of this machine will do where the client does not insist', () => {
    expect(leadsBack(['http://localhost:80/x'], [])).toBe(true);
    expect(leadsBack(['https://client.example/callback', 'cursor://x', 'http://127.0.0.1.example/'], [])).toBe(false);
    expect(leadsBack(['http://127.0.0.1/callback'], ['http://127.0.0.1/callback'])).toBe(true);
  });

  it('unused: in no store, and no store of its client unseen', () => {
    const unseen = { store: 'codex', client: 'codex', why: 'locked', where: '', names: [], todo: '' } as const;
    const holding = { entry: { key: 'k', registration: { clientId: 'kept' } } } as never;
    expect(isUnused(row, { holdings: [], unseen: [] })).toBe(true);
    expect(isUnused(row, { holdings: [holding], unseen: [] })).toBe(false);
    expect(isUnused(row, { holdings: [], unseen: [unseen] })).toBe(false);
    expect(isUnused({ ...row, replaced: true }, { holdings: [], unseen: [unseen] })).toBe(true);
  });
});
