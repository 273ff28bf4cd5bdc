/**
 * Contract of a provider folder.
 *
 * The author states the facts on which safety rests (overlap, who chooses the value, what can be listed) for each
 * method of rotation; the engine plans by them. Operations ask the upstream and answer with values: yes, no, or
 * "could not tell". They keep nothing, retry nothing, and are safe to call twice.
 *
 * Failures are Problems of the `provider/*` codes. `effect: 'unknown'` on a problem of `issue` or `revoke` means that
 * it may have happened; everything else means that it did not.
 */
import type { Secret } from '../base/secret.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { Coding } from '../documents/coding.ts';
import type { Upstream } from '../ports/ports.ts';

/** One value that a server is given, after references were followed. */
export interface Slot {
  readonly where: 'env' | 'header' | 'arg' | 'url' | 'field';
  /**
   * Variable, header, field (`oauth.clientSecret`) or flag name (`--api-key`); empty for a bare argument and for the URL.
   * An argument that sets a variable or header for a program further on (`docker run -e NAME=value`, `NAME=value`,
   * `--header "Name: value"`) has that name, and only what follows as its value.
   */
  readonly name: string;
  readonly value: string;
}

export interface PartSpan {
  /** Name of the part, one of the provider's `parts`. */
  readonly part: string;
  /** Index of the slot. */
  readonly slot: number;
  /** Range inside the slot's value (UTF-16). */
  readonly start: number;
  readonly end: number;
  readonly coding: Coding;
}

export interface Recognised {
  /** One of the provider's kinds, e.g. `classic token`. */
  readonly kind: string;
  /** At least one; the same part may stand in several slots. */
  readonly parts: readonly PartSpan[];
  /** What else is needed to use it, not secret: host, port, database, api address. */
  readonly context: Readonly<Record<string, string>>;
}

/** A credential in hand: its parts and its context. */
export interface Held {
  readonly kind: string;
  readonly parts: Readonly<Record<string, Secret>>;
  readonly context: Readonly<Record<string, string>>;
}

export type Overlap = 'many' | { readonly most: number } | 'replaces';

/** What the provider says of a credential when it is used. */
export interface Standing {
  /** 'unknown': could not tell (network, rate limit, outage). Never read as yes or no. */
  readonly alive: 'yes' | 'no' | 'unknown';
  /** How it was found out, in a few words without secrets: `GET /user answered 401`. */
  readonly how: string;
  /** Who it is upstream; equal for two credentials of the same account. */
  readonly account?: string;
  /** What it may do, sorted; absent when the provider does not tell. */
  readonly rights?: readonly string[];
  /** Public id of the key, by which it is revoked. */
  readonly upstreamId?: string;
  readonly issuedAt?: Instant;
  readonly expiresAt?: Instant;
  readonly lastUsedAt?: Instant;
  /** When alive is 'unknown': how long to wait, if the other side said so. */
  readonly retryAfterMs?: Milliseconds;
}

/** An issuing credential, or none. `source` names where it came from (`keyring`, `gh`, `~/.pgpass`). */
export interface Issuer {
  readonly source: string;
  readonly parts: Readonly<Record<string, Secret>>;
  readonly context: Readonly<Record<string, string>>;
}

export interface MethodContext {
  readonly old: Held;
  readonly issuer: Issuer | undefined;
  /** Our label, `mcp-rotate <rotation id>`. */
  readonly marker: string;
}

export interface Issued {
  readonly parts: Readonly<Record<string, Secret>>;
  readonly upstreamId?: string;
  readonly expiresAt?: Instant;
  /** What a person must know of it, for output and receipt: `not kept over a restart of the server: …`. */
  readonly note?: string;
}

/** A key at the provider that carries our marker, or that may be ours. */
export interface Found {
  readonly upstreamId: string;
  /** 'marker': it is ours. 'suspect': it came in our time window, but nothing proves it; a person decides. */
  readonly evidence: 'marker' | 'suspect';
  readonly issuedAt?: Instant;
}

/** What a revocation amounts to. 'accepted': not effective yet. 'absent': it was gone before (somebody else, a partner program). */
export type Revoked = 'gone' | 'accepted' | 'absent';

