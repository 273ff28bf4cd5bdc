/**
 * Issue the new credential.
 *
 * Before: the old one, in every place. After: the new one sealed in the journal; with overlap both live.
 *
 * Lost answer. A value that we chose was sealed before it was sent: asking again with the same value is safe. A value
 * that the provider chose is gone with its answer: keys that carry our marker are found and revoked before we ask again;
 * a key that only may be ours is shown to a person. Where issuing replaces the old one, asking again is done only if the
 * old one is seen to work still; else a person makes a key by hand, and the lost one is owed until it is gone.
 */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import { isoSeconds } from '../../base/time.ts';
import type { Found, Held, Issued, OursMethod, PageMethod, Standing, TheirsMethod } from '../../providers/provider.ts';
import { compareStanding, untilDead, untilWorks } from '../../verification/standing.ts';
import type { Detail } from '../journal/schema.ts';
import { notSent } from '../pasted.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { standingOf } from './preflight.ts';

/** The old credential with new parts: kind and context stay. */
export function renewed(old: Held, parts: Readonly<Record<string, Secret>>): Held {
  return { ...old, parts: { ...old.parts, ...parts } };
}

/** Lost answers in a row after which it is left to `resume`. */
const mostLost = 3;

/** A candidate that is given up keeps its name; the next has another. */
const sealedName = (run: Run, what: 'proposed' | 'new'): string => `${what} ${run.known.candidates + 1}`;

async function keep(run: Run, issued: Issued): Promise<Outcome> {
  const held = renewed(run.old, issued.parts);
  const print = await run.fingerprintOf(held);
  if (print === run.known.oldFingerprint) {
    throw new Problem('rotation/new-does-not-work', {
      what: 'the new credential is the old one',
      state: 'nothing was changed',
      next: 'make a new key, do not copy the old one',
    });
  }
  const sealed = sealedName(run, 'new');
  await run.seal(sealed, held);
  await run.record({
    kind: 'issued',
    fingerprint: print,
    sealed,
    ...(issued.upstreamId === undefined ? {} : { upstreamId: issued.upstreamId }),
    ...(issued.expiresAt === undefined ? {} : { expiresAt: issued.expiresAt }),
  });
  return issued.note === undefined ? done : { state: 'done', note: issued.note };
}

async function ours(run: Run, method: OursMethod): Promise<Outcome> {
  const at = await run.context();
  let proposed = await run.unseal(sealedName(run, 'proposed'));
  if (!proposed) {
    proposed = renewed(run.old, method.propose(run.ports.random, at));
    await run.seal(sealedName(run, 'proposed'), proposed);
  }
  const { parts } = proposed;
  // Once an answer was lost, a refusal of the same value tells nothing about the call before it.
  let lost = run.known.pending.has('issue');
  run.stopIfAsked('issue');
  await run.record({ kind: 'intent', step: 'issue', effect: 'issue', detail: { marker: at.marker } });
  try {
    const issued = await run.patiently('issue', () =>
      again(
        run,
        () => method.issueWith(run.ports, at, parts),
        () => (lost = true),
      ),
    );
    return await keep(run, issued);
  } catch (error) {
    if (!(error instanceof Problem) || error.effect !== 'none' || run.known.issued) throw error;
    // Where the value replaces the old one, trying it tells what became of the call whose answer was lost.
    const took = lost && method.overlap === 'replaces' ? await works(run, proposed) : lost ? 'unknown' : 'no';
    if (took === 'yes') return keep(run, { parts });
    if (took === 'no') {
      await run.record({ kind: 'outcome', step: 'issue', effect: 'issue', result: 'failed', code: error.code, detail: {} });
    }
    throw error;
  }
}

async function works(run: Run, held: Held): Promise<'yes' | 'no' | 'unknown'> {
  const waiting = run.waiting(run.provider.pace.worksWithinMs);
  const { answer } = await untilWorks(run.ports, run.provider, held, waiting);
  run.stopIfAsked('issue');
  return answer;
}

/** A value of ours may be sent again when its answer was lost: one more try at once, then it is up to `resume`. */
async function again<T>(run: Run, work: () => Promise<T>, onLost: () => void): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.effect === 'none') throw error;
    onLost();
    run.note('issue', 'the answer was lost; asking again with the same value');
    return work();
  }
}

async function theirs(run: Run, method: TheirsMethod, attempt = 1): Promise<Outcome> {
  const at = await run.context();
  const earlier = run.known.pending.get('issue');
  if (earlier) {
    const cleared = await clearStrays(run, method, earlier);
    if (cleared) return cleared;
  }
  const existing = await run.patiently('issue', () => method.existing(run.ports, at));
  run.stopIfAsked('issue');
  await run.record({ kind: 'intent', step: 'issue', effect: 'issue', detail: { marker: at.marker, existing: [...existing] } });
  let issued: Issued;
  try {
    issued = await run.patiently('issue', () => method.issueNew(run.ports, at));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.effect === 'none') {
      await run.record({ kind: 'outcome', step: 'issue', effect: 'issue', result: 'failed', code: error.code, detail: {} });
      throw error;
    }
    if (attempt >= mostLost) throw error;
    run.note('issue', 'the answer was lost; looking for what became of it');
    return theirs(run, method, attempt + 1);
  }
  return keep(run, issued);
}

