/**
 * Everything that can be found out before any effect is found out here: places readable and writable, the old
 * credential working, the provider willing. In a leak only what speed allows: the old one's standing, for later.
 *
 * Before and after: nothing changed, anywhere. Always run again until something was issued or revoked, or a person was
 * asked to make a key: they may have one in hand by then, and an old key that died meanwhile, or an answer that got lost,
 * must not throw it away.
 */
import { Problem } from '../../base/problem.ts';
import type { Standing } from '../../providers/provider.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';

/** The old credential's standing as preflight saw it, for parity in `check`. */
export function standingOf(run: Run): Standing | undefined {
  const detail = run.known.outcomes.get('look at old')?.detail;
  if (!detail) return undefined;
  const { account, rights, upstreamId, alive } = detail;
  return {
    alive: alive ?? 'unknown',
    how: 'seen by preflight',
    ...(account === undefined ? {} : { account }),
    ...(rights === undefined ? {} : { rights }),
    ...(upstreamId === undefined ? {} : { upstreamId }),
  };
}

async function lookAtOld(run: Run): Promise<Standing> {
  return run.effect(
    'preflight',
    'look at old',
    {},
    () => run.provider.check(run.ports, run.old),
    ({ alive, account, rights, upstreamId }) => ({
      alive,
      ...(account === undefined ? {} : { account }),
      ...(rights === undefined ? {} : { rights }),
      ...(upstreamId === undefined ? {} : { upstreamId }),
    }),
  );
}

async function ofLeak(run: Run): Promise<Outcome> {
  const standing = await lookAtOld(run);
  return standing.alive === 'no' ? { state: 'done', note: 'the leaked credential is refused already' } : done;
}

async function ofRoutine(run: Run): Promise<Outcome> {
  const credential = await run.inPlaces(run.known.oldFingerprint);
  if (!credential) {
    throw new Problem('rotation/drift', {
      what: `no place holds ${run.plan.credential} any more`,
      state: 'nothing was changed',
      next: 'mcp-rotate status',
    });
  }
  const standing = await lookAtOld(run);
  if (standing.alive === 'no') {
    throw new Problem('provider/refused', {
      what: `${run.plan.credential} does not work any more (${standing.how})`,
      state: 'nothing was changed; the clients that use it fail already',
      next: `mcp-rotate rotate ${run.plan.credential} --because leak, which does not need the old one to work`,
    });
  }
  if (standing.alive === 'unknown') {
    throw new Problem('provider/unavailable', {
      what: `could not tell whether ${run.plan.credential} works (${standing.how})`,
      state: 'nothing was changed',
      next: 'try again when the provider can be reached',
    });
  }
  await run.patiently('preflight', async () => run.method.preflight(run.ports, await run.context()));
  return done;
}

export const preflight: Step = {
  name: 'preflight',
  async settle(run) {
    const { issued, pending, outcomes, steps } = run.known;
    if (run.method.issue === 'page' && steps.has('issue')) return true;
    return issued !== undefined || pending.has('issue') || outcomes.has('revoke old');
  },
  run: (run) => (run.plan.because === 'leak' ? ofLeak(run) : ofRoutine(run)),
};
