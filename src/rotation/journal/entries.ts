/**
 * What the journal records. Every entry is about one rotation at one instant.
 *
 * An 'intent' is durable before its effect begins; its 'outcome' follows. After a crash an intent without an outcome means
 * "may have happened", and the step asks the world. No entry ever holds a secret: sealed values are named.
 */
import type { CredentialId, Fingerprint, RotationId } from '../../base/ids.ts';
import type { Code } from '../../base/problem.ts';
import type { Instant } from '../../base/time.ts';
import type { Leftover } from '../../inventory/leftovers.ts';
import type { Reviewed } from '../../leaks/activity.ts';
import type { Revocation } from '../../oauth/oauth.ts';
import type { Revoked } from '../../providers/provider.ts';
import type { Answer, Proof } from '../../verification/proof.ts';
import type { Because, Debt, Need, PersonAnswer, Plan, Receipt, StepName } from '../rotation.ts';

/**
 * What an intent or outcome says beyond its names. Every field that anyone writes or reads is named here, so that a
 * recovery can never read what no run has written.
 */
export interface Detail {
  /** Ids of the keys that existed at the provider before one was issued. */
  readonly existing?: readonly string[];
  readonly marker?: string;
  readonly upstreamId?: string;
  readonly revoked?: Revoked;
  readonly file?: string;
  /** JSON pointers inside the file. */
  readonly pointers?: readonly string[];
  readonly client?: string;
  readonly pid?: number;
  /** What the provider said of the old credential. */
  readonly alive?: Answer;
  readonly account?: string;
  readonly rights?: readonly string[];
  /** An activity review: where, when, how many entries, and whether that was all. */
  readonly source?: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly events?: number;
  readonly complete?: boolean;
  /** What of it is recognised, and what a person said. */
  readonly review?: Reviewed;
  /** Copies outside of the places, and what was not looked at. */
  readonly leftovers?: readonly Leftover[];
  readonly notSearched?: readonly string[];
  /** What an authorization server said of revoking. */
  readonly revocation?: Revocation;
  readonly issuer?: string;
  readonly clientId?: string;
  /** Of a token that is checked without asking anybody: until when it is taken. */
  readonly expiresAt?: Instant;
  /** How it was done or found out, in our own words. */
  readonly note?: string;
}

interface About {
  readonly rotation: RotationId;
  readonly at: Instant;
}

/** The first entry: what was planned, and of what. */
export interface Opened extends About {
  readonly kind: 'opened';
  readonly plan: Plan;
  readonly credential: CredentialId;
  /** Of the old credential. */
  readonly fingerprint: Fingerprint;
  readonly provider: string;
  /** Method id. */
  readonly method: string;
  readonly because: Because;
  /** Held.kind of the old credential. */
  readonly heldKind: string;
  /** Held.context: never secret. */
  readonly context: Readonly<Record<string, string>>;
  /** Public id of the old key at the provider, as far as it is known. */
  readonly upstreamIdOld?: string;
}

/** `effect` names it within its step, e.g. `issue`, `write`, `restart`, `revoke-old`, `revoke-new`. */
export interface Intent extends About {
  readonly kind: 'intent';
  readonly step: StepName;
  readonly effect: string;
  readonly detail: Detail;
}

export interface Outcome extends About {
  readonly kind: 'outcome';
  readonly step: StepName;
  readonly effect: string;
  readonly result: 'done' | 'failed' | 'unknown';
  readonly code?: Code;
  readonly detail: Detail;
}

export interface StepEntry extends About {
  readonly kind: 'step';
  readonly step: StepName;
  readonly state: 'started' | 'done' | 'skipped' | 'failed' | 'undone';
  readonly code?: Code;
  readonly note?: string;
}

export interface ProofEntry extends About {
  readonly kind: 'proof';
  readonly proof: Proof;
}

/** A person is needed: `need` says for what, so that tomorrow's run can ask again without looking anew. */
export interface Waiting extends About {
  readonly kind: 'waiting';
  readonly step: StepName;
  readonly need: Need;
}

export interface Answered extends About {
  readonly kind: 'answered';
  readonly step: StepName;
  readonly need: Need['kind'];
  readonly answer: PersonAnswer['kind'];
  /** For leave-running: the processes that were named. */
  readonly pids?: readonly number[];
}

/** The new credential exists, its value sealed under `sealed`. */
export interface IssuedEntry extends About {
  readonly kind: 'issued';
  readonly fingerprint: Fingerprint;
  readonly upstreamId?: string;
  readonly expiresAt?: Instant;
  readonly sealed: string;
}

export interface DebtEntry extends About {
  readonly kind: 'debt';
  readonly debt: Debt;
}

export interface DebtPaid extends About {
  readonly kind: 'debt-paid';
  readonly debt: Debt['kind'];
  /** Text of the one that was paid, where several of a kind may be owed. */
  readonly text?: string;
}

/**
 * 'roll-back': everything is taken back. 'go-on': not after all, for the old key is dead. 'new-candidate': the issued key is
 * given up, and another is asked for. 'sign-in-by-tool': in place of the client.
 */
export const decisions = ['roll-back', 'go-on', 'new-candidate', 'sign-in-by-tool'] as const;

export interface Decision extends About {
  readonly kind: 'decision';
  readonly what: (typeof decisions)[number];
  /** Code of the problem that led to it. */
  readonly code?: Code;
  readonly why: string;
}

export interface Closed extends About {
  readonly kind: 'closed';
  readonly state: Receipt['state'];
  readonly receipt: Receipt;
}

export type JournalEntry =
  | Opened
  | Intent
  | Outcome
  | StepEntry
  | ProofEntry
  | Waiting
  | Answered
  | IssuedEntry
  | DebtEntry
  | DebtPaid
  | Decision
  | Closed;

export type EntryKind = JournalEntry['kind'];

/** An entry as it stands in the journal. `hash` is what a receipt cites. */
export type Recorded = JournalEntry & { readonly sequence: number; readonly hash: string };

/** An entry before the rotation's id and the time are put to it. */
export type EntryBody = JournalEntry extends infer Each
  ? Each extends JournalEntry
    ? Omit<Each, 'rotation' | 'at'>
    : never
  : never;