/** What became of an issue whose answer we never had. Answers an outcome when a person is needed first. */
async function clearStrays(
  run: Run,
  method: TheirsMethod,
  earlier: { readonly at: number; readonly detail: Detail },
): Promise<Outcome | undefined> {
  if (method.overlap === 'replaces') return replacedOrNot(run, earlier.at);
  const at = await run.context();
  const { existing } = run.known;
  const answer = run.takeAnswer('confirm-strays', 'accept', 'refuse', ...(method.findStrays ? [] : (['done'] as const)));
  if (!method.findStrays) {
    if (answer?.kind === 'done' || answer?.kind === 'accept') return settled(run);
    return { state: 'needs', need: { kind: 'confirm-strays', strays: [] } };
  }
  const { findStrays } = method;
  const since = { intentAt: earlier.at, existing };
  const found = (await run.patiently('issue', () => findStrays(run.ports, at, since))).filter((one) => isStray(run, one));
  for (const stray of found.filter((one) => one.evidence === 'marker')) await revokeStray(run, method, stray);
  const suspects = found.filter((one) => one.evidence === 'suspect');
  if (suspects.length > 0) {
    if (!answer) {
      const strays = suspects.map(({ upstreamId, issuedAt }) => ({ upstreamId, issuedAt }));
      return { state: 'needs', need: { kind: 'confirm-strays', strays } };
    }
    if (answer.kind === 'accept') for (const stray of suspects) await revokeStray(run, method, stray);
    else for (const suspect of suspects) await leave(run, suspect, earlier.at);
  }
  return settled(run);
}

/** Nobody can tell whose it is, and a person may err: it stays in sight until it is gone, or they say so again. */
async function leave(run: Run, stray: Found, since: number): Promise<void> {
  await doubt(run, stray, since, 'you said that it is not of this rotation: resume asks once more, unless it is gone by then');
  run.note('issue', `${stray.upstreamId} was left as it is`);
}

async function doubt(run: Run, { upstreamId }: Found, since: number, why: string): Promise<void> {
  const text = `the key ${upstreamId} at ${run.provider.name} came when an answer was lost; ${why}`;
  await run.owe({ kind: 'doubtful-key', text, since, upstreamId });
}

/**
 * Once more before the end: a process that slept through its lease and was overtaken may have had its call to issue under
 * way all the time, and the key came after it was looked for.
 */
export async function lookForLateKeys(run: Run): Promise<void> {
  const { method, known } = run;
  const since = known.unansweredIssueAt;
  if (since === undefined || method.issue !== 'api' || method.value !== 'theirs' || method.overlap === 'replaces') return;
  const { findStrays } = method;
  if (!findStrays) return;
  try {
    const at = { ...(await run.context()), old: (await run.next()) ?? run.old };
    const asked = { intentAt: since, existing: known.existing };
    const found = (await run.patiently('issue', () => findStrays(run.ports, at, asked))).filter((one) => isStray(run, one));
    for (const late of found) {
      if (late.evidence === 'marker') await revokeStray(run, method, late);
      else if (!known.doubted.has(late.upstreamId)) await doubt(run, late, since, 'nothing tells whose it is');
    }
  } catch (error) {
    if (!(error instanceof Problem) || !error.code.startsWith('provider/')) throw error;
    const text = `a call to ${run.provider.name} may have made a key after all, and it could not be looked for: ${error.what}`;
    await run.owe({ kind: 'lost-key', text, since });
  }
}

async function settled(run: Run): Promise<undefined> {
  await run.record({ kind: 'outcome', step: 'issue', effect: 'issue', result: 'failed', detail: {} });
  return undefined;
}

/** The old and the new credential are never strays, whatever a list says (failure mode 31). */
export function isStray(run: Run, found: Found): boolean {
  return found.upstreamId !== standingOf(run)?.upstreamId && found.upstreamId !== run.known.issued?.upstreamId;
}

export async function revokeStray(run: Run, method: TheirsMethod, stray: Found): Promise<void> {
  const { revocation } = method;
  if (revocation.by !== 'api') return;
  const at = await run.context();
  const survivor = (await run.next()) ?? run.old;
  const { upstreamId } = stray;
  const revoked = await run.effect('issue', `revoke stray ${upstreamId}`, { upstreamId }, () =>
    run.patiently('issue', () => revocation.revoke(run.ports, at, { upstreamId }, survivor)),
  );
  run.note('issue', `${upstreamId}, whose text never arrived, was revoked`);
  if (revoked === 'gone') return;
  // Its text is unknown, so it cannot be tried; what can be seen is whether the provider still lists it.
  const text = `the key ${upstreamId} of ours, whose text never arrived, is still listed at ${run.provider.name}`;
  await run.owe({ kind: 'lost-key', text, since: stray.issuedAt ?? run.now });
}