/** What a person does on the provider's page. */
export interface Page {
  /** Empty: none is known, and the steps say where to look. */
  readonly url: string;
  /** Each a short imperative sentence; names the scopes to tick and the label to give. */
  readonly steps: readonly string[];
}

interface MethodFacts {
  /** e.g. `sibling-role`; unique in the provider. */
  readonly id: string;
  readonly overlap: Overlap;
  /** Whose credential the calls are made with. 'self': the old one (or, for revoking, the new one). */
  readonly needs: 'issuer' | 'self' | 'nothing';
  /** One line each for the plan: what is asked of the provider. */
  readonly words: { readonly issue: string; readonly revoke: string };
  /** Finds out before any effect whether issue can work: rights, limits, name clashes. Problems say what is missing. */
  preflight(up: Upstream, at: MethodContext): Promise<void>;
}

/** A method whose value we choose. Sealed before it is sent, so a lost answer loses nothing: `issue` again with the same. */
export interface OursMethod extends MethodFacts {
  readonly issue: 'api';
  readonly value: 'ours';
  propose(random: Upstream['random'], at: MethodContext): Readonly<Record<string, Secret>>;
  issueWith(up: Upstream, at: MethodContext, proposed: Readonly<Record<string, Secret>>): Promise<Issued>;
  readonly revocation: Revocation;
}

/** A method whose value the provider chooses and shows once. */
export interface TheirsMethod extends MethodFacts {
  readonly issue: 'api';
  readonly value: 'theirs';
  /** Ids of the keys that exist before issuing; journaled with the intent, so that a later stray can be told apart. */
  existing(up: Upstream, at: MethodContext): Promise<readonly string[]>;
  issueNew(up: Upstream, at: MethodContext): Promise<Issued>;
  /**
   * Keys of ours whose answer was lost. undefined: the provider cannot list (a person is asked, and the plan says so).
   * For overlap 'replaces' there is nothing to find.
   */
  findStrays?(
    up: Upstream,
    at: MethodContext,
    since: { readonly intentAt: Instant; readonly existing: readonly string[] },
  ): Promise<readonly Found[]>;
  readonly revocation: Revocation;
}

/** A method that a person carries out on the provider's page. */
export interface PageMethod extends MethodFacts {
  readonly issue: 'page';
  page(at: MethodContext, standing: Standing): Page;
  readonly revocation: Revocation;
}

export type Method = OursMethod | TheirsMethod | PageMethod;

export type Revocation =
  | {
      readonly by: 'api';
      /**
       * Makes `target` useless, and nothing else. Called twice it answers 'gone' or 'absent'. `survivor` is the
       * credential that must go on working; undefined in a leak before a new one exists.
       */
      revoke(
        up: Upstream,
        at: MethodContext,
        target: { readonly held?: Held; readonly upstreamId?: string },
        survivor: Held | undefined,
      ): Promise<Revoked>;
      /** Where a person does it when the call cannot be made (offline, issuer leaked too). */
      page?(target: Held): Page;
      /** Where one call ends several. */
      readonly many?: RevokeMany;
    }
  | { readonly by: 'page'; page(target: Held): Page };

export interface RevokeMany {
  /** Most in one call. */
  readonly most: number;
  /** Those for which this text is equal may go into one call: the address that is asked. Pure. */
  together(target: Held): string;
  /** As `revoke` for each, answered in their order. A problem is one for all of them: a lost answer is lost for each. */
  revoke(up: Upstream, targets: readonly Held[]): Promise<readonly Revoked[]>;
}

/** A key that the provider itself found somewhere, and of which it told the owner. */
export interface Alert {
  readonly number: number;
  /** Where a person closes it. */
  readonly url: string;
  readonly raisedAt: Instant | undefined;
  /** What the provider takes it for: `Stripe API Key`. */
  readonly what: string;
  /** The same as a word: `stripe_api_key`. */
  readonly type: string;
  readonly secret: Secret | undefined;
  /** Was it seen in public? undefined: the provider does not say. */
  readonly public: boolean | undefined;
  readonly seen: readonly { readonly where: string; readonly commit?: string }[];
}

export interface Alerts {
  readonly alerts: readonly Alert[];
  /** Were all of them, and all spots of each, read? */
  readonly complete: boolean;
}

