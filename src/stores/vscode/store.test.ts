/**
 * Goal: where the names lie and what a person is told stays as sourced in NOTES.md.
 * Method: the facts that name another product’s menus and files, spelled out; what every such store passes is in
 * ../names-only.test.ts.
 */
import { expect, it } from 'vitest';
import { store } from './store.ts';

it('names the database of each product', () => {
  const paths = store.rows.map((row) => (row.kind === 'names' ? row.path : ''));
  expect(paths).toContain('${XDG_CONFIG_HOME:-~/.config}/Code/User/globalStorage/state.vscdb');
  expect(paths).toContain('~/Library/Application Support/Code - Insiders/User/globalStorage/state.vscdb');
  expect(paths).toContain('${APPDATA}/VSCodium/User/globalStorage/state.vscdb');
});

it('clears by the command that removes tokens and registration together', () => {
  expect(store.clearing.byHand).toContain('"Authentication: Remove Dynamic Authentication Providers"');
  expect(store.signIn.byHand).toContain('"MCP: List Servers"');
});
