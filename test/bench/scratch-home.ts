/** A home as a busy person has it on Linux: eight clients with 25 servers each, every credential different. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const perClient = 25;

interface Entry {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The same text for the same seed on every machine; no real credential. */
const letters = (seed: string, length: number): string => createHash('sha512').update(seed).digest('hex').slice(0, length);

function entries(client: string): Entry[] {
  return Array.from({ length: perClient }, (_, i) => {
    const key = letters(`${client} ${i}`, 40);
    const dsn = `postgresql://app_${i}:${key.slice(0, 24)}@db-${client}-${i}.example.com:5432/app`;
    return i % 2 === 0
      ? { name: `database-${i}`, env: { DATABASE_URL: dsn } }
      : { name: `tool-${i}`, env: { SOME_API_KEY: key } };
  });
}

type Render = (list: readonly Entry[]) => string;
const json =
  (key: string, entry: (one: Entry) => object): Render =>
  (list) =>
    `${JSON.stringify({ [key]: Object.fromEntries(list.map((one) => [one.name, entry(one)])) }, null, 2)}\n`;
const usual = (one: Entry): object => ({ command: 'npx', args: ['-y', `@example/${one.name}`], env: one.env });
const toml: Render = (list) =>
  list
    .map(({ name, env }) => {
      const values = Object.entries(env).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
      return `[mcp_servers.${name}]\ncommand = "npx"\nargs = ["-y", "@example/${name}"]\n\n[mcp_servers.${name}.env]\n${values.join('')}\n`;
    })
    .join('');

const files: readonly (readonly [client: string, path: string, render: Render])[] = [
  ['claude-desktop', '.config/Claude/claude_desktop_config.json', json('mcpServers', usual)],
  ['claude-code', '.claude.json', json('mcpServers', usual)],
  ['cursor', '.cursor/mcp.json', json('mcpServers', usual)],
  ['vscode', '.config/Code/User/mcp.json', json('servers', usual)],
  ['windsurf', '.codeium/windsurf/mcp_config.json', json('mcpServers', usual)],
  ['codex', '.codex/config.toml', toml],
  ['gemini-cli', '.gemini/settings.json', json('mcpServers', usual)],
  [
    'opencode',
    '.config/opencode/opencode.json',
    json('mcp', ({ name, env }) => ({ type: 'local', command: ['npx', '-y', `@example/${name}`], environment: env })),
  ],
];

export async function writeScratchHome(home: string): Promise<{ readonly clients: number; readonly servers: number }> {
  for (const [client, path, render] of files) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), render(entries(client)), { mode: 0o600 });
  }
  return { clients: files.length, servers: files.length * perClient };
}
