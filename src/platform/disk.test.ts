/**
 * Goal: whatever stands at a path and whatever the system refuses, the real disk answers with the right problem, never
 * hangs, and leaves the file as it was with nothing beside it.
 * Method: the contract kit on a temporary folder; real fifos, sockets, devices, sparse files and unprivileged children;
 * failing system calls put in at the layer of Node's functions. Concurrent writers are in disk-storm.test.ts.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import real from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { diskKit } from '../../test/kits/disk.ts';
import { createDisk, systemCalls } from './disk.ts';
import type { Calls } from './disk-read.ts';

const folders: string[] = [];
async function freshFolder(): Promise<string> {
  const folder = await real.realpath(await real.mkdtemp(join(tmpdir(), 'mcp-rotate-disk-')));
  folders.push(folder);
  return folder;
}
afterAll(async () => {
  for (const folder of folders) await real.rm(folder, { recursive: true, force: true });
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const modeOf = async (path: string): Promise<number> => (await real.stat(path)).mode & 0o7777;

diskKit('the real disk', async () => {
  const root = await freshFolder();
  return {
    disk: createDisk(),
    root,
    async write(path, text, mode) {
      await real.mkdir(join(path, '..'), { recursive: true });
      await real.writeFile(path, text, { mode: 0o600 });
      if (mode !== undefined) await real.chmod(path, mode);
    },
    link: (path, target) => real.symlink(target, path),
    names: async (path) => (await real.readdir(path)).toSorted(),
    text: (path) => real.readFile(path, 'utf8'),
    mode: modeOf,
  };
});

describe('what is no regular file', () => {
  it('is never opened, and never waited for', async () => {
    const root = await freshFolder();
    const disk = createDisk();
    execFileSync('mkfifo', [join(root, 'fifo')]);
    const server = createServer().listen(join(root, 'socket'));
    await once(server, 'listening');
    try {
      for (const path of [join(root, 'fifo'), join(root, 'socket'), '/dev/zero', '/dev/tty']) {
        await expect(disk.read(path)).rejects.toThrow(code('file/not-a-file'));
        await expect(disk.replace(path, '0-x', bytesOf('x'))).rejects.toThrow(code('file/not-a-file'));
        expect(await disk.kind(path)).toBe('other');
      }
    } finally {
      server.close();
    }
  });

  it('does not block on a fifo that takes the place of the file after the look at it', async () => {
    const root = await freshFolder();
    const path = join(root, 'a');
    await real.writeFile(path, 'x');
    const disk = createDisk({
      ...systemCalls,
      statSync: (at) => {
        const stats = systemCalls.statSync(at);
        unlinkSync(path);
        execFileSync('mkfifo', [path]);
        return stats;
      },
    });
    await expect(disk.read(path)).rejects.toThrow(code('file/not-a-file'));
  });

  it('reads nothing of a file of 200 MB', async () => {
    const path = join(await freshFolder(), 'huge.json');
    const handle = await real.open(path, 'w');
    await handle.truncate(200 * 1024 * 1024);
    await handle.close();
    let reads = 0;
    const disk = createDisk({
      ...systemCalls,
      readSync: () => {
        reads++;
        throw new Error('read');
      },
    });
    await expect(disk.read(path)).rejects.toThrow(code('file/too-large'));
    expect(reads).toBe(0);
  });
});

/** Node's calls with one that fails as the system would. */
function failing(name: keyof Calls, errno: string, when: (...args: unknown[]) => boolean = () => true): Calls {
  const call = systemCalls[name] as (...args: unknown[]) => Promise<unknown>;
  return {
    ...systemCalls,
    [name]: (...args: unknown[]) =>
      when(...args) ? Promise.reject(Object.assign(new Error('s3cret of the system'), { code: errno })) : call(...args),
  };
}

/** A handle's own calls fail, on files opened for writing or (`folders`) on folders. */
function failingHandle(name: 'write' | 'sync', errno: string, flags: string): Calls {
  return {
    ...systemCalls,
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      if (args[1] === flags) handle[name] = () => Promise.reject(Object.assign(new Error('s3cret'), { code: errno }));
      return handle;
    },
  };
}

