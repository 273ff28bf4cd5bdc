/**
 * No running client keeps the old tokens in memory: it would write them back over the new ones, or hold its lock.
 *
 * Before: clients run as they like. After: none of those that keep this grant does, or a person let it by process id.
 */
import { type Milliseconds, second } from '../../../base/time.ts';
import type { RunningHolder } from '../../../verification/proof.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import type { GrantRun } from '../grant-run.ts';

const quitWithin: Milliseconds = 20 * second;

/** Programs of the clients whose stores keep the grant; those that a person lets run are left out. */
async function holders(run: GrantRun): Promise<readonly RunningHolder[]> {
  const { host, processes } = run.ports;
  const stores = new Set((await run.holding(run.olds)).filter(({ stale }) => stale === undefined).map(({ store }) => store));
  const names = new Map([...stores].flatMap((store) => store.programs[host.os].map((name) => [name, store.client] as const)));
  const { leaveRunning } = run.known;
  return (await processes.list())
    .filter(({ name, pid }) => names.has(name) && !leaveRunning.includes(pid))
    .map(({ pid, identity, name, terminal }) => ({
      pid,
      identity,
      name,
      client: names.get(name),
      by: 'started-before' as const,
      terminal,
    }));
}

/** A desktop application ends as by its own Quit; a session in a terminal has a person's work in it. */
async function quit(run: GrantRun, found: readonly RunningHolder[]): Promise<void> {
  const running = await run.ports.processes.list();
  for (const holder of found) {
    const client = run.adapters.clients.find(({ id }) => id === holder.client);
    const process = running.find(({ identity }) => identity === holder.identity);
    if (!process || holder.terminal || !client?.restart.relaunch) continue;
    await run.effect('stop', `quit ${client.id}`, { client: client.id, pid: holder.pid }, () =>
      run.ports.processes.quit(process, quitWithin),
    );
  }
}

export const stop: Step<GrantRun> = {
  name: 'stop',
  async settle(run) {
    // Past this, a client that signs in by itself has to run.
    if (run.known.pastReturn) return true;
    return run.known.steps.has('stop') && (await holders(run)).length === 0;
  },
  async run(run): Promise<Outcome> {
    run.takeAnswer('stop-by-hand', 'done', 'leave-running');
    if (run.plan.options.restart) await quit(run, await holders(run));
    const left = await holders(run);
    const how = left.length === 0 ? 'no client runs that keeps it' : 'clients that keep it run';
    await run.prove({ kind: 'processes', answer: left.length === 0 ? 'no' : 'yes', how, processes: left, at: run.now });
    if (left.length === 0) return done;
    const instructions = left.map(({ name, pid, client }) => {
      const by = run.adapters.clients.find(({ id }) => id === client)?.restart.byHand;
      return `${name} (process ${pid}): end it until the new sign-in is done${by === undefined ? '' : ` (afterwards: ${by})`}`;
    });
    return { state: 'needs', need: { kind: 'stop-by-hand', holders: left, instructions } };
  },
};
