/**
 * Goal: a client's lock keeps others out for as long as it is held and no longer, whoever dies, and none of another is removed.
 * Method: the real disk; locks planted by hand with a time of their own; other processes (ours and flock(1)) that hold a lock,
 * ask for it, and are killed outright. What every disk does with a lock is in the kit (test/kits/disk.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import real from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createDisk, systemCalls } from './disk.ts';
import { withFlock } from './disk-flock.ts';

const folders: string[] = [];
async function freshFolder(): Promise<string> {
  const folder = await real.realpath(await real.mkdtemp(join(tmpdir(), 'mcp-rotate-lock-')));
  folders.push(folder);
  return folder;
}
afterAll(async () => {
  for (const folder of folders) await real.rm(folder, { recursive: true, force: true });
});

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe('locks', () => {
  it('takes over an abandoned lock, and only that', async () => {
    const root = await freshFolder();
    const lock = { kind: 'mkdir', path: join(root, 'a.lock'), staleMs: 5000 } as const;
    await real.mkdir(lock.path);
    await expect(createDisk().withLock(lock, async () => 1, 60)).rejects.toThrow(code('file/locked'));
    const old = new Date(Date.now() - 6000);
    await real.utimes(lock.path, old, old);
    expect(await createDisk().withLock(lock, async () => 1, 60)).toBe(1);
    expect(await real.readdir(root)).toEqual([]);
  });

  it('keeps a lock fresh for as long as it is held', async () => {
    const root = await freshFolder();
    const lock = { kind: 'mkdir', path: join(root, 'a.lock'), staleMs: 2000 } as const;
    await createDisk().withLock(lock, async () => {
      const taken = (await real.stat(lock.path)).mtimeMs;
      await new Promise((done) => setTimeout(done, 1300));
      expect((await real.stat(lock.path)).mtimeMs).toBeGreaterThan(taken + 900);
    });
    expect(await real.readdir(root)).toEqual([]);
  });

  it('does not remove a lock that another has taken over', async () => {
    const root = await freshFolder();
    const lock = { kind: 'mkdir', path: join(root, 'a.lock'), staleMs: 5000 } as const;
    await createDisk().withLock(lock, async () => {
      await real.rmdir(lock.path);
      await real.mkdir(lock.path);
      await real.utimes(lock.path, new Date(), new Date(Date.now() + 1000));
    });
    expect(await real.readdir(root)).toEqual(['a.lock']);
  });

  it('says so where no lock can be made', async () => {
    const root = await freshFolder();
    await real.writeFile(join(root, 'file'), '');
    for (const kind of ['mkdir', 'create', 'flock'] as const) {
      const lock = { kind, path: join(root, 'file', 'a.lock'), staleMs: 5000 };
      await expect(createDisk().withLock(lock, async () => 1)).rejects.toThrow(code('file/unwritable'));
    }
  });

  it('writes into a lock file what mcp-remote looks for, and keeps it young', async () => {
    const lock = { kind: 'create', path: join(await freshFolder(), 'locks/a.json'), staleMs: 2000 } as const;
    const read = async () => JSON.parse(await real.readFile(lock.path, 'utf8')) as { pid: number; nonce: string; at: number };
    await createDisk().withLock(lock, async () => {
      const taken = await read();
      expect(taken).toEqual({ pid: process.pid, nonce: expect.stringMatching(/^[0-9a-f-]{36}$/), at: expect.any(Number) });
      expect(Math.abs(taken.at - Date.now())).toBeLessThan(5000);
      expect((await real.stat(lock.path)).mode & 0o777).toBe(0o600);
      await new Promise((resolve) => setTimeout(resolve, 1300));
      const later = await read();
      expect(later).toEqual({ ...taken, at: later.at });
      expect(later.at).toBeGreaterThan(taken.at + 900);
    });
    await expect(real.stat(lock.path)).rejects.toThrow('ENOENT');
  });

  it('takes over an abandoned lock file, and only that; removes none of another', async () => {
    const lock = { kind: 'create', path: join(await freshFolder(), 'a.json'), staleMs: 5000 } as const;
    await real.writeFile(lock.path, 'theirs');
    await expect(createDisk().withLock(lock, async () => 1, 60)).rejects.toThrow(code('file/locked'));
    expect(await real.readFile(lock.path, 'utf8')).toBe('theirs');
    const old = new Date(Date.now() - 6000);
    await real.utimes(lock.path, old, old);
    await createDisk().withLock(lock, async () => {
      await real.rm(lock.path);
      await real.writeFile(lock.path, 'theirs again');
      await real.utimes(lock.path, new Date(), new Date(Date.now() + 1000));
    });
    expect(await real.readFile(lock.path, 'utf8')).toBe('theirs again');
  });

  it.each(['mkdir', 'create', 'flock'] as const)('lets one of many in at a time (%s)', async (kind) => {
    const lock = { kind, path: join(await freshFolder(), 'a.lock'), staleMs: 60_000 };
    let inside = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 5 }, () =>
        createDisk().withLock(lock, async () => {
          most.push(++inside);
          await new Promise((resolve) => setTimeout(resolve, 20));
          inside--;
        }),
      ),
    );
    expect(most).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('a lock by flock(2)', () => {
  const holder = async (path: string): Promise<ChildProcess> => {
    const script = new URL('../../test/kits/lock-holder.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, 'flock', path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };
  /** As another program asks: the status of flock(1), 1 when the lock is held. */
  const asked = (path: string): Promise<number> =>
    new Promise((resolve) => spawn('flock', ['-n', path, 'true']).once('close', (status) => resolve(status ?? -1)));

  it('holds other programs off, and is free when its holder is killed outright', async () => {
    const lock = { kind: 'flock', path: join(await freshFolder(), 'a.lock'), staleMs: 1 } as const;
    const child = await holder(lock.path);
    await expect(createDisk().withLock(lock, async () => 1, 100)).rejects.toThrow(code('file/locked'));
    expect(await asked(lock.path)).toBe(1);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await createDisk().withLock(lock, () => asked(lock.path), 5000)).toBe(1);
    expect(await asked(lock.path)).toBe(0);
  });

  it('is waited for, and the file keeps its bytes', async () => {
    const lock = { kind: 'flock', path: join(await freshFolder(), 'a.lock'), staleMs: 1 } as const;
    await real.writeFile(lock.path, 'theirs');
    const child = await holder(lock.path);
    const ended = once(child, 'close');
    const taken = createDisk().withLock(lock, async () => 'mine', 10_000);
    setTimeout(() => child.stdin?.end(), 100);
    expect(await taken).toBe('mine');
    expect(await real.readFile(lock.path, 'utf8')).toBe('theirs');
    await ended;
  });

  it('is refused by name where there is no flock program', async () => {
    const lock = { kind: 'flock', path: join(await freshFolder(), 'a.lock'), staleMs: 1 } as const;
    const problem = await withFlock(systemCalls, lock, performance.now() + 1000, async () => 1, '/nowhere').catch(
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ code: 'file/locked', what: expect.stringContaining('no flock program') });
  });
});
