/**
 * What people typed at shells, interpreters, databases and pagers. A line of a history is a text of its own: changing a word
 * in it leaves the others as they are.
 *
 * Sources: the manuals of each program (FILES, ENVIRONMENT), looked up 2026-11: bash(1) HISTFILE; zsh zshparam(1); fish
 * "history" (fish_history); PowerShell about_PSReadLine; psql(1) PSQL_HISTORY; mysql(1) MYSQL_HISTFILE; redis-cli
 * REDISCLI_HISTFILE; sqlite3(1) SQLITE_HISTORY; less(1) LESSHISTFILE; Node.js REPL NODE_REPL_HISTORY; Python
 * PYTHON_HISTORY; vim `viminfo`, nvim `shada`; atuin "sync and data"; nushell `$nu.history-path`.
 */
import type { Elsewhere } from './elsewhere.ts';

const open = 'end the sessions that are open: they write their history again when they end';
const data = '${XDG_DATA_HOME:-~/.local/share}';
const state = '${XDG_STATE_HOME:-~/.local/state}';
const config = '${XDG_CONFIG_HOME:-~/.config}';

const text = (what: string, ...paths: string[]): Elsewhere => ({
  what: `history of ${what}`,
  keeps: 'text',
  paths,
  byHand: open,
});
const database = (what: string, byHand: string, ...paths: string[]): Elsewhere => ({
  what: `history of ${what}`,
  keeps: 'live database',
  paths,
  byHand,
});

export const histories: readonly Elsewhere[] = [
  text('the shell', '${HISTFILE}'),
  text('bash', '~/.bash_history', '~/.bash_sessions/*'),
  text('zsh', '${ZDOTDIR:-~}/.zsh_history', '~/.zsh_history', '~/.zsh_sessions/*', '~/.zhistory', '~/.histfile'),
  text('sh', '~/.sh_history'),
  text('fish', `${data}/fish/*_history`),
  text(
    'PowerShell',
    `${data}/powershell/PSReadLine/*_history.txt`,
    '${APPDATA}/Microsoft/Windows/PowerShell/PSReadLine/*_history.txt',
  ),
  text('nushell', `${config}/nushell/history.txt`, '~/Library/Application Support/nushell/history.txt'),
  database(
    'nushell',
    'delete the entry with: history | where command =~ … (its database)',
    `${config}/nushell/history.sqlite3*`,
    '~/Library/Application Support/nushell/history.sqlite3*',
  ),
  database('atuin', 'atuin search --delete, then atuin history prune', `${data}/atuin/*.db*`),
  database('mcfly', 'delete the entry in its database', `${data}/mcfly/history.db*`),
  text('Python', '${PYTHON_HISTORY}', '~/.python_history'),
  database('IPython', 'history of IPython: %history cannot delete; sqlite3 on its file', '~/.ipython/profile_*/history.sqlite*'),
  text('Node.js', '${NODE_REPL_HISTORY}', '~/.node_repl_history'),
  text('Deno', '${XDG_CACHE_HOME:-~/.cache}/deno/deno_history.txt', '~/Library/Caches/deno/deno_history.txt'),
  text('Ruby', '~/.irb_history', `${data}/irb/irb_history`, '~/.pry_history', `${data}/pry/pry_history`),
  text('R', '~/.Rhistory'),
  text('Julia', '~/.julia/logs/repl_history.jl'),
  text('PostgreSQL', '${PSQL_HISTORY:-~/.psql_history}', '~/.psql_history*', `${config}/pgcli/history`),
  text('MySQL', '${MYSQL_HISTFILE:-~/.mysql_history}', '~/.mysql_history', '~/.mariadb_history', '~/.mycli-history'),
  text('Redis', '${REDISCLI_HISTFILE:-~/.rediscli_history}', '~/.rediscli_history', '~/.valkeycli_history'),
  text('SQLite', '${SQLITE_HISTORY:-~/.sqlite_history}', '~/.sqlite_history', `${config}/litecli/history`, '~/.duckdb_history'),
  text('MongoDB', '~/.mongodb/mongosh/*_repl_history', '~/.dbshell'),
  text('ClickHouse', '~/.clickhouse-client-history'),
  text('Cassandra', '~/.cassandra/cqlsh_history'),
  text('less', '${LESSHISTFILE}', '~/.lesshst', `${state}/lesshst`, `${data}/lesshst`),
  text('vim', '~/.viminfo', '~/_viminfo', '~/.vim/.netrwhist'),
  {
    what: 'history of Neovim',
    keeps: 'binary',
    paths: [`${state}/nvim/shada/*`, `${data}/nvim/shada/*`, '${LOCALAPPDATA}/nvim-data/shada/*'],
    byHand: 'in Neovim: delete the registers and :wshada!',
  },
  text('nano', `${data}/nano/*_history`, '~/.nano/*_history'),
  text('aider', '**/.aider.chat.history.md', '**/.aider.input.history', '**/.aider.llm.history'),
  text('a program', '~/.*_history', '~/.*-history', '~/.*_hist'),
];
