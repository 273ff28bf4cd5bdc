/**
 * Clipboard managers, terminals, configs of other programs, what was thrown away or downloaded; and, last, what the name of
 * a file says of how it is kept.
 *
 * Sources, looked up 2026-11: the programs' own code and manuals. KDE klipper (history2.lst; history3.sqlite since Plasma
 * 6.2); CopyQ "Where are data"; GPaste `history.xml`; cliphist README; Maccy and Clipy (Application Support); Ditto "Where
 * is the database"; Windows Terminal `persistedWindowLayouts` (buffer_*.txt); tmux-resurrect `pane_contents`; zellij
 * "Session resurrection"; freedesktop.org Trash specification; systemd environment.d(5) and user units; pgpass, netrc(5),
 * AWS CLI "Configuration and credential file settings", Docker `config.json`, npmrc, pip and cargo references.
 */
import type { Elsewhere } from './elsewhere.ts';

const config = '${XDG_CONFIG_HOME:-~/.config}';
const data = '${XDG_DATA_HOME:-~/.local/share}';
const cache = '${XDG_CACHE_HOME:-~/.cache}';
const support = '~/Library/Application Support';
const entry = 'delete the entry in the clipboard manager, and in the clipboard itself';

const clipboard = (name: string, keeps: Elsewhere['keeps'], ...paths: string[]): Elsewhere => ({
  what: `clipboard history of ${name}`,
  keeps,
  paths,
  byHand: entry,
});

export const clipboards: readonly Elsewhere[] = [
  clipboard('Klipper', 'live database', `${data}/klipper/*.sqlite*`),
  clipboard('Klipper', 'binary', `${data}/klipper/**/*`),
  clipboard('CopyQ', 'binary', `${config}/copyq/*.dat`, `${data}/copyq/**/*`, `${support}/copyq/**/*`, '${APPDATA}/copyq/**/*'),
  clipboard('GPaste', 'text', `${data}/gpaste/*`),
  clipboard('Clipman', 'text', `${cache}/xfce4/clipman/*`),
  clipboard('cliphist', 'live database', `${cache}/cliphist/*`),
  clipboard('Parcellite or ClipIt', 'binary', `${data}/parcellite/*`, `${data}/clipit/*`),
  clipboard('clipmenu', 'text', '${XDG_RUNTIME_DIR}/clipmenu*/*', `${cache}/clipmenu*/*`),
  clipboard('GNOME Clipboard Indicator', 'text', `${cache}/clipboard-indicator@tudmotu.com/**/*`),
  clipboard('Zeitgeist', 'live database', `${data}/zeitgeist/*`),
  clipboard('Maccy', 'live database', '~/Library/Containers/org.p0deje.Maccy/Data/Library/**/*', `${support}/Maccy/*`),
  clipboard('Clipy', 'live database', `${support}/com.clipy-app.Clipy/**/*`, `${support}/Clipy/**/*`),
  clipboard('Alfred', 'live database', `${support}/Alfred/Databases/*`),
  clipboard('Paste', 'live database', '~/Library/Containers/com.wiheads.paste*/**/*'),
  clipboard('Ditto', 'live database', '${APPDATA}/Ditto/*', '${LOCALAPPDATA}/Ditto/*'),
  {
    ...clipboard('Raycast', 'live database', `${support}/com.raycast.macos/**/*`),
    opaque: 'Raycast keeps its clipboard history encrypted',
  },
  {
    ...clipboard('Windows', 'binary', '${LOCALAPPDATA}/Microsoft/Windows/Clipboard/**/*'),
    opaque: 'Windows keeps its clipboard history encrypted',
  },
];

const record = 'delete the file, once its writer has ended';

export const terminals: readonly Elsewhere[] = [
  {
    what: 'saved output of Windows Terminal',
    keeps: 'text',
    paths: ['${LOCALAPPDATA}/Packages/Microsoft.WindowsTerminal*/LocalState/buffer_*.txt'],
    byHand: 'close the tab: it is written again when the window closes',
  },
  {
    what: 'saved output of tmux',
    keeps: 'text',
    paths: ['~/.tmux/resurrect/*', `${data}/tmux/resurrect/*`],
    byHand: 'clear the history of the pane too: clear-history',
  },
  {
    what: 'saved session of zellij',
    keeps: 'text',
    paths: [`${cache}/zellij/**/*`, '~/Library/Caches/org.Zellij-Contributors.Zellij/**/*'],
  },
  { what: 'saved output of screen', keeps: 'append-only', paths: ['**/screenlog.*', '**/hardcopy.*'], byHand: record },
  { what: 'recorded terminal', keeps: 'append-only', paths: ['**/typescript', '**/*.cast'], byHand: record },
  {
    what: 'saved windows of a terminal',
    keeps: 'binary',
    paths: [
      '~/Library/Saved Application State/com.apple.Terminal.savedState/*',
      '~/Library/Saved Application State/com.googlecode.iterm2.savedState/*',
    ],
    byHand: 'close the window and clear its scrollback',
    opaque: 'macOS keeps the windows of terminals encrypted',
  },
];

