/**
 * Kit part: each operation with each fault at each of its calls.
 *
 * What is asked of every outcome: a Problem whose code says what happened, or a success that is one; 'none' as effect
 * only if nothing changed upstream; the same operation afterwards, without the fault, ends well; no secret in anything.
 */
import { expect } from 'vitest';
import { type Code, Problem } from '../../src/base/problem.ts';
import type { Secret } from '../../src/base/secret.ts';
import type { Upstream } from '../../src/ports/ports.ts';
import type { Standing } from '../../src/providers/provider.ts';
import { type Fault, type FaultyUpstream, faultyUpstream, retryAfterMs } from '../twins/faults.ts';
import { type Case, type Coverage, inWorld, type KitOptions, type World } from './provider.ts';
import { type ApiMethod, apiMethods, contextOf, expectNoSpill, heldFrom, make, secretsOf, settled } from './provider-life.ts';

const rightCodes: Record<Fault, readonly Code[]> = {
  refused: ['provider/refused', 'rotation/needs-issuer'],
  forbidden: ['provider/forbidden', 'provider/cannot', 'rotation/needs-issuer'],
  'rate-limited': ['provider/rate-limited'],
  'server-error': ['provider/unavailable'],
  unavailable: ['provider/unavailable'],
  unreachable: ['provider/unreachable'],
  hang: ['provider/timeout'],
  'lost-answer': ['provider/timeout'],
  cut: ['provider/unavailable'],
  garbage: ['provider/garbled'],
  truncated: ['provider/garbled'],
};

/** Faults after which the effect certainly did not happen by that call. */
const certain: ReadonlySet<Fault> = new Set<Fault>(['refused', 'forbidden', 'rate-limited', 'unreachable']);

const httpFaults: readonly Fault[] = [
  'refused',
  'forbidden',
  'rate-limited',
  'server-error',
  'unavailable',
  'unreachable',
  'hang',
  'lost-answer',
  'garbage',
  'truncated',
];
const databaseFaults: readonly Fault[] = [
  'refused',
  'forbidden',
  'unavailable',
  'unreachable',
  'hang',
  'lost-answer',
  'cut',
  'garbage',
];

/** Most calls of one operation that are tried; more would mean a loop. */
const mostCalls = 40;

/** A run with a fault, and how it ended. */
interface Run {
  readonly fault: Fault;
  readonly at: number;
  readonly error: unknown;
  readonly answer: unknown;
  /** State of the upstream before the run. */
  readonly before: string;
}

interface Operation {
  readonly name: string;
  prepare?(world: World): Promise<void>;
  run(up: Upstream, world: World): Promise<unknown>;
  judge(world: World, run: Run): Promise<void>;
  /** May it do without any call? */
  readonly mayBeSilent: boolean;
}

function expectRightProblem(options: KitOptions, error: unknown, fault: Fault, secrets: readonly Secret[]): Problem {
  expectNoSpill(error, secrets);
  if (!(error instanceof Problem)) throw new Error(`a fault (${fault}) came out as a bug: ${String(error)}`, { cause: error });
  const right = [...rightCodes[fault], ...(options.alsoRight?.[fault] ?? [])];
  expect(right, `${fault} came out as ${error.message}`).toContain(error.code);
  if (fault === 'rate-limited' && error.code === 'provider/rate-limited') expect(error.retryAfterMs).toBe(retryAfterMs);
  return error;
}

/** 'none' is claimed only when nothing changed; and it is claimed when the fault was a plain no. */
async function expectRightEffect(world: World, error: Problem, before: string, fault: Fault, at: number): Promise<void> {
  const after = await world.state();
  if (error.effect === 'none') expect(after, `${error.code} with effect none`).toBe(before);
  if (certain.has(fault) && at === 1) expect(error.effect, `effect of ${fault} at the first call`).toBe('none');
}

function checking(options: KitOptions): Operation {
  return {
    name: 'check',
    mayBeSilent: false,
    run: (up, world) => options.provider.check(up, world.old),
    async judge(world, { fault, at, error, answer, before }) {
      if (error !== undefined) throw new Error(`check threw at ${fault} of call ${at}`, { cause: error });
      const standing = answer as Standing;
      const wrong = `check answers ${standing.alive} at ${fault} of call ${at}`;
      if (fault !== 'refused') expect(standing.alive, wrong).not.toBe('no');
      if (at === 1 && fault !== 'forbidden') expect(standing.alive, wrong).not.toBe('yes');
      if (fault === 'rate-limited' && standing.alive === 'unknown') expect(standing.retryAfterMs).toBe(retryAfterMs);
      expect(await world.state(), 'check changes nothing').toBe(before);
      await settled(options, world, world.old, 'yes');
    },
  };
}

function preflight(options: KitOptions, method: ApiMethod): Operation {
  return {
    name: 'preflight',
    mayBeSilent: method.needs === 'nothing',
    run: (up, world) => method.preflight(up, contextOf(world)),
    async judge(world, { fault, at, error, before }) {
      expect(await world.state(), 'preflight changes nothing').toBe(before);
      if (error === undefined) {
        expect(at > 1 || fault === 'forbidden', `preflight is content with ${fault} of call ${at}`).toBe(true);
        return;
      }
      const problem = expectRightProblem(options, error, fault, secretsOf(options.provider, world.old, world.issuer));
      await expectRightEffect(world, problem, before, fault, at);
    },
  };
}

