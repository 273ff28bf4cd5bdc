/** Finds a grant by its id among what the stores keep, and says which entry a rotation is about. */
import { type Fingerprint, printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import { collect } from '../../inventory/collect.ts';
import { sameAddress } from '../../oauth/address.ts';
import { collectGrants, type ServerUse } from '../../oauth/grants.ts';
import type { Grant, Holding } from '../../oauth/oauth.ts';
import type { FilePath } from '../../ports/disk.ts';
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
  /** Where the client's own commands are run; empty: nowhere. */
  readonly folder: FilePath | '';
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
  const leading = uses.filter((one) => isFor(one, holding));
  const url = holding.entry.url ?? grant.url;
  if (url === undefined) {
    const { server = holding.entry.key } = holding.entry;
    throw new Problem('oauth/unknown-grant', {
      what:
        leading.length === 0
          ? `${id} is kept for a server whose address is not known here (${printable(server)})`
          : `${id} is kept for ${printable(server)} without its address, and only a project says where that is`,
      state: 'nothing was changed, and nothing was sent there',
      next: `add the server to your own config of ${holding.store.name}, or sign out there`,
    });
  }
  const folder = folderFor(ports, leading, url);
  return { grant, holding, url, folder, server: holding.entry.server ?? leading[0]?.server ?? holding.entry.key };
}

/**
 * A client reads the config of the project in which it is run. That of a cloned repository could give our server's name an
 * address or a program of its own, and some clients start what they read there. So a client's commands are run in the home,
 * or where a local entry (which goes before the project's) says so; for a server that only a project names they are not run.
 */
function folderFor({ host }: Pick<Ports, 'host'>, leading: readonly ServerUse[], url: string): FilePath | '' {
  const same = leading.filter((use) => sameAddress(use.url, url));
  const own = same.filter(({ scope }) => scope !== 'project');
  if (own.some(({ scope }) => scope !== 'local')) return host.home;
  return own[0]?.project ?? (same.length > 0 ? '' : host.home);
}

function isFor(use: ServerUse, { store, row, entry }: Holding): boolean {
  if (use.client !== store.client) return false;
  return store.keyFor(row, use) === entry.key || (entry.server === use.server && (entry.url ?? use.url) === use.url);
}
