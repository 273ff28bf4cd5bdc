/**
 * Goal: where the names lie and what a person is told stays as sourced in NOTES.md.
 * Method: the facts that name another product’s menus and files, spelled out; what every such store passes is in
 * ../names-only.test.ts.
 */
import { expect, it } from 'vitest';
import { store } from './store.ts';

it('sends a person to the account, which holds the tokens', () => {
  expect(store.signIn.byHand).toContain('Settings → Connectors');
  expect(store.clearing.byHand).toContain('Disconnect');
});
