/**
 * Every use is proven with the new credential: read back by the client's rules, authenticated with that very copy, and
 * called through the real server against a broken one.
 *
 * 'no' is a failure (roll back). 'unknown' is neither: where no call can tell for this server, a person may accept it by
 * name; anything else stops here with the old credential alive (failure modes 22, 23, 25).
 */
import { Problem } from '../../base/problem.ts';
import { Files } from '../../inventory/files.ts';
import { isApproved, lentToProject } from '../../inventory/foreign.ts';
import type { Use } from '../../inventory/inventory.ts';
import { readBack } from '../../inventory/read-back.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import type { Proof } from '../../verification/proof.ts';
import { type Copy, verifyUse } from '../../verification/uses.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { standingOf } from './preflight.ts';

function sameUse(a: Use, b: Use): boolean {
  return (
    a.client === b.client &&
    a.configFile === b.configFile &&
    a.server === b.server &&
    a.scope === b.scope &&
    a.project === b.project
  );
}

/** The uses that are given the new credential now, each once; a literal that is not in force is given to nobody. */
async function usesOf(run: Run): Promise<readonly Use[]> {
  const issued = run.known.issued;
  const credential = issued && (await run.inPlaces(issued.fingerprint));
  const uses: Use[] = [];
  const inForce = (credential?.places ?? []).filter((place) => !place.dormant);
  for (const { use } of inForce) if (!uses.some((known) => sameUse(known, use))) uses.push(use);
  return uses;
}

async function runVerify(run: Run): Promise<Outcome> {
  const next = await run.nextOrFail();
  const uses = await usesOf(run);
  if (uses.length === 0) {
    throw new Problem('rotation/not-proven', { what: 'no client holds the new key: its files were changed by somebody else' });
  }
  const proofs: Proof[] = [];
  for (const use of uses) {
    run.stopIfAsked('verify');
    run.note('verify', `${use.client}: ${use.server}`);
    const found = await verifyUse(
      run.ports,
      { readBack: (one) => copiesOf(run, one), resolve: (one) => resolve(run, one) },
      {
        use,
        provider: run.provider,
        old: run.old,
        next,
        oldLives: run.plan.because !== 'leak' && run.method.overlap !== 'replaces',
        account: standingOf(run)?.account,
        ...(run.signal ? { signal: run.signal } : {}),
        onNote: (text) => run.note('verify', text),
      },
    );
    for (const proof of found) {
      await run.prove(proof);
      proofs.push(proof);
    }
  }
  return judge(run, proofs);
}

const lent = 'not started: a project’s file, which may be somebody else’s, takes the key from outside the project';

/**
 * What the entry holds of this provider, read by its client's rules. Where a key is sent is not for a project's file to
 * say (inventory/collect.ts), and its command is started only with a key of the project's own, or when its client was let.
 */
async function copiesOf(run: Run, use: Use): Promise<readonly Copy[]> {
  const files = new Files(run.ports);
  const found = (await readBack(run.ports, run.adapters, use)).filter((one) => one.provider === run.provider.id);
  const client = run.adapters.clients.find(({ id }) => id === use.client);
  const approved = client !== undefined && (await isApproved(run.ports, files, client, use));
  const copies: Copy[] = [];
  for (const one of found) {
    const held = use.scope === 'project' ? { ...one.held, context: (await run.nextOrFail()).context } : one.held;
    const notStarted = !approved && (await lentToProject(run.ports, files, one)) ? { notStarted: lent } : {};
    copies.push({ provider: run.provider, held, ...notStarted });
  }
  return copies;
}

export async function resolve(run: Run, use: Use): ReturnType<typeof resolveUse> {
  const client = run.adapters.clients.find((one) => one.id === use.client);
  if (!client) throw new Error(`a use of an unknown client: ${use.client}`);
  return resolveUse(run.ports, client, use);
}

function judge(run: Run, proofs: readonly Proof[]): Outcome {
  const failed = proofs.find((proof) => proof.answer === 'no');
  if (failed) {
    throw new Problem('rotation/new-does-not-work', { what: `${describe(failed)} with the new key` });
  }
  const untold = proofs.filter((proof) => proof.answer === 'unknown');
  const hard = untold.find((proof) => proof.kind !== 'tool-call');
  if (hard) throw new Problem('rotation/not-proven', { what: `could not tell: ${describe(hard)}` });
  if (untold.length === 0) return done;
  if (run.takeAnswer('accept-unproven', 'accept') || run.known.accepted.has('accept-unproven')) {
    return { state: 'done', note: `${untold.length} without a tool call, accepted by a person` };
  }
  return { state: 'needs', need: { kind: 'accept-unproven', what: untold.map(describe) } };
}

function describe(proof: Proof): string {
  if (proof.kind === 'read-back') return `reading ${proof.server} of ${proof.client} back`;
  if (proof.kind === 'authenticated') return `signing in with the copy in ${proof.client} (${proof.server}): ${proof.how}`;
  if (proof.kind === 'tool-call') return `calling ${proof.server} of ${proof.client}: ${proof.how}`;
  return proof.how;
}

export const verify: Step = {
  name: 'verify',
  async settle(run) {
    const ended = run.known.steps.get('verify');
    return ended?.state === 'done' && (run.known.lastWriteAt ?? 0) <= (ended.endedAt ?? 0);
  },
  run: runVerify,
};
