/**
 * Searching git's stores: every object of every pack and every loose one, whatever leads to it or not.
 *
 * git may pack and delete while we read. What is open stays readable; what is gone before it was opened has gone to a new
 * pack, so the folders are listed again until they say nothing new.
 */
import { lstatSync, statSync } from 'node:fs';
import type { FilePath } from '../ports/disk.ts';
import type { ObjectMatch, ObjectsRequest, ObjectsSearched, PackMemory, SearchControl } from '../ports/searches.ts';
import { Needles } from '../search/needles.ts';
import type { Gap } from '../search/search.ts';
import { hasGit, withStores } from './search-git.ts';
import type { Answers, FoundIn } from './search-jobs.ts';
import { OpenPack } from './search-pack.ts';
import { createPool, type Pool, searchThreads } from './search-pool.ts';
import { listStore } from './search-store.ts';

/** A store that changes faster than it can be read. */
const mostRounds = 5;
/** Packs that are open at one time. */
const mostOpen = 8;
const looseAtOnce = 256;
/** Fewer bytes are looked through here before a thread has started. */
const littlePacked = 1 << 20;
const fewLoose = 200;
const progressMs = 200;

export async function searchObjects(request: ObjectsRequest, control: SearchControl = {}): Promise<ObjectsSearched> {
  const search = new ObjectsSearch(request, control);
  return search.run();
}

interface Todo {
  readonly packs: readonly FilePath[];
  readonly loose: readonly { readonly folder: FilePath; readonly id: string }[];
}

class ObjectsSearch {
  readonly #request: ObjectsRequest;
  readonly #control: SearchControl;
  readonly #matches = new Map<string, readonly ObjectMatch[]>();
  readonly #gaps = new Map<string, Gap>();
  readonly #memories: PackMemory[] = [];
  readonly #seen = new Set<string>();
  readonly #forGit = new Set<string>();
  #objects = 0;
  #bytes = 0;
  #doneBytes = 0;
  #allBytes = 0;
  #found = 0;
  #said = 0;

  constructor(request: ObjectsRequest, control: SearchControl) {
    this.#request = request;
    this.#control = control;
  }

