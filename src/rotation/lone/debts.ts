/** Paying what the end of a lone key still owes. Where nobody but a person can tell that it is dead, the person says so. */
import { payDebts as payDebtsOfKeys } from '../debts.ts';
import type { Need } from '../rotation.ts';
import type { Run } from '../run.ts';

export async function payDebts(run: Run): Promise<Need | undefined> {
  return run.plan.lone?.attended ? payByWord(run) : payDebtsOfKeys(run);
}

/** The receipt says whose word it is: the answer of the proof stays "could not tell". */
async function payByWord(run: Run): Promise<Need | undefined> {
  for (const debt of run.known.debts.filter(({ kind }) => kind === 'not-dead')) {
    const answer = run.takeAnswer('accept-unproven', 'accept', 'refuse');
    if (answer?.kind === 'refuse') return undefined;
    if (!answer) {
      const what = `${run.plan.credential}: that ${run.provider.name} refuses it, which only you can see`;
      return { kind: 'accept-unproven', what: [what] };
    }
    const how = 'a person says that it is gone; nobody else could tell';
    await run.prove({ kind: 'dead', which: 'old', answer: 'unknown', how, at: run.now });
    await run.record({ kind: 'debt-paid', debt: debt.kind, text: debt.text });
  }
  return undefined;
}
