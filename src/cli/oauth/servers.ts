/** Remote servers as a person names them: by address, or by the name that a client has for one. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Client } from '../../clients/client.ts';
import { discover } from '../../inventory/discover.ts';
import { Files } from '../../inventory/files.ts';
import { resolveUse } from '../../inventory/resolve.ts';
import { safeAddress } from '../../oauth/address.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ServerRef } from '../../stores/store.ts';

export interface Named extends ServerRef {
  readonly client: string;
}

type Reads = Pick<Ports, 'host' | 'disk'>;

/** Remote server entries of the clients' configs; those that cannot be resolved are left out. */
export async function remoteServers(ports: Reads, clients: readonly Client[]): Promise<readonly Named[]> {
  const files = new Files(ports);
  const { uses } = await discover(ports, clients, { folders: [] }, files);
  const resolved = await Promise.all(
    uses.map(async ({ client, use }) => {
      const { launch } = await resolveUse(ports, client, use, files).catch(nothing);
      return launch?.kind === 'remote' ? [{ ...launch, client: client.id, server: use.server }] : [];
    }),
  );
  return resolved.flat();
}

/** A broken file of one client must not hide the servers of the others. */
function nothing(error: unknown): { readonly launch: undefined } {
  if (error instanceof Problem) return { launch: undefined };
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
    next: 'give its address: mcp-rotate oauth check https://HOST/PATH',
  });
}
