/**
 * What folders hold, each listed once during one look at the machine.
 *
 * The clients' tables name hundreds of files of which a dozen exist. Asking for each of them costs a failure each; a few
 * listings answer for all. A folder that cannot be listed answers "maybe", and reading the file then says why.
 */
import { Problem } from '../base/problem.ts';
import type { DirectoryEntry, Disk, EntryKind, FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';

interface Listing {
  readonly entries: readonly DirectoryEntry[];
  readonly kinds: ReadonlyMap<string, EntryKind>;
}

export class Folders {
  readonly #host: Host;
  readonly #disk: Disk;
  readonly #listings = new Map<FilePath, Promise<Listing>>();

  constructor({ host, disk }: { readonly host: Host; readonly disk: Disk }) {
    this.#host = host;
    this.#disk = disk;
  }

  /** Problem: file/unreadable. */
  async entries(folder: FilePath): Promise<readonly DirectoryEntry[]> {
    return (await this.#listing(folder)).entries;
  }

  /** What stands there, links not followed; undefined when nothing does. Problem: file/unreadable. */
  async kind(folder: FilePath, name: string): Promise<EntryKind | undefined> {
    return (await this.#listing(folder)).kinds.get(this.#fold(name));
  }

  /** May there be something at `names` below `base`? */
  async mayHold(base: FilePath, names: readonly string[]): Promise<boolean> {
    let folder = base;
    for (const name of names) {
      if (name !== '.' && name !== '..' && !(await this.#mayHave(folder, name))) return false;
      folder = this.#host.join(folder, name);
    }
    return true;
  }

  async #mayHave(folder: FilePath, name: string): Promise<boolean> {
    try {
      return (await this.kind(folder, name)) !== undefined;
    } catch (error) {
      if (error instanceof Problem) return true;
      throw error;
    }
  }

  #listing(folder: FilePath): Promise<Listing> {
    let listing = this.#listings.get(folder);
    if (!listing) {
      listing = this.#disk
        .list(folder)
        .then((entries) => ({ entries, kinds: new Map(entries.map(({ name, kind }) => [this.#fold(name), kind])) }));
      this.#listings.set(folder, listing);
    }
    return listing;
  }

  /** macOS and Windows mostly take upper and lower case for the same. */
  #fold(name: string): string {
    return this.#host.os === 'linux' ? name : name.toLowerCase();
  }
}
