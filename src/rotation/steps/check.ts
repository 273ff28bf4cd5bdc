/**
 * The new credential works, is of the same account, and may do the same or less.
 *
 * Before: issued, in no place. After: proven by use. A new key may take a while until it works; "could not tell" is
 * neither yes nor no and stops here with the old one alive.
 */
import { Problem } from '../../base/problem.ts';
import { type Comparison, compareStanding, untilWorks } from '../../verification/standing.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { standingOf } from './preflight.ts';

async function run(run: Run): Promise<Outcome> {
  const next = await run.nextOrFail();
  const { answer, standing } = await untilWorks(run.ports, run.provider, next, run.waiting(run.provider.pace.worksWithinMs));
  run.stopIfAsked('check');
  await run.prove({ kind: 'works', which: 'new', answer, how: standing.how, at: run.now });
  if (answer === 'no') {
    throw new Problem('rotation/new-does-not-work', {
      what: `the new key for ${run.plan.credential} does not work: ${standing.how}`,
    });
  }
  if (answer === 'unknown') {
    throw new Problem('rotation/not-proven', { what: `could not tell whether the new key works (${standing.how})` });
  }
  const before = standingOf(run);
  if (!before) return done;
  const parity = compareStanding(before, standing);
  const unfit = unfitness(run, parity);
  if (unfit && run.method.overlap !== 'replaces') throw unfit;
  if (unfit && !run.takeAnswer('accept-unproven', 'accept')) {
    // The old one died as this one was made: there is nothing to go back to, so a person decides.
    return { state: 'needs', need: { kind: 'accept-unproven', what: [unfit.what] } };
  }
  if (unfit) return { state: 'done', note: `${unfit.what}; a person said to go on` };
  if (parity.scope === 'tighter')
    return { state: 'done', note: `rights lost against the old key: ${parity.lost.slice(0, 8).join(', ')}` };
  if (parity.scope === 'unknown')
    return { state: 'done', note: 'the provider does not tell what a key may do: rights were not compared' };
  return done;
}

function unfitness(run: Run, parity: Comparison): Problem | undefined {
  if (parity.account === 'other') {
    return new Problem('rotation/other-account', {
      what: `the new key belongs to another account than ${run.plan.credential}`,
      next: 'sign in as the account that the old key belongs to, and make the key there',
    });
  }
  if (parity.scope !== 'wider') return undefined;
  return new Problem('rotation/wider-scope', {
    what: `the new key may do more than the old one: ${parity.gained.slice(0, 8).join(', ')}`,
    next: 'make a key with the same rights or fewer',
  });
}

export const check: Step = {
  name: 'check',
  async settle(run) {
    return (
      run.known.proofs.some((proof) => proof.kind === 'works' && proof.which === 'new' && proof.answer === 'yes') &&
      run.known.steps.get('check')?.state === 'done'
    );
  },
  run,
};
