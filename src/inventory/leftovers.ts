/**
 * Leftovers: copies of a credential's old and new value outside of its places. Backups, swap files and copies of sync
 * programs beside the edited files, the files into which clients are known to spill, and what other programs are known to keep
 * (src/clients/elsewhere.ts): the short look of every receipt. All of a home is searched by src/leaks/spread.ts.
 *
 * Reads only, and within bounds (files, bytes, time): an answer is only worth what was looked at, so whatever was passed
 * over is said. Links are not followed: they lead to what is somebody else's, or is looked at anyway. Values are searched
 * for in the bytes, whatever the format.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { second } from '../base/time.ts';
import type { Client } from '../clients/client.ts';
import { elsewhere, typed } from '../clients/elsewhere.ts';
import type { Folders } from '../clients/folders.ts';
import { pathOf, pathsOf } from '../clients/patterns.ts';
import { type Forms, formsOf, holdsBytes, redacted } from '../documents/secret-forms.ts';
import type { EntryKind, FilePath, FileSnapshot } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { Files } from './files.ts';
import { projectFolders } from './projects.ts';

/** A file that holds the old value, or holds the new one and is no place of it. */
export interface Leftover {
  readonly file: FilePath;
  readonly which: 'old' | 'new';
}

export interface Leftovers {
  readonly found: readonly Leftover[];
  /** What was passed over and why: one line for each reason. Names and numbers only. */
  readonly notSearched: readonly string[];
}

export interface Sought {
  /** The files that hold the credential: searched for the old value only, and what lies beside them for both. */
  readonly files: readonly FilePath[];
  readonly old: readonly Secret[];
  readonly next: readonly Secret[];
  /** Project folders, besides those that the clients list. */
  readonly projects?: readonly FilePath[];
}

export const mostBytes = 32 * 1024 * 1024;
export const mostFiles = 4000;
export const mostFound = 500;
export const mostTimeMs = 2 * second;
export const shortest = 8;
/** Paths that a line of `notSearched` names; it counts the rest. */
const mostNamed = 3;

/** Files to be looked at, found out when it is their turn. */
interface Source {
  readonly name: string;
  readonly paths: () => Promise<readonly FilePath[]>;
}

type Looks = Pick<Ports, 'disk' | 'host' | 'clock'>;

export async function findLeftovers(ports: Looks, clients: readonly Client[], sought: Sought): Promise<Leftovers> {
  const passed = new PassedOver();
  const search = new Search(ports, sought, passed);
  if (search.pointless) return search.result();
  const files = new Files(ports);
  const reals = await search.places(sought.files);
  const projects = new Set([...(sought.projects ?? []), ...(await projectFolders(ports, clients, [], files, []))]);
  const sources = [
    ...besides(ports, files.folders, [...sought.files, ...reals], passed),
    ...typed.flatMap(({ paths }) => paths.flatMap((pattern) => spill(ports, files.folders, pattern, undefined, passed))),
    ...clients
      .flatMap((client) => client.spills)
      .flatMap((pattern) => {
        const where = pattern.startsWith('<project>') ? [...projects] : [undefined];
        return where.flatMap((project) => spill(ports, files.folders, pattern, project, passed));
      }),
    ...elsewhere
      .filter((row) => !typed.includes(row))
      .flatMap(({ paths }) => paths.flatMap((pattern) => spill(ports, files.folders, pattern, undefined, passed))),
  ];
  for (const source of sources) await search.through(source);
  return search.result();
}

/** One search: its bounds, and what it found. */
class Search {
  readonly #ports: Looks;
  readonly #passed: PassedOver;
  readonly #old: readonly Forms[];
  readonly #next: readonly Forms[];
  readonly #secrets: readonly Secret[];
  readonly #until: number;
  readonly #seen = new Set<FilePath>();
  readonly #found: Leftover[] = [];
  #searched = 0;

