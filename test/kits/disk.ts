/**
 * Goal: the real disk and its twin keep one contract, so that what is proven on the twin holds for files.
 * Method: the same cases on both, prepared and looked at through the world that each brings.
 */
import { describe, expect, it } from 'vitest';
import type { Disk, FilePath } from '../../src/ports/disk.ts';

export interface DiskWorld {
  readonly disk: Disk;
  /** A fresh empty folder. */
  readonly root: FilePath;
  write(path: FilePath, text: string, mode?: number): Promise<void>;
  link(path: FilePath, target: FilePath): Promise<void>;
  /** Names in a folder, links unfollowed. */
  names(path: FilePath): Promise<readonly string[]>;
  text(path: FilePath): Promise<string>;
  mode(path: FilePath): Promise<number>;
}

/** Longer than the kernel's tick, within which two changes have one time. */
const aTick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

export function diskKit(title: string, fresh: () => Promise<DiskWorld>): void {
  describe(`${title} keeps the contract of a disk`, () => {
    it('reads a file with a version that names its bytes', async () => {
      const { disk, root, write } = await fresh();
      await write(`${root}/a`, 'one', 0o640);
      await write(`${root}/b`, 'one');
      await write(`${root}/c`, 'two');
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => disk.read(`${root}/${name}`)));
      expect(textOf(a?.bytes as Uint8Array)).toBe('one');
      expect(a).toMatchObject({ path: `${root}/a`, realPath: `${root}/a`, mode: 0o640 });
      expect(a?.version).toBe(b?.version);
      expect(a?.version).not.toBe(c?.version);
    });

    it('replaces only the version that was read', async () => {
      const { disk, root, write, text, mode, names } = await fresh();
      await write(`${root}/a`, 'one', 0o640);
      const { version } = await disk.read(`${root}/a`);
      const first = await disk.replace(`${root}/a`, version, bytesOf('two'));
      expect(first).toEqual({ written: true, version: (await disk.read(`${root}/a`)).version });
      expect(await disk.replace(`${root}/a`, version, bytesOf('bad'))).toEqual({ written: false });
      await write(`${root}/a`, 'six');
      expect(await disk.replace(`${root}/a`, (first as { version: string }).version, bytesOf('bad'))).toEqual({ written: false });
      expect(await text(`${root}/a`)).toBe('six');
      expect(await mode(`${root}/a`)).toBe(0o640);
      expect(await names(root)).toEqual(['a']);
    });

    it('makes a file only where there is none', async () => {
      const { disk, root, text, mode, names } = await fresh();
      expect(await disk.replace(`${root}/a`, 'absent', bytesOf('one'), { mode: 0o644 })).toMatchObject({ written: true });
      expect(await disk.replace(`${root}/a`, 'absent', bytesOf('bad'))).toEqual({ written: false });
      expect(await disk.replace(`${root}/b`, 'absent', bytesOf('b'))).toMatchObject({ written: true });
      expect(await text(`${root}/a`)).toBe('one');
      expect(await mode(`${root}/a`)).toBe(0o644);
      expect(await mode(`${root}/b`)).toBe(0o600);
      expect(await names(root)).toEqual(['a', 'b']);
      await expect(disk.replace(`${root}/none/a`, 'absent', bytesOf('one'))).rejects.toThrow(code('file/unwritable'));
    });

    it('replaces what a link leads to, and keeps the link', async () => {
      const { disk, root, write, link, text } = await fresh();
      await write(`${root}/real/a`, 'one', 0o640);
      await link(`${root}/l`, `${root}/real/a`);
      await link(`${root}/ll`, `${root}/l`);
      const { version, realPath } = await disk.read(`${root}/ll`);
      expect(realPath).toBe(`${root}/real/a`);
      expect(await disk.replace(`${root}/ll`, version, bytesOf('two'))).toMatchObject({ written: true });
      expect(await text(`${root}/real/a`)).toBe('two');
      expect((await disk.list(root)).filter(({ kind }) => kind === 'link')).toHaveLength(2);
    });

    it('tells a dangling link, a folder, a loop and nothing apart', async () => {
      const { disk, root, write, link } = await fresh();
      await write(`${root}/d/a`, 'x');
      await link(`${root}/dangling`, `${root}/none`);
      await link(`${root}/loop`, `${root}/loop`);
      await expect(disk.read(`${root}/none`)).rejects.toThrow(code('file/absent'));
      await expect(disk.read(`${root}/d/a/b`)).rejects.toThrow(code('file/absent'));
      await expect(disk.read(`${root}/dangling`)).rejects.toThrow(code('file/dangling-link'));
      await expect(disk.read(`${root}/loop`)).rejects.toThrow(code('file/dangling-link'));
      await expect(disk.read(`${root}/d`)).rejects.toThrow(code('file/not-a-file'));
      await expect(disk.replace(`${root}/d`, '0-x', bytesOf('x'))).rejects.toThrow(code('file/not-a-file'));
      await expect(disk.replace(`${root}/dangling`, '0-x', bytesOf('x'))).rejects.toThrow(code('file/dangling-link'));
      await expect(disk.replace(`${root}/dangling`, 'absent', bytesOf('x'))).rejects.toThrow(code('file/dangling-link'));
      expect(await disk.replace(`${root}/none`, '0-x', bytesOf('x'))).toEqual({ written: false });
      expect(await Promise.all(['d', 'd/a', 'dangling', 'none'].map((name) => disk.kind(`${root}/${name}`)))).toEqual([
        'directory',
        'file',
        undefined,
        undefined,
      ]);
    });

    it('reads no more than it is told', async () => {
      const { disk, root, write } = await fresh();
      await write(`${root}/a`, '12345');
      await expect(disk.read(`${root}/a`, 4)).rejects.toThrow(code('file/too-large'));
      expect((await disk.read(`${root}/a`, 5)).bytes).toHaveLength(5);
    });

    it('lists by name, and nothing for what is no folder', async () => {
      const { disk, root, write, link } = await fresh();
      await write(`${root}/b`, '');
      await write(`${root}/a/x`, '');
      await link(`${root}/c`, `${root}/a`);
      expect(await disk.list(root)).toEqual([
        { name: 'a', kind: 'directory' },
        { name: 'b', kind: 'file' },
        { name: 'c', kind: 'link' },
      ]);
      expect(await disk.list(`${root}/c`)).toEqual([{ name: 'x', kind: 'file' }]);
      expect(await disk.list(`${root}/none`)).toEqual([]);
      expect(await disk.list(`${root}/b`)).toEqual([]);
    });

    it('removes a file or a link, and what is gone already', async () => {
      const { disk, root, write, link, names } = await fresh();
      await write(`${root}/a`, '');
      await write(`${root}/d/x`, '');
      await link(`${root}/l`, `${root}/a`);
      await disk.remove(`${root}/l`);
      await disk.remove(`${root}/l`);
      expect(await names(root)).toEqual(['a', 'd']);
      await expect(disk.remove(`${root}/d`)).rejects.toThrow(code('file/not-a-file'));
    });

    it('makes folders with their parents', async () => {
      const { disk, root, write } = await fresh();
      await disk.makeFolder(`${root}/x/y`);
      await disk.makeFolder(`${root}/x/y`);
      expect(await disk.kind(`${root}/x/y`)).toBe('directory');
      await write(`${root}/f`, '');
      await expect(disk.makeFolder(`${root}/f`)).rejects.toThrow(code('file/unwritable'));
    });

    it('marks what stands at a path: the same while nothing changes, another for every change', async () => {
      const { disk, root, write, link } = await fresh();
      const mark = async (name: string): Promise<string> => (await disk.mark(`${root}/${name}`)).text;
      const texts: string[] = [await mark('a')];
      const changed = async (): Promise<void> => {
        const text = await mark('a');
        expect(texts).not.toContain(text);
        expect(await mark('a')).toBe(text);
        texts.push(text);
      };
      expect(await disk.mark(`${root}/a`)).toEqual({ text: 'absent', size: 0, changedAt: undefined });
      await write(`${root}/a`, 'one');
      await changed();
      await aTick();
      await write(`${root}/a`, 'two');
      await changed();
      await disk.replace(`${root}/a`, (await disk.read(`${root}/a`)).version, bytesOf('two'));
      await write(`${root}/a`, 'four');
      await changed();
      expect((await disk.mark(`${root}/a`)).size).toBe(4);
      await write(`${root}/a`, 'four', 0o640);
      await changed();
      await disk.remove(`${root}/a`);
      await write(`${root}/b`, 'four', 0o640);
      await link(`${root}/a`, `${root}/b`);
      await changed();
      await disk.remove(`${root}/b`);
      expect(await mark('a')).not.toBe('absent');
      await changed();
      await disk.remove(`${root}/a`);
      await disk.makeFolder(`${root}/a`);
      await changed();
      await aTick();
      await write(`${root}/a/x`, '');
      await changed();
      expect((await disk.mark(`${root}/a`)).changedAt).toBeTypeOf('number');
    });

    it.each(['mkdir', 'create', 'flock'] as const)(
      'holds a lock (%s) while it works and gives it back, also after a problem',
      async (kind) => {
        const { disk, root, write, names } = await fresh();
        await write(`${root}/a`, 'one');
        const lock = { kind, path: `${root}/locks/a.lock`, staleMs: 10_000 } as const;
        const seen = await disk.withLock(lock, async () => {
          await expect(disk.withLock(lock, async () => 0, 50)).rejects.toThrow(code('file/locked'));
          const { version } = await disk.read(`${root}/a`);
          await disk.replace(`${root}/a`, version, bytesOf('two'));
          return names(`${root}/locks`);
        });
        expect(seen).toEqual(['a.lock']);
        await expect(disk.withLock(lock, () => disk.read(`${root}/none`))).rejects.toThrow(code('file/absent'));
        const { version } = await disk.read(`${root}/a`);
        expect(await disk.replace(`${root}/a`, version, bytesOf('three'), { lock, timeoutMs: 1000 })).toMatchObject({
          written: true,
        });
        expect(await names(`${root}/locks`)).toEqual(kind === 'flock' ? ['a.lock'] : []);
      },
    );
  });
}
