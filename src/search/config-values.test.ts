/**
 * Goal: a literal key in any config of an MCP client is found where clients put keys, and references, placeholders and words are not.
 * Method: the same server written as each client writes it; every known reference; files that look like configs and are none.
 */
import { describe, expect, it } from 'vitest';
import { findConfigValues } from './config-values.ts';

const key = 'q8Z1mfk3Lw0Pz7Vt';
const found = async (path: string, text: string): Promise<readonly string[]> =>
  (await findConfigValues(path, Buffer.from(text))).map(({ name, line }) => `${line} ${name}`);

describe('findConfigValues', () => {
  it.each([
    ['.mcp.json', `{"mcpServers":{"a":{"command":"x","env":{"ACME_API_KEY":"${key}"}}}}`, '1 a env ACME_API_KEY'],
    [
      '.vscode/mcp.json',
      `{ // c\n"servers":{"a":{"url":"https://x.dev","headers":{"Authorization":"Bearer ${key}"}}}}`,
      '2 a header Authorization',
    ],
    ['claude_desktop_config.json', `{"mcpServers":{"a":{"command":"x","args":["--api-key","${key}"]}}}`, '1 a arg --api-key'],
    ['mcp.json', `{"mcpServers":{"a":{"command":"x","args":["--token=${key}"]}}}`, '1 a arg --token'],
    ['mcp.json', `{"mcpServers":{"a":{"command":"docker","args":["run","-e","ACME_TOKEN=${key}","i"]}}}`, '1 a arg ACME_TOKEN'],
    ['mcp.json', `{"mcpServers":{"a":{"url":"https://x.dev/mcp?api_key=${key}"}}}`, '1 a url '],
    ['.codex/config.toml', `[mcp_servers.a]\ncommand = "x"\nenv = { ACME_TOKEN = "${key}" }\n`, '3 a env ACME_TOKEN'],
    [
      'opencode.json',
      `{"mcp":{"a":{"type":"local","command":["x"],"environment":{"ACME_TOKEN":"${key}"}}}}`,
      '1 a env ACME_TOKEN',
    ],
    ['goose.yaml', `extensions:\n  a:\n    cmd: x\n    envs:\n      ACME_TOKEN: ${key}\n`, '5 a env ACME_TOKEN'],
    [
      '.claude.json',
      `{"projects":{"/p":{"mcpServers":{"a":{"command":"x","env":{"ACME_TOKEN":"${key}"}}}}}}`,
      '1 a env ACME_TOKEN',
    ],
    ['settings.json', `{"mcp":{"servers":{"a":{"command":"x","env":{"DB":"postgres://app:${key}@db.corp/x"}}}}}`, '1 a env DB'],
  ])('%s: %s', async (path, text, expected) => {
    expect(await found(path, text)).toEqual([expected]);
  });

  it.each([
    '${ACME_TOKEN}',
    '${env:ACME_TOKEN}',
    '${input:acme}',
    '{env:ACME_TOKEN}',
    '$ACME_TOKEN',
    'op://vault/acme/token',
    '<your-token>',
    'your-token-here',
    'YOUR_TOKEN',
    'xxxxxxxxxxxx',
    '/usr/local/etc/acme.token',
    './token.txt',
    'https://example.com/token',
    'true',
    'production',
    'changeme',
    '',
    'postgres://postgres:postgres@localhost:5432/app',
  ])('leaves alone %j', async (value) => {
    expect(await found('.mcp.json', JSON.stringify({ mcpServers: { a: { command: 'x', env: { ACME_TOKEN: value } } } }))).toEqual(
      [],
    );
  });

  it.each([
    ['package.json', `{"servers":{"a":{"token":"${key}"}}}`],
    ['.mcp.json', `{"mcpServers":{"a":{"command":"x","env":{"ACME_TOKEN":"${key}"`],
    ['notes.txt', `{"mcpServers":{"a":{"command":"x","env":{"ACME_TOKEN":"${key}"}}}}`],
    ['.mcp.json', `{"mcpServers":[["${key}"]]}`],
    ['a.yaml', '- mcp: &a [*a]\n'],
  ])('%s that is none: %s', async (path, text) => {
    expect(await found(path, text)).toEqual([]);
  });
});
