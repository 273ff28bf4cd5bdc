/**
 * Words of looking for secrets in bytes: what is sought, how it was written where it was found, and what could not be looked at.
 *
 * Pure, and below the ports, so that the real ports can look with it in threads of their own. Two questions are kept apart:
 * "may this hold one?" is answered quickly over bytes as they are stored (kernel.ts), "what exactly, and where?" slowly over
 * the few that may (match.ts). The first is asked of every writing of a secret, spelled out character by character too; what
 * leaves no piece of any of them (writings within writings) is found only where everything is looked at: `exhaustive`.
 */
import type { Secret } from '../base/secret.ts';

/** How the text of a secret was written. `utf-16le` and `utf-16be` of the plain text. */
export const writings = [
  'plain',
  'base64',
  'base64url',
  'hex',
  'percent-encoded',
  'json-escaped',
  'utf-16le',
  'utf-16be',
] as const;
export type Writing = (typeof writings)[number];

/**
 * What had to be taken off before the text could be seen, outermost first: `gzip`, `zip member docs/a.txt`, `tar member a`,
 * `line breaks` (base64 that was wrapped), `json` (notebooks), `percent`. Names are as stored, not made fit for a terminal.
 */
export type Layer = string;

/** What was found in one stretch of bytes. */
export interface Match {
  /** A known secret, by its index in what was sought; or a key of a known format that nobody knew. */
  readonly of: { readonly known: number } | { readonly format: string; readonly secret: Secret };
  readonly writing: Writing;
  readonly through: readonly Layer[];
  /** Where it begins, in bytes of the innermost file or member: a spot that an editor can open, also of what was coded there. */
  readonly offset: number;
  /** From 1, where the innermost file or member is text. */
  readonly line: number | undefined;
  /** Only a part of the secret, of at least 12 bytes, and not the part that all secrets of its kind share. */
  readonly partial?: true;
}

/** Something that was not looked at, or not whole. */
export interface Gap {
  readonly code:
    | 'corrupt'
    | 'missing'
    | 'too-large'
    | 'too-deep'
    | 'unreadable'
    | 'encrypted'
    | 'not-here'
    | 'too-short'
    | 'changed'
    | 'stopped'
    | 'needs-git';
  /** File, object, or member; as it is called, not made fit for a terminal. */
  readonly where: string;
  /** One clause: `a pointer to an LFS object that is not on this machine`. */
  readonly why: string;
}

/** Most bytes that are unpacked out of one file or object, all layers together. */
export const mostUnpacked = 256 * 1024 * 1024;
/** Layers within layers that are looked through. */
export const mostLayers = 4;
/** A secret shorter than this (in bytes) is found by chance: it is not sought, and that is said. */
export const shortest = 8;
