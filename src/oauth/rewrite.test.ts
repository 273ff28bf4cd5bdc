/**
 * Goal: an entry of every kind of row is cleared and written as its client would, no neighbour's byte changes, under the locks
 * of its store, within what the system can hold.
 * Method: the toy store on real files in a scratch home and on the keyring's twin; the disk's twin where the order counts.
 */
import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  beside,
  entry,
  holding,
  home,
  kinds,
  old,
  planted,
  portsOf,
  read,
  tokensOf,
  twinPorts,
  withRow,
} from '../../test/kits/holdings.ts';
import { scratchMachine } from '../../test/kits/machine.ts';
import { line, rows, toyStore } from '../../test/kits/toy-store.ts';
import { createDiskTwin } from '../../test/twins/disk.ts';
import { Secret } from '../base/secret.ts';
import type { Where } from '../stores/store.ts';
import { clearHolding, currentEntry, putEntry, sameTokens } from './holdings.ts';

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('an entry of a %s', (kind) => {
  it.each([false, true])('is cleared (whole: %s), and every byte beside it stays', async (whole) => {
    await using machine = await scratchMachine();
    const { ports, memory, store } = await planted(machine, kind);
    const before = await beside(machine, memory.items);
    const seen = await holding(ports, store);
    expect(await clearHolding(ports, seen, { whole })).toBe('cleared');
    const now = await currentEntry(ports, seen);
    expect(now?.tokens).toBeUndefined();
    // A keyring item holds both: the toy's clears its line to the registration.
    expect(now?.registration?.clientId).toBe(whole ? undefined : 'c-old');
    const after = await beside(machine, memory.items);
    for (const [name, text] of Object.entries(before)) expect(after[name] ?? '').toBe(text);
    expect(await clearHolding(ports, seen, { whole })).toBe('was clear');
  });

  it('is put where nothing stands, and in place of what was seen', async () => {
    await using machine = await scratchMachine();
    const { ports, memory, store } = await planted(machine, kind);
    const before = await beside(machine, memory.items);
    const { row, where, entry: seen } = await holding(ports, store);
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('changed');
    expect(sameTokens(await tokensOf(ports, store), seen.tokens)).toBe(true);
    expect(await putEntry(ports, store, row, where, 'one', entry, seen.tokens)).toBe('written');
    expect(await beside(machine, memory.items)).toEqual(before);
    const now = await holding(ports, store);
    expect(sameTokens(now.entry.tokens, entry.tokens)).toBe(true);
    expect(now.entry.registration?.clientId).toBe('c-new');
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('written');
    expect(await clearHolding(ports, now, { whole: true })).toBe('cleared');
    expect(await putEntry(ports, store, row, where, 'one', entry)).toBe('written');
    expect(await beside(machine, memory.items)).toEqual(before);
  });

  it('is left alone when its client has got other tokens', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, kind);
    const seen = await holding(ports, store);
    expect(await putEntry(ports, store, seen.row, seen.where, 'one', entry, seen.entry.tokens)).toBe('written');
    expect(await clearHolding(ports, seen, { whole: true })).toBe('changed');
    expect(sameTokens(await tokensOf(ports, store), entry.tokens)).toBe(true);
  });
});

describe('new stores', () => {
  it('makes file and folder for their owner alone', async () => {
    await using machine = await scratchMachine();
    const ports = portsOf(machine);
    const spots = (...names: string[]): Where[] => names.map((name) => ({ kind: 'file', file: machine.path(`~/.toy/${name}`) }));
    expect(await putEntry(ports, toyStore, rows.file, spots('tokens'), 'one', entry)).toBe('written');
    expect(await putEntry(ports, toyStore, rows.folder, spots('servers/one.tokens'), 'one', entry)).toBe('written');
    expect(await machine.mode('~/.toy/tokens')).toBe(0o600);
    expect(await machine.mode('~/.toy/servers')).toBe(0o700);
    expect(await machine.mode('~/.toy/servers/one.client')).toBe(0o600);
    expect((await read(ports)).map(({ entry: { key } }) => key)).toEqual(['one', 'one']);
  });

  it('keeps the mode of a file that is there', async () => {
    await using machine = await scratchMachine();
    const { ports, store } = await planted(machine, 'file');
    await chmod(machine.path('~/.toy/tokens'), 0o640);
    const seen = await holding(ports, store);
    expect(seen.readableByOthers).toBe(true);
    await clearHolding(ports, seen, { whole: true });
    expect(await machine.mode('~/.toy/tokens')).toBe(0o640);
  });
});

