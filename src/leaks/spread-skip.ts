/**
 * Folders that a search of this machine leaves out: what was downloaded from elsewhere and can be downloaded again, and what
 * has a search of its own. A program may still have written a key into one of them, so that they were left out is said.
 */
import { fits } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';

export interface Skipped {
  /** For people: `packages of Node`. */
  readonly what: string;
  readonly folders: number;
  /** The first of them. */
  readonly first: FilePath;
  /** How they are searched all the same. */
  readonly instead: string;
}

interface Rule {
  readonly what: string;
  readonly paths: readonly string[];
  readonly instead?: string;
}

const cache = '${XDG_CACHE_HOME:-~/.cache}';
const data = '${XDG_DATA_HOME:-~/.local/share}';
const caches = '~/Library/Caches';

const rules: readonly Rule[] = [
  { what: 'packages of Node', paths: ['**/node_modules', '~/.npm/_cacache', '~/.yarn/berry/cache', '~/.bun/install/cache'] },
  {
    what: 'packages of Node',
    paths: [`${data}/pnpm/store`, '~/Library/pnpm/store', '**/.pnpm-store', `${cache}/yarn`, `${caches}/Yarn`, '~/.nvm/versions'],
  },
  {
    what: 'packages of Python',
    paths: [
      '**/site-packages',
      `${cache}/pip`,
      `${caches}/pip`,
      `${cache}/uv`,
      `${caches}/uv`,
      '~/.pyenv/versions',
      '**/conda/pkgs',
    ],
  },
  { what: 'packages of Rust', paths: ['~/.cargo/registry', '~/.cargo/git', '~/.rustup/toolchains'] },
  { what: 'packages of Go', paths: ['~/go/pkg/mod', `${cache}/go-build`, `${caches}/go-build`] },
  { what: 'packages of Java', paths: ['~/.m2/repository', '~/.gradle/caches', '~/.gradle/wrapper', '~/.ivy2/cache'] },
  {
    what: 'packages of Ruby, PHP and .NET',
    paths: ['~/.rbenv/versions', '~/.gem/ruby', '~/.composer/cache', '~/.nuget/packages'],
  },
  {
    what: 'browsers of tests',
    paths: [`${cache}/ms-playwright`, `${caches}/ms-playwright`, `${cache}/puppeteer`, `${cache}/Cypress`],
  },
  { what: 'models', paths: [`${cache}/huggingface/hub`, '~/.ollama/models', '~/.lmstudio/models', `${cache}/lm-studio/models`] },
  {
    what: 'images of containers',
    paths: [`${data}/containers/storage`, `${data}/docker/overlay2`, `${data}/flatpak`, '~/.colima/_lima'],
  },
  { what: 'packages of Homebrew', paths: [`${caches}/Homebrew`, `${cache}/Homebrew`] },
  {
    what: 'history of git',
    paths: ['**/.git/objects', '**/.git/lfs/objects', '**/.git/modules/**/objects', '**/*.git/objects'],
    instead: 'mcp-rotate leak search',
  },
];

/** Of the last part of a pattern, so that most folders are told by a look at their name. */
const lastOf = (pattern: string): string => pattern.slice(pattern.lastIndexOf('/') + 1);

export class Skips {
  readonly #host: Host;
  readonly #byName = new Map<string, { readonly rule: Rule; readonly pattern: string }[]>();
  readonly #told = new Map<string, { folders: number; first: FilePath; instead: string }>();

  /** `all`: nothing is left out. */
  constructor(host: Host, all: boolean) {
    this.#host = host;
    for (const rule of all ? [] : rules) {
      for (const pattern of rule.paths) {
        const last = lastOf(pattern).toLowerCase();
        this.#byName.set(last, [...(this.#byName.get(last) ?? []), { rule, pattern }]);
      }
    }
  }

  readonly skips = (folder: FilePath): boolean => {
    const some = this.#byName.get(this.#host.basename(folder).toLowerCase());
    const found = some?.find(({ pattern }) => fits(this.#host, pattern, folder));
    if (!found) return false;
    const { what, instead = 'mcp-rotate leak --spread ID --everything' } = found.rule;
    const told = this.#told.get(what) ?? { folders: 0, first: folder, instead };
    this.#told.set(what, { ...told, folders: told.folders + 1 });
    return true;
  };

  told(): readonly Skipped[] {
    return [...this.#told].map(([what, { folders, first, instead }]) => ({ what, folders, first, instead }));
  }
}
