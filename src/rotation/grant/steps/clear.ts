/**
 * No store keeps the old tokens: the client's own entry, and every copy that nobody reads any more.
 *
 * Before: they lie where they lay. After: exactly these entries are gone, their neighbours as they were. What only its client
 * may clear, its client clears, or a person.
 */

import { minute } from '../../../base/time.ts';
import { clearHolding, holdingLabel } from '../../../oauth/holdings.ts';
import type { Holding } from '../../../oauth/oauth.ts';
import type { Held } from '../../../providers/provider.ts';
import { byHand, type Named } from '../../../stores/by-hand.ts';
import type { StepName } from '../../rotation.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import { commandFor } from '../command.ts';
import type { GrantRun } from '../grant-run.ts';
import { tellOfYounger } from './revoke.ts';

const within = minute;

/** How often a client that writes at the same moment is let go first. */
const tries = 5;

async function clearOne(run: GrantRun, step: StepName, holding: Holding): Promise<'cleared' | 'by hand'> {
  const { store } = holding;
  const label = holdingLabel(holding);
  const detail = { client: store.client, file: label };
  if (store.put !== undefined || holding.stale !== undefined) {
    for (let i = 0; i < tries; i++) {
      const whole = run.planned.newRegistration || holding.stale !== undefined;
      const outcome = await run.effect(step, `clear ${label}`, detail, () => clearHolding(run.ports, holding, { whole }));
      if (outcome !== 'changed') return 'cleared';
    }
    return 'by hand';
  }
  const { command } = store.clearing;
  if (!command) return 'by hand';
  await run.effect(step, `clear ${label}`, detail, () => commandFor(run, command, within));
  return 'cleared';
}

const named = ({ planned }: GrantRun, { entry }: Holding): Named => ({
  server: entry.server ?? planned.server,
  url: entry.url ?? planned.url,
});

/** Every entry that keeps a token of one of these. */
export async function clearHeld(run: GrantRun, step: StepName, pairs: readonly Held[]): Promise<Outcome> {
  for (const holding of await run.holding(pairs)) await clearOne(run, step, holding);
  const left = await run.holding(pairs);
  if (left.length === 0) return done;
  const places = left.map((holding) => ({
    client: holding.store.client,
    where: holdingLabel(holding),
    todo: byHand(holding.store.clearing.byHand, named(run, holding)),
  }));
  return { state: 'needs', need: { kind: 'clear-by-hand', places } };
}

export const clear: Step<GrantRun> = {
  name: 'clear',
  async settle(run) {
    // Once somebody signs in again, what lies there may be new.
    if (run.known.issued || run.known.steps.has('sign in')) return true;
    return run.known.steps.has('clear') && (await run.holding(run.olds)).length === 0;
  },
  async run(run) {
    run.takeAnswer('clear-by-hand', 'done');
    // A session whose refresh was on its way when the server was told writes its pair only now.
    for (let i = 0; i < tries && (await tellOfYounger(run)); i++);
    return clearHeld(run, 'clear', run.olds);
  },
};
