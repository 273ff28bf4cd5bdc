/**
 * A listener on this machine for the one answer that a browser brings back from an authorization server (RFC 8252, 7.3).
 *
 * It listens on 127.0.0.1 alone, answers every request with a page without content of others, and hands on only what comes
 * to its path. Whether an answer is the one that is waited for (state, iss) is judged by whoever asked: another page on this
 * machine may call at any moment, and must not end the wait.
 */
import type { Milliseconds } from '../base/time.ts';

export interface CallbackOptions {
  /** Path of the redirect address, e.g. `/callback`. */
  readonly path: string;
  /** A fixed port; absent: a free one. Problem oauth/port-busy when it is taken. */
  readonly port?: number;
}

export interface Callback {
  /** `http://127.0.0.1:PORT/callback` */
  readonly address: string;
  /**
   * The parameters of the next request to the path; the browser's page is held back until `answer` is called with what it
   * shall say. undefined after `withinMs`. Rejects with the signal's reason.
   */
  next(options: { readonly withinMs: Milliseconds; readonly signal?: AbortSignal }): Promise<
    | {
        readonly parameters: URLSearchParams;
        /** 'not-ours': told to close that page, and the wait goes on. */
        answer(verdict: 'signed-in' | 'refused' | 'not-ours'): Promise<void>;
      }
    | undefined
  >;
  close(): Promise<void>;
}

export interface Callbacks {
  listen(options: CallbackOptions): Promise<Callback>;
}
