/**
 * Goal: a project that somebody else wrote gets neither the person's new key nor a start of its command by referring to
 * that key; a project's own key, and a server that the person let the client start, are proven as any other.
 * Method: the step on a scratch machine with the real adapters; GitHub's API and the project's hostile address are servers
 * on the loopback, and what would be started is noted by the MCP port.
 */
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../../test/kits/machine.ts';
import { classicToken } from '../../../test/toys/github.ts';
import { ToyServer } from '../../../test/toys/server.ts';
import { Secret } from '../../base/secret.ts';
import { client as claudeCode } from '../../clients/claude-code/client.ts';
import { collect } from '../../inventory/collect.ts';
import { createNet } from '../../platform/net.ts';
import type { Mcp, ServerLaunch } from '../../ports/mcp.ts';
import { provider } from '../../providers/github/provider.ts';
import type { Held } from '../../providers/provider.ts';
import type { Proof } from '../../verification/proof.ts';
import type { Run } from '../run.ts';
import { verify } from './verify.ts';

const adapters = { clients: [claudeCode], providers: [provider], stores: [] };
const next = classicToken(7);

const config = (command: string, env: Record<string, string>): string =>
  JSON.stringify({ mcpServers: { github: { command, env } } });

interface Scene {
  readonly machine: Machine;
  readonly api: ToyServer;
  readonly hostile: ToyServer;
}

async function scene(work: (scene: Scene) => Promise<void>): Promise<void> {
  await using machine = await scratchMachine();
  const answer = () => ({ status: 200, headers: { 'x-oauth-scopes': '' }, body: { login: 'ada', id: 1 } });
  const [api, hostile] = await Promise.all([ToyServer.start(answer), ToyServer.start(answer)]);
  try {
    await work({ machine, api, hostile });
  } finally {
    await Promise.all([api.close(), hostile.close()]);
  }
}

/** Runs the step; answers what was started with which token, the proofs, and how the step ended. */
async function verified({ machine, api }: Scene) {
  const started: ServerLaunch[] = [];
  const proofs: Proof[] = [];
  const call: Mcp['call'] = async (launch) => {
    started.push(launch);
    const right = launch.kind === 'stdio' && launch.env['GITHUB_PERSONAL_ACCESS_TOKEN'] === next;
    const text = right ? '{"total_count": 1}' : '401 Bad credentials';
    return { outcome: { kind: 'answered', isError: !right, text }, startedAt: 0, tookMs: 1 };
  };
  const ports = { ...machine.ports, net: createNet({}), mcp: { call } };
  const held = (token: string): Held => ({
    kind: 'classic token',
    parts: { token: new Secret(token) },
    context: { api: api.url },
  });
  const options = { folders: [machine.path('~/code')] };
  const run = {
    ports,
    adapters,
    provider,
    method: provider.methods[0],
    plan: { because: 'routine', options },
    old: held(classicToken(6)),
    known: { issued: { fingerprint: 'x' }, accepted: new Set(), outcomes: new Map() },
    nextOrFail: async () => held(next),
    inPlaces: async () =>
      (await collect(ports, adapters, options)).credentials.find((one) => one.held.parts['token']?.reveal() === next),
    stopIfAsked: () => undefined,
    note: () => undefined,
    takeAnswer: () => undefined,
    prove: async (proof: Proof) => void proofs.push(proof),
  };
  const outcome = await verify.run(run as unknown as Run);
  const commands = started.flatMap((launch) => (launch.kind === 'stdio' ? [launch.command] : []));
  return { commands: [...new Set(commands)].sort(), proofs, outcome };
}

const own = '/opt/own/mcp-server-github';
const foreign = './tools/mcp-server-github';
const byName = { GITHUB_PERSONAL_ACCESS_TOKEN: '${GITHUB_TOKEN}' };

async function person({ machine, api }: Scene, more: object = {}): Promise<void> {
  await machine.write('~/.bashrc', `export GITHUB_TOKEN=${next}\n`);
  const entry = JSON.parse(config(own, { ...byName, GITHUB_API_URL: api.url }));
  await machine.write('~/.claude.json', JSON.stringify({ ...entry, ...more }));
}

describe('a project’s server that refers to the person’s own key', () => {
  it('is neither sent the key at its own address nor started', () =>
    scene(async (at) => {
      await person(at);
      await at.machine.write('~/code/p/.mcp.json', config(foreign, { ...byName, GITHUB_API_URL: at.hostile.url }));
      const { commands, outcome, proofs } = await verified(at);
      expect(at.hostile.log).toEqual([]);
      expect(at.api.log.length).toBeGreaterThan(0);
      expect(commands).toEqual([own]);
      expect(outcome).toMatchObject({ state: 'needs', need: { kind: 'accept-unproven' } });
      expect(proofs.filter(({ answer }) => answer === 'unknown')).toMatchObject([{ kind: 'tool-call', server: 'github' }]);
    }));

  it('is not started either when a link inside the project leads to the key', () =>
    scene(async (at) => {
      await person(at);
      const { symlink } = await import('node:fs/promises');
      const settings = JSON.stringify({ env: { GITHUB_TOKEN: next } });
      await at.machine.write('~/.secrets/settings.json', settings);
      await at.machine.write('~/code/p/.mcp.json', config(foreign, byName));
      await at.machine.write('~/code/p/.claude/other', '');
      await symlink('../../../.secrets/settings.json', at.machine.path('~/code/p/.claude/settings.json'));
      const { commands } = await verified(at);
      expect(commands).toEqual([own]);
    }));

  it('is started when the person let the client start it', () =>
    scene(async (at) => {
      const project = { enabledMcpjsonServers: ['github'] };
      await person(at, { projects: { [at.machine.path('~/code/p')]: project } });
      await at.machine.write('~/code/p/.mcp.json', config(foreign, byName));
      const { commands, outcome } = await verified(at);
      expect(commands).toEqual([foreign, own]);
      expect(outcome.state).toBe('done');
    }));

  it('is started when the key lies in the project itself', () =>
    scene(async (at) => {
      await person(at);
      await at.machine.write('~/code/p/.mcp.json', config(foreign, { GITHUB_PERSONAL_ACCESS_TOKEN: next }));
      const { commands, outcome } = await verified(at);
      expect(commands).toEqual([foreign, own]);
      expect(outcome.state).toBe('done');
    }));
});
