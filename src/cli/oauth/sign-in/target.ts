/**
 * Where a client will look for a sign-in: its store, the row that it uses on this machine, and the key under which it looks.
 *
 * Everything that can stand against writing there is found out before a person is asked to sign in.
 */

import { printable } from '../../../base/ids.ts';
import { Problem } from '../../../base/problem.ts';
import type { Scope } from '../../../clients/client.ts';
import { pathOf } from '../../../clients/patterns.ts';
import type { Adapters } from '../../../inventory/adapters.ts';
import { readHoldings, writable } from '../../../oauth/holdings.ts';
import type { Holding } from '../../../oauth/oauth.ts';
import type { Ports } from '../../../ports/ports.ts';
import { byHand, type Named } from '../../../stores/by-hand.ts';
import type { Entry, Row, ServerRef, TokenStore, Where } from '../../../stores/store.ts';
import { remoteServers } from '../servers.ts';

export interface Target {
  readonly store: TokenStore;
  readonly row: Row;
  readonly where: readonly Where[];
  readonly key: string;
  readonly server: ServerRef;
  /** What its config sends besides; of a project's config nothing, which could name a secret of this person. */
  readonly headers: ServerRef['headers'];
  /** What stands there now: a registration alone, or tokens that are dead. */
  readonly old: Entry | undefined;
}

type Reads = Pick<Ports, 'host' | 'disk' | 'keyring' | 'processes' | 'clock'>;

/** Problems: usage/wrong, oauth/client-only, store/*, and those of reading. */
export async function targetFor(ports: Reads, { clients, stores }: Adapters, client: string, url: string): Promise<Target> {
  const own = stores.filter((store) => store.client === client);
  if (own.length === 0) {
    const known = [...new Set(stores.map((store) => store.client))].sort();
    throw new Problem('usage/wrong', {
      what: `mcp-rotate knows no store of sign-ins of ${printable(client)}`,
      next: `one of: ${known.join(', ')}; or without --client, to try the sign-in`,
    });
  }
  const store = own.find(({ put }) => put) ?? own[0];
  if (!store?.put) throw clientOnly(store, client, { url });

  const server = await serverOf(ports, clients, client, url, store);
  const { holdings, unseen } = await readHoldings(ports, [store], { consent: false });
  const locked = unseen.find(({ why }) => why === 'locked' || why === 'not-readable' || why === 'needs-consent');
  if (locked) {
    throw new Problem(locked.why === 'locked' ? 'store/locked' : 'store/unavailable', {
      what: `the store of ${store.name} cannot be looked into: ${printable(locked.where)}`,
      state: 'nobody was asked to sign in',
      next: locked.todo,
    });
  }
  const live = holdings.filter(({ stale }) => stale === undefined);
  const hasKeyring = !unseen.some(({ why }) => why === 'unavailable');
  for (const row of rowsOf(store, ports, live)) {
    // A client that finds no keyring keeps to its file.
    if (!hasKeyring && (row.kind === 'items' || row.kind === 'blob')) continue;
    if (!writable(ports.host, row)) continue;

    const key = store.keyFor(row, server);
    const where = key === undefined ? undefined : whereOf(ports, row, key, live);
    if (key === undefined || !where) continue;
    const holding = live.find((each) => each.row === row && each.entry.key === key);
    refuseLive(ports, store, server, holding);
    const headers = server.scope === 'project' ? {} : server.headers;
    return { store, row, where: holding?.where ?? where, key, server, headers, old: holding?.entry };
  }
  throw clientOnly(store, client, server);
}

function clientOnly(store: TokenStore | undefined, client: string, server: Named): Problem {
  return new Problem('oauth/client-only', {
    what: `only ${store?.name ?? printable(client)} itself can put a sign-in where it will look for it`,
    state: 'nobody was asked to sign in',
    next: store ? byHand(store.signIn.byHand, server) : 'sign in with the client itself',
  });
}

/** A client without configs that we know (mcp-remote) is given the address each time: any name will do. */
async function serverOf(
  ports: Reads,
  clients: Adapters['clients'],
  client: string,
  url: string,
  store: TokenStore,
): Promise<ServerRef & { readonly scope?: Scope }> {
  const entries = (await remoteServers(ports, clients)).filter((each) => each.client === client && same(each.url, url));
  const [entry, another] = entries;
  if (entry && !another) return entry;
  if (!entry && !clients.some(({ id }) => id === client)) {
    return { server: new URL(url).host, url, headers: {}, transport: 'http' };
  }
  throw new Problem('usage/wrong', {
    what: entry
      ? `${store.name} has ${entries.length} servers at this address, and keeps a sign-in for each`
      : `${store.name} has no server at this address, so it would never look for the sign-in`,
    state: 'nobody was asked to sign in',
    next: entry ? byHand(store.signIn.byHand, entry) : `add the server to ${store.name} first, then sign in`,
  });
}

/** The client's own writing of the address counts when keys are made; here the two only have to mean the same. */
const same = (a: string, b: string): boolean => URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;

/** The row that is in use comes first; else the store's own order. */
function rowsOf(store: TokenStore, { host }: Reads, live: readonly Holding[]): readonly Row[] {
  const rows = store.rows.filter(
    (row) => row.kind !== 'names' && row.stale === undefined && (row.os === 'all' || row.os.includes(host.os)),
  );
  const used = (row: Row): number => (live.some((each) => each.row === row) ? 0 : 1);
  return rows.toSorted((a, b) => used(a) - used(b));
}

function whereOf({ host }: Reads, row: Row, key: string, live: readonly Holding[]): readonly Where[] | undefined {
  if (row.kind === 'items') {
    // A service of its own is what the client looks under.
    const own = row.service.includes('*');
    return [{ kind: 'item', service: own ? key : row.service, account: own ? (row.account ?? key) : key }];
  }
  if (row.kind === 'blob') return [{ kind: 'item', service: row.service, account: row.account(host) }];
  if (row.kind === 'names') return undefined;
  const neighbour = live.find((each) => each.row === row)?.where[0];
  if (neighbour?.kind === 'file') return [neighbour];
  const file = pathOf(host, row.path.replaceAll('*', key));
  return file === undefined ? undefined : [{ kind: 'file', file }];
}

/** To replace a grant that is in use is a rotation: it has to be revoked, proven dead and written down. */
function refuseLive({ clock }: Reads, store: TokenStore, { server }: ServerRef, holding: Holding | undefined): void {
  const tokens = holding?.entry.tokens;
  if (!tokens) return;
  const expired = tokens.expiresAt !== undefined && tokens.expiresAt <= clock.now();
  if (expired && tokens.refresh === undefined) return;
  throw new Problem('usage/wrong', {
    what: `${store.name} already holds a sign-in for ${printable(server)}`,
    state: 'nobody was asked to sign in, and it stays as it is',
    next: 'mcp-rotate status tells its id; mcp-rotate rotate ID replaces it and revokes the old one',
  });
}
