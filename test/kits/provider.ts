/**
 * The contract kit of providers: every provider.test.ts calls `providerKit` and so passes the same cases.
 *
 * Cases are values (`providerCases`), so that the kit itself is tested: provider.test.ts beside it plants faults in a
 * small provider and sees cases fail. Each case takes a fresh world: an upstream with one credential to rotate, which
 * is a real server or a toy with memory, and which can tell its own state apart from what the provider says.
 * The last case fails when another one did not do what it is there for (a fault that never fired, a method not tried).
 */
import { describe, it } from 'vitest';
import type { Code } from '../../src/base/problem.ts';
import type { Upstream } from '../../src/ports/ports.ts';
import type { Held, Issuer, Method, Provider, Slot } from '../../src/providers/provider.ts';
import type { Fault } from '../twins/faults.ts';
import { faultCases } from './provider-faults.ts';
import { lifeCases } from './provider-life.ts';
import { recogniseCases } from './provider-recognise.ts';

/** How a near miss is made from a sample, applied to the text of one secret part (`scheme`: to the slot's first letter). */
export type Mutation =
  /** Without its last character. */
  | 'short'
  /** First character changed. */
  | 'prefix'
  /** A character in its middle becomes one that keys never have. */
  | 'alphabet'
  | 'scheme';

/** One documented form in which the credential is given to a server. */
export interface Sample {
  readonly title: string;
  readonly slots: readonly Slot[];
  readonly kind: string;
  /** The decoded text of every part. */
  readonly parts: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, string>>;
  /** Samples with the same name are the same credential in other forms: same identity. Other names: other identity. */
  readonly credential?: string;
  /** Near misses to make: each must not be recognised as this part. */
  readonly mutate?: readonly { readonly part: string; readonly how: readonly Mutation[] }[];
}

export interface World {
  /** Ports to the upstream. Real or virtual time; `sleep` must bring later what the upstream does later. */
  readonly up: Upstream;
  /** A working credential of this method, to be rotated. Its secrets have 8 characters or more. */
  readonly old: Held;
  readonly issuer: Issuer | undefined;
  /** Another credential at the same upstream that must never be touched. */
  readonly neighbour: Held;
  /**
   * What lives upstream, as text: keys that work, with owner and label; no dead keys, no sessions, no times of use.
   * Equal texts mean that nothing happened.
   */
  state(): Promise<string>;
  close?(): Promise<void>;
}

export interface KitOptions {
  readonly provider: Provider;
  readonly samples: readonly Sample[];
  /** What looks alike and is not ours. */
  readonly nearMisses: readonly { readonly title: string; readonly slots: readonly Slot[] }[];
  /** A fresh world for a method; called once per case. */
  world(method: Method): Promise<World>;
  /** Codes that are right here in addition to the kit's own, with the reason beside them. */
  readonly alsoRight?: Partial<Record<Fault, readonly Code[]>>;
  /** Faults that mean something for this upstream. Default: those of HTTP; 'databases': those of database protocols. */
  readonly upstream?: 'http' | 'databases';
}

export interface Case {
  readonly title: string;
  run(): Promise<void>;
}

/** What the cases report of themselves, for the last one. */
export interface Coverage {
  /** To be called when a case is made. */
  expect(what: string): void;
  /** To be called when it has really done it. */
  did(what: string): void;
}

export const markers = (n: number): string => `mcp-rotate r-20261122-kt${'abcdefgh'[n] ?? 'z'}mq4`;

/** All cases in order; the last one checks the others. */
export function providerCases(options: KitOptions): readonly Case[] {
  const expected = new Set<string>();
  const done = new Set<string>();
  const coverage: Coverage = { expect: (what) => expected.add(what), did: (what) => done.add(what) };
  const cases = [...recogniseCases(options, coverage), ...lifeCases(options, coverage), ...faultCases(options, coverage)];
  return [
    ...cases,
    {
      title: 'every part of the kit did its work',
      async run() {
        const missing = [...expected].filter((what) => !done.has(what));
        if (missing.length > 0) throw new Error(`the kit did not get to: ${missing.join('; ')}`);
      },
    },
  ];
}

/** Registers the kit's cases as tests. */
export function providerKit(options: KitOptions): void {
  describe(`${options.provider.id} keeps the provider contract`, () => {
    for (const { title, run } of providerCases(options)) it(title, run);
  });
}

/** Opens a world, runs, and closes it whatever happens. */
export async function inWorld<T>(options: KitOptions, method: Method, run: (world: World) => Promise<T>): Promise<T> {
  const world = await options.world(method);
  try {
    return await run(world);
  } finally {
    await world.close?.();
  }
}
