/**
 * Goal: every kind of copy that programs leave lying about is listed by the value it holds (failure mode 18), what was not
 * looked at is said, nothing is changed, and no value gets into the answer.
 * Method: the real disk under a scratch home, with the tables of the real clients; one copy or one bound at a time.
 */
import { mkdir, readdir, stat, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { findSpill } from '../../test/kits/spills.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as codex } from '../clients/codex/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { client as gemini } from '../clients/gemini-cli/client.ts';
import {
  findLeftovers,
  isCopyName,
  type Leftovers,
  mostBytes,
  mostFiles,
  mostFound,
  mostTimeMs,
  type Sought,
} from './leftovers.ts';

const old = 'pw/Alt+0ld"k&y=93';
const next = 'tok_N3uer_Schluessel_77';
const clients = [claudeCode, codex, cursor, gemini];

let machine: Machine;
let config: string;

beforeEach(async () => {
  machine = await scratchMachine();
  config = await machine.write('~/.cursor/mcp.json', `{"token": "${next}"}`);
});
afterEach(async () => {
  await machine[Symbol.asyncDispose]();
});

async function look(more: Partial<Sought> = {}): Promise<Leftovers> {
  const secrets = { old: [new Secret(old)], next: [new Secret(next)] };
  const answer = await findLeftovers(machine.ports, clients, { files: [config], ...secrets, ...more });
  expect(findSpill(answer, [...(more.old ?? secrets.old), ...(more.next ?? secrets.next)])).toBeUndefined();
  return answer;
}

const none: Leftovers = { found: [], notSearched: [] };

describe('copies beside an edited file (failure mode 18)', () => {
  it.each([
    'mcp.json.bak',
    'mcp.json.backup-2026-11-20',
    'mcp.json~',
    '.mcp.json.swp',
    '.mcp.json.un~',
    '#mcp.json#',
    'mcp.json.orig',
    'mcp.json.old',
    'mcp.json.corrupted.1763800000000',
    'mcp.json.save.1',
    'mcp.json.tmp.4711',
    'mcp.bak',
    'MCP.JSON.BAK',
    "mcp (Ada's conflicted copy 2026-11-20).json",
    'mcp.sync-conflict-20261120-101500-ABCDEFG.json',
    'mcp 2.json',
    'Copy of mcp.json',
    '.mcp.json.mcp-rotate-4711-0123456789ab',
  ])('%s', async (name) => {
    const file = await machine.write(`~/.cursor/${name}`, `{"password": ${JSON.stringify(old)}}`);
    expect(await look()).toEqual({ found: [{ file, which: 'old' }], notSearched: [] });
  });

  it.each(['mcpx.json', 'state.json', 'README.md'])('%s is another file', async (name) => {
    await machine.write(`~/.cursor/${name}`, old);
    expect(isCopyName('mcp.json', name)).toBe(false);
    expect(await look()).toEqual(none);
  });

  it('beside the file that a link leads to, too', async () => {
    const real = await machine.write('~/dotfiles/servers.json', `{"token": "${next}"}`);
    const copy = await machine.write('~/dotfiles/servers.json.orig', old);
    const link = join(machine.home, '.claude.json');
    await symlink(real, link);
    expect((await look({ files: [link] })).found).toEqual([{ file: copy, which: 'old' }]);
  });

  it('the edited file itself is searched for the old value, and may hold the new one', async () => {
    await machine.write('~/.cursor/mcp.json', `{"token": "${next}", "was": ${JSON.stringify(old)}}`);
    expect(await look()).toEqual({ found: [{ file: config, which: 'old' }], notSearched: [] });
  });

  it('a file with both values is listed twice', async () => {
    const file = await machine.write('~/.cursor/mcp.json.bak', `${old}\n${next}\n`);
    expect((await look()).found).toEqual([
      { file, which: 'old' },
      { file, which: 'new' },
    ]);
  });

  it('changes nothing', async () => {
    await machine.write('~/.cursor/mcp.json.bak', old, 0o400);
    const before = await readdir(machine.home, { recursive: true });
    const { mtimeMs } = await stat(`${config}.bak`);
    expect((await look()).found).toHaveLength(1);
    expect(await readdir(machine.home, { recursive: true })).toEqual(before);
    expect((await stat(`${config}.bak`)).mtimeMs).toBe(mtimeMs);
    expect([await machine.text(`${config}.bak`), await machine.mode(`${config}.bak`)]).toEqual([old, 0o400]);
  });
});

describe('histories and spills (failure mode 18)', () => {
  it.each([
    '~/.bash_history',
    '~/.zsh_history',
    '~/.local/share/fish/fish_history',
    '~/.local/share/powershell/PSReadLine/ConsoleHost_history.txt',
    '~/.psql_history',
    '~/.claude/history.jsonl',
    '~/.claude/projects/-home-ada-app/5f3a.jsonl',
    '~/.claude/file-history/a/b/c@v1',
    '~/.claude/backups/.claude.json.backup.1763800000000',
    '~/.codex/sessions/2026/11/20/rollout.jsonl',
    '~/.cursor/projects/app/agent-transcripts/deep/er/x.txt',
  ])('%s', async (path) => {
    const file = await machine.write(path, `export TOKEN=${next}\n`);
    expect(await look()).toEqual({ found: [{ file, which: 'new' }], notSearched: [] });
  });

  it('where the person keeps them', async () => {
    machine.env['HISTFILE'] = join(machine.home, 'state/typed');
    machine.env['ZDOTDIR'] = join(machine.home, 'zsh');
    machine.env['CLAUDE_CONFIG_DIR'] = join(machine.home, 'cc');
    const files = [
      await machine.write('~/state/typed', old),
      await machine.write('~/zsh/.zsh_history', old),
      await machine.write('~/cc/history.jsonl', old),
    ];
    expect((await look()).found.map(({ file }) => file)).toEqual(files);
  });

  it('of the projects given and of those that a client lists', async () => {
    const given = await machine.write('~/given/.claude/settings.local.json', next);
    const listed = await machine.write('~/listed/.env', `T=${next}`);
    await machine.write('~/.claude.json', JSON.stringify({ projects: { [join(machine.home, 'listed')]: {} } }));
    const { found } = await look({ projects: [join(machine.home, 'given')] });
    expect(found.map(({ file }) => file).sort()).toEqual([given, listed].sort());
  });
});

describe('the value is found', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
  it.each([
    ['as it is', bytes(old)],
    ['percent-encoded', bytes(`postgres://app:${encodeURIComponent(old)}@db/app`)],
    ['JSON-escaped', bytes(JSON.stringify({ old }))],
    ['JSON-escaped twice', bytes(JSON.stringify({ line: JSON.stringify({ old }) }))],
    ['in base64', bytes(`Basic ${Buffer.from(`app:${old}`).toString('base64')}`)],
    ['between the fields of a database', Buffer.concat([Buffer.of(0, 255, 254, 0x80), bytes(`token${old}next`), Buffer.of(0)])],
  ])('%s', async (_title, content) => {
    const file = await machine.write('~/.bash_history', content);
    expect((await look()).found).toEqual([{ file, which: 'old' }]);
  });

  it('with letters outside of ASCII', async () => {
    const file = await machine.write('~/.bash_history', 'PGPASSWORD=schlüßel-für-42 psql');
    expect((await look({ old: [new Secret('schlüßel-für-42')] })).found).toEqual([{ file, which: 'old' }]);
  });

  it('a part that did not change is not old', async () => {
    await machine.write('~/.bash_history', 'same-part-1234567');
    const part = new Secret('same-part-1234567');
    const { found } = await look({ old: [part, new Secret(old)], next: [part] });
    expect(found.map(({ which }) => which)).toEqual(['new']);
  });

  it.each([
    ['hunter2', 'shorter than 8'],
    ['postgres', 'a short word'],
  ])('%s would be found everywhere: it is not searched for, which is said', async (weak, why) => {
    await machine.write('~/.bash_history', `psql ${weak}\n${next}`);
    const answer = await findLeftovers(machine.ports, clients, {
      files: [config],
      old: [new Secret(weak)],
      next: [new Secret(next)],
    });
    expect(answer.found.map(({ which }) => which)).toEqual(['new']);
    expect(answer.notSearched).toEqual([expect.stringContaining(`the old value: ${why}`)]);
    const nothing = await findLeftovers(machine.ports, clients, { files: [config], old: [new Secret(weak)], next: [] });
    expect(nothing).toEqual({ found: [], notSearched: answer.notSearched });
  });

  it('a short one only as a word of its own', async () => {
    await machine.write('~/.bash_history', 'xh4nter22y');
    expect((await look({ old: [new Secret('h4nter22')] })).found).toEqual([]);
    await machine.write('~/.bash_history', 'PW=h4nter22 x');
    expect((await look({ old: [new Secret('h4nter22')] })).found).toHaveLength(1);
  });

  it('in the name of a file, and kept out of the answer', async () => {
    await machine.write(`~/.codex/log/${next}.log`, next);
    expect((await look()).found).toEqual([{ file: join(machine.home, '.codex/log/[secret].log'), which: 'new' }]);
  });
});

