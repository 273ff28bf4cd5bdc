/**
 * Goal: the real store keeps its contract, survives kills at any moment, leaves nothing of a shredded value in its files, and
 * says in plain words why it cannot be opened.
 * Method: the contract kit; random operations compared with the twin; child processes that race and are killed while they
 * append; the raw files searched; each broken file or folder made for real.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { holder, journalStoreKit, link, take, zeros } from '../../test/kits/journal-store.ts';
import { journalMemory, twinJournalStore } from '../../test/twins/journal-store.ts';
import { Problem } from '../base/problem.ts';
import type { JournalStore, Lease } from '../ports/journal-store.ts';
import { openJournal } from '../rotation/journal/journal.ts';
import { openJournalStore } from './journal-store.ts';
import { createRandom } from './random.ts';

const folders: string[] = [];
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`no problem but ${String(error)}`);
  return error;
}

journalStoreKit('SQLite', async () => {
  const file = join(scratch(), 'state', 'journal.db');
  return { open: () => openJournalStore(file), dispose: async () => undefined };
});

journalStoreKit('twin', async () => {
  const memory = journalMemory();
  return { open: async () => twinJournalStore(memory), dispose: async () => undefined };
});

describe('the real store and its twin', () => {
  const name = fc.constantFrom('a', 'b');
  const operation = fc.oneof(
    fc.record({ do: fc.constant('acquire' as const), name, pid: fc.integer({ min: 1, max: 3 }), gone: fc.boolean() }),
    fc.record({ do: fc.constant('append' as const), name, token: fc.integer({ min: 1, max: 4 }), stale: fc.boolean() }),
    fc.record({ do: fc.constant('put' as const), name, token: fc.integer({ min: 1, max: 4 }), byte: fc.nat(255) }),
    fc.record({ do: fc.constantFrom('renew' as const, 'release' as const), name, token: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ do: fc.constant('shred' as const), name }),
    fc.record({ do: fc.constant('wait' as const), length: fc.integer({ min: 1, max: 40_000 }) }),
  );

  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

  it('answer the same to any series of calls', async () => {
    const run = async (store: JournalStore, series: readonly Operation[]): Promise<unknown[]> => {
      const seen: unknown[] = [];
      let now = 1_000;
      for (const [i, each] of series.entries()) {
        const lease: Lease = { name: each.do === 'wait' ? '' : each.name, token: 'token' in each ? each.token : 0 };
        switch (each.do) {
          case 'wait':
            now += each.length;
            break;
          case 'acquire':
            seen.push(await store.acquire(each.name, holder(each.pid), now, 30_000, async () => each.gone));
            break;
          case 'append': {
            const previous = each.stale ? 'elsewhere' : ((await store.last())?.hash ?? zeros);
            seen.push(await store.append(link(each.name, previous, `h${i}`), lease));
            break;
          }
          case 'put':
            seen.push(await store.putSealed(each.name, 'v', Uint8Array.of(each.byte), lease));
            break;
          case 'shred':
            seen.push(await store.shred(each.name));
            break;
          case 'renew':
            seen.push(await store.renew(lease, now, 30_000));
            break;
          case 'release':
            seen.push(await store.release(lease));
        }
      }
      seen.push((await store.entries()).map((entry) => ({ ...entry })));
      for (const rotation of ['a', 'b']) {
        seen.push(await store.sealedNames(rotation), [...((await store.getSealed(rotation, 'v')) ?? [])]);
      }
      return seen;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (series) => {
        const folder = scratch();
        const real = await openJournalStore(join(folder, 'journal.db'));
        try {
          expect(await run(real, series)).toEqual(await run(twinJournalStore(), series));
        } finally {
          await real.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 60, seed: 51 },
    );
  });
});

describe('the files of the store', () => {
  it('are for their owner alone', async () => {
    const folder = join(scratch(), 'deep', 'state');
    const store = await openJournalStore(join(folder, 'journal.db'));
    await store.append(link('a', zeros, 'h1'), await take(store, 'a'));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const names = readdirSync(folder);
    expect(names).toContain('journal.db-wal');
    for (const name of names) expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    await store.close();
    chmodSync(join(folder, 'journal.db'), 0o644);
    await (await openJournalStore(join(folder, 'journal.db'))).close();
    expect(statSync(join(folder, 'journal.db')).mode & 0o777).toBe(0o600);
  });

  it('hold nothing of a value after it was shredded, nor of one that it replaced', async () => {
    const folder = scratch();
    const store = await openJournalStore(join(folder, 'journal.db'));
    const reader = await openJournalStore(join(folder, 'journal.db'));
    const lease = await take(store, 'a');
    const mark = (i: number): Buffer => Buffer.from(`planted-sealed-value-${i}-`.repeat(i === 1 ? 1 : 700));
    const found = (i: number): string[] =>
      readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(`planted-sealed-value-${i}-`));
    for (const i of [0, 1, 2]) await store.putSealed('a', `v${i}`, mark(i), lease);
    await store.putSealed('a', 'v0', mark(3), lease);
    await store.putSealed('b', 'v', mark(4), await take(store, 'b'));
    await reader.getSealed('a', 'v1');
    // the search can find: all are there before
    for (const i of [0, 1, 2, 3, 4]) expect(found(i)).not.toEqual([]);
    await store.shred('a');
    for (const i of [0, 1, 2, 3]) expect(found(i)).toEqual([]);
    expect(found(4)).not.toEqual([]);
    await store.close();
    await reader.close();
    for (const i of [0, 1, 2, 3]) expect(found(i)).toEqual([]);
  });

  it('hold nothing of it either when the process was killed before it could cut the log', async () => {
    const file = join(scratch(), 'journal.db');
    const script = `const { openJournalStore } = await import(process.argv[1]);
      const store = await openJournalStore(process.argv[2]);
      const { lease } = await store.acquire('a', { pid: 1, identity: '1', command: 'c' }, 1, 1, async () => true);
      await store.putSealed('a', 'v', Buffer.from('planted-sealed-value'), lease);
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
      new DatabaseSync(process.argv[2]).exec('PRAGMA secure_delete = ON; DELETE FROM sealed');
      process.kill(process.pid, 'SIGKILL');`;
    const module = new URL('./journal-store.ts', import.meta.url).href;
    await once(spawn(process.execPath, ['--input-type=module', '-e', script, module, file], { stdio: 'ignore' }), 'close');
    const found = (): boolean => readFileSync(`${file}-wal`).includes('planted-sealed-value');
    expect(found()).toBe(true);
    const store = await openJournalStore(file);
    expect(found()).toBe(false);
    await store.close();
  });

  it('refuse to change, remove or skip an entry, whoever asks', async () => {
    const file = join(scratch(), 'journal.db');
    const store = await openJournalStore(file);
    await store.append(link('a', zeros, 'h1'), await take(store, 'a'));
    await store.close();
    const db = new DatabaseSync(file);
    expect(() => db.exec("UPDATE entries SET body = 'x'")).toThrow(/never changed/);
    expect(() => db.exec('DELETE FROM entries')).toThrow(/never removed/);
    expect(() => db.exec("INSERT INTO entries VALUES (3, 'a', 1, 'k', '{}', 'h1', 'h3')")).toThrow(/no gaps/);
    expect(() => db.exec("INSERT OR REPLACE INTO entries VALUES (1, 'a', 1, 'k', '{}', 'h1', 'h3')")).toThrow(/no gaps/);
    db.close();
  });

  it('are loaded without a word about experiments, and other warnings stay', async () => {
    const module = JSON.stringify(new URL('./journal-store.ts', import.meta.url).href);
    const script = `const { openJournalStore } = await import(${module});
      const [before, load] = [process.emitWarning, process.getBuiltinModule];
      process.getBuiltinModule = (name) => {
        // what Node 22 says, and newer ones no longer
        process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
        process.emitWarning('still heard', 'ExperimentalWarning');
        process.emitWarning('SQLite of another kind');
        return load(name);
      };
      await (await openJournalStore(process.argv[1])).close();
      if (process.emitWarning !== before) throw new Error('warnings are still looked at');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, join(scratch(), 'journal.db')], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += String(data);
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(0);
    expect(errors).toContain('ExperimentalWarning: still heard');
    expect(errors).toContain('Warning: SQLite of another kind');
    expect(errors).not.toMatch(/SQLite is/);
  });
});

describe('a store that cannot be opened or written says why', () => {
  it('a folder in its place', async () => {
    const problem = await problemOf(openJournalStore(scratch()));
    expect(problem).toMatchObject({ code: 'state/unusable', what: expect.stringContaining('is not a file') });
  });

  it('a file where its folder should be', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'state'), '');
    const problem = await problemOf(openJournalStore(join(folder, 'state', 'journal.db')));
    expect(problem).toMatchObject({ code: 'state/unusable', what: expect.stringContaining('no folder') });
  });

  it.each([
    ['text', Buffer.from('this is no database, '.repeat(300))],
    ['a good header with garbage', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(9000, 0x5a)])],
  ])('a file that is %s', async (_what, bytes) => {
    const file = join(scratch(), 'journal.db');
    writeFileSync(file, bytes);
    expect(await problemOf(openJournalStore(file))).toMatchObject({ code: 'state/damaged' });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('pages overwritten under it', async () => {
    const file = join(scratch(), 'journal.db');
    const store = await openJournalStore(file);
    const lease = await take(store, 'a');
    for (let i = 0; i < 50; i++) await store.append(link('a', i === 0 ? zeros : `h${i}`, `h${i + 1}`, 'x'.repeat(2000)), lease);
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4096);
    writeFileSync(file, bytes);
    const read = async (): Promise<unknown> => {
      const broken = await openJournalStore(file);
      try {
        return await broken.entries();
      } finally {
        await broken.close();
      }
    };
    expect(await problemOf(read())).toMatchObject({ code: 'state/damaged' });
  });

  it('tables of a newer version, left as they are', async () => {
    const file = join(scratch(), 'journal.db');
    await (await openJournalStore(file)).close();
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 2');
    db.close();
    expect(await problemOf(openJournalStore(file))).toMatchObject({ code: 'state/unusable', next: 'update mcp-rotate' });
  });

  it('a folder that may not be written', async () => {
    const folder = scratch();
    const locked = join(folder, 'locked');
    chmodSync(folder, 0o755);
    mkdirSync(locked, { mode: 0o555 });
    // root may write anywhere: it becomes somebody else for the call, which does its work before it answers
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    const opening = problemOf(openJournalStore(join(locked, 'journal.db')));
    if (root) process.seteuid?.(0);
    expect(await opening).toMatchObject({ code: 'state/unusable', what: expect.stringContaining('may not be opened') });
  });

  it('no space left (failure mode 10)', async () => {
    const file = join(scratch(), 'journal.db');
    const store = await openJournalStore(file);
    const lease = await take(store, 'a');
    await store.append(link('a', zeros, 'h1'), lease);
    await store.close();
    // a limit of the file's size, as `ulimit -f` sets it, is met where a full disk would be
    const script = `
      process.on('SIGXFSZ', () => undefined);
      const { openJournalStore } = await import(process.argv[1]);
      const store = await openJournalStore(process.argv[2]);
      let previous = 'h1';
      for (let i = 2; i < 3000; i++) {
        const entry = { rotation: 'a', at: 1, kind: 'step', body: 'x'.repeat(900), previous, hash: 'h' + i };
        const answer = await store.append(entry, { name: 'a', token: 1 }).catch((error) => error);
        if (answer instanceof Error) { console.log(JSON.stringify([answer.code, answer.what, i])); process.exit(0); }
        previous = 'h' + i;
      }`;
    const shell = `ulimit -f 600; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
    const module = new URL('./journal-store.ts', import.meta.url).href;
    const child = spawn('/bin/sh', ['-c', shell, process.execPath, script, module, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += String(data);
    });
    await once(child, 'close');
    const [code, what, reached] = JSON.parse(output) as [string, string, number];
    expect([code, what]).toEqual(['state/unusable', expect.stringMatching(/no space|disk failed/)]);
    const again = await openJournalStore(file);
    expect((await again.entries()).length).toBe(reached - 1);
    await again.close();
  });
});

describe('several processes', () => {
  const child = (file: string, rotation: string, count: number): ChildProcess =>
    spawn(
      process.execPath,
      [new URL('../../test/kits/journal-store.child.ts', import.meta.url).pathname, file, rotation, String(count)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );

  it('append at the same time: every acknowledged entry is in one unbroken chain (failure mode 7)', async () => {
    const file = join(scratch(), 'journal.db');
    const children = ['a', 'b'].map((rotation) => child(file, rotation, 60));
    const ends = await Promise.all(children.map((each) => once(each, 'close')));
    expect(ends.map(([status]) => status)).toEqual([0, 0]);
    const store = await openJournalStore(file);
    const journal = openJournal(store, createRandom());
    expect(await journal.verifyChain()).toEqual({ ok: true, entries: 120 });
    for (const rotation of ['a', 'b']) {
      const entries = await journal.of(rotation);
      expect(entries.map((entry) => (entry.kind === 'intent' ? entry.detail.events : 0))).toEqual(
        Array.from({ length: 60 }, (_, i) => i + 1),
      );
    }
    await store.close();
  });

  it('open, make and close it at the same moment', async () => {
    const folder = scratch();
    // all wait for the same instant, then for the next: whoever is first makes the file, whoever is last clears its log
    const script = `const [module, folder, start] = process.argv.slice(1);
      const { openJournalStore } = await import(module);
      for (let i = 0; i < 60; i++) {
        // asleep until just before: four that spin would keep the one that holds the lock from its core
        const at = Number(start) + i * 25;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now() - 3)));
        while (Date.now() < at);
        const store = await openJournalStore(folder + '/' + i + '/journal.db');
        await store.last();
        await store.close();
      }`;
    const module = new URL('./journal-store.ts', import.meta.url).href;
    const words = ['--input-type=module', '-e', script, module, folder, String(Date.now() + 800)];
    const children = Array.from({ length: 4 }, () => spawn(process.execPath, words, { stdio: 'inherit' }));
    const ends = await Promise.all(children.map((each) => once(each, 'close')));
    expect(ends.map(([status]) => status)).toEqual([0, 0, 0, 0]);
  });

  it('killed 50 times in the middle of appends, lose nothing that was acknowledged (failure modes 1, 51)', async () => {
    const file = join(scratch(), 'journal.db');
    let before = 0;
    let most = 0;
    for (let round = 0; round < 50; round++) {
      const running = child(file, 'a', 0);
      let output = '';
      const ready = new Promise<void>((resolve, reject) => {
        running.stdout?.on('data', (data) => {
          output += String(data);
          if (output.includes('ready')) resolve();
        });
        running.once('close', () => reject(new Error('the child ended by itself')));
      });
      await ready;
      const closed = once(running, 'close');
      await sleep((round * 7) % 31);
      running.kill('SIGKILL');
      await closed;
      // a line cut by the kill was not acknowledged in full
      const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n').length - 1;
      const store = await openJournalStore(file);
      const state = await openJournal(store, createRandom()).verifyChain();
      await store.close();
      if (!state.ok) throw new Error(`the chain broke at ${state.at} in round ${round}`);
      expect(state.entries).toBeGreaterThanOrEqual(before + acknowledged);
      expect(state.entries).toBeLessThanOrEqual(before + acknowledged + 1);
      most = Math.max(most, state.entries - before);
      before = state.entries;
    }
    // the kills came while there was something to lose
    expect(most).toBeGreaterThan(1);
  }, 120_000);
});
