/**
 * Words of a rotation: steps, plan, events, progress, receipt. All plain values: the engine is driven from outside
 * through them and knows no terminal.
 */
import type { CredentialId, Fingerprint, RotationId } from '../base/ids.ts';
import type { Code } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { Leftover } from '../inventory/leftovers.ts';
import type { ProjectHost } from '../inventory/project-hosts.ts';
import type { RedactedEdit } from '../inventory/redact.ts';
import type { Reviewed, Sighting, Verdict } from '../leaks/activity.ts';
import type { Exposure } from '../leaks/exposure.ts';
import type { SignInTalk } from '../oauth/oauth.ts';
import type { Held, Page } from '../providers/provider.ts';
import type { Proof, RunningHolder } from '../verification/proof.ts';

export type Because = 'routine' | 'departure' | 'leak';

export const stepNames = [
  'preflight',
  'stop',
  'issue',
  'check',
  'update',
  'restart',
  'verify',
  'soak',
  'revoke',
  'clear',
  'sign in',
  'confirm',
  'prove dead',
  'audit',
  'receipt',
] as const;
export type StepName = (typeof stepNames)[number];

export interface RotateOptions {
  readonly because: Because;
  readonly soakMs: Milliseconds;
  /** Quit and relaunch desktop applications. */
  readonly restart: boolean;
  /** Process ids that a person lets run on with the old value. */
  readonly leaveRunning: readonly number[];
  /** Folders for project configs. */
  readonly folders: readonly string[];
  /** Hosts, in small letters, to which a person lets the credential be sent although only a project names them. */
  readonly allowHosts?: readonly string[];
  /** For a grant: who signs in again, the client by its own command or this tool. Default: as the client's store and program allow. */
  readonly signIn?: 'client' | 'tool';
  /** Addresses are told, and no browser is opened. */
  readonly noBrowser?: boolean;
  /** For a leak: since when it was exposed, and for a departure: since when the person is gone. */
  readonly exposedSince?: Instant;
  /** For a leak: what is known of how it got out. */
  readonly exposure?: Exposure;
  /** Activity that is not recognised is asked about, one by one; else it goes into the receipt as it is. */
  readonly askActivity?: boolean;
}

/** A key that stands in no place, as it is handed to the engine. */
export interface LoneKey {
  /** A provider's folder; with `attended` any name in small letters. */
  readonly provider: string;
  readonly held: Held;
  /** Hosts that only the text names in which it was found. */
  readonly hosts?: readonly ProjectHost[];
  /** No folder knows the provider: a person ends it on this page, and alone can tell that it is dead. */
  readonly attended?: { readonly name: string; readonly page: Page };
}

/** What a plan says of a lone key. */
export interface PlannedLone {
  /** Of the provider, for people. */
  readonly name: string;
  readonly attended?: { readonly page: Page };
}

/** What a plan says of a grant, on top of what it says of every credential. */
export interface PlannedGrant {
  readonly url: string;
  readonly issuer: string;
  /** Where the new one is signed in for. */
  readonly client: string;
  readonly server: string;
  readonly signIn: 'client' | 'tool';
  /** 'none': the server has no endpoint for it, or none that takes tokens. */
  readonly revocation: 'endpoint' | 'none';
  /** Everything that is cleared: the client's own entry first, then copies. */
  readonly clears: readonly {
    readonly client: string;
    readonly where: string;
    readonly stale?: string;
    readonly byHand?: string;
  }[];
  /** The client's registration is replaced with the tokens. */
  readonly newRegistration: boolean;
  /** The client signs in, and this tool could in its place: how it would. Absent: it could not. */
  readonly orByTool?: { readonly newRegistration: boolean };
}

export interface PlannedRestart {
  readonly client: string;
  readonly how: 'by itself' | 'by --restart' | 'by a person';
  readonly byHand: string;
  readonly running: readonly { readonly pid: number; readonly name: string }[];
}

export interface Plan {
  readonly schema: 'mcp-rotate/plan@1';
  readonly credential: CredentialId;
  readonly fingerprint: Fingerprint;
  readonly provider: string;
  readonly because: Because;
  readonly method: string;
  readonly overlap: 'many' | 'two at most' | 'none';
  /** Names of the steps in order. */
  readonly steps: readonly StepName[];
  readonly pointOfNoReturn: StepName;
  /** What is asked of the provider, in order. */
  readonly calls: readonly string[];
  /** Hosts that are asked and that only a project names, with the config that does. */
  readonly projectHosts?: readonly { readonly host: string; readonly file: string }[];
  readonly edits: readonly RedactedEdit[];
  /** Places that a person must change. */
  readonly byHand: readonly { readonly client: string; readonly server: string; readonly where: string; readonly todo: string }[];
  readonly restarts: readonly PlannedRestart[];
  readonly downtime: string;
  readonly warnings: readonly string[];
  readonly options: RotateOptions;
  /** For a credential of an authorization server. */
  readonly grant?: PlannedGrant;
  /** For a key that stands in no place: nothing is issued and nothing written. */
  readonly lone?: PlannedLone;
}

