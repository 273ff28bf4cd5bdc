/**
 * Goal: a lock that a killed process of ours left is taken back at once, by whoever wants it next or comes by, wherever the
 * process was killed; and no lock of anybody else is ever removed (failure mode 13).
 * Method: the real disk and the real process list; other processes that hold a lock and are killed outright; one of this process
 * that is cut off before each single system call; locks of clients put in the place of a dead one's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import real from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Disk, LockRule } from '../ports/disk.ts';
import type { ProcessInfo } from '../ports/processes.ts';
import { createDisk, systemCalls } from './disk.ts';
import type { Calls } from './disk-read.ts';
import { createProcesses } from './processes.ts';

type Kind = 'mkdir' | 'create';
const kinds: readonly Kind[] = ['mkdir', 'create'];
const processes = createProcesses();
const children: ChildProcess[] = [];
const folders: string[] = [];
let root: string;
let notes: string;
let path: string;
let disk: Disk;

beforeEach(async () => {
  root = await real.realpath(await real.mkdtemp(join(tmpdir(), 'mcp-rotate-notes-')));
  folders.push(root);
  notes = join(root, 'state', 'locks');
  path = join(root, 'client', 'a.lock');
  disk = createDisk(systemCalls, { folder: notes, processes });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) await real.rm(folder, { recursive: true, force: true });
});

const rule = (kind: Kind): LockRule => ({ kind, path, staleMs: 60_000 });
const noted = (): Promise<readonly string[]> => real.readdir(notes).catch(() => []);
const stands = (at = path): Promise<boolean> =>
  real.lstat(at).then(
    () => true,
    () => false,
  );

async function holder(kind: Kind): Promise<ChildProcess> {
  const script = new URL('../../test/kits/lock-holder.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, kind, path, notes], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function killed(kind: Kind): Promise<void> {
  const child = await holder(kind);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await stands()).toBe(true);
  expect(await noted()).toHaveLength(1);
}

/** As if killed before its system call of that number: from then on none is made. Answers the call, undefined when all were made. */
async function cutAt(kind: Kind, number: number): Promise<string | undefined> {
  let made = 0;
  let at: string | undefined;
  const cut = (name: string, call: (...given: unknown[]) => unknown) => {
    return (...given: unknown[]): unknown => {
      if (made++ === number) at = name;
      if (made > number) throw new Error('dead');
      return call(...given);
    };
  };
  const calls = Object.entries(systemCalls).map(([name, call]) => [name, cut(name, call as (...given: unknown[]) => unknown)]);
  const self = { ...(await processes.self()), identity: 'dead' };
  const dying = { folder: notes, processes: { self: async () => self, list: processes.list } };
  const done = createDisk(Object.fromEntries(calls) as Calls, dying).withLock(rule(kind), async () => 'done');
  await done.catch((error: Error) => error);
  return at;
}

