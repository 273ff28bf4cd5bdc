/**
 * `--restart`: desktop programs are quit as their own Quit would, started again as they were, and awaited until their
 * servers run again.
 *
 * Which program is told by the processes: the topmost one of the client above a process that holds the value, never just
 * any process of that name. A program with a terminal is a session with a person's work in it and is not touched; one that
 * does not quit (it asks to save something) is left to the person.
 */
import type { Secret } from '../base/secret.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { Client } from '../clients/client.ts';
import type { Ports } from '../ports/ports.ts';
import type { ProcessInfo } from '../ports/processes.ts';
import type { RunningHolder } from '../verification/proof.ts';

export interface Relaunching {
  readonly ports: Pick<Ports, 'processes' | 'clock' | 'host'>;
  readonly clients: readonly Client[];
  readonly holders: readonly RunningHolder[];
  /** Secret parts that the servers hold once they are back. */
  readonly next: readonly Secret[];
  /** Puts the restart of one program into the journal around the work. */
  readonly effect: (client: Client, program: ProcessInfo, work: () => Promise<void>) => Promise<void>;
  readonly note: (text: string) => void;
  readonly pause: (length: Milliseconds) => Promise<void>;
}

const quitWithin: Milliseconds = 20 * second;
const backWithin: Milliseconds = 60 * second;

/** How many programs were quit and started again. */
export async function relaunchPrograms(at: Relaunching): Promise<number> {
  let count = 0;
  for (const client of at.clients.filter(({ restart }) => restart.relaunch)) {
    const held = at.holders.filter((holder) => holder.client === client.id);
    const running = await at.ports.processes.list();
    for (const program of programsOf(running, held, client.programs[at.ports.host.os])) {
      await at.effect(client, program, async () => {
        if (await restartOne(at, client, program)) count++;
      });
    }
  }
  return count;
}

/**
 * The programs called one of `names` under which the holders run, or which they are. A name alone makes nobody the program:
 * it is the outermost of that name, and its own file has the name, for a script or a helper of another program can be
 * called the same.
 */
export function programsOf(
  running: readonly ProcessInfo[],
  holders: readonly Pick<RunningHolder, 'pid' | 'identity'>[],
  names: readonly string[],
): readonly ProcessInfo[] {
  const byPid = new Map(running.map((process) => [process.pid, process]));
  const plain = (name: string): string => name.replace(/\.exe$/i, '');
  const called = new Set(names.map(plain));
  const fits = ({ name, executable }: ProcessInfo): boolean =>
    called.has(plain(name)) && called.has(plain(executable?.split(/[/\\]/).at(-1) ?? ''));
  const found = new Set<ProcessInfo>();
  for (const { pid, identity } of holders) {
    if (byPid.get(pid)?.identity !== identity) continue;
    const program = [...ancestry(byPid, pid)].findLast(fits);
    if (program && !program.terminal) found.add(program);
  }
  return [...found];
}

/** A process, its parent, and so on. */
function* ancestry(byPid: ReadonlyMap<number, ProcessInfo>, pid: number): Generator<ProcessInfo> {
  const seen = new Set<number>();
  for (let at = byPid.get(pid); at && !seen.has(at.pid); at = byPid.get(at.parent)) {
    seen.add(at.pid);
    yield at;
  }
}

async function restartOne(at: Relaunching, client: Client, program: ProcessInfo): Promise<boolean> {
  const { processes } = at.ports;
  const launch = await processes.launchOf(program);
  if (!launch) {
    at.note(`${client.name} (process ${program.pid}) cannot be started again from here, so it was not quit`);
    return false;
  }
  at.note(`quitting ${client.name} (process ${program.pid})`);
  if ((await processes.quit(program, quitWithin)) === 'running') {
    at.note(`${client.name} did not quit: it may be asking to save something`);
    return false;
  }
  const started = await processes.relaunch(launch);
  at.note(`${client.name} was started again (process ${started.pid})`);
  // A program that sends the value itself (a remote server) has no server process to wait for.
  const byValue = at.holders.some((holder) => holder.client === client.id && holder.by !== 'started-before');
  if (byValue || (await processes.holding(at.next)) === 'cannot-tell') await untilBack(at, client, started);
  return true;
}

/** Its servers are back when one below it holds the new value; where nobody can look, when it has one at all. */
async function untilBack(at: Relaunching, client: Client, started: ProcessInfo): Promise<void> {
  const { processes, clock } = at.ports;
  const until = clock.elapsed() + backWithin;
  for (let wait = second / 5; clock.elapsed() < until; wait = Math.min(wait * 2, 2 * second)) {
    const byPid = new Map((await processes.list()).map((process) => [process.pid, process]));
    const below = (pid: number): boolean =>
      pid !== started.pid && [...ancestry(byPid, pid)].some(({ pid: one }) => one === started.pid);
    const holding = await processes.holding(at.next);
    const pids = holding === 'cannot-tell' ? [...byPid.keys()] : holding.found.map(({ process }) => process.pid);
    if (pids.some(below)) return at.note(`the servers of ${client.name} are back`);
    await at.pause(wait);
  }
  at.note(`the servers of ${client.name} are not back after ${backWithin / second} s; the proof will tell`);
}
