/** Plausible bugs of taking back, planted as those of `bugs.ts`: most show only when `undo` is cut. */
import type { Ports } from '../../src/ports/ports.ts';
import { issue } from '../../src/rotation/steps/issue.ts';
import { update } from '../../src/rotation/steps/update.ts';
import { type Bug, done, exchange } from './bugs.ts';

const taken = { kind: 'many', because: 'routine', takeBackAt: 'verify' } as const;

/** The right parts, for bugs that keep some of them. */
const before = { undoIssue: issue.undo, undoUpdate: update.undo };

export const undoBugs: readonly Bug[] = [
  {
    name: 'ends the new key without an intent when it takes back',
    breaks: 'journal before effect',
    ...taken,
    steps: () =>
      exchange(issue, {
        async undo(run) {
          const { revocation } = run.method;
          const next = await run.nextOrFail();
          if (revocation.by === 'api') await revocation.revoke(run.ports, await run.context(), { held: next }, run.old);
          return done;
        },
      }),
  },
  {
    name: 'takes the intent to end the new key for its end',
    breaks: 'no unknown live key',
    ...taken,
    steps: () =>
      exchange(issue, {
        undo: async (run) => (run.known.pending.has('revoke new') ? done : ((await before.undoIssue?.(run)) ?? done)),
      }),
  },
  {
    // The look at running programs keeps it from ending the new key: the rotation stands still.
    name: 'takes back by memory: places that were begun to be restored count as restored',
    breaks: /no end after/,
    ...taken,
    steps: () => {
      const begun = new WeakSet<Ports['clock']>();
      return exchange(update, {
        async undo(run) {
          if (begun.has(run.ports.clock)) return done;
          begun.add(run.ports.clock);
          return (await before.undoUpdate?.(run)) ?? done;
        },
      });
    },
  },
];
