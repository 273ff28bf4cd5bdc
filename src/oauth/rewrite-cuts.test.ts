/**
 * Goal: whenever the power is cut, a client finds tokens of one sign-in with its own registration or none, and the next run
 * finishes.
 * Method: the twins of disk and keyring cut at every effect, for each way in which an entry is spread over two texts.
 */
import { describe, expect, it } from 'vitest';
import { entry, folderFiles, holding, home, old, type Spots, twinPorts, withRow } from '../../test/kits/holdings.ts';
import { besideRows, line, rows } from '../../test/kits/toy-store.ts';
import { createDiskTwin, PowerCut } from '../../test/twins/disk.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import type { Row } from '../stores/store.ts';
import { clearHolding, putEntry, readHoldings } from './holdings.ts';
import type { Holding } from './oauth.ts';

const { clientId, issuer, url, access, refresh } = old;
const tokens = line('one', { url, access, refresh });
const client = line('one', { clientId, issuer });

const spread: readonly { title: string; row: Row; files: Record<string, string>; items?: Record<string, string> }[] = [
  { title: 'two files of a folder', row: rows.folder, files: folderFiles },
  { title: 'a file and one beside it', row: besideRows.file, files: { [`${home}/tokens`]: tokens, [`${home}/clients`]: client } },
  {
    title: 'an item and a file beside it',
    row: besideRows.items,
    files: { [`${home}/clients`]: client },
    items: { 'Toy Tokens\none': tokens },
  },
];

describe.each(spread)('a power cut while an entry lies in $title', ({ row, files, items = {} }) => {
  const store = withRow(row);

  async function state(ports: Spots): Promise<string> {
    const { holdings } = await readHoldings(ports, [store], { consent: true });
    const [one] = holdings;
    const found = one?.entry.tokens?.access?.reveal().slice(0, 3);
    return found === undefined ? 'none' : `${found} with ${one?.entry.registration?.clientId}`;
  }

  async function cutEverywhere(work: (ports: Spots, seen: Holding) => Promise<unknown>) {
    const states: string[] = [];
    for (let at = 0; ; at++) {
      let effects = 0;
      let armed = false;
      const cut = (): void => {
        if (armed && effects++ === at) throw new PowerCut();
      };
      const disk = createDiskTwin({
        files,
        onWait: (lock, twin) => twin.delete(lock),
        onEffect: ({ name }) => {
          if (name !== 'read') cut();
          return undefined;
        },
      });
      const memory = keyringMemory();
      for (const [name, text] of Object.entries(items)) memory.items.set(name, text);
      const given = twinPorts(disk);
      const host = {
        ...given.host,
        env: (name: string) => (name === 'DBUS_SESSION_BUS_ADDRESS' ? 'unix:x' : given.host.env(name)),
      };
      const ports = { ...given, host, keyring: twinKeyring(memory, { before: cut, after: cut }) };
      const found = await holding(ports, store);
      armed = true;
      const ended = await work(ports, found).catch((error: unknown) => error);
      armed = false;
      states.push(await state(ports));
      if (!(ended instanceof PowerCut)) {
        expect(at).toBeGreaterThan(8);
        return { states, ended };
      }
      // Whoever comes after finishes it.
      await work(ports, found);
      states.push(`then ${await state(ports)}`);
    }
  }

  it('at any effect of a replacement leaves the old, none or the new, never a mix, and is finished by the next run', async () => {
    const { states, ended } = await cutEverywhere((ports, { store, row, where, entry: old }) =>
      putEntry(ports, store, row, where, 'one', entry, old.tokens),
    );
    expect(ended).toBe('written');
    expect(new Set(states)).toEqual(new Set(['old with c-old', 'none', 'new with c-new', 'then new with c-new']));
  });

  it('at any effect of a clearing leaves the old or none, and is finished by the next run', async () => {
    const { states, ended } = await cutEverywhere((ports, found) => clearHolding(ports, found, { whole: true }));
    expect(ended).toBe('cleared');
    expect(new Set(states)).toEqual(new Set(['old with c-old', 'none', 'then none']));
  });
});
