/**
 * Revoke the old credential: the one irreversible step. It stands alone.
 *
 * Before (with overlap): everything proven, nobody holds the old one, and the new one is tried once more right now, so
 * that a mix-up of the two cannot end the survivor (failure mode 31). In a leak: nothing; speed counts. A call that may
 * have arrived is simply made again: revoking twice is harmless. What the provider cannot do for us a person does on its
 * page, and `prove dead` decides.
 */
import { Problem } from '../../base/problem.ts';
import { second } from '../../base/time.ts';
import type { Held, Page } from '../../providers/provider.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { standingOf } from './preflight.ts';
import { refuseWhileHeld } from './restart.ts';

async function provenSurvivor(run: Run): Promise<Held> {
  const next = await run.nextOrFail();
  if ((await run.fingerprintOf(next)) === run.known.oldFingerprint) throw new Error('the survivor is the target');
  const standing = await run.provider.check(run.ports, next);
  await run.prove({ kind: 'works', which: 'new', answer: standing.alive, how: standing.how, at: run.now });
  if (standing.alive === 'yes') return next;
  throw new Problem('rotation/unsafe-revoke', {
    what: `the new key was not seen to work right before the old one is revoked (${standing.how})`,
    state: 'the old key works; nothing was revoked',
    next: `mcp-rotate resume ${run.id}`,
  });
}

/** Problems after which a person can still do it on the provider's page. */
const forPerson = new Set([
  'provider/refused',
  'provider/forbidden',
  'provider/not-found',
  'provider/unreachable',
  'provider/unavailable',
  'provider/cannot',
]);

export async function revokeOld(run: Run, survivor: Held | undefined): Promise<Outcome> {
  const { revocation } = run.method;
  if (revocation.by === 'page') return byHand(run, revocation.page(run.old));
  const upstreamId = standingOf(run)?.upstreamId;
  const target = { held: run.old, ...(upstreamId === undefined ? {} : { upstreamId }) };
  let again = run.known.pending.has('revoke old');
  try {
    const at = await run.context();
    const ask = () => revocation.revoke(run.ports, at, target, survivor);
    const revoked = await run.effect(
      'revoke',
      'revoke old',
      {},
      () =>
        untilTold(run, ask, () => {
          again = true;
        }),
      (answer) => ({ revoked: answer }),
    );
    if (revoked === 'absent') {
      return { state: 'done', note: again ? 'it was gone already' : 'it was gone already: somebody else revoked it' };
    }
    return revoked === 'accepted' ? { state: 'done', note: 'accepted, not proven yet' } : done;
  } catch (error) {
    if (!(error instanceof Problem) || !forPerson.has(error.code)) throw error;
    const page = revocation.page?.(run.old);
    if (!page) throw error;
    run.note('revoke', error.what);
    return byHand(run, page);
  }
}

/**
 * A lost or broken answer is asked for once more, before a person is troubled. Once one was lost, no later failure (an
 * interruption, a refused connection) tells that the revocation did not happen.
 */
export async function untilTold<T>(
  run: Pick<Run, 'patiently' | 'pause' | 'note'>,
  ask: () => Promise<T>,
  onLost: () => void,
): Promise<T> {
  const lost: Problem[] = [];
  const patiently = () =>
    run.patiently('revoke', () =>
      ask().catch((error: unknown) => {
        if (error instanceof Problem && error.effect === 'unknown') lost.push(error);
        throw error;
      }),
    );
  try {
    return await patiently();
  } catch (error) {
    const [first] = lost;
    if (first === undefined) throw error;
    onLost();
    run.note('revoke', `${first.what}; asking once more`);
    try {
      await run.pause('revoke', second);
      return await patiently();
    } catch (later) {
      if (!(later instanceof Problem) || later.effect === 'unknown') throw later;
      throw later.code === 'rotation/interrupted' ? first : new Problem(later.code, { what: later.what, effect: 'unknown' });
    }
  }
}

/** A person says that it is done; the provider is asked by `prove dead`. */
async function byHand(run: Run, page: Page): Promise<Outcome> {
  const answer = run.takeAnswer('revoke-by-hand', 'done');
  if (answer) {
    await run.effect('revoke', 'revoke old', { note: 'by hand' }, async () => undefined);
    return { state: 'done', note: 'by hand' };
  }
  const since = run.known.steps.get('revoke')?.startedAt ?? run.now;
  return { state: 'needs', need: { kind: 'revoke-by-hand', page, since } };
}

export const revoke: Step = {
  name: 'revoke',
  async settle(run) {
    if (run.known.outcomes.has('revoke old')) return true;
    // A refused login does not tell that a call that was cut off did all of its work (sessions ended, an empty role dropped).
    if (run.known.pending.has('revoke old') || !run.known.steps.has('revoke')) return false;
    return (await run.provider.check(run.ports, run.old)).alive === 'no';
  },
  async run(run) {
    if (run.plan.because === 'leak') return revokeOld(run, await run.next());
    await refuseWhileHeld(run);
    return revokeOld(run, await provenSurvivor(run));
  },
};
