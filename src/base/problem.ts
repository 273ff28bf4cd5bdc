/**
 * A problem: something a person must know, with a stable code. A bug stays a plain Error.
 *
 * A problem says what happened, what still holds, and what to do next. It never carries a secret and never quotes a
 * foreign body (a provider's answer, a driver's message). Two questions about the outside world are answered by type,
 * not by reading the text: `effect` (may the thing have happened all the same?) and, by the code, the exit status.
 */

/** Exit statuses of the command line (docs/words.md). */
export const exits = {
  done: 0,
  bug: 1,
  usage: 2,
  found: 3,
  person: 4,
  upstream: 5,
  unfinished: 6,
  locked: 7,
  interrupted: 130,
} as const;

export type Exit = keyof typeof exits;

/**
 * Every code with its exit status. The codes are stable: scripts and documents name them.
 * A provider or client brings no codes of its own; what is particular stands in the sentence.
 */
export const codes = {
  // command line and configuration
  'usage/wrong': 'usage',
  'usage/needs-yes': 'usage',
  'usage/unknown-credential': 'usage',
  'usage/unknown-rotation': 'usage',
  'usage/old-node': 'usage',
  // documents and files
  'file/absent': 'upstream',
  'file/unreadable': 'upstream',
  'file/unwritable': 'upstream',
  'file/not-a-file': 'upstream',
  'file/dangling-link': 'upstream',
  'file/too-large': 'upstream',
  'file/disk-full': 'upstream',
  'file/changed': 'upstream',
  'file/locked': 'locked',
  'document/not-text': 'upstream',
  'document/broken': 'upstream',
  'document/too-deep': 'upstream',
  'document/no-such-place': 'upstream',
  'document/cannot-hold': 'person',
  // inventory
  'inventory/reference-unresolved': 'upstream',
  'inventory/place-not-editable': 'person',
  // providers: what the answer of the other side means
  'provider/refused': 'upstream',
  'provider/forbidden': 'upstream',
  'provider/not-found': 'upstream',
  'provider/rate-limited': 'upstream',
  'provider/unavailable': 'upstream',
  'provider/timeout': 'upstream',
  'provider/garbled': 'upstream',
  'provider/unreachable': 'upstream',
  'provider/at-limit': 'person',
  'provider/cannot': 'person',
  // stores and keyrings
  'store/locked': 'person',
  'store/unavailable': 'person',
  // signing in to remote servers
  'oauth/unsafe-address': 'person',
  'oauth/metadata': 'upstream',
  'oauth/issuer-mismatch': 'person',
  'oauth/no-pkce': 'person',
  'oauth/no-registration': 'person',
  'oauth/wrong-answer': 'upstream',
  'oauth/denied': 'person',
  'oauth/timeout': 'person',
  'oauth/port-busy': 'person',
  'oauth/insufficient-scope': 'upstream',
  'oauth/unknown-grant': 'usage',
  'oauth/not-oauth': 'usage',
  'oauth/client-only': 'person',
  // git
  'git/absent': 'person',
  'git/failed': 'upstream',
  'git/not-a-repository': 'usage',
  'leak/still-there': 'unfinished',
  'git/no-such-commits': 'usage',
  'git/shallow': 'person',
  // the guard
  'guard/by-hand': 'person',
  // rotation
  'rotation/needs-issuer': 'person',
  'rotation/wider-scope': 'person',
  'rotation/other-account': 'person',
  'rotation/new-does-not-work': 'upstream',
  'rotation/not-proven': 'upstream',
  'rotation/still-running': 'person',
  'rotation/not-dead': 'unfinished',
  'rotation/needs-person': 'person',
  'rotation/unfinished': 'unfinished',
  'rotation/past-return': 'usage',
  'rotation/locked': 'locked',
  'rotation/drift': 'person',
  'rotation/unsafe-revoke': 'person',
  'rotation/git-tracked': 'person',
  'rotation/host-not-agreed': 'person',
  'rotation/plain-http': 'person',
  'rotation/interrupted': 'interrupted',
  // state folder
  'state/unusable': 'person',
  'state/damaged': 'person',
} as const satisfies Record<string, Exit>;

export type Code = keyof typeof codes;

export interface ProblemParts {
  /** What happened: one sentence, no full stop, names the file, client, server or provider it is about. */
  readonly what: string;
  /** What still holds: e.g. "every place still holds the old key, which works". */
  readonly state?: string;
  /** What to do next: a command or an action of the person. */
  readonly next?: string;
  /** 'none': the effect certainly did not happen. 'unknown': it may have (lost answer). Default 'none'. */
  readonly effect?: 'none' | 'unknown';
  /** How long to wait before another try, in milliseconds, when the other side said so (Retry-After). */
  readonly retryAfterMs?: number;
}

export class Problem extends Error {
  readonly code: Code;
  readonly what: string;
  readonly state: string | undefined;
  readonly next: string | undefined;
  readonly effect: 'none' | 'unknown';
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, parts: ProblemParts) {
    super(`${code}: ${parts.what}`);
    this.name = 'Problem';
    this.code = code;
    this.what = parts.what;
    this.state = parts.state;
    this.next = parts.next;
    this.effect = parts.effect ?? 'none';
    this.retryAfterMs = parts.retryAfterMs;
  }

  get exit(): Exit {
    return codes[this.code];
  }

  /** The same problem with what still holds and what to do next filled in by someone who knows more. */
  with(more: { state?: string; next?: string }): Problem {
    const { what, effect, retryAfterMs } = this;
    const state = more.state ?? this.state;
    const next = more.next ?? this.next;
    return new Problem(this.code, {
      what,
      effect,
      ...(state === undefined ? {} : { state }),
      ...(next === undefined ? {} : { next }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}
