/**
 * Gemini CLI: settings.json (comments allowed) per person and project, `$VAR`, `${VAR}` and `${VAR:-x}` everywhere in it.
 * The process environment goes before one `.env` file, the first that is found going upwards from the project, which
 * counts for values of env and headers alone.
 */
import type { Client, ConfigRow } from '../client.ts';

const home = '${GEMINI_CLI_HOME:-~}/.gemini';
const byAdministrator = 'ask the administrator who manages Gemini CLI on this machine';

const managed = (
  [
    ['linux', '/etc/gemini-cli'],
    ['macos', '/Library/Application Support/GeminiCli'],
    ['windows', 'C:/ProgramData/gemini-cli'],
  ] as const
).flatMap(([os, folder]): ConfigRow[] =>
  [
    `\${GEMINI_CLI_SYSTEM_SETTINGS_PATH:-${folder}/settings.json}`,
    `\${GEMINI_CLI_SYSTEM_DEFAULTS_PATH:-${folder}/system-defaults.json}`,
  ].map((path) => ({ scope: 'managed', os: [os], path, format: 'jsonc', servers: ['mcpServers'], byHand: byAdministrator })),
);

export const client: Client = {
  id: 'gemini-cli',
  name: 'Gemini CLI',
  kind: 'cli',
  configs: [
    { scope: 'user', os: 'all', path: `${home}/settings.json`, format: 'jsonc', servers: ['mcpServers'] },
    { scope: 'project', os: 'all', path: '<project>/.gemini/settings.json', format: 'jsonc', servers: ['mcpServers'] },
    ...managed,
    {
      scope: 'extension',
      os: 'all',
      path: `${home}/extensions/*/gemini-extension.json`,
      format: 'jsonc',
      servers: ['mcpServers'],
      byHand: 'change it with `gemini extensions config`',
    },
  ],
  entry: {
    command: 'command',
    args: 'args',
    env: 'env',
    folder: 'cwd',
    url: ['httpUrl', 'url'],
    headers: 'headers',
    secrets: [['oauth', 'clientSecret']],
    transport: (entry) => {
      const type = entry.get('type');
      if (type === 'http' || type === 'sse') return type;
      return entry.has('httpUrl') ? 'http' : 'sse';
    },
  },
  references: ['brace', 'brace-default', 'dollar'],
  variables: [
    { kind: 'process' },
    {
      kind: 'env-file',
      paths: ['<project>/.gemini/.env', '<project>/.env', `${home}/.env`, '${GEMINI_CLI_HOME:-~}/.env'],
      upwards: true,
      only: ['env', 'header'],
    },
  ],
  builtIns: {
    '${extensionPath}': 'config-folder',
    '${workspacePath}': 'project',
    '${/}': 'separator',
    '${pathSeparator}': 'separator',
  },
  projectLists: [
    { path: `${home}/projects.json`, format: 'json', at: ['projects'] },
    { path: `${home}/trustedFolders.json`, format: 'json', at: [] },
  ],
  locks: [],
  pickup: 'program',
  programs: { linux: ['gemini'], macos: ['gemini'], windows: ['gemini.exe'] },
  restart: { relaunch: false, byHand: 'leave the session (`/quit`) and start `gemini` again in the same folder' },
  spills: [`${home}/tmp/**`, `${home}/history/**`, `${home}/.env`, '<project>/.gemini/.env', '<project>/.env'],
};