/** What the engine needs of a person, as a value; the answer comes with `advance`. */
export type Need =
  | {
      readonly kind: 'new-credential';
      readonly page: Page;
      readonly parts: readonly { readonly name: string; readonly secret: boolean }[];
    }
  | { readonly kind: 'revoke-by-hand'; readonly page: Page; readonly since: Instant }
  | {
      readonly kind: 'edit-by-hand';
      readonly places: readonly {
        readonly client: string;
        readonly server: string;
        readonly where: string;
        readonly todo: string;
      }[];
    }
  | { readonly kind: 'restart-by-hand'; readonly holders: readonly RunningHolder[]; readonly instructions: readonly string[] }
  | {
      readonly kind: 'confirm-strays';
      /** Empty: nobody can list them, and the person looks for themselves. */
      readonly strays: readonly { readonly upstreamId: string; readonly issuedAt: Instant | undefined }[];
      /** What a person looks for where nothing is listed. */
      readonly lost?: string;
    }
  | { readonly kind: 'accept-unproven'; readonly what: readonly string[] }
  /** Running programs that would write the old tokens back, or hold their lock. */
  | { readonly kind: 'stop-by-hand'; readonly holders: readonly RunningHolder[]; readonly instructions: readonly string[] }
  /** An entry that only its client may clear. */
  | {
      readonly kind: 'clear-by-hand';
      readonly places: readonly { readonly client: string; readonly where: string; readonly todo: string }[];
    }
  /** What was done with the key, and that nothing from before the exposure explains. */
  | { readonly kind: 'recognise-activity'; readonly source: string; readonly sightings: readonly Sighting[] }
  | {
      readonly kind: 'sign-in';
      readonly client: string;
      readonly server: string;
      readonly instructions: readonly string[];
      /** The answer 'by-tool' may be given: this tool then signs in, in the client's place. */
      readonly orByTool?: boolean;
    };

export type PersonAnswer =
  | { readonly kind: 'new-credential'; readonly parts: Readonly<Record<string, Secret>> }
  /** The person says it is done: the engine looks for itself. */
  | { readonly kind: 'done' }
  /** For accept-unproven and confirm-strays: named consent. */
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse' }
  /** For sign-in: this tool does it, and writes what the client reads. */
  | { readonly kind: 'by-tool' }
  | { readonly kind: 'leave-running'; readonly pids: readonly number[] }
  /** In the order of the sightings. */
  | { readonly kind: 'recognised'; readonly verdicts: readonly Verdict[] };

export type Event =
  | {
      readonly kind: 'step';
      readonly step: StepName;
      readonly state: 'started' | 'done' | 'skipped' | 'failed' | 'undone';
      readonly at: Instant;
      readonly note?: string;
    }
  | { readonly kind: 'note'; readonly step: StepName; readonly text: string; readonly at: Instant }
  | { readonly kind: 'proof'; readonly proof: Proof }
  /** In a leak: the clock from the start until dead. */
  | { readonly kind: 'clock'; readonly sinceMs: Milliseconds };

/** Which rotation, and of what. */
export interface OfRotation {
  readonly rotation: RotationId;
  readonly credential: CredentialId;
  /** 'oauth' for a grant. */
  readonly provider: string;
}

export type Progress = OfRotation &
  (
    | {
        readonly state: 'complete';
        readonly leftovers?: LeftoverCounts;
        /** That the old one is dead nobody could ask the provider: a person said so. */
        readonly byWord?: true;
      }
    /** Ended, but something is still to be done; `resume` tries again. */
    | { readonly state: 'debt'; readonly debts: readonly Debt[]; readonly leftovers?: LeftoverCounts }
    | { readonly state: 'rolled-back'; readonly code: Code; readonly why: string }
    | { readonly state: 'waiting'; readonly step: StepName; readonly need: Need }
    /** Stopped by a problem that trying again may cure, past the point where rolling back is safe. */
    | {
        readonly state: 'stopped';
        readonly step: StepName;
        readonly code: Code;
        readonly why: string;
        readonly holds: string;
      }
  );

export interface Debt {
  /**
   * 'stray-key': one of ours that is not used. 'lost-key': one that the provider made and whose text never arrived.
   * 'doubtful-key': one that came while an answer was lost, and of which a person said that it is not ours.
   */
  readonly kind: 'not-dead' | 'place-left' | 'stray-key' | 'lost-key' | 'doubtful-key' | 'activity-unread';
  readonly text: string;
  readonly since: Instant;
  /** For 'doubtful-key'. */
  readonly upstreamId?: string;
}

