/**
 * One refresh of a grant by us, at the right moment and once.
 *
 * Where refresh tokens rotate, the same one sent twice is taken for theft and ends the whole grant. So:
 * - one at a time: our own lease keeps our processes apart, the store's locks keep the client apart, and what the store holds is
 *   read again under them; when somebody was faster, their pair is the answer and nothing is sent;
 * - the intent, which names the token by its fingerprint, is durable before the request goes out, and is taken back only when
 *   the server's answer is known and what came of it is kept. Cut off in between, or without an answer, the token counts as used
 *   up ("rotated, unknown") and is never sent again.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { Disk, LockRule } from '../ports/disk.ts';
import type { Registration, Tokens } from '../stores/store.ts';
import { scopesOf } from './challenges.ts';
import type { Discovery, Issued, Wire } from './oauth.ts';
import { askRefresh } from './requests.ts';
import { claimsOf } from './standing.ts';
import { library, type Reply, refusesClient, unexpectedReply } from './wire.ts';

export interface RefreshParts {
  readonly wire: Wire;
  readonly discovery: Discovery;
  readonly registration: Registration;
  /** What the caller saw in the store, and wants refreshed. */
  readonly seen: Tokens;
  readonly disk: Pick<Disk, 'withLock'>;
  /** The store's locks, their places filled in, in the store's order. */
  readonly locks: readonly LockRule[];
  /** Our own lease around everything. Problem: rotation/locked. */
  readonly lease: <T>(work: () => Promise<T>) => Promise<T>;
  /** What the store holds now; undefined: the entry has no tokens any more. */
  readonly read: () => Promise<Tokens | undefined>;
  /** Was an intent written for this refresh token and never settled? */
  readonly wasSent: (refresh: Secret) => Promise<boolean>;
  /** Makes the intent durable, with the token's fingerprint. */
  readonly intent: (refresh: Secret) => Promise<void>;
  /** Takes the new pair where it cannot be lost, and into the store. */
  readonly keep: (issued: Issued) => Promise<void>;
  /** The intent is over: the server has answered, and what came of it is kept. */
  readonly settled: (refresh: Secret) => Promise<void>;
  readonly lockWithinMs?: Milliseconds;
  readonly signal?: AbortSignal;
}

export type Refreshed =
  | { readonly kind: 'refreshed'; readonly issued: Issued }
  /** Another process was faster; these are the tokens that stand in the store now. */
  | { readonly kind: 'already'; readonly tokens: Tokens }
  /** There is nothing to refresh (any more). */
  | { readonly kind: 'absent' }
  /** invalid_grant: the grant is over. */
  | { readonly kind: 'refused' }
  /** Sent, now or by an earlier run, and no answer known: the token may be used up. Sign in again. */
  | { readonly kind: 'lost' };

/**
 * Problems: rotation/locked, file/locked; provider/rate-limited and other refusals after which the token is still good;
 * oauth/wrong-answer (`effect` unknown: the token may be used up; the intent stands); what `read` and `keep` throw.
 */
export async function refreshOnce(parts: RefreshParts): Promise<Refreshed> {
  const { disk, lockWithinMs } = parts;
  const locked = parts.locks.reduceRight<() => Promise<Refreshed>>(
    (work, lock) => () => disk.withLock(lock, work, lockWithinMs),
    () => underLocks(parts),
  );
  return parts.lease(locked);
}

async function underLocks(parts: RefreshParts): Promise<Refreshed> {
  const { seen } = parts;
  const tokens = await parts.read();
  if (tokens === undefined) return { kind: 'absent' };
  if (!sameSecret(tokens.access, seen.access) || !sameSecret(tokens.refresh, seen.refresh)) return { kind: 'already', tokens };
  const { refresh } = tokens;
  if (refresh === undefined) return { kind: 'absent' };
  if (await parts.wasSent(refresh)) return { kind: 'lost' };
  parts.signal?.throwIfAborted();
  await parts.intent(refresh);
  return send(parts, tokens, refresh);
}

