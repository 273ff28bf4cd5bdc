/**
 * One lane of the kill storm: a home of its own and a chain of rotations of one role, each killed one to three times.
 *
 * A round ends when its rotation is complete. A kill that comes before anything was journaled leaves nothing to resume,
 * and the rotation is then started again; everything else goes on with `resume`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { StepName } from '../../src/rotation/rotation.ts';
import type { StormDatabase } from './kill-storm-database.ts';
import { passwordOf, userOf } from './kill-storm-database.ts';
import type { Home, ServerKind } from './kill-storm-home.ts';
import { type Trace, traceOf } from './kill-storm-journal.ts';
import { type Ended, type KillAt, openClients, runProgram, stoppedForClient } from './kill-storm-program.ts';

export const stepsOf: Readonly<Record<'routine' | 'leak', readonly StepName[]>> = {
  routine: ['preflight', 'issue', 'check', 'update', 'restart', 'verify', 'soak', 'revoke', 'prove dead', 'audit', 'receipt'],
  leak: ['preflight', 'revoke', 'prove dead', 'issue', 'check', 'update', 'restart', 'verify', 'audit', 'receipt'],
};

export interface LaneParts {
  readonly bin: string;
  readonly home: Home;
  readonly database: StormDatabase;
  readonly role: string;
  readonly firstDsn: string;
  /** Answers [0, 1). */
  readonly random: () => number;
  /** Told of every kill: playbook and where the journal stood. */
  readonly onKill: (because: 'routine' | 'leak', at: string) => void;
}

interface Lengths {
  readonly wholeMs: number;
  readonly stepMs: ReadonlyMap<string, number>;
}

export interface Round {
  readonly number: number;
  readonly because: 'routine' | 'leak';
  readonly kind: ServerKind;
}

const mostKills = 3;
/** Tries, a second apart, while a client that was opened beside the test is in the way. */
const mostPatience = 30;
/** Both alive for a moment: long enough to be hit. */
const soak = '40ms';

export class Lane {
  readonly passwords: string[];
  /** Everything that the program said in this lane. */
  said = '';
  #dsn: string;
  #files: readonly string[] = [];
  #rotations = 0;
  #aims = 0;
  readonly #lengths = new Map<string, Lengths>();
  readonly #parts: LaneParts;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#dsn = parts.firstDsn;
    this.passwords = [passwordOf(parts.firstDsn)];
  }

  /** Adds the issuer, and measures one whole run of each playbook that is not killed. */
  async begin(): Promise<void> {
    const { database, home } = this.#parts;
    home.write(this.#dsn, 'quick');
    const added = await this.#run(['issuer', 'add', 'postgresql', '--stdin', '--without-keyring'], undefined, database.adminDsn);
    expect(added.status, added.errors).toBe(0);
    for (const because of ['routine', 'leak', 'routine'] as const) {
      const round: Round = { number: 0, because, kind: 'quick' };
      home.write(this.#dsn, 'quick');
      const whole = await this.#run(await this.#rotate(round));
      this.#measure(round, whole);
      const said = whole.output + whole.errors + (stoppedForClient(whole) ? await this.#resume() : '');
      expect(stoppedForClient(whole) || whole.status === 0, said).toBe(true);
      this.#files = home.files();
      await this.#ended(round, traceOf(home.state), said);
    }
  }

  async round(round: Round): Promise<void> {
    const { home, random } = this.#parts;
    home.write(this.#dsn, round.kind);
    const before = traceOf(home.state);
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
      if (ended.killed) this.#parts.onKill(round.because, trace.at);
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

  /** No secret that was ever used is anywhere: files of the state folder, and all that was said. */
  finish(): void {
    expect(this.#parts.home.spills(this.passwords, { 'standard output and error': this.said }), 'spills').toEqual([]);
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

  async #rotate({ because }: Round): Promise<readonly string[]> {
    const status = await this.#run(['status', '--json']);
    const found = JSON.parse(status.output) as { credentials: { id: string; provider: string; places: unknown[] }[] };
    const mine = found.credentials.filter(({ provider }) => provider === 'postgresql');
    expect(
      mine.map(({ places }) => places.length > 0),
      status.output,
    ).toEqual([true]);
    const how = because === 'leak' ? ['--because', 'leak'] : ['--soak', soak];
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

  #measure({ because, kind }: Round, { tookMs, seenMs }: Ended): void {
    const seen = [...seenMs].filter(([step]) => (stepsOf[because] as readonly string[]).includes(step));
    const stepMs = seen.map(([step, at], i): [string, number] => [step, (seen[i + 1]?.[1] ?? tookMs) - at]);
    this.#lengths.set(`${because} ${kind}`, { wholeMs: tookMs, stepMs: new Map(stepMs) });
  }

  /** Every other kill at any moment of a whole run, every other within one step, each step in turn. */
  #killAt({ because, kind }: Round, kill: number): KillAt {
    const { random } = this.#parts;
    const lengths = this.#lengths.get(`${because} ${kind}`) ?? this.#lengths.get(`${because} quick`);
    if (!lengths) throw new Error('a round of a playbook that was not measured');
    // A real server's start takes longer than all the rest.
    const { wholeMs, stepMs } = lengths;
    const steps = stepsOf[because];
    if (kill > 0 || this.#aims++ % 2 === 0) return { afterMs: random() * wholeMs * (kind === 'real' ? 4 : 1) };
    const step = steps[(this.#aims >> 1) % steps.length] ?? 'preflight';
    // What is seen is already a little past: early moments are preferred.
    return { step, afterMs: random() ** 2 * (stepMs.get(step) ?? 0) };
  }

  /** After every kill. */
  async #holds({ because, kind }: Round, trace: Trace): Promise<void> {
    const { home, database } = this.#parts;
    const held = [...new Set(home.read(kind))];
    for (const dsn of held) {
      if (await database.accepts(dsn)) continue;
      const revoked = because === 'leak' && dsn === this.#dsn;
      expect(revoked, `locked out: a config holds a DSN that is refused (killed at ${trace.at})`).toBe(true);
    }
  }

  /** After every round. */
  async #ended(round: Round, trace: Trace, said: string): Promise<void> {
    const { home, database, role } = this.#parts;
    expect(trace.ended).toBe('complete');
    const held = home.read(round.kind);
    const dsn = held[0] ?? '';
    expect(new Set(held).size, 'configs that differ').toBe(1);
    expect(dsn).not.toBe(this.#dsn);
    expect(await database.accepts(dsn), 'the new DSN is refused').toBe(true);
    expect(await database.accepts(this.#dsn), 'the old DSN works').toBe(false);
    expect(await database.roles(role), 'roles').toEqual([
      { name: role, login: false, memberOf: [] },
      { name: userOf(dsn), login: true, memberOf: [role] },
    ]);
    const old = passwordOf(this.#dsn);
    this.passwords.push(passwordOf(dsn));
    this.#dsn = dsn;
    expect(home.spills([old, passwordOf(dsn)], { said }), 'spills').toEqual([]);
    expect(trace.sealed, 'sealed values that are left').toBe(0);
    expect(home.files(), 'files that are left').toEqual(this.#files);
    expect(home.receipts().length, 'receipts').toBe(++this.#rotations);
  }
}
