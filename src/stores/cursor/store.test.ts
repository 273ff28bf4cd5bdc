/**
 * Goal: where the names lie and what a person is told stays as sourced in NOTES.md.
 * Method: the facts that name another product’s menus and files, spelled out; what every such store passes is in
 * ../names-only.test.ts.
 */
import { expect, it } from 'vitest';
import { store } from './store.ts';

it('names the database and the menu', () => {
  expect(store.rows).toContainEqual({ kind: 'names', os: ['windows'], path: '${APPDATA}/Cursor/User/globalStorage/state.vscdb' });
  expect(store.clearing.byHand).toBe('in Cursor, open Settings → Tools & MCP and choose Logout at <server>');
});
