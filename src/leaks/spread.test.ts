/**
 * Goal: every copy of a value below a home is found, whatever program keeps it and however it is written there, and told for
 * what it is; its own places are not; what was not searched is said; nothing is changed, and no value gets into the answer.
 * Method: the real disk and the real search under a scratch home, with the tables of the real clients: one copy in each kind
 * of place at once, in the shape that the program gives it.
 */
import { chmod, chown, link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plantsOf } from '../../test/kits/home-copies.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { findSpill } from '../../test/kits/spills.ts';
import { createProcessesTwin, type ProcessesTwin } from '../../test/twins/processes.ts';
import { Secret } from '../base/secret.ts';
import { createSearches } from '../platform/searches.ts';
import { clients } from '../registry.ts';
import { type Spread, type SpreadOptions, type SpreadPorts, type SpreadSought, spread } from './spread.ts';

const value = 'ghp_w8Zq3rT5yU7iO9pA1sD3fG5hJ7kL2xC4vB6n';
const password = 'pw/Alt+0ld"k&y=93';
const plants = plantsOf(value);
const id = 'github-9a40';
const nobody = 65534;

let machine: Machine;
let twin: ProcessesTwin;
let ports: SpreadPorts;

beforeEach(async () => {
  machine = await scratchMachine();
  twin = createProcessesTwin({ clock: machine.ports.clock });
  const none = async (): Promise<undefined> => undefined;
  const { host, disk } = machine.ports;
  ports = { host, disk, searches: createSearches(host), processes: { ...twin, run: machine.ports.processes.run, which: none } };
});
afterEach(async () => {
  await machine[Symbol.asyncDispose]();
});

const old = (secret: string, more: Partial<SpreadSought> = {}): SpreadSought => ({
  id,
  secret: new Secret(secret),
  dead: true,
  places: [],
  ...more,
});

async function look(sought: readonly SpreadSought[] = [old(value)], more: Partial<SpreadOptions> = {}): Promise<Spread> {
  const before = await stateOf(machine.home);
  const told = await spread(ports, clients, sought, { folders: [], everything: false, ...more });
  expect(await stateOf(machine.home)).toEqual(before);
  expect(
    findSpill(
      told,
      sought.map(({ secret }) => secret),
    ),
  ).toBeUndefined();
  return told;
}