export interface ActivityReport {
  /** What was looked at, for the receipt. */
  readonly source: string;
  readonly complete: boolean;
  /** `from`: address; `agent`: the program that called. Both as the record has them: whoever called chose the agent. */
  readonly events: readonly { readonly at: Instant; readonly what: string; readonly from?: string; readonly agent?: string }[];
  readonly note?: string;
}

export interface Provider {
  /** The folder's name. */
  readonly id: string;
  readonly name: string;
  /** Names and whether each is secret. A part that is not secret (user, key id) may be shown. */
  readonly parts: readonly { readonly name: string; readonly secret: boolean }[];
  /** What it protects: decides the cadence. */
  readonly valueClass: 'money' | 'production' | 'code' | 'data' | 'quota';
  readonly cadenceDays: 90 | 180;
  /** In order of preference; the first whose need is met is planned. */
  readonly methods: readonly Method[];
  /** Longest time a new key may take until it works, and a revoked one until it is refused. */
  readonly pace: { readonly worksWithinMs: Milliseconds; readonly deadWithinMs: Milliseconds };
  /** What is accepted as issuing credential, for `issuer add`; absent when none is of use. */
  readonly issuer?: {
    readonly what: string;
    readonly parts: readonly { readonly name: string; readonly secret: boolean }[];
    /** Reads what a person pasted (a DSN, a key pair); undefined when it is not one. */
    parse(text: string): Issuer | undefined;
    /** Is this issuer for that credential (same host, same account)? */
    fits(issuer: Issuer, held: Held): boolean;
    /** Signed-in tools it may be borrowed from. */
    readonly borrow: readonly Borrow[];
  };
  /**
   * Matches the lines `name=value` of every set of slots in which `recognise` finds something; where it does not match,
   * `recognise` is not asked. Absent: it always is. Not global.
   */
  readonly hint?: RegExp;
  /** Pure and total: never throws, whatever the slots hold. */
  recognise(slots: readonly Slot[]): readonly Recognised[];
  /**
   * As `recognise`, of kinds that stand in no config, and that it can check and end all the same when they leak: tokens of apps.
   */
  recogniseLeaked?(slots: readonly Slot[]): readonly Recognised[];
  /** Text from which the fingerprint is made: equal for two places that hold the same credential, whatever its form. */
  identity(held: Held): string;
  /**
   * Names of the hosts, without port, that are asked with a credential of this context and are not the provider's own.
   * Absent: there are never any. Pure.
   */
  readonly hosts?: (context: Held['context']) => readonly string[];
  /** What whoever has it can do: for the person who decides. Absent: what it protects (`valueClass`) and its rights say it. Pure. */
  readonly inWords?: InWords;
  /**
   * Open alerts of the provider's own scan of a repository (`owner/name`), asked with a borrowed sign-in. Problems:
   * usage/wrong (not a name of a repository), provider/not-found (none there, not switched on, or not for this sign-in) …
   */
  alerts?(up: Upstream, issuer: Issuer, repository: string): Promise<Alerts>;
  /** Uses the credential harmlessly. Never throws for what the upstream does: that is 'no' or 'unknown'. */
  check(up: Upstream, held: Held): Promise<Standing>;
  /**
   * What a person looks through when somebody else used a credential: what is left behind there and outlives the key. Short
   * imperative sentences, with the page where there is one.
   */
  afterMisuse(held: Held): readonly string[];
  /** What was done with the credential in a window; undefined when the provider has no such record. */
  activity?(
    up: Upstream,
    at: {
      /** The credential whose activity is asked for; it may be dead by now. */
      readonly held: Held;
      /** One of the same account that works, to ask with when there is no issuer. */
      readonly survivor?: Held;
      readonly issuer: Issuer | undefined;
      readonly from: Instant;
      readonly to: Instant;
      readonly upstreamId?: string;
    },
  ): Promise<ActivityReport>;
}

/** Says in plain words what a credential of this standing can do. */
export type InWords = (held: Held, standing: Pick<Standing, 'rights'>) => readonly string[];

/** A tool that is signed in and may lend its credential when a person says so. */
export type Borrow =
  /** `gh auth token`: the command's output is the credential. */
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly program: string;
      readonly args: readonly string[];
      read(output: string): Issuer | undefined;
    }
  /** A file such as `~/.pgpass` or `~/.aws/credentials`; `path` with `~`. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string; read(text: string, held: Held): Issuer | undefined };
