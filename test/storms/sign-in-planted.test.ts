/**
 * Goal: the cuts of the rotation of a grant see what they are there to see: a plausible bug in the product is caught, and by the
 * promise that it breaks.
 * Method: each bug is planted in a step or a port, and the power cut after each effect near which it shows, until a promise is
 * broken. That the right product breaks none of them is told by sign-in-cuts.test.ts.
 */
import { afterEach, expect, it } from 'vitest';
import type { JournalStore } from '../../src/ports/journal-store.ts';
import { redeem } from '../../src/rotation/fold.ts';
import type { GrantRun } from '../../src/rotation/grant/grant-run.ts';
import { proveDead } from '../../src/rotation/grant/steps/prove-dead.ts';
import { revoke, tellServer } from '../../src/rotation/grant/steps/revoke.ts';
import { signIn } from '../../src/rotation/grant/steps/sign-in.ts';
import type { Step } from '../../src/rotation/step.ts';
import { type CutRun, cutAt } from './sign-in-cut.ts';

interface Bug {
  readonly name: string;
  readonly breaks: RegExp;
  readonly run: CutRun;
  /** Names of the effects after which it shows; absent: without a cut. */
  readonly after?: RegExp;
  /** Changes the product; answers how to put it back. */
  readonly plant?: () => () => void;
}

const byTool: CutRun = { client: 'gemini-cli', signIn: 'tool' };

/** Steps are tables of functions: one is exchanged. */
function exchange(step: Step<GrantRun>, part: (before: Step<GrantRun>) => Partial<Step<GrantRun>>): () => void {
  const before = { ...step };
  Object.assign(step, part(before));
  return () => void Object.assign(step, before);
}

const withJournal = (change: (store: JournalStore) => Partial<JournalStore>): CutRun => ({
  ...byTool,
  plant: (ports) => ({
    ...ports,
    journal: async () => {
      const store = await ports.journal();
      return { ...store, ...change(store) };
    },
  }),
});

const keptNoRegistration = withJournal((store) => ({
  putSealed: async (...given) => (given[1] === 'registration' ? 'kept' : store.putSealed(...given)),
}));

/** Neither in the journal nor in the list of all that are ours. */
const withoutRegistrations: CutRun = {
  ...byTool,
  plant(given) {
    const ports = keptNoRegistration.plant?.(given) ?? given;
    const { disk } = ports;
    return {
      ...ports,
      disk: {
        ...disk,
        replace: async (path, ...rest) =>
          path.endsWith('/registrations.json') ? { written: true, version: 'none' } : disk.replace(path, ...rest),
      },
    };
  },
};

/** What is to be sealed under such a name is sealed only behind the next entry. */
function sealedTooLate(name: RegExp): CutRun {
  const late: (() => Promise<unknown>)[] = [];
  return withJournal((store) => ({
    async putSealed(...given) {
      if (!name.test(given[1])) return store.putSealed(...given);
      late.push(() => store.putSealed(...given));
      return 'kept';
    },
    async append(...given) {
      const answer = await store.append(...given);
      for (const seal of late.splice(0)) await seal();
      return answer;
    },
  }));
}

/** Says that an effect of which nobody knows what became of it has failed. */
async function forget(run: GrantRun, step: 'sign in' | 'prove dead', effect: string): Promise<void> {
  if (!run.known.pending.has(effect)) return;
  await run.record({ kind: 'outcome', step, effect, result: 'failed', code: 'provider/timeout', detail: {} });
}

const bugs: readonly Bug[] = [
  {
    name: 'seals the new pair after it was recorded',
    breaks: /sealed new credential .* is gone/,
    run: sealedTooLate(/^next /),
    after: /^journal.append$/,
  },
  {
    name: 'does not seal its registration',
    breaks: /registrations that nobody names/,
    run: withoutRegistrations,
    after: /^net POST \/token$/,
  },
  {
    name: 'takes a sign-in whose answer was lost for one that never was',
    breaks: /a live grant of .* that nobody knows of/,
    run: byTool,
    after: /^net POST \/token$/,
    plant: () =>
      exchange(signIn, ({ settle }) => ({
        async settle(run) {
          await forget(run, 'sign in', redeem);
          return settle(run);
        },
      })),
  },
  {
    name: 'revokes before it says so in the journal',
    breaks: /the store holds a revoked token, and the journal knows nothing of it/,
    run: byTool,
    after: /^net POST \/token\/revocation$/,
    plant: () =>
      exchange(revoke, (before) => ({
        async run(run) {
          await tellServer(run, run.old);
          return before.run(run);
        },
      })),
  },
  {
    name: 'takes a step that was begun for one that was done',
    breaks: /the old access token|debts of another kind/,
    run: byTool,
    after: /^journal.append$/,
    plant: () => exchange(revoke, () => ({ settle: async (run) => run.known.steps.has('revoke') })),
  },
  {
    name: 'tries the old refresh token twice',
    breaks: /refresh tokens, each sent once/,
    run: byTool,
    after: /^net POST \/token$/,
    plant: () =>
      exchange(proveDead, (before) => ({
        async run(run) {
          await forget(run, 'prove dead', 'try old refresh token');
          return before.run(run);
        },
      })),
  },
  {
    name: 'keeps what was sealed',
    breaks: /sealed values that are left/,
    run: withJournal(() => ({ shred: async () => undefined })),
  },
];

let remove: () => void = () => undefined;
afterEach(() => {
  remove();
  remove = () => undefined;
});

async function firstBroken({ run, after }: Bug): Promise<unknown> {
  try {
    const { power } = await cutAt(run, undefined);
    for (let number = 1; after && number <= power.count; number++) {
      if (after.test(power.names[number] ?? '')) await cutAt(run, { number, when: 'after' });
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

it.each(bugs)('a product that $name is caught', async (bug) => {
  remove = bug.plant?.() ?? remove;
  expect(String(await firstBroken(bug))).toMatch(bug.breaks);
});