describe.each(kinds)('a lock of a killed process (%s)', (kind) => {
  it('is taken at once by the next that wants it', async () => {
    await killed(kind);
    expect(await disk.withLock(rule(kind), noted, 2000)).toHaveLength(1);
    expect([await stands(), await noted()]).toEqual([false, []]);
  });

  it('is removed by the next that comes by, and is waited for by none', async () => {
    await killed(kind);
    await disk.freeLocks();
    expect([await stands(), await noted()]).toEqual([false, []]);
  });

  it('is taken by one that waits for it already', async () => {
    const child = await holder(kind);
    const taken = disk.withLock(rule(kind), async () => 'taken', 10_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGKILL');
    expect(await taken).toBe('taken');
  });

  it('is left in peace when it is another by now', async () => {
    await killed(kind);
    await real.rm(path, { recursive: true });
    await (kind === 'mkdir' ? real.mkdir(path, 0o700) : real.writeFile(path, '{"pid":1,"nonce":"theirs","at":1}'));
    await disk.freeLocks();
    expect([await stands(), await noted()]).toEqual([true, []]);
  });

  it('is left in peace when it is one of ours, of another state folder', async () => {
    await killed(kind);
    await real.rm(path, { recursive: true });
    const elsewhere = createDisk(systemCalls, { folder: join(root, 'elsewhere'), processes });
    await elsewhere.withLock(rule(kind), async () => {
      await disk.freeLocks();
      expect(await stands()).toBe(true);
    });
  });

  it('is told from that of a running process, which stays', async () => {
    const child = await holder(kind);
    await disk.freeLocks();
    await expect(disk.withLock(rule(kind), async () => 1, 600)).rejects.toMatchObject({ code: 'file/locked' });
    expect([await stands(), (await noted()).length]).toEqual([true, 1]);
    child.stdin?.end();
    await once(child, 'close');
    expect([await stands(), await noted()]).toEqual([false, []]);
  });

  it.each(['there', 'missing'])('leaves nothing behind wherever it is killed, its folder %s', async (folder) => {
    const standing: string[] = [];
    let call: string | undefined = '';
    for (let number = 0; call !== undefined; number++) {
      await real.rm(dirname(path), { recursive: true, force: true });
      if (folder === 'there') await real.mkdir(dirname(path));
      call = await cutAt(kind, number);
      if (call !== undefined && (await stands())) standing.push(call);
      await disk.freeLocks();
      // An empty lock file says nothing of who made it; the clients that make such files take it for none.
      const empty = kind === 'create' && (await stands()) && (await real.readFile(path, 'utf8')) === '';
      if (empty) await real.rm(path);
      expect([await stands(), await noted()], `cut before ${number}: ${call}`).toEqual([false, []]);
    }
    expect(standing).toEqual(expect.arrayContaining(['whatSync', 'writeSync', 'closeSync', 'utimes']));
  });
});

describe('what proves nothing removes nothing', () => {
  it.each([0o700, 0o755])('a folder with mode %d that a client made as our process was killed in front of it', async (mode) => {
    // Its note says what was about to be made, and it was not made.
    let about = false;
    for (let number = 0; !about; number++) {
      await disk.freeLocks();
      expect(await cutAt('mkdir', number)).toBeDefined();
      const [note = ''] = await noted();
      about = note !== '' && (await real.readFile(join(notes, note), 'utf8')) !== '';
    }
    expect(await stands()).toBe(false);
    await real.mkdir(path, { recursive: true });
    await real.chmod(path, mode);
    await disk.freeLocks();
    expect([await stands(), await noted()]).toEqual([true, []]);
  });

  it('a list of processes that names nobody, or that cannot be had', async () => {
    await killed('mkdir');
    const lists = [async () => [], () => Promise.reject(new Error('no list'))];
    for (const list of lists) await createDisk(systemCalls, { folder: notes, processes: { ...processes, list } }).freeLocks();
    expect([await stands(), (await noted()).length]).toEqual([true, 1]);
  });

  it('a process that starts while we look', async () => {
    await killed('mkdir');
    const other = join(root, 'client', 'b.lock');
    const late: ProcessInfo = { ...(await processes.self()), identity: 'late' };
    const lateDisk = createDisk(systemCalls, { folder: notes, processes: { self: async () => late, list: processes.list } });
    let done: Promise<void> | undefined;
    const release = Promise.withResolvers<void>();
    const list = async (): Promise<readonly ProcessInfo[]> => {
      const before = await processes.list();
      const held = Promise.withResolvers<void>();
      done = lateDisk.withLock({ kind: 'mkdir', path: other, staleMs: 60_000 }, async () => {
        held.resolve();
        await release.promise;
      });
      await held.promise;
      return before;
    };
    await createDisk(systemCalls, { folder: notes, processes: { self: processes.self, list } }).freeLocks();
    expect([await stands(), await stands(other)]).toEqual([false, true]);
    release.resolve();
    await done;
  });

  it('notes of a folder that others may write to, and no lock is noted there', async () => {
    await killed('mkdir');
    await real.chmod(notes, 0o777);
    await disk.freeLocks();
    expect(await stands()).toBe(true);
    const other: LockRule = { kind: 'mkdir', path: join(root, 'b.lock'), staleMs: 60_000 };
    await expect(disk.withLock(other, async () => 1)).rejects.toMatchObject({ code: 'state/unusable' });
    expect(await stands(other.path)).toBe(false);
  });

  it('what is no note', async () => {
    await killed('mkdir');
    await real.writeFile(join(notes, 'README'), 'of somebody');
    await disk.freeLocks();
    expect([await stands(), await noted()]).toEqual([false, ['README']]);
  });
});
