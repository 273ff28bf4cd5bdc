/**
 * How the answers of a token endpoint and of a device authorization endpoint are read. Pure.
 *
 * The body is somebody else's text: named fields of it are taken, none is quoted. Times are counted from our own clock at the
 * moment of asking, never from the server's, so that a clock that is wrong on either side does no harm.
 */
import { z } from 'zod';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type Instant, type Milliseconds, second } from '../base/time.ts';
import { scopesOf } from './challenges.ts';
import type { Issued } from './oauth.ts';
import type { Reply } from './wire.ts';

const text = z.string().min(1);
/** RFC 6750 2.1, a little wider: what a header can carry, so that no token can bring a second header. */
const token = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
/** Some servers write numbers as text. */
const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,10}$/)
      .transform(Number),
  ])
  .pipe(z.number().min(0).max(1e10));

const tokenSchema = z.object({
  access_token: token,
  token_type: text,
  expires_in: seconds.nullish(),
  refresh_token: z.union([token, z.literal('')]).nullish(),
  scope: z.string().nullish(),
  id_token: z.string().nullish(),
});

const deviceSchema = z.object({
  device_code: text,
  user_code: text.max(64),
  verification_uri: text,
  verification_uri_complete: z.string().nullish(),
  expires_in: seconds,
  interval: seconds.nullish(),
});

/** What is read of a reply. */
type Said = Pick<Reply, 'status' | 'headers' | 'fields' | 'error'>;

export interface Asked {
  readonly issuer: string;
  /** undefined: the server chose. */
  readonly scopes: readonly string[] | undefined;
  /** Our clock when the request was sent. */
  readonly at: Instant;
  /** Tokens that were there before: a server that hands one of them out again has issued nothing. */
  readonly old: readonly Secret[];
}

/** As received; who signed in is found out by others. */
export interface TokenAnswer {
  readonly issued: Issued;
  readonly idToken: Secret | undefined;
}

/** Problems: oauth/wrong-answer, provider/*. What is wrong in an answer that holds tokens is told by `faultOf`, see there. */
export function readTokens(said: Said, asked: Asked): TokenAnswer {
  if (said.status !== 200) throw refusal(said, asked.issuer, 'did not exchange the code for tokens');
  const read = tokenSchema.safeParse(said.fields);
  if (!read.success) throw wrong(asked.issuer, 'the answer to the sign-in holds no usable token');
  const { access_token, token_type, expires_in, refresh_token, scope, id_token } = read.data;
  return {
    issued: {
      tokens: {
        access: new Secret(access_token),
        refresh: refresh_token ? new Secret(refresh_token) : undefined,
        expiresAt: typeof expires_in === 'number' ? asked.at + expires_in * second : undefined,
        scopes: scopesOf(scope) ?? asked.scopes,
      },
      tokenType: token_type,
      grantedAt: asked.at,
      scopes: scopesOf(scope),
      account: undefined,
    },
    idToken: id_token ? new Secret(id_token) : undefined,
  };
}

/**
 * What is wrong with tokens that were issued: the grant exists by then, so whoever asks takes it back and then throws.
 *
 * A wider grant is `rotation/wider-scope`, the code it has in a rotation too: the person consented to something that nobody
 * asked for, and has to look; all else is the server's fault (oauth/wrong-answer).
 */
export function faultOf({ tokens, tokenType, scopes }: Issued, asked: Asked): Problem | undefined {
  const { issuer, old } = asked;
  if (tokenType.toLowerCase() !== 'bearer')
    return wrong(issuer, 'the token is not of type Bearer, and no other can be used here');
  if (old.some((each) => each.equals(tokens.access))) return wrong(issuer, 'it handed out the old access token again');
  const { refresh } = tokens;
  if (refresh && old.some((each) => each.equals(refresh))) return wrong(issuer, 'it handed out the old refresh token again');
  if (asked.scopes !== undefined && scopes !== undefined) {
    const wider = scopes.filter((scope) => !asked.scopes?.includes(scope));
    if (wider.length > 0) {
      return new Problem('rotation/wider-scope', {
        what: `${issuer} granted more than was asked for: ${wider.length === 1 ? 'one scope' : `${wider.length} scopes`} too many`,
        next: 'ask the operator of the server; to accept a scope, ask for it: --scope',
      });
    }
  }
  return undefined;
}

export interface DeviceCode {
  readonly code: Secret;
  readonly userCode: string;
  readonly address: string;
  readonly completeAddress: string | undefined;
  readonly expiresInMs: Milliseconds;
  readonly everyMs: Milliseconds;
}

/** RFC 8628 3.2. */
export function readDeviceCode(answer: Said, issuer: string): DeviceCode {
  if (answer.status !== 200) throw refusal(answer, issuer, 'did not start a sign-in by code');
  const read = deviceSchema.safeParse(answer.fields);
  if (!read.success) throw wrong(issuer, 'the answer to the sign-in by code is not usable');
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = read.data;
  return {
    code: new Secret(device_code),
    userCode: user_code,
    address: verification_uri,
    completeAddress: verification_uri_complete ?? undefined,
    expiresInMs: expires_in * second,
    everyMs: Math.max(1, interval ?? 5) * second,
  };
}

/** RFC 8628 3.5: what an unfinished sign-in by code is told. */
export function deviceState(answer: Said): 'pending' | 'slow-down' | 'denied' | 'expired' | 'ended' {
  if (answer.status === 200) return 'ended';
  switch (answer.error) {
    case 'authorization_pending':
      return 'pending';
    case 'slow_down':
      return 'slow-down';
    case 'access_denied':
      return 'denied';
    case 'expired_token':
      return 'expired';
    default:
      return 'ended';
  }
}

/** RFC 6749 5.2, RFC 8707 2. */
const refusals: Readonly<Record<string, string>> = {
  invalid_request: 'it takes the request for malformed',
  invalid_client: 'it does not know this client, or not by this secret',
  invalid_grant: 'the code was used, is too old, or was not made for this client',
  unauthorized_client: 'this client may not sign in this way',
  unsupported_grant_type: 'it does not offer this way of signing in',
  invalid_scope: 'a scope is unknown to it or may not be asked for',
  invalid_target: 'it does not know the resource',
};

function refusal({ status, headers, error }: Said, issuer: string, what: string): Problem {
  const wait = Number(headers['retry-after']);
  const again = Number.isFinite(wait) && wait > 0 ? { retryAfterMs: Math.min(wait, 86_400) * second } : {};
  if (status === 429) return new Problem('provider/rate-limited', { what: `${issuer} asks to wait`, ...again });
  if (status >= 500)
    return new Problem('provider/unavailable', { what: `${issuer} answered ${status}`, next: 'try again later', ...again });
  const words = error !== undefined && Object.hasOwn(refusals, error) ? `: ${refusals[error]} (${error})` : ` (status ${status})`;
  return wrong(issuer, `${what}${words}`);
}

const wrong = (issuer: string, what: string): Problem => new Problem('oauth/wrong-answer', { what: `${issuer}: ${what}` });
