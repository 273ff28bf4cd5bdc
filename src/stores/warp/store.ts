/**
 * Warp: one keyring item per kind of server (from files, from Warp's own list), each a map from a name that only Warp can make
 * (a hash, or the installation's id) to the credentials. No address is kept, so an entry does not tell whose it is.
 *
 * Warp holds the maps in memory and writes them whole, so it must not run. Its redirect leads into Warp itself, so only Warp
 * signs in: nothing is put in. Without a Secret Service (Linux) and on Windows the maps are files that only Warp opens.
 */
import * as fields from '../fields.ts';
import { rmcpEntry } from '../rmcp.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../store.ts';

const service = 'dev.warp.Warp-Stable';
/** An array of kinds, newest first; the last is what older versions kept. */
const kinds = ['FileBasedMcpCredentials', 'TemplatableMcpCredentials', 'McpCredentials'] as const;

function read(row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = row.kind === 'blob' ? fields.fieldsOf(fields.readTree(text)) : undefined;
    if (!root) odd.push(name);
    for (const [key, tree] of root ?? []) {
      const entry = rmcpEntry(tree);
      if (entry) entries.push({ key, server: undefined, url: undefined, ...entry });
    }
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) =>
      read(row, [each]).entries.some((entry) => entry.key === key) ? fields.withoutFields(text, [], [key]) : text,
    ),
  );
}

export const store: TokenStore = {
  id: 'warp',
  client: 'warp',
  name: 'Warp',
  rows: [
    ...kinds.map((kind): Row & { readonly kind: 'blob' } => ({
      kind: 'blob',
      os: ['macos', 'linux'],
      service,
      account: () => kind,
      form: { attributes: ['service', 'key'] },
      ...(kind === 'McpCredentials' ? { stale: 'kept by an older Warp, which newer ones copy from once' } : {}),
    })),
    { kind: 'file', os: ['linux'], path: '${XDG_STATE_HOME:-~/.local/state}/warp-*/dev.warp.*McpCredentials' },
    { kind: 'file', os: ['windows'], path: '${LOCALAPPDATA}/warp/*/data/dev.warp.*McpCredentials' },
  ],
  // The file on Linux is under a key that stands in the program; on Windows DPAPI guards it.
  protection: (row, { os }) => (row.kind === 'file' && os === 'linux' ? 'weak' : 'os'),
  programs: { linux: ['warp-terminal', 'warp'], macos: ['Warp', 'stable'], windows: ['warp.exe', 'Warp.exe'] },
  locks: [],
  read,
  keyFor: () => undefined,
  clear,
  signIn: {
    byHand: 'in Warp, open Settings → MCP servers and start <server>; Warp opens the browser by itself',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'in Warp, open Settings → MCP servers and choose Log out at <server>' },
};
