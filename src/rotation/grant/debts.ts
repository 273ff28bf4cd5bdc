/** Paying what the rotation of a grant still owes: each is looked at in the world first. */
import type { Need } from '../rotation.ts';
import type { GrantRun } from './grant-run.ts';
import { tryDead } from './steps/prove-dead.ts';

/** Tries each debt once. Answers what a person must do for one of them, if so. */
export async function payDebts(run: GrantRun): Promise<Need | undefined> {
  for (const debt of run.known.debts) {
    if (debt.kind === 'not-dead') {
      const answer = await tryDead(run, 0);
      if (answer === 'yes') await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
    } else if (debt.kind === 'lost-key') {
      if (!run.takeAnswer('confirm-strays', 'done', 'accept')) return { kind: 'confirm-strays', strays: [] };
      await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
    }
  }
  return undefined;
}
