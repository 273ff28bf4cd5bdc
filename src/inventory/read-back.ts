/** What a server would be given if its client started it now: read, resolved and recognised afresh. */
import type { Ports } from '../ports/ports.ts';
import type { Adapters } from './adapters.ts';
import type { Use } from './inventory.ts';
import { type HeldBy, heldIn } from './recognise.ts';
import { resolveUse } from './resolve.ts';

/** Problems: those of `resolveUse`. A reference that leads nowhere yields nothing, so the copy does not count as read back. */
export async function readBack(ports: Pick<Ports, 'host' | 'disk'>, adapters: Adapters, use: Use): Promise<readonly HeldBy[]> {
  const client = adapters.clients.find(({ id }) => id === use.client);
  if (!client) throw new Error(`no client ${use.client}`);
  return heldIn(adapters, await resolveUse(ports, client, use));
}
