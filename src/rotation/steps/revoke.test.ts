/**
 * Goal: a revocation that was cut off is asked for again, also when the login is refused already: it may have ended before
 * the sessions were (failure mode 22).
 * Method: the entries that each kind of cut leaves behind, with a provider that refuses the old credential.
 */
import { expect, it } from 'vitest';
import { samplePlan } from '../../../test/kits/journal-samples.ts';
import type { Standing } from '../../providers/provider.ts';
import { fold } from '../fold.ts';
import type { EntryBody, JournalEntry } from '../journal/schema.ts';
import type { Run } from '../run.ts';
import { revoke } from './revoke.ts';

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