describe('what the system refuses', () => {
  it.each([
    ['no space to make a file', failing('open', 'ENOSPC', (_path, flags) => flags === 'wx'), 'file/disk-full'],
    ['no space for the text', failingHandle('write', 'ENOSPC', 'wx'), 'file/disk-full'],
    ['no space left at the flush', failingHandle('sync', 'ENOSPC', 'wx'), 'file/disk-full'],
    ['over quota', failingHandle('write', 'EDQUOT', 'wx'), 'file/disk-full'],
    ['read-only file system', failing('open', 'EROFS', (_path, flags) => flags === 'wx'), 'file/unwritable'],
    ['folder not writable', failing('open', 'EACCES', (_path, flags) => flags === 'wx'), 'file/unwritable'],
    ['file not writable', failing('access', 'EACCES'), 'file/unwritable'],
    ['a broken disk', failingHandle('write', 'EIO', 'wx'), 'file/unwritable'],
    [
      'rename not permitted',
      {
        ...systemCalls,
        renameSync: () => {
          throw Object.assign(new Error('s3cret'), { code: 'EPERM' });
        },
      },
      'file/unwritable',
    ],
    ['file not readable', failing('open', 'EACCES', (_path, flags) => flags !== 'wx'), 'file/unreadable'],
  ])('%s: the file is as it was, nothing beside it', async (_title, calls, wanted) => {
    const root = await freshFolder();
    const path = join(root, 'a');
    await real.writeFile(path, 'old');
    const { version } = await createDisk().read(path);
    const error: unknown = await createDisk(calls)
      .replace(path, version, bytesOf('new'))
      .catch((each: unknown) => each);
    expect(error).toMatchObject({ code: wanted, effect: 'none' });
    expect(String(error)).not.toContain('s3cret');
    expect(await real.readFile(path, 'utf8')).toBe('old');
    expect(await real.readdir(root)).toEqual(['a']);
  });

  it('a folder that cannot be flushed: the effect is unknown', async () => {
    const path = join(await freshFolder(), 'a');
    await real.writeFile(path, 'old');
    const { version } = await createDisk().read(path);
    await expect(createDisk(failingHandle('sync', 'EIO', 'r')).replace(path, version, bytesOf('new'))).rejects.toMatchObject({
      code: 'file/unwritable',
      effect: 'unknown',
    });
  });

  it('a file system without hard links still makes files', async () => {
    const root = await freshFolder();
    const disk = createDisk(failing('link', 'EPERM'));
    expect(await disk.replace(join(root, 'a'), 'absent', bytesOf('one'))).toMatchObject({ written: true });
    expect(await disk.replace(join(root, 'a'), 'absent', bytesOf('two'))).toEqual({ written: false });
    expect(await real.readdir(root)).toEqual(['a']);
  });

  it('files of others, seen by a process without privileges', async () => {
    const root = await freshFolder();
    await real.chmod(root, 0o755);
    await real.mkdir(join(root, 'closed'), { mode: 0o700 });
    await real.writeFile(join(root, 'secret'), 'x', { mode: 0o600 });
    await real.writeFile(join(root, 'shown'), 'x', { mode: 0o644 });
    if (process.getuid?.() !== 0) {
      // Not root: our own files are closed to us by their mode, which is the same to the system.
      for (const name of ['closed', 'secret']) await real.chmod(join(root, name), 0);
      await real.chmod(join(root, 'shown'), 0o444);
    }
    const script = `
      import { createDisk } from ${JSON.stringify(fileURLToPath(new URL('disk.ts', import.meta.url)))};
      if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
      const disk = createDisk();
      const ask = async (work) => { try { await work(); return 'done'; } catch (error) { return error.code; } };
      console.log(JSON.stringify([
        await ask(() => disk.read(${JSON.stringify(join(root, 'secret'))})),
        await ask(() => disk.list(${JSON.stringify(join(root, 'closed'))})),
        await ask(() => disk.read(${JSON.stringify(join(root, 'closed/x'))})),
        await ask(async () => disk.replace(${JSON.stringify(join(root, 'shown'))}, (await disk.read(${JSON.stringify(join(root, 'shown'))})).version, new Uint8Array(1))),
      ]));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(['file/unreadable', 'file/unreadable', 'file/unreadable', 'file/unwritable']);
  });
});

describe('what stays', () => {
  it('the owner, the group and every bit of the mode', async () => {
    const path = join(await freshFolder(), 'a');
    await real.writeFile(path, 'old');
    // Only root can make a file that is somebody else's; for others the owner is themselves.
    if (process.getuid?.() === 0) await real.chown(path, 1234, 2345);
    await real.chmod(path, 0o640);
    const before = await real.stat(path);
    const disk = createDisk();
    const { version } = await disk.read(path);
    await disk.replace(path, version, bytesOf('new'));
    expect(await real.stat(path)).toMatchObject({ uid: before.uid, gid: before.gid, mode: before.mode });
  });

  it('a relative link, and one of its folders being a link', async () => {
    const root = await freshFolder();
    await real.mkdir(join(root, 'dotfiles'));
    await real.writeFile(join(root, 'dotfiles/a'), 'old');
    await real.symlink('dotfiles', join(root, 'link'));
    await real.symlink('link/a', join(root, 'a'));
    const disk = createDisk();
    const { version } = await disk.read(join(root, 'a'));
    await disk.replace(join(root, 'a'), version, bytesOf('new'));
    expect(await real.readlink(join(root, 'a'))).toBe('link/a');
    expect(await real.readFile(join(root, 'dotfiles/a'), 'utf8')).toBe('new');
    expect(await real.readdir(join(root, 'dotfiles'))).toEqual(['a']);
  });

  it('the temporary file is for its owner alone while it is written', async () => {
    const root = await freshFolder();
    const path = join(root, 'a');
    await real.writeFile(path, 'old', { mode: 0o644 });
    const modes: number[] = [];
    const disk = createDisk({
      ...systemCalls,
      open: async (...args: Parameters<typeof real.open>) => {
        const handle = await real.open(...args);
        if (args[1] === 'wx') modes.push((await handle.stat()).mode & 0o777);
        return handle;
      },
    });
    const { version } = await disk.read(path);
    await disk.replace(path, version, bytesOf('new'));
    expect(modes).toEqual([0o600]);
  });
});

describe('a file of several pieces', () => {
  const size = 2 * 1024 * 1024 + 4321;
  const old = Buffer.alloc(size, 'abcdefg');

  it('is replaced when every byte is as it was', async () => {
    const path = join(await freshFolder(), 'a');
    await real.writeFile(path, old);
    const disk = createDisk();
    const { version } = await disk.read(path);
    expect(await disk.replace(path, version, bytesOf('new'))).toMatchObject({ written: true });
    expect(await real.readFile(path, 'utf8')).toBe('new');
  });

  it.each([0, 1024 * 1024 - 1, 1024 * 1024, 2 * 1024 * 1024, size - 1])(
    'is not replaced when byte %d alone is another, its size and time as before',
    async (at) => {
      const root = await freshFolder();
      const path = join(root, 'a');
      await real.writeFile(path, old);
      const disk = createDisk();
      // Kept: the disk compares with the bytes that were read for as long as they are in use.
      const snapshot = await disk.read(path);
      const { atime, mtime } = await real.stat(path);
      const theirs = Buffer.from(old);
      theirs[at] = 0x5a;
      await real.writeFile(path, theirs);
      await real.utimes(path, atime, mtime);
      expect(await disk.replace(path, snapshot.version, bytesOf('new'))).toEqual({ written: false });
      expect(theirs.equals(await real.readFile(path))).toBe(true);
      expect(await real.readdir(root)).toEqual(['a']);
      expect(old.equals(snapshot.bytes)).toBe(true);
    },
  );
});

describe('leftovers', () => {
  it('of a process that is no more are removed, those of a running one are not', async () => {
    const root = await freshFolder();
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    const name = (pid: number | undefined): string => `.b.mcp-rotate-${pid}-0123456789ab`;
    const old = `.old.mcp-rotate-${child.pid}-0123456789ab`;
    for (const each of [name(child.pid), name(gone.pid), old, '.b.mcp-rotate-notes', 'a'])
      await real.writeFile(join(root, each), 'x');
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await real.utimes(join(root, old), longAgo, longAgo);
    try {
      const disk = createDisk();
      const { version } = await disk.read(join(root, 'a'));
      expect(await disk.replace(join(root, 'a'), version, bytesOf('y'))).toMatchObject({ written: true });
      expect((await real.readdir(root)).toSorted()).toEqual([name(child.pid), '.b.mcp-rotate-notes', 'a'].toSorted());
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('are removed without a write too, and a folder that is gone is no problem', async () => {
    const root = await freshFolder();
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    await real.writeFile(join(root, 'a'), 'kept');
    await real.writeFile(join(root, `.a.mcp-rotate-${gone.pid}-0123456789ab`), 'the new value');
    await createDisk().tidy(join(root, 'a'));
    expect(await real.readdir(root)).toEqual(['a']);
    await expect(createDisk().tidy(join(root, 'nowhere', 'a'))).resolves.toBeUndefined();
  });
});
