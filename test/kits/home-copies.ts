/** Copies of a value in every kind of place of a home, each in the shape that its program gives it. */
import { gzipSync } from 'node:zlib';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const length = (bytes: Uint8Array): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

/** A tar of one member; its sum counts its own field as blanks. */
function tar(name: string, text: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write('0000600\0', 100);
  head.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
  head.write('        0', 148);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([head, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0')), Buffer.alloc(1024)]);
}

export type Plant = readonly [path: string, content: string | Uint8Array, what: string, keeps: string];

/** As each program writes it. */
export const plantsOf = (value: string): readonly Plant[] => [
  // other clients' configs
  ['~/.cursor/mcp.json', `{"mcpServers":{"gh":{"command":"gh","env":{"TOKEN":"${value}"}}}}`, 'config of Cursor', 'text'],
  ['~/.codex/config.toml', `[mcp_servers.gh.env]\nTOKEN = "${value}"\n`, 'config of OpenAI Codex', 'text'],
  ['~/code/app/.mcp.json', `{"mcpServers":{"gh":{"env":{"TOKEN":"${value}"}}}}`, 'config of Claude Code', 'text'],
  ['~/code/app/.vscode/mcp.json', `{"servers":{"gh":{"env":{"TOKEN":"${value}"}}}}`, 'config of Visual Studio Code', 'text'],
  // histories
  ['~/.bash_history', `cd\n#1763800000\nexport TOKEN=${value}\n`, 'history of bash', 'text'],
  ['~/.zsh_history', `: 1763800000:0;curl -H "Authorization: Bearer ${value}" x\n`, 'history of zsh', 'text'],
  ['~/.local/share/fish/fish_history', `- cmd: set -x TOKEN ${value}\n  when: 1763800000\n`, 'history of fish', 'text'],
  ['~/.python_history', `token = '${value}'\n`, 'history of Python', 'text'],
  ['~/.node_repl_history', `const t = '${value}'\n`, 'history of Node.js', 'text'],
  ['~/.psql_history', `select '${value}';\n`, 'history of PostgreSQL', 'text'],
  ['~/.mysql_history', `_HiStOrY_V2_\nSET\\040PASSWORD='${value}';\n`, 'history of MySQL', 'text'],
  ['~/.rediscli_history', `AUTH default ${value}\n`, 'history of Redis', 'text'],
  ['~/.sqlite_history', `insert into k values ('${value}');\n`, 'history of SQLite', 'text'],
  ['~/.lesshst', `.less-history-file:\n.search\n"${value}\n`, 'history of less', 'text'],
  ['~/.viminfo', `# Registers:\n""1\tLINE\t0\n\ttoken = ${value}\n`, 'history of vim', 'text'],
  ['~/.local/state/nvim/shada/main.shada', Buffer.from(`\x04\xce\x00\x01 ${value}\x00`, 'latin1'), 'history of Neovim', 'binary'],
  ['~/.local/share/powershell/PSReadLine/ConsoleHost_history.txt', `$t = '${value}'\n`, 'history of PowerShell', 'text'],
  // transcripts, logs and caches of clients
  [
    '~/.claude/projects/-home-p-app/9f.jsonl',
    `{"type":"user","toolUseResult":${JSON.stringify(JSON.stringify({ stdout: `TOKEN="${value}"` }))}}\n`,
    'what Claude Code keeps of its sessions',
    'append-only',
  ],
  ['~/.claude/file-history/a1/b2@v1', `TOKEN=${value}\n`, 'what Claude Code keeps of its sessions', 'text'],
  ['~/.claude/shell-snapshots/snapshot-zsh-1.sh', `export TOKEN=${value}\n`, 'what Claude Code keeps of its sessions', 'text'],
  [
    '~/.codex/sessions/2026/11/20/rollout-1.jsonl',
    `{"text":"${value}"}\n`,
    'what OpenAI Codex keeps of its sessions',
    'append-only',
  ],
  ['~/.config/Claude/logs/mcp-server-gh.log', `env TOKEN=${value}\n`, 'what Claude Desktop keeps of its sessions', 'append-only'],
  ['~/.gemini/tmp/ab/logs.json', `[{"message":"use ${value}"}]`, 'what Gemini CLI keeps of its sessions', 'text'],
  // editors
  ['~/.config/Code/User/History/-5a/AbCd.json', `{"TOKEN":"${value}"}`, 'what Visual Studio Code keeps of its sessions', 'text'],
  ['~/.config/Positron/User/History/-5a/AbCd.json', `{"TOKEN":"${value}"}`, 'local history of an editor', 'text'],
  ['~/.config/Code/Backups/1a/untitled/-7f', `untitled:Untitled-1 {}\nTOKEN=${value}\n`, 'unsaved texts of an editor', 'text'],
  ['~/code/app/.settings.json.swp', Buffer.from(`b0VIM 9.1\0\0\0\x10${value}\0`, 'latin1'), 'swap file of vim', 'binary'],
  ['~/code/app/.settings.json.un~', Buffer.from(`Vim\x9fUnDo\xe5\0\x02${value}\0`, 'latin1'), 'undo file of vim', 'binary'],
  ['~/code/app/settings.json~', `{"TOKEN":"${value}"}`, 'backup', 'text'],
  ['~/code/app/#settings.json#', `{"TOKEN":"${value}"}`, 'backup of Emacs', 'text'],
  ['~/.emacs.d/auto-save-list/.saves-1', `TOKEN ${value}`, 'backup of Emacs', 'text'],
  ['~/.config/sublime-text/Local/Auto Save Session.sublime_session', `{"t":"${value}"}`, 'session of Sublime Text', 'text'],
  ['~/code/nb/.ipynb_checkpoints/a-checkpoint.ipynb', `{"cells":[{"source":["t='${value}'"]}]}`, 'checkpoint of Jupyter', 'text'],
  // backups
  ['~/.cursor/mcp.json.bak', `{"TOKEN":"${value}"}`, 'backup', 'text'],
  ["~/Dropbox/mcp (Ada's conflicted copy 2026-11-20).json", `{"TOKEN":"${value}"}`, 'conflicted copy of a sync program', 'text'],
  ['~/Sync/mcp.sync-conflict-20261120-101500-ABCDEFG.json', `{"T":"${value}"}`, 'conflicted copy of a sync program', 'text'],
  // clipboards
  [
    '~/.local/share/klipper/history2.lst',
    Buffer.concat([Buffer.from([1, 2, 3, 4]), length(utf16be('string')), length(utf16be(`x ${value}`))]),
    'clipboard history of Klipper',
    'binary',
  ],
  ['~/.config/copyq/copyq_tab_1.dat', length(Buffer.from(`text/plain\0${value}`)), 'clipboard history of CopyQ', 'binary'],
  [
    '~/.local/share/gpaste/history.xml',
    `<?xml version="1.0"?>\n<history><item kind="Text"><value><![CDATA[${value}]]></value></item></history>\n`,
    'clipboard history of GPaste',
    'text',
  ],
  ['~/.cache/clipboard-indicator@tudmotu.com/registry.txt', `[{"contents":"${value}"}]`, 'clipboard history of GNOME', 'text'],
  [
    '~/Library/Application Support/com.clipy-app.Clipy/x.data',
    Buffer.from(`bplist00${value}\0`),
    'clipboard history of Clipy',
    'live',
  ],
  // terminals
  [
    '~/.local/share/tmux/resurrect/pane_contents.tar.gz',
    gzipSync(tar('pane-0:0.0', `$ echo ${value}\n`)),
    'saved output of tmux',
    'binary',
  ],
  ['~/.cache/zellij/0.41/session_info/a/initial_contents_1', `$ echo ${value}\n`, 'saved session of zellij', 'text'],
  ['~/code/screenlog.0', `$ echo ${value}\n`, 'saved output of screen', 'append-only'],
  // what other programs read
  ['~/code/app/.env', `TOKEN=${value}\n`, 'env file', 'text'],
  ['~/code/app/.env.production', `TOKEN="${value}"\n`, 'env file', 'text'],
  ['~/.config/systemd/user/app.service', `[Service]\nEnvironment=TOKEN=${value}\n`, 'unit of systemd', 'text'],
  ['~/.config/environment.d/50.conf', `TOKEN=${value}\n`, 'environment of the session', 'text'],
  ['~/.docker/config.json', `{"auths":{"ghcr.io":{"auth":"${base64(`ada:${value}`)}"}}}`, 'Docker', 'text'],
  ['~/code/app/docker-compose.yml', `services:\n  a:\n    environment:\n      TOKEN: ${value}\n`, 'compose file', 'text'],
  ['~/.netrc', `machine github.com login ada password ${value}\n`, 'netrc', 'text'],
  ['~/.pgpass', `db:5432:app:ada:${value}\n`, 'passwords of PostgreSQL', 'text'],
  ['~/.aws/credentials', `[default]\naws_secret_access_key = ${value}\n`, 'AWS CLI', 'text'],
  ['~/.git-credentials', `https://ada:${value}@github.com\n`, 'git', 'text'],
  ['~/code/app/.git/config', `[remote "origin"]\n\turl = https://ada:${value}@github.com/a/b\n`, 'git', 'text'],
  ['~/code/app/.git/logs/HEAD', `0 1 Ada <a@b> 1763800000 +0000\tcommit: use ${value}\n`, 'record of git', 'append-only'],
  ['~/.npmrc', `//npm.pkg.github.com/:_authToken=${value}\n`, 'npm', 'text'],
  ['~/.npm/_logs/2026-11-20-debug-0.log', `0 verbose argv "--token" "${value}"\n`, 'log', 'append-only'],
  ['~/.bashrc', `export TOKEN=${value}\n`, 'shell profile', 'text'],
  // thrown away, downloaded, and where no table looks
  ['~/.local/share/Trash/files/notes.txt', `${value}\n`, 'trash', 'text'],
  ['~/Downloads/mail.eml', `Subject: key\n\n${value}\n`, 'download', 'text'],
  ['~/Documents/notes/keys.md', `my key: ${value}\n`, 'file', 'text'],
  [
    '~/Documents/wide.txt',
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`key ${value}\r\n`, 'utf16le')]),
    'file',
    'text',
  ],
  ['~/.cache/some-tool/state.bin', Buffer.from(`\0\x01\x02${value}\0\0`, 'latin1'), 'file', 'binary'],
  ['~/bulk/old.log.gz', gzipSync(`2026 ${value}\n`), 'log', 'append-only'],
];
