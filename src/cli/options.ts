/** Readers of option values: text to a value, or problem usage/wrong. Pure. */
import { Problem } from '../base/problem.ts';
import { type Instant, type Milliseconds, parseDuration } from '../base/time.ts';
import type { Because, RotateOptions } from '../rotation/rotation.ts';

const soakByDefault: Milliseconds = 3 * 60_000;

function wrong(what: string): Problem {
  return new Problem('usage/wrong', { what, next: 'mcp-rotate rotate --help' });
}

function readDuration(option: string, text: string): Milliseconds {
  const length = parseDuration(text);
  if (length === undefined) throw wrong(`${option} takes a duration such as 90s, 3m or 2h`);
  return length;
}

/** `2026-11-20`, `2026-11-20T08:00:00Z` or a duration before now (`36h`, `3d`); never after now. */
export function readSince(text: string, now: Instant): Instant {
  const ago = parseDuration(text);
  const at = ago === undefined ? (/^\d{4}-\d\d-\d\d([T ].*)?$/.test(text) ? Date.parse(text) : Number.NaN) : now - ago;
  if (Number.isNaN(at)) throw wrong('--since takes a time such as 2026-11-20T08:00:00Z, or how long ago: 36h, 3d');
  if (at > now) throw wrong('--since lies in the future');
  return at;
}

const reasons: readonly Because[] = ['routine', 'departure', 'leak'];

function readBecause(text: string): Because {
  const because = reasons.find((each) => each === text);
  if (!because) throw wrong(`--because takes ${reasons.join(', ')}`);
  return because;
}

export function readPids(texts: readonly string[]): number[] {
  return texts.map((text) => {
    if (!/^[1-9]\d{0,9}$/.test(text)) throw wrong('--leave-running takes process ids');
    return Number(text);
  });
}

export function readHosts(texts: readonly string[]): string[] {
  return texts.map((text) => {
    if (!/^(?:\[[0-9a-f:.]+\]|[^\s/:@[\]]+)$/i.test(text))
      throw wrong('--allow-host takes names of hosts, without scheme and port');
    return text.toLowerCase();
  });
}

function readSignIn(text: string): 'client' | 'tool' {
  if (text === 'client' || text === 'tool') return text;
  throw wrong('--sign-in takes client or tool');
}

/** The flags that `plan` and `rotate` share. */
export interface RotateFlags {
  readonly because: string;
  readonly soak?: string;
  readonly since?: string;
  readonly restart?: boolean;
  readonly leaveRunning?: readonly string[];
  readonly in?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly signIn?: string;
  /** commander: false for --no-browser, else true. */
  readonly browser?: boolean;
}

export function readRotateFlags(flags: RotateFlags, now: Instant, absolute: (path: string) => string): RotateOptions {
  const because = readBecause(flags.because);
  if (flags.since !== undefined && because === 'routine') throw wrong('--since goes with --because leak or departure');
  if (flags.soak !== undefined && because !== 'routine')
    throw wrong('--soak goes with --because routine: the others do not wait');
  return {
    because,
    soakMs: because === 'routine' ? (flags.soak === undefined ? soakByDefault : readDuration('--soak', flags.soak)) : 0,
    restart: flags.restart === true,
    leaveRunning: readPids(flags.leaveRunning ?? []),
    folders: (flags.in ?? []).map(absolute),
    ...(flags.allowHost === undefined ? {} : { allowHosts: readHosts(flags.allowHost) }),
    ...(flags.signIn === undefined ? {} : { signIn: readSignIn(flags.signIn) }),
    ...(flags.browser === false ? { noBrowser: true } : {}),
    ...(flags.since === undefined ? {} : { exposedSince: readSince(flags.since, now) }),
  };
}
