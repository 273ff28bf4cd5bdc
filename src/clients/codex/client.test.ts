/**
 * Goal: Codex' TOML and the variables it passes by name are read and edited as the program reads them.
 * Method: the kit; precedence was tried against the real program (NOTES.md).
 */
import { describe, expect, it } from 'vitest';
import { describeClient } from '../../../test/kits/client.ts';
import { scratchMachine } from '../../../test/kits/machine.ts';
import { collect } from '../../inventory/collect.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import { client } from './client.ts';

const table = '# mine\n[mcp_servers.it]\ncommand = "x"\n\n[mcp_servers.it.env]\nKEY = "OLD"  # old\n';

describeClient(client, [
  { title: 'user scope', files: { '~/.codex/config.toml': table }, reaches: { env: 'KEY' } },
  { title: 'a profile', files: { '~/.codex/work.config.toml': table }, reaches: { env: 'KEY' } },
  {
    title: 'a project that it trusts',
    files: { '~/.codex/config.toml': '[projects."HOME/p"]\ntrust_level = "trusted"\n', '~/p/.codex/config.toml': table },
    reaches: { env: 'KEY' },
  },
  {
    title: 'inline tables and a literal header',
    files: {
      '~/.codex/config.toml': `mcp_servers.it = { url = 'https://x.test', http_headers = { X-Api-Key = 'OLD' } }\r\n`,
    },
    reaches: { header: 'X-Api-Key' },
  },
  {
    title: 'bearer token named by variable, out of its .env',
    files: {
      '~/.codex/config.toml': '[mcp_servers.it]\nurl = "https://x.test"\nbearer_token_env_var = "TOKEN"\n',
      '~/.codex/.env': 'TOKEN=OLD\n',
    },
    reaches: { header: 'Authorization' },
  },
  {
    title: 'header named by variable, out of a shell profile',
    files: {
      '~/.codex/config.toml': '[mcp_servers.it]\nurl = "https://x.test"\nenv_http_headers = { "X-Key" = "TOKEN" }\n',
      '~/.bashrc': 'export TOKEN=OLD\n',
    },
    reaches: { header: 'X-Key' },
  },
  {
    title: 'variables passed through by name, in both forms',
    files: {
      '~/.codex/config.toml': '[mcp_servers.it]\ncommand = "x"\nenv_vars = ["A", { name = "KEY", source = "local" }]\n',
      '~/.codex/.env': 'A=1\nKEY=OLD\n',
    },
    reaches: { env: 'KEY' },
  },
  {
    title: 'where CODEX_HOME moves it',
    env: { CODEX_HOME: 'HOME/moved' },
    files: { '~/moved/config.toml': table },
    reaches: { env: 'KEY' },
  },
  ...['plugins/cache/p/.mcp.json', 'plugins/p/.codex-plugin/plugin.json'].map((path) => ({
    title: `plugin: ${path}`,
    files: { [`~/.codex/${path}`]: '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    byHand: true as const,
    reaches: { env: 'KEY' },
  })),
  ...['managed_config.toml', 'requirements.toml'].map((name) => ({
    title: `managed: ${name}`,
    files: { [`~/.codex/${name}`]: table },
    byHand: true as const,
    reaches: { env: 'KEY' },
  })),
]);

describe('Codex alone', () => {
  it('takes its .env before the process, the entry’s own map before both, and follows no references', async () => {
    await using machine = await scratchMachine();
    Object.assign(machine.env, { A: 'process', B: 'process', C: 'process' });
    await machine.write('~/.codex/.env', 'A=file\nC=file\n');
    await machine.write(
      '~/.codex/config.toml',
      '[mcp_servers.it]\ncommand = "x"\nargs = ["${A}", "$A"]\nenv_vars = ["A", "B", "C"]\nenv = { C = "entry" }\n',
    );
    const { uses } = await collect(machine.ports, { clients: [client], providers: [], stores: [] }, { folders: [] });
    const launch = uses[0] && (await resolveUse(machine.ports, client, uses[0])).launch;
    expect(launch).toMatchObject({ args: ['${A}', '$A'], env: { A: 'file', B: 'process', C: 'entry' } });
  });
});
