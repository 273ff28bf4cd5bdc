/** Cursor: `mcp.json` of the person and of the project, watched; `${env:NAME}` and an `envFile` per stdio entry. */
import type { Client } from '../client.ts';

const plugin = {
  scope: 'plugin',
  os: 'all',
  format: 'json',
  servers: ['mcpServers'],
  byHand: 'change it in the plugin’s own settings',
} as const;

export const client: Client = {
  id: 'cursor',
  name: 'Cursor',
  kind: 'ide',
  configs: [
    { scope: 'user', os: 'all', path: '~/.cursor/mcp.json', format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'project', os: 'all', path: '<project>/.cursor/mcp.json', format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'project', os: 'all', path: '<project>/.mcp.json', format: 'jsonc', servers: ['mcpServers'] },
    { ...plugin, path: '~/.cursor/plugins/cache/**/mcp.json' },
    { ...plugin, path: '~/.cursor/plugins/cache/**/.mcp.json' },
    { ...plugin, path: '~/.cursor/plugins/local/**/mcp.json' },
    { ...plugin, path: '~/.cursor/plugins/local/**/.mcp.json' },
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    envFile: 'envFile',
    url: ['url'],
    headers: 'headers',
    secrets: [['auth', 'CLIENT_SECRET']],
    transport: (entry) => (entry.get('type') === 'sse' ? 'sse' : 'http'),
  },
  references: ['env-colon'],
  variables: [{ kind: 'process' }],
  builtIns: {
    '${userHome}': 'home',
    '${workspaceFolder}': 'project',
    '${workspaceFolderBasename}': 'project-name',
    '${pathSeparator}': 'separator',
    '${/}': 'separator',
  },
  projectLists: [],
  locks: [],
  pickup: 'watches',
  programs: { linux: ['cursor', 'cursor-agent'], macos: ['Cursor', 'cursor-agent'], windows: ['Cursor.exe', 'cursor-agent.exe'] },
  restart: { relaunch: true, byHand: 'switch the server off and on in Settings → Tools & MCP, or quit Cursor and open it again' },
  spills: [
    '~/Library/Application Support/Cursor/User/globalStorage/state.vscdb*',
    '${XDG_CONFIG_HOME:-~/.config}/Cursor/User/globalStorage/state.vscdb*',
    '${APPDATA}/Cursor/User/globalStorage/state.vscdb*',
    '~/Library/Application Support/Cursor/User/History/*/*',
    '${XDG_CONFIG_HOME:-~/.config}/Cursor/User/History/*/*',
    '${APPDATA}/Cursor/User/History/*/*',
    '${XDG_CONFIG_HOME:-~/.config}/Cursor/logs/**/MCP*.log',
    '~/Library/Application Support/Cursor/logs/**/MCP*.log',
    '${APPDATA}/Cursor/logs/**/MCP*.log',
    '~/.cursor/chats/*/*/store.db',
    '~/.cursor/projects/*/agent-transcripts/**',
  ],
};
