/**
 * Goal: what we find, write and read back is what the real clients find, take and give to their servers.
 * Method: each client writes its own configuration (opencode has no command for it), we replace the credential, and the
 * same client connects to a server that only the new credential opens. Each test sees the gate shut first.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { client as claudeCode } from '../../src/clients/claude-code/client.ts';
import type { Client } from '../../src/clients/client.ts';
import { client as codex } from '../../src/clients/codex/client.ts';
import { client as geminiCli } from '../../src/clients/gemini-cli/client.ts';
import { client as opencode } from '../../src/clients/opencode/client.ts';
import { collect } from '../../src/inventory/collect.ts';
import { applyEdit, planEdits } from '../../src/inventory/edit.ts';
import { readBack } from '../../src/inventory/read-back.ts';
import { newToken, oldToken } from '../kits/client.ts';
import { type Machine, scratchMachine } from '../kits/machine.ts';
import { heldWith, partText, toyProviders } from '../kits/providers.ts';
import { type Gate, leftRunning, openGate, runClient } from './parts.ts';

let machine: Machine;
let gate: Gate;

beforeEach(async () => {
  machine = await scratchMachine();
  gate = await openGate(machine, oldToken);
});

afterEach(async () => {
  await gate[Symbol.asyncDispose]();
  let left = await leftRunning(machine);
  for (let look = 0; left.length > 0 && look < 50; look++) {
    await sleep(200);
    left = await leftRunning(machine);
  }
  await machine[Symbol.asyncDispose]();
  expect(left).toEqual([]);
});

/** Finds the one credential, replaces it everywhere, reads it back; answers the servers that hold it. */
async function rotate(client: Client): Promise<readonly string[]> {
  const adapters = { clients: [client], providers: toyProviders, stores: [] };
  const { credentials } = await collect(machine.ports, adapters, { folders: [] });
  const [credential] = credentials.filter(({ provider }) => provider === 'toy-token');
  if (!credential) throw new Error('the credential was not found');
  expect(partText(credential.held, 'token')).toBe(oldToken);
  for (const edit of planEdits(credential, heldWith('token', { token: newToken }))) {
    expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
  }
  for (const { use } of credential.places) {
    const held = await readBack(machine.ports, adapters, use);
    expect(held.map((each) => partText(each.held, 'token'))).toEqual([newToken]);
  }
  return [...new Set(credential.places.map(({ use }) => `${use.scope} ${use.server}`))].toSorted();
}

/** The words by which a client says that a server answered, with the server's name in the same line or paragraph. */
const line = (output: string, server: string): string => output.split('\n').find((each) => each.includes(`${server}`)) ?? '';

describe('Claude Code', () => {
  it('connects with the new credential in user, local and project scope, stdio and http', async () => {
    const project = machine.path('~/p');
    await machine.write('~/p/README', '');
    const env = ['-e', `TOY_TOKEN=${oldToken}`];
    const run = (...args: string[]): Promise<string> => runClient(machine, 'claude', args, project);
    await run('mcp', 'add', '-s', 'user', 'in-user', ...env, '--', ...gate.command);
    await run('mcp', 'add', '-s', 'local', 'in-local', ...env, '--', ...gate.command);
    await run('mcp', 'add', '-s', 'project', 'in-project', ...env, '--', ...gate.command);
    const header = `Authorization: Bearer ${oldToken}`;
    await run('mcp', 'add', '-s', 'user', '--transport', 'http', 'by-http', gate.url, '--header', header);
    await gate.want(newToken);
    const shut = await run('mcp', 'list');
    for (const name of ['in-user', 'in-local', 'by-http']) expect(line(shut, name)).toContain('✘');

    expect(await rotate(claudeCode)).toEqual(['local in-local', 'project in-project', 'user by-http', 'user in-user']);

    const open = await run('mcp', 'list');
    for (const name of ['in-user', 'in-local', 'by-http']) expect(line(open, name)).toContain('✔ Connected');
    const details = await run('mcp', 'get', 'in-project');
    expect(details).toContain(newToken);
    expect(details).not.toContain(oldToken);
  });

  it('connects with the new credential out of its settings, and of a default', async () => {
    const [program, ...args] = gate.command;
    const stdio = (value: string): object => ({ type: 'stdio', command: program, args, env: { TOY_TOKEN: value } });
    await machine.write(
      '~/.claude.json',
      JSON.stringify({ mcpServers: { 'by-settings': stdio('${KEPT}'), 'by-default': stdio(`\${NOBODY_SETS:-${oldToken}}`) } }),
    );
    await machine.write('~/.claude/settings.json', JSON.stringify({ env: { KEPT: oldToken } }));
    machine.env['KEPT'] = 'settings go before this';
    await gate.want(newToken);
    await runClient(machine, 'claude', ['mcp', 'list']);
    expect([...new Set(await gate.seen())]).toEqual(['stdio shut']);

    expect(await rotate(claudeCode)).toEqual(['user by-default', 'user by-settings']);

    const open = await runClient(machine, 'claude', ['mcp', 'list']);
    for (const name of ['by-settings', 'by-default']) expect(line(open, name)).toContain('✔ Connected');
  });
});