describe('bounds', () => {
  it('a file that is too large is named', async () => {
    const file = await machine.write('~/.claude/debug/big.txt', old);
    await truncate(file, mostBytes);
    expect((await look()).found).toEqual([{ file, which: 'old' }]);
    await truncate(file, mostBytes + 1);
    expect(await look()).toEqual({ found: [], notSearched: [`larger than 32 MiB: ${file}`] });
  });

  it('time: what is left is named, and counted beyond a few', async () => {
    await machine.write('~/.bash_history', old);
    const copy = await machine.write('~/.cursor/mcp.json.bak', old);
    let now = 0;
    const { disk } = machine.ports;
    const slow = {
      ...machine.ports,
      clock: { ...machine.ports.clock, elapsed: () => now },
      disk: {
        ...disk,
        read: (path: string, most?: number) => {
          if (path === copy) now += mostTimeMs;
          return disk.read(path, most);
        },
      },
    };
    const answer = await findLeftovers(slow, clients, { files: [config], old: [new Secret(old)], next: [new Secret(next)] });
    expect(answer.found).toEqual([{ file: copy, which: 'old' }]);
    expect(answer.notSearched).toHaveLength(1);
    expect(answer.notSearched[0]).toMatch(/^after 2 s: .*\/\.bash_history, .* and \d+ more$/);
  });

  it('number of finds and of files', async () => {
    for (let i = 0; i < mostFound + 2; i++) await machine.write(`~/.claude/debug/${i}.txt`, old);
    const many = await look();
    expect(many.found).toHaveLength(mostFound);
    expect(many.notSearched).toEqual([expect.stringContaining(`after ${mostFound} finds: `)]);
    for (let i = 0; i < mostFiles; i++) await machine.write(`~/.claude/debug/${i}.txt`, '');
    const slept = { ...machine.ports, clock: { ...machine.ports.clock, elapsed: () => 0 } };
    const all = await findLeftovers(slept, clients, { files: [config], old: [new Secret(old)], next: [new Secret(next)] });
    expect(all.notSearched).toEqual([expect.stringContaining(`after ${mostFiles} files: `)]);
  }, 120_000);

  it('depth: that there is more below is said', async () => {
    await machine.write('~/.claude/tasks/1/2/3/4/5/6/7/x.json', old);
    expect(await look()).toEqual({
      found: [],
      notSearched: [`more folders than are looked into: ${join(machine.home, '.claude/tasks/**')}`],
    });
  });

  it('what cannot be read or listed is named', async () => {
    const file = await machine.write('~/.bash_history', old);
    const { disk } = machine.ports;
    const refuse = (path: string): never => {
      throw new Problem('file/unreadable', { what: `${path} cannot be read` });
    };
    const closed = (path: string): boolean => path === file || path.endsWith('/.codex/log');
    await machine.write('~/.codex/log/a', old);
    const answer = await findLeftovers(
      {
        ...machine.ports,
        disk: {
          ...disk,
          read: (path, most) => (closed(path) ? refuse(path) : disk.read(path, most)),
          list: async (path) => (closed(path) ? refuse(path) : disk.list(path)),
        },
      },
      clients,
      { files: [config], old: [new Secret(old)], next: [new Secret(next)] },
    );
    expect(answer).toEqual({ found: [], notSearched: [`cannot be read: ${file}, ${join(machine.home, '.codex/log/*')}`] });
  });
});

