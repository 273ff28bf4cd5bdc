/**
 * No running process holds the old value any more.
 *
 * Before: the files are new; programs that read them earlier may run on with the old value. After: none does, or a
 * person let it by process id. "Restart" is judged by the processes that run, never by the command that was given
 * (failure modes 20, 21). A program with a person's work in it is ended by the person.
 */
import { Problem } from '../../base/problem.ts';
import { type Milliseconds, second } from '../../base/time.ts';
import type { Client } from '../../clients/client.ts';
import type { Held } from '../../providers/provider.ts';
import { findHolders } from '../../verification/holders.ts';
import type { Proof, RunningHolder } from '../../verification/proof.ts';
import { relaunchPrograms } from '../relaunch.ts';
import type { StepName } from '../rotation.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { resolve } from './verify.ts';

/** How long a client that watches its file is given to take the change up by itself. */
const grace: Milliseconds = 4 * second;

export type ProcessProof = Extract<Proof, { kind: 'processes' }>;

/**
 * Which processes still hold `held`; those that a person lets run are left out. While rolling back, programs from before
 * the first write are not asked about: what they read is right again.
 */
async function holdersOf(run: Run, held: Held, changed?: readonly ChangedClient[]): Promise<ProcessProof> {
  const { firstWriteAt, lastWriteAt, openedAt, leaveRunning } = run.known;
  return findHolders(run.ports, clientsOf(run), {
    secrets: run.secretsOf(held),
    changed: changed ?? (await changedClients(run)),
    writtenAt: lastWriteAt ?? openedAt,
    leaveRunning,
    ...(held !== run.old && firstWriteAt !== undefined ? { since: firstWriteAt } : {}),
  });
}

type ChangedClient = { readonly client: string; readonly remote: boolean };

/** The clients that hold the old or the new credential, and whether it goes out from the client's own process. */
async function changedClients(run: Run): Promise<readonly ChangedClient[]> {
  const { issued, oldFingerprint } = run.known;
  const prints = issued ? [oldFingerprint, issued.fingerprint] : [oldFingerprint];
  const places = (await run.allInPlaces(prints)).flatMap((found) => found.places);
  const remote = new Map<string, boolean>();
  for (const { use } of places) {
    const launch = (await resolve(run, use)).launch;
    remote.set(use.client, (remote.get(use.client) ?? false) || launch?.kind === 'remote');
  }
  return [...remote].map(([client, isRemote]) => ({ client, remote: isRemote }));
}

/** The clients whose files the rotation changes. */
function clientsOf(run: Run): readonly Client[] {
  const ids = new Set(run.plan.restarts.map((restart) => restart.client));
  return run.adapters.clients.filter((client) => ids.has(client.id));
}

function instructionsFor(run: Run, holders: readonly RunningHolder[]): string[] {
  const clients = clientsOf(run);
  return holders.map((holder) => {
    const client = clients.find((one) => one.id === holder.client);
    const who = `${holder.name} (process ${holder.pid})`;
    return client ? `${who}: ${client.restart.byHand}` : `${who}: end it, or start it again`;
  });
}

/** Does `--restart`, when it was asked for. Answers whether a program was started again. */
async function relaunched(run: Run, step: StepName, holders: readonly RunningHolder[], held: Held): Promise<boolean> {
  if (!run.plan.options.restart || holders.length === 0) return false;
  const other = held === run.old ? await run.next() : run.old;
  const count = await relaunchPrograms({
    ports: run.ports,
    clients: clientsOf(run),
    holders,
    next: other ? run.secretsOf(other) : [],
    effect: (client, program, work) => run.effect(step, `restart ${client.id}`, { client: client.id, pid: program.pid }, work),
    note: (text) => run.note(step, text),
    pause: (length) => run.pause(step, length),
  });
  return count > 0;
}

/** Is one of the clients expected to change over by itself? */
function watched(run: Run): boolean {
  return run.known.lastWriteAt !== undefined && clientsOf(run).some((client) => client.pickup === 'watches');
}

/** Waits until nothing holds the value, as long as programs are expected to change over by themselves. */
async function waitForNone(run: Run, held: Held, length: Milliseconds): Promise<ProcessProof> {
  const until = run.ports.clock.elapsed() + length;
  const changed = await changedClients(run);
  for (let wait = 200; ; wait = Math.min(wait * 2, 2 * second)) {
    const proof = await holdersOf(run, held, changed);
    if (proof.processes.length === 0 || run.ports.clock.elapsed() >= until) return proof;
    await run.pause('restart', wait);
  }
}

/** No process holds `held`: by itself, by --restart, or with a person's help. */
export async function clearHolders(run: Run, step: StepName, held: Held): Promise<Outcome> {
  let proof = await waitForNone(run, held, watched(run) ? grace : 0);
  if (await relaunched(run, step, proof.processes, held)) proof = await waitForNone(run, held, grace);
  const answer = run.takeAnswer('restart-by-hand', 'done', 'accept', 'leave-running');
  if (answer?.kind === 'leave-running') proof = await holdersOf(run, held);
  await run.prove(proof);
  if (proof.answer === 'no') return done;
  if (proof.answer === 'unknown' && (answer?.kind === 'accept' || run.known.accepted.has('restart-by-hand'))) {
    return { state: 'done', note: `not seen: ${proof.how}; accepted by a person` };
  }
  const holders = proof.processes;
  return { state: 'needs', need: { kind: 'restart-by-hand', holders, instructions: instructionsFor(run, holders) } };
}

/** For the last look before revoking: any process that still holds the old value stops it. */
export async function refuseWhileHeld(run: Run): Promise<void> {
  const proof = await holdersOf(run, run.old);
  if (proof.answer === 'no') return;
  if (proof.answer === 'unknown' && run.known.accepted.has('restart-by-hand')) return;
  await run.prove(proof);
  const named = proof.processes.map((holder) => `${holder.name} (process ${holder.pid})`).join(', ');
  throw new Problem('rotation/still-running', {
    what:
      named === ''
        ? `could not tell whether a process still holds the old key (${proof.how})`
        : `still running with the old key: ${named}`,
    state: 'the old key works; nothing was revoked',
    next: `end them, then mcp-rotate resume ${run.id}; or --leave-running PID`,
  });
}

export const restart: Step = {
  name: 'restart',
  async settle(run) {
    if (!run.known.steps.has('restart')) return false;
    return (await holdersOf(run, run.old)).answer === 'no';
  },
  run: (run) => clearHolders(run, 'restart', run.old),
};