describe('Claude Code as a neighbour', () => {
  it('loses none of its own changes while we change the file, nor do we (failure mode 13)', async () => {
    const add = (name: string, key: string): Promise<string> =>
      runClient(machine, 'claude', ['mcp', 'add', '-s', 'user', name, '-e', `TOY_TOKEN=${key}`, '--', ...gate.command]);
    await add('ours', oldToken);
    const names = Array.from({ length: 12 }, (_, i) => `theirs-${i}`);
    const adding = Promise.all(names.map((name) => add(name, 'x')));
    expect(await rotate(claudeCode)).toEqual(['user ours']);
    await adding;
    const { mcpServers } = JSON.parse(await machine.text('~/.claude.json')) as { mcpServers: Record<string, { env: object }> };
    expect(Object.keys(mcpServers).toSorted()).toEqual(['ours', ...names].toSorted());
    expect(mcpServers['ours']?.env).toEqual({ TOY_TOKEN: newToken });
  });
});

describe('Codex', () => {
  /** A session with a model that answers nothing: servers are started before it is asked. */
  const session = (): Promise<string> => runClient(machine, 'codex', ['exec', '--skip-git-repo-check', 'hello']);
  const model = (port: string): string =>
    `model = "none"\nmodel_provider = "nobody"\n\n[model_providers.nobody]\nname = "nobody"\nbase_url = "${port}"\n` +
    'request_max_retries = 0\nstream_max_retries = 0\n\n';

  it('lists the new credential and gives it to the server in a session', async () => {
    await machine.write('~/.codex/config.toml', model(gate.url));
    await runClient(machine, 'codex', ['mcp', 'add', 'by-stdio', '--env', `TOY_TOKEN=${oldToken}`, '--', ...gate.command]);
    await runClient(machine, 'codex', ['mcp', 'add', 'by-http', '--url', gate.url, '--bearer-token-env-var', 'GATE_TOKEN']);
    await machine.write('~/.codex/.env', `GATE_TOKEN='${oldToken}'\n`);
    machine.env['GATE_TOKEN'] = 'its .env goes before this';
    await gate.want(newToken);
    await session();
    const before = await gate.seen();
    expect(before).toContain('stdio shut');
    expect(before.filter((each) => each.endsWith('open'))).toEqual([]);

    expect(await rotate(codex)).toEqual(['user by-http', 'user by-stdio']);

    const listed = await runClient(machine, 'codex', ['mcp', 'list', '--json']);
    expect(listed).toContain(`"TOY_TOKEN": "${newToken}"`);
    expect(listed).not.toContain(oldToken);
    await session();
    const after = await gate.seen();
    expect(after).toContain('stdio open');
    expect(after).toContain('http open');
    expect(after).not.toContain('stdio shut');
  });
});

describe('Gemini CLI', () => {
  it('connects with the new credential in user and project scope, stdio and http', async () => {
    const project = machine.path('~/p');
    await machine.write('~/p/README', '');
    await machine.write('~/.gemini/trustedFolders.json', JSON.stringify({ [project]: 'TRUST_FOLDER' }));
    const run = (...args: string[]): Promise<string> => runClient(machine, 'gemini', args, project);
    await run('mcp', 'add', '-s', 'user', '-e', `TOY_TOKEN=${oldToken}`, 'in-user', ...gate.command);
    await run('mcp', 'add', '-s', 'project', '-t', 'http', '-H', `Authorization: Bearer ${oldToken}`, 'by-http', gate.url);
    const file = '~/p/.gemini/settings.json';
    const settings = JSON.parse(await machine.text(file)) as { mcpServers: Record<string, object> };
    settings.mcpServers['by-env-file'] = { url: gate.url, type: 'http', headers: { Authorization: 'Bearer $KEPT' } };
    await machine.write(file, JSON.stringify(settings));
    await machine.write('~/p/.env', `KEPT=${oldToken}\n`);
    await gate.want(newToken);
    const names = ['in-user', 'by-http', 'by-env-file'];
    const shut = await run('mcp', 'list');
    for (const name of names) expect(line(shut, name)).toContain('Disconnected');

    expect(await rotate(geminiCli)).toEqual(['project by-env-file', 'project by-http', 'user in-user']);

    const open = await run('mcp', 'list');
    for (const name of names) expect(line(open, name)).toContain('- Connected');
  });
});

describe('opencode', () => {
  it('connects with the new credential in a literal, a file and a variable of a shell profile', async () => {
    const local = (value: string): object => ({ type: 'local', command: gate.command, environment: { TOY_TOKEN: value } });
    const remote = { type: 'remote', url: gate.url, headers: { Authorization: 'Bearer {file:./key.txt}' } };
    const text = JSON.stringify(
      { mcp: { 'by-literal': local(oldToken), 'by-variable': local('{env:KEPT}'), 'by-http': remote } },
      null,
      2,
    );
    await machine.write('~/.config/opencode/opencode.jsonc', `// mine\n${text}`);
    await machine.write('~/.config/opencode/key.txt', `${oldToken}\n`);
    await machine.write('~/.profile', `export KEPT="${oldToken}"\n`);
    machine.env['KEPT'] = oldToken;
    await gate.want(newToken);
    const shut = await runClient(machine, 'opencode', ['mcp', 'list']);
    for (const name of ['by-literal', 'by-variable', 'by-http']) expect(line(shut, name)).toContain('failed');

    expect(await rotate(opencode)).toEqual(['user by-http', 'user by-literal', 'user by-variable']);

    // As in a new terminal, which has read the profile.
    machine.env['KEPT'] = /KEPT="(.*)"/.exec(await machine.text('~/.profile'))?.[1] ?? '';
    const open = await runClient(machine, 'opencode', ['mcp', 'list']);
    for (const name of ['by-literal', 'by-variable', 'by-http']) expect(line(open, name)).toContain('connected');
  });
});
