/**
 * What editors keep besides the file: local histories, swap and undo files, unsaved texts, backups by name.
 *
 * Sources, looked up 2026-11: VS Code "Local History" (workbench.localHistory; <user data>/User/History) and hot exit
 * (<user data>/Backups); JetBrains "Local History" and "Directories used by the IDE" (system/LocalHistory); vim
 * `:help swap-file`, `undodir`, `backupdir`; nvim `:help xdg` (state/nvim/{swap,undo,backup}); Emacs manual "Backup Files",
 * "Auto-Saving" (auto-save-list); Sublime Text "Session"; Kate "swap files"; names of conflicted copies: help pages of
 * Dropbox, Syncthing ("conflicting changes"), Nextcloud, OneDrive.
 */
import type { Elsewhere } from './elsewhere.ts';

const config = '${XDG_CONFIG_HOME:-~/.config}';
const state = '${XDG_STATE_HOME:-~/.local/state}';
const data = '${XDG_DATA_HOME:-~/.local/share}';
/** User data of VS Code and of what was made from it, whatever its name. */
const codeFolders = [
  `${config}/*`,
  '~/Library/Application Support/*',
  '${APPDATA}/*',
  '~/.vscode-server/data',
  '~/.*-server/data',
];
const code = (rest: string): readonly string[] => codeFolders.map((folder) => `${folder}/${rest}`);

export const editors: readonly Elsewhere[] = [
  {
    what: 'local history of an editor',
    keeps: 'text',
    paths: code('User/History/*/*'),
    byHand: 'in the editor: Local History: Delete All',
  },
  { what: 'unsaved texts of an editor', keeps: 'text', paths: code('Backups/**/*'), byHand: 'quit the editor first' },
  {
    what: 'state of an editor',
    keeps: 'live database',
    paths: [...code('User/globalStorage/*.vscdb*'), ...code('User/workspaceStorage/*/*.vscdb*')],
    byHand: 'in the editor: delete the chat or search that holds it',
  },
  {
    what: 'local history of a JetBrains IDE',
    keeps: 'binary',
    paths: [
      '${XDG_CACHE_HOME:-~/.cache}/JetBrains/*/LocalHistory/**/*',
      '~/Library/Caches/JetBrains/*/LocalHistory/**/*',
      '${LOCALAPPDATA}/JetBrains/*/LocalHistory/**/*',
      '${XDG_CACHE_HOME:-~/.cache}/Google/AndroidStudio*/LocalHistory/**/*',
    ],
    byHand: 'in the IDE: File > Invalidate Caches, with Clear file system cache and Local History',
    opaque: 'a JetBrains IDE keeps its local history compressed, in a format of its own',
  },
  {
    what: 'swap file of vim',
    keeps: 'binary',
    paths: ['**/.*.sw*', '**/*.swp', `${state}/nvim/swap/*`, `${data}/nvim/swap/*`, '~/.vim/swap*/**/*', '~/.cache/vim/swap/*'],
    byHand: 'end the editor, or delete the file when it is of a session that is gone',
  },
  {
    what: 'undo file of vim',
    keeps: 'binary',
    paths: ['**/*.un~', `${state}/nvim/undo/*`, `${data}/nvim/undo/*`, '~/.vim/undo*/**/*', '~/.cache/vim/undo/*'],
    byHand: 'delete the file: it holds only steps to undo',
  },
  { what: 'backup of vim', keeps: 'text', paths: [`${state}/nvim/backup/*`, '~/.vim/backup*/**/*', '~/.cache/vim/backup/*'] },
  {
    what: 'backup of Emacs',
    keeps: 'text',
    paths: ['**/#*#', '~/.emacs.d/auto-save-list/**/*', '~/.emacs.d/backup*/**/*', '~/.emacs.d/auto-save*/**/*', '~/.saves/**/*'],
  },
  {
    what: 'session of Sublime Text',
    keeps: 'text',
    paths: [
      `${config}/sublime-text*/Local/*.sublime_session`,
      '~/Library/Application Support/Sublime Text*/Local/*.sublime_session',
      '${APPDATA}/Sublime Text*/Local/*.sublime_session',
    ],
    byHand: 'quit Sublime Text first: it writes its session again',
  },
  {
    what: 'database of Zed',
    keeps: 'live database',
    paths: [`${data}/zed/**/*`, '~/Library/Application Support/Zed/**/*', '${LOCALAPPDATA}/Zed/**/*'],
    byHand: 'in Zed: delete the thread that holds it',
  },
  {
    what: 'swap file of Kate',
    keeps: 'binary',
    paths: ['**/.*.kate-swp'],
    byHand: 'end the editor, or delete the file when it is of a session that is gone',
  },
  { what: 'checkpoint of Jupyter', keeps: 'text', paths: ['**/.ipynb_checkpoints/*'] },
];

/** By their names, whoever made them. */
export const backups: readonly Elsewhere[] = [
  {
    what: 'backup',
    keeps: 'text',
    paths: [
      '**/*~',
      '**/*.bak',
      '**/*.bak.*',
      '**/*.backup',
      '**/*.backup.*',
      '**/*.backup-*',
      '**/*.orig',
      '**/*.old',
      '**/*.save',
      '**/*.save.*',
      '**/*.corrupted.*',
      '**/*.rej',
    ],
  },
  {
    what: 'conflicted copy of a sync program',
    keeps: 'text',
    paths: [
      '**/*conflicted copy*',
      '**/*.sync-conflict-*',
      '**/*_conflict-*',
      '**/*(conflict*',
      '**/.stversions/**/*',
      '**/.dropbox.cache/**/*',
    ],
    byHand: 'delete it on the other machines too: the sync program may bring it back',
  },
];
