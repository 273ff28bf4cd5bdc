/** Cursor, the editor: tokens, registration, verifier and address of each server under names of their own. */
import { namesOnlyStore, stateRows } from '../names-only.ts';

export const store = namesOnlyStore({
  id: 'cursor',
  client: 'cursor',
  name: 'Cursor',
  rows: stateRows('Cursor'),
  programs: { linux: ['cursor'], macos: ['Cursor'], windows: ['Cursor.exe'] },
  signIn: {
    byHand: 'in Cursor, open Settings → Tools & MCP and choose Connect at <server>',
    revokes: false,
    registration: 'kept',
  },
  clearing: { byHand: 'in Cursor, open Settings → Tools & MCP and choose Logout at <server>' },
});
