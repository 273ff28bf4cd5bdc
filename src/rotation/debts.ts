/**
 * Paying what a rotation still owes: a revocation that has not taken effect, a stray key, an unread record.
 *
 * Each is looked at in the world first; what has become true meanwhile (the provider caught up, a person did it) is paid
 * by being seen.
 */
import type { Debt, Need } from './rotation.ts';
import type { Run } from './run.ts';
import type { Outcome } from './step.ts';
import { audit } from './steps/audit.ts';
import { isStray, issue, revokeStray } from './steps/issue.ts';
import { tryDead } from './steps/prove-dead.ts';
import { revokeOld } from './steps/revoke.ts';

/** Tries each debt once. Answers what a person must do for one of them, if so. */
export async function payDebts(run: Run): Promise<Need | undefined> {
  for (const debt of run.known.debts) {
    const outcome = await pay(run, debt);
    if (outcome.state === 'needs') return outcome.need;
    if (outcome.state === 'done' || outcome.state === 'skipped')
      await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
  }
  return undefined;
}

async function pay(run: Run, debt: Debt): Promise<Outcome> {
  if (debt.kind === 'not-dead') return payDead(run, debt);
  if (debt.kind === 'activity-unread') return audit.run(run);
  if (debt.kind === 'stray-key') return payStray(run, debt);
  if (debt.kind === 'lost-key') return payLost(run, debt);
  if (debt.kind === 'doubtful-key') return payDoubtful(run, debt);
  return (await run.inPlaces(run.known.oldFingerprint)) ? { state: 'debt', debt } : { state: 'done' };
}

async function payDead(run: Run, debt: Debt): Promise<Outcome> {
  if ((await tryDead(run)) === 'yes') return { state: 'done' };
  if (run.method.overlap === 'replaces') return { state: 'debt', debt };
  const outcome = await revokeOld(run, await run.next());
  if (outcome.state === 'needs') return outcome;
  return (await tryDead(run)) === 'yes' ? { state: 'done' } : { state: 'debt', debt };
}

async function payStray(run: Run, debt: Debt): Promise<Outcome> {
  const next = await run.next();
  const { revocation } = run.method;
  if (revocation.by === 'api' || !next) return (await issue.undo?.(run)) ?? { state: 'debt', debt };
  const standing = await run.provider.check(run.ports, next);
  if (standing.alive === 'no') return { state: 'done' };
  return { state: 'needs', need: { kind: 'revoke-by-hand', page: revocation.page(next), since: debt.since } };
}

/** Found with the new key, where the provider lists keys; else a person looks at the provider's page. */
async function payLost(run: Run, debt: Debt): Promise<Outcome> {
  const next = await run.next();
  const { method } = run;
  const answer = run.takeAnswer('confirm-strays', 'done', 'accept', 'refuse');
  if (method.issue !== 'api' || method.value !== 'theirs' || !method.findStrays) {
    if (answer?.kind === 'done' || answer?.kind === 'accept') return { state: 'done' };
    return { state: 'needs', need: { kind: 'confirm-strays', strays: [], lost: debt.text } };
  }
  const at = { ...(await run.context()), old: next ?? run.old };
  const { existing } = run.known;
  const doubtful = new Set(run.known.debts.map(({ upstreamId }) => upstreamId));
  const lost = (await method.findStrays(run.ports, at, { intentAt: debt.since, existing })).filter(
    (one) => isStray(run, one) && !doubtful.has(one.upstreamId),
  );
  if (lost.length === 0) return { state: 'done' };
  if (lost.every((one) => one.evidence === 'marker') || answer?.kind === 'accept') {
    for (const one of lost) await revokeStray(run, method, one);
    return { state: 'debt', debt };
  }
  if (answer?.kind === 'refuse') return { state: 'done', note: 'a person said that it is not ours' };
  const strays = lost.map(({ upstreamId, issuedAt }) => ({ upstreamId, issuedAt }));
  return { state: 'needs', need: { kind: 'confirm-strays', strays } };
}

/** Paid when the key is gone, is ours by now and ended, or a person says once more that it is somebody else's. */
async function payDoubtful(run: Run, debt: Debt): Promise<Outcome> {
  const { method } = run;
  if (method.issue !== 'api' || method.value !== 'theirs' || !method.findStrays) return { state: 'debt', debt };
  const answer = run.takeAnswer('confirm-strays', 'accept', 'refuse');
  const at = { ...(await run.context()), old: (await run.next()) ?? run.old };
  const found = await method.findStrays(run.ports, at, { intentAt: debt.since, existing: run.known.existing });
  const doubtful = found.find((one) => one.upstreamId === debt.upstreamId && isStray(run, one));
  if (!doubtful || (answer?.kind === 'refuse' && doubtful.evidence === 'suspect')) return { state: 'done' };
  if (doubtful.evidence === 'marker' || answer?.kind === 'accept') {
    await revokeStray(run, method, doubtful);
    return { state: 'done' };
  }
  const { upstreamId, issuedAt } = doubtful;
  return { state: 'needs', need: { kind: 'confirm-strays', strays: [{ upstreamId, issuedAt }] } };
}
