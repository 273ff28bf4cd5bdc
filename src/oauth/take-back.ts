/**
 * Takes back what a sign-in of ours made: refresh token, access token, registration, in this order, since a registration that is
 * gone cannot revoke any more (RFC 7592). An accepted revocation proves nothing, so the access token is tried once.
 */
import { Problem } from '../base/problem.ts';
import type { Discovery, RegistrationLedger, Revocation, SignedIn, Wire } from './oauth.ts';
import { deleteRegistration } from './registration.ts';
import { revoke } from './revoke.ts';
import { accessStanding } from './standing.ts';

export interface TakenBack {
  readonly revocation: Revocation | 'failed';
  /** Was the access token refused afterwards? */
  readonly refusedAfterwards: 'yes' | 'no' | 'unknown';
  /** 'not ours': it was given, and others may use it. */
  readonly registration: 'deleted' | 'left' | 'not ours';
}

export async function takeBack(
  wire: Wire,
  discovery: Discovery,
  { issued: { tokens }, registration, registeredBy }: SignedIn,
  ledger?: RegistrationLedger,
): Promise<TakenBack> {
  const revocation = await orFailed(async () => {
    const ofRefresh = tokens.refresh && (await revoke(wire, discovery, registration, tokens.refresh, 'refresh'));
    const ofAccess = await revoke(wire, discovery, registration, tokens.access, 'access');
    return ofRefresh ?? ofAccess;
  });
  const ours = registeredBy === 'dynamic registration';
  const deleted = ours ? await orFailed(() => deleteRegistration(wire, registration, new URL(discovery.url))) : undefined;
  if (deleted !== undefined && deleted !== 'failed') await orFailed(async () => ledger?.ended(registration, deleted));
  const standing = await orFailed(() => accessStanding(wire, discovery, tokens.access));
  const alive = standing === 'failed' ? 'unknown' : standing.alive;
  return {
    revocation,
    refusedAfterwards: alive === 'unknown' ? 'unknown' : alive === 'no' ? 'yes' : 'no',
    registration: !ours ? 'not ours' : deleted === 'deleted' || deleted === 'gone' ? 'deleted' : 'left',
  };
}

/** One part that fails must not keep the others from being tried. */
async function orFailed<Value>(work: () => Promise<Value>): Promise<Value | 'failed'> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) return 'failed';
    throw error;
  }
}
