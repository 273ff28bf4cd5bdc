/**
 * Claude Desktop: tokens of remote connectors are held by the claude.ai account, not on this machine. What lies here are the
 * settings of local extensions, in which a sensitive value is ciphertext that only the client opens.
 */
import { namesOnlyStore } from '../names-only.ts';

const settings = 'Claude/Claude Extensions Settings/*.json';

export const store = namesOnlyStore({
  id: 'claude-desktop',
  client: 'claude-desktop',
  name: 'Claude Desktop',
  rows: [
    { kind: 'names', os: ['macos'], path: `~/Library/Application Support/${settings}` },
    { kind: 'names', os: ['windows'], path: `\${APPDATA}/${settings}` },
    { kind: 'names', os: ['linux'], path: `\${XDG_CONFIG_HOME:-~/.config}/${settings}` },
  ],
  programs: { linux: ['claude-desktop'], macos: ['Claude'], windows: ['Claude.exe', 'claude.exe'] },
  signIn: {
    byHand: 'in Claude Desktop, open Settings → Connectors and choose Connect at <server>',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'in Claude Desktop, open Settings → Connectors and choose Disconnect at <server>' },
});
