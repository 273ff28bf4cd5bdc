/**
 * A toy upstream with memory: accounts and keys, in every kind of overlap that providers offer.
 *
 * It keeps to what real ones do: a key is shown once, a revocation may take a while, a new key may take a while, an
 * answer may be lost after the effect. Faults are given as a queue: each call takes the next one.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Power } from './power.ts';

export interface Key {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly madeBy: 'us' | 'person' | 'somebody';
  readonly rights: readonly string[];
  readonly account: string;
  /** Works from here on, by the upstream's own clock; until `deadFrom`, when it is revoked. */
  worksFrom: number;
  deadFrom: number | undefined;
}

/** Who ended a key: the tool, a person on the provider's page, or somebody who did not ask. */
export type Revoker = 'us' | 'person' | 'somebody';

export type UpstreamFault = 'none' | 'lost-answer' | 'rate-limited' | 'unavailable' | 'garbled';

export class ToyUpstream {
  readonly keys: Key[] = [];
  readonly #power: Power;
  readonly #clock: Clock;
  /** Time until a new key works, and until a revoked one is refused. */
  worksAfterMs = 0;
  deadAfterMs = 0;
  /** Faults of the next calls; empty: none. */
  faults: UpstreamFault[] = [];
  /** Faults that took effect. */
  readonly fired = new Set<UpstreamFault>();
  /** What new keys are given; those of the person and ours. */
  gives: { readonly rights?: readonly string[]; readonly account?: string } = {};
  /** So many of the next keys never work. */
  poison = 0;
  /** Most keys alive at once. */
  most = Number.POSITIVE_INFINITY;
  /** Called before a key is made at our call, with its text where we chose it. */
  onIssue: (text: string | undefined) => void = () => undefined;
  /** Called before a key is ended. */
  onRevoke: (key: Key, by: Revoker) => void = () => undefined;
  /** Does the look with this number, from 1, fail? */
  lookFaults: (number: number) => boolean = () => false;
  #looks = 0;
  #made = 0;

  constructor(power: Power, clock: Clock) {
    this.#power = power;
    this.#clock = clock;
  }

  add(key: Pick<Key, 'text' | 'label' | 'madeBy'>): Key {
    this.#made++;
    const usual = { rights: ['read', 'write'], account: 'ada' };
    const given = key.madeBy === 'somebody' ? usual : { ...usual, ...this.gives };
    const made: Key = { ...given, ...key, id: `k${this.#made}`, worksFrom: this.#worksFrom(key.madeBy), deadFrom: undefined };
    this.keys.push(made);
    return made;
  }

  #worksFrom(madeBy: Key['madeBy']): number {
    if (madeBy === 'somebody') return this.#clock.elapsed();
    if (this.poison-- > 0) return Number.POSITIVE_INFINITY;
    return this.#clock.elapsed() + this.worksAfterMs;
  }

  live(): readonly Key[] {
    return this.keys.filter((key) => this.#alive(key) || (key.deadFrom === undefined && key.worksFrom > this.#clock.elapsed()));
  }

  works(text: string): boolean {
    return this.keys.some((key) => key.text === text && this.#alive(key));
  }

  byText(text: string): Key | undefined {
    return this.keys.findLast((key) => key.text === text);
  }

  revoke(key: Key, by: Revoker): void {
    this.onRevoke(key, by);
    key.deadFrom ??= this.#clock.elapsed() + this.deadAfterMs;
  }

  #alive(key: Key): boolean {
    const now = this.#clock.elapsed();
    return key.worksFrom <= now && (key.deadFrom === undefined || key.deadFrom > now);
  }

  #nextFault(): UpstreamFault {
    const fault = this.faults.shift() ?? 'none';
    if (fault !== 'none') this.fired.add(fault);
    return fault;
  }

  /** One call that changes something: a fault, a cut, or the answer. */
  call<T>(name: string, apply: () => T): T {
    const fault = this.#nextFault();
    refuse(fault);
    const result = this.#power.effect(`upstream ${name}`, apply);
    if (fault === 'lost-answer') throw new Problem('provider/timeout', { what: 'no answer came', effect: 'unknown' });
    if (fault === 'garbled') throw new Problem('provider/garbled', { what: 'the answer was cut short', effect: 'unknown' });
    return result;
  }

  /** One call that only looks. undefined: could not tell. */
  look<T>(apply: () => T): T | undefined {
    const fault = this.lookFaults(++this.#looks) ? 'unavailable' : this.#nextFault();
    return fault === 'none' ? apply() : undefined;
  }
}

function refuse(fault: UpstreamFault): void {
  if (fault === 'rate-limited') throw new Problem('provider/rate-limited', { what: 'too many requests', retryAfterMs: 3000 });
  if (fault === 'unavailable') throw new Problem('provider/unavailable', { what: 'the service is down' });
}
