/**
 * Paths of the clients' tables, made real on this machine: `~`, `<project>`, `${NAME:-text}`, `*` and `**`.
 *
 * Only what the table wrote is a pattern. What is put in its place (a home folder, a variable's value, a project's path)
 * is taken letter by letter, whatever characters it holds.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';
import type { Folders } from './folders.ts';

/** Folders that `**` goes down, and how many it looks into at most. */
const mostDepth = 6;
const mostFolders = 2000;

interface Rooted {
  readonly base: FilePath;
  /** Names below the base; may hold `*`. */
  readonly names: readonly string[];
}

/** undefined: a variable is unset, or there is no project to put in. */
function root(host: Host, pattern: string, project: FilePath | undefined): Rooted | undefined {
  const variable = /^\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/.exec(pattern);
  if (variable) {
    const rest = split(pattern.slice(variable[0].length));
    const value = host.env(variable[1] ?? '');
    if (value) return { base: host.isAbsolute(value) ? value : host.join(host.folder, value), names: rest };
    if (variable[2] === undefined) return undefined;
    const byDefault = root(host, variable[2], project);
    return byDefault && { base: byDefault.base, names: [...byDefault.names, ...rest] };
  }
  if (pattern === '~' || pattern.startsWith('~/')) return { base: host.home, names: split(pattern.slice(1)) };
  if (pattern.startsWith('<project>'))
    return project === undefined ? undefined : { base: project, names: split(pattern.slice(9)) };
  const drive = /^(?:[A-Za-z]:)?\//.exec(pattern);
  return drive ? { base: drive[0], names: split(pattern.slice(drive[0].length)) } : undefined;
}

const split = (path: string): string[] => path.split('/').filter((name) => name !== '');

/** One path without `*`. */
export function pathOf(host: Host, pattern: string, project?: FilePath): FilePath | undefined {
  const rooted = root(host, pattern, project);
  return rooted && host.join(rooted.base, ...rooted.names);
}

/**
 * Every path that the pattern stands for at which there may be something. `onCut`: a `**` leads to more folders, or deeper,
 * than are looked into. Problem: file/unreadable.
 */
export async function pathsOf(
  host: Host,
  folders: Folders,
  pattern: string,
  project?: FilePath,
  onCut: () => void = () => undefined,
): Promise<readonly FilePath[]> {
  const rooted = root(host, pattern, project);
  if (!rooted) return [];
  const wild = rooted.names.findIndex((name) => name.includes('*'));
  const plain = wild === -1 ? rooted.names : rooted.names.slice(0, wild);
  if (!(await folders.mayHold(rooted.base, plain))) return [];
  let paths: FilePath[] = [host.join(rooted.base, ...plain)];
  for (let at = plain.length; at < rooted.names.length; at++) {
    const name = rooted.names[at] ?? '';
    const last = at === rooted.names.length - 1;
    const below = await Promise.all(
      paths.map((path) => (name === '**' ? foldersBelow(host, folders, path, onCut) : step(path, name, last))),
    );
    paths = below.flat();
  }
  return paths;

  async function step(path: FilePath, name: string, last: boolean): Promise<readonly FilePath[]> {
    if (!name.includes('*')) return (await folders.mayHold(path, [name])) ? [host.join(path, name)] : [];
    return (await folders.entries(path))
      .filter((entry) => matches(name, entry.name) && (last ? entry.kind !== 'directory' : entry.kind !== 'file'))
      .map((entry) => host.join(path, entry.name));
  }
}

/** Links to folders are not followed: they may lead in a circle. */
async function foldersBelow(host: Host, folders: Folders, top: FilePath, onCut: () => void): Promise<readonly FilePath[]> {
  const found = [top];
  let level = [top];
  for (let depth = 0; depth < mostDepth && level.length > 0 && found.length < mostFolders; depth++) {
    const below = await Promise.all(
      level.map(async (path) =>
        (await folders.entries(path)).filter((entry) => entry.kind === 'directory').map((entry) => host.join(path, entry.name)),
      ),
    );
    level = below.flat();
    found.push(...level);
  }
  if (level.length > 0) onCut();
  return found.slice(0, mostFolders);
}

/** Does a name fit one segment of a pattern? */
export function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Does the pattern stand for this path? `**` is any number of folders here, and at the beginning (as `<project>`) any folder
 * of this machine. Nothing is looked up.
 */
export function fits(host: Host, pattern: string, path: FilePath): boolean {
  const fold = (name: string): string => (host.os === 'linux' ? name : name.toLowerCase());
  const names = path.split(host.os === 'windows' ? /[\\/]+/ : /\/+/).map(fold);
  const files = pattern.endsWith('/**') ? `${pattern}/*` : pattern;
  const anywhere = /^(?:\*\*|<project>)\//.exec(files);
  if (anywhere) return namesFit(['**', ...split(fold(files.slice(anywhere[0].length)))], names);
  const rooted = root(host, files, undefined);
  if (!rooted) return false;
  const base = rooted.base.split(host.os === 'windows' ? /[\\/]+/ : /\/+/).map(fold);
  if (base.at(-1) === '') base.pop();
  return base.every((name, at) => names[at] === name) && namesFit(rooted.names.map(fold), names.slice(base.length));
}

function namesFit(patterns: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = patterns;
  if (first === undefined) return names.length === 0;
  if (first !== '**') return names.length > 0 && matches(first, names[0] ?? '') && namesFit(rest, names.slice(1));
  for (let skip = 0; skip <= names.length; skip++) if (namesFit(rest, names.slice(skip))) return true;
  return false;
}
