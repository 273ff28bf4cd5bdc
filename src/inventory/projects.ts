/**
 * Project folders: where we stand, what clients list, and what lies under the folders given.
 *
 * The walk is bounded in depth and number, follows no links, and leaves out folders that hold other people's code or
 * nothing but data. A folder counts when it holds a file or folder that some client's table names; such a folder is
 * itself no project.
 */

import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Client } from '../clients/client.ts';
import { matches, pathOf } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Files } from './files.ts';

const mostDepth = 8;
const mostFolders = 20_000;
const skipped = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  '__pycache__',
  'target',
  'dist',
  'build',
  '.cache',
  'Library',
  'AppData',
  '.Trash',
]);

export async function projectFolders(
  ports: Pick<Ports, 'host' | 'disk'>,
  clients: readonly Client[],
  given: readonly FilePath[],
  files: Files,
  problems: Problem[],
): Promise<ReadonlySet<FilePath>> {
  const { host } = ports;
  const folders = new Set<FilePath>([host.folder]);
  const listed = await Promise.all(
    clients
      .flatMap((client) => client.projectLists)
      .map(async ({ path, format, at }) => {
        const file = pathOf(host, path);
        return file === undefined ? [] : ((await files.tolerated(file, format))?.keys(at) ?? []);
      }),
  );
  for (const folder of listed.flat()) if (host.isAbsolute(folder)) folders.add(host.join(folder));
  const marks = [
    ...new Set(
      clients.flatMap((client) =>
        client.configs.filter((row) => row.path.startsWith('<project>/')).map((row) => row.path.split('/')[1] ?? ''),
      ),
    ),
  ];
  for (const folder of given)
    await walk(ports, host.isAbsolute(folder) ? folder : host.join(host.folder, folder), marks, folders, files, problems);
  return folders;
}

async function walk(
  { host, disk }: Pick<Ports, 'host' | 'disk'>,
  top: FilePath,
  marks: readonly string[],
  found: Set<FilePath>,
  files: Files,
  problems: Problem[],
): Promise<void> {
  if ((await disk.kind(top)) !== 'directory') {
    problems.push(new Problem('file/absent', { what: `there is no folder ${printable(top)}`, next: 'correct the folder given' }));
    return;
  }
  let level = [top];
  let seen = 0;
  for (let depth = 0; depth <= mostDepth && level.length > 0; depth++) {
    seen += level.length;
    if (seen > mostFolders) {
      problems.push(
        new Problem('file/too-large', {
          what: `${printable(top)} holds more than ${mostFolders} folders; those ${depth} levels down and deeper were not searched`,
          next: 'give the folders of your projects',
        }),
      );
      return;
    }
    const below = await Promise.all(
      level.map(async (folder) => {
        try {
          const entries = await files.folders.entries(folder);
          if (entries.some(({ name }) => marks.some((mark) => matches(mark, name)))) found.add(folder);
          return entries
            .filter(({ name, kind }) => kind === 'directory' && !skipped.has(name) && !marks.includes(name))
            .map(({ name }) => host.join(folder, name));
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          problems.push(error);
          return [];
        }
      }),
    );
    level = below.flat();
  }
}
