/** Claude Desktop: one JSON file read at program start, literal values only; remote servers live in the account. */
import type { Client, ConfigRow } from '../client.ts';

const inTheApp = 'change it in Settings → Extensions → Configure';

function app(os: 'macos' | 'windows' | 'linux', folder: string): ConfigRow[] {
  return [
    { scope: 'user', os: [os], path: `${folder}/claude_desktop_config.json`, format: 'json', servers: ['mcpServers'] },
    // A bundle's manifest: its one entry is `server.mcp_config`.
    {
      scope: 'extension',
      os: [os],
      path: `${folder}/Claude Extensions/*/manifest.json`,
      format: 'json',
      servers: ['server'],
      byHand: inTheApp,
    },
  ];
}

const byAdministrator = 'ask the administrator of the organisation’s plugins';

export const client: Client = {
  id: 'claude-desktop',
  name: 'Claude Desktop',
  kind: 'desktop',
  configs: [
    ...app('macos', '~/Library/Application Support/Claude'),
    ...app('macos', '~/Library/Application Support/Claude-3p'),
    ...app('windows', '${APPDATA}/Claude'),
    ...app('windows', '${LOCALAPPDATA}/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude'),
    ...app('windows', '${LOCALAPPDATA}/Claude-3p'),
    ...app('linux', '${XDG_CONFIG_HOME:-~/.config}/Claude'),
    {
      scope: 'managed',
      os: ['macos'],
      path: '/Library/Application Support/Claude/org-plugins/**/.mcp.json',
      format: 'json',
      servers: ['mcpServers'],
      byHand: byAdministrator,
    },
    {
      scope: 'managed',
      os: ['windows'],
      path: 'C:/Program Files/Claude/org-plugins/**/.mcp.json',
      format: 'json',
      servers: ['mcpServers'],
      byHand: byAdministrator,
    },
  ],
  entry: { command: 'command', args: 'args', env: 'env' },
  references: ['user-config'],
  variables: [],
  builtIns: { '${__dirname}': 'config-folder', '${HOME}': 'home' },
  ownStore: inTheApp,
  projectLists: [],
  locks: [],
  pickup: 'program',
  programs: { linux: ['claude-desktop'], macos: ['Claude'], windows: ['Claude.exe', 'claude.exe'] },
  restart: {
    relaunch: true,
    byHand: 'quit Claude from its menu or tray icon (closing the window is not enough) and start it again',
  },
  spills: [
    '~/Library/Logs/Claude/mcp*.log',
    '${APPDATA}/Claude/logs/mcp*.log',
    '${XDG_CONFIG_HOME:-~/.config}/Claude/logs/*',
    '~/Library/Application Support/Claude/local-agent-mode-sessions/**',
    '~/Library/Application Support/Claude/claude-code-sessions/**',
    '~/Library/Application Support/Claude/Claude Extensions Settings/*.json',
    '${APPDATA}/Claude/Claude Extensions Settings/*.json',
  ],
};
