/**
 * Grants: the tokens of the stores, each pair once wherever it is kept, with who holds it and what is wrong about it.
 *
 * A pair is known by its refresh token, which outlives the access token beside it; an entry without one by its access
 * token. Who is judged to be an orphan decides what gets revoked, so only what is certain counts: the client's configs were
 * all looked at, and none leads to the entry.
 */
import type { CredentialId, Fingerprint } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Adapters } from '../inventory/adapters.ts';
import type { ServerUse } from '../inventory/inventory.ts';
import type { Ports } from '../ports/ports.ts';
import { credentialIds, fingerprint, fingerprintKey } from '../providers/fingerprint.ts';
import { sameAddress } from './address.ts';
import { holdingLabel, readHoldings } from './holdings.ts';
import type { Grant, GrantFinding, Grants, Holding, UnseenStore } from './oauth.ts';
import { isUnused, type Listed, listed, type OwnRegistration } from './own-registrations.ts';

export type { ServerUse } from '../inventory/inventory.ts';

type Reads = Pick<Ports, 'host' | 'disk' | 'keyring' | 'processes' | 'random' | 'clock'>;
type Finding = Grant['findings'][number];

export interface GrantsOptions {
  /** A person has agreed to prompts of the keyring. */
  readonly consent: boolean;
}

export async function collectGrants(
  ports: Reads,
  adapters: Adapters,
  uses: readonly ServerUse[],
  options: GrantsOptions,
): Promise<Grants> {
  const { holdings, unseen, problems } = await readHoldings(ports, adapters.stores, options);
  const signedIn = holdings.filter(({ entry }) => entry.tokens !== undefined);
  const grouped = await byPair(ports, signedIn);
  const ids = credentialIds(grouped.map(({ print }) => ({ provider: 'oauth', fingerprint: print })));
  const known = new Known(adapters, uses);
  const now = ports.clock.now();
  const bare = grouped.map(({ print, group }, at) => bareGrant(ids[at] ?? '', print, group, { known, now }));
  const grants = bare.map((grant): Grant => {
    const sharedWith = bare.filter((other) => other !== grant && areShared(grant, other)).map(({ id }) => id);
    const shared = { ...grant, sharedWith };
    return { ...shared, findings: findingsOf(shared, known) };
  });
  const own = await ownRegistrations(ports);
  return {
    grants,
    unseen: unseen.filter((each) => isTold(each, uses)),
    problems: own.problem ? [...problems, own.problem] : problems,
    registrations: [
      ...registrationsOf(holdings, own.made),
      ...own.made
        .filter((row) => isUnused(row, { holdings, unseen }))
        .map(({ issuer, clientId, ours, deletable }) => ({
          issuer,
          clientId,
          where: undefined,
          ours,
          deleted: deletable ? ('next' as const) : ('no' as const),
        })),
    ],
    lostRegistrations: own.asked.map(({ issuer, marker, since }) => ({ issuer, marker, since })),
  };
}

/** A list that cannot be read hides nothing else. */
async function ownRegistrations(ports: Reads): Promise<Listed & { problem?: Problem }> {
  try {
    return await listed(ports);
  } catch (error) {
    if (error instanceof Problem) return { made: [], asked: [], problem: error };
    throw error;
  }
}

/** A session without a keyring can give none to its clients: worth a word only for a client that has a server to sign in to. */
const isTold = ({ why, client }: UnseenStore, uses: readonly ServerUse[]): boolean =>
  why !== 'unavailable' || uses.some((use) => use.client === client);

interface Group {
  readonly print: Fingerprint;
  readonly group: Holding[];
}

async function byPair(ports: Reads, holdings: readonly Holding[]): Promise<readonly Group[]> {
  if (holdings.length === 0) return [];
  const { key } = await fingerprintKey(ports);
  const printOf = (token: Secret | undefined): Fingerprint | undefined =>
    token && fingerprint(ports.random, key, 'oauth', token.reveal());
  const groups = new Map<Fingerprint, Group>();
  /** By access token: a client that dropped its refresh token holds the rest of a pair. */
  const pairs = new Map<Fingerprint, Group>();
  const renewable = (holding: Holding): number => (holding.entry.tokens?.refresh ? 0 : 1);
  for (const holding of holdings.toSorted((a, b) => renewable(a) - renewable(b))) {
    const refresh = printOf(holding.entry.tokens?.refresh);
    const access = printOf(holding.entry.tokens?.access);
    const print = refresh ?? access;
    if (print === undefined) continue;
    const group = groups.get(print) ?? (refresh === undefined ? pairs.get(print) : undefined) ?? { print, group: [] };
    group.group.push(holding);
    groups.set(group.print, group);
    if (access !== undefined && !pairs.has(access)) pairs.set(access, group);
  }
  return [...groups.values()];
}

type Bare = Omit<Grant, 'sharedWith' | 'findings'>;

