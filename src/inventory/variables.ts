/**
 * Where a variable's literal stands, asked in the order in which the client itself looks.
 *
 * The process environment of a client that is not ours cannot be read, but its literals mostly stand in a shell profile.
 * There the profile's text decides, not our own environment: a terminal opened before the profile was changed still has
 * the old value, and a client started afresh has the new one. What an open terminal holds is the business of the search
 * through processes.
 */
import type { VariableSource } from '../clients/client.ts';
import type { Format, Path } from '../documents/document.ts';
import type { Disk, FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';
import type { Slot } from '../providers/provider.ts';
import type { Files } from './files.ts';
import { pathOf, pathsOf } from './patterns.ts';
import type { Piece } from './resolved.ts';
import { from, type Traced } from './traced.ts';

type FileSource = Extract<Piece['source'], { kind: 'file' }>;

interface Literal {
  /** null: put together when the shell runs. */
  readonly value: string | null;
  readonly file: FilePath;
  readonly format: Format;
  readonly path: Path;
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

  /** The value with its literal, or undefined when no source has it. */
  async lookUp(name: string, by: Reader): Promise<Traced | undefined> {
    for (const source of this.#sources) {
      if (source.kind === 'env-file' && source.only && (by.hasDefault || !source.only.some((where) => where === by.where)))
        continue;
      const found = await this.#lookIn(source, name);
      if (found) return found;
    }
    return undefined;
  }

  async #lookIn(source: VariableSource, name: string): Promise<Traced | undefined> {
    switch (source.kind) {
      case 'process':
        return fromProcess(this.#ports, this.#files, name);
      case 'settings': {
        const file = pathOf(this.#ports.host, source.path, this.#project);
        if (file === undefined) return undefined;
        const path = [...source.at, name];
        const value = (await this.#files.tolerated(file, source.format))?.get(path);
        if (typeof value !== 'string') return undefined;
        const byHand = source.byHand === undefined ? {} : { byHand: source.byHand };
        return from({ kind: 'file', file, format: source.format, path, offset: 0, ...byHand }, value);
      }
      case 'env-file': {
        for (const file of envFiles(this.#ports.host, source, this.#project)) {
          const found = await this.#files.tolerated(file, 'dotenv');
          // The first that is there is the only one read, whether or not it has the name.
          if (found) return literalText((await literalsIn(this.#files, file, 'dotenv', name)).at(-1));
          if (await this.#ports.disk.kind(file)) return undefined;
        }
        return undefined;
      }
    }
  }
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

/** Every assignment of a name in a dotenv file or shell profile, in order of the file. */
async function literalsIn(files: Files, file: FilePath, format: 'dotenv' | 'shell', name: string): Promise<Literal[]> {
  const document = await files.tolerated(file, format);
  const found: Literal[] = [];
  for (let n = 0; document; n++) {
    const path = [name, n];
    const value = document.get(path);
    if (value === undefined) break;
    if (typeof value === 'string' || value === null) found.push({ value, file, format, path });
  }
  return found;
}

function literalText(literal: Literal | undefined, twins: readonly Literal[] = []): Traced | undefined {
  if (!literal || literal.value === null) return undefined;
  const source: FileSource = {
    kind: 'file',
    file: literal.file,
    format: literal.format,
    path: literal.path,
    offset: 0,
    ...(twins.length === 0 ? {} : { twins: twins.map(({ file, format, path }) => ({ file, format, path, offset: 0 })) }),
  };
  return from(source, literal.value);
}

/** Files of each shell in the order in which it reads them: the last assignment is in force. */
const profiles = {
  zsh: ['.zshenv', '.zprofile', '.zshrc', '.zlogin'],
  bash: ['.bashrc', '.profile', '.bash_login', '.bash_profile'],
  fish: ['.config/fish/config.fish'],
} as const;

async function fromProcess(
  ports: { readonly host: Host; readonly disk: Disk },
  files: Files,
  name: string,
): Promise<Traced | undefined> {
  const { host } = ports;
  const own = host.basename(host.env('SHELL') ?? '');
  const order = (['zsh', 'bash', 'fish'] as const).toSorted((a, b) => Number(b === own) - Number(a === own));
  let inForce: Literal | undefined;
  const all: Literal[] = [];
  for (const shell of order) {
    const found = await Promise.all(profiles[shell].map((file) => literalsIn(files, host.join(host.home, file), 'shell', name)));
    all.push(...found.flat());
    inForce ??= found.flat().at(-1);
  }
  if (host.os === 'linux') {
    const folder = await pathsOf(host, files.folders, '~/.config/environment.d/*.conf').catch(() => []);
    const found = await Promise.all(folder.map((file) => literalsIn(files, file, 'dotenv', name)));
    all.push(...found.flat());
    inForce ??= found.flat().at(-1);
  }
  if (typeof inForce?.value === 'string')
    return literalText(
      inForce,
      all.filter((literal) => literal !== inForce && literal.value === inForce?.value),
    );
  const value = host.env(name);
  return value === undefined ? undefined : from({ kind: 'environment', variable: name }, value);
}
