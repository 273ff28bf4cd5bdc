/**
 * Finds the server entries of every client: the rows of its table made real, in the person's folders and in projects.
 *
 * Projects are the folder we stand in, those that clients list, and those under the folders given. One entry is one use
 * per client, whichever row or link led to it first.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Client, ConfigRow } from '../clients/client.ts';
import { pathOf, pathsOf } from '../clients/patterns.ts';
import type { Document, Path, Tree } from '../documents/document.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { Files } from './files.ts';
import type { InventoryOptions, Use } from './inventory.ts';
import { projectFolders } from './projects.ts';
import { foldersUp } from './variables.ts';

export interface Discovery {
  readonly uses: readonly { readonly client: Client; readonly use: Use }[];
  readonly problems: readonly Problem[];
}

export async function discover(
  ports: Pick<Ports, 'host' | 'disk'>,
  clients: readonly Client[],
  options: InventoryOptions,
  files: Files = new Files(ports),
): Promise<Discovery> {
  const problems: Problem[] = [];
  const projects = [...(await projectFolders(ports, clients, options.folders, files, problems))];
  const perRow = await Promise.all(
    clients.flatMap((client) =>
      client.configs
        .filter((row) => row.os === 'all' || row.os.includes(ports.host.os))
        .map(async (row) => ({ client, uses: await usesOfRow(ports, client, row, projects, files, problems) })),
    ),
  );
  const seen = new Set<string>();
  const uses: { client: Client; use: Use }[] = [];
  for (const { client, uses: found } of perRow) {
    for (const { use, realPath } of found) {
      const key = JSON.stringify([client.id, realPath, use.entry]);
      if (seen.has(key)) continue;
      seen.add(key);
      uses.push({ client, use });
    }
  }
  return { uses, problems };
}

async function usesOfRow(
  ports: Pick<Ports, 'host' | 'disk'>,
  client: Client,
  row: ConfigRow,
  projects: readonly FilePath[],
  files: Files,
  problems: Problem[],
): Promise<{ use: Use; realPath: FilePath }[]> {
  const found: { use: Use; realPath: FilePath }[] = [];
  for (const { path, project } of await filesOfRow(ports, row, projects, files, problems)) {
    const document = await files.tolerated(path, row.format);
    const realPath = document && (await files.snapshot(path))?.realPath;
    if (!document || realPath === undefined) continue;
    for (const entry of entriesOf(document, row.servers)) {
      const value = document.get(entry);
      if (!isServer(client, value)) continue;
      const folder = row.scope === 'local' ? String(entry[row.servers.indexOf('*')]) : project;
      found.push({
        realPath,
        use: {
          client: client.id,
          scope: row.scope,
          server: String(entry.at(-1)),
          configFile: path,
          entry,
          format: row.format,
          ...(folder !== undefined && ports.host.isAbsolute(folder) ? { project: folder } : {}),
          ...(client.entry.disabled?.(value) ? { disabled: true } : {}),
        },
      });
    }
  }
  return found;
}

async function filesOfRow(
  ports: Pick<Ports, 'host' | 'disk'>,
  row: ConfigRow,
  projects: readonly FilePath[],
  files: Files,
  problems: Problem[],
): Promise<readonly { path: FilePath; project: FilePath | undefined }[]> {
  const inProject = row.path.startsWith('<project>');
  const folders: readonly (FilePath | undefined)[] = !inProject ? [undefined] : row.upwards ? above(ports, projects) : projects;
  const found = await Promise.all(
    folders.map(async (project) => {
      try {
        return (await pathsOf(ports.host, files.folders, row.path, project)).map((path) => ({ path, project }));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (!problems.some((problem) => problem.what === error.what)) problems.push(error);
        return [];
      }
    }),
  );
  return found.flat();
}

/** The projects first, then the folders above them. */
function above({ host }: Pick<Ports, 'host'>, projects: readonly FilePath[]): readonly FilePath[] {
  const all = new Set(projects);
  for (const project of projects) {
    for (const folder of foldersUp(host, project)) {
      all.add(folder);
      if (folder === host.home) break;
    }
  }
  return [...all];
}

/** Paths of the members of every map that the pattern names. */
function entriesOf(document: Document, pattern: readonly string[]): readonly Path[] {
  let paths: Path[] = [[]];
  for (const step of pattern) {
    paths = paths.flatMap((path) => (step === '*' ? document.keys(path).map((key) => [...path, key]) : [[...path, step]]));
  }
  return paths.flatMap((path) => document.keys(path).map((key) => [...path, key]));
}

/** A map with a command or an address. Anything else under that key belongs to somebody else. */
function isServer(client: Client, value: Tree | undefined): value is ReadonlyMap<string, Tree> {
  if (!(value instanceof Map)) return false;
  const command = value.get(client.entry.command);
  if (typeof command === 'string' || Array.isArray(command)) return true;
  return (client.entry.url ?? []).some((field) => typeof value.get(field) === 'string');
}

/** How a use is named to a person. */
export const useName = (use: Use): string => `${printable(use.server)} (${use.client})`;

/** The path of a client's lock on one of its files, when the client takes one. */
export function lockOf(ports: Pick<Ports, 'host'>, clients: readonly Client[], file: FilePath) {
  for (const client of clients) {
    for (const rule of client.locks) {
      if (pathOf(ports.host, rule.file) !== file) continue;
      return { kind: 'mkdir' as const, path: rule.lock.replace('<file>', () => file), staleMs: rule.staleMs };
    }
  }
  return undefined;
}
