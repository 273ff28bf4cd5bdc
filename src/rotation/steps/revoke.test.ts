/**
 * Goal: a revocation that was cut off is asked for again, also when the login is refused already: it may have ended before
 * the sessions were (failure mode 22).
 * Method: the entries that each kind of cut leaves behind, with a provider that refuses the old credential; rows of answers,
 * of which one is lost.
 */
import { describe, expect, it } from 'vitest';
import { samplePlan } from '../../../test/kits/journal-samples.ts';
import { type Code, Problem } from '../../base/problem.ts';
import type { Standing } from '../../providers/provider.ts';
import { fold } from '../fold.ts';
import type { EntryBody, JournalEntry } from '../journal/schema.ts';
import type { Run } from '../run.ts';
import { revoke, untilTold } from './revoke.ts';

const started: EntryBody = { kind: 'step', step: 'revoke', state: 'started' };
const intent: EntryBody = { kind: 'intent', step: 'revoke', effect: 'revoke old', detail: {} };
const outcome = (result: 'done' | 'failed' | 'unknown'): EntryBody => {
  return { kind: 'outcome', step: 'revoke', effect: 'revoke old', result, detail: {} };
};

async function settled(bodies: readonly EntryBody[], alive: Standing['alive']): Promise<boolean> {
  const { credential, fingerprint, provider, method, because } = samplePlan;
  const about = { credential, fingerprint, provider, method, because, heldKind: 'role password', context: {} };
  const opened: EntryBody = { kind: 'opened', plan: samplePlan, ...about };
  const known = fold([opened, ...bodies].map((body): JournalEntry => ({ ...body, rotation: 'r-20261122-k7mq4t', at: 1 })));
  const check = async (): Promise<Standing> => ({ alive, how: 'asked' });
  return revoke.settle({ known, provider: { check } } as unknown as Run);
}

it.each<[string, readonly EntryBody[], Standing['alive'], boolean]>([
  ['not begun', [], 'no', false],
  ['begun, and somebody else revoked it', [started], 'no', true],
  ['begun, and it lives', [started], 'yes', false],
  ['cut off, the login refused', [started, intent], 'no', false],
  ['cut off, could not tell', [started, intent], 'unknown', false],
  ['an answer that was lost, the login refused', [started, intent, outcome('unknown')], 'no', false],
  ['refused by the provider, which refuses the login too', [started, intent, outcome('failed')], 'no', true],
  ['done', [started, intent, outcome('done')], 'yes', true],
])('%s', async (_title, bodies, alive, expected) => {
  expect(await settled(bodies, alive)).toBe(expected);
});

describe('once an answer was lost', () => {
  const problem = (code: Code, effect: 'none' | 'unknown') => new Problem(code, { what: code, effect });
  const lost = problem('provider/timeout', 'unknown');

  async function asked(answers: readonly (string | Error)[], interrupted = false) {
    const left = [...answers];
    const notes: string[] = [];
    const run: Pick<Run, 'patiently' | 'pause' | 'note'> = {
      patiently: (_step, work) => work(),
      pause: async () => {
        if (interrupted) throw problem('rotation/interrupted', 'none');
      },
      note: (_step, text) => void notes.push(text),
    };
    const ask = async (): Promise<string> => {
      const answer = left.shift();
      if (typeof answer === 'string') return answer;
      throw answer ?? new Error('asked too often');
    };
    let wasLost = false;
    const result = untilTold(run, ask, () => {
      wasLost = true;
    });
    const ended = await result.catch((error: unknown) => error);
    return { ended, wasLost, left: left.length, notes };
  }

  it('it is asked for once more, and its answer counts', async () => {
    expect(await asked(['gone', 'never'])).toMatchObject({ ended: 'gone', wasLost: false, left: 1, notes: [] });
    expect(await asked([lost, 'absent'])).toMatchObject({ ended: 'absent', wasLost: true, left: 0 });
  });

  it.each([
    ['a connection that is refused', [lost, problem('provider/unreachable', 'none')], 'provider/unreachable'],
    ['a right that is missing', [lost, problem('provider/forbidden', 'none')], 'provider/forbidden'],
    ['another lost one', [lost, problem('provider/garbled', 'unknown')], 'provider/garbled'],
  ] as const)('%s does not say that it did not happen', async (_title, answers, code) => {
    expect(await asked(answers)).toMatchObject({ ended: { code, effect: 'unknown' }, wasLost: true });
  });

  it('an interruption does not either', async () => {
    expect(await asked([lost, 'gone'], true)).toMatchObject({ ended: { code: 'provider/timeout', effect: 'unknown' }, left: 1 });
  });

  it('a plain refusal is told as it is', async () => {
    const refusal = problem('provider/refused', 'none');
    expect(await asked([refusal, 'gone'])).toMatchObject({ ended: refusal, wasLost: false, left: 1 });
  });
});