/** Files that still hold the old value, and files that hold the new one without being a place of it. */
export interface LeftoverCounts {
  readonly old: number;
  readonly new: number;
}

export interface Receipt {
  readonly schema: 'mcp-rotate/receipt@1';
  readonly rotation: RotationId;
  readonly credential: CredentialId;
  readonly provider: string;
  readonly because: Because;
  readonly method: string;
  readonly state: 'complete' | 'debt' | 'rolled-back';
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly oldFingerprint: Fingerprint;
  readonly newFingerprint: Fingerprint | undefined;
  readonly steps: readonly {
    readonly step: StepName;
    readonly startedAt: Instant;
    readonly endedAt: Instant;
    readonly note?: string;
  }[];
  readonly places: readonly {
    readonly client: string;
    readonly server: string;
    readonly file: string;
    readonly pointer: string;
    readonly part: string;
  }[];
  readonly proofs: readonly Proof[];
  /** Minutes from start to refused, for a leak. */
  readonly minutesToDead: number | undefined;
  readonly activity:
    | {
        readonly source: string;
        readonly from: Instant;
        readonly to: Instant;
        readonly events: number;
        readonly note: string | undefined;
        /** For a leak or departure: what of it is not known to be the person's own. */
        readonly review?: Reviewed;
        /** What to look through at the provider. Only when something is not the person's own for certain. */
        readonly next?: readonly string[];
      }
    | undefined;
  /** Backups, histories and the like that hold a value: seen once, during `audit`. undefined: not looked for. */
  readonly leftovers: readonly Leftover[] | undefined;
  /** What that search passed over, and why. */
  readonly leftoversNotSearched: readonly string[] | undefined;
  readonly debts: readonly Debt[];
  /** For a leak, when it was told. Receipts of earlier versions have none. */
  readonly exposure?: Exposure;
  /** Hash of the journal's last entry of this rotation, to tie the receipt to the journal. */
  readonly journalHash: string;
}

/** One line of `history`. */
export interface HistoryRow {
  readonly rotation: RotationId;
  readonly credential: CredentialId;
  readonly provider: string;
  readonly because: Because;
  readonly state: 'running' | 'waiting' | 'complete' | 'debt' | 'rolled-back';
  /** The step it is at, when it has not ended. */
  readonly step: StepName | undefined;
  readonly startedAt: Instant;
  readonly endedAt: Instant | undefined;
}

export interface AdvanceOptions {
  /** Answer to the need with which the last call ended. */
  readonly answer?: PersonAnswer;
  /** For a grant whose client was to sign in: this tool does, from now on. Problem oauth/client-only: where it must not. */
  readonly signIn?: 'tool';
  /** Fired on Ctrl-C: the current effect is finished and journaled, then the call rejects with rotation/interrupted. */
  readonly signal?: AbortSignal;
  readonly onEvent: (event: Event) => void;
  /** How a sign-in by this tool reaches the person. Absent: its address is told as a note, and nobody can paste. */
  readonly talk?: SignInTalk;
}

/** The engine, as commands, a hub or a test drive it. */
export interface Rotations {
  /**
   * Takes keys that stand in no place, into memory alone until `start` has sealed each. Answers the ids by which they are
   * planned, in their order: that of the inventory for one that does stand in places.
   */
  takeLone(keys: readonly LoneKey[], folders: readonly string[]): Promise<readonly CredentialId[]>;
  /**
   * Reads the world, changes nothing. Problems: usage/unknown-credential, rotation/needs-issuer, provider/* …, and
   * HostNotAgreed (hosts.ts), after which a person's consent goes into the options.
   */
  plan(credential: CredentialId, options: RotateOptions): Promise<Plan>;
  /** Journals the intent; no other effect. Problem: rotation/locked, rotation/unfinished (the credential has an open rotation). */
  start(plan: Plan): Promise<RotationId>;
  /** Goes on until the end, or until a person or another try is needed. Start and recovery are this same call. */
  advance(rotation: RotationId, options: AdvanceOptions): Promise<Progress>;
  /** Rolls back. Problem: rotation/past-return. */
  undo(rotation: RotationId, options: Pick<AdvanceOptions, 'signal' | 'onEvent'>): Promise<Progress>;
  /**
   * The new credential, for a rotation that waits for a person to put it into a place that we must not write. The caller
   * hands it on without showing it. Problem: usage/unknown-rotation, rotation/unfinished when none is waited for.
   */
  handOver(rotation: RotationId): Promise<Readonly<Record<string, Secret>>>;
  history(): Promise<readonly HistoryRow[]>;
  /** Rotations that have not ended, and those with debt: what `resume` without an id takes up. */
  open(): Promise<readonly HistoryRow[]>;
  /** Problem: usage/unknown-rotation; rotation/unfinished when it has not ended. */
  receipt(rotation: RotationId): Promise<Receipt>;
}
