/**
 * The end: our own registration that was replaced is deleted, what could not be is named, the receipt is written.
 *
 * No authorization server lets a client read what was done with its tokens (RFC 7009 and 7662 know no such thing), so there is
 * no activity to review from here, and that is said.
 */
import { Problem } from '../../../base/problem.ts';
import { deleteRegistration } from '../../../oauth/registration.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import { close } from '../../steps/receipt.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf } from '../held.ts';
import { clearHeld } from './clear.ts';
import { update } from './update.ts';

/** How often a client that writes its old tokens back is answered. */
const tries = 3;

export const audit: Step<GrantRun> = {
  name: 'audit',
  async settle(run) {
    return run.known.steps.get('audit')?.endedAt !== undefined;
  },
  async run(run): Promise<Outcome> {
    const notes = ['authorization servers keep no record that a client can read: look at the page of connected applications'];
    const [old, next] = [registrationOf(run.old), await run.next()];
    const replaced = old && next && registrationOf(next)?.clientId !== old.clientId;
    if (replaced && old.managementToken) {
      const ended = await run.effect('audit', 'delete registration', { clientId: old.clientId }, () =>
        deleteRegistration(run.wire, old, new URL(run.planned.url)),
      );
      if (ended !== 'deleted' && ended !== 'gone') notes.push(`the replaced registration ${old.clientId} could not be deleted`);
    } else if (replaced) {
      notes.push(`the replaced registration ${old.clientId} stays at the server: only who made it could delete it`);
    }
    return { state: 'skipped', note: notes.join('; ') };
  },
};

/** A client that ran on may have written what it had in memory over what was written for it, long after the clearing. */
async function lastLook(run: GrantRun): Promise<void> {
  for (let i = 0; i < tries; i++) {
    if (!(await update.settle(run))) await update.run(run);
    if ((await run.holding(run.olds)).length === 0) return;
    await clearHeld(run, 'receipt', run.olds);
  }
  throw new Problem('rotation/drift', {
    what: `${run.planned.client} writes its old tokens back`,
    state: 'the old grant is revoked; the new one is sealed in the journal',
    next: `end ${run.planned.client}, then mcp-rotate resume ${run.id}`,
  });
}

export const receipt: Step<GrantRun> = {
  name: 'receipt',
  async settle(run) {
    return run.known.closed !== undefined;
  },
  async run(run) {
    await lastLook(run);
    await close(run, run.known.debts.length > 0 ? 'debt' : 'complete');
    return done;
  },
};