/** Path, mode, times and bytes of everything. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { mode, mtimeMs, ino, nlink } = await lstat(path);
    const bytes = entry.isFile() && (mode & 0o400) !== 0 ? (await readFile(path)).toString('base64') : '';
    all.push([path, mode, mtimeMs, ino, nlink, bytes].join(' '));
    if (entry.isDirectory() && (mode & 0o500) === 0o500) all.push(...(await stateOf(path)));
  }
  return all;
}

describe('copies in every kind of place (failure mode 18)', () => {
  it('are all found, and told for what they are', async () => {
    for (const [path, content] of plants) await machine.write(path, content);
    await machine.write('~/code/app/README.md', 'nothing here\n');
    const { found, gaps, searched } = await look();
    const told = new Map(found.map(({ where, is, count }) => [where.kind === 'file' ? where.file : '', { is, count }]));
    const wrong = plants.flatMap(([path, , what, keeps]) => {
      const is = told.get(machine.path(path))?.is;
      return is?.what.startsWith(what) && is.keeps.startsWith(keeps) ? [] : [[path, is?.what, is?.keeps]];
    });
    expect(wrong).toEqual([]);
    expect(told.size).toBe(plants.length);
    expect(gaps).toEqual([]);
    expect(searched.files).toBe(plants.length + 1);
  });

  it('are found in databases that are open', async () => {
    const file = await machine.write('~/.config/Cursor/User/globalStorage/state.vscdb', '');
    await rm(file);
    const database = new DatabaseSync(file);
    try {
      database.exec('pragma journal_mode = wal; create table cursorDiskKV (key text primary key, value blob)');
      database.prepare('insert into cursorDiskKV values (?, ?)').run('bubbleId:1', JSON.stringify({ text: `TOKEN=${value}` }));
      const { found } = await look();
      expect(found.map(({ where, is }) => [where.kind === 'file' && where.file.slice(file.length), is.keeps])).toEqual([
        ['-wal', 'live database'],
      ]);
      database.exec('pragma wal_checkpoint(truncate)');
      expect((await look()).found.map(({ is }) => is.what)).toEqual(['what Cursor keeps of its sessions']);
    } finally {
      database.close();
    }
  });

  it('are found by their lines, in writings that are told', async () => {
    await machine.write(
      '~/a.json',
      `{\n"p": ${JSON.stringify(password)},\n"u": "postgres://a:${encodeURIComponent(password)}@h/d"}`,
    );
    const { found } = await look([old(password)]);
    expect(found).toMatchObject([
      {
        count: 2,
        spots: [
          { how: 'json-escaped', line: 2 },
          { how: 'percent-encoded', line: 3 },
        ],
        is: { what: 'file' },
      },
    ]);
  });
});

describe('its own places', () => {
  it('are none, unless they hold it once more than is known', async () => {
    const file = await machine.write('~/.cursor/mcp.json', `{"TOKEN":"${value}"}`);
    const live = old(value, { dead: false, places: [file] });
    expect((await look([live])).found).toEqual([]);
    await machine.write('~/.cursor/mcp.json', `{"TOKEN":"${value}","before":"${value}"}`);
    expect((await look([live])).found).toMatchObject([{ dead: false, count: 2, where: { file } }]);
  });

  it('are told of a value that is dead', async () => {
    const file = await machine.write('~/.cursor/mcp.json', `{"TOKEN":"${value}"}`);
    expect((await look([old(value, { places: [file] })])).found).toMatchObject([{ dead: true, where: { file } }]);
  });

  it('are the same by their links', async () => {
    const file = await machine.write('~/dotfiles/mcp.json', `{"TOKEN":"${value}"}`);
    await mkdir(machine.path('~/.cursor'));
    await symlink(file, machine.path('~/.cursor/mcp.json'));
    const live = old(value, { dead: false, places: [machine.path('~/.cursor/mcp.json')] });
    expect((await look([live])).found).toEqual([]);
  });
});

describe('what else is looked at', () => {
  it('processes, by their environment and arguments; and who cannot be looked into is said', async () => {
    const { pid } = twin.start({ name: 'node', env: { TOKEN: value }, args: [] });
    twin.start({ name: 'ssh-agent', env: {}, args: [], unseen: true });
    const { found, gaps } = await look();
    expect(found).toMatchObject([{ where: { kind: 'process', pid, name: 'node', in: 'environment' }, is: { what: 'process' } }]);
    expect(gaps).toMatchObject([{ where: expect.stringContaining('ssh-agent') }]);
  });

  it('says so where processes cannot be looked into at all', async () => {
    ports = { ...ports, processes: { ...ports.processes, holding: async () => 'cannot-tell' } };
    expect(await look()).toMatchObject({ gaps: [{ where: 'running processes' }], searched: { processes: false } });
  });

  it('the table of cron', async () => {
    const program = await machine.write('~/bin/crontab', `#!/bin/sh\necho '0 * * * * TOKEN=${value} job'\n`, 0o700);
    ports = { ...ports, processes: { ...ports.processes, which: async () => program } };
    await rm(program);
    const outside = await mkdtemp(join(tmpdir(), 'mcp-rotate-cron-'));
    try {
      const cron = join(outside, 'crontab');
      await writeFile(cron, `#!/bin/sh\necho '0 * * * * TOKEN=${value} job'\n`, { mode: 0o700 });
      ports = { ...ports, processes: { ...ports.processes, which: async () => cron } };
      expect((await look()).found).toMatchObject([{ where: { kind: 'crontab' }, count: 1, spots: [{ line: 1 }] }]);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('folders that are named, also below ones that are left out', async () => {
    const file = await machine.write('~/code/node_modules/x/index.js', `// ${value}\n`);
    const first = await look();
    expect(first.found).toEqual([]);
    expect(first.skipped).toMatchObject([{ what: 'packages of Node', folders: 1, first: dirname(dirname(file)) }]);
    expect((await look(undefined, { folders: [dirname(file)] })).found).toMatchObject([{ where: { file } }]);
    expect((await look(undefined, { everything: true })).found).toMatchObject([{ where: { file } }]);
  });

  it('the objects of git have a search of their own', async () => {
    await machine.write('~/code/.git/objects/ab/cdef', `${value}\n`);
    expect(await look()).toMatchObject({ found: [], skipped: [{ what: 'history of git', instead: 'mcp-rotate leak search' }] });
  });

  it('names of files and targets of links, without showing the value', async () => {
    await machine.write(`~/x/${value}.txt`, 'nothing');
    await symlink(`/nowhere/${value}`, machine.path('~/x/link'));
    const { found } = await look();
    expect(found).toMatchObject([
      { where: { file: machine.path('~/x/[secret].txt'), in: 'name' }, named: true },
      { where: { file: machine.path('~/x/link'), in: 'link' }, named: false },
    ]);
  });
});

describe('what is not looked at', () => {
  it('what lies behind links is somebody else’s, unless a table names the link', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'mcp-rotate-outside-'));
    try {
      for (const name of ['history', 'mine/a', 'Cursor/logs/MCP.log', 'keys/b']) {
        await mkdir(dirname(join(outside, name)), { recursive: true });
        await writeFile(join(outside, name), `${value}\n`);
      }
      await symlink(join(outside, 'history'), machine.path('~/.bash_history'));
      await symlink(join(outside, 'mine'), machine.path('~/mine'));
      await mkdir(machine.path('~/.config'));
      await symlink(join(outside, 'Cursor'), machine.path('~/.config/Cursor'));
      const { found } = await look();
      expect(new Map(found.map(({ where, is }) => [where.kind === 'file' && where.file, is.what]))).toEqual(
        new Map([
          [machine.path('~/.config/Cursor/logs/MCP.log'), 'what Cursor keeps of its sessions'],
          [join(outside, 'history'), 'history of bash'],
        ]),
      );
      expect((await look(undefined, { folders: [join(outside, 'mine')] })).found).toHaveLength(3);
      expect((await look(undefined, { folders: [machine.path('~/mine')] })).found).toHaveLength(3);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('what may not be read is named', async () => {
    const folder = dirname(await machine.write('~/closed/a', value));
    const file = await machine.write('~/b', value, 0o000);
    await chmod(folder, 0o000);
    // everything can be read by root
    const asRoot = process.getuid?.() === 0;
    if (asRoot) {
      await chown(machine.home, nobody, nobody);
      process.seteuid?.(nobody);
    }
    try {
      const { gaps } = await spread(ports, clients, [old(value)], { folders: [], everything: false });
      expect(new Set(gaps)).toEqual(
        new Set([file, folder].map((where) => ({ code: 'unreadable', where, why: 'permission denied' }))),
      );
    } finally {
      if (asRoot) process.seteuid?.(0);
      await chmod(folder, 0o700);
    }
  });

  it('what is kept compressed or encrypted is named', async () => {
    await machine.write('~/.cache/JetBrains/IntelliJIdea2026.2/LocalHistory/changes.storageData', 'x');
    expect((await look()).gaps).toMatchObject([{ code: 'encrypted', where: expect.stringContaining('LocalHistory') }]);
  });

  it('a value that would be found by chance', async () => {
    await machine.write('~/a', 'secret');
    expect(await look([old('secret')])).toMatchObject({ found: [], gaps: [{ code: 'too-short', where: id }] });
  });

  it('a longer key that begins like it is another key', async () => {
    await machine.write('~/a', `${value}MORE\n`);
    expect((await look()).found).toEqual([]);
  });

  it('a search that was stopped says so', async () => {
    await machine.write('~/a', value);
    expect((await look(undefined, { signal: AbortSignal.abort() })).gaps).toMatchObject([{ code: 'stopped' }]);
  });
});

it('a file under two names is told by both', async () => {
  const file = await machine.write('~/a', value);
  await link(file, machine.path('~/b'));
  expect((await look()).found).toHaveLength(2);
});

it('hostile names are told as they are', async () => {
  const file = await machine.write('~/x\u001b[2J\nfake: line', value);
  expect((await look()).found).toMatchObject([{ where: { file } }]);
});
