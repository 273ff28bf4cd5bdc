/**
 * One lane of the kill storm of grants: a home of its own and a chain of rotations, each killed one to three times, in which the
 * grant that one round made is the old one of the next.
 *
 * What was owed at the end of a round (a sign-in whose tokens were lost on the way, under a registration that is not ours to
 * delete) is ended at the server as a person would, so that in the next round nothing may live but what the store holds.
 */
import { expect } from 'vitest';
import type { StepName } from '../../src/rotation/rotation.ts';
import { writings } from '../kits/spills.ts';
import { askMcp } from '../toys/plain-client.ts';
import { type Trace, traceOf } from './kill-storm-journal.ts';
import { type Ended, type KillAt, openClients, runProgram, stoppedForClient } from './kill-storm-program.ts';
import type { Pair, SignInHome } from './sign-in-kill-home.ts';

export const steps: readonly StepName[] = [
  ...(['preflight', 'stop', 'revoke', 'clear', 'sign in', 'update'] as const),
  ...(['confirm', 'verify', 'prove dead', 'audit', 'receipt'] as const),
];

export interface SignInLaneParts {
  readonly bin: string;
  readonly home: SignInHome;
  readonly random: () => number;
  readonly hits: (step: StepName) => number;
  readonly onKill: (at: string) => void;
  readonly onEnd: (how: string) => void;
}

const mostKills = 3;
/** Calls of `resume` until a rotation has ended: each lost sign-in is asked for again. */
const mostResumes = 6;

export class SignInLane {
  readonly #parts: SignInLaneParts;
  #old: Pair = { access: '', refresh: '' };
  #said = '';
  #wholeMs = 0;
  #stepMs: ReadonlyMap<string, number> = new Map();
  #files: readonly string[] = [];
  /** Tokens that the server was seen to refuse: it never takes them again. */
  readonly #dead = new Set<string>();

  constructor(parts: SignInLaneParts) {
    this.#parts = parts;
  }

  /** One rotation that is not killed, to measure. */
  async begin(): Promise<void> {
    this.#start();
    const whole = await this.#run(await this.#rotate('routine'));
    const seen = [...whole.seenMs].filter(([step]) => (steps as readonly string[]).includes(step));
    this.#wholeMs = whole.tookMs;
    this.#stepMs = new Map(seen.map(([step, at], i) => [step, (seen[i + 1]?.[1] ?? whole.tookMs) - at]));
    expect(traceOf(this.#parts.home.state).ended, whole.output + whole.errors).toBe('complete');
    this.#files = this.#parts.home.files();
    await this.#ended(traceOf(this.#parts.home.state));
  }

  async round(because: 'routine' | 'leak'): Promise<void> {
    const { home, random, onKill, onEnd } = this.#parts;
    this.#start();
    const before = traceOf(home.state);
    const since = (): Trace => {
      const trace = traceOf(home.state);
      expect(trace.integrity, 'a torn journal').toBe('ok');
      return trace.rotations > before.rotations
        ? trace
        : { ...trace, at: 'before the start', ended: undefined, pastReturn: false };
    };
    let trace = since();
    const kills = 1 + Math.floor(random() * mostKills);
    for (let kill = 0; kill < kills && trace.ended === undefined; kill++) {
      const ended = await this.#run(await this.#next(trace, because), this.#killAt(kill));
      trace = since();
      if (ended.killed) onKill(trace.at);
      await this.#holds(trace);
    }
    for (let i = 0; trace.ended === undefined && i < mostResumes; i++) {
      const ended = await this.#run(await this.#next(trace, because));
      trace = since();
      if (trace.ended === undefined && !stoppedForClient(ended) && i === mostResumes - 1) {
        throw new Error(`the rotation does not end:\n${(ended.output + ended.errors).slice(-2000)}`);
      }
    }
    // Also after the end: what a killed process could not tidy up is tidied up by the next.
    await this.#run(['history']);
    await this.#run(['resume', String(trace.rotation), '--accept-unproven']);
    await this.#ended(since());
    onEnd(`${because}: ended ${trace.ended}`);
  }

  finish(): void {
    this.#nothingSpilt(true);
  }

  #start(): void {
    const [pair, ...others] = this.#parts.home.pairs();
    expect(others).toEqual([]);
    if (!pair) throw new Error('a round that begins signed out');
    this.#old = pair;
  }

  async #next(trace: Trace, because: 'routine' | 'leak'): Promise<readonly string[]> {
    if (trace.at === 'before the start') return this.#rotate(because);
    return ['resume', String(trace.rotation), '--accept-unproven'];
  }

