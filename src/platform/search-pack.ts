/**
 * Searching one pack: its families as jobs, then what the jobs had to leave, and the names of what they found.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { FilePath } from '../ports/disk.ts';
import type { PackMemory } from '../ports/searches.ts';
import type { Gap } from '../search/search.ts';
import type { Answers, Doing, FoundIn } from './search-jobs.ts';
import type { ObjectType } from './search-pack-families.ts';
import { PackIndex } from './search-pack-index.ts';
import {
  below,
  entryHeader,
  longestHeader,
  type PackPlan,
  packTypes,
  planEntries,
  planPack,
  unreached,
} from './search-pack-plan.ts';

export interface PackSearched {
  readonly found: readonly FoundIn<string>[];
  readonly gaps: readonly Gap[];
  /** Objects that only git can make: told as differences, and too large. */
  readonly forGit: readonly string[];
  readonly objects: number;
  readonly bytes: number;
  readonly memory: PackMemory;
}

/** Damaged objects of a pack that are named one by one. */
const mostNamed = 20;
/** Jobs of a pack: enough that threads end at about the same time. */
const jobsPerPack = 48;
const leastObjects = 64;

/** The files are open, so that it does not matter when git removes them meanwhile. */
export class OpenPack {
  readonly name: string;
  readonly objects: number;
  readonly #file: FilePath;
  readonly #index: PackIndex;
  readonly #descriptor: number;
  readonly #plan: PackPlan;

  /** Throws what the file system throws; a plain Error for damage. */
  constructor(file: FilePath, hash: 'sha1' | 'sha256', memory: PackMemory | undefined) {
    this.#file = `${file}.pack`;
    this.name = basename(file);
    this.#index = new PackIndex(`${file}.idx`, hash);
    const idBytes = hash === 'sha1' ? 20 : 32;
    try {
      this.#descriptor = openSync(this.#file, 'r');
      try {
        this.#plan =
          memory === undefined
            ? planPack(this.#descriptor, this.#index, idBytes)
            : planEntries(this.#descriptor, this.#index, idBytes, memory.holding);
      } catch (error) {
        closeSync(this.#descriptor);
        throw error;
      }
    } catch (error) {
      this.#index.close();
      throw error;
    }
    this.objects = this.#plan.count;
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#index.close();
  }

  async search(doing: Doing, onProgress: (packed: number, objects: number, found: number) => void): Promise<PackSearched> {
    const plan = this.#plan;
    const descriptor = this.#descriptor;
    const found: FoundIn<number>[] = [];
    const corrupt: number[] = [];
    const giants: number[] = [];
    const lost: Answers<number>['lost'][number][] = [];
    let [objects, bytes] = [0, 0];
    const take = (answer: Omit<Answers<number>, 'lost'>): void => {
      found.push(...answer.found);
      objects += answer.objects;
      bytes += answer.bytes;
      onProgress(
        answer.packed,
        answer.objects,
        answer.found.reduce((sum, { matches }) => sum + matches.length, 0),
      );
    };
    await Promise.all(
      jobsOf(plan).map(async ({ from, to }) => {
        const answer = await doing('families', { plan, descriptor, from, to });
        take(answer);
        corrupt.push(...answer.corrupt);
        giants.push(...answer.giants);
      }),
    );
    const forGit: number[] = [];
    for (const entry of giants) {
      const whole = this.#wholeAt(entry);
      if (whole !== undefined) {
        const from = (plan.offsets[entry] as number) + whole.data;
        const { type, size } = whole;
        const answer = await doing('giant', { descriptor, entry, type, from, to: plan.offsets[entry + 1] as number, size });
        take(answer);
        lost.push(...answer.lost);
      }
      forGit.push(...below(plan, entry).slice(whole === undefined ? 0 : 1));
    }
    for (const entry of [...corrupt.flatMap((one) => below(plan, one)), ...unreached(plan)])
      lost.push({ object: entry, code: 'corrupt', why: 'it, or what it was made out of, cannot be unpacked' });
    return this.#named(found, lost, forGit, objects, bytes);
  }

  #named(
    found: readonly FoundIn<number>[],
    lost: readonly Answers<number>['lost'][number][],
    forGit: readonly number[],
    objects: number,
    bytes: number,
  ): PackSearched {
    const shown = lost.slice(0, mostNamed);
    const { offsets } = this.#plan;
    const wanted = [...found.map(({ object }) => object), ...shown.map(({ object }) => object), ...forGit];
    const ids = this.#index.idsAt(new Set(wanted.map((entry) => offsets[entry] as number)));
    const idOf = (entry: number): string => ids.get(offsets[entry] as number) ?? '';
    const gaps: Gap[] = shown.map(({ object, code, why }) => ({ code, where: idOf(object), why }));
    if (lost.length > shown.length)
      gaps.push({ code: 'corrupt', where: this.#file, why: `${lost.length - shown.length} more objects cannot be unpacked` });
    const named = found.map((one) => ({ ...one, object: idOf(one.object) }));
    const holding = named.filter(({ matches }) => matches.length > 0).map(({ object }) => object);
    return {
      found: named,
      gaps,
      forGit: forGit.map(idOf),
      objects,
      bytes,
      memory: { pack: this.name, objects: this.#plan.count, holding },
    };
  }

  /** undefined: it is told as a difference. */
  #wholeAt(entry: number): { readonly type: ObjectType; readonly size: number; readonly data: number } | undefined {
    const { offsets, idBytes } = this.#plan;
    const head = new Uint8Array(longestHeader);
    readSync(this.#descriptor, head, 0, head.length, offsets[entry] as number);
    const header = entryHeader(head, 0, idBytes);
    if (header === undefined || header.type > 4) return undefined;
    return { type: packTypes[header.type] as ObjectType, size: header.size, data: header.data };
  }
}

function jobsOf({ families, sizes }: PackPlan): { from: number; to: number }[] {
  const all = families.reduce((sum, family) => sum + (sizes[family] as number), 0);
  const enough = Math.max(leastObjects, Math.ceil(all / jobsPerPack));
  const jobs: { from: number; to: number }[] = [];
  let from = 0;
  let objects = 0;
  families.forEach((family, index) => {
    objects += sizes[family] as number;
    if (objects < enough && index + 1 < families.length) return;
    jobs.push({ from, to: index + 1 });
    from = index + 1;
    objects = 0;
  });
  return jobs;
}