/** What the copies that are read say goes before what stale ones say, and a later expiry before an earlier one. */
function bareGrant(
  id: CredentialId,
  print: Fingerprint,
  group: readonly Holding[],
  { known, now }: { readonly known: Known; readonly now: number },
): Bare {
  const order = (holding: Holding): number => (holding.stale === undefined ? 0 : 1);
  const expiry = (holding: Holding): number => holding.entry.tokens?.expiresAt ?? 0;
  const holdings = group.toSorted((a, b) => order(a) - order(b) || expiry(b) - expiry(a));
  const first = <Value>(of: (holding: Holding) => Value | undefined): Value | undefined =>
    holdings.map(of).find((value) => value !== undefined);
  const expiresAt = first(({ entry }) => entry.tokens?.expiresAt);
  return {
    id,
    fingerprint: print,
    url: first(({ entry }) => entry.url) ?? first((holding) => known.addressOf(holding)),
    issuer: first(({ entry }) => entry.issuer),
    clientId: first(({ entry }) => entry.registration?.clientId),
    scopes: first(({ entry }) => entry.tokens?.scopes),
    expiresAt,
    expired: expiresAt !== undefined && expiresAt <= now,
    refreshable: holdings.some(({ entry }) => entry.tokens?.refresh !== undefined),
    holdings,
  };
}

/** The same client at the same authorization server. Not every store keeps the issuer: then the same MCP server. */
function areShared(a: Bare, b: Bare): boolean {
  if (a.clientId === undefined || a.clientId !== b.clientId) return false;
  if (a.issuer !== undefined && b.issuer !== undefined) return sameAddress(a.issuer, b.issuer);
  return a.url !== undefined && b.url !== undefined && sameAddress(a.url, b.url);
}

/** What the clients' configs say of the servers. */
class Known {
  readonly #uses: readonly ServerUse[];
  readonly #clients: ReadonlySet<string>;

  constructor({ clients }: Adapters, uses: readonly ServerUse[]) {
    this.#uses = uses;
    this.#clients = new Set([...clients.map(({ id }) => id), ...uses.map(({ client }) => client)]);
  }

  /** Entries of the client's configs that lead to this one. */
  usesOf({ store, row, entry }: Holding): readonly ServerUse[] {
    return this.#uses.filter((use) => {
      if (use.client !== store.client) return false;
      const key = use.unresolved ? undefined : store.keyFor(row, use);
      if (key !== undefined) return key === entry.key;
      if (entry.server !== undefined && entry.server !== use.server) return false;
      if (entry.url !== undefined) return use.unresolved || sameAddress(entry.url, use.url);
      return entry.server !== undefined;
    });
  }

  /**
   * Where tokens may be sent that are kept under a name alone. A project is somebody else's text, and can give its own address
   * the name of this person's server: only this person's own configs say where a name leads.
   */
  addressOf(holding: Holding): string | undefined {
    return this.usesOf(holding).find(({ scope }) => scope !== 'project')?.url;
  }

  /** No config of the client leads to it any more. A client whose configs nobody reads has no orphans that we could tell. */
  isOrphan(holding: Holding): boolean {
    return this.#clients.has(holding.store.client) && this.usesOf(holding).length === 0;
  }
}

function findingsOf(grant: Omit<Grant, 'findings'>, known: Known): readonly Finding[] {
  const found = new Map<string, Finding>();
  const add = (code: GrantFinding, text: string): void => void found.set(`${code} ${text}`, { code, text });
  for (const holding of grant.holdings) {
    const { store, stale, protection } = holding;
    const where = holdingLabel(holding);
    if (protection === 'plain') add('plain-text', `${where} holds it in plain text`);
    if (protection === 'weak') add('weakly-encrypted', `${where} holds it under a key that can be worked out`);
    if (holding.readableByOthers) add('readable-by-others', `${where} can be read by other users`);
    if (stale !== undefined) add('stale-copy', `${where} is ${stale}: ${store.name} no longer reads it`);
    else if (known.isOrphan(holding))
      add('orphan', `${where}: no config of ${store.name} that was looked at leads to it any more`);
  }
  const clients = new Set(grant.holdings.filter(({ stale }) => stale === undefined).map(({ store }) => store.name));
  if (clients.size > 1) add('shared', `held by ${[...clients].join(' and ')}`);
  if (grant.sharedWith.length > 0) {
    add('shared', `same registration as ${grant.sharedWith.join(', ')}: revoking one may end all`);
  }
  if (!grant.refreshable) add('no-refresh', 'there is no refresh token, so it ends when it expires');
  // A refresh token renews an access token that has expired: only without one does it matter.
  if (!grant.refreshable && grant.expired) add('expired', 'its time is over');
  return [...found.values()];
}

/** Those without tokens, and those of copies that no client reads when the copy that is read has another. */
function registrationsOf(holdings: readonly Holding[], own: readonly OwnRegistration[]): Grants['registrations'] {
  const inUse = new Set(
    holdings.flatMap(({ entry, stale }) => (entry.tokens && stale === undefined ? [entry.registration?.clientId] : [])),
  );
  const found = new Map<string, Grants['registrations'][number]>();
  for (const holding of holdings) {
    const { registration, issuer, tokens } = holding.entry;
    if (!registration || inUse.has(registration.clientId) || (tokens && holding.stale === undefined)) continue;
    const where = holdingLabel(holding);
    const { clientId } = registration;
    const ours = own.some((row) => row.ours && row.clientId === clientId);
    found.set(`${where} ${clientId}`, { issuer, clientId, where, ours, deleted: 'no' });
  }
  return [...found.values()];
}
