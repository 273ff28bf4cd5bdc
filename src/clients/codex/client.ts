/**
 * OpenAI Codex: TOML, one table per server, no references inside values. Variables are passed by name (`env_vars`,
 * `bearer_token_env_var`, `env_http_headers`), and `.env` in its folder goes before the process environment.
 */
import type { Client, ConfigRow } from '../client.ts';

const folder = '${CODEX_HOME:-~/.codex}';
const toml = { format: 'toml', servers: ['mcp_servers'] } as const;
const byAdministrator = 'ask the administrator who manages Codex on this machine';
const plugin = {
  scope: 'plugin',
  os: 'all',
  format: 'json',
  servers: ['mcpServers'],
  byHand: 'change it in the plugin’s own settings',
} as const;

export const client: Client = {
  id: 'codex',
  name: 'OpenAI Codex',
  kind: 'cli',
  configs: [
    { ...toml, scope: 'user', os: 'all', path: `${folder}/config.toml` },
    { ...toml, scope: 'profile', os: 'all', path: `${folder}/*.config.toml` },
    { ...toml, scope: 'project', os: 'all', path: '<project>/.codex/config.toml' },
    ...['config.toml', 'managed_config.toml', 'requirements.toml'].map(
      (name): ConfigRow => ({
        ...toml,
        scope: 'managed',
        os: ['linux', 'macos'],
        path: `/etc/codex/${name}`,
        byHand: byAdministrator,
      }),
    ),
    { ...toml, scope: 'managed', os: ['windows'], path: '${ProgramData}/OpenAI/Codex/config.toml', byHand: byAdministrator },
    { ...toml, scope: 'managed', os: 'all', path: `${folder}/managed_config.toml`, byHand: byAdministrator },
    { ...toml, scope: 'managed', os: 'all', path: `${folder}/requirements.toml`, byHand: byAdministrator },
    { ...plugin, path: `${folder}/plugins/**/.mcp.json` },
    { ...plugin, path: `${folder}/plugins/**/.codex-plugin/plugin.json` },
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    folder: 'cwd',
    url: ['url'],
    headers: 'http_headers',
    passThrough: 'env_vars',
    bearerFrom: 'bearer_token_env_var',
    headersFrom: 'env_http_headers',
    headersHelper: 'http_headers_helper',
    disabled: (entry) => entry.get('enabled') === false,
  },
  references: [],
  variables: [{ kind: 'env-file', paths: [`${folder}/.env`] }, { kind: 'process' }],
  builtIns: {},
  projectLists: [{ path: `${folder}/config.toml`, format: 'toml', at: ['projects'] }],
  locks: [],
  pickup: 'program',
  programs: { linux: ['codex'], macos: ['codex', 'Codex'], windows: ['codex.exe', 'Codex.exe'] },
  restart: { relaunch: false, byHand: 'end the session (Ctrl-C twice) and start `codex resume` in the same folder' },
  spills: [
    `${folder}/sessions/**`,
    `${folder}/archived_sessions/**`,
    `${folder}/history.jsonl`,
    `${folder}/log/*`,
    `${folder}/*.sqlite*`,
    `${folder}/shell_snapshots/*`,
  ],
};
