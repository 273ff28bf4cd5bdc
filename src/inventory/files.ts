/**
 * Documents as they are read during one look at the machine: each file once, whoever asks.
 *
 * A file that is not there is no problem (most rows of the clients' tables name none). Any other problem names the file;
 * `tolerated` keeps it for whoever shows the result and goes on without the file.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Folders } from '../clients/folders.ts';
import type { Document, Format } from '../documents/document.ts';
import { lookInto } from '../documents/look.ts';
import type { Disk, FilePath, FileSnapshot } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';

export class Files {
  readonly #disk: Disk;
  readonly folders: Folders;
  readonly #snapshots = new Map<FilePath, Promise<FileSnapshot | undefined>>();
  readonly #documents = new Map<string, Promise<Document | undefined>>();
  readonly #problems = new Map<FilePath, Problem>();
  readonly #onRead: ((count: number) => void) | undefined;
  #count = 0;

  /** `onRead` is told how many files were there so far. */
  constructor(ports: { readonly host: Host; readonly disk: Disk }, onRead?: (count: number) => void) {
    this.#disk = ports.disk;
    this.#onRead = onRead;
    this.folders = new Folders(ports);
  }

  /** What `tolerated` met, one problem per file. */
  get problems(): readonly Problem[] {
    return [...this.#problems.values()];
  }

  /** As `document`, but a problem is kept and the file taken as absent. */
  async tolerated(path: FilePath, format: Format): Promise<Document | undefined> {
    try {
      return await this.document(path, format);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#problems.set(path, error);
      return undefined;
    }
  }

  /** undefined when there is no such file. Problems: those of `Disk.read`. */
  snapshot(path: FilePath): Promise<FileSnapshot | undefined> {
    let snapshot = this.#snapshots.get(path);
    if (!snapshot) {
      snapshot = this.#read(path);
      this.#snapshots.set(path, snapshot);
    }
    return snapshot;
  }

  async #read(path: FilePath): Promise<FileSnapshot | undefined> {
    try {
      const snapshot = await this.#disk.read(path);
      this.#onRead?.(++this.#count);
      return snapshot;
    } catch (error) {
      if (error instanceof Problem && error.code === 'file/absent') return undefined;
      throw error;
    }
  }

  /** undefined when there is no such file or it is empty. Problems also: document/*. */
  document(path: FilePath, format: Format): Promise<Document | undefined> {
    const key = `${format} ${path}`;
    let document = this.#documents.get(key);
    if (!document) {
      document = this.#parse(path, format);
      this.#documents.set(key, document);
    }
    return document;
  }

  async #parse(path: FilePath, format: Format): Promise<Document | undefined> {
    const snapshot = await this.snapshot(path);
    return snapshot && look(snapshot, format);
  }
}

/** undefined for a file of nothing but white space, which clients take as an empty one. */
export async function look(snapshot: FileSnapshot, format: Format): Promise<Document | undefined> {
  if (isBlank(snapshot.bytes)) return undefined;
  try {
    return await lookInto(snapshot.bytes, format);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const named = new Problem(error.code, { what: `${printable(snapshot.path)}: ${error.what}`, effect: error.effect });
    throw named.with({
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.length < 64 && bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
