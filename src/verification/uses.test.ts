/**
 * Goal: a use is proven only when its copy is the new one, that copy is accepted for the right account, and the real call
 * differs from a broken one; after the first failure nothing more is tried, and the rest is 'unknown'.
 * Method: a toy provider and the MCP twin over one set of known keys.
 */
import { describe, expect, it } from 'vitest';
import { createMcpTwin, upstreamServers } from '../../test/twins/mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Use } from '../inventory/inventory.ts';
import type { ResolvedServer } from '../inventory/resolved.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
import type { Held, Provider, Standing } from '../providers/provider.ts';
import { type UseReader, verifyUse } from './uses.ts';

const heldOf = (user: string, password: string): Held => ({
  kind: 'dsn',
  parts: { user: new Secret(user), password: new Secret(password) },
  context: {},
});
const old = heldOf('app', 'old-password-0001');
const next = heldOf('app_k7', 'new-password-0002');
const dsn = (held: Held) => `postgres://${held.parts['user']?.reveal()}:${held.parts['password']?.reveal()}@db/x`;
const launchOf = (held: Held): ServerLaunch => ({ kind: 'stdio', command: 'mcp-server-postgres', args: [dsn(held)], env: {} });
const use: Use = {
  client: 'cursor',
  scope: 'user',
  server: 'pg',
  configFile: '/c.json',
  entry: ['mcpServers', 'pg'],
  format: 'json',
};

interface Scene {
  readonly old?: Held;
  readonly file?: Held | Problem | 'nothing' | 'both';
  readonly launch?: ServerLaunch | undefined | Problem;
  readonly standing?: Standing;
  readonly known?: readonly Held[];
  readonly account?: string;
  readonly oldLives?: boolean;
  readonly forbidden?: boolean;
}

function verify(scene: Scene) {
  let now = 0;
  const sleep = async (length: number) => {
    now += length;
  };
  const clock = { now: () => now, elapsed: () => now, sleep };
  const checked: Held[] = [];
  const provider = {
    id: 'postgresql',
    parts: [
      { name: 'user', secret: false },
      { name: 'password', secret: true },
    ],
    pace: { worksWithinMs: 0, deadWithinMs: 0 },
    async check(_up: unknown, held: Held): Promise<Standing> {
      checked.push(held);
      return scene.standing ?? { alive: 'yes', how: 'select 1', account: 'app' };
    },
  } as unknown as Provider;
  const file = scene.file ?? next;
  const reader: UseReader = {
    async readBack() {
      if (file instanceof Problem) throw file;
      const all = file === 'nothing' ? [] : file === 'both' ? [next, old] : [file];
      return all.map((held) => ({ provider, held }));
    },
    async resolve() {
      const launch = 'launch' in scene ? scene.launch : launchOf(next);
      if (launch instanceof Problem) throw launch;
      return { use, slots: [], launch, unresolved: [], unseen: [] } satisfies ResolvedServer;
    },
  };
  const launches: string[] = [];
  const known = (scene.known ?? [next]).map(dsn);
  const world = upstreamServers({
    knows(launch) {
      const arg = launch.kind === 'stdio' ? (launch.args[0] ?? '') : '';
      launches.push(arg);
      if (scene.forbidden && arg === dsn(next)) return 'forbidden';
      return known.includes(arg) ? 'yes' : 'no';
    },
  });
  const random = { bytes: (length: number) => new Uint8Array(length).fill(3) };
  const ports = { clock, random, mcp: createMcpTwin({ clock, world }) } as never;
  const question = { use, provider, old: scene.old ?? old, next, oldLives: scene.oldLives ?? true, account: scene.account };
  return { proofs: verifyUse(ports, reader, question), checked, launches };
}

const answers = async (scene: Scene) => {
  const { proofs, launches } = verify(scene);
  const shown = JSON.stringify(await proofs);
  expect(shown).not.toMatch(/(old|new)-password/);
  return { answers: (await proofs).map(({ kind, answer }) => `${kind}: ${answer}`), calls: launches.length };
};

describe('a use', () => {
  it('is proven three times, with the very copy that was read', async () => {
    const copy = heldOf('app_k7', 'new-password-0002');
    const { proofs, checked, launches } = verify({ file: copy, account: 'app' });
    expect((await proofs).map(({ kind, answer }) => [kind, answer])).toEqual([
      ['read-back', 'yes'],
      ['authenticated', 'yes'],
      ['tool-call', 'yes'],
    ]);
    expect(checked).toEqual([copy]);
    expect(checked[0]).toBe(copy);
    expect(launches[0]).toBe(dsn(next));
    expect(launches[1]).toMatch(/^postgres:\/\/app_k7:[a-z]{3}-[a-z]{8}-\d{4}@db\/x$/);
  });

  it('is proven where the new one keeps the old user', async () => {
    const sameUser = heldOf('app_k7', 'old-password-0001');
    expect((await answers({ old: sameUser })).answers).toEqual(['read-back: yes', 'authenticated: yes', 'tool-call: yes']);
    expect((await answers({ old: sameUser, file: sameUser })).answers[0]).toBe('read-back: no');
  });

  it.each<[string, Scene, string]>([
    ['holds the old one', { file: old }, 'no'],
    ['holds both', { file: 'both' }, 'no'],
    ['holds the new user with the old password', { file: heldOf('app_k7', 'old-password-0001') }, 'no'],
    ['holds nothing that is recognised', { file: 'nothing' }, 'unknown'],
    ['cannot be read', { file: new Problem('file/unreadable', { what: 'x' }) }, 'unknown'],
  ])('that %s is not proven, and nothing more is tried', async (_name, scene, answer) => {
    const expected = { answers: [`read-back: ${answer}`, 'authenticated: unknown', 'tool-call: unknown'], calls: 0 };
    expect(await answers(scene)).toEqual(expected);
  });

  it.each<[string, Scene, string]>([
    ['is refused', { standing: { alive: 'no', how: '28P01' } }, 'no'],
    ['cannot be asked about (failure mode 25)', { standing: { alive: 'unknown', how: 'timeout' } }, 'unknown'],
    ['belongs to another account', { standing: { alive: 'yes', how: 'x', account: 'eve' }, account: 'app' }, 'no'],
  ])('whose copy %s is not proven, and its server is not started', async (_name, scene, answer) => {
    expect(await answers(scene)).toEqual({
      answers: ['read-back: yes', `authenticated: ${answer}`, 'tool-call: unknown'],
      calls: 0,
    });
  });

  it('whose start cannot be resolved has no tool call', async () => {
    const last = 'tool-call: unknown';
    expect((await answers({ launch: undefined })).answers.at(-1)).toBe(last);
    expect((await answers({ launch: new Problem('file/absent', { what: 'x' }) })).answers.at(-1)).toBe(last);
  });

  it('whose server still starts with the old one is not proven by it (failure modes 20, 21)', async () => {
    expect((await answers({ launch: launchOf(old), known: [old, next] })).answers.at(-1)).toBe('tool-call: unknown');
  });

  it('that lost a right which the old one has is "no" (failure mode 27)', async () => {
    expect((await answers({ forbidden: true, known: [old, next] })).answers.at(-1)).toBe('tool-call: no');
    expect((await answers({ forbidden: true, known: [old, next], oldLives: false })).answers.at(-1)).toBe('tool-call: unknown');
  });

  it('lets a bug through', async () => {
    const { proofs } = verify({ file: {} as never });
    await expect(proofs).rejects.toThrow(TypeError);
  });
});
