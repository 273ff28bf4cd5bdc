/**
 * Visual Studio Code: per authorization server and MCP server one registration and one list of sessions, opened by the editor
 * alone. A registration that the server forgot is used again and again, so clearing goes through the command that removes both.
 */
import { namesOnlyStore, stateRows } from '../names-only.ts';

const portable = '${VSCODE_PORTABLE}/user-data/User/globalStorage/state.vscdb';

export const store = namesOnlyStore({
  id: 'vscode',
  client: 'vscode',
  name: 'Visual Studio Code',
  rows: [...['Code', 'Code - Insiders', 'VSCodium'].flatMap(stateRows), { kind: 'names', os: 'all', path: portable }],
  programs: {
    linux: ['code', 'code-insiders', 'codium'],
    macos: ['Code', 'Code - Insiders', 'VSCodium', 'Electron'],
    windows: ['Code.exe', 'Code - Insiders.exe', 'VSCodium.exe'],
  },
  signIn: {
    byHand: 'in VS Code, run "MCP: List Servers", choose <server>, then Start Server, and allow the sign-in',
    revokes: false,
    registration: 'kept',
  },
  clearing: {
    byHand: 'in VS Code, run "Authentication: Remove Dynamic Authentication Providers" and choose the provider of <server>',
  },
});
