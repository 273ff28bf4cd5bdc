/**
 * Visual Studio Code, Insiders and VSCodium: `mcp.json` per person, profile and workspace; older settings under
 * `mcp.servers`, written as one dotted key or as nested maps. Answers to `${input:…}` are cached in its own store, so a
 * changed file does not change them.
 */

import type { Os } from '../../ports/host.ts';
import type { Client, ConfigRow } from '../client.ts';

const userFolders: readonly (readonly [Os, string])[] = [
  ...['Code', 'Code - Insiders', 'VSCodium'].flatMap((product): (readonly [Os, string])[] => [
    ['macos', `~/Library/Application Support/${product}/User`],
    ['linux', `\${XDG_CONFIG_HOME:-~/.config}/${product}/User`],
    ['windows', `\${APPDATA}/${product}/User`],
  ]),
  ['macos', '${VSCODE_PORTABLE}/user-data/User'],
  ['linux', '${VSCODE_PORTABLE}/user-data/User'],
  ['windows', '${VSCODE_PORTABLE}/user-data/User'],
  ['linux', '~/.vscode-server/data/User'],
];

/** The two ways to write the older setting. */
const legacy = [['mcp.servers'], ['mcp', 'servers']] as const;

function userRows([os, folder]: readonly [Os, string]): ConfigRow[] {
  return [
    { scope: 'user', os: [os], path: `${folder}/mcp.json`, format: 'jsonc', servers: ['servers'] },
    { scope: 'profile', os: [os], path: `${folder}/profiles/*/mcp.json`, format: 'jsonc', servers: ['servers'] },
    ...legacy.map(
      (servers): ConfigRow => ({ scope: 'user', os: [os], path: `${folder}/settings.json`, format: 'jsonc', servers }),
    ),
  ];
}

export const client: Client = {
  id: 'vscode',
  name: 'Visual Studio Code',
  kind: 'ide',
  configs: [
    ...userFolders.flatMap(userRows),
    { scope: 'project', os: 'all', path: '<project>/.vscode/mcp.json', format: 'jsonc', servers: ['servers'] },
    ...legacy.flatMap((servers): ConfigRow[] => [
      { scope: 'project', os: 'all', path: '<project>/.vscode/settings.json', format: 'jsonc', servers },
      { scope: 'project', os: 'all', path: '<project>/*.code-workspace', format: 'jsonc', servers: ['settings', ...servers] },
      {
        scope: 'project',
        os: 'all',
        path: '<project>/.devcontainer/devcontainer.json',
        format: 'jsonc',
        servers: ['customizations', 'vscode', ...servers],
      },
    ]),
    {
      scope: 'project',
      os: 'all',
      path: '<project>/.mcp.json',
      format: 'json',
      servers: ['mcpServers'],
      references: ['brace', 'brace-default'],
    },
    {
      scope: 'user',
      os: 'all',
      path: '${COPILOT_HOME:-~/.copilot}/mcp-config.json',
      format: 'json',
      servers: ['mcpServers'],
      references: ['brace', 'brace-default'],
    },
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    envFile: 'envFile',
    folder: 'cwd',
    url: ['url'],
    headers: 'headers',
    secrets: [['oauth', 'clientSecret']],
    transport: (entry) => (entry.get('type') === 'sse' ? 'sse' : 'http'),
  },
  references: ['input', 'env-colon'],
  variables: [{ kind: 'process' }],
  builtIns: {
    '${userHome}': 'home',
    '${workspaceFolder}': 'project',
    '${workspaceFolderBasename}': 'project-name',
    '${pathSeparator}': 'separator',
    '${/}': 'separator',
  },
  ownStore: 'open the mcp.json in VS Code and choose Edit above the input’s stored value',
  projectLists: [],
  locks: [],
  pickup: 'server',
  programs: {
    linux: ['code', 'code-insiders', 'codium'],
    macos: ['Code', 'Code - Insiders', 'VSCodium', 'Electron'],
    windows: ['Code.exe', 'Code - Insiders.exe', 'VSCodium.exe'],
  },
  restart: { relaunch: true, byHand: 'run "MCP: List Servers", choose the server, then Restart Server' },
  spills: [
    ...userFolders.flatMap(([, folder]) => [
      `${folder}/globalStorage/state.vscdb*`,
      `${folder}/workspaceStorage/*/state.vscdb*`,
      `${folder}/workspaceStorage/*/chatSessions/*.json`,
      `${folder}/History/*/*`,
    ]),
    '~/Library/Application Support/Code/logs/*/window*/mcpServer.*.log',
    '${XDG_CONFIG_HOME:-~/.config}/Code/logs/*/window*/mcpServer.*.log',
    '${APPDATA}/Code/logs/*/window*/mcpServer.*.log',
  ],
};
