/**
 * Goal: Claude Code's three scopes, its settings and its references are followed as the program follows them.
 * Method: the kit; for precedence, machines that tell the sources apart (tried against the real program, see NOTES.md).
 */
import { describe, expect, it } from 'vitest';
import { describeClient } from '../../../test/kits/client.ts';
import { scratchMachine } from '../../../test/kits/machine.ts';
import { partText, toyProviders } from '../../../test/kits/providers.ts';
import { readDocument } from '../../documents/read.ts';
import { collect } from '../../inventory/collect.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import { client } from './client.ts';

const main = '~/.claude.json';
const user = (entry: string): string => `{\n  "numStartups": 3,\n  "mcpServers": {\n    "it": ${entry}\n  }\n}\n`;

describeClient(client, [
  {
    title: 'user scope',
    files: { [main]: user('{"type":"stdio","command":"x","args":[],"env":{"KEY":"OLD"}}') },
    reaches: { env: 'KEY' },
  },
  {
    title: 'local scope of a project',
    files: { [main]: '{"projects":{"HOME/p":{"allowedTools":[],"mcpServers":{"it":{"command":"x","args":["--key=OLD"]}}}}}' },
    reaches: { arg: '--key' },
  },
  {
    title: 'project scope, in a project that it lists',
    files: {
      [main]: '{"projects":{"HOME/p":{}}}',
      '~/p/.mcp.json':
        '\ufeff{"mcpServers":{"it":{"type":"http","url":"https://x.test/mcp","headers":{"Authorization":"Bearer OLD"}}}}',
    },
    reaches: { header: 'Authorization' },
  },
  {
    title: 'project scope, in a folder above the project',
    files: {
      [main]: '{"projects":{"HOME/p/deep/er":{}}}',
      '~/p/.mcp.json': '{"mcpServers":{"it":{"type":"sse","url":"https://x.test/sse?apiKey=OLD"}}}',
    },
    reaches: 'url',
  },
  {
    title: 'variable out of the person’s settings',
    files: {
      [main]: user('{"command":"x","env":{"KEY":"${TOKEN}"}}'),
      '~/.claude/settings.json': '{"env":{"TOKEN":"OLD"},"model":"x"}',
    },
    uses: ['brace'],
    reaches: { env: 'KEY' },
  },
  {
    title: 'variable out of the project’s local settings',
    files: {
      [main]: '{"projects":{"HOME/p":{}}}',
      '~/p/.mcp.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"${TOKEN}"}}}}',
      '~/p/.claude/settings.local.json': '{"env":{"TOKEN":"OLD"}}',
    },
    reaches: { env: 'KEY' },
  },
  {
    title: 'variable out of a shell profile, read by two shells',
    files: {
      [main]: user('{"type":"http","url":"https://x.test/mcp","headers":{"X-Api-Key":"${TOKEN}"}}'),
      '~/.zshrc': '# keys\nexport TOKEN="OLD" # mine\nalias ll=ls\n',
      '~/.bashrc': "export TOKEN='OLD'\n",
    },
    reaches: { header: 'X-Api-Key' },
  },
  {
    title: 'default of an unset variable',
    files: { [main]: user('{"command":"x","env":{"KEY":"${TOKEN:-OLD}"}}') },
    uses: ['brace-default'],
    reaches: { env: 'KEY' },
  },
  {
    title: 'where CLAUDE_CONFIG_DIR moves it',
    env: { CLAUDE_CONFIG_DIR: 'HOME/moved' },
    files: {
      '~/moved/.claude.json': user('{"command":"x","env":{"KEY":"${T}"}}'),
      '~/moved/settings.json': '{"env":{"T":"OLD"}}',
    },
    reaches: { env: 'KEY' },
  },
  ...(
    [
      ['cache/m/p/1.0/.mcp.json', '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}'],
      ['cache/m/p/1.0/.mcp.json', '{"it":{"command":"x","env":{"KEY":"OLD"}}}'],
      ['repos/o/p/.mcp.json', '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}'],
      ['repos/o/p/.mcp.json', '{"it":{"command":"x","env":{"KEY":"OLD"}}}'],
      ['repos/o/p/.claude-plugin/plugin.json', '{"name":"p","mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}'],
    ] as const
  ).map(([path, text]) => ({
    title: `plugin: ${path} ${text.slice(0, 14)}`,
    files: { [`~/.claude/plugins/${path}`]: text },
    byHand: true as const,
    reaches: { env: 'KEY' },
  })),
]);

