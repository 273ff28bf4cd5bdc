/**
 * Goal: a receipt says what was proven and what was not, within the width, and as JSON is the engine's value.
 * Method: the whole program over a made-up receipt.
 */
import { describe, expect, it } from 'vitest';
import { receipt, rotation, runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { Receipt } from '../../rotation/rotation.ts';
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

  it('names copies by the value that they hold, and what was not searched', async () => {
    const { out } = await runCommand(['receipt', rotation], { rotations });
    expect(out).toMatch(/1 file still holding the old value\n {2}\/home\/p\/\.cursor\/mcp\.json\.bak\n/);
    expect(out).toMatch(/WARNING: 1 file holding the new value outside its places\n {2}\/home\/p\/\.bash_history\n/);
    expect(out.replace(/\s+/g, ' ')).toContain('not searched larger than 32 MiB: /home/p/.cursor/chats/a/b/store.db');
  });

  it('tells apart that there are no copies and that nobody looked', async () => {
    const told = async (more: Partial<Receipt>): Promise<string> =>
      (await runCommand(['receipt', rotation], { rotations: { receipt: async () => ({ ...receipt, ...more }) } })).out;
    expect(await told({ leftovers: [], leftoversNotSearched: [] })).toContain('no other copies found');
    const unknown = await told({ leftovers: undefined, leftoversNotSearched: undefined });
    expect(unknown).not.toMatch(/cop(y|ies)|not searched|WARNING/);
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