const newKey = 'a program may read its key here: give it the new one';
const reads = (what: string, ...paths: string[]): Elsewhere => ({ what, keeps: 'text', paths, byHand: newKey });

export const configs: readonly Elsewhere[] = [
  reads('env file', '**/.env', '**/.env.*', '**/.envrc', '**/*.env'),
  reads('unit of systemd', `${config}/systemd/user/**/*`, `${data}/systemd/user/**/*`),
  reads('environment of the session', `${config}/environment.d/*`, '~/.pam_environment', '~/.xprofile', '~/.xsessionrc'),
  reads('launch agent', '~/Library/LaunchAgents/*'),
  reads('crontab', '~/.crontab'),
  reads('shell profile', '~/.bashrc', '~/.bash_profile', '~/.bash_aliases', '~/.profile', '~/.zshrc', '~/.zshenv', '~/.zprofile'),
  reads('shell profile', `${config}/fish/**/*`, '~/.login', '~/.cshrc', '~/.zlogin'),
  reads('Docker', '~/.docker/config.json', `${config}/containers/auth.json`),
  reads('compose file', '**/docker-compose*.y*ml', '**/compose*.y*ml'),
  reads('netrc', '~/.netrc', '~/_netrc', '~/.authinfo'),
  reads('passwords of PostgreSQL', '${PGPASSFILE:-~/.pgpass}', '~/.pg_service.conf', '${APPDATA}/postgresql/pgpass.conf'),
  reads('options of MySQL', '~/.my.cnf'),
  {
    what: 'login file of MySQL',
    keeps: 'binary',
    paths: ['~/.mylogin.cnf', '${APPDATA}/MySQL/.mylogin.cnf'],
    byHand: 'mysql_config_editor remove',
    opaque: 'MySQL keeps the passwords of its login file obfuscated',
  },
  reads('AWS CLI', '${AWS_SHARED_CREDENTIALS_FILE:-~/.aws/credentials}', '${AWS_CONFIG_FILE:-~/.aws/config}', '~/.aws/**/*'),
  reads('Google Cloud CLI', `${config}/gcloud/*`, `${config}/gcloud/**/*.json`),
  reads('git', '~/.git-credentials', `${config}/git/**/*`, '~/.gitconfig', '**/.git/config'),
  reads('GitHub CLI', `${config}/gh/*`),
  reads('GitLab CLI', `${config}/glab-cli/*`),
  reads('npm', '**/.npmrc', '**/.yarnrc', '**/.yarnrc.yml'),
  reads('Python packages', '~/.pypirc', `${config}/pip/pip.conf`, '~/.pip/pip.conf', `${config}/pypoetry/auth.toml`),
  reads('cargo', '~/.cargo/credentials', '~/.cargo/credentials.toml', '~/.cargo/config.toml'),
  reads('Java builds', '~/.m2/settings*.xml', '~/.gradle/gradle.properties'),
  reads('RubyGems', '~/.gem/credentials', '~/.bundle/config'),
  reads('Kubernetes', '${KUBECONFIG}', '~/.kube/config'),
  reads('Terraform', '~/.terraformrc', '~/.terraform.d/**/*', '**/*.tfvars', '**/terraform.tfstate*'),
  reads('Hugging Face', '~/.huggingface/token', `${cache}/huggingface/*`),
  reads('curl or wget', '~/.curlrc', '~/.wgetrc'),
];

export const put: readonly Elsewhere[] = [
  { what: 'record of git', keeps: 'append-only', paths: ['**/.git/logs/**/*'], byHand: 'mcp-rotate leak search says what to do' },
  { what: 'file of git', keeps: 'binary', paths: ['**/.git/**/*'], byHand: 'mcp-rotate leak search says what to do' },
  { what: 'trash', keeps: 'text', paths: [`${data}/Trash/**/*`, '~/.Trash/**/*', '**/.Trash-*/**/*'], byHand: 'empty the trash' },
  { what: 'download', keeps: 'text', paths: ['~/Downloads/**/*'] },
  { what: 'left over from an edit of mcp-rotate', keeps: 'text', paths: ['**/.*.mcp-rotate-*'], byHand: 'delete it' },
];

/** What the name of a file says of how it is kept, whoever keeps it. */
export const byName: readonly Elsewhere[] = [
  {
    what: 'database',
    keeps: 'live database',
    paths: [
      '**/*.sqlite',
      '**/*.sqlite-*',
      '**/*.sqlite3',
      '**/*.sqlite3-*',
      '**/*.sqlitedb*',
      '**/*.db',
      '**/*.db-*',
      '**/*.db3',
      '**/*.vscdb*',
      '**/*.leveldb/*',
      '**/leveldb/*',
      '**/IndexedDB/**/*',
      '**/*.ldb',
      '**/*.realm*',
      '**/*.mdb',
    ],
    byHand: 'delete it in the program that keeps it',
  },
  {
    what: 'log',
    keeps: 'append-only',
    paths: ['**/*.log', '**/*.log.*', '**/*.jsonl', '**/*.ndjson', '~/.npm/_logs/*', '~/.pm2/logs/*', '**/*.trace'],
    byHand: 'delete the log, or let it be rotated away, once its writer has ended',
  },
];