  constructor(ports: Looks, { old, next }: Sought, passed: PassedOver) {
    this.#ports = ports;
    this.#passed = passed;
    this.#until = ports.clock.elapsed() + mostTimeMs;
    // A part that stayed as it was is not old.
    const gone = old.filter((secret) => !next.some((one) => one.equals(secret)));
    this.#old = this.#worthwhile(gone, 'old');
    this.#next = this.#worthwhile(next, 'new');
    this.#secrets = [...gone, ...next].filter((secret) => !tooCommon(formsOf(secret)));
  }

  get pointless(): boolean {
    return this.#secrets.length === 0;
  }

  /** The credential's own files, links followed as they are when edited; the new value belongs there. Answers real paths. */
  async places(files: readonly FilePath[]): Promise<readonly FilePath[]> {
    const reals: FilePath[] = [];
    for (const file of files) {
      const snapshot = await this.#read(file);
      if (!snapshot) continue;
      reals.push(snapshot.realPath);
      if (!this.#seen.has(snapshot.realPath)) this.#look(file, snapshot.bytes, ['old']);
      this.#seen.add(file).add(snapshot.realPath);
    }
    return reals;
  }

  async through(source: Source): Promise<void> {
    const late = this.#bound();
    if (late !== undefined) this.#passed.add(late, source.name);
    for (const path of late === undefined ? await source.paths() : []) {
      if (this.#seen.has(path)) continue;
      this.#seen.add(path);
      const bound = this.#bound();
      if (bound !== undefined) {
        this.#passed.add(bound, path);
        continue;
      }
      const snapshot = await this.#read(path);
      if (!snapshot || (snapshot.realPath !== path && this.#seen.has(snapshot.realPath))) continue;
      this.#seen.add(snapshot.realPath);
      this.#look(path, snapshot.bytes, ['old', 'new']);
    }
  }

  /** A file's own name may hold the value. */
  result(): Leftovers {
    const clean = (text: string): string => redacted(text, this.#secrets);
    return {
      found: this.#found.map(({ file, which }) => ({ file: clean(file), which })),
      notSearched: this.#passed.lines().map(clean),
    };
  }

  #look(file: FilePath, bytes: Uint8Array, kinds: readonly Leftover['which'][]): void {
    this.#searched++;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const which of kinds) {
      const forms = which === 'old' ? this.#old : this.#next;
      if (forms.some((form) => holdsBytes(text, form))) this.#found.push({ file, which });
    }
  }

  async #read(path: FilePath): Promise<FileSnapshot | undefined> {
    try {
      return await this.#ports.disk.read(path, mostBytes);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'file/too-large') this.#passed.add(`larger than ${mostBytes / 1024 / 1024} MiB`, path);
      else if (error.code !== 'file/absent') this.#passed.add('cannot be read', path);
      return undefined;
    }
  }

  /** Why the search goes no further; undefined: it does. */
  #bound(): string | undefined {
    if (this.#ports.clock.elapsed() >= this.#until) return `after ${mostTimeMs / second} s`;
    if (this.#searched >= mostFiles) return `after ${mostFiles} files`;
    return this.#found.length >= mostFound ? `after ${mostFound} finds` : undefined;
  }

  #worthwhile(secrets: readonly Secret[], which: Leftover['which']): readonly Forms[] {
    const all = secrets.map(formsOf);
    for (const common of new Set(all.flatMap((forms) => tooCommon(forms) ?? [])))
      this.#passed.say(`the ${which} value: ${common}`);
    return all.filter((forms) => !tooCommon(forms));
  }
}

/** Why a search for it would find too much that is none of it. */
function tooCommon({ length, ordinary }: Forms): string | undefined {
  if (length < shortest) return `shorter than ${shortest} characters, found by chance`;
  return ordinary ? 'a short word, found by chance' : undefined;
}

/** What was passed over, by reason. */
class PassedOver {
  readonly #paths = new Map<string, Set<FilePath>>();
  readonly #said: string[] = [];

  say(line: string): void {
    this.#said.push(line);
  }

  add(why: string, path: FilePath): void {
    this.#paths.set(why, (this.#paths.get(why) ?? new Set()).add(path));
  }

  lines(): readonly string[] {
    const named = [...this.#paths].map(([why, paths]) => {
      const more = paths.size > mostNamed ? ` and ${paths.size - mostNamed} more` : '';
      return `${why}: ${[...paths].slice(0, mostNamed).join(', ')}${more}`;
    });
    return [...this.#said, ...named];
  }
}

/** Each folder that holds one of the files, once. */
function besides({ host }: Looks, folders: Folders, files: readonly FilePath[], passed: PassedOver): readonly Source[] {
  const names = new Map<FilePath, Set<string>>();
  for (const file of files) {
    const folder = host.dirname(file);
    names.set(folder, (names.get(folder) ?? new Set()).add(host.basename(file)));
  }
  return [...names].map(([folder, bases]) => ({
    name: folder,
    paths: tolerant(folder, passed, async () =>
      (await folders.entries(folder)).flatMap(({ name, kind }) => {
        if (bases.has(name) || ![...bases].some((base) => isCopyName(base, name))) return [];
        return plain(kind, host.join(folder, name), passed);
      }),
    ),
  }));
}

/**
 * Does a file's name say that it is a copy of `base`? It holds it (`mcp.json.bak`, `.mcp.json.swp`, `#mcp.json#`), or begins
 * with its stem and goes on with something else (`mcp (conflicted copy).json`, `mcp.sync-conflict-….json`, `mcp.bak`). A file
 * that is none is searched in vain.
 */
export function isCopyName(base: string, name: string): boolean {
  const [full, other] = [base.toLowerCase(), name.toLowerCase()];
  if (other.includes(full)) return true;
  const dot = full.lastIndexOf('.');
  const stem = dot > 0 ? full.slice(0, dot) : full;
  return other.startsWith(stem) && /^[^\p{L}\p{N}]/u.test(other.slice(stem.length));
}

/** What a pattern of a table leads to; nothing where a variable that it names is not set. */
function spill(
  { host }: Looks,
  folders: Folders,
  pattern: string,
  project: FilePath | undefined,
  passed: PassedOver,
): readonly Source[] {
  const name = pathOf(host, pattern, project);
  if (name === undefined) return [];
  const files = pattern.endsWith('/**') ? `${pattern}/*` : pattern;
  const star = files.indexOf('*');
  // What a table names without `*` is where the person keeps it, by a link or not. A project is somebody else's.
  const fixed = star === -1 ? undefined : pathOf(host, files.slice(0, files.lastIndexOf('/', star)), project);
  const from = project === undefined ? fixed : host.join(project);
  const paths = tolerant(name, passed, async () => {
    const cut = (): void => passed.add('more folders than are looked into', name);
    const all = await pathsOf(host, folders, files, project, cut);
    return (
      await Promise.all(all.map(async (path) => plain(await kindOf(path, from ?? host.dirname(path)), path, passed)))
    ).flat();
  });
  return [{ name, paths }];

  /** What stands there, no link followed below `above`; 'link' for what lies behind one. */
  async function kindOf(path: FilePath, above: FilePath): Promise<EntryKind | undefined> {
    const parent = host.dirname(path);
    if (parent !== above && parent !== path && (await kindOf(parent, above)) === 'link') return 'link';
    return folders.kind(parent, host.basename(path));
  }
}

function plain(kind: EntryKind | undefined, path: FilePath, passed: PassedOver): readonly FilePath[] {
  if (kind === 'link') passed.add('behind a link', path);
  return kind === 'file' ? [path] : [];
}

function tolerant(name: string, passed: PassedOver, paths: Source['paths']): Source['paths'] {
  return async () => {
    try {
      return await paths();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      passed.add('cannot be read', name);
      return [];
    }
  };
}
