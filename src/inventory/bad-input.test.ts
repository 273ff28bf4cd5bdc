/**
 * Goal: whatever a file is like, the inventory names it with the right problem, shows the rest, and writes nothing to it.
 * Method: real broken things (links, fifos, folders, 200 MB); a disk that refuses for what a privileged test run cannot be
 * refused.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { toyProviders } from '../../test/kits/providers.ts';
import { Problem } from '../base/problem.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as windsurf } from '../clients/windsurf/client.ts';
import { collect } from './collect.ts';
import type { Inventory } from './inventory.ts';

const adapters = { clients: [claudeCode, windsurf], providers: toyProviders, stores: [] };
const old = 'tok_aaaabbbbccccdd01';

const look = (machine: Machine): Promise<Inventory> => collect(machine.ports, adapters, { folders: [] });
const server = (value: string): string => `{"command":"x","env":{"KEY":${JSON.stringify(value)}}}`;
const main = (value: string): string => `{"mcpServers":{"it":${server(value)}}}`;
const codes = ({ problems }: Inventory): string[] => problems.map(({ code }) => code);

describe('bad input is a problem that names the file, beside the rest', () => {
  const config = '~/.codeium/windsurf/mcp_config.json';
  it.each<[string, string, (machine: Machine) => Promise<unknown>]>([
    ['broken', 'document/broken', (machine) => machine.write(config, `{"mcpServers":{"it":${server(old)}`)],
    ['binary', 'document/not-text', (machine) => machine.write(config, new Uint8Array([0x7f, 0x45, 0, 0xff, 0xfe]))],
    ['nested too deep', 'document/too-deep', (machine) => machine.write(config, `{"a":${'['.repeat(100_000)}`)],
    ['huge', 'file/too-large', async (machine) => truncate(await machine.write(config, ''), 200 * 1024 * 1024)],
    [
      'a link that leads nowhere',
      'file/dangling-link',
      async (machine) => {
        await mkdir(machine.path('~/.codeium/windsurf'), { recursive: true });
        await symlink('nowhere', machine.path(config));
      },
    ],
    [
      'a fifo',
      'file/not-a-file',
      async (machine) => {
        await mkdir(machine.path('~/.codeium/windsurf'), { recursive: true });
        execFileSync('mkfifo', [machine.path(config)]);
      },
    ],
    ['a folder', 'file/not-a-file', (machine) => mkdir(machine.path(config), { recursive: true })],
  ])('%s', async (_title, code, make) => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    await make(machine);
    const inventory = await look(machine);
    expect(codes(inventory)).toEqual([code]);
    expect(inventory.problems[0]?.what).toContain(machine.path(config));
    expect(inventory.problems[0]?.message).not.toContain('tok_');
    expect(inventory.credentials).toHaveLength(1);
  });

  it('unreadable files and folders', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(old));
    await machine.write(config, main(old));
    await mkdir(machine.path('~/code/closed'), { recursive: true });
    const closed = (path: string): boolean => path === machine.path(config) || path === machine.path('~/code/closed');
    const refused = (path: string): Problem => new Problem('file/unreadable', { what: `${path} may not be read` });
    const disk = machine.ports.disk;
    const ports = {
      ...machine.ports,
      disk: {
        ...disk,
        read: (path: string) => (closed(path) ? Promise.reject(refused(path)) : disk.read(path)),
        list: (path: string) => (closed(path) ? Promise.reject(refused(path)) : disk.list(path)),
      },
    };
    const inventory = await collect(ports, adapters, { folders: [machine.path('~/code'), machine.path('~/absent')] });
    expect(codes(inventory).toSorted()).toEqual(['file/absent', 'file/unreadable', 'file/unreadable']);
    expect(inventory.credentials).toHaveLength(1);
  });

  it('values of the wrong type, and names that only look special', async () => {
    await using machine = await scratchMachine();
    const odd = [
      'null',
      '7',
      '"x"',
      '[]',
      '{}',
      '{"command":7}',
      '{"command":"x","args":{"a":1},"env":[1],"headers":"x"}',
      '{"url":[]}',
    ];
    const servers = odd.map((value, i) => `"s${i}":${value}`).join(',');
    const good = `"__proto__":${server(old)},"constructor":{"command":"x","env":{"__proto__":"${old}"}},"../../etc":${server(old)}`;
    await machine.write(
      '~/.claude.json',
      `{"projects":{"../rel":{"mcpServers":{"r":${server(old)}}}},"mcpServers":{${servers},${good}}}`,
    );
    const asked: string[] = [];
    const { disk } = machine.ports;
    const noting = {
      ...disk,
      read: (path: string) => {
        asked.push(path);
        return disk.read(path);
      },
      list: (path: string) => {
        asked.push(path);
        return disk.list(path);
      },
    };
    const inventory = await collect({ ...machine.ports, disk: noting }, adapters, { folders: [] });
    expect(asked.filter((path) => !path.startsWith('/'))).toEqual([]);
    expect(inventory.uses.find(({ server: name }) => name === 'r')).not.toHaveProperty('project');
    expect(codes(inventory)).toEqual([]);
    expect(inventory.credentials[0]?.places.map(({ use }) => use.server).toSorted()).toEqual([
      '../../etc',
      '__proto__',
      'constructor',
      'r',
    ]);
    expect(({} as Record<string, unknown>)['command']).toBeUndefined();
  });

  it('an empty file is an empty file', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', '');
    await machine.write(config, ' \n');
    expect(await look(machine)).toMatchObject({ credentials: [], problems: [], uses: [] });
  });

  it('a machine without any client is empty, and nothing is asked of git (failure mode 19)', async () => {
    await using machine = await scratchMachine();
    expect(await look(machine)).toEqual({ credentials: [], problems: [], uses: [], unseen: [], remotes: [] });
    expect(machine.ran).toEqual([]);
  });
});
