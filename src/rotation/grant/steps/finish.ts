/**
 * The end: the registration that was replaced is deleted, and those of ours that nobody uses; what could not be is named and
 * listed. Only now, since a client that is gone cannot revoke any more. The receipt is written.
 *
 * No authorization server lets a client read what was done with its tokens (RFC 7009 and 7662 know no such thing), so there is
 * no activity to review from here, and that is said.
 */
import { Problem } from '../../../base/problem.ts';
import { endOwn, sweep } from '../../../oauth/own-registrations-end.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import { close } from '../../steps/receipt.ts';
import type { GrantRun } from '../grant-run.ts';
import { registrationOf } from '../held.ts';
import { clearHeld } from './clear.ts';
import { confirm } from './confirm.ts';
import { update } from './update.ts';
import { verify } from './verify.ts';

/** How often a client that writes its old tokens back is answered. */
const tries = 3;

export const audit: Step<GrantRun> = {
  name: 'audit',
  async settle(run) {
    return run.known.steps.get('audit')?.endedAt !== undefined;
  },
  async run(run): Promise<Outcome> {
    const notes = ['authorization servers keep no record that a client can read: look at the page of connected applications'];
    await orNote(notes, 'the replaced registration could not be deleted', () => endReplaced(run, notes));
    await orNote(notes, 'registrations that nobody uses were left alone', async () => {
      const swept = await sweep(run.wire, await run.discovery(), run.own, await run.seen());
      if (swept.length > 0) notes.push(`deleted ${swept.join(', ')}: registrations of mcp-rotate that nobody used`);
    });
    await orNote(notes, 'whether a registration was lost could not be told', async () => {
      notes.push(...(await lostRegistrations(run)));
    });
    return { state: 'skipped', note: notes.join('; ') };
  },
};

/** Of this rotation: a cut came between the server's answer and our writing it down. */
async function lostRegistrations(run: GrantRun): Promise<string[]> {
  const { client, server } = run.planned;
  const ours = (await run.own.asked()).filter(
    (one) => one.client === client && one.server === server && one.since >= run.known.openedAt,
  );
  return ours.map(
    ({ issuer, marker }) =>
      `there may be one more registration at ${issuer}, whose name holds "${marker}": the answer to asking for it was lost`,
  );
}

async function endReplaced(run: GrantRun, notes: string[]): Promise<void> {
  const [old, next] = [registrationOf(run.old), await run.next()];
  if (!old || !next || registrationOf(next)?.clientId === old.clientId) return;
  const { clientId } = old;
  const users = (await run.holdings()).filter(({ entry }) => entry.tokens && entry.registration?.clientId === clientId);
  if (users.length > 0) {
    notes.push(`the replaced registration ${clientId} stays: another sign-in of ${users[0]?.store.name} uses it`);
    return;
  }
  const { issuer, client, server } = run.planned;
  const ended = await run.effect('audit', `delete registration ${clientId}`, { clientId }, async () =>
    endOwn(run.wire, await run.oldServer(), run.own, await run.own.replaced({ issuer, client, server }, old)),
  );
  if (ended === 'unknown')
    notes.push(`the replaced registration ${clientId} could not be deleted: the next rotation tries again`);
  if (ended === 'not-supported') {
    notes.push(`the replaced registration ${clientId} stays at the server: only who made it could delete it`);
  }
}

/** Nothing hangs on it any more: what fails here does not undo what was proven. */
async function orNote(notes: string[], note: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'rotation/interrupted') throw error;
    notes.push(`${note}: ${error.what}`);
  }
}

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

/**
 * What its client keeps now may be another grant than the one that was confirmed (somebody signed in inside it meanwhile), and
 * whether it is one or the refreshed self of ours nothing tells for certain. So it is looked at as the first was.
 */
async function provenAnew(run: GrantRun): Promise<Outcome | undefined> {
  for (const step of [confirm, verify]) {
    if (await step.settle(run)) continue;
    const outcome = await step.run(run);
    if (outcome.state === 'needs') return outcome;
    await run.step(step.name, 'done', 'note' in outcome ? outcome.note : undefined);
  }
  return undefined;
}

export const receipt: Step<GrantRun> = {
  name: 'receipt',
  async settle(run) {
    return run.known.closed !== undefined;
  },
  async run(run) {
    await lastLook(run);
    const open = await provenAnew(run);
    if (open) return open;
    await close(run, run.known.debts.length > 0 ? 'debt' : 'complete');
    return done;
  },
};
