/**
 * Who still runs with the old value.
 *
 * Where the system shows environments and arguments (Linux), by value. A client also keeps what it read at its own start
 * in memory, and starts servers from it later: so a client that reads its config only then, and was started before the
 * write, may hold the old value without showing it. Where the system shows nothing (macOS, Windows), start times are all
 * there is: of such clients, and of what the others started. A start time tells "may", so alone it never makes a 'yes';
 * only 'no' lets a revocation go on.
 */
import type { Secret } from '../base/secret.ts';
import { type Instant, second } from '../base/time.ts';
import type { Client } from '../clients/client.ts';
import type { Ports } from '../ports/ports.ts';
import type { ProcessInfo } from '../ports/processes.ts';
import type { Proof, RunningHolder } from './proof.ts';

export interface HolderQuestion {
  /** Secret parts of the old credential. */
  readonly secrets: readonly Secret[];
  /** Clients of which a place was changed; `remote`: the value goes out from the client's own process. */
  readonly changed: readonly { readonly client: string; readonly remote: boolean }[];
  readonly writtenAt: Instant;
  /** Set while rolling back: programs started before this read an earlier value that is right again. */
  readonly since?: Instant;
  /** Process ids that a person lets run on. */
  readonly leaveRunning: readonly number[];
}

/** Start times are exact to a second at best (macOS). */
const blur = second;

type ProcessesProof = Extract<Proof, { kind: 'processes' }>;

export async function findHolders(
  ports: Pick<Ports, 'processes' | 'clock' | 'host'>,
  clients: readonly Client[],
  question: HolderQuestion,
): Promise<ProcessesProof> {
  if (question.secrets.length === 0) throw new Error('nothing to look for would be found nowhere');
  const all = await ports.processes.list();
  const held = await ports.processes.holding(question.secrets);
  const family = familyOf(all, clients, ports);
  const left = new Set(question.leaveRunning);
  const holders = new Map<number, RunningHolder>();
  const add = (info: ProcessInfo, by: RunningHolder['by']) => {
    // By value says more than by time, and an environment is what a restart renews.
    if (left.has(info.pid) || holders.has(info.pid)) return;
    const { pid, identity, name, terminal } = info;
    const owners = family.clientsOf(info).map(({ id }) => id);
    const client = owners.find((id) => question.changed.some((one) => one.client === id)) ?? owners[0];
    holders.set(pid, { pid, identity, name, client, by, terminal });
  };
  const since = question.since === undefined ? 0 : question.since - blur;
  const early = (info: ProcessInfo) => info.startedAt >= since && info.startedAt < question.writtenAt + blur;

  if (held !== 'cannot-tell') {
    for (const { process, in: where } of held.found) if (where === 'environment') add(process, where);
    for (const { process, in: where } of held.found) add(process, where);
  }
  const byValue = holders.size;
  for (const info of all) {
    if (!early(info)) continue;
    for (const client of family.clientsOf(info)) {
      const change = question.changed.filter((one) => one.client === client.id);
      if (change.length === 0) continue;
      if (family.isClient(info, client)) {
        const keeps = client.pickup === 'program' || (client.pickup === 'server' && change.some(({ remote }) => remote));
        if (keeps && !family.underSame(info, client)) add(info, 'started-before');
      } else if (held === 'cannot-tell' && !family.partOf(info, client)) {
        add(info, 'started-before');
      }
    }
  }
  const unseen = held === 'cannot-tell' ? [] : held.unseen.filter((info) => !left.has(info.pid));
  const doubtful = unseen.filter((info) => early(info) && family.clientsOf(info).length > 0);

  const processes = [...holders.values()].sort((a, b) => a.pid - b.pid);
  const answer = byValue > 0 ? 'yes' : processes.length > 0 || doubtful.length > 0 ? 'unknown' : 'no';
  const how = [
    held === 'cannot-tell'
      ? 'by start time: this system shows no environments'
      : `by value in ${all.length - unseen.length} processes`,
    ...(doubtful.length > 0 ? [`${doubtful.map(({ name, pid }) => `${name} (${pid})`).join(', ')} may not be looked into`] : []),
    ...(left.size > 0 ? [`left running on request: ${[...left].join(', ')}`] : []),
  ].join('; ');
  return { kind: 'processes', answer, how, processes, at: ports.clock.now() };
}

/**
 * Which clients a process may belong to: those with the nearest name among itself and those that started it. Two may
 * share a name: Claude Desktop is `Claude` and Claude Code `claude`, and Windows does not tell them apart.
 */
function familyOf(all: readonly ProcessInfo[], clients: readonly Client[], ports: Pick<Ports, 'host'>) {
  const { os } = ports.host;
  const byPid = new Map(all.map((info) => [info.pid, info]));
  const plain = (name: string) => (os === 'windows' ? name.toLowerCase().replace(/\.exe$/, '') : name);
  const programs = new Map<string, Client[]>();
  for (const client of clients) {
    for (const name of new Set(client.programs[os].map(plain))) programs.set(name, [...(programs.get(name) ?? []), client]);
  }

  function* line(info: ProcessInfo): Generator<ProcessInfo> {
    const seen = new Set<number>();
    for (let at: ProcessInfo | undefined = info; at && !seen.has(at.pid); at = byPid.get(at.parent)) {
      seen.add(at.pid);
      yield at;
    }
  }
  const named = (info: ProcessInfo): readonly Client[] => programs.get(plain(info.name)) ?? [];
  const isClient = (info: ProcessInfo, client: Client) => named(info).includes(client);
  const clientsOf = (info: ProcessInfo): readonly Client[] => {
    for (const at of line(info)) if (named(at).length > 0) return named(at);
    return [];
  };
  /** A helper of the same name under the main program: one row for the program is enough. */
  const underSame = (info: ProcessInfo, client: Client) => [...line(info)].slice(1).some((at) => isClient(at, client));
  /** A helper that lies in the client's own folder (renderer, crash handler), and so is no server. */
  const partOf = (info: ProcessInfo, client: Client) => {
    const main = [...line(info)].find((at) => isClient(at, client));
    const home = main?.executable && installFolder(main.executable);
    return home !== undefined && (info.executable?.startsWith(home) ?? false);
  };
  return { clientsOf, isClient, underSame, partOf };
}

/** The bundle on macOS, the program's folder elsewhere; undefined for a folder that many programs share. */
function installFolder(executable: string): string | undefined {
  const bundle = /^\/.*?\.app\//.exec(executable)?.[0];
  if (bundle !== undefined) return bundle;
  const folder = executable.replace(/[^/\\]+$/, '');
  return /(^|[/\\])s?bin[/\\]$/i.test(folder) ? undefined : folder;
}
