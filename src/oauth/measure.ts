/**
 * How a server treats refresh tokens and revocations, found out with grants made for it and used up by it.
 *
 * Two grants under one registration: to show what a used-up refresh token still does is to set off the server's reuse detection,
 * after which nothing can be learned about revocation any more. Every wait is bounded; a server that answers neither yes nor
 * no leaves the question open. Nothing of it is left: what still lives is revoked by whoever called.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { type Milliseconds, second } from '../base/time.ts';
import { canonicalResource } from './address.ts';
import type { Discovery, Issued, SignedIn, Wire } from './oauth.ts';
import type { Measured, Told } from './report.ts';
import { revoke } from './revoke.ts';
import { accessStanding, claimsOf, refreshStanding } from './standing.ts';
import { readTokens } from './token-answers.ts';
import { refreshOnce } from './token-requests.ts';

export interface Bounds {
  /** How long an old token is tried again. */
  readonly lookMs: Milliseconds;
  readonly everyMs: Milliseconds;
}

export const usualBounds: Bounds = { lookMs: 30 * second, everyMs: 2 * second };

type Revoked = Pick<Measured, 'revocation' | 'accessDead' | 'accessDeadAfterMs' | 'refreshDead' | 'accessUntil'>;
type Reused = Pick<Measured, 'oldRefused' | 'graceMs' | 'reuseEndsGrant'>;

/** `again` signs in once more under the same registration; it is called only when refresh tokens rotate. */
export async function measure(
  wire: Wire,
  discovery: Discovery,
  first: SignedIn,
  again: () => Promise<SignedIn>,
  bounds: Bounds = usualBounds,
): Promise<Measured> {
  const { tokens } = first.issued;
  const claims = claimsOf(tokens.access);
  const facts = {
    access: claims === undefined ? ('opaque' as const) : ('jwt' as const),
    audience: audienceOf(claims?.audience, discovery.resource),
    refreshable: tokens.refresh !== undefined,
  };
  const refreshed = tokens.refresh && (await refresh(wire, discovery, first, tokens.refresh));
  const latest = refreshed?.issued ?? first.issued;
  const revoked = await revokedGrant(wire, discovery, first, latest, bounds);
  const rotates: Told = refreshed?.rotated ?? 'unknown';
  const reused: Reused =
    rotates === 'yes'
      ? await reusedToken(wire, discovery, await again(), bounds)
      : { oldRefused: 'unknown', graceMs: undefined, reuseEndsGrant: 'unknown' };
  return { ...facts, rotates, ...revoked, ...reused };
}

function audienceOf(named: readonly string[] | undefined, resource: string): Measured['audience'] {
  if (named === undefined) return undefined;
  return named.some((each) => URL.canParse(each) && canonicalResource(each) === resource) ? 'this server' : 'another';
}

interface Refreshed {
  readonly issued: Issued;
  readonly rotated: 'yes' | 'no';
}

/** undefined: it was not refreshed, whyever. */
async function refresh(wire: Wire, discovery: Discovery, by: SignedIn, old: Secret): Promise<Refreshed | undefined> {
  const at = wire.clock.now();
  try {
    const reply = await refreshOnce(wire, discovery, by.registration, old);
    const { issued } = readTokens(reply, { issuer: discovery.issuer, scopes: by.issued.scopes, at, old: [] });
    const next = issued.tokens.refresh;
    // RFC 6749 6: an answer without a refresh token leaves the old one in force.
    const rotated = next !== undefined && !next.equals(old) ? 'yes' : 'no';
    return { issued: { ...issued, tokens: { ...issued.tokens, refresh: next ?? old } }, rotated };
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function revokedGrant(
  wire: Wire,
  discovery: Discovery,
  { registration }: SignedIn,
  { tokens }: Issued,
  { lookMs, everyMs }: Bounds,
): Promise<Revoked> {
  const { clock } = wire;
  const nothing = {
    accessDead: 'unknown',
    accessDeadAfterMs: undefined,
    refreshDead: 'unknown',
    accessUntil: undefined,
  } as const;
  const revocation = await revokedFirst(wire, discovery, registration, tokens);
  if (revocation !== 'accepted') return { revocation, ...nothing };

  const from = clock.elapsed();
  let { alive } = await accessStanding(wire, discovery, tokens.access);
  while (alive === 'yes' && clock.elapsed() - from + everyMs <= lookMs) {
    await clock.sleep(everyMs);
    ({ alive } = await accessStanding(wire, discovery, tokens.access));
  }
  const accessDeadAfterMs = alive === 'no' ? clock.elapsed() - from : undefined;
  const ofOld = tokens.refresh && (await refreshStanding(wire, discovery, registration, tokens.refresh));
  return {
    revocation,
    accessDead: opposite(alive),
    accessDeadAfterMs,
    refreshDead: ofOld ? opposite(ofOld.alive) : 'unknown',
    accessUntil: alive === 'yes' ? tokens.expiresAt : undefined,
  };
}

/** undefined: it gave no answer that means anything. */
async function revokedFirst(
  wire: Wire,
  discovery: Discovery,
  registration: SignedIn['registration'],
  { refresh, access }: Issued['tokens'],
): Promise<Measured['revocation']> {
  try {
    return await (refresh
      ? revoke(wire, discovery, registration, refresh, 'refresh')
      : revoke(wire, discovery, registration, access, 'access'));
  } catch (error) {
    ignoreProblem(error);
    return undefined;
  }
}

const opposite = (alive: Told): Told => (alive === 'unknown' ? 'unknown' : alive === 'yes' ? 'no' : 'yes');

async function reusedToken(wire: Wire, discovery: Discovery, by: SignedIn, { lookMs, everyMs }: Bounds): Promise<Reused> {
  const { clock } = wire;
  const old = by.issued.tokens.refresh;
  const newest = old && (await refresh(wire, discovery, by, old))?.issued.tokens.refresh;
  const unclear: Reused = { oldRefused: 'unknown', graceMs: undefined, reuseEndsGrant: 'unknown' };
  if (!newest) return unclear;
  try {
    const from = clock.elapsed();
    let worked = false;
    for (;;) {
      const taken = await isTaken(wire, discovery, by, old);
      if (taken === 'unknown') return unclear;
      if (taken === 'no') break;
      worked = true;
      if (clock.elapsed() - from + everyMs > lookMs) return { ...unclear, oldRefused: 'no' };
      await clock.sleep(everyMs);
    }
    const graceMs = worked ? clock.elapsed() - from : undefined;
    // After a grace period the newest token may itself have been replaced by an answer to the old one: then nothing follows.
    const reuseEndsGrant = worked ? 'unknown' : opposite(await isTaken(wire, discovery, by, newest));
    return { oldRefused: 'yes', graceMs, reuseEndsGrant };
  } finally {
    await revoke(wire, discovery, by.registration, newest, 'refresh').catch(ignoreProblem);
  }
}

/** Does the server still take a refresh token? What it hands out for it is thrown away, and dies with the grant. */
async function isTaken(wire: Wire, discovery: Discovery, by: SignedIn, token: Secret): Promise<Told> {
  try {
    const { status, error } = await refreshOnce(wire, discovery, by.registration, token);
    return status === 200 ? 'yes' : error === 'invalid_grant' ? 'no' : 'unknown';
  } catch (error) {
    ignoreProblem(error);
    return 'unknown';
  }
}

/** A question that stays open; the registration is deleted in the end, and the grants with it. */
function ignoreProblem(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
