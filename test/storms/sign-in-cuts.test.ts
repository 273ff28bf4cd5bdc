/**
 * Goal: the rotation of a grant that is cut off anywhere ends with the client signed in by exactly one pair that works, the old
 * grant dead, its neighbours untouched, nothing spilt, and no live grant of which nobody knows (failure modes 1, 2, 3).
 * Method: each way to sign in once without a cut, to list its effects; then the power is cut once before and once after every
 * effect, and another process takes the rotation up. The cuts that the power tells of must be exactly those of the list. The
 * authorization server, which tells every token that it ever gave out, is the judge.
 */
import { expect, it } from 'vitest';
import { everyMoment } from '../world/cuts.ts';
import { type CutRun, cutAt } from './sign-in-cut.ts';

const runs: readonly (readonly [string, CutRun])[] = [
  ['by the tool, under a registration of its own', { client: 'gemini-cli', signIn: 'tool' }],
  [
    'by the tool, under a registration that cannot be deleted',
    { client: 'gemini-cli', signIn: 'tool', shape: { registrationManagement: 'absent' } },
  ],
  ["by the tool, under the client's registration", { client: 'claude-code', signIn: 'tool' }],
  ['through the client', { client: 'opencode', signIn: 'client' }],
];

/** What must be among the effects: a world of which a part does not pass the power would be cut nowhere in it. */
const expected = ({ signIn }: CutRun): string[] => [
  ...['acquire', 'append', 'putSealed', 'shred', 'release'].map((name) => `journal.${name}`),
  ...[
    'net POST /mcp',
    'net POST /token/revocation',
    'net POST /token',
    'disk.replace ~/.local/state/mcp-rotate/receipts/r-….json',
  ],
  ...(signIn === 'tool' ? ['browser.open'] : ['run opencode mcp auth lab', 'run opencode mcp list']),
];

/** Half of the time of a world is waiting for its servers. */
const lanes = 3;

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const one of left) await work(one);
    }),
  );
}

it.each(runs)('a sign-in %s: every single cut', async (_, run) => {
  const calm = await cutAt(run, undefined);
  expect(calm.state).toBe('complete');
  const { names, count } = calm.power;
  expect(names.slice(1)).toEqual(expect.arrayContaining(expected(run)));
  expect(names.slice(1)).toHaveLength(count);
  const told = (moment: { when: string; number: number }, name = names[moment.number]): string =>
    `${moment.when} ${moment.number} ${name}`;
  const moments = everyMoment(names);
  expect(moments).toHaveLength(2 * count);
  const made: string[] = [];
  const failed: string[] = [];
  await inLanes(moments, async (moment) => {
    try {
      const { power } = await cutAt(run, moment);
      for (const cut of power.cuts) made.push(told(cut, cut.name));
    } catch (error) {
      failed.push(`${told(moment)}: ${(error as Error).message}`);
    }
  });
  expect(failed).toEqual([]);
  expect(made.toSorted()).toEqual(moments.map((moment) => told(moment)).toSorted());
});
