/**
 * The twin of the Disk port: files in memory, with the same contract (test/kits/disk.ts is run against both) and hooks
 * by which a test cuts the power, tears a write, refuses, or lets another program write in between.
 *
 * Every effect is announced before and after it happens. A hook that throws is a power cut: what had happened stays,
 * locks of the dead process stay (until they are freed, or go stale), and a temporary file may be left, never a torn target. A write is torn
 * by answering `{ keep }` before a 'temporary' effect. The twin knows no time but the given clock and never waits for
 * real; a lock that is held is waited for by `onWait`.
 */
import { hash } from 'node:crypto';
import { type Code, Problem } from '../../src/base/problem.ts';
import type { DirectoryEntry, Disk, EntryKind, FilePath, LockRule, Mark } from '../../src/ports/disk.ts';

export type Content = string | Uint8Array;
export type Given =
  | Content
  | { readonly content: Content; readonly mode?: number }
  | { readonly link: FilePath }
  | { readonly folder: true };

export type EffectName = 'read' | 'temporary' | 'rename' | 'create' | 'remove' | 'folder' | 'lock' | 'unlock';

export interface DiskEffect {
  readonly name: EffectName;
  /** The file that it is about; of a temporary file, the file that it will become. */
  readonly path: FilePath;
  readonly moment: 'before' | 'after';
}

/** What a hook may answer before an effect; it throws for a power cut. */
export type DiskFault =
  | { readonly refuse: Extract<Code, `file/${string}`> }
  /** Only so many bytes of a temporary file reach the disk, then the power is cut. */
  | { readonly keep: number };

/** The power cut of a torn write. */
export class PowerCut extends Error {
  constructor() {
    super('power cut');
    this.name = 'PowerCut';
  }
}

export interface DiskTwinOptions {
  readonly files?: Readonly<Record<FilePath, Given>>;
  readonly onEffect?: (effect: DiskEffect, disk: DiskTwin) => DiskFault | undefined;
  /** The lock is held: time passes (advance the clock) or its holder ends. Without it a held lock is refused at once. */
  readonly onWait?: (lock: FilePath, disk: DiskTwin) => void;
  readonly now?: () => number;
}

type Entry =
  | {
      readonly kind: 'file';
      readonly bytes: Uint8Array;
      readonly mode: number;
      readonly modifiedAt: number;
      readonly createdAt: number;
    }
  | { readonly kind: 'link'; readonly target: FilePath }
  | { readonly kind: 'directory'; readonly modifiedAt: number };
type FileEntry = Extract<Entry, { kind: 'file' }>;

const mostLinks = 40;
const encoder = new TextEncoder();

export const createDiskTwin = (options: DiskTwinOptions = {}): DiskTwin => new DiskTwin(options);

export class DiskTwin implements Disk {
  readonly #entries = new Map<FilePath, Entry>();
  readonly #onEffect: NonNullable<DiskTwinOptions['onEffect']>;
  readonly #onWait: DiskTwinOptions['onWait'];
  readonly #now: () => number;
  /** Files under a flock(2) that somebody holds. */
  readonly #flocks = new Set<FilePath>();
  #temporaries = 0;
  #cuts = 0;
  /** Temporary files of writers that are no more. */
  readonly #left = new Set<FilePath>();
  /** Locks that the process that uses the disk holds, and those of processes that are no more. */
  readonly #held = new Set<FilePath>();
  readonly #leftLocks = new Set<FilePath>();

  constructor({ files = {}, onEffect = () => undefined, onWait, now = () => 0 }: DiskTwinOptions) {
    this.#onEffect = onEffect;
    this.#onWait = onWait;
    this.#now = now;
    for (const [path, given] of Object.entries(files)) {
      if (typeof given === 'string' || given instanceof Uint8Array) this.write(path, given);
      else if ('link' in given) this.link(path, given.link);
      else if ('folder' in given) this.#folder(path);
      else this.write(path, given.content, given.mode);
    }
  }

  // What another program, or the test itself, does: no effect is announced.