async function replacedOrNot(run: Run, intentAt: number): Promise<Outcome | undefined> {
  const standing = await run.provider.check(run.ports, run.old);
  if (standing.alive === 'yes') return settled(run);
  if (standing.alive === 'unknown') {
    throw new Problem('rotation/not-proven', {
      what: `could not tell whether the provider replaced the key before its answer was lost (${standing.how})`,
      state: 'the call is not repeated: a second one with a dead key could end all of them',
      next: `mcp-rotate resume ${run.id}`,
    });
  }
  const byHand = run.provider.methods.find((method): method is PageMethod => method.issue === 'page');
  if (!byHand) {
    throw new Problem('rotation/needs-person', {
      what: 'the old key is dead and the answer with the new one was lost',
      state: 'the clients hold the dead key',
      next: `make a key by hand at ${run.provider.name} and put it into the clients`,
    });
  }
  const text = `the key that ${run.provider.name} made at ${isoSeconds(intentAt)} and whose text never arrived still lives there`;
  if (!run.known.debts.some((debt) => debt.kind === 'lost-key')) await run.owe({ kind: 'lost-key', text, since: intentAt });
  return page(run, byHand);
}

async function page(run: Run, method: PageMethod): Promise<Outcome> {
  const answer = run.takeAnswer('new-credential', 'new-credential');
  const at = await run.context();
  if (!answer) {
    const standing = standingOf(run) ?? { alive: 'unknown', how: 'not asked' };
    return { state: 'needs', need: { kind: 'new-credential', page: method.page(at, standing), parts: run.provider.parts } };
  }
  const pasted = renewed(run.old, answer.parts);
  const unsent = notSent(run.provider, run.old, pasted);
  if (unsent !== undefined) {
    run.note('issue', unsent);
    return page(run, method);
  }
  const waiting = run.waiting(run.provider.pace.worksWithinMs);
  const { answer: works, standing: given } = await untilWorks(run.ports, run.provider, pasted, waiting);
  if (works === 'no') {
    run.note('issue', `that key does not work: ${given.how}`);
    return page(run, method);
  }
  const refused = notForThis(run, given);
  if (refused !== undefined) {
    run.note('issue', refused);
    return page(run, method);
  }
  return keep(run, { parts: answer.parts, ...(given.upstreamId === undefined ? {} : { upstreamId: given.upstreamId }) });
}

/** Why a key that was handed to us is not kept. What is kept may be revoked later on, so the wrong one is left alone. */
function notForThis(run: Run, standing: Standing): string | undefined {
  const before = standingOf(run);
  if (!before || compareStanding(before, standing).account !== 'other') return undefined;
  return 'that key belongs to another account, and was left alone: sign in as the account of the old key, and make it there';
}

/** Puts an end to a credential that was issued and is not going to be used. */
async function undoIssue(run: Run): Promise<Outcome> {
  const { revocation } = run.method;
  const next = (await run.next()) ?? (await run.unseal(sealedName(run, 'proposed')));
  const upstreamId = run.known.issued?.upstreamId;
  const text = `the new key of ${run.id} is not used and still lives at ${run.provider.name}`;
  if (!next && run.known.pending.has('issue') && run.method.issue === 'api' && run.method.value === 'theirs') {
    const outcome = await clearStrays(run, run.method, run.known.pending.get('issue') ?? { at: run.now, detail: {} });
    return outcome ?? done;
  }
  if (!next) return done;
  if (!run.known.issued && !run.known.pending.has('issue')) return done;
  if (revocation.by === 'page') return { state: 'debt', debt: { kind: 'stray-key', text, since: run.now } };
  const at = await run.context();
  try {
    const target = { held: next, ...(upstreamId === undefined ? {} : { upstreamId }) };
    await run.effect('issue', 'revoke new', {}, () =>
      run.patiently('issue', () => revocation.revoke(run.ports, at, target, run.old)),
    );
    const waiting = run.waiting(run.provider.pace.deadWithinMs);
    // Where the old one is dead too, its refusal says nothing about the account.
    const witness = (await run.provider.check(run.ports, run.old)).alive === 'yes' ? { witness: run.old } : {};
    const { answer, standing } = await untilDead(run.ports, run.provider, next, { ...waiting, ...witness });
    run.stopIfAsked('issue');
    if (answer !== 'yes') return { state: 'debt', debt: { kind: 'stray-key', text: `${text}: ${standing.how}`, since: run.now } };
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'rotation/interrupted') throw error;
    return { state: 'debt', debt: { kind: 'stray-key', text: `${text}: ${error.what}`, since: run.now } };
  }
  return done;
}

export const issue: Step = {
  name: 'issue',
  async settle(run) {
    return (await run.next()) !== undefined;
  },
  async run(run) {
    const { method } = run;
    if (method.issue === 'page') return page(run, method);
    return method.value === 'ours' ? ours(run, method) : theirs(run, method);
  },
  undo: undoIssue,
};
