/**
 * Close the rotation: the receipt into the journal and the state folder, sealed secrets shredded.
 *
 * A rotation with debt keeps its sealed values until the debt is paid: without them nobody could prove the old credential
 * dead, or end a stray one.
 */

import type { Journaled } from '../journaled.ts';
import { receiptOf, writeReceipt } from '../receipt.ts';
import { done, type Step } from '../step.ts';
import { lookForLateKeys } from './issue.ts';

export async function close(run: Journaled, state: 'complete' | 'debt' | 'rolled-back'): Promise<void> {
  const receipt = await receiptOf(run, state);
  await run.record({ kind: 'closed', state, receipt });
  await writeReceipt(run.ports, receipt);
  if (state !== 'debt') await run.shred();
}

export const receipt: Step = {
  name: 'receipt',
  async settle(run) {
    return run.known.closed !== undefined;
  },
  async run(run) {
    await lookForLateKeys(run);
    await close(run, run.known.debts.length > 0 ? 'debt' : 'complete');
    return done;
  },
};