  /** Writes a file with its folders; an existing one keeps its mode. A link is followed. */
  write(path: FilePath, content: Content, mode?: number): void {
    const real = this.#real(path) ?? path;
    const old = this.#entries.get(real);
    const now = this.#now();
    this.#folder(folderOf(real));
    this.#entries.set(real, {
      kind: 'file',
      bytes: typeof content === 'string' ? encoder.encode(content) : content,
      mode: mode ?? (old?.kind === 'file' ? old.mode : 0o600),
      modifiedAt: now,
      createdAt: old?.kind === 'file' ? old.createdAt : now,
    });
  }

  link(path: FilePath, target: FilePath): void {
    this.#folder(folderOf(path));
    this.#entries.set(path, { kind: 'link', target });
  }

  delete(path: FilePath): void {
    if (!this.#flocks.delete(path)) this.#entries.delete(path);
  }

  /** Text of a file, links followed; undefined when there is none. */
  text(path: FilePath): string | undefined {
    const entry = this.#file(path);
    return entry && new TextDecoder('utf-8', { ignoreBOM: true }).decode(entry.bytes);
  }

  /** All files, also temporary ones, by path. */
  files(): ReadonlyMap<FilePath, Uint8Array> {
    return new Map([...this.#entries].flatMap(([path, entry]) => (entry.kind === 'file' ? [[path, entry.bytes] as const] : [])));
  }

  /** Another program takes a lock (and keeps it until `delete`; of 'flock' the file stays, as it does for real). */
  lock(path: FilePath, kind: LockRule['kind'] = 'mkdir'): void {
    this.#folder(folderOf(path));
    // Taken over as stale: it is another's now.
    this.#leftLocks.delete(path);
    if (kind === 'mkdir') this.#entries.set(path, { kind: 'directory', modifiedAt: this.#now() });
    else if (kind === 'create' || !this.#entries.has(path)) this.write(path, '', 0o600);
    if (kind === 'flock') this.#flocks.add(path);
  }

  // The port.

  async read(path: FilePath, mostBytes = 64 * 1024 * 1024): ReturnType<Disk['read']> {
    this.#before('read', path);
    const { real, entry } = this.#regular(path);
    if (entry.bytes.length > mostBytes) throw problem('file/too-large', path);
    const { bytes, mode, modifiedAt, createdAt } = entry;
    this.#announce({ name: 'read', path, moment: 'after' });
    return { path, realPath: real, bytes, version: versionOf(bytes), mode, modifiedAt, createdAt };
  }

  async replace(...[path, version, bytes, options = {}]: Parameters<Disk['replace']>): ReturnType<Disk['replace']> {
    const work = async (): ReturnType<Disk['replace']> =>
      version === 'absent' ? this.#create(path, bytes, options.mode) : this.#replace(path, version, bytes);
    return options.lock ? this.withLock(options.lock, work) : work();
  }

  async withLock<T>(lock: LockRule, work: () => Promise<T>): Promise<T> {
    this.#before('lock', lock.path);
    for (let waits = 0; this.#heldBy(lock); waits++) {
      if (!this.#onWait || waits === 1000) throw problem('file/locked', lock.path);
      this.#onWait(lock.path, this);
    }
    this.lock(lock.path, lock.kind);
    if (lock.kind !== 'flock') this.#held.add(lock.path);
    this.#announce({ name: 'lock', path: lock.path, moment: 'after' });
    const cuts = this.#cuts;
    try {
      return await work();
    } finally {
      // A dead process removes no lock; a flock(2) ends with it.
      if (lock.kind === 'flock') this.#flocks.delete(lock.path);
      if (this.#cuts === cuts) {
        this.#before('unlock', lock.path);
        if (lock.kind !== 'flock') this.delete(lock.path);
        this.#held.delete(lock.path);
        this.#announce({ name: 'unlock', path: lock.path, moment: 'after' });
      }
    }
  }

  async freeLocks(): Promise<void> {
    for (const path of this.#leftLocks) {
      const fault = this.#announce({ name: 'unlock', path, moment: 'before' });
      if (fault && 'refuse' in fault) continue;
      this.delete(path);
      this.#leftLocks.delete(path);
      this.#announce({ name: 'unlock', path, moment: 'after' });
    }
  }

  async remove(path: FilePath): Promise<void> {
    if (this.#entries.get(path)?.kind === 'directory') throw problem('file/not-a-file', path);
    this.#before('remove', path);
    this.delete(path);
    this.#announce({ name: 'remove', path, moment: 'after' });
  }

  async tidy(path: FilePath): Promise<void> {
    const folder = folderOf(this.#real(path) ?? path);
    for (const each of this.#left) {
      if (folderOf(each) !== folder) continue;
      await this.remove(each);
      this.#left.delete(each);
    }
  }

  async list(path: FilePath): Promise<readonly DirectoryEntry[]> {
    const real = this.#real(path) ?? path;
    return [...this.#entries]
      .filter(([each]) => each !== '/' && folderOf(each) === real)
      .map(([each, { kind }]) => ({ name: each.slice(each.lastIndexOf('/') + 1), kind }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async kind(path: FilePath): Promise<EntryKind | undefined> {
    const real = this.#real(path);
    return real === undefined ? undefined : this.#entries.get(real)?.kind;
  }

  async mark(path: FilePath): Promise<Mark> {
    const real = this.#real(path);
    const entry = real === undefined ? undefined : this.#entries.get(real);
    if (entry === undefined || entry.kind === 'link') {
      return { text: this.#entries.get(path)?.kind === 'link' ? 'dangling' : 'absent', size: 0, changedAt: undefined };
    }
    const detail =
      entry.kind === 'file'
        ? `${entry.mode} ${versionOf(entry.bytes)}`
        : [...this.#entries.keys()].filter((each) => folderOf(each) === real).join('\n');
    return {
      text: `${real} ${entry.kind} ${entry.modifiedAt} ${detail}`,
      size: entry.kind === 'file' ? entry.bytes.length : 0,
      changedAt: entry.modifiedAt,
    };
  }

  async makeFolder(path: FilePath): Promise<void> {
    const real = this.#real(path);
    if (real !== undefined && this.#entries.get(real)?.kind === 'file') throw problem('file/unwritable', path);
    this.#before('folder', path);
    this.#folder(path);
    this.#announce({ name: 'folder', path, moment: 'after' });
  }

  #replace(path: FilePath, version: string, bytes: Uint8Array): Awaited<ReturnType<Disk['replace']>> {
    const real = this.#real(path);
    if (real === undefined) {
      if (this.#entries.has(path)) throw problem('file/dangling-link', path);
      return { written: false };
    }
    const { entry } = this.#regular(path);
    const temporary = this.#temporary(real, bytes, entry.mode);
    this.#before('rename', real, temporary);
    const current = this.#entries.get(real);
    this.delete(temporary);
    if (current?.kind !== 'file' || versionOf(current.bytes) !== version) return { written: false };
    this.#entries.set(real, { ...current, bytes, modifiedAt: this.#now(), createdAt: this.#now() });
    this.#announce({ name: 'rename', path: real, moment: 'after' });
    return { written: true, version: versionOf(bytes) };
  }

  #create(path: FilePath, bytes: Uint8Array, mode = 0o600): Awaited<ReturnType<Disk['replace']>> {
    if (this.#entries.has(path)) {
      if (this.#real(path) === undefined) throw problem('file/dangling-link', path);
      return { written: false };
    }
    if (this.#entries.get(folderOf(path))?.kind !== 'directory') throw problem('file/unwritable', path);
    const temporary = this.#temporary(path, bytes, mode);
    this.#before('create', path, temporary);
    this.delete(temporary);
    if (this.#entries.has(path)) return { written: false };
    this.write(path, bytes, mode);
    this.#announce({ name: 'create', path, moment: 'after' });
    return { written: true, version: versionOf(bytes) };
  }

  #temporary(path: FilePath, bytes: Uint8Array, mode: number): FilePath {
    for (const each of this.#left) {
      if (folderOf(each) !== folderOf(path)) continue;
      this.delete(each);
      this.#left.delete(each);
    }
    const temporary = `${folderOf(path)}/.${path.slice(path.lastIndexOf('/') + 1)}.mcp-rotate-1-${String(this.#temporaries++).padStart(12, '0')}`;
    const keep = this.#before('temporary', path);
    this.write(temporary, keep === undefined ? bytes : bytes.slice(0, keep), mode);
    if (keep !== undefined) throw this.#cut(new PowerCut());
    this.#announce({ name: 'temporary', path, moment: 'after' });
    return temporary;
  }

  /** Announces an effect; answers how many bytes of it to keep. A refusal takes the temporary file with it. */
  #before(name: EffectName, path: FilePath, temporary?: FilePath): number | undefined {
    const fault = this.#announce({ name, path, moment: 'before' });
    if (fault && 'refuse' in fault) {
      if (temporary !== undefined) this.delete(temporary);
      throw problem(fault.refuse, path);
    }
    return fault?.keep;
  }

  #announce(effect: DiskEffect): DiskFault | undefined {
    try {
      return this.#onEffect(effect, this);
    } catch (error) {
      throw this.#cut(error);
    }
  }

  /** The process that used the disk is no more: its temporary files are nobody's, its locks stay. */
  #cut(error: unknown): unknown {
    this.#cuts++;
    for (const path of this.#entries.keys()) if (temporaryName.test(path)) this.#left.add(path);
    for (const path of this.#held) this.#leftLocks.add(path);
    this.#held.clear();
    return error;
  }

  #heldBy(lock: LockRule): boolean {
    if (lock.kind === 'flock') return this.#flocks.has(lock.path);
    const entry = this.#entries.get(lock.path);
    if (entry === undefined || entry.kind === 'link') return false;
    return entry.modifiedAt >= this.#now() - lock.staleMs;
  }

  /** Path after links; undefined when nothing is there. Links may stand anywhere in it. */
  #real(path: FilePath): FilePath | undefined {
    let at = path;
    for (let links = 0; links <= mostLinks; links++) {
      const step = this.#firstLink(at);
      if (step === undefined) return this.#entries.has(at) ? at : undefined;
      at = step;
    }
    return undefined;
  }

  #firstLink(path: FilePath): FilePath | undefined {
    for (let end = path.indexOf('/', 1); end >= 0; end = path.indexOf('/', end + 1)) {
      const entry = this.#entries.get(path.slice(0, end));
      if (entry?.kind === 'link') return entry.target + path.slice(end);
    }
    const entry = this.#entries.get(path);
    return entry?.kind === 'link' ? entry.target : undefined;
  }

  #file(path: FilePath): FileEntry | undefined {
    const entry = this.#entries.get(this.#real(path) ?? '');
    return entry?.kind === 'file' ? entry : undefined;
  }

  #regular(path: FilePath): { real: FilePath; entry: FileEntry } {
    const real = this.#real(path);
    if (real === undefined) throw problem(this.#entries.get(path)?.kind === 'link' ? 'file/dangling-link' : 'file/absent', path);
    const entry = this.#entries.get(real);
    if (entry?.kind !== 'file') throw problem('file/not-a-file', path);
    return { real, entry };
  }

  #folder(path: FilePath): void {
    for (let at = path; at !== '' && at !== '/'; at = folderOf(at)) {
      if (!this.#entries.has(at)) this.#entries.set(at, { kind: 'directory', modifiedAt: this.#now() });
    }
  }
}

const temporaryName = /\/\.[^/]+\.mcp-rotate-1-\d{12}$/;

function folderOf(path: FilePath): FilePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '/';
}

function versionOf(bytes: Uint8Array): string {
  return `${bytes.length}-${hash('sha256', bytes)}`;
}

function problem(code: Code, path: FilePath): Problem {
  return new Problem(code, { what: `${path}: ${code}` });
}
