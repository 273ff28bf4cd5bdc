/** Windsurf (renamed Devin in newer builds): one file per person; `${env:VAR}` and `${file:/path}`, a file being one value. */
import type { Client } from '../client.ts';

export const client: Client = {
  id: 'windsurf',
  name: 'Windsurf',
  kind: 'ide',
  configs: [
    { scope: 'user', os: 'all', path: '~/.codeium/windsurf/mcp_config.json', format: 'jsonc', servers: ['mcpServers'] },
    // The plugin for JetBrains.
    { scope: 'user', os: 'all', path: '~/.codeium/mcp_config.json', format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'user', os: ['linux', 'macos'], path: '~/.config/devin/mcp_config.json', format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'user', os: ['windows'], path: '${APPDATA}/devin/mcp_config.json', format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'project', os: 'all', path: '<project>/.mcp.json', format: 'jsonc', servers: ['mcpServers'] },
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    url: ['serverUrl', 'url'],
    headers: 'headers',
    disabled: (entry) => entry.get('disabled') === true,
  },
  references: ['env-colon', 'file-colon'],
  variables: [{ kind: 'process' }],
  builtIns: {},
  projectLists: [],
  locks: [],
  pickup: 'server',
  programs: { linux: ['windsurf', 'devin'], macos: ['Windsurf', 'Devin'], windows: ['Windsurf.exe', 'Devin.exe'] },
  restart: { relaunch: true, byHand: 'press Refresh in the MCP panel, or quit Windsurf and open it again' },
  spills: [
    '~/.codeium/windsurf/cascade/**',
    '~/.codeium/windsurf/memories/**',
    ...['Windsurf', 'Devin'].flatMap((product) =>
      [`~/Library/Application Support/${product}`, `\${XDG_CONFIG_HOME:-~/.config}/${product}`, `\${APPDATA}/${product}`].flatMap(
        (folder) => [`${folder}/User/globalStorage/state.vscdb*`, `${folder}/User/History/*/*`, `${folder}/logs/**`],
      ),
    ),
  ],
};
