/**
 * opencode: JSON or JSONC under the same key, the command as one array, `{env:VAR}` (empty when unset) and `{file:path}`
 * (relative to the config file, white space around it cut off).
 */
import type { Client, ConfigRow } from '../client.ts';

const rows = (row: Omit<ConfigRow, 'format' | 'servers' | 'path'>, folder: string): ConfigRow[] =>
  ['opencode.json', 'opencode.jsonc'].map((name) => ({ ...row, path: `${folder}/${name}`, format: 'jsonc', servers: ['mcp'] }));

const user = { scope: 'user', os: 'all' } as const;
const config = '${XDG_CONFIG_HOME:-~/.config}/opencode';
const byHand = 'ask the administrator who manages opencode on this machine';
const data = '${XDG_DATA_HOME:-~/.local/share}/opencode';

export const client: Client = {
  id: 'opencode',
  name: 'opencode',
  kind: 'cli',
  configs: [
    ...rows(user, config),
    { ...user, path: `${config}/config.json`, format: 'jsonc', servers: ['mcp'] },
    ...rows(user, '~/.opencode'),
    { ...user, path: '${OPENCODE_CONFIG}', format: 'jsonc', servers: ['mcp'] },
    ...rows(user, '${OPENCODE_CONFIG_DIR}'),
    ...rows({ scope: 'project', os: 'all', upwards: true }, '<project>'),
    ...rows({ scope: 'project', os: 'all', upwards: true }, '<project>/.opencode'),
    ...rows({ scope: 'managed', os: ['macos'], byHand }, '/Library/Application Support/opencode'),
    ...rows({ scope: 'managed', os: ['linux'], byHand }, '/etc/opencode'),
    ...rows({ scope: 'managed', os: ['windows'], byHand }, '${ProgramData}/opencode'),
  ],
  entry: {
    command: 'command',
    env: 'environment',
    folder: 'cwd',
    url: ['url'],
    headers: 'headers',
    secrets: [['oauth', 'clientSecret']],
    disabled: (entry) => entry.get('enabled') === false,
  },
  references: ['curly-env', 'curly-file'],
  variables: [{ kind: 'process' }],
  builtIns: {},
  projectLists: [],
  locks: [],
  pickup: 'program',
  programs: { linux: ['opencode'], macos: ['opencode', 'OpenCode'], windows: ['opencode.exe', 'OpenCode.exe'] },
  restart: { relaunch: false, byHand: 'leave the session (`/exit`) and start `opencode --continue` in the same folder' },
  spills: [`${data}/opencode*.db*`, `${data}/storage/**`, `${data}/log/*`, `${data}/snapshot/**`, `${data}/tool-output/*`],
};
