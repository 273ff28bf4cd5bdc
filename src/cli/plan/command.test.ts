/**
 * Goal: a plan shows edits, calls, restarts and the point of no return within the width, and its JSON is the engine's value.
 * Method: the whole program over a made-up plan; nothing but `plan` of the engine may be called.
 */
import { describe, expect, it } from 'vitest';
import { plan, runCommand } from '../../../test/cli/world.ts';
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
