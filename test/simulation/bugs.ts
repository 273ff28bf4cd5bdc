/**
 * Plausible bugs, planted: each makes the product wrong in the way a careless change would. A bug replaces a step's part, a
 * port or a provider's function; `remove` puts the right one back.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Method, Provider } from '../../src/providers/provider.ts';
import { playbookOf } from '../../src/rotation/playbooks.ts';
import type { Because, StepName } from '../../src/rotation/rotation.ts';
import type { Run } from '../../src/rotation/run.ts';
import type { Step } from '../../src/rotation/step.ts';
import { audit } from '../../src/rotation/steps/audit.ts';
import { issue, renewed } from '../../src/rotation/steps/issue.ts';
import { proveDead } from '../../src/rotation/steps/prove-dead.ts';
import { restart } from '../../src/rotation/steps/restart.ts';
import { revoke, revokeOld } from '../../src/rotation/steps/revoke.ts';
import { update } from '../../src/rotation/steps/update.ts';
import { verify } from '../../src/rotation/steps/verify.ts';
import { configs } from '../world/configs.ts';
import type { PromiseName } from '../world/promises.ts';
import type { Kind } from '../world/toy-providers.ts';
import { githubAnswer, type World, type WorldOptions, type WorldParts } from '../world/world.ts';

export interface Bug {
  readonly name: string;
  /** The promise that it breaks, or the words with which the product itself refuses. */
  readonly breaks: PromiseName | RegExp;
  readonly kind: Kind;
  readonly because: Because;
  /** The key stands in no place. */
  readonly lone?: NonNullable<WorldOptions['lone']>;
  /** Changes the product; answers how to put it back. */
  readonly steps?: () => () => void;
  /** Replaces ports or adapters. */
  readonly parts?: WorldOptions['plant'];
  /** What else goes on in the world in which it shows. */
  readonly world?: (world: World) => void;
  /** The rotation is stopped where this step begins, and taken back. */
  readonly takeBackAt?: StepName;
}

/** Steps are tables of functions: one is exchanged. */
export function exchange(step: Step, part: Partial<Step>): () => void {
  const before = { ...step };
  Object.assign(step, part);
  return () => Object.assign(step, before);
}

export const done = { state: 'done' } as const;

const all =
  (...removes: readonly (() => void)[]) =>
  () => {
    for (const remove of removes) remove();
  };

/** Moves a step before another in the playbook with overlap. */
function reorder(because: Because, name: StepName, before: StepName): () => void {
  const steps = playbookOf(because, 'many', false).steps as Step[];
  const kept = [...steps];
  const [moved] = steps.splice(
    steps.findIndex((step) => step.name === name),
    1,
  );
  if (!moved) throw new Error(`no step ${name}`);
  steps.splice(
    steps.findIndex((step) => step.name === before),
    0,
    moved,
  );
  return () => void steps.splice(0, steps.length, ...kept);
}

export const withPorts =
  (change: (ports: Ports) => Partial<Ports>) =>
  ({ ports, adapters }: WorldParts): WorldParts => ({ ports: { ...ports, ...change(ports) }, adapters });

const withProvider =
  (change: (provider: Provider) => Partial<Provider>) =>
  ({ ports, adapters }: WorldParts): WorldParts => ({
    ports,
    adapters: { ...adapters, providers: adapters.providers.map((provider) => ({ ...provider, ...change(provider) })) },
  });

type Theirs = Extract<Method, { value: 'theirs' }>;
type Ours = Extract<Method, { value: 'ours' }>;

async function issued(run: Run, method: Theirs): Promise<typeof done> {
  const { parts, upstreamId } = await method.issueNew(run.ports, await run.context());
  const held = renewed(run.old, parts);
  const fingerprint = await run.fingerprintOf(held);
  await run.seal('new 1', held);
  await run.record({ kind: 'issued', fingerprint, sealed: 'new 1', ...(upstreamId === undefined ? {} : { upstreamId }) });
  return done;
}

const routine = { kind: 'many', because: 'routine' } as const;

