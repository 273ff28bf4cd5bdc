/**
 * Goal: nothing that a client wrote in between is lost.
 * Method: a client that writes at a chosen moment, on the twins of disk and keyring; eight writers at once as processes of
 * their own, on real files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  entry,
  folderFiles,
  holding,
  home,
  neighbour,
  old,
  planted,
  portsOf,
  read,
  twinPorts,
  withRow,
} from '../../test/kits/holdings.ts';
import { scratchMachine } from '../../test/kits/machine.ts';
import { line, rows } from '../../test/kits/toy-store.ts';
import { createDiskTwin, type DiskTwin } from '../../test/twins/disk.ts';
import type { Where } from '../stores/store.ts';
import { clearHolding, putEntry } from './holdings.ts';

describe('a client that writes meanwhile', () => {
  const writingAt = (at: 'rename' | 'read', then: (disk: DiskTwin) => void) => {
    let times = 0;
    return createDiskTwin({
      files: { [`${home}/tokens`]: line('one', old) + line('two', neighbour) },
      onEffect: ({ name, moment, path }, disk) => {
        if (name === at && moment === 'before' && path === `${home}/tokens` && times++ === 0) then(disk);
        return undefined;
      },
    });
  };

  it('keeps a refreshed pair of this entry: changed', async () => {
    const refreshed = { ...old, access: 'their-access', refresh: 'their-refresh' };
    const disk = writingAt('rename', (at) => at.write(`${home}/tokens`, line('one', refreshed) + line('two', neighbour)));
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('changed');
    expect(disk.text(`${home}/tokens`)).toBe(line('one', refreshed) + line('two', neighbour));
  });

  it('keeps a refreshed pair of a neighbour, and clears this entry all the same', async () => {
    const theirs = { ...neighbour, access: 'their-access' };
    const disk = writingAt('rename', (at) => at.write(`${home}/tokens`, line('one', old) + line('two', theirs)));
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('cleared');
    expect(disk.text(`${home}/tokens`)).toBe(line('two', theirs));
  });

  it('that only dropped a token has written nothing to be lost', async () => {
    const ports = twinPorts(createDiskTwin({ files: { [`${home}/tokens`]: line('one', old) } }));
    const store = withRow(rows.file);
    const seen = await holding(ports, store);
    (ports.disk as DiskTwin).write(`${home}/tokens`, line('one', { ...old, refresh: '' }));
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
  });

  it('gets its registration back when its tokens came between ours', async () => {
    const theirs = line('one', { access: 'their-access' });
    const { [`${home}/servers/one.client`]: client = '' } = folderFiles;
    const disk = createDiskTwin({
      files: { [`${home}/servers/one.client`]: client },
      onEffect: ({ name, moment, path }, at) => {
        if (name === 'create' && moment === 'before' && path.endsWith('one.tokens')) at.write(path, theirs);
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const where: Where[] = [{ kind: 'file', file: `${home}/servers/one.client` }];
    expect(await putEntry(ports, withRow(rows.folder), rows.folder, where, 'one', entry)).toBe('changed');
    expect([disk.text(`${home}/servers/one.client`), disk.text(`${home}/servers/one.tokens`)]).toEqual([client, theirs]);
  });

  it('right after us is told of: what was read back is what counts', async () => {
    const theirs = line('one', { ...old, access: 'their-access' });
    const disk = createDiskTwin({
      files: { [`${home}/tokens`]: '#\n' },
      onEffect: ({ name, moment, path }, at) => {
        if (name === 'rename' && moment === 'after') at.write(path, theirs);
        return undefined;
      },
    });
    const where: Where[] = [{ kind: 'file', file: `${home}/tokens` }];
    expect(await putEntry(twinPorts(disk), withRow(rows.file), rows.file, where, 'one', entry)).toBe('changed');
    expect(disk.text(`${home}/tokens`)).toBe(theirs);
  });

  it('a keyring item keeps a neighbour that it put there between our look and our write', async () => {
    await using machine = await scratchMachine();
    const { ports: given, memory, store } = await planted(machine, 'blob');
    const seen = await holding(given, store);
    let reads = 0;
    const get: typeof given.keyring.get = async (...item) => {
      const name = 'Toy Blob\ntester';
      if (++reads === 2) memory.items.set(name, `${memory.items.get(name)}${line('three', neighbour)}`);
      return given.keyring.get(...item);
    };
    const ports = { ...given, keyring: { ...given.keyring, get } };
    expect(await clearHolding(ports, seen, { whole: true })).toBe('cleared');
    expect((await read(given, store)).map(({ entry: { key } }) => key)).toEqual(['two', 'three']);
  });

  it('and never stops is a problem, not an endless wait', async () => {
    let count = 0;
    const disk = createDiskTwin({
      files: { [`${home}/tokens`]: line('one', old) },
      onEffect: ({ name, moment }, at) => {
        if (name === 'rename' && moment === 'before')
          at.write(`${home}/tokens`, line('one', old) + line('two', { access: `a${count++}` }));
        return undefined;
      },
    });
    const ports = twinPorts(disk);
    const store = withRow(rows.file);
    await expect(holding(ports, store).then((seen) => clearHolding(ports, seen, { whole: true }))).rejects.toMatchObject({
      code: 'file/changed',
    });
  });

  it('eight of them at once lose nothing', async () => {
    await using machine = await scratchMachine();
    const names = Array.from({ length: 8 }, (_, at) => `w${at}`);
    const file = await machine.write(
      '~/.toy/tokens',
      line('one', old) + names.map((name) => line(name, { access: `${name}-0` })).join(''),
    );
    await machine.write('~/.toy/locks/keep', '');
    const ports = portsOf(machine);
    const store = withRow(rows.file);
    const seen = await holding(ports, store);
    const program = new URL('../../test/kits/toy-store.writer.ts', import.meta.url).pathname;
    const writers = names.map((name) =>
      spawn(process.execPath, [program, file, machine.path('~/.toy/locks/write.lock'), name, '6'], {
        stdio: 'ignore',
        timeout: 20_000,
      }),
    );
    const ends = Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0] as number));
    const where = seen.where;
    for (let round = 0; round < 6; round++) {
      expect(await clearHolding(ports, await holding(ports, store), { whole: true })).toBe('cleared');
      expect(await putEntry(ports, store, rows.file, where, 'one', entry)).toBe('written');
    }
    expect(await ends).toEqual(names.map(() => 0));
    const tokens = new Map((await read(ports, store)).map(({ entry: { key, tokens } }) => [key, tokens?.access?.reveal()]));
    expect(Object.fromEntries(tokens)).toEqual({
      one: 'new-access',
      ...Object.fromEntries(names.map((name) => [name, `${name}-6`])),
    });
  });
});
