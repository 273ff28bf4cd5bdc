/**
 * Whose word is a project's file? A repository can be somebody else's, and its config can refer to the person's own key:
 * `${TOKEN}` of a shell profile, an env file outside. Such an entry is edited and read back like any other, but its
 * command is not ours to start with that key unless the person let the client start it, and the client wrote that down.
 * A key that lies in the project itself is the project's.
 */
import type { Client } from '../clients/client.ts';
import { pathOf } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Files } from './files.ts';
import type { Use } from './inventory.ts';
import type { HeldBy } from './recognise.ts';

/** Does a project's entry take this credential from outside the project? By real paths: a link can lead out. */
export async function lentToProject({ host }: Pick<Ports, 'host'>, files: Files, { places }: HeldBy): Promise<boolean> {
  for (const { use, spot, dormant } of places) {
    if (use.scope !== 'project' || dormant) continue;
    const project = use.project === undefined ? undefined : await realProject(files, use, use.project);
    const real = spot && (await files.snapshot(spot.file))?.realPath;
    if (project === undefined || real === undefined || !real.startsWith(host.join(project, 'x').slice(0, -1))) return true;
  }
  return false;
}

/** The project's own real path, by that of its config; undefined when the config is a link to elsewhere. */
async function realProject(files: Files, { configFile }: Use, project: FilePath): Promise<FilePath | undefined> {
  const real = (await files.snapshot(configFile))?.realPath;
  const below = configFile.startsWith(project) ? configFile.slice(project.length) : undefined;
  if (real === undefined || below === undefined || !real.endsWith(below)) return undefined;
  return real.slice(0, real.length - below.length);
}

/** Did the person let the client start this server of a project? By its name: that is what clients ask for. */
export async function isApproved(
  { host }: Pick<Ports, 'host'>,
  files: Files,
  { approvals }: Pick<Client, 'approvals'>,
  { project, server }: Use,
): Promise<boolean> {
  const file = approvals && pathOf(host, approvals.path);
  if (file === undefined || project === undefined) return false;
  const path = approvals?.at.map((step) => (step === '*' ? project : step)) ?? [];
  const names = (await files.tolerated(file, approvals?.format ?? 'json'))?.get(path);
  return Array.isArray(names) && names.includes(server);
}
