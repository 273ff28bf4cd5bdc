/**
 * One lane of the kill storm: a home of its own and a chain of rotations of one role, each killed one to three times.
 *
 * A round ends when its rotation is complete. A kill that comes before anything was journaled leaves nothing to resume,
 * and the rotation is then started again; everything else goes on with `resume`. A round of taking back kills `rotate`
 * where it stands in a chosen step, then `undo` one to three times, and ends with everything as it was before: or, where
 * the journal says that the old credential may be revoked already, with `undo` refused and the rotation complete.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { StepName } from '../../src/rotation/rotation.ts';
import type { StormDatabase } from './kill-storm-database.ts';
import { passwordOf, userOf } from './kill-storm-database.ts';
import type { Home, ServerKind } from './kill-storm-home.ts';
import { type Trace, traceOf } from './kill-storm-journal.ts';
import { type Ended, type KillAt, openClients, runProgram, stoppedForClient } from './kill-storm-program.ts';

export type Because = 'routine' | 'leak';

export const stepsOf: Readonly<Record<Because, readonly StepName[]>> = {
  routine: ['preflight', 'issue', 'check', 'update', 'restart', 'verify', 'soak', 'revoke', 'prove dead', 'audit', 'receipt'],
  leak: ['preflight', 'revoke', 'prove dead', 'issue', 'check', 'update', 'restart', 'verify', 'audit', 'receipt'],
};

/** Where a rotation stands that is taken back, in turn, what has most to take back first. In `revoke` it may be too late. */
export const stands: readonly StepName[] = stepsOf.routine.slice(0, stepsOf.routine.indexOf('prove dead') + 1).toReversed();
const reachesRevoke: ReadonlySet<StepName> = new Set(['revoke', 'prove dead']);

export interface LaneParts {
  readonly bin: string;
  readonly home: Home;
  readonly database: StormDatabase;
  readonly role: string;
  readonly firstDsn: string;
  /** Answers [0, 1). */
  readonly random: () => number;
  /** Told of every kill of a round: where the journal stood. */
  readonly onKill: (what: Round['what'], at: string) => void;
  /** So many kills hit a step so far, in all lanes. */
  readonly hits: (what: Round['what'], step: StepName) => number;
  /** Told of every rotation that was taken back, or was past that: where it stood. */
  readonly onUndo: (step: StepName, how: 'undone' | 'refused') => void;
}

interface Lengths {
  readonly wholeMs: number;
  readonly stepMs: ReadonlyMap<string, number>;
}

export interface Round {
  readonly number: number;
  /** 'undo': a routine rotation, taken back. */
  readonly what: Because | 'undo';
  readonly kind: ServerKind;
}

const becauseOf = ({ what }: Pick<Round, 'what'>): Because => (what === 'leak' ? 'leak' : 'routine');

const mostKills = 3;
/** Tries, a second apart, while a client that was opened beside the test is in the way. */
const mostPatience = 30;
/** Both alive for a moment: long enough to be hit. */
const soak = '40ms';
/** Longer than any kill is waited for. */
const longSoak = '10m';

