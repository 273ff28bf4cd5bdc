/**
 * The receipt: what a rotation did, without secrets, tied to the journal by the hash of an entry.
 *
 * It is made from the journal alone, so it can be written again at any time; the file in the state folder is a copy for
 * people.
 */

import { Problem } from '../base/problem.ts';
import type { Leftovers } from '../inventory/leftovers.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Proof } from '../verification/proof.ts';
import type { Known } from './fold.ts';
import type { Journaled } from './journaled.ts';
import type { LeftoverCounts, Receipt, StepName } from './rotation.ts';
import { stepNames } from './rotation.ts';

/** Method of a grant's rotation in which this tool signs in. */
export const byTool = 'sign-in-by-tool';

/** The effect of `audit` whose outcome holds what was found. */
export const findingLeftovers = 'find leftovers';
/** The effect of `audit` whose outcome holds what a person said of activity that was not recognised. */
export const judgingActivity = 'judge activity';

export async function receiptOf(run: Journaled, state: Receipt['state']): Promise<Receipt> {
  const { known } = run;
  const dead = known.proofs.find((proof) => proof.kind === 'dead' && proof.answer === 'yes');
  const print = state === 'rolled-back' ? known.oldFingerprint : (known.issued?.fingerprint ?? known.oldFingerprint);
  return {
    schema: 'mcp-rotate/receipt@1',
    rotation: known.rotation,
    credential: known.plan.credential,
    provider: known.plan.provider,
    because: known.plan.because,
    method: known.signInByTool ? byTool : known.plan.method,
    state,
    startedAt: known.openedAt,
    endedAt: run.now,
    oldFingerprint: known.oldFingerprint,
    newFingerprint: state === 'rolled-back' ? undefined : known.issued?.fingerprint,
    steps: stepsOf(known),
    places: await run.placesOf(print),
    proofs: distinct(known.proofs),
    minutesToDead: known.plan.because === 'leak' && dead ? Math.round((dead.at - known.openedAt) / 600) / 100 : undefined,
    activity: activityOf(run),
    leftovers: leftoversOf(known)?.found,
    leftoversNotSearched: leftoversOf(known)?.notSearched,
    debts: known.debts,
    ...(known.plan.options.exposure === undefined ? {} : { exposure: known.plan.options.exposure }),
    journalHash: await run.lastHash(),
  };
}

/**
 * Each proof once, however often a resumed rotation looked: with the time of the last look, for that is what still held at the
 * end; only a death with that of the first, when it was dead already. Another answer is another proof. The journal has them all.
 */
export function distinct(proofs: readonly Proof[]): readonly Proof[] {
  const kept = new Map<string, Proof>();
  for (const proof of proofs) {
    const { at: _, ...claim } = proof;
    const key = JSON.stringify(claim);
    if (proof.kind === 'dead' && proof.answer === 'yes' && kept.has(key)) continue;
    // In the order of their times.
    kept.delete(key);
    kept.set(key, proof);
  }
  return [...kept.values()];
}

function stepsOf(known: Known): Receipt['steps'] {
  const named = (step: StepName) => {
    const entry = known.steps.get(step);
    if (!entry) return [];
    const note = entry.note === undefined ? {} : { note: entry.note };
    return [{ step, startedAt: entry.startedAt, endedAt: entry.endedAt ?? entry.startedAt, ...note }];
  };
  return stepNames
    .filter((step) => step !== 'receipt')
    .flatMap(named)
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

function activityOf(run: Journaled): Receipt['activity'] {
  const { known } = run;
  const detail = known.outcomes.get('read activity')?.detail;
  if (detail?.source === undefined) return undefined;
  const { source, from = known.openedAt, to = known.openedAt, events = 0, note } = detail;
  const review = known.outcomes.get(judgingActivity)?.detail.review ?? detail.review;
  if (review === undefined) return { source, from, to, events, note };
  const clean = review.foreign.length + review.unsure.length + review.more === 0;
  return { source, from, to, events, note, review, ...(clean ? {} : { next: run.afterMisuse() }) };
}

/** undefined: not looked for (the rotation was taken back, or an earlier version did not look). */
function leftoversOf(known: Known): Leftovers | undefined {
  const { leftovers: found, notSearched = [] } = known.outcomes.get(findingLeftovers)?.detail ?? {};
  return found && { found, notSearched };
}

/** How many, for a summary; undefined when nothing was found. */
export function leftoverCounts(known: Known): LeftoverCounts | undefined {
  const found = leftoversOf(known)?.found ?? [];
  if (found.length === 0) return undefined;
  const old = found.filter(({ which }) => which === 'old').length;
  return { old, new: found.length - old };
}

export function receiptPath(ports: Ports, rotation: string): FilePath {
  return ports.host.join(ports.host.stateFolder, 'receipts', `${rotation}.json`);
}

/** A copy for people. Failing to write it does not fail the rotation: `receipt ID` makes it again from the journal. */
export async function writeReceipt(ports: Ports, receipt: Receipt): Promise<void> {
  const path = receiptPath(ports, receipt.rotation);
  const bytes = new TextEncoder().encode(`${JSON.stringify(receipt, null, 2)}\n`);
  try {
    await ports.disk.makeFolder(ports.host.dirname(path));
    const before = (await ports.disk.kind(path)) === 'file' ? (await ports.disk.read(path)).version : 'absent';
    await ports.disk.replace(path, before, bytes, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}
