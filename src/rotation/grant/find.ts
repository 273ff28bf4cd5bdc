/** Finds a grant by its id among what the stores keep, and says which entry a rotation is about. */
import type { Fingerprint } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import { collect } from '../../inventory/collect.ts';
import { collectGrants, type ServerUse } from '../../oauth/grants.ts';
import type { Grant, Holding } from '../../oauth/oauth.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Random } from '../../ports/random.ts';
import { fingerprint } from '../../providers/fingerprint.ts';
import { grantProvider } from './held.ts';

export const grantPrint = (random: Random, key: Uint8Array, identity: string): Fingerprint =>
  fingerprint(random, key, grantProvider, identity);

export interface FoundGrant {
  readonly grant: Grant;
  /** The entry that its client reads: the one to sign in for again. */
  readonly holding: Holding;
  readonly server: string;
  readonly url: string;
}

/** undefined when no store keeps such a grant. Problem oauth/unknown-grant: when it is known by name only, with what to do. */
export async function findGrant(
  ports: Ports,
  adapters: Adapters,
  id: string,
  folders: readonly string[],
): Promise<FoundGrant | undefined> {
  const { remotes: uses } = await collect(ports, adapters, { folders });
  const { grants } = await collectGrants(ports, adapters, uses, { consent: true });
  const grant = grants.find((one) => one.id === id);
  if (!grant) return undefined;
  const [holding] = [...grant.holdings].sort((a, b) => Number(a.stale !== undefined) - Number(b.stale !== undefined));
  if (!holding) throw new Error('a grant that nobody keeps');
  const use = uses.find((one) => isFor(one, holding));
  const url = holding.entry.url ?? grant.url ?? use?.url;
  if (url === undefined) {
    throw new Problem('oauth/unknown-grant', {
      what: `${id} is kept for a server whose address is not known here (${holding.entry.key})`,
      state: 'nothing was changed',
      next: `add the server to ${holding.store.name} again, or sign out there`,
    });
  }
  return { grant, holding, url, server: holding.entry.server ?? use?.server ?? holding.entry.key };
}

function isFor(use: ServerUse, { store, row, entry }: Holding): boolean {
  if (use.client !== store.client) return false;
  return store.keyFor(row, use) === entry.key || (entry.server === use.server && (entry.url ?? use.url) === use.url);
}
