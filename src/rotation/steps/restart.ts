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
import type { ProcessInfo } from '../../ports/processes.ts';
import type { Held } from '../../providers/provider.ts';
import { findHolders } from '../../verification/holders.ts';
import type { Proof, RunningHolder } from '../../verification/proof.ts';
import type { StepName } from '../rotation.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';
import { resolve } from './verify.ts';

/** How long a client that watches its file is given to take the change up by itself. */
const grace: Milliseconds = 4 * second;
const quitWithin: Milliseconds = 20 * second;
const backWithin: Milliseconds = 60 * second;

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

/** Quits and starts again the desktop programs that hold the old value. Answers how many were. */
async function relaunch(run: Run, step: StepName, holders: readonly RunningHolder[]): Promise<number> {
  const running = await run.ports.processes.list();
  const byPid = new Map(running.map((process) => [process.pid, process]));
  let count = 0;
  for (const client of clientsOf(run)) {
    if (!client.restart.relaunch || !holders.some((holder) => holder.client === client.id)) continue;
    const names = new Set(client.programs[run.ports.host.os]);
    const program = running.find((process) => names.has(process.name) && !isNamed(byPid.get(process.parent), names));
    if (!program || program.terminal) continue;
    await run.effect(step, `restart ${client.id}`, { pid: program.pid }, () => restartOne(run, client, program));
    count++;
  }
  return count;
}

const isNamed = (process: ProcessInfo | undefined, names: ReadonlySet<string>): boolean =>
  process !== undefined && names.has(process.name);

async function restartOne(run: Run, client: Client, program: ProcessInfo): Promise<void> {
  const { processes } = run.ports;
  const launch = await processes.launchOf(program);
  if (!launch) return;
  run.note('restart', `quitting ${client.name}`);
  if ((await processes.quit(program, quitWithin)) === 'running') {
    run.note('restart', `${client.name} did not quit: it may be asking to save something`);
    return;
  }
  await processes.relaunch(launch);
  run.note('restart', `${client.name} was started again`);
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
  if (proof.processes.length > 0 && run.plan.options.restart && (await relaunch(run, step, proof.processes)) > 0) {
    proof = await waitForNone(run, held, backWithin);
  }
  const answer = run.takeAnswer('done', 'accept', 'leave-running');
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
