/**
 * The inventory: every credential once, whatever number of files hold it, with what is wrong about it.
 *
 * Reads only, except for two small files of our own state. What cannot be read is a problem beside the rest, never the
 * end of it.
 */

import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { FileSnapshot } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { credentialIds, fingerprint, fingerprintKey } from '../providers/fingerprint.ts';
import type { Adapters } from './adapters.ts';
import { type AgeSource, ageOf, FirstSeen } from './ages.ts';
import { discover, useName } from './discover.ts';
import { Files } from './files.ts';
import { findingsOf } from './findings.ts';
import { gitStates } from './git.ts';
import type { Credential, Inventory, InventoryOptions, Place, Unseen } from './inventory.ts';
import { isProjects, projectHosts } from './project-hosts.ts';
import { type HeldBy, heldIn, identityOf } from './recognise.ts';
import { remoteOf } from './remotes.ts';
import { resolveUse } from './resolve.ts';
import type { ResolvedServer } from './resolved.ts';

const noAges: AgeSource = { rotatedAt: () => undefined };

export async function collect(
  ports: Pick<Ports, 'host' | 'disk' | 'clock' | 'random' | 'processes'>,
  adapters: Adapters,
  options: InventoryOptions,
  ages: AgeSource = noAges,
): Promise<Inventory> {
  const files = new Files(ports, options.onProgress);
  const firstSeen = new FirstSeen(ports);
  const [key, discovery] = await Promise.all([
    fingerprintKey(ports),
    discover(ports, adapters.clients, options, files),
    firstSeen.load(),
  ]);
  const problems: Problem[] = [...discovery.problems];
  if (key.problem) problems.push(key.problem);
  const resolved: ResolvedServer[] = [];
  for (const each of await Promise.all(
    discovery.uses.map(({ client, use }) => resolveUse(ports, client, use, files).catch(asProblem)),
  )) {
    if (each instanceof Problem) problems.push(each);
    else resolved.push(each);
  }

  const found = new Map<string, HeldBy[]>();
  const prints = new Map<string, string>();
  for (const server of resolved) {
    for (const held of heldIn(adapters, server)) {
      const identity = identityOf(adapters, held.provider, held.held);
      const known = `${held.provider}\0${identity}`;
      const print = prints.get(known) ?? fingerprint(ports.random, key.key, held.provider, identity);
      prints.set(known, print);
      const same = found.get(print);
      if (same) same.push(held);
      else found.set(print, [held]);
    }
  }
  const snapshots = await snapshotsOf(files, [...found.values()].flat());
  const realPaths = [...new Set([...snapshots].map(([path, snapshot]) => snapshot?.realPath ?? path))];
  const git = options.git === false ? new Map<string, never>() : await gitStates(ports, realPaths);
  const groups = [...found].flatMap(([print, held]) =>
    held[0] ? [{ provider: held[0].provider, fingerprint: print, held }] : [],
  );
  const ids = credentialIds(groups);
  const now = ports.clock.now();
  const byId = new Map(adapters.providers.map((provider) => [provider.id, provider]));
  const seenIn = new Map<string, readonly FileSnapshot[]>();
  const credentials = groups.map(({ provider: id, fingerprint: print, held }, at): Credential => {
    const provider = byId.get(id);
    const places = held.flatMap((each) => each.places).map((place) => withGit(place));
    const paths = [...new Set(places.flatMap(({ spot }) => (spot ? [spot.file] : [])))];
    const read = paths.flatMap((path) => snapshots.get(path) ?? []);
    seenIn.set(print, read);
    const age = ageOf(now, ages.rotatedAt(print), firstSeen.at(print), read);
    const one = merged(held);
    const dueInDays = provider && age.days !== undefined ? provider.cadenceDays - age.days : undefined;
    return {
      id: ids[at] ?? `${id}-${print}`,
      provider: id,
      fingerprint: print,
      held: one,
      places,
      findings: findingsOf({
        held,
        places,
        snapshots: read,
        git,
        age,
        dueInDays,
        known: provider !== undefined,
        os: ports.host.os,
      }),
      valueClass: provider?.valueClass ?? 'unknown',
      projectHosts: projectHosts(provider, held, one.context),
      age,
      dueInDays,
    };
  });
  if (!key.problem) await firstSeen.note(seenIn);
  const unseen = resolved.flatMap((server) => server.unseen);
  problems.push(...files.problems, ...unseen.map(unseenProblem));
  const remotes = resolved.flatMap((server) => remoteOf(server) ?? []);
  return { credentials, problems, uses: discovery.uses.map(({ use }) => use), unseen, remotes };

  function withGit(place: Place): Place {
    const real = place.spot && (snapshots.get(place.spot.file)?.realPath ?? place.spot.file);
    return real !== undefined && git.get(real) === 'tracked' ? { ...place, gitTracked: true } : place;
  }
}

/**
 * Copies may carry different context (one server names the API's address, another does not): all that is known. A project
 * is somebody else's text: it can refer to the person's own key beside an address of its own, to which that key would then
 * be sent. So what a project says counts only for a credential that no other file holds.
 */
function merged(held: readonly HeldBy[]): HeldBy['held'] {
  const own = held.filter((each) => !isProjects(each));
  const trusted = own.length > 0 ? own : held;
  const [first] = trusted;
  if (!first) throw new Error('a group without members');
  return { ...first.held, context: Object.assign({}, ...trusted.toReversed().map((each) => each.held.context)) };
}

/** Of every file that holds a part; undefined for one that has gone since. */
async function snapshotsOf(files: Files, found: readonly HeldBy[]): Promise<ReadonlyMap<string, FileSnapshot | undefined>> {
  const paths = new Set(found.flatMap((each) => each.places).flatMap(({ spot }) => (spot ? [spot.file] : [])));
  return new Map(await Promise.all([...paths].map(async (path) => [path, await files.snapshot(path)] as const)));
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function unseenProblem({ use, reference, todo }: Unseen): Problem {
  return new Problem('inventory/reference-unresolved', {
    what: `${useName(use)} takes ${printable(reference)} from where it cannot be read: ${printable(use.configFile)}`,
    next: todo,
  });
}
