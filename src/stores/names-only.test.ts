/**
 * Goal: a store that only its client can open is never read, cleared or written here, and a person is told what to do.
 * Method: the kit over every such store with a text as it lies there, and the facts that people see compared with the rest.
 */
import { describe, expect, it } from 'vitest';
import { describeStore } from '../../test/kits/store.ts';
import { store as claudeDesktop } from './claude-desktop/store.ts';
import { store as cursor } from './cursor/store.ts';
import { store as vscode } from './vscode/store.ts';
import { store as windsurf } from './windsurf/store.ts';

const server = { server: 'lab', url: 'https://mcp.example.test/mcp', headers: {}, transport: 'http' as const };

describe.each([vscode, cursor, windsurf, claudeDesktop])('$name', (store) => {
  it('offers no way to write or to open it', () => {
    expect(store.put).toBeUndefined();
    expect(store.signIn.command).toBeUndefined();
    expect(store.clearing.command).toBeUndefined();
    expect(store.rows.every(({ kind }) => kind === 'names')).toBe(true);
  });

  it('tells a person which server is meant, where to sign in and where to clear', () => {
    for (const { byHand } of [store.signIn, store.clearing]) {
      expect(byHand).toContain('<server>');
      expect(byHand).toMatch(/^in [A-Z]/);
    }
    expect(store.clearing.byHand).not.toBe(store.signIn.byHand);
  });

  it('has a row on every system, each path once', () => {
    for (const os of ['linux', 'macos', 'windows'] as const) {
      const paths = store.rows.flatMap((row) =>
        row.kind === 'names' && (row.os === 'all' || row.os.includes(os)) ? [row.path] : [],
      );
      expect(paths.length).toBeGreaterThan(0);
      expect(new Set(paths).size).toBe(paths.length);
      expect(store.programs[os].length).toBeGreaterThan(0);
      expect(store.protection(store.rows[0] as never, { os })).toBe(os === 'linux' ? 'weak' : 'os');
    }
  });
});

for (const store of [vscode, cursor, windsurf, claudeDesktop]) {
  describeStore(store, {
    samples: store.rows.map((row, i) => ({
      title: `row ${i + 1}`,
      row,
      texts: [
        {
          name: '/data/state.vscdb',
          text: 'SQLite format 3 secret://{"extensionId":"anysphere.cursor-mcp","key":"[user-lab] mcp_tokens"}{"type":"Buffer","data":[118,49,49]}',
        },
      ],
      entries: [],
    })),
    odd: [],
    keys: store.rows.map((row) => ({ row, server, key: undefined })),
    drops: [],
    keepsRegistration: false,
    server,
  });
}
