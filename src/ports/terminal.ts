/**
 * The person's terminal: results, everything else, and prompts.
 *
 * Results go to `out`, all other text to `err`, prompts straight to the terminal, so that a pipe on either stream never
 * swallows a question. Where nobody can be asked, `ask` is undefined: a caller decides then, it never waits.
 */
import type { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';

export interface Output {
  /** A person sees what is written. */
  readonly isScreen: boolean;
  /** A screen on which a line can be rewritten. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Columns to write in: those of the terminal, else 80. */
  readonly width: number;
  write(text: string): void;
}

/** Every question ends with problem rotation/interrupted when the person presses Ctrl-C at it. */
export interface Ask {
  confirm(question: string): Promise<boolean>;
  choose<Value extends string>(
    question: string,
    choices: readonly { readonly value: Value; readonly label: string }[],
  ): Promise<Value>;
  /** A line that may be shown. */
  line(question: string): Promise<string>;
  /**
   * What is typed or pasted is not shown, not even its length. Empty lines are asked again. Taken back, with a rejection that is
   * the signal's reason, when the signal fires.
   */
  hidden(question: string, signal?: AbortSignal): Promise<Secret>;
}

export interface Interrupts {
  /** Fired by the first Ctrl-C (or SIGTERM, SIGHUP). The second ends the process at once. */
  readonly signal: AbortSignal;
  /** Back to the system's ways. */
  release(): void;
}

export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly ask: Ask | undefined;
  /** All of standard input as text, at most 1 MiB. Problem usage/wrong when it is a terminal or longer. */
  readInput(): Promise<string>;
  /** `onFirst` says at once that the interruption was heard. */
  catchInterrupts(onFirst: () => void): Interrupts;
  /** Calls back at a steady pace until the answer is called, for a clock that ticks. */
  every(length: Milliseconds, tick: () => void): () => void;
}
