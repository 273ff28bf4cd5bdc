/**
 * Goal: Gemini CLI's settings and its search for a `.env` file are followed as the program follows them.
 * Method: the kit; the search apart (tried against the real program, see NOTES.md).
 */
import { describe, expect, it } from 'vitest';
import { describeClient } from '../../../test/kits/client.ts';
import { scratchMachine } from '../../../test/kits/machine.ts';
import { collect } from '../../inventory/collect.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import { client } from './client.ts';

const user = '~/.gemini/settings.json';
const listed = { '~/.gemini/projects.json': '{"projects":{"HOME/p":"p"}}' };

describeClient(client, [
  {
    title: 'user scope, with a comment',
    files: { [user]: '{\n  // mine\n  "mcpServers": {"it": {"command": "x", "env": {"KEY": "OLD"}}}\n}' },
    reaches: { env: 'KEY' },
  },
  {
    title: 'a project that it lists, as its own command writes it',
    files: {
      ...listed,
      '~/p/.gemini/settings.json':
        '{"mcpServers":{"it":{"url":"http://localhost:1/mcp","type":"http","headers":{"Authorization":"Bearer OLD"}}}}',
    },
    reaches: { header: 'Authorization' },
  },
  {
    title: 'a folder that it trusts; a variable in an address, from a shell profile',
    files: {
      '~/.gemini/trustedFolders.json': '{"HOME/p":"TRUST_FOLDER"}',
      '~/p/.gemini/settings.json': '{"mcpServers":{"it":{"httpUrl":"https://x.test/?k=$TOKEN"}}}',
      '~/.profile': 'export TOKEN=OLD\n',
    },
    uses: ['dollar'],
    reaches: 'url',
  },
  {
    title: 'variable in braces, from its own .env',
    files: { [user]: '{"mcpServers":{"it":{"command":"x","env":{"KEY":"${TOKEN}"}}}}', '~/.gemini/.env': 'TOKEN=OLD' },
    uses: ['brace'],
    reaches: { env: 'KEY' },
  },
  {
    title: 'default of an unset variable',
    files: { [user]: '{"mcpServers":{"it":{"command":"x","env":{"KEY":"${TOKEN:-OLD}"}}}}' },
    uses: ['brace-default'],
    reaches: { env: 'KEY' },
  },
  {
    title: 'client secret of a static sign-in',
    files: { [user]: '{"mcpServers":{"it":{"url":"https://x.test","oauth":{"clientSecret":"OLD"}}}}' },
    reaches: { field: 'oauth.clientSecret' },
  },
  {
    title: 'where GEMINI_CLI_HOME moves it',
    env: { GEMINI_CLI_HOME: 'HOME/moved' },
    files: { '~/moved/.gemini/settings.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    reaches: { env: 'KEY' },
  },
  ...['GEMINI_CLI_SYSTEM_SETTINGS_PATH', 'GEMINI_CLI_SYSTEM_DEFAULTS_PATH'].map((name) => ({
    title: `managed: ${name}`,
    env: { [name]: 'HOME/managed.json' },
    files: { '~/managed.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    byHand: true as const,
    reaches: { env: 'KEY' },
  })),
  {
    title: 'extension',
    files: { '~/.gemini/extensions/e/gemini-extension.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    byHand: true,
    reaches: { env: 'KEY' },
  },
]);

describe('Gemini CLI alone', () => {
  it('does not put a variable of a .env into arguments and addresses', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.env', 'T=home\n');
    const servers =
      '"a":{"command":"x","args":["$T"]},"b":{"httpUrl":"https://x.test/$T"},"c":{"url":"https://x.test","headers":{"K":"$T"}}';
    await machine.write(user, `{"mcpServers":{${servers}}}`);
    const { uses, unseen } = await collect(machine.ports, { clients: [client], providers: [], stores: [] }, { folders: [] });
    expect(uses).toHaveLength(3);
    expect(unseen.map(({ use, reference }) => [use.server, reference])).toEqual([
      ['a', '$T'],
      ['b', '$T'],
    ]);
  });

  it('reads one .env, the first upwards, and that after the process environment', async () => {
    await using machine = await scratchMachine();
    for (const [path, text] of Object.entries(listed))
      await machine.write(path, text.replaceAll('HOME/p', `${machine.home}/a/p`));
    await machine.write(
      '~/a/p/.gemini/settings.json',
      '{"mcpServers":{"it":{"command":"x","args":["${T:-none}"],"env":{"T":"$T","U":"${U:-none}"}}}}',
    );
    const given = async (): Promise<unknown> => {
      const { uses } = await collect(machine.ports, { clients: [client], providers: [], stores: [] }, { folders: [] });
      const launch = uses[0] && (await resolveUse(machine.ports, client, uses[0])).launch;
      return launch?.kind === 'stdio' ? [launch.env['T'], launch.env['U'], ...launch.args] : undefined;
    };
    await machine.write('~/.env', 'T=home\nU=home\n');
    expect(await given()).toEqual(['home', 'none', 'none']);
    await machine.write('~/a/.env', 'T=above\n');
    expect(await given()).toEqual(['above', 'none', 'none']);
    await machine.write('~/a/p/.env', 'T=project\n');
    expect(await given()).toEqual(['project', 'none', 'none']);
    await machine.write('~/a/p/.gemini/.env', 'T=nearest\n');
    expect(await given()).toEqual(['nearest', 'none', 'none']);
    machine.env['T'] = 'process';
    expect(await given()).toEqual(['process', 'none', 'process']);
    delete machine.env['T'];
    await machine.write('~/a/p/.gemini/.env', '');
    expect(await given()).toBeUndefined();
  });
});
