/**
 * The power of the failing world: every effect on disk, journal, upstream and processes passes here, and the power can be
 * cut before or after any of them, or in the middle of writing a temporary file. After a cut nothing works until
 * `restore`.
 *
 * A cut is not a Problem: nobody may handle it. What was in memory is lost; what was made durable stays.
 */
import type { DiskEffect, DiskFault } from '../twins/disk.ts';

export class PowerCut extends Error {
  constructor(effect: string, number: number, when: Moment['when']) {
    super(`power cut ${when} effect ${number} (${effect})`);
    this.name = 'PowerCut';
  }
}

/** 'torn': of the first temporary file from there on, only some bytes reach the disk. */
export interface Moment {
  readonly number: number;
  readonly when: 'before' | 'after' | 'torn';
}

/** A cut that was made, and the effect at which it was. */
export interface Cut extends Moment {
  readonly name: string;
}

export class Power {
  /** Effects so far, since the beginning. */
  count = 0;
  /** Names of all effects, by number from 1; for the coverage of the loop over them. */
  readonly names: string[] = [];
  /** The cuts that were made. */
  readonly cuts: Cut[] = [];
  #cut: Moment | undefined;
  #on = true;
  /** The rest of the world goes on: called before every effect. May throw a Problem: the effect is refused. */
  onBefore: (name: string, number: number) => void = () => undefined;
  /** Asserts the promises; called after every effect that happened. */
  onEffect: (name: string) => void = () => undefined;
  /** Is this write refused by a full or read-only disk? */
  refuses: (name: string, number: number) => boolean = () => false;

  /** The next cut; undefined for none. */
  cutAt(moment: Moment | undefined): void {
    this.#cut = moment;
  }

  get isOn(): boolean {
    return this.#on;
  }

  restore(): void {
    this.#on = true;
  }

  before(name: string): void {
    this.#count(name);
    this.#maybe(name, 'before');
  }

  after(name: string): void {
    this.onEffect(name);
    this.#maybe(name, 'after');
  }

  /** An effect: happens whole or not at all, and its answer may be lost to a cut. */
  effect<T>(name: string, apply: () => T): T {
    this.before(name);
    const result = apply();
    this.after(name);
    return result;
  }

  /** The hook of the disk's twin. Reading is no effect, but a dead process does not read. */
  disk({ name, path, moment }: DiskEffect): DiskFault | undefined {
    if (name === 'read') {
      this.#alive(name);
      return undefined;
    }
    const effect = `disk.${name} ${path}`;
    if (moment === 'after') {
      this.after(effect);
      return undefined;
    }
    this.#count(effect);
    if (this.refuses(effect, this.count)) return { refuse: this.count % 2 === 0 ? 'file/disk-full' : 'file/unwritable' };
    if (name === 'temporary' && this.#cut?.when === 'torn' && this.#cut.number <= this.count) {
      this.#cut = undefined;
      this.#off(effect, 'torn');
      return { keep: 40 };
    }
    this.#maybe(effect, 'before');
    return undefined;
  }

  #count(name: string): void {
    this.#alive(name);
    this.count++;
    this.names[this.count] = name;
    this.onBefore(name, this.count);
  }

  #alive(name: string): void {
    if (!this.#on) throw new PowerCut(name, this.count, 'before');
  }

  #maybe(name: string, when: 'before' | 'after'): void {
    if (this.#cut?.number !== this.count || this.#cut.when !== when) return;
    this.#off(name, when);
    throw new PowerCut(name, this.count, when);
  }

  #off(name: string, when: Moment['when']): void {
    this.#on = false;
    this.cuts.push({ name, number: this.count, when });
  }
}
