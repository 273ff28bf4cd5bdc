/**
 * What the engine needs of a sort of credential (keys of providers, grants of authorization servers): to find one, to plan,
 * and to go on with a rotation of it. The journal, leases, sealing and the walk are the same for all.
 */
import type { Fingerprint } from '../base/ids.ts';
import type { Code } from '../base/problem.ts';
import type { Held } from '../providers/provider.ts';
import type { Known } from './fold.ts';
import type { Journaled, JournaledParts } from './journaled.ts';
import type { Playbook } from './playbooks.ts';
import type { Need, Plan, Progress, RotateOptions } from './rotation.ts';
import { type Trade, walk } from './walk.ts';

/** A credential as it stands now. */
export interface Found {
  readonly fingerprint: Fingerprint;
  readonly held: Held;
  plan(options: RotateOptions): Promise<Plan>;
  /** Throws when what was agreed to no longer covers what would happen. */
  assertAgreed(options: RotateOptions): void;
}

export interface Sort {
  /** By its id, and by what was planned. */
  owns(name: { readonly credential: string } | { readonly plan: Pick<Plan, 'provider' | 'lone'> }): boolean;
  /** undefined when there is none. Problem state/*: when nothing could be told apart. */
  find(id: string, folders: readonly string[]): Promise<Found | undefined>;
  /** The old credential from its places: only right after the start, before it was sealed. */
  fromPlaces(known: Known): Promise<Held | undefined>;
  takeUp(known: Known, parts: JournaledParts): UnderWay;
}

/** A rotation that was taken up, whatever it rotates. */
export interface UnderWay {
  readonly run: Journaled;
  walk(): Promise<Progress>;
  rollBack(because?: { readonly code: Code; readonly why: string }): Promise<Progress>;
  payDebts(): Promise<Need | undefined>;
  lastLook(): Promise<void>;
}

export function underWay<Of extends Journaled>(run: Of, playbook: () => Playbook<Of>, trade: Trade<Of>): UnderWay {
  return {
    run,
    walk: () => walk(run, playbook(), trade),
    rollBack: (because) => trade.rollBack(run, because),
    payDebts: () => trade.payDebts(run),
    lastLook: () => trade.lastLook(run),
  };
}