describe('limits and locks', () => {
  it('refuses what Windows cannot hold before anything is removed', async () => {
    await using machine = await scratchMachine();
    const { ports: given, memory, store } = await planted(machine, 'items');
    const ports = { ...given, host: { ...given.host, os: 'windows' as const } };
    const { row, where, entry: seen } = await holding(ports, store);
    const before = new Map(memory.items);
    const long = { ...entry, tokens: { ...entry.tokens, access: new Secret('x'.repeat(1400)) } };
    await expect(putEntry(ports, store, row, where, 'one', long, seen.tokens)).rejects.toMatchObject({
      code: 'document/cannot-hold',
    });
    expect(memory.items).toEqual(before);
    expect(await putEntry(ports, store, row, where, 'one', entry, seen.tokens)).toBe('written');
  });

  it('holds every lock of the store in order, and none that a key would lead elsewhere', async () => {
    const taken: string[] = [];
    const disk = createDiskTwin({
      files: { '/home/ada/.toy/tokens': line('one', old) + line('../../x', old) },
      onEffect: ({ name, path, moment }) => {
        if (moment === 'after' && /lock$/.test(name)) taken.push(`${name} ${path}`);
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const store = withRow(rows.file, {
      locks: [
        { kind: 'mkdir', path: '${TOY_HOME:-~/.toy}/locks/<key>.lock', staleMs: 1000 },
        { kind: 'mkdir', path: '<file>.lock', staleMs: 1000 },
        { kind: 'mkdir', path: '<folder>/write.lock', staleMs: 1000 },
      ],
    });
    expect(await clearHolding(ports, await holding(ports, store), { whole: false })).toBe('cleared');
    expect(taken).toEqual([
      'lock /home/ada/.toy/locks/one.lock',
      'lock /home/ada/.toy/tokens.lock',
      'lock /home/ada/.toy/write.lock',
      'unlock /home/ada/.toy/write.lock',
      'unlock /home/ada/.toy/tokens.lock',
      'unlock /home/ada/.toy/locks/one.lock',
    ]);
    taken.length = 0;
    const named = { ...store, lockName: (key: string) => `name of ${key}` };
    expect(await putEntry(ports, named, rows.file, [{ kind: 'file', file: `${home}/tokens` }], 'one', entry)).toBe('written');
    expect(taken[0]).toBe('lock /home/ada/.toy/locks/name of one.lock');
    taken.length = 0;
    expect(await clearHolding(ports, await holding(ports, store, '../../x'), { whole: false })).toBe('cleared');
    expect(taken[0]).toBe('lock /home/ada/.toy/tokens.lock');
  });

  it('refuses a store that would change a neighbour, and one where only the client may write', async () => {
    await using machine = await scratchMachine();
    const { ports } = await planted(machine, 'file');
    const before = await machine.text('~/.toy/tokens');
    const careless = withRow(rows.file, { clear: (_, texts) => texts.map(({ name }) => ({ name, text: '' })) });
    await expect(holding(ports, careless).then((seen) => clearHolding(ports, seen, { whole: true }))).rejects.toThrow(
      /another entry/,
    );
    const { put: _, ...closed } = withRow(rows.file);
    const seen = await holding(ports, closed);
    await expect(clearHolding(ports, seen, { whole: true })).rejects.toMatchObject({ code: 'oauth/client-only' });
    await expect(putEntry(ports, closed, seen.row, seen.where, 'one', entry)).rejects.toMatchObject({
      code: 'oauth/client-only',
    });
    expect(await machine.text('~/.toy/tokens')).toBe(before);
  });
});