function sameSecret(a: Secret | undefined, b: Secret | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

async function send(parts: RefreshParts, old: Tokens, refresh: Secret): Promise<Refreshed> {
  const { wire, discovery, registration } = parts;
  const grantedAt = wire.clock.now();
  let reply: Reply | undefined;
  try {
    // Without the caller's signal: once it is on its way, only the answer tells what became of the token.
    reply = await askRefresh(wire, discovery, registration, refresh);
  } catch (error) {
    if (error instanceof Problem && error.effect === 'unknown') return { kind: 'lost' };
    // it was never sent
    if (error instanceof Problem) await parts.settled(refresh);
    throw error;
  }
  if (reply === undefined) {
    await parts.settled(refresh);
    throw new Problem('oauth/metadata', { what: `${new URL(discovery.issuer).host} names no token endpoint` });
  }
  if (reply.status !== 200) return refused(parts, refresh, reply);
  const issued = await readIssued(parts, reply, old, grantedAt);
  await parts.keep(issued);
  await parts.settled(refresh);
  return { kind: 'refreshed', issued };
}

async function refused(parts: RefreshParts, refresh: Secret, reply: Reply): Promise<Refreshed> {
  const { status, headers, error } = reply;
  // Asked to come again is not processed; any other 5xx, a redirect and the like may have done their work.
  const later = status === 429 || (status === 503 && headers['retry-after'] !== undefined);
  if (!later && (status < 400 || status >= 500)) return { kind: 'lost' };
  await parts.settled(refresh);
  if (error === 'invalid_grant') return { kind: 'refused' };
  const name = `${new URL(parts.discovery.issuer).host}: refresh`;
  if (refusesClient(reply)) {
    throw new Problem('provider/refused', {
      what: `${name}: the server does not know this client any more, or not by this secret`,
      next: 'sign in again; the client is then registered anew',
    });
  }
  throw unexpectedReply(parts.wire, name, reply, false);
}

/**
 * The pair of an answer with status 200, as the library judges it (RFC 6749 section 5.1) and beyond: bearer tokens only, and not
 * the access token that we had. A refresh token that is left out stays as it was.
 */
async function readIssued(
  { discovery, registration }: RefreshParts,
  reply: Reply,
  old: Tokens,
  grantedAt: number,
): Promise<Issued> {
  const host = new URL(discovery.issuer).host;
  const wrong = (why: string): Problem =>
    new Problem('oauth/wrong-answer', {
      what: `${host} answered the refresh with ${why}`,
      state: 'the tokens in the store are as they were, but the refresh token may be used up',
      next: 'sign in again',
      effect: 'unknown',
    });
  const lib = await library();
  const as = { issuer: discovery.issuer };
  const read = await lib
    .processRefreshTokenResponse(as, { client_id: registration.clientId }, withoutIdToken(reply))
    .catch(() => undefined);
  // the library's errors hold the whole answer
  if (read === undefined) throw wrong('something that is no token answer');
  if (read.token_type !== 'bearer') throw wrong('a token of another type than bearer');
  if (!/^[\x21-\x7e]+$/.test(read.access_token)) throw wrong('an access token that fits no header');
  const access = new Secret(read.access_token);
  if (old.access?.equals(access)) throw wrong('the access token that we had');
  const lasts = read.expires_in;
  const expiresAt = lasts === undefined ? claimsOf(access)?.expiresAt : grantedAt + lasts * second;
  return {
    tokens: {
      access,
      refresh: read.refresh_token === undefined ? old.refresh : new Secret(read.refresh_token),
      expiresAt,
      scopes: scopesOf(read.scope) ?? old.scopes,
    },
    tokenType: read.token_type,
    grantedAt,
    scopes: scopesOf(read.scope),
    account: claimsOf(access)?.account,
  };
}

/** An id token is not asked for and not used; one that does not hold must not cost us the pair. */
function withoutIdToken({ fields, status }: Reply): Response {
  const { id_token: _unused, ...rest } = fields ?? {};
  return Response.json(fields === undefined ? null : rest, { status });
}
