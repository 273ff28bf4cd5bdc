/**
 * Goal: a plan shows edits, calls, restarts and the point of no return within the width, and its JSON is the engine's value.
 * Method: the whole program over a made-up plan; nothing but `plan` of the engine may be called.
 */
import { describe, expect, it } from 'vitest';
import { plan, runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { Plan } from '../../rotation/rotation.ts';
import { columns } from '../text.ts';

const full: Plan = {
  ...plan,
  byHand: [{ client: 'codex', server: 'app-db', where: '$DB of your shell', todo: 'export DB anew' }],
  warnings: ['the new role may not read the table prices'],
  edits: [...plan.edits, { file: `/home/p/${'long/'.repeat(40)}.mcp.json`, format: 'json', gitTracked: true, changes: [] }],
};
const rotations = { plan: async () => full };

describe('plan', () => {
  it('shows what would happen and marks the point of no return', async () => {
    const { status, out, err } = await runCommand(['plan', 'postgresql-7c1e'], { rotations });
    expect(status).toBe(0);
    expect(err).toBe('');
    expect(out.replace(/\s+/g, ' ')).toContain('soak > *revoke* > prove dead');
    expect(out).toContain('- postgresql://app:[secret]@db.example/app\n');
    expect(out).toContain('+ postgresql://[user]:[secret]@db.example/app\n');
    expect(out).toContain('make a sibling role with the same rights');
    expect(out).toContain('cursor: none, it picks the change up by itself');
    expect(out).toContain('export DB anew');
    expect(out).toContain('tracked by git');
    expect(out).toContain('the new role may not read the table prices');
  });

  it.each([40, 80])('stays within %i columns', async (width) => {
    const { out } = await runCommand(['plan', 'postgresql-7c1e'], { rotations, width });
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(width);
  });

  it('as JSON is the plan itself', async () => {
    const { out } = await runCommand(['plan', 'postgresql-7c1e', '--json'], { rotations });
    expect(JSON.parse(out)).toEqual(full);
  });
});

describe('a plan that cannot be made', () => {
  it.each([
    ['provider/refused', 'look at what was refused: mcp-rotate show postgresql-7c1e, mcp-rotate issuer list'],
    ['provider/unreachable', 'mcp-rotate plan postgresql-7c1e, when the provider can be reached'],
  ] as const)('for %s says that nothing was changed, and what next', async (code, next) => {
    const plan = async () => {
      throw new Problem(code, { what: 'no' });
    };
    for (const words of [['plan'], ['rotate', '--yes']]) {
      const { err } = await runCommand([...words, 'postgresql-7c1e'], { rotations: { plan } });
      expect(err.replace(/\s+/g, ' ')).toContain(`state: nothing was changed next: ${next}`);
    }
  });
});

it('names a spot once that several clients read, and says what next', async () => {
  const spot = { where: '/code/.mcp.json /mcpServers/db/args/1', todo: 'git tracks this file' };
  const byHand = ['cursor', 'vscode'].flatMap((client) => [1, 2].map(() => ({ client, server: 'db', ...spot })));
  const { out } = await runCommand(['plan', 'postgresql-7c1e'], { rotations: { plan: async () => ({ ...full, byHand }) } });
  expect(out.match(/git tracks this file/g)).toHaveLength(1);
  expect(out).toContain('(db of cursor, vscode)');
  expect(out.endsWith('next: mcp-rotate rotate postgresql-7c1e\n')).toBe(true);
});

it.each([
  [['preflight', 'revoke', 'prove dead', 'issue'], 'none: the leaked credential dies first'],
  [['preflight', 'issue', 'check', 'revoke'], 'seconds: the leaked credential dies right after the new one is made'],
] as const)('of a leak tells no overlap that there is not', async (steps, words) => {
  const leak: Plan = { ...full, because: 'leak', steps, overlap: 'many' };
  const { out } = await runCommand(['plan', 'postgresql-7c1e', '--because', 'leak'], { rotations: { plan: async () => leak } });
  expect(out.replace(/\s+/g, ' ')).toContain(`overlap ${words}`);
  expect(out).not.toContain('rolls back');
});

it('ends with the command that carries out this very plan', async () => {
  const signIn = 'client' as const;
  const rotated = { ...plan, options: { ...plan.options, signIn } };
  const { out } = await runCommand(['plan', 'postgresql-7c1e'], { rotations: { plan: async () => rotated } });
  expect(out.endsWith('next: mcp-rotate rotate postgresql-7c1e --sign-in client\n')).toBe(true);
});
