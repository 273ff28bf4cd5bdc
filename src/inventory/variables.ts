/**
 * Where a variable's literals stand, asked in the order in which the client itself looks.
 *
 * The first is in force. The same text further on (the profile of another shell) is its twin and must change with it;
 * another text in a file is dormant: a copy that would be used elsewhere, or if the first one went.
 *
 * The process environment of a client that is not ours cannot be read, but its literals mostly stand in a shell profile.
 * There the profile's text decides, not our own environment: a terminal opened before the profile was changed still has
 * the old value, and a client started afresh has the new one. What an open terminal holds is the business of the search
 * through processes.
 */
import type { VariableSource } from '../clients/client.ts';
import { pathOf, pathsOf } from '../clients/patterns.ts';
import type { Disk, FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';
import type { Slot } from '../providers/provider.ts';
import type { Files } from './files.ts';
import type { Piece } from './resolved.ts';
import { from, type Traced } from './traced.ts';

type FileSource = Extract<Piece['source'], { kind: 'file' }>;

/** A value with where it stands. null: put together when the shell runs. */
interface Candidate {
  readonly value: string | null;
  readonly source: Piece['source'];
}

export interface Found {
  readonly text: Traced;
  readonly dormant: readonly Traced[];
}

/** What asks: a value of this kind, by a reference with or without a default. */
export interface Reader {
  readonly where: Slot['where'];
  readonly hasDefault: boolean;
}

export class Variables {
  readonly #ports: { readonly host: Host; readonly disk: Disk };
  readonly #files: Files;
  readonly #sources: readonly VariableSource[];
  readonly #project: FilePath | undefined;

  constructor(
    ports: { readonly host: Host; readonly disk: Disk },
    files: Files,
    sources: readonly VariableSource[],
    project: FilePath | undefined,
  ) {
    this.#ports = ports;
    this.#files = files;
    this.#sources = sources;
    this.#project = project;
  }

  /** undefined when no source has it. */
  async lookUp(name: string, by: Reader): Promise<Found | undefined> {
    const sources = this.#sources.filter(
      (source) =>
        source.kind !== 'env-file' || !source.only || (!by.hasDefault && source.only.some((where) => where === by.where)),
    );
    const found = (await Promise.all(sources.map((source) => this.#candidates(source, name)))).flat();
    // What a shell puts together when it runs has no literal; its text is in the environment, if anywhere.
    const literal = found.filter((candidate): candidate is Candidate & { value: string } => candidate.value !== null);
    const texts = [...new Set(literal.map(({ value }) => value))].map((value) => together(literal, value));
    const [text, ...others] = texts;
    const inFile = others.filter(({ pieces }) => pieces.some(({ source }) => source.kind === 'file'));
    return text && { text, dormant: inFile };
  }

  async #candidates(source: VariableSource, name: string): Promise<readonly Candidate[]> {
    switch (source.kind) {
      case 'process':
        return inProcess(this.#ports, this.#files, name);
      case 'settings': {
        const file = pathOf(this.#ports.host, source.path, this.#project);
        const path = [...source.at, name];
        const value = file === undefined ? undefined : (await this.#files.tolerated(file, source.format))?.get(path);
        if (file === undefined || typeof value !== 'string') return [];
        const byHand = source.byHand === undefined ? {} : { byHand: source.byHand };
        return [{ value, source: { kind: 'file', file, format: source.format, path, offset: 0, ...byHand } }];
      }
      case 'env-file': {
        for (const file of envFiles(this.#ports.host, source, this.#project)) {
          const found = await this.#files.tolerated(file, 'dotenv');
          // The first that is there is the only one read, whether or not it has the name.
          if (found) return literalsIn(this.#files, file, 'dotenv', name);
          if (await this.#ports.disk.kind(file)) return [];
        }
        return [];
      }
    }
  }
}

/** The first candidate of this text, the others of the same text as its twins. */
function together(candidates: readonly (Candidate & { readonly value: string })[], value: string): Traced {
  const [first, ...same] = candidates.filter((candidate) => candidate.value === value).map(({ source }) => source);
  if (!first) throw new Error('no candidate of its own text');
  const twins = same.filter((source): source is FileSource => source.kind === 'file' && source.byHand === undefined);
  if (first.kind !== 'file' || twins.length === 0) return from(first, value);
  return from({ ...first, twins: twins.map(({ file, format, path, offset }) => ({ file, format, path, offset })) }, value);
}

function envFiles(
  host: Host,
  source: Extract<VariableSource, { kind: 'env-file' }>,
  project: FilePath | undefined,
): readonly FilePath[] {
  const files: FilePath[] = [];
  const add = (pattern: string, folder: FilePath | undefined): void => {
    const file = pathOf(host, pattern, folder);
    if (file !== undefined && !files.includes(file)) files.push(file);
  };
  const inProject = source.paths.filter((path) => path.startsWith('<project>'));
  const folders = project === undefined ? [] : source.upwards ? foldersUp(host, project) : [project];
  for (const folder of folders) for (const path of inProject) add(path, folder);
  for (const path of source.paths) if (!inProject.includes(path)) add(path, undefined);
  return files;
}

/** A folder and those above it, the root left out. */
export function foldersUp(host: Host, folder: FilePath): readonly FilePath[] {
  const folders: FilePath[] = [];
  for (let at = folder; at !== host.dirname(at) && folders.length < 64; at = host.dirname(at)) folders.push(at);
  return folders;
}

/** Every assignment of a name in a dotenv file or shell profile, the one in force (the last) first. */
async function literalsIn(files: Files, file: FilePath, format: 'dotenv' | 'shell', name: string): Promise<readonly Candidate[]> {
  const document = await files.tolerated(file, format);
  const found: Candidate[] = [];
  for (let n = 0; document; n++) {
    const path = [name, n];
    const value = document.get(path);
    if (value === undefined) break;
    if (typeof value === 'string' || value === null) {
      found.unshift({ value, source: { kind: 'file', file, format, path, offset: 0 } });
    }
  }
  return found;
}

/** Files of each shell, that which it reads last first: its assignment is in force. */
const profiles = {
  zsh: ['.zlogin', '.zshrc', '.zprofile', '.zshenv'],
  bash: ['.bash_profile', '.bash_login', '.profile', '.bashrc'],
} as const;

async function inProcess(
  ports: { readonly host: Host; readonly disk: Disk },
  files: Files,
  name: string,
): Promise<readonly Candidate[]> {
  const { host } = ports;
  const own = host.basename(host.env('SHELL') ?? '');
  const order = (['zsh', 'bash'] as const).toSorted((a, b) => Number(b === own) - Number(a === own));
  const places = order.flatMap((shell) =>
    profiles[shell].map((file) => ({ file: host.join(host.home, file), format: 'shell' as const })),
  );
  const services = host.os === 'linux' ? await serviceFiles(host, files) : [];
  const found = await Promise.all([...places, ...services].map(({ file, format }) => literalsIn(files, file, format, name)));
  const candidates = found.flat();
  const value = host.env(name);
  if (typeof candidates[0]?.value === 'string' || value === undefined) return candidates;
  return [{ value, source: { kind: 'environment', variable: name } }, ...candidates];
}

/** What systemd gives to programs of a desktop session. */
async function serviceFiles(host: Host, files: Files): Promise<readonly { file: FilePath; format: 'dotenv' }[]> {
  const found = await pathsOf(host, files.folders, '~/.config/environment.d/*.conf').catch(() => []);
  return found.toReversed().map((file) => ({ file, format: 'dotenv' as const }));
}
