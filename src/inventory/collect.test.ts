/**
 * Goal: the inventory is complete and true.
 * Method: scratch homes with real files and real git.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { toyProviders } from '../../test/kits/providers.ts';
import { describeWith } from '../../test/parts.ts';
import { Problem } from '../base/problem.ts';
import { day } from '../base/time.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as claudeDesktop } from '../clients/claude-desktop/client.ts';
import { client as codex } from '../clients/codex/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { client as gemini } from '../clients/gemini-cli/client.ts';
import { client as opencode } from '../clients/opencode/client.ts';
import { client as vscode } from '../clients/vscode/client.ts';
import { client as windsurf } from '../clients/windsurf/client.ts';
import type { AgeSource } from './ages.ts';
import { collect } from './collect.ts';
import { planEdits } from './edit.ts';
import { isPlainHttp } from './findings.ts';
import type { Inventory } from './inventory.ts';

const clients = [claudeCode, claudeDesktop, codex, cursor, gemini, opencode, vscode, windsurf];
const adapters = { clients, providers: toyProviders, stores: [] };
const old = 'tok_aaaabbbbccccdd01';

const look = (machine: Machine, folders: string[] = [], ages?: AgeSource): Promise<Inventory> =>
  collect(machine.ports, adapters, { folders: folders.map((each) => machine.path(each)) }, ages);

const server = (value: string): string => `{"command":"x","env":{"KEY":${JSON.stringify(value)}}}`;
const main = (value: string): string => `{"mcpServers":{"it":${server(value)}}}`;
const codes = ({ problems }: Inventory): string[] => problems.map(({ code }) => code);
const findings = ({ credentials }: Inventory): string[] => credentials.flatMap((each) => each.findings.map(({ code }) => code));

describe('one key', () => {
  it('in five files of five clients is one credential', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    await machine.write('~/.config/Claude/claude_desktop_config.json', main(old));
    await machine.write('~/.codex/config.toml', `[mcp_servers.it]\ncommand = "x"\nargs = ["--token", "${old}"]\n`);
    await machine.write('~/.config/Code/User/mcp.json', `{"servers":{"it":${server(`Bearer ${old}`)}}}`);
    await machine.write('~/code/p/.cursor/mcp.json', main(old));
    const { credentials, uses } = await look(machine, ['~/code']);
    expect(credentials).toHaveLength(1);
    expect(uses).toHaveLength(5);
    expect(credentials[0]?.places.map(({ use, spot }) => [use.client, spot?.start])).toEqual([
      ['claude-code', 0],
      ['claude-desktop', 0],
      ['codex', 0],
      ['cursor', 0],
      ['vscode', 7],
    ]);
    expect(credentials[0]?.id).toMatch(/^toy-token-[0-9a-f]{4}$/);
    expect(credentials[0]?.id).toBe(`toy-token-${credentials[0]?.fingerprint.slice(0, 4)}`);
  });

  it('keeps its fingerprint and id from run to run, and has another on another machine', async () => {
    await using one = await scratchMachine();
    await using other = await scratchMachine();
    for (const machine of [one, other]) await machine.write('~/.claude.json', main(old));
    const [first, again, elsewhere] = [await look(one), await look(one), await look(other)];
    expect(again.credentials[0]?.fingerprint).toBe(first.credentials[0]?.fingerprint);
    expect(elsewhere.credentials[0]?.fingerprint).not.toBe(first.credentials[0]?.fingerprint);
    expect(await one.mode('~/.local/state/mcp-rotate/fingerprint.key')).toBe(0o600);
    expect((await one.bytes('~/.local/state/mcp-rotate/fingerprint.key')).length).toBe(32);
  });

  it('is listed where only a person can change it (failure mode 15)', async () => {
    await using machine = await scratchMachine();
    machine.env['TOKEN'] = old;
    await machine.write('~/.cursor/mcp.json', main('${env:TOKEN}'));
    await machine.write('~/.codex/requirements.toml', `mcp_servers.it = { command = "x", env = { K = "${old}" } }\n`);
    await machine.write(
      '~/.claude.json',
      `{"mcpServers":{"it":{"command":"x","env":{"A":"tok_aaaabbbb\${B}","C":"op://v/i/f"}}}}`,
    );
    await machine.write('~/.claude/settings.json', '{"env":{"B":"ccccdd01"}}');
    const inventory = await look(machine);
    const [credential] = inventory.credentials.filter(({ provider }) => provider === 'toy-token');
    const access = credential?.places.map((place) => [place.use.client, place.access.editable || place.access.why]);
    expect(access?.toSorted()).toEqual([
      ['claude-code', 'split'],
      ['codex', 'managed'],
      ['cursor', 'environment'],
    ]);
    expect(credential && planEdits(credential, credential.held)).toEqual([]);
    expect(findings(inventory).filter((code) => code === 'not-editable')).toHaveLength(3);
    expect(inventory.unseen).toMatchObject([{ name: 'C', reference: 'op://v/i/f', why: 'wrapper' }]);
  });
});

describe('findings', () => {
  it('name arguments, plain http and other readers', async () => {
    await using machine = await scratchMachine();
    const remote = (url: string): string => `{"url":"${url}","headers":{"K":"v"}}`;
    const text = `{"mcpServers":{"a":{"command":"x","args":["--t=${old}"]},"b":${remote(`http://x.test/?t=${old}`)},"c":${remote(`http://127.0.0.1:1/${old}`)}}}`;
    await machine.write('~/.claude.json', text, 0o644);
    const [credential] = (await look(machine)).credentials;
    const found = credential?.findings.map(({ code, text }) => `${code}: ${text}`.replaceAll(machine.home, '~'));
    expect(found?.toSorted()).toEqual([
      'in-arguments: a (claude-code) is given it as an argument (--t), which every process can see',
      'plain-http: b (claude-code) sends it without encryption',
      'readable-by-others: ~/.claude.json can be read by other users (mode 0644)',
    ]);
  });

  it.each([
    [0o600, 0],
    [0o640, 1],
    [0o604, 1],
    [0o711, 0],
  ])('tell who can read mode %o', async (mode, times) => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old), mode);
    expect(findings(await look(machine)).filter((code) => code === 'readable-by-others')).toHaveLength(times);
  });

  it.each([
    ['http://x.test/mcp', true],
    ['HTTP://u:p@x.test', true],
    ['http://localhost.x.test', true],
    ['http://127.0.0.1.x.test', true],
    ['https://x.test', false],
    ['http://localhost:8080/mcp', false],
    ['http://a.localhost', false],
    ['http://127.8.9.1/', false],
    ['http://[::1]:1/', false],
  ])('take %s for plain http to another machine: %s', (address, expected) => {
    expect(isPlainHttp(address)).toBe(expected);
  });

  it('say that a header goes out over plain http too', async () => {
    await using machine = await scratchMachine();
    await machine.write(
      '~/.claude.json',
      `{"mcpServers":{"it":{"type":"http","url":"http://x.test/mcp","headers":{"A":"Bearer ${old}"}}}}`,
    );
    expect(findings(await look(machine))).toContain('plain-http');
  });

  it('list an unknown key as one, with a name that cannot move the cursor', async () => {
    await using machine = await scratchMachine();
    const name = '\u001b[2J\n../__proto__';
    await machine.write(
      '~/.claude.json',
      JSON.stringify({ mcpServers: { [name]: { command: 'x', args: ['--api-key', 'q7Jd0mW2xZ4vB8nK'] } } }),
    );
    const inventory = await look(machine);
    expect(inventory.credentials.map(({ provider, valueClass, dueInDays }) => [provider, valueClass, dueInDays])).toEqual([
      ['unknown', 'unknown', undefined],
    ]);
    expect(findings(inventory)).toContain('unknown-provider');
    const texts = JSON.stringify(inventory.credentials.map((each) => each.findings));
    expect(texts).not.toContain('\\u001b');
    expect(texts).not.toContain('q7Jd0mW2xZ4vB8nK');
  });
});

describeWith(['git'], 'git', () => {
  const git = (folder: string, ...args: string[]): void => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@t.test', '-c', 'init.defaultBranch=main'];
    execFileSync('git', [...identity, '-C', folder, ...args], { stdio: 'ignore' });
  };

  it('tells tracked, not ignored and ignored files apart, one process per repository (failure mode 15)', async () => {
    await using machine = await scratchMachine();
    for (const name of ['a', 'b', 'c']) await machine.write(`~/code/${name}/.mcp.json`, main(old));
    await machine.write('~/code/b/.gitignore', '.mcp.json\n');
    await machine.write('~/dot/:(x) settings.json', main(old));
    await mkdir(machine.path('~/.cursor'));
    await symlink(machine.path('~/dot/:(x) settings.json'), machine.path('~/.cursor/mcp.json'));
    for (const folder of ['~/code', '~/dot']) git(machine.path(folder), 'init', '-q');
    git(machine.path('~/code'), 'add', 'a/.mcp.json');
    git(machine.path('~/dot'), 'add', '.');
    const { credentials } = await look(machine, ['~/code']);
    const tracked = credentials[0]?.places
      .filter(({ gitTracked }) => gitTracked)
      .map(({ spot }) => spot?.file.replace(machine.home, '~'));
    expect([...new Set(tracked)].toSorted()).toEqual(['~/.cursor/mcp.json', '~/code/a/.mcp.json']);
    const texts = credentials[0]?.findings
      .filter(({ code }) => code === 'git-tracked')
      .map(({ text }) => text.replaceAll(machine.home, '~'));
    expect(texts?.toSorted()).toEqual([
      '~/.cursor/mcp.json is tracked by git',
      '~/code/a/.mcp.json is tracked by git',
      '~/code/c/.mcp.json is not ignored by git: the next `git add` takes it in',
    ]);
    expect(machine.ran).toHaveLength(2);
  });

  it('runs nothing that a repository names', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/code/.mcp.json', main(old));
    git(machine.path('~/code'), 'init', '-q');
    const trap = await machine.write('~/trap', `#!/bin/sh\ntouch "${machine.home}/sprung"\n`, 0o755);
    git(machine.path('~/code'), 'config', 'core.fsmonitor', trap);
    git(machine.path('~/code'), 'add', '.mcp.json');
    await machine.ports.disk.remove(machine.path('~/sprung'));
    expect(findings(await look(machine, ['~/code']))).toContain('git-tracked');
    expect(await machine.ports.disk.kind(machine.path('~/sprung'))).toBeUndefined();
  });

  it('is not started where there is no repository, and claims nothing when it is missing', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/code/.mcp.json', main(old));
    await look(machine, ['~/code']);
    expect(machine.ran).toEqual([]);
    git(machine.path('~/code'), 'init', '-q');
    machine.env['PATH'] = '';
    expect(findings(await look(machine, ['~/code']))).not.toContain('git-tracked');
  });
});

describe('age', () => {
  it('is what is surest: our rotation, then the older of first sighting and last change of the file', async () => {
    await using machine = await scratchMachine();
    const file = await machine.write('~/.claude.json', main(old));
    const start = machine.now;
    const aged = async (days: number): Promise<void> => utimes(file, new Date(start - days * day), new Date(start - days * day));
    const age = async (ages?: AgeSource): Promise<unknown[]> => {
      const [credential] = (await look(machine, [], ages)).credentials;
      return [credential?.age.days, credential?.age.basis, credential?.dueInDays];
    };
    await aged(10);
    expect(await age()).toEqual([10, 'file', 80]);
    machine.now = start + 30 * day;
    // A neighbour in the same file was rotated: that must not make this key look young.
    await utimes(file, new Date(machine.now), new Date(machine.now));
    expect(await age()).toEqual([40, 'first-seen', 50]);
    expect(await age({ rotatedAt: () => start + 25 * day })).toEqual([5, 'rotated', 85]);
    expect(findings(await look(machine))).not.toContain('overdue');
    machine.now = start + 91 * day;
    expect(findings(await look(machine))).toContain('overdue');
    machine.now = start - 20 * day;
    expect((await age())[0]).toBe(0);
  });

  it('of a key in no file is unknown at first sight, and counted from then on', async () => {
    await using machine = await scratchMachine();
    machine.env['TOKEN'] = old;
    await machine.write('~/.cursor/mcp.json', main('${env:TOKEN}'));
    const first = await look(machine);
    expect([first.credentials[0]?.age, findings(first).includes('age-unknown')]).toEqual([
      { days: undefined, basis: 'unknown' },
      true,
    ]);
    machine.now += 3 * day;
    expect((await look(machine)).credentials[0]?.age).toMatchObject({ days: 3, basis: 'first-seen' });
  });

  it('begins anew after a damaged note, which holds fingerprints and times alone', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    await look(machine);
    const note = '~/.local/state/mcp-rotate/first-seen.json';
    expect(await machine.text(note)).not.toContain('tok_');
    expect(await machine.mode(note)).toBe(0o600);
    for (const damage of ['', '{', '[]', '{"schema":"mcp-rotate/first-seen@1","seen":{"x":1}}']) {
      await machine.write(note, damage);
      expect(codes(await look(machine))).toEqual([]);
    }
  });
});

describe('a home that cannot be written to', () => {
  it('is shown all the same, and nothing is written twice when nothing is new', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    const refuse = async (): Promise<never> => {
      throw new Problem('file/unwritable', { what: 'the file system is read-only' });
    };
    const readOnly = { ...machine.ports, disk: { ...machine.ports.disk, replace: refuse, makeFolder: refuse } };
    const inventory = await collect(readOnly, adapters, { folders: [] });
    expect(inventory.credentials).toHaveLength(1);
    expect(inventory.problems).toMatchObject([
      { code: 'file/unwritable', state: 'fingerprints and ids are good for this run only' },
    ]);
    await look(machine);
    let writes = 0;
    const counted = async (): Promise<never> => {
      writes++;
      return refuse();
    };
    const quiet = { ...machine.ports, disk: { ...machine.ports.disk, replace: counted } };
    expect(codes(await collect(quiet, adapters, { folders: [] }))).toEqual([]);
    expect(writes).toBe(0);
  });

  it('does not use a damaged key, nor replace it', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    await machine.write('~/.local/state/mcp-rotate/fingerprint.key', 'short');
    const inventory = await look(machine);
    expect(codes(inventory)).toEqual(['state/damaged']);
    expect(inventory.credentials).toHaveLength(1);
    expect(await machine.text('~/.local/state/mcp-rotate/fingerprint.key')).toBe('short');
    // Fingerprints of a key that nobody keeps are not worth noting.
    expect(await machine.ports.disk.kind(machine.path('~/.local/state/mcp-rotate/first-seen.json'))).toBeUndefined();
  });
});
