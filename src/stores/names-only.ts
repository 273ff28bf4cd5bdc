/**
 * Stores of Electron clients: values that only the client can open, under names that stand in clear. Listed by name, never
 * opened; cleared and signed in by a person inside the client.
 *
 * Opening them is possible on some systems and is what thieves do: it is never done here. The client keeps its SQLite file in
 * memory and writes it back, so a change made from outside while it runs would be lost.
 */
import type { Row, TokenStore } from './store.ts';

export interface NamesOnly extends Pick<TokenStore, 'id' | 'client' | 'name' | 'rows' | 'programs' | 'signIn' | 'clearing'> {
  readonly rows: readonly (Row & { readonly kind: 'names' })[];
}

export function namesOnlyStore(facts: NamesOnly): TokenStore {
  return {
    ...facts,
    // Chromium's os_crypt: on Linux without a keyring its key is a word in its source (prefix `v10`), and the names do not
    // tell which it was.
    protection: (_row, { os }) => (os === 'linux' ? 'weak' : 'os'),
    locks: [],
    read: () => ({ entries: [], odd: [] }),
    keyFor: () => undefined,
    clear: () => [],
  };
}

/** The user folders of an editor built on VS Code, on each system. */
export function stateRows(product: string): readonly (Row & { readonly kind: 'names' })[] {
  const path = (folder: string): string => `${folder}/${product}/User/globalStorage/state.vscdb`;
  return [
    { kind: 'names', os: ['macos'], path: path('~/Library/Application Support') },
    { kind: 'names', os: ['linux'], path: path('${XDG_CONFIG_HOME:-~/.config}') },
    { kind: 'names', os: ['windows'], path: path('${APPDATA}') },
  ];
}
