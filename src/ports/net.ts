/**
 * HTTP: one request, one whole answer. Requests may hold revealed secrets: nobody logs or stores them.
 *
 * Problems: provider/unreachable (effect none: the request was never sent), provider/timeout and provider/garbled
 * (effect unknown: it may have arrived). A status is never a problem here: reading answers is the provider's part.
 * Redirects are not followed. An answer of over 4 MiB is provider/garbled.
 */
import type { Milliseconds } from '../base/time.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default 20 s. */
  readonly timeoutMs?: Milliseconds;
  readonly signal?: AbortSignal;
  /**
   * Ranges of addresses that are never connected to, whatever name led there (looked at when connecting, so that a name cannot
   * mean another address by then): 'private' is RFC 1918, link-local, unique local, shared and reserved ranges; 'loopback' this
   * machine. Problem oauth/unsafe-address. Default: none, an address that a person or a config gave is taken as it is.
   */
  readonly never?: readonly ('loopback' | 'private')[];
  /** Default 4 MiB. */
  readonly mostBytes?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Net {
  send(request: HttpRequest): Promise<HttpAnswer>;
}
