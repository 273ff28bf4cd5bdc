/**
 * What a proof is: a claim, an answer of three, and how it was obtained. Proofs go into journal and receipt, so they hold
 * names, times and fingerprints, never a value and never foreign text.
 */
import type { Instant } from '../base/time.ts';

export type Answer = 'yes' | 'no' | 'unknown';

export type Proof =
  /** A use was read again by its client's rules and its copy compared with the new credential. */
  | {
      readonly kind: 'read-back';
      readonly answer: Answer;
      readonly client: string;
      readonly server: string;
      readonly file: string;
      readonly at: Instant;
    }
  /** That copy, as read from the place, was used at the provider. */
  | {
      readonly kind: 'authenticated';
      readonly answer: Answer;
      readonly client: string;
      readonly server: string;
      readonly how: string;
      readonly at: Instant;
    }
  /** The real server was called: with a broken credential (canary) and with the new one. */
  | {
      readonly kind: 'tool-call';
      readonly answer: Answer;
      readonly client: string;
      readonly server: string;
      readonly tool: string;
      /** How the two ended: `canary: rpc error; new: answered`. */
      readonly how: string;
      readonly at: Instant;
    }
  /** The client itself gets through to the server with what it keeps, by a command of its own. */
  | {
      readonly kind: 'connects';
      readonly answer: Answer;
      readonly client: string;
      readonly server: string;
      readonly how: string;
      readonly at: Instant;
    }
  /** A process that holds the old value (or may, by start time). 'no' means: none. */
  | {
      readonly kind: 'processes';
      readonly answer: Answer;
      readonly how: string;
      readonly processes: readonly RunningHolder[];
      readonly at: Instant;
    }
  /** A credential was tried at the provider. */
  | {
      readonly kind: 'works' | 'dead';
      readonly answer: Answer;
      readonly which: 'old' | 'new';
      readonly how: string;
      readonly at: Instant;
    };

export interface RunningHolder {
  readonly pid: number;
  readonly identity: string;
  readonly name: string;
  readonly client: string | undefined;
  /** environment, arguments, or only that it started before the write. */
  readonly by: 'environment' | 'arguments' | 'started-before';
  readonly terminal: boolean;
}