describe('Claude Code alone', () => {
  const launchOf = async (files: Record<string, string>, env: Record<string, string> = {}): Promise<unknown> => {
    await using machine = await scratchMachine();
    Object.assign(machine.env, env);
    for (const [path, text] of Object.entries(files)) await machine.write(path, text.replaceAll('HOME', machine.home));
    const { uses } = await collect(machine.ports, { clients: [client], providers: [], stores: [] }, { folders: [] });
    const use = uses.find(({ server }) => server === 'it');
    if (!use) throw new Error('no such server');
    const { launch, unresolved } = await resolveUse(machine.ports, client, use);
    return launch ?? unresolved;
  };
  const settings = (value: string): string => JSON.stringify({ env: { T: value } });
  const mcp = '{"mcpServers":{"it":{"command":"x","args":["${T}"]}}}';

  it('takes settings before the process environment, and the nearer settings before the farther', async () => {
    const files: Record<string, string> = { [main]: '{"projects":{"HOME/p":{}}}', '~/p/.mcp.json': mcp };
    const env = { T: 'process' };
    expect(await launchOf(files, env)).toMatchObject({ args: ['process'] });
    files['~/.claude/settings.json'] = settings('person');
    expect(await launchOf(files, env)).toMatchObject({ args: ['person'] });
    files['~/p/.claude/settings.json'] = settings('project');
    expect(await launchOf(files, env)).toMatchObject({ args: ['project'] });
    files['~/p/.claude/settings.local.json'] = settings('local');
    expect(await launchOf(files, env)).toMatchObject({ args: ['local'] });
  });

  it('knows no other syntax, and does not start a server with an unset variable', async () => {
    const files = { [main]: user('{"command":"x","args":["$T","${env:T}","${T:-a:-b}"]}') };
    expect(await launchOf(files, { T: 'v' })).toMatchObject({ args: ['$T', '${env:T}', 'v'] });
    expect(await launchOf(files)).toMatchObject({ args: ['$T', '${env:T}', 'a:-b'] });
    expect(await launchOf({ [main]: user('{"command":"x","args":["${T}"]}') })).toEqual(['${T}']);
  });

  it('finds a default that is not in force, for it is a copy all the same', async () => {
    await using machine = await scratchMachine();
    machine.env['T'] = 'tok_inforce000000000';
    await machine.write(main, user('{"command":"x","env":{"KEY":"${T:-tok_default000000000}"}}'));
    const { credentials } = await collect(
      machine.ports,
      { clients: [client], providers: toyProviders, stores: [] },
      { folders: [] },
    );
    const found = credentials.flatMap(({ held, places }) =>
      places.map(({ spot, via }) => [partText(held, 'token'), spot?.start, ...via]),
    );
    expect(found).toEqual([
      ['tok_inforce000000000', undefined, '${T:-…}'],
      ['tok_default000000000', 5, '${T:-…}'],
    ]);
  });

  it('finds what a farther source or another shell would give, and does not mix it with what is in force', async () => {
    await using machine = await scratchMachine();
    Object.assign(machine.env, { SHELL: '/usr/bin/zsh', S: 'what-an-older-terminal-holds' });
    await machine.write('~/.zshrc', 'export TOY_KEY_ID=ID1\nexport S=old-secret\nexport S=secret-1\n');
    await machine.write('~/.bashrc', 'export TOY_KEY_ID=ID2\nexport S=secret-2\n');
    await machine.write('~/.profile', 'export S=$(pass show s)\n');
    await machine.write(main, user('{"command":"x","env":{"TOY_KEY_ID":"${TOY_KEY_ID}","TOY_SECRET_KEY":"${S}"}}'));
    const inventory = await collect(machine.ports, { clients: [client], providers: toyProviders, stores: [] }, { folders: [] });
    expect(inventory.problems).toEqual([]);
    const found = inventory.credentials.map(({ held, places }) => [
      partText(held, 'id'),
      partText(held, 'secret') ?? partText(held, 'value'),
      places.some(({ dormant }) => dormant),
    ]);
    expect(found).toEqual([
      ['ID1', 'secret-1', false],
      ['ID2', 'old-secret', true],
      [undefined, 'secret-2', true],
    ]);
    for (const { held, places } of inventory.credentials) {
      for (const { part, spot } of places) {
        if (!spot) throw new Error('every copy here stands in a file');
        const text = readDocument(await machine.bytes(spot.file), spot.format).get(spot.path);
        expect(String(text).slice(spot.start, spot.end)).toBe(partText(held, part));
      }
    }
  });

  it('says where a helper command or a plugin’s answer keeps its key', async () => {
    await using machine = await scratchMachine();
    await machine.write(
      main,
      user('{"type":"http","url":"https://x.test","headersHelper":"get-key","headers":{"A":"${user_config.key}"}}'),
    );
    const { unseen, problems } = await collect(machine.ports, { clients: [client], providers: [], stores: [] }, { folders: [] });
    expect(unseen.map(({ name, why }) => [name, why])).toEqual([
      ['A', 'client-cache'],
      ['headersHelper', 'wrapper'],
    ]);
    expect(problems.map(({ code }) => code)).toEqual(['inventory/reference-unresolved', 'inventory/reference-unresolved']);
  });
});