export class Lane {
  readonly passwords: Set<string>;
  /** Everything that the program said in this lane. */
  said = '';
  #dsn: string;
  #files: readonly string[] = [];
  #rotations = 0;
  #stands = 0;
  /** How long `undo` takes, by the step in which the rotation stood. */
  readonly #undoMs = new Map<StepName, number>();
  /** DSNs of this round that stood in a config. */
  readonly #seen = new Set<string>();
  /** Was the old credential refused in this round? */
  #oldRefused = false;
  readonly #lengths = new Map<string, Lengths>();
  readonly #parts: LaneParts;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#dsn = parts.firstDsn;
    this.passwords = new Set([passwordOf(parts.firstDsn)]);
  }

  /** Adds the issuer, and measures one whole run of each playbook, and one of `undo`, that is not killed. */
  async begin(): Promise<void> {
    const { database, home } = this.#parts;
    home.write(this.#dsn, 'quick');
    const added = await this.#run(['issuer', 'add', 'postgresql', '--stdin', '--without-keyring'], undefined, database.adminDsn);
    expect(added.status, added.errors).toBe(0);
    for (const what of ['routine', 'leak', 'routine'] as const) {
      const round: Round = { number: 0, what, kind: 'quick' };
      this.#start(round);
      const whole = await this.#run(await this.#rotate(round));
      this.#measure(round, whole);
      const said = whole.output + whole.errors + (stoppedForClient(whole) ? await this.#resume() : '');
      expect(stoppedForClient(whole) || whole.status === 0, said).toBe(true);
      this.#files = home.files();
      await this.#ended(round, traceOf(home.state), said);
    }
    const round: Round = { number: 0, what: 'undo', kind: 'quick' };
    this.#start(round);
    const before = traceOf(home.state);
    const stood = await this.#stand(round, before, { step: 'soak', afterMs: 0 }, longSoak);
    const whole = await this.#run(['undo', String(this.#since(before).rotation), '--yes']);
    for (const step of stands) this.#undoMs.set(step, whole.tookMs);
    const said = stood + whole.output + whole.errors + (await this.#resume());
    await this.#undone(round, this.#since(before), said);
  }

  async round(round: Round): Promise<void> {
    this.#start(round);
    await (round.what === 'undo' ? this.#takeBack(round) : this.#complete(round));
  }

  #start({ kind }: Round): void {
    this.#parts.home.write(this.#dsn, kind);
    this.#seen.clear();
    this.#oldRefused = false;
  }

  async #complete(round: Round): Promise<void> {
    const { random } = this.#parts;
    const before = traceOf(this.#parts.home.state);
    let said = '';
    let trace = this.#since(before);
    const kills = 1 + Math.floor(random() * mostKills);
    for (let kill = 0; kill < kills && trace.ended === undefined; kill++) {
      const args = await this.#next(round, before, trace);
      const ended = await this.#run(args, this.#killAt(round, kill));
      said += ended.output + ended.errors;
      // It was faster than measured: the next kills come earlier.
      if (ended.status === 0 && args[0] === 'rotate') this.#measure(round, ended);
      trace = this.#since(before);
      if (ended.killed) this.#parts.onKill(round.what, trace.at);
      else if (!stoppedForClient(ended)) expect(ended.status, ended.errors).toBe(0);
      await this.#holds(round, trace);
    }
    if (trace.at === 'before the start') {
      const ended = await this.#run(await this.#rotate(round));
      expect(stoppedForClient(ended) || ended.status === 0, ended.output + ended.errors).toBe(true);
      said += ended.output + ended.errors;
    }
    // Also after the end: what a killed process could not tidy up is tidied up by the next.
    said += await this.#resume();
    trace = this.#since(before);
    await this.#ended(round, trace, said);
  }

  async #takeBack(round: Round): Promise<void> {
    const { random, onKill, onUndo } = this.#parts;
    const before = traceOf(this.#parts.home.state);
    const step = stands[this.#stands++ % stands.length] ?? 'soak';
    const killAt = { step, afterMs: random() ** 2 * (this.#lengthsOf('routine', round.kind).stepMs.get(step) ?? 0) };
    let said = await this.#stand(round, before, killAt, reachesRevoke.has(step) ? soak : longSoak);
    let trace = this.#since(before);
    const { pastReturn } = trace;
    await this.#holds(round, trace);
    const undo = ['undo', String(trace.rotation), '--yes'];
    const kills = 1 + Math.floor(random() * mostKills);
    for (let kill = 0; kill <= kills && trace.ended !== 'rolled-back' && !pastReturn; kill++) {
      // From the decision on `resume` takes back as well. The last one is not killed.
      const args = trace.rollingBack && random() < 0.5 ? ['resume'] : undo;
      // Not before it can have begun: half of the time is the start of the program.
      const afterMs = (0.4 + 0.6 * random()) * (this.#undoMs.get(step) ?? 0);
      const ended = await this.#run(args, kill < kills ? { afterMs } : undefined);
      said += ended.output + ended.errors;
      trace = this.#since(before);
      if (ended.status === 0 && kill === 0) this.#undoMs.set(step, ended.tookMs);
      if (ended.killed) onKill('undo', trace.at);
      else if (!stoppedForClient(ended)) expect(trace.ended, ended.errors).toBe('rolled-back');
      await this.#holds(round, trace);
    }
    if (pastReturn) {
      const refused = await this.#run(undo);
      expect({ status: refused.status, errors: refused.errors }).toEqual({
        status: 2,
        errors: expect.stringContaining('[rotation/past-return]'),
      });
    }
    said += await this.#resume();
    onUndo(step, pastReturn ? 'refused' : 'undone');
    if (pastReturn) await this.#ended(round, this.#since(before), said);
    else await this.#undone(round, this.#since(before), said);
  }

  /** Kills `rotate` where it stands; answers what was said. */
  async #stand(round: Round, before: Trace, killAt: KillAt, soakFor: string): Promise<string> {
    const ended = await this.#run(await this.#rotate(round, soakFor), killAt);
    const said = ended.output + ended.errors;
    expect(ended.killed || stoppedForClient(ended) || reachesRevoke.has(killAt.step ?? 'preflight'), said).toBe(true);
    expect(traceOf(this.#parts.home.state).rotations, said).toBe(before.rotations + 1);
    return said;
  }

  /** No secret that was ever used is anywhere: files of the state folder, and all that was said. */
  finish(): void {
    expect(this.#parts.home.spills([...this.passwords], { 'standard output and error': this.said }), 'spills').toEqual([]);
  }

  /** The journal of this round's rotation, if it has begun. */
  #since(before: Trace): Trace {
    const trace = traceOf(this.#parts.home.state);
    expect(trace.integrity, 'a torn journal').toBe('ok');
    return trace.rotations > before.rotations ? trace : { ...trace, at: 'before the start', ended: undefined };
  }

  async #next(round: Round, before: Trace, now: Trace): Promise<readonly string[]> {
    return now.rotations > before.rotations ? ['resume', '--accept-unproven'] : this.#rotate(round);
  }

  async #rotate(round: Round, soakFor = soak): Promise<readonly string[]> {
    const status = await this.#run(['status', '--json']);
    const found = JSON.parse(status.output) as { credentials: { id: string; provider: string; places: unknown[] }[] };
    const mine = found.credentials.filter(({ provider }) => provider === 'postgresql');
    expect(
      mine.map(({ places }) => places.length > 0),
      status.output,
    ).toEqual([true]);
    const how = round.what === 'leak' ? ['--because', 'leak'] : ['--soak', soakFor];
    const open = await openClients();
    const leave = open.length === 0 ? [] : ['--leave-running', ...open.map(String)];
    return ['rotate', mine[0]?.id ?? '', '--yes', '--accept-unproven', ...how, ...leave];
  }

  /** Until nothing is open; answers what was said. */
  async #resume(): Promise<string> {
    let said = '';
    for (let patience = mostPatience; ; patience--) {
      const ended = await this.#run(['resume', '--accept-unproven']);
      said += ended.output + ended.errors;
      if (ended.status === 0) return said;
      // A rotation that was asked for and was taken back is no success of `resume`.
      if (/rolled back/.test(ended.output + ended.errors) && traceOf(this.#parts.home.state).ended === 'rolled-back') continue;
      expect(stoppedForClient(ended) && patience > 0, said).toBe(true);
      await sleep(1000);
    }
  }

  async #run(args: readonly string[], kill?: KillAt, input?: string): Promise<Ended> {
    const { bin, home } = this.#parts;
    const ended = await runProgram(bin, home.folder, args, { kill, ...(input === undefined ? {} : { input }) });
    this.said += ended.output + ended.errors;
    return ended;
  }

  #measure(round: Round, { tookMs, seenMs }: Ended): void {
    const because = becauseOf(round);
    const seen = [...seenMs].filter(([step]) => (stepsOf[because] as readonly string[]).includes(step));
    const stepMs = seen.map(([step, at], i): [string, number] => [step, (seen[i + 1]?.[1] ?? tookMs) - at]);
    this.#lengths.set(`${because} ${round.kind}`, { wholeMs: tookMs, stepMs: new Map(stepMs) });
  }

  #lengthsOf(because: Because, kind: ServerKind): Lengths {
    const lengths = this.#lengths.get(`${because} ${kind}`) ?? this.#lengths.get(`${because} quick`);
    if (!lengths) throw new Error('a round of a playbook that was not measured');
    return lengths;
  }

  /** Half of the kills at any moment of a whole run, half of the first ones within the step that was hit least. */
  #killAt(round: Round, kill: number): KillAt {
    const { random, hits } = this.#parts;
    const { kind } = round;
    // A real server's start takes longer than all the rest.
    const { wholeMs, stepMs } = this.#lengthsOf(becauseOf(round), kind);
    if (kill > 0 || random() < 0.5) return { afterMs: random() * wholeMs * (kind === 'real' ? 4 : 1) };
    const [step = 'preflight'] = stepsOf[becauseOf(round)].toSorted((a, b) => hits(round.what, a) - hits(round.what, b));
    // What is seen is already a little past: early moments are preferred.
    return { step, afterMs: random() ** 2 * (stepMs.get(step) ?? 0) };
  }

  /** After every kill. */
  async #holds({ what, kind }: Round, { at }: Trace): Promise<void> {
    const { home, database, role } = this.#parts;
    const held = [...new Set(home.read(kind))];
    for (const dsn of held) this.#seen.add(dsn);
    for (const dsn of held) {
      if (await database.accepts(dsn)) continue;
      const revoked = what === 'leak' && dsn === this.#dsn;
      expect(revoked, `locked out: a config holds a DSN that is refused (killed at ${at})`).toBe(true);
    }
    if (what === 'leak') {
      const logins = (await database.roles(role)).filter(({ login }) => login);
      expect(logins.length, `a leak: roles that may log in (killed at ${at})`).toBeLessThanOrEqual(1);
      const accepted = await database.accepts(this.#dsn);
      expect(accepted && this.#oldRefused, `a leak: the old DSN was refused and works again (killed at ${at})`).toBe(false);
      this.#oldRefused = !accepted;
    }
    expect(this.#spills(), `spills (killed at ${at})`).toEqual([]);
  }

  /** Where a secret of this round stands in the state folder, or in a text. */
  #spills(texts: Readonly<Record<string, string>> = {}): readonly string[] {
    return this.#parts.home.spills([this.#dsn, ...this.#seen].map(passwordOf), texts);
  }

  /** After every round of which the rotation is complete. */
  async #ended(round: Round, trace: Trace, said: string): Promise<void> {
    const { home, database } = this.#parts;
    expect(trace.ended).toBe('complete');
    const held = home.read(round.kind);
    const dsn = held[0] ?? '';
    expect(new Set(held).size, 'configs that differ').toBe(1);
    expect(dsn).not.toBe(this.#dsn);
    expect(await database.accepts(this.#dsn), 'the old DSN works').toBe(false);
    this.#seen.add(this.#dsn);
    this.#dsn = dsn;
    await this.#oneLives(trace, said);
  }

  /** After every round of which the rotation was taken back: as if nothing had been. */
  async #undone(round: Round, trace: Trace, said: string): Promise<void> {
    expect(trace.ended).toBe('rolled-back');
    expect(new Set(this.#parts.home.read(round.kind)), 'what the configs hold').toEqual(new Set([this.#dsn]));
    await this.#oneLives(trace, said);
  }

  /** The DSN of the lane works and no other of the round; nothing is left of it but a receipt. */
  async #oneLives(trace: Trace, said: string): Promise<void> {
    const { home, database, role } = this.#parts;
    expect(await database.accepts(this.#dsn), 'the DSN in the configs is refused').toBe(true);
    for (const dsn of this.#seen) {
      if (dsn !== this.#dsn) expect(await database.accepts(dsn), 'another DSN of the round works').toBe(false);
      this.passwords.add(passwordOf(dsn));
    }
    this.passwords.add(passwordOf(this.#dsn));
    expect(await database.roles(role), 'roles').toEqual([
      { name: role, login: false, memberOf: [] },
      { name: userOf(this.#dsn), login: true, memberOf: [role] },
    ]);
    expect(this.#spills({ said }), 'spills').toEqual([]);
    expect(trace.sealed, 'sealed values that are left').toBe(0);
    expect(home.files(), 'files that are left').toEqual(this.#files);
    expect(home.receipts().length, 'receipts').toBe(++this.#rotations);
  }
}