describe('links', () => {
  it('to files and folders are not followed, which is said', async () => {
    const outside = await machine.write('~/elsewhere/x.jsonl', old);
    await mkdir(join(machine.home, '.claude/projects'), { recursive: true });
    await symlink(outside, `${config}.bak`);
    await symlink(join(machine.home, 'elsewhere'), join(machine.home, '.claude/projects/linked'));
    await symlink(join(machine.home, 'elsewhere'), join(machine.home, '.claude/file-history'));
    const { found, notSearched } = await look();
    expect(found.map(({ file }) => file)).toEqual([join(machine.home, '.claude/file-history/x.jsonl')]);
    expect(notSearched).toEqual([`behind a link: ${config}.bak, ${join(machine.home, '.claude/projects/linked/x.jsonl')}`]);
  });

  it('of a project lead nowhere, wherever they stand', async () => {
    await machine.write('~/elsewhere/settings.local.json', old);
    await mkdir(join(machine.home, 'project'));
    await symlink(join(machine.home, 'elsewhere'), join(machine.home, 'project/.claude'));
    const file = join(machine.home, 'project/.claude/settings.local.json');
    expect(await look({ projects: [join(machine.home, 'project')] })).toEqual({
      found: [],
      notSearched: [`behind a link: ${file}`],
    });
  });

  it('what is no file is not opened', async () => {
    await mkdir(`${config}.bak`);
    expect(await look()).toEqual(none);
  });
});
