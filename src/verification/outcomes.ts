/**
 * What a failed call tells about the credential. Texts are foreign and of any wording, so this reads only words that
 * mean one thing across drivers and APIs; the rest is 'other'. Words of an outage win over words of a refusal: a proof
 * must never fail, or hold, because the network was down. Pure.
 */
import type { ToolOutcome } from '../ports/mcp.ts';

/**
 * 'refused': not the right credential. 'forbidden': the right one, without this right. 'unavailable': the other side, or the
 * way to it, had trouble. 'other': none of these for sure.
 */
export type Meaning = 'refused' | 'forbidden' | 'unavailable' | 'other';

const outage =
  /\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR\w*)\b|fetch failed|socket hang ?up|getaddrinfo|network (error|is unreachable)|name resolution|timed? ?out|rate.?limit|too many (requests|connections|clients)|service unavailable|bad gateway|gateway time|internal server error|\b(429|50[0234])\b|starting up|shutting down|certificate|ENOSPC/i;

const refusal =
  /authentication (failed|error)|password authentication|invalid (username|password|credential|access.?token|token|api.?key|key)|(username|password|token|api.?key|credentials?) (is |are )?(invalid|incorrect|expired|revoked|not valid)|incorrect (api.?key|username|password)|bad credentials|access denied for user|WRONGPASS|NOAUTH|unauthori[sz]ed|unauthenticated|not.?authenticated|invalid_auth|not_authed|token_revoked|token_expired|account_inactive|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|login (failed|incorrect)|\b401\b/i;

const lack =
  /forbidden|permission denied|not permitted|access.?denied|insufficient|missing.?(scope|permission)|does not have (the )?(required )?(permission|access|scope)|not accessible by|NOPERM|\b403\b/i;

export function meaningOf(outcome: ToolOutcome): Meaning {
  switch (outcome.kind) {
    case 'http':
      if (outcome.status === 401) return 'refused';
      if (outcome.status === 403) return 'forbidden';
      return outcome.status === 408 || outcome.status === 429 || outcome.status >= 500 ? 'unavailable' : 'other';
    case 'timeout':
      return 'unavailable';
    case 'answered':
    case 'rpc-error':
    case 'exited':
      if (outage.test(outcome.text)) return 'unavailable';
      if (refusal.test(outcome.text)) return 'refused';
      return lack.test(outcome.text) ? 'forbidden' : 'other';
    case 'not-started':
    case 'no-such-tool':
      return 'other';
  }
}

/** The outcome in a few words of ours. */
export function wordsOf(outcome: ToolOutcome): string {
  switch (outcome.kind) {
    case 'answered':
      return outcome.isError ? 'answered with an error' : 'answered';
    case 'rpc-error':
      return 'rpc error';
    case 'no-such-tool':
      return 'the server has no such tool';
    case 'exited':
      return outcome.stage === 'connect' ? 'the server ended before it was ready' : 'the server ended during the call';
    case 'not-started':
      return outcome.why === 'no-such-program' ? 'the program is not there' : 'the program may not be run';
    case 'http':
      return `HTTP ${outcome.status}`;
    case 'timeout':
      return outcome.stage === 'connect' ? 'not ready in time' : 'no answer in time';
  }
}
