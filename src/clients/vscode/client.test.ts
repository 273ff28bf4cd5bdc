/**
 * Goal: the files of VS Code, Insiders and VSCodium are read and edited in each form that the editor takes.
 * Method: the kit; the cached answers of `${input:…}` apart, since no file holds them.
 */
import { expect, it } from 'vitest';
import { describeClient } from '../../../test/kits/client.ts';
import { scratchMachine } from '../../../test/kits/machine.ts';
import { collect } from '../../inventory/collect.ts';
import { client } from './client.ts';

const entry = '{"command":"x","env":{"KEY":"OLD","N":3}}';
const own = `{\n  // servers\n  "servers": {"it": ${entry},},\n  "inputs": [],\n}\n`;
const dotted = `{"editor.fontSize": 12, "mcp.servers": {"it": ${entry}}, /* end */}`;
const nested = `{"mcp": {"servers": {"it": ${entry}}}}`;
const folders = [
  '~/.config/Code/User',
  '~/.config/Code - Insiders/User',
  '~/.config/VSCodium/User',
  '~/.vscode-server/data/User',
];
const reaches = { env: 'KEY' };

describeClient(client, [
  ...folders.flatMap((folder) => [
    { title: `${folder}: mcp.json`, files: { [`${folder}/mcp.json`]: own }, reaches },
    { title: `${folder}: of a profile`, files: { [`${folder}/profiles/-3f1/mcp.json`]: own }, reaches },
    { title: `${folder}: older setting, dotted`, files: { [`${folder}/settings.json`]: dotted }, reaches },
    { title: `${folder}: older setting, nested`, files: { [`${folder}/settings.json`]: nested }, reaches },
  ]),
  ...[
    ['mcp.json', own],
    ['profiles/p/mcp.json', own],
    ['settings.json', dotted],
    ['settings.json', nested],
  ].map(([name, text = '']) => ({
    title: `portable: ${name} ${text.slice(0, 8)}`,
    env: { VSCODE_PORTABLE: 'HOME/portable' },
    files: { [`~/portable/user-data/User/${name}`]: text },
    reaches,
  })),
  ...[
    ['.vscode/mcp.json', own],
    ['.vscode/settings.json', dotted],
    ['.vscode/settings.json', nested],
    ['team.code-workspace', `{"folders":[],"settings":${dotted}}`],
    ['team.code-workspace', `{"folders":[],"settings":${nested}}`],
    ['.devcontainer/devcontainer.json', `{"customizations":{"vscode":${dotted}}}`],
    ['.devcontainer/devcontainer.json', `{"customizations":{"vscode":${nested}}}`],
  ].map(([path, text = '']) => ({
    title: `workspace: ${path} ${text.slice(0, 40)}`,
    in: ['~/code'],
    files: { [`~/code/w/${path}`]: text },
    reaches,
  })),
  {
    title: 'the shared file of a project, which knows ${VAR} alone',
    in: ['~/code'],
    files: {
      '~/code/w/.mcp.json': '{"mcpServers":{"it":{"command":"x","args":["${env:T}"],"env":{"KEY":"${T:-OLD}"}}}}',
    },
    reaches,
  },
  {
    title: 'the file shared with Copilot',
    files: { '~/.copilot/mcp-config.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    reaches,
  },
  {
    title: 'variable of the environment in an address',
    files: {
      '~/.config/Code/User/mcp.json': '{"servers":{"it":{"type":"http","url":"https://x.test/mcp?key=${env:TOKEN}"}}}',
      '~/.bash_profile': 'export TOKEN=OLD',
    },
    uses: ['env-colon'],
    reaches: 'url',
  },
  {
    title: 'env file of a workspace',
    in: ['~/code'],
    files: {
      '~/code/w/.vscode/mcp.json': '{"servers":{"it":{"type":"stdio","command":"x","envFile":"${workspaceFolder}/.env"}}}',
      '~/code/w/.env': "KEY='OLD'\r\nB=2\r\n",
    },
    reaches,
  },
]);

it('names an answer that only the editor can change (failure mode 15)', async () => {
  await using machine = await scratchMachine();
  await machine.write(
    '~/.config/Code/User/mcp.json',
    '{"inputs":[{"id":"t","type":"promptString","password":true}],"servers":{"it":{"command":"x","env":{"KEY":"${input:t}"}}}}',
  );
  const { unseen, problems, credentials } = await collect(
    machine.ports,
    { clients: [client], providers: [], stores: [] },
    { folders: [] },
  );
  expect(unseen).toMatchObject([{ name: 'KEY', reference: '${input:t}', why: 'client-cache', todo: client.ownStore }]);
  expect(problems).toMatchObject([{ code: 'inventory/reference-unresolved', next: client.ownStore }]);
  expect(credentials).toEqual([]);
});
