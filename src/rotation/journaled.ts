/**
 * One rotation under way, whatever it rotates: what its steps work with, and the only way in which they leave traces.
 *
 * Every effect on the world goes through `effect`: intent in the journal, then the effect, then its outcome. A cut in
 * between leaves an intent without an outcome, and the step's `settle` asks the world what became of it.
 */
import type { RotationId } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { type Milliseconds, minute, second } from '../base/time.ts';
import type { Adapters } from '../inventory/adapters.ts';
import type { SignInTalk } from '../oauth/oauth.ts';
import type { Lease } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import { fingerprintKey } from '../providers/fingerprint.ts';
import type { Held } from '../providers/provider.ts';
import type { Proof } from '../verification/proof.ts';
import { fold, type Known } from './fold.ts';
import type { Journal } from './journal/journal.ts';
import type { Detail, EntryBody, JournalEntry } from './journal/schema.ts';
import type { Debt, Event, Need, OfRotation, PersonAnswer, Plan, Progress, Receipt, StepName } from './rotation.ts';
import { openHeld, type Sealer, sealHeld } from './seal.ts';

export interface JournaledParts {
  readonly ports: Ports;
  readonly adapters: Adapters;
  readonly journal: Journal;
  readonly sealer: Sealer;
  readonly lease: Lease;
  readonly entries: readonly JournalEntry[];
  readonly emit: (event: Event) => void;
  readonly signal: AbortSignal | undefined;
  readonly answer: PersonAnswer | undefined;
  readonly talk?: SignInTalk | undefined;
  readonly signIn?: 'tool' | undefined;
}

/** The rotation's entries always begin with 'opened': the engine looked. */
function knownFrom(entries: readonly JournalEntry[]): Known {
  const known = fold(entries);
  if (!known) throw new Error('a rotation without its first entry');
  return known;
}

const tries = 4;
const longestWait: Milliseconds = minute;

