/**
 * Goal: a receipt says what was proven and what was not, within the width, and as JSON is the engine's value.
 * Method: the whole program over a made-up receipt.
 */
import { describe, expect, it } from 'vitest';
import { receipt, rotation, runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import { columns } from '../text.ts';

const rotations = { receipt: async () => receipt };

describe('receipt', () => {
  it('tells proofs apart by their answer', async () => {
    const { status, out } = await runCommand(['receipt', rotation], { rotations });
    expect(status).toBe(0);
    expect(out).toContain('old one is dead: yes (login refused)');
    expect(out).toContain('tool call query through app-db of cursor: could not tell');
    expect(out).toContain('processes that hold the old one: none (looked into 12 processes)');
    expect(out).toContain('3 events');
    expect(out).toContain(receipt.journalHash);
  });

  it.each([40, 80])('stays within %i columns', async (width) => {
    const { out } = await runCommand(['receipt', rotation], { rotations, width });
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(width);
  });

  it('as JSON is the receipt itself', async () => {
    expect(JSON.parse((await runCommand(['receipt', rotation, '--json'], { rotations })).out)).toEqual(
      JSON.parse(JSON.stringify(receipt)),
    );
  });

  it('of a rotation that has not ended is 6', async () => {
    const open = {
      receipt: async () => {
        throw new Problem('rotation/unfinished', {
          what: `rotation ${rotation} has not ended`,
          next: `mcp-rotate resume ${rotation}`,
        });
      },
    };
    expect((await runCommand(['receipt', rotation], { rotations: open })).status).toBe(6);
  });
});
