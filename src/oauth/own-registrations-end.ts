/**
 * Ending registrations that are ours to end. Last of all at their server: a client that is gone cannot revoke any more.
 *
 * What nobody uses is deleted when we are at its server anyway, in a rotation or a sign-in; no server is asked for this alone.
 * Nobody uses what no store holds, once every store of its client was looked into, and what is older than a sign-in can be.
 */
import { hour } from '../base/time.ts';
import { sameAddress } from './address.ts';
import type { Discovery, Ended, Wire } from './oauth.ts';
import { isUnused, type OwnRegistration, type OwnRegistrations, type SeenStores } from './own-registrations.ts';
import { deleteRegistration, isKnown } from './registration.ts';

/** Another process may be about to sign in with it. */
const young = hour;

/** Deletes it, and strikes it off when it is gone. Problems: store/locked, file/*, oauth/unsafe-address. */
export async function endOwn(wire: Wire, discovery: Discovery, own: OwnRegistrations, row: OwnRegistration): Promise<Ended> {
  const registration = await own.open(row);
  const ended = registration ? await deleteRegistration(wire, registration, new URL(discovery.url)) : 'not-supported';
  await own.ended(row, ended);
  if (ended === 'deleted' || ended === 'gone' || !registration) return ended;
  // A server that deletes nothing may have forgotten it all the same. Without its secret any client is refused.
  if (row.hasSecret && !registration.clientSecret) return ended;
  if ((await isKnown(wire, discovery, registration)) !== 'no') return ended;
  await own.ended(row, 'gone');
  return 'gone';
}

/** Ends what nobody uses any more at this server. Answers the ids of those that are gone. Problems as above. */
export async function sweep(
  wire: Wire,
  discovery: Discovery,
  own: OwnRegistrations,
  seen: SeenStores,
): Promise<readonly string[]> {
  const until = wire.clock.now() - young;
  const gone: string[] = [];
  for (const row of await own.list()) {
    if (!sameAddress(row.issuer, discovery.issuer) || row.since > until || !isUnused(row, seen)) continue;
    const ended = await endOwn(wire, discovery, own, row);
    if (ended === 'deleted' || ended === 'gone') gone.push(row.clientId);
  }
  return gone;
}
