/** The three config files of the failing world: three formats, three clients, one key. Each awkward in its own way. */
export const home = '/home/ada';

/** A config file as its client writes it: with the key, and with a counter that the client itself counts up. */
export interface ConfigFile {
  readonly path: string;
  readonly client: string;
  readonly terminal: boolean;
  /** Takes a change up by itself. */
  readonly watches: boolean;
  text(key: string, counter: number): string;
}

export const configs: readonly ConfigFile[] = [
  {
    path: `${home}/.claude.json`,
    client: 'claude',
    terminal: true,
    watches: false,
    text: (key, counter) =>
      `{\n\t"numStartups": ${counter},\r\n  "mcpServers": {"one": {"type": "stdio", "command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],\n` +
      `    "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${key}"}}},  "tipsHistory": {}}`,
  },
  {
    path: `${home}/.codex/config.toml`,
    client: 'codex',
    terminal: true,
    watches: false,
    text: (key, counter) =>
      `# kept by hand ${counter}\nmodel = "x"\n\n[mcp_servers.two]\ncommand = "npx"\nargs = ["-y", "@modelcontextprotocol/server-github"]\n` +
      `env = { GITHUB_PERSONAL_ACCESS_TOKEN = "${key}" } # do not lose\n`,
  },
  {
    path: `${home}/.cursor/mcp.json`,
    client: 'cursor',
    terminal: false,
    watches: true,
    text: (key, counter) =>
      `\uFEFF{"counter":${counter},"mcpServers":{"three":{"command":"npx","args":["-y","@modelcontextprotocol/server-github"],"env":{"GITHUB_PERSONAL_ACCESS_TOKEN":"${key}"}}}}\n`,
  },
];

export const keyOf = (text: string): string => /tok_[a-z0-9]{16}/.exec(text)?.[0] ?? '';
