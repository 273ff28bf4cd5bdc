/**
 * What a search of this machine begins with: the home folder, the folders that were named, and what the tables know elsewhere.
 *
 * A search follows no link: it leads to what is somebody else's, or is looked at anyway. But where a table names a path, the
 * person keeps it there by a link or not (a folder of dotfiles, another disk): what such a link leads to is a root.
 */
import { Problem } from '../base/problem.ts';
import type { Client } from '../clients/client.ts';
import { elsewhere } from '../clients/elsewhere.ts';
import { Folders } from '../clients/folders.ts';
import { pathOf, pathsOf } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Gap } from '../search/search.ts';

export interface Roots {
  readonly paths: readonly FilePath[];
  /** What a file behind a link is called in the tables. */
  readonly names: ReadonlyMap<FilePath, FilePath>;
  /** What is there and cannot be searched by its bytes. */
  readonly gaps: readonly Gap[];
}

export async function rootsOf(
  ports: Pick<Ports, 'disk' | 'host'>,
  clients: readonly Client[],
  given: readonly FilePath[],
): Promise<Roots> {
  const { host } = ports;
  const folders = new Folders(ports);
  const patterns = [
    ...elsewhere.flatMap(({ paths }) => paths),
    ...clients.flatMap(({ configs, spills }) => [...configs.map(({ path }) => path), ...spills]),
  ];
  const roots = new Set<FilePath>([host.home]);
  const names = new Map<FilePath, FilePath>();
  const seen = new Set<FilePath>();
  for (const path of given) {
    if ((await kindOf(path)) === 'link') await behind(path);
    else roots.add(path);
  }
  for (const pattern of patterns) {
    const fixed = fixedOf(pattern);
    const path = fixed === undefined ? undefined : pathOf(host, fixed);
    if (path === undefined) continue;
    if (isBelow(path, host.home, host.join)) await throughLinks(path);
    else if ((fixed === pattern || isNarrow(pattern)) && (await kindOf(path)) !== undefined) roots.add(path);
  }
  return { paths: [...roots], names, gaps: await opaque() };

  /** The first link on the way, from the home down; what lies behind it is searched as a whole. */
  async function throughLinks(path: FilePath): Promise<void> {
    const above: FilePath[] = [];
    for (let at = path; at !== host.home && host.dirname(at) !== at; at = host.dirname(at)) above.unshift(at);
    for (const at of above) {
      if (seen.has(at)) continue;
      seen.add(at);
      if ((await kindOf(at)) === 'link') await behind(at);
    }
  }

  async function behind(link: FilePath): Promise<void> {
    const kind = await ports.disk.kind(link);
    // `/.` is the folder behind the link, by every system's rules; searched once, whatever leads to it.
    if (kind === 'directory') roots.add(`${link}/.`);
    const real = kind === 'file' ? await realOf(link) : undefined;
    if (real === undefined) return;
    roots.add(real);
    names.set(real, link);
  }

  async function kindOf(path: FilePath) {
    try {
      return await folders.kind(host.dirname(path), host.basename(path));
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  async function realOf(path: FilePath): Promise<FilePath | undefined> {
    try {
      return (await ports.disk.read(path)).realPath;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  async function opaque(): Promise<readonly Gap[]> {
    const gaps: Gap[] = [];
    for (const { opaque: why, paths } of elsewhere) {
      if (why === undefined) continue;
      for (const pattern of paths) {
        try {
          const [first] = await pathsOf(host, folders, pattern);
          if (first !== undefined) gaps.push({ code: 'encrypted', where: host.dirname(first), why });
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }
    }
    return gaps;
  }
}

/** The part of a pattern without `*`: itself, or its last folder before one. undefined: it begins anywhere. */
function fixedOf(pattern: string): string | undefined {
  if (pattern.startsWith('**') || pattern.startsWith('<project>')) return undefined;
  const star = pattern.indexOf('*');
  return star === -1 ? pattern : pattern.slice(0, pattern.lastIndexOf('/', star));
}

/** Does it name a folder of its own, of which everything is searched? */
const isNarrow = (pattern: string): boolean => !pattern.slice(pattern.indexOf('*')).includes('/') || pattern.includes('**');

function isBelow(path: FilePath, folder: FilePath, join: (...parts: string[]) => FilePath): boolean {
  return path === folder || path.startsWith(join(folder, '/'));
}
