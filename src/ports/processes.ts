/**
 * The processes of this person: which hold an old value, and how a client is ended and started again.
 *
 * The values of environments stay behind this port: it answers whether a process holds a secret, not what it holds.
 */
import type { Secret } from '../base/secret.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { FilePath } from './disk.ts';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Name of the program, without folder. */
  readonly name: string;
  /** The program's file, where it can be read. */
  readonly executable?: FilePath;
  readonly startedAt: Instant;
  /** Identity that is not given again to another process: pid and start time, or what the system offers. */
  readonly identity: string;
  /** Does it have a terminal? A session with a person in it. */
  readonly terminal: boolean;
}

export interface Holding {
  readonly process: ProcessInfo;
  /** Index into the secrets that were asked for. */
  readonly secret: number;
  readonly in: 'environment' | 'arguments';
}

export interface RunOptions {
  /** The whole environment of the child: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder?: FilePath;
  /** Given on standard input, which is then closed. The way for a secret into a child. */
  readonly input?: string;
  /** Standard input is closed only when this text has come on standard output (or the program has ended). */
  readonly inputUntil?: string;
  readonly timeoutMs: Milliseconds;
  /** Most bytes of each output kept; the rest is dropped. Default 1 MiB. */
  readonly mostOutput?: number;
}

export interface RunResult {
  /** null: ended by a signal or the timeout. */
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Processes {
  /** Our own process: the holder of a lease, by the identity that others see in `list`. */
  self(): Promise<ProcessInfo>;
  /** All processes of this user, our own left out. */
  list(): Promise<readonly ProcessInfo[]>;
  /**
   * Which processes of this user hold one of these secrets (plain or percent-encoded) in environment or arguments.
   * 'cannot-tell' where the system does not let us look (macOS, Windows). Processes that we may not look into are named.
   */
  holding(
    secrets: readonly Secret[],
  ): Promise<{ readonly found: readonly Holding[]; readonly unseen: readonly ProcessInfo[] } | 'cannot-tell'>;
  /** Runs a program to its end, never through a shell. Problem: file/absent when there is no such program. */
  run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /**
   * Runs a program as the person would, with the person's whole environment: a client's own command, never a server. With
   * `attended` it has the person's terminal, and its output is not kept; problem rotation/needs-person when there is none.
   */
  runAsPerson(
    program: string,
    args: readonly string[],
    options: Pick<RunOptions, 'input' | 'inputUntil' | 'timeoutMs' | 'mostOutput' | 'folder'> & {
      readonly env?: Readonly<Record<string, string>>;
      readonly attended?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<RunResult>;
  /** Finds a program on the PATH; undefined when absent. */
  which(program: string): Promise<FilePath | undefined>;
  /**
   * Asks a program to end as its own Quit would (SIGTERM on Linux, an AppleEvent on macOS, WM_CLOSE on Windows), and
   * waits; never SIGKILL. 'running' when it is still there.
   */
  quit(process: ProcessInfo, timeoutMs: Milliseconds): Promise<'ended' | 'running'>;
  /** How a running program was started, remembered so that `relaunch` can do it again. Opaque and without secrets to show. */
  launchOf(process: ProcessInfo): Promise<Launch | undefined>;
  /** Starts it detached from us, with the environment and folder that it had. */
  relaunch(launch: Launch): Promise<ProcessInfo>;
}

/** Kept in memory only: the environment in it may hold secrets. */
export interface Launch {
  readonly process: ProcessInfo;
  readonly program: FilePath;
}
