/**
 * Goal: where the names lie and what a person is told stays as sourced in NOTES.md.
 * Method: the facts that name another product’s menus and files, spelled out; what every such store passes is in
 * ../names-only.test.ts.
 */
import { expect, it } from 'vitest';
import { store } from './store.ts';

it('names the database under both names of the product', () => {
  const paths = store.rows.map((row) => (row.kind === 'names' ? row.path : ''));
  expect(paths).toContain('${APPDATA}/Windsurf/User/globalStorage/state.vscdb');
  expect(paths).toContain('${APPDATA}/Devin/User/globalStorage/state.vscdb');
});