export abstract class Journaled {
  readonly ports: Ports;
  readonly adapters: Adapters;
  readonly plan: Plan;
  readonly id: RotationId;
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: Event) => void;
  readonly #journal: Journal;
  readonly #sealer: Sealer;
  readonly #lease: Lease;
  readonly #entries: JournalEntry[];
  #known: Known;
  #answer: PersonAnswer | undefined;
  /** What it is the answer to. */
  #answered: Need['kind'] | undefined;
  #old: Held | undefined;
  #next: { readonly sealed: string; readonly held: Held } | undefined;

  constructor(parts: JournaledParts) {
    this.ports = parts.ports;
    this.adapters = parts.adapters;
    this.#entries = [...parts.entries];
    this.#known = knownFrom(this.#entries);
    this.plan = this.#known.plan;
    this.id = this.#known.rotation;
    this.signal = parts.signal;
    this.emit = parts.emit;
    this.#journal = parts.journal;
    this.#sealer = parts.sealer;
    this.#lease = parts.lease;
    this.#answer = parts.answer;
  }

  /**
   * Opens the sealed old credential, or seals it first: a cut right after the start leaves it unsealed, and then it still
   * stands in its places. From here on the journal refuses any text that holds one of the rotation's secrets.
   */
  async begin(fromPlaces: () => Promise<Held | undefined>): Promise<void> {
    if (this.#known.closed && this.#known.closed.state !== 'debt') return;
    this.#old = await this.unseal('old');
    if (!this.#old) {
      this.#old = await fromPlaces();
      if (!this.#old) {
        throw new Problem('state/damaged', {
          what: `the sealed old credential of rotation ${this.id} is gone, and no place holds it`,
          state: 'nothing was changed by this call',
          next: 'rotate the credential by hand, and remove the state folder',
        });
      }
      await this.seal('old', this.#old);
    }
    // Both a value sealed for another rotation and a lost key of this machine: either would make us look for, take back
    // or revoke the wrong thing, and take "nowhere" for an answer.
    if ((await this.fingerprintOf(this.#old)) !== this.#known.oldFingerprint) {
      throw new Problem('state/damaged', {
        what: `the sealed old credential of rotation ${this.id} is not the one that it was opened for`,
        state: 'nothing was changed by this call',
        next: 'restore the state folder (journal.sqlite together with fingerprint.key) from a backup',
      });
    }
    // A cut in the middle of a write left a copy with the new value beside the file, and nobody may write there again.
    for (const [effect, { detail }] of this.#known.pending) {
      if (effect.startsWith('write ') && detail.file !== undefined) await this.ports.disk.tidy(detail.file);
    }
    this.#journal.guard(this.secretsOf(this.#old));
    const next = await this.next();
    if (next) this.#journal.guard(this.secretsOf(next));
  }

  get old(): Held {
    if (!this.#old) throw new Error('a rotation that has ended has no credential any more');
    return this.#old;
  }

  /** The secret parts of a credential of this rotation. */
  abstract secretsOf(held: Held): readonly Secret[];

  abstract fingerprintOf(held: Held): Promise<string>;

  /** What a person looks through at the other side when somebody else used the credential. */
  abstract afterMisuse(): readonly string[];

  /** Where the credential with this fingerprint stands now, for the receipt. */
  abstract placesOf(print: string): Promise<Receipt['places']>;

  /** Takes up a rotation that waited: what the person answered goes into the journal, never the value of a key. */
  async takeUp(answer: PersonAnswer | undefined): Promise<void> {
    const { waiting, at } = this.#known;
    if (!answer || !waiting) return;
    this.#answered = waiting.kind;
    const pids = answer.kind === 'leave-running' ? { pids: answer.pids } : {};
    await this.record({ kind: 'answered', step: at ?? 'preflight', need: waiting.kind, answer: answer.kind, ...pids });
  }

  /** The rotation waits for a person. */
  async wait(step: StepName, need: Need): Promise<Progress> {
    await this.record({ kind: 'waiting', step, need });
    return { ...this.of, state: 'waiting', step, need };
  }

  async shred(): Promise<void> {
    await (await this.ports.journal()).shred(this.id);
  }

  /** Hash of the rotation's last entry so far. */
  async lastHash(): Promise<string> {
    return (await this.#journal.of(this.id)).at(-1)?.hash ?? '';
  }

  get known(): Known {
    return this.#known;
  }

  get of(): OfRotation {
    const { credential, provider } = this.plan;
    return { rotation: this.id, credential, provider };
  }

  get now(): number {
    return this.ports.clock.now();
  }

  /** Appends one entry and folds it in. */
  async record(body: EntryBody): Promise<void> {
    const entry: JournalEntry = { ...body, rotation: this.id, at: this.now };
    await this.#journal.append(this.#lease, entry);
    this.#entries.push(entry);
    this.#known = knownFrom(this.#entries);
  }

  /** Intent, effect, outcome. The detail holds names and ids, never a secret. */
  async effect<T>(
    step: StepName,
    name: string,
    detail: Detail,
    work: () => Promise<T>,
    describe: (result: T) => Detail = () => ({}),
  ): Promise<T> {
    this.stopIfAsked(step);
    await this.record({ kind: 'intent', step, effect: name, detail });
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (error instanceof Problem) {
        await this.record({
          kind: 'outcome',
          step,
          effect: name,
          result: error.effect === 'none' ? 'failed' : 'unknown',
          code: error.code,
          detail: {},
        });
      }
      throw error;
    }
    await this.record({ kind: 'outcome', step, effect: name, result: 'done', detail: describe(result) });
    return result;
  }

  async step(step: StepName, state: 'started' | 'done' | 'skipped' | 'failed' | 'undone', note?: string): Promise<void> {
    const noted = note === undefined ? {} : { note };
    await this.record({ kind: 'step', step, state, ...noted });
    this.emit({ kind: 'step', step, state, at: this.now, ...noted });
  }

  note(step: StepName, text: string): void {
    this.emit({ kind: 'note', step, text, at: this.now });
  }

  async prove(proof: Proof): Promise<void> {
    await this.record({ kind: 'proof', proof });
    this.emit({ kind: 'proof', proof });
  }

  async owe(debt: Debt): Promise<void> {
    await this.record({ kind: 'debt', debt });
  }

  /**
   * The person's answer to the last need, handed out once: only for the kind of need that was asked, so that consent to one
   * thing is never taken for another, and only if it is of one of these kinds.
   */
  takeAnswer<K extends PersonAnswer['kind']>(
    need: Need['kind'],
    ...kinds: readonly K[]
  ): Extract<PersonAnswer, { kind: K }> | undefined {
    const answer = this.#answer;
    if (!answer || need !== this.#answered || !(kinds as readonly string[]).includes(answer.kind)) return undefined;
    this.#answer = undefined;
    return answer as Extract<PersonAnswer, { kind: K }>;
  }

  /** Between two effects is the place to stop: nothing is half done. */
  stopIfAsked(step: StepName): void {
    if (!this.signal?.aborted) return;
    const bothLive = this.#known.issued !== undefined && !this.#known.pastReturn;
    throw new Problem('rotation/interrupted', {
      what: `rotation ${this.id} was interrupted at "${step}"`,
      state: `every step so far is in the journal; ${bothLive ? 'the old and the new key both live' : 'nothing is half done'}`,
      next: `mcp-rotate resume ${this.id}`,
    });
  }

  /** What bounded waiting is given: so long, and an end when interrupted. */
  waiting(withinMs: Milliseconds): { withinMs: Milliseconds; signal?: AbortSignal } {
    return this.signal ? { withinMs, signal: this.signal } : { withinMs };
  }

  /** Waits; an interruption ends the wait. */
  async pause(step: StepName, length: Milliseconds): Promise<void> {
    this.stopIfAsked(step);
    try {
      await this.ports.clock.sleep(length, this.signal);
    } catch (error) {
      this.stopIfAsked(step);
      throw error;
    }
  }

  /**
   * Tries again what certainly did not happen (effect 'none') and may pass: rate limits, outages. Bounded; a wait that
   * the other side asks for is honoured up to a minute. Anything else, and an unknown effect, goes to the caller.
   */
  async patiently<T>(step: StepName, work: () => Promise<T>): Promise<T> {
    const passing = new Set(['provider/rate-limited', 'provider/unavailable', 'provider/unreachable', 'provider/timeout']);
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const again = error instanceof Problem && error.effect === 'none' && passing.has(error.code) && attempt < tries;
        if (!again) throw error;
        const wait = Math.min(error.retryAfterMs ?? attempt * 2 * second, longestWait);
        this.note(step, `${error.what}; trying again`);
        await this.pause(step, wait);
      }
    }
  }

  /** The new credential, once issued. */
  async next(): Promise<Held | undefined> {
    const issued = this.#known.issued;
    if (!issued) return undefined;
    if (this.#next?.sealed !== issued.sealed) {
      const held = await this.unseal(issued.sealed);
      this.#next = held && { sealed: issued.sealed, held };
    }
    return this.#next?.held;
  }

  async nextOrFail(): Promise<Held> {
    const next = await this.next();
    if (next) return next;
    throw new Problem('state/damaged', {
      what: `the sealed new credential of rotation ${this.id} is gone`,
      state: 'the journal says that it was issued; the provider still has it',
      next: 'issue a key by hand at the provider and put it into the clients, then revoke the old one',
    });
  }

  async seal(name: string, held: Held): Promise<void> {
    const store = await this.ports.journal();
    this.#journal.guard(this.secretsOf(held));
    const bytes = await sealHeld(this.#sealer, held);
    if ((await store.putSealed(this.id, name, bytes, this.#lease)) === 'fenced') this.fenced();
  }

  /** From here on the journal refuses any text that holds one of its secrets. */
  protected guard(held: Held): void {
    this.#journal.guard(this.secretsOf(held));
  }

  async unseal(name: string): Promise<Held | undefined> {
    const store = await this.ports.journal();
    const bytes = await store.getSealed(this.id, name);
    return bytes && openHeld(this.#sealer, bytes);
  }

  fenced(): never {
    throw new Problem('rotation/locked', {
      what: `another process took over rotation ${this.id}`,
      state: 'that process goes on with it',
      next: 'mcp-rotate history',
    });
  }

  /** The key of this machine. Under one that is good for this run only, no place would be found. */
  protected async machineKey(): Promise<Uint8Array> {
    const { key, problem } = await fingerprintKey(this.ports);
    if (problem) throw problem;
    return key;
  }
}