export const bugs: readonly Bug[] = [
  {
    name: 'revokes before it verifies',
    breaks: 'nothing revoked without proof',
    ...routine,
    steps: () => reorder('routine', 'revoke', 'verify'),
  },
  {
    name: 'does not try the survivor right before revoking',
    breaks: 'nothing revoked without proof',
    ...routine,
    steps: () => exchange(revoke, { run: async (run) => revokeOld(run, await run.next()) }),
  },
  {
    name: 'issues without an intent',
    breaks: 'journal before effect',
    ...routine,
    steps: () => exchange(issue, { run: (run) => issued(run, run.method as Theirs) }),
  },
  {
    name: 'issues without a marker',
    breaks: 'no unknown live key',
    ...routine,
    parts: withProvider((provider) => ({
      methods: provider.methods.map((method) =>
        'issueNew' in method ? { ...method, issueNew: (up, at) => method.issueNew(up, { ...at, marker: '' }) } : method,
      ),
    })),
  },
  {
    name: 'seals a value of ours after it was sent',
    breaks: 'journal before effect',
    kind: 'many of ours',
    because: 'routine',
    steps: () =>
      exchange(issue, {
        async run(run) {
          const method = run.method as Ours;
          const at = await run.context();
          const parts = method.propose(run.ports.random, at);
          await run.record({ kind: 'intent', step: 'issue', effect: 'issue', detail: {} });
          return issued(run, { issueNew: () => method.issueWith(run.ports, at, parts) } as unknown as Theirs);
        },
      }),
  },
  {
    name: 'takes a lost answer for a refusal, and asks again without looking for what became of it',
    breaks: 'no unknown live key',
    ...routine,
    steps: () =>
      exchange(issue, {
        async run(run) {
          const about = { step: 'issue', effect: 'issue', detail: {} } as const;
          if (run.known.pending.has('issue')) {
            await run.record({ ...about, kind: 'outcome', result: 'failed', code: 'provider/timeout' });
          }
          await run.record({ ...about, kind: 'intent' });
          return issued(run, run.method as Theirs);
        },
      }),
  },
  {
    name: 'takes "could not tell" of a tool call for a proof',
    breaks: 'nothing revoked without proof',
    ...routine,
    steps: () => exchange(verify, { run: (run) => before.verify(run).then(() => done) }),
    world: (world) => {
      world.server = () => ({ kind: 'answered', isError: false, text: githubAnswer });
    },
  },
  {
    name: 'takes an outage for a death',
    breaks: 'dead means dead',
    ...routine,
    parts: withProvider((provider) => ({
      async check(up, held) {
        const standing = await provider.check(up, held);
        return standing.alive === 'unknown' ? { ...standing, alive: 'no' } : standing;
      },
    })),
    world: (world) => {
      world.upstream.deadAfterMs = 600_000;
      const before = world.upstream.onRevoke;
      world.upstream.onRevoke = (key, by) => {
        before(key, by);
        let looks = 0;
        const until = world.clock.elapsed() + 600_000;
        world.upstream.lookFaults = () => world.clock.elapsed() < until && looks++ % 2 === 0;
      };
    },
  },
  {
    name: 'takes "accepted" for a death',
    breaks: 'dead means dead',
    ...routine,
    steps: () => exchange(proveDead, { settle: async (run) => run.known.outcomes.has('revoke old') }),
    world: (world) => {
      world.upstream.deadAfterMs = 600_000;
    },
  },
  {
    name: 'revokes the old key when it rolls back',
    breaks: 'nothing revoked without proof',
    ...routine,
    steps: () => exchange(issue, { undo: async (run) => revokeOld(run, undefined) }),
    world: (world) => {
      world.upstream.gives = { account: 'eve' };
    },
  },
  {
    name: 'revokes the new key before the old one is back in the places',
    breaks: 'never locked out',
    ...routine,
    steps: () => {
      const undo = update.undo;
      return exchange(update, {
        undo: async (run) => {
          await issue.undo?.(run);
          return (await undo?.(run)) ?? done;
        },
      });
    },
    world: (world) => {
      world.server = () => ({ kind: 'rpc-error', code: -32603, text: 'Bad credentials' });
    },
  },
  {
    name: 'writes a file whatever stands in it now',
    breaks: 'not one other byte',
    ...routine,
    parts: withPorts(({ disk }) => ({
      disk: {
        read: (path, most) => disk.read(path, most),
        replace: async (path, version, bytes, options) => {
          for (;;) {
            const now = version === 'absent' ? version : (await disk.read(path)).version;
            const answer = await disk.replace(path, now, bytes, options);
            if (answer.written || version === 'absent') return answer;
          }
        },
        withLock: (lock, work) => disk.withLock(lock, work),
        freeLocks: () => disk.freeLocks(),
        tidy: (path) => disk.tidy(path),
        remove: (path) => disk.remove(path),
        list: (path) => disk.list(path),
        kind: (path) => disk.kind(path),
        mark: (path) => disk.mark(path),
        makeFolder: (path) => disk.makeFolder(path),
      },
    })),
    world: (world) => {
      let writes = 0;
      world.power.onBefore = (name) => {
        const config = configs.findIndex(({ path }) => name === `disk.rename ${path}`);
        if (config >= 0 && writes++ < 9) world.clientWrites(config);
      };
    },
  },
  {
    name: 'does not shred',
    breaks: 'nothing spilled',
    ...routine,
    parts: withPorts((ports) => ({ journal: async () => ({ ...(await ports.journal()), shred: async () => undefined }) })),
  },
  {
    name: 'shreds before the end is journaled',
    breaks: /no end after/,
    ...routine,
    parts: withPorts((ports) => ({
      journal: async () => {
        const store = await ports.journal();
        return {
          ...store,
          append: async (entry, lease) => {
            if (entry.kind === 'closed') await store.shred(entry.rotation);
            return store.append(entry, lease);
          },
        };
      },
    })),
  },
  {
    name: 'writes a secret into the journal',
    breaks: /a secret was about to be written into the journal/,
    ...routine,
    parts: withProvider((provider) => ({
      async check(up, held) {
        const standing = await provider.check(up, held);
        return { ...standing, how: `${standing.how}: ${held.parts['token']?.reveal()}` };
      },
    })),
  },
  {
    name: 'shows a secret',
    breaks: 'nothing spilled',
    ...routine,
    steps: () =>
      exchange(audit, {
        async run(run) {
          run.note('audit', `reading what ${run.old.parts['token']?.reveal()} did`);
          return before.audit(run);
        },
      }),
  },
  {
    // The look at running programs keeps it from revoking: the rotation stands still.
    name: 'resumes by memory: an update that was begun counts as made',
    breaks: /no end after/,
    ...routine,
    steps: () => exchange(update, { settle: async (run) => run.known.firstWriteAt !== undefined }),
  },
  {
    name: 'does not look for running programs',
    breaks: 'nothing revoked without proof',
    ...routine,
    steps: () =>
      all(exchange(restart, { run: async () => done }), exchange(revoke, { run: async (run) => before.revokeUnlooked(run) })),
  },
  {
    name: 'lets everybody have the lease',
    breaks: 'one writer',
    ...routine,
    parts: withPorts((ports) => ({
      journal: async () => {
        const store = await ports.journal();
        const everybody: typeof store.acquire = (name, holder, now, length) =>
          store.acquire(name, holder, now, length, async () => true);
        return { ...store, acquire: everybody };
      },
    })),
  },
  {
    name: 'takes every listed key of the provider for a stray',
    breaks: 'nobody else’s key',
    ...routine,
    parts: withProvider((provider) => ({
      methods: provider.methods.map((method) =>
        'issueNew' in method && method.findStrays
          ? {
              ...method,
              findStrays: async (up, at, since) =>
                (await method.existing(up, at)).map((upstreamId) => ({ upstreamId, evidence: 'marker' as const, since })),
            }
          : method,
      ),
    })),
    world: (world) => {
      world.upstream.add({ text: 'tok_aaaaaaaaaaaaaaaa', label: 'of the team', madeBy: 'somebody' });
    },
  },
];

/** The right parts, for bugs that keep some of them. */
const before = {
  verify: verify.run,
  audit: audit.run,
  async revokeUnlooked(run: Run) {
    const next = await run.nextOrFail();
    const { alive } = await run.provider.check(run.ports, next);
    await run.prove({ kind: 'works', which: 'new', answer: alive, how: 'tried', at: run.now });
    if (alive !== 'yes') throw new Problem('rotation/unsafe-revoke', { what: 'not seen to work' });
    return revokeOld(run, next);
  },
};
