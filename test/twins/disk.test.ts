/**
 * Goal: the twin is a disk, and its faults are the ones that a disk has: a cut leaves the old file or the new one,
 * never half of one.
 * Method: the kit; then a cut before and after every effect, torn writes, refusals, and a foreign write in between.
 */
import { describe, expect, it } from 'vitest';
import { diskKit } from '../kits/disk.ts';
import { createDiskTwin, PowerCut } from './disk.ts';

diskKit('the twin', async () => {
  const disk = createDiskTwin({ files: { '/root': { folder: true } } });
  return {
    disk,
    root: '/root',
    write: async (path, text, mode) => disk.write(path, text, mode),
    link: async (path, target) => disk.link(path, target),
    names: async (path) => (await disk.list(path)).map(({ name }) => name),
    text: async (path) => disk.text(path) ?? '',
    mode: async (path) => (await disk.read(path)).mode,
  };
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const lock = { kind: 'mkdir', path: '/h/a.lock', staleMs: 1000 } as const;

describe('faults of the twin', () => {
  it('leaves the old or the new text at a cut at any effect', async () => {
    const seen: string[] = [];
    for (let cutAt = 0; cutAt < 50; cutAt++) {
      let count = 0;
      let now = 0;
      let armed = true;
      const disk = createDiskTwin({
        files: { '/h/a': 'old' },
        now: () => now,
        onEffect: () => {
          if (armed && count++ === cutAt) throw new PowerCut();
          return undefined;
        },
      });
      const run = async (): Promise<void> => {
        const { version } = await disk.read('/h/a');
        await disk.replace('/h/a', version, bytesOf('new'), { lock });
      };
      const ended = await run().then(
        () => 'done',
        () => 'cut',
      );
      seen.push(`${ended} ${disk.text('/h/a')}`);
      expect(['old', 'new']).toContain(disk.text('/h/a'));
      armed = false;
      now += 2000;
      const { version } = await disk.read('/h/a');
      expect(await disk.replace('/h/a', version, bytesOf('last'), { lock })).toMatchObject({ written: true });
      expect((await disk.list('/h')).map(({ name }) => name)).toEqual(['a']);
      if (ended === 'done') break;
    }
    expect(seen).toEqual([...Array(7).fill('cut old'), ...Array(3).fill('cut new'), 'done new']);
  });

  it('tears only temporary files', async () => {
    const disk = createDiskTwin({
      files: { '/h/a': 'old' },
      onEffect: ({ name, moment }) => (name === 'temporary' && moment === 'before' ? { keep: 1 } : undefined),
    });
    const { version } = await disk.read('/h/a');
    await expect(disk.replace('/h/a', version, bytesOf('new'))).rejects.toThrow(PowerCut);
    expect([...disk.files().values()].map((bytes) => new TextDecoder().decode(bytes)).toSorted()).toEqual(['n', 'old']);
  });

  it.each(['temporary', 'rename'])('refuses at %s and leaves nothing behind', async (at) => {
    const disk = createDiskTwin({
      files: { '/h/a': 'old' },
      onEffect: ({ name, moment }) => (name === at && moment === 'before' ? { refuse: 'file/disk-full' } : undefined),
    });
    const { version } = await disk.read('/h/a');
    await expect(disk.replace('/h/a', version, bytesOf('new'))).rejects.toThrow(
      expect.objectContaining({ code: 'file/disk-full' }),
    );
    expect([...disk.files().keys()]).toEqual(['/h/a']);
    expect(disk.text('/h/a')).toBe('old');
  });

  it('notices a foreign write in between', async () => {
    const disk = createDiskTwin({
      files: { '/h/a': 'old' },
      onEffect: ({ name, moment }, twin) => {
        if (name === 'rename' && moment === 'before') twin.write('/h/a', 'theirs');
        return undefined;
      },
    });
    const { version } = await disk.read('/h/a');
    expect(await disk.replace('/h/a', version, bytesOf('new'))).toEqual({ written: false });
    expect(disk.text('/h/a')).toBe('theirs');
  });

  it('waits for a lock until it is stale, and no longer', async () => {
    let now = 0;
    const onWait = (): void => {
      now += 400;
    };
    const disk = createDiskTwin({ files: { '/h/a': 'old' }, now: () => now, onWait });
    disk.lock(lock.path);
    expect(await disk.withLock(lock, async () => now)).toBe(1200);
  });

  it.each(['mkdir', 'create', 'flock'] as const)('keeps the lock of a dead process, but not by flock(2): %s', async (kind) => {
    let armed = true;
    const disk = createDiskTwin({
      onEffect: ({ name, moment }) => {
        if (armed && name === 'folder' && moment === 'before') throw new PowerCut();
        return undefined;
      },
    });
    const own = { ...lock, kind };
    await expect(disk.withLock(own, () => disk.makeFolder('/h/x'))).rejects.toThrow(PowerCut);
    armed = false;
    const next = (): Promise<string> => disk.withLock(own, async () => 'taken').catch(() => 'refused');
    expect(await next()).toBe(kind === 'flock' ? 'taken' : 'refused');
    await disk.freeLocks();
    expect(await next()).toBe('taken');
  });

  it('frees no lock of another program, nor one that another has taken over', async () => {
    let armed = true;
    const disk = createDiskTwin({
      onEffect: ({ name, moment }) => {
        if (armed && name === 'lock' && moment === 'after') throw new PowerCut();
        return undefined;
      },
    });
    await expect(disk.withLock(lock, async () => 1)).rejects.toThrow(PowerCut);
    armed = false;
    disk.lock(lock.path);
    await disk.freeLocks();
    await expect(disk.withLock(lock, async () => 1)).rejects.toThrow('file/locked');
  });
});
