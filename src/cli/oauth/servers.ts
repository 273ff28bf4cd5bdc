/** Remote servers as a person names them: by address, or by the name that a client has for one. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Client } from '../../clients/client.ts';
import { discover } from '../../inventory/discover.ts';
import { Files } from '../../inventory/files.ts';
import type { ServerUse } from '../../inventory/inventory.ts';
import { remoteOf } from '../../inventory/remotes.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import { safeAddress } from '../../oauth/address.ts';
import type { Ports } from '../../ports/ports.ts';

type Reads = Pick<Ports, 'host' | 'disk'>;

/** Remote server entries of the clients' configs, also of programs that sign in for a client (mcp-remote). */
export async function remoteServers(ports: Reads, clients: readonly Client[]): Promise<readonly ServerUse[]> {
  const files = new Files(ports);
  const { uses } = await discover(ports, clients, { folders: [] }, files);
  const resolved = await Promise.all(uses.map(({ client, use }) => resolveUse(ports, client, use, files).catch(nothing)));
  return resolved.flatMap((server) => (server && remoteOf(server)) ?? []).filter(({ unresolved }) => !unresolved);
}

/** A broken file of one client must not hide the servers of the others. */
function nothing(error: unknown): undefined {
  if (error instanceof Problem) return undefined;
  throw error;
}

/** The address that SERVER stands for. Problems: usage/wrong, oauth/unsafe-address. */
export async function addressOf(ports: Reads, clients: readonly Client[], server: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(server)) return safeAddress(server, 'MCP server', undefined).href;
  const named = (await remoteServers(ports, clients)).filter((each) => each.server === server);
  const [first, ...others] = [...new Set(named.map(({ url }) => url))];
  if (first !== undefined && others.length === 0) return safeAddress(first, 'MCP server', undefined).href;
  throw new Problem('usage/wrong', {
    what:
      first === undefined
        ? `no client has a remote server of the name ${printable(server)}`
        : `the clients have ${others.length + 1} servers of the name ${printable(server)}`,
    next: 'give its address in place of the name: https://HOST/PATH',
  });
}

/** As it may be shown: a query can hold a key. */
export function shownAddress(address: string): string {
  const { origin, pathname, search } = new URL(address);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
