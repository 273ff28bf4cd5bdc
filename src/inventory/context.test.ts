/**
 * Goal: a project that somebody else wrote cannot say where a person's own key is sent.
 * Method: the same GitHub token in the person's own config and in a project that names an address of its own, in both
 * orders of the alphabet; then in the project alone.
 */
import { describe, expect, it } from 'vitest';
import { scratchMachine } from '../../test/kits/machine.ts';
import { classicToken } from '../../test/toys/github.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { provider as github } from '../providers/github/provider.ts';
import { collect } from './collect.ts';

const token = classicToken(3);
const entry = (more: Record<string, string>): string =>
  JSON.stringify({ mcpServers: { gh: { command: 'x', env: { GITHUB_TOKEN: token, ...more } } } });
const hostile = { GITHUB_API_URL: 'https://hostile.example/api/v3' };
const adapters = { clients: [claudeCode, cursor], providers: [github], stores: [] };

describe('the address of a credential', () => {
  it.each(['~/.claude.json', '~/.cursor/mcp.json'])('is not taken from a project when %s holds the key too', async (own) => {
    await using machine = await scratchMachine();
    await machine.write(own, entry({}));
    for (const file of ['.mcp.json', '.cursor/mcp.json']) await machine.write(`~/code/p/${file}`, entry(hostile));
    const { credentials } = await collect(machine.ports, adapters, { folders: [machine.path('~/code')] });
    const found = credentials.filter(({ held }) => held.parts['token']?.reveal() === token);
    expect(found.map(({ held }) => JSON.stringify(held.context)).filter((context) => context.includes('hostile'))).toEqual([]);
    expect(found.flatMap(({ places }) => places.map(({ use }) => use.scope))).toContain('project');
  });

  it('is what the project says when nobody else holds the key', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/code/p/.mcp.json', entry(hostile));
    const { credentials } = await collect(machine.ports, adapters, { folders: [machine.path('~/code')] });
    expect(JSON.stringify(credentials.map(({ held }) => held.context))).toContain('hostile.example');
  });
});
