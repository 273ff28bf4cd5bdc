/**
 * Claude Code: three scopes in two files, plugins and managed files beside them. `CLAUDE_CONFIG_DIR` moves the settings
 * folder and the main file with it. Settings' `env` blocks go before the process environment.
 */
import type { Client, ConfigRow } from '../client.ts';

const folder = '${CLAUDE_CONFIG_DIR:-~/.claude}';
const main = '${CLAUDE_CONFIG_DIR:-~}/.claude.json';
const byAdministrator = 'ask the administrator who manages Claude Code on this machine';

const managedFolders = [
  ['macos', '/Library/Application Support/ClaudeCode'],
  ['linux', '/etc/claude-code'],
  ['windows', 'C:/Program Files/ClaudeCode'],
] as const;

const plugin = {
  scope: 'plugin',
  os: 'all',
  format: 'json',
  byHand: 'change it in the plugin’s own settings (`/plugin`)',
} as const;

export const client: Client = {
  id: 'claude-code',
  name: 'Claude Code',
  kind: 'cli',
  configs: [
    { scope: 'user', os: 'all', path: main, format: 'json', servers: ['mcpServers'] },
    { scope: 'local', os: 'all', path: main, format: 'json', servers: ['projects', '*', 'mcpServers'] },
    { scope: 'project', os: 'all', path: '<project>/.mcp.json', format: 'json', servers: ['mcpServers'], upwards: true },
    // With the wrapper, and the flat map without one.
    { ...plugin, path: `${folder}/plugins/cache/**/.mcp.json`, servers: ['mcpServers'] },
    { ...plugin, path: `${folder}/plugins/cache/**/.mcp.json`, servers: [] },
    { ...plugin, path: `${folder}/plugins/repos/**/.mcp.json`, servers: ['mcpServers'] },
    { ...plugin, path: `${folder}/plugins/repos/**/.mcp.json`, servers: [] },
    { ...plugin, path: `${folder}/plugins/**/.claude-plugin/plugin.json`, servers: ['mcpServers'] },
    ...managedFolders.map(
      ([os, path]): ConfigRow => ({
        scope: 'managed',
        os: [os],
        path: `${path}/managed-mcp.json`,
        format: 'json',
        servers: ['mcpServers'],
        byHand: byAdministrator,
      }),
    ),
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    url: ['url'],
    headers: 'headers',
    headersHelper: 'headersHelper',
    transport: (entry) => (entry.get('type') === 'sse' ? 'sse' : 'http'),
  },
  references: ['brace', 'brace-default', 'user-config'],
  variables: [
    { kind: 'settings', path: '<project>/.claude/settings.local.json', format: 'json', at: ['env'] },
    { kind: 'settings', path: '<project>/.claude/settings.json', format: 'json', at: ['env'] },
    { kind: 'settings', path: `${folder}/settings.json`, format: 'json', at: ['env'] },
    { kind: 'process' },
  ],
  builtIns: { '${CLAUDE_PROJECT_DIR}': 'project' },
  ownStore: 'change it in Claude Code with `/plugin` → Configure',
  projectLists: [{ path: main, format: 'json', at: ['projects'] }],
  // Not those in `<project>/.claude/settings.local.json`: a repository can bring that file.
  approvals: { path: main, format: 'json', at: ['projects', '*', 'enabledMcpjsonServers'] },
  locks: [{ file: main, lock: '<file>.lock', staleMs: 10_000 }],
  pickup: 'program',
  programs: { linux: ['claude'], macos: ['claude'], windows: ['claude.exe'] },
  restart: { relaunch: false, byHand: 'end the session (Ctrl-D) and start `claude --continue` in the same folder' },
  spills: [
    `${folder}/projects/*/*.jsonl`,
    `${folder}/history.jsonl`,
    `${folder}/file-history/**`,
    `${folder}/backups/*`,
    `${folder}/shell-snapshots/*`,
    `${folder}/debug/*`,
    `${folder}/paste-cache/*`,
    `${folder}/todos/*`,
    `${folder}/tasks/**`,
    `${main}.backup*`,
    `${folder}/settings.json`,
    '<project>/.claude/settings.local.json',
  ],
};
