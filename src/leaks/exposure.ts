/**
 * How a key got out: what is known of it, on what evidence, and who could have seen it. A plain value without secrets: it is
 * shown before the consent, goes into the journal with the plan, and into the receipt.
 */
import type { Instant } from '../base/time.ts';

/** `readable`: in a file of this machine that others could read. */
export const leakWays = ['pasted', 'committed', 'alert', 'readable', 'unknown'] as const;
export type LeakWay = (typeof leakWays)[number];

/** One spot outside of the clients' configs at which it was found. */
export interface ExposedAt {
  /** Repository, file or alert, as a person would look it up. */
  readonly where: string;
  /** `plain`, `base64 in gzip`. */
  readonly how: string;
  /** Ids of commits that brought it or hold it. */
  readonly commits: readonly string[];
  readonly pushed: 'yes' | 'no' | 'unknown';
  /** undefined: not asked. */
  readonly public?: boolean;
}

/** An alert of a provider's own scan. It stays open until a person closes it. */
export interface AlertRef {
  /** `owner/repo` */
  readonly repository: string;
  readonly number: number;
  readonly url: string;
}

export interface Exposure {
  readonly how: LeakWay;
  /** undefined: nobody knows; the review then goes back one day. */
  readonly since?: Instant;
  /** What `since` rests on, or why there is none: `said by you`, `pushed to origin`, `the commit's own date: it may be later`. */
  readonly evidence: string;
  readonly found: readonly ExposedAt[];
  /** Who could see it, one clause each: `everybody: the repository is public`. Empty: nobody else that we know of. */
  readonly seenBy: readonly string[];
  readonly alerts: readonly AlertRef[];
  /** Whether the history is worth rewriting, with the reasons, as it was told to the person. */
  readonly recommendation?: string;
}