  async run(): Promise<ObjectsSearched> {
    const { known, formats, exhaustive } = this.#request;
    const needles = Needles.listOf(known);
    const { signal } = this.#control;
    let todo = this.#list();
    const pool = createPool({ needles, formats }, this.#isLittle(todo) ? 'here' : searchThreads(), signal);
    try {
      if (exhaustive && hasGit()) await this.#exhaustive(pool);
      else {
        if (exhaustive) this.#gap({ code: 'needs-git', where: 'the slow search', why: 'it needs git: the quick one was made' });
        for (let round = 0; todo.packs.length + todo.loose.length > 0; round++) {
          if (round === mostRounds) {
            for (const folder of this.#request.folders)
              this.#gap({ code: 'changed', where: folder, why: 'git kept changing it while it was searched' });
            break;
          }
          await this.#search(pool, todo);
          todo = this.#list();
        }
        await this.#withGit(pool);
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      for (const folder of this.#request.folders)
        this.#gap({ code: 'stopped', where: folder, why: 'the search was stopped before its end' });
    } finally {
      await pool.close();
    }
    this.#say(true);
    return {
      matches: [...this.#matches.values()].flat().sort((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0)),
      objects: this.#objects,
      bytes: this.#bytes,
      gaps: [...this.#gaps.values()],
      packs: this.#memories.sort((a, b) => (a.pack < b.pack ? -1 : 1)),
    };
  }

  /** What the folders hold that was not yet looked at. */
  #list(): Todo {
    const packs: FilePath[] = [];
    const loose: { folder: FilePath; id: string }[] = [];
    for (const folder of this.#request.folders) {
      const store = listStore(folder, this.#request.hash);
      for (const gap of store.gaps) this.#gap(gap);
      for (const pack of store.packs) if (this.#isNew(pack)) packs.push(pack);
      for (const id of store.loose) if (this.#isNew(id)) loose.push({ folder, id });
    }
    return { packs, loose };
  }

  #isNew(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }

  #isLittle({ packs, loose }: Todo): boolean {
    return loose.length <= fewLoose && packs.reduce((sum, pack) => sum + sizeOf(`${pack}.pack`), 0) <= littlePacked;
  }

  async #search(pool: Pool, { packs, loose }: Todo): Promise<void> {
    for (const pack of packs) this.#allBytes += sizeOf(`${pack}.pack`);
    const running = new Set<Promise<void>>();
    const add = async (work: Promise<void>): Promise<void> => {
      const one = work.finally(() => running.delete(one));
      // Its failure is told by the wait below, not as nobody's.
      one.catch(() => {});
      running.add(one);
      if (running.size >= mostOpen) await Promise.race(running);
    };
    for (const pack of packs) await add(this.#pack(pool, pack));
    for (const [folder, ids] of byFolder(loose))
      for (let from = 0; from < ids.length; from += looseAtOnce)
        await add(this.#loose(pool, folder, ids.slice(from, from + looseAtOnce)));
    await Promise.all(running);
  }

  async #pack(pool: Pool, file: FilePath): Promise<void> {
    const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
    const memory = this.#request.remembered?.get(name);
    if (memory !== undefined && memory.holding.length === 0) {
      this.#objects += memory.objects;
      this.#memories.push(memory);
      return;
    }
    let pack: OpenPack;
    try {
      pack = new OpenPack(file, this.#request.hash, memory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Removed since it was listed: its objects are elsewhere now, and found there.
      if (code === 'ENOENT' && !isListed(`${file}.pack`)) return;
      if (code === undefined) this.#gap({ code: 'corrupt', where: `${file}.pack`, why: 'a pack or its index is damaged' });
      else this.#gap({ code: 'unreadable', where: `${file}.pack`, why: 'a pack that may not be read' });
      return;
    }
    try {
      const searched = await pack.search(pool.do, (packed, objects, found) => {
        this.#doneBytes += packed;
        this.#objects += objects;
        this.#found += found;
        this.#say();
      });
      this.#bytes += searched.bytes;
      for (const gap of searched.gaps) this.#gap(gap);
      for (const id of searched.forGit) this.#forGit.add(id);
      const before = this.#gaps.size;
      this.#take(searched.found);
      const hasGaps = searched.gaps.length + searched.forGit.length + this.#gaps.size - before > 0;
      if (memory !== undefined) this.#objects += memory.objects - searched.objects;
      if (!hasGaps) this.#memories.push(memory ?? searched.memory);
    } finally {
      pack.close();
    }
  }

  async #loose(pool: Pool, folder: FilePath, ids: readonly string[]): Promise<void> {
    // What is gone was packed since it was listed, or deleted: where it is still, the next round finds it.
    this.#answer(await pool.do('loose', { folder, ids }));
  }

  async #exhaustive(pool: Pool): Promise<void> {
    const { folders, hash } = this.#request;
    await withStores({ folders, hash }, async (gitDir) => this.#answer(await pool.do('resolved', { gitDir, ids: 'all' })));
  }

  /** What is told as a difference and is too large for the memory that we take. */
  async #withGit(pool: Pool): Promise<void> {
    const { folders, hash } = this.#request;
    const ids = [...this.#forGit];
    if (ids.length === 0) return;
    if (!hasGit()) {
      for (const id of ids)
        this.#gap({ code: 'needs-git', where: id, why: 'a large object that is stored as a difference: install git' });
      return;
    }
    await withStores({ folders, hash }, async (gitDir) => this.#answer(await pool.do('resolved', { gitDir, ids })));
  }

  #answer(answer: Answers<string>): void {
    this.#objects += answer.objects;
    this.#bytes += answer.bytes;
    this.#doneBytes += answer.packed;
    for (const { object, code, why } of answer.lost) this.#gap({ code, where: object, why });
    this.#take(answer.found);
    this.#say();
  }

  /** An object that lies in several packs is told once. */
  #take(found: readonly FoundIn<string>[]): void {
    for (const { object, type, matches, gaps } of found) {
      for (const gap of gaps) this.#gap({ ...gap, where: gap.where === '' ? object : `${object} > ${gap.where}` });
      if (matches.length > 0 && !this.#matches.has(object))
        this.#matches.set(
          object,
          matches.map((match) => ({ ...match, object, type })),
        );
    }
  }

  #gap(gap: Gap): void {
    this.#gaps.set(`${gap.code} ${gap.where} ${gap.why}`, gap);
  }

  #say(isLast = false): void {
    const now = performance.now();
    if (!isLast && now - this.#said < progressMs) return;
    this.#said = now;
    this.#control.onProgress?.({
      doneBytes: this.#doneBytes,
      allBytes: this.#allBytes > 0 ? Math.max(this.#allBytes, this.#doneBytes) : undefined,
      objects: this.#objects,
      found: this.#found,
    });
  }
}

function byFolder(loose: Todo['loose']): Map<FilePath, string[]> {
  const folders = new Map<FilePath, string[]>();
  for (const { folder, id } of loose) {
    const ids = folders.get(folder);
    if (ids === undefined) folders.set(folder, [id]);
    else ids.push(id);
  }
  return folders;
}

function isListed(file: FilePath): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function sizeOf(file: FilePath): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