  async #rotate(because: 'routine' | 'leak'): Promise<readonly string[]> {
    const { output, errors } = await this.#run(['status', '--json']);
    const { grants } = JSON.parse(output) as { grants: { id: string; servers: string[] }[] };
    const mine = grants.filter(({ servers }) => servers.includes('lab'));
    expect(mine.length, output + errors).toBe(1);
    const open = await openClients();
    const leave = open.length === 0 ? [] : ['--leave-running', ...open.map(String)];
    return ['rotate', mine[0]?.id ?? '', '--yes', '--sign-in', 'tool', '--accept-unproven', '--because', because, ...leave];
  }

  async #run(args: readonly string[], kill?: KillAt): Promise<Ended> {
    const { bin, home } = this.#parts;
    const ended = await runProgram(bin, home.folder, args, { kill, env: home.env });
    this.#said += ended.output + ended.errors;
    return ended;
  }

  #killAt(kill: number): KillAt {
    const { random, hits } = this.#parts;
    if (kill > 0 || random() < 0.5) return { afterMs: random() * this.#wholeMs };
    const [step = 'preflight'] = steps.toSorted((a, b) => hits(a) - hits(b));
    // What is seen is already a little past: early moments are preferred.
    return { step, afterMs: random() ** 2 * (this.#stepMs.get(step) ?? 0) };
  }

  /** After every kill: no file is torn, and no store holds a revoked token of which the journal knows nothing. */
  async #holds(trace: Trace): Promise<void> {
    const { home } = this.#parts;
    const pairs = home.pairs();
    expect(pairs.length, `pairs in the store (killed at ${trace.at})`).toBeLessThanOrEqual(1);
    expect(home.text().includes(home.neighbour), `the neighbour, byte for byte (killed at ${trace.at})`).toBe(true);
    const holdsOld = pairs.some(({ access }) => access === this.#old.access);
    const takes = await home.lab.authorizationServer.takes(this.#old.access);
    expect(!holdsOld || takes || trace.pastReturn, `a revoked token in the store, unknown (killed at ${trace.at})`).toBe(true);
    this.#nothingSpilt(false);
  }

  async #ended(trace: Trace): Promise<void> {
    const { home } = this.#parts;
    const { authorizationServer: server, remote } = home.lab;
    expect(['complete', 'debt'], this.#said.slice(-2000)).toContain(trace.ended);
    const pairs = home.pairs();
    expect(pairs.length, 'pairs in the store').toBe(1);
    const [now = this.#old] = pairs;
    expect(now.access === this.#old.access || now.refresh === this.#old.refresh, 'an old token in the store').toBe(false);
    expect((await askMcp(remote.url, now.access)).status, 'the new access token').toBe(200);
    expect(await server.takes(now.refresh), 'the new refresh token').toBe(true);
    expect((await askMcp(remote.url, this.#old.access)).status, 'the old access token').toBe(401);
    for (const { access, refresh, clientId } of server.givenOut) {
      for (const token of [refresh ?? access, access]) {
        if (this.#dead.has(token) || token === now.access || token === now.refresh) continue;
        if (await server.takes(token)) {
          const owed = trace.debts.some(({ kind, text }) => kind === 'lost-key' && text.includes(clientId));
          expect(owed, 'a live grant that nobody knows of').toBe(true);
          await server.endGrantOf(token);
        }
        this.#dead.add(token);
      }
    }
    expect(trace.debts.filter(({ kind }) => kind !== 'lost-key')).toEqual([]);
    if (trace.ended === 'complete') expect(trace.sealedHere, 'sealed values that are left').toBe(0);
    expect(home.text().includes(home.neighbour), 'the neighbour, byte for byte').toBe(true);
    expect(home.files(), 'files that are left').toEqual(this.#files);
    this.#nothingSpilt(false);
  }

  #nothingSpilt(said: boolean): void {
    const { home } = this.#parts;
    const { givenOut } = home.lab.authorizationServer;
    // Of all rounds only at the end: the texts grow with them.
    const tokens = (said ? givenOut : givenOut.slice(-4)).flatMap(({ access, refresh }) => [access, refresh ?? access]);
    const texts = home.stateBytes().map((bytes) => bytes.toString('latin1'));
    if (said) texts.push(this.#said);
    const wanted = [...tokens, this.#old.access, this.#old.refresh].flatMap((token) => writings(token));
    expect(
      texts.some((text) => wanted.some((writing) => text.includes(writing))),
      'a token in the state folder',
    ).toBe(false);
  }
}