function issuing(options: KitOptions, method: ApiMethod): Operation {
  const { provider } = options;
  let existing: readonly string[] = [];
  let intentAt = 0;
  let proposed: Awaited<ReturnType<typeof make>>['proposed'];
  return {
    name: 'issue',
    mayBeSilent: false,
    async prepare(world) {
      intentAt = world.up.clock.now();
      if (method.value === 'theirs') existing = await method.existing(world.up, contextOf(world));
      else proposed = method.propose(world.up.random, contextOf(world));
    },
    async run(up, world) {
      if (method.value === 'theirs') return heldFrom(world, await method.issueNew(up, contextOf(world)));
      return heldFrom(world, await method.issueWith(up, contextOf(world), proposed ?? {}));
    },
    async judge(world, { fault, at, error, before }) {
      const secrets = secretsOf(provider, world.old, world.issuer, { parts: proposed ?? {} });
      if (error !== undefined) {
        const problem = expectRightProblem(options, error, fault, secrets);
        await expectRightEffect(world, problem, before, fault, at);
      }
      await settled(options, world, world.neighbour, 'yes');
      if (method.value === 'ours') {
        const issued = await method.issueWith(world.up, contextOf(world), proposed ?? {});
        await settled(options, world, heldFrom(world, issued), 'yes');
        return;
      }
      if (error === undefined) {
        expect(await world.state(), 'a success made something').not.toBe(before);
        return;
      }
      if (method.overlap === 'replaces' || method.findStrays === undefined) return;
      const stray = (await world.state()) !== before;
      const found = await method.findStrays(world.up, contextOf(world), { intentAt, existing });
      expect(found.length > 0, `strays are ${stray ? '' : 'not '}there`).toBe(stray);
      for (const { upstreamId } of found) {
        expect(existing).not.toContain(upstreamId);
        if (method.revocation.by !== 'api') return;
        await method.revocation.revoke(world.up, contextOf(world), { upstreamId }, world.old);
      }
      expect(await world.state(), 'no stray is left').toBe(before);
      await settled(options, world, world.old, 'yes');
      await settled(options, world, (await make(world, method)).held, 'yes');
    },
  };
}

function revoking(options: KitOptions, method: ApiMethod): Operation | undefined {
  const { provider } = options;
  const { revocation } = method;
  if (revocation.by !== 'api') return undefined;
  let target: { held: World['old']; upstreamId?: string } | undefined;
  let fresh: World['old'] | undefined;
  return {
    name: 'revoke',
    mayBeSilent: method.overlap === 'replaces',
    async prepare(world) {
      const id = (await provider.check(world.up, world.old)).upstreamId;
      target = { held: world.old, ...(id === undefined ? {} : { upstreamId: id }) };
      fresh = (await make(world, method)).held;
      // As the engine does: nothing is revoked before the new one works, which may take a while.
      await settled(options, world, fresh, 'yes');
    },
    run: async (up, world) => revocation.revoke(up, contextOf(world), target ?? {}, fresh),
    async judge(world, { fault, at, error, before }) {
      if (fresh === undefined) throw new Error('prepare did not run');
      const secrets = secretsOf(provider, world.old, world.issuer, fresh);
      if (error !== undefined) {
        const problem = expectRightProblem(options, error, fault, secrets);
        await expectRightEffect(world, problem, before, fault, at);
        await settled(options, world, fresh, 'yes');
        const again = await revocation.revoke(world.up, contextOf(world), target ?? {}, fresh);
        expect(again).toBeOneOf(['gone', 'absent', 'accepted']);
      }
      await settled(options, world, world.old, 'no');
      await settled(options, world, fresh, 'yes');
      await settled(options, world, world.neighbour, 'yes');
    },
  };
}

/** One run in a fresh world, the fault at one call. Answers how many calls there were and whether it fired. */
async function once(
  options: KitOptions,
  method: ApiMethod,
  operation: Operation,
  at: number,
  fault: Fault,
): Promise<FaultyUpstream> {
  return inWorld(options, method, async (world) => {
    await operation.prepare?.(world);
    const before = await world.state();
    const faulty = faultyUpstream(world.up, { at, fault });
    let error: unknown;
    let answer: unknown;
    try {
      answer = await operation.run(faulty.up, world);
      expectNoSpill(answer, secretsOf(options.provider, world.old, world.issuer));
    } catch (thrown) {
      error = thrown ?? new Error('nothing was thrown');
    }
    if (faulty.fired() || error !== undefined) await operation.judge(world, { fault, at, error, answer, before });
    return faulty;
  });
}

export function faultCases(options: KitOptions, coverage: Coverage): readonly Case[] {
  const faults = options.upstream === 'databases' ? databaseFaults : httpFaults;
  const cases: Case[] = [];
  for (const [index, method] of apiMethods(options.provider).entries()) {
    const operations = [
      ...(index === 0 ? [checking(options)] : []),
      preflight(options, method),
      issuing(options, method),
      revoking(options, method),
    ];
    for (const operation of operations) {
      if (operation === undefined) continue;
      for (const fault of faults) {
        const title = `${method.id}: ${operation.name} with ${fault} at each call`;
        coverage.expect(title);
        cases.push({
          title,
          async run() {
            let fired = 0;
            let calls = 1;
            for (let at = 1; at <= calls; at++) {
              if (at > mostCalls) throw new Error(`${operation.name} makes more than ${mostCalls} calls`);
              const faulty = await once(options, method, operation, at, fault);
              if (faulty.fired()) fired++;
              // A fault cuts the run short: the next number exists if this one was reached.
              calls = faulty.calls() >= at ? at + 1 : at;
            }
            if (fired > 0 || operation.mayBeSilent) coverage.did(title);
          },
        });
      }
    }
  }
  return cases;
}
