/** Paying what the rotation of a grant still owes: each is looked at in the world first. */
import type { Need } from '../rotation.ts';
import type { GrantRun } from './grant-run.ts';
import { accessRefused, tryDead } from './steps/prove-dead.ts';
import { pageOf } from './steps/revoke.ts';

/** Tries each debt once. Answers what a person must do for one of them, if so. */
export async function payDebts(run: GrantRun): Promise<Need | undefined> {
  for (const debt of run.known.debts) {
    if (debt.kind === 'not-dead') {
      const answer = await tryDead(run, 0);
      if (answer === 'no') continue;
      // Of the refresh token nobody but a person at the server's page can tell; the access token has to be refused all the same.
      if (answer === 'unknown' && !(await accessRefused(run))) continue;
      if (answer === 'unknown' && !run.takeAnswer('revoke-by-hand', 'done')) {
        const page = pageOf(run.planned.issuer, (await run.oldServer()).metadata);
        return { kind: 'revoke-by-hand', page, since: debt.since };
      }
      await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
    } else if (debt.kind === 'lost-key') {
      if (!run.takeAnswer('confirm-strays', 'done', 'accept')) return { kind: 'confirm-strays', strays: [], lost: debt.text };
      await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
    }
  }
  return undefined;
}
