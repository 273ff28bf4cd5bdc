/**
 * The power of the failing world: every effect on disk, journal, upstream, processes and keyring passes here, and the
 * power can be cut before or after any of them. After a cut nothing works until `restore`.
 *
 * A cut is not a Problem: nobody may handle it. What was in memory is lost; what was made durable stays.
 */

export class PowerCut extends Error {
  constructor(effect: string, number: number, when: 'before' | 'after') {
    super(`power cut ${when} effect ${number} (${effect})`);
    this.name = 'PowerCut';
  }
}

export type Moment = { readonly number: number; readonly when: 'before' | 'after' };

export class Power {
  /** Effects so far, since the beginning. */
  count = 0;
  /** Names of all effects, by number from 1; for the coverage of the loop over them. */
  readonly names: string[] = [];
  /** Names of the effects at which the power was cut. */
  readonly cuts: string[] = [];
  #cut: Moment | undefined;
  #on = true;
  /** The rest of the world goes on: called before every effect. */
  onBefore: (name: string) => void = () => undefined;
  /** Asserts the promises; called after every effect that happened. */
  onEffect: (name: string) => void = () => undefined;

  /** The next cut; undefined for none. */
  cutAt(moment: Moment | undefined): void {
    this.#cut = moment;
  }

  restore(): void {
    this.#on = true;
  }

  before(name: string): void {
    this.#alive(name);
    this.count++;
    this.names[this.count] = name;
    this.onBefore(name);
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

  #alive(name: string): void {
    if (!this.#on) throw new PowerCut(name, this.count, 'before');
  }

  #maybe(name: string, when: 'before' | 'after'): void {
    if (this.#cut?.number !== this.count || this.#cut.when !== when) return;
    this.#on = false;
    this.cuts.push(name);
    throw new PowerCut(name, this.count, when);
  }
}
