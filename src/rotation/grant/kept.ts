/**
 * What the client keeps for the server now, followed as it changes: a client that runs refreshes when it likes, and the pair that
 * stands there then is a younger one of the same grant. The journal's sealed copy follows it, since only the youngest pair can end
 * the grant.
 */
import { type Milliseconds, second } from '../../base/time.ts';
import { sameAddress } from '../../oauth/address.ts';
import { holdingLabel, putEntry } from '../../oauth/holdings.ts';
import type { Holding, Issued } from '../../oauth/oauth.ts';
import { refreshOnce } from '../../oauth/refresh.ts';
import { currentEntry, locksOf } from '../../oauth/rewrite.ts';
import { accessStanding } from '../../oauth/standing.ts';
import type { Held } from '../../providers/provider.ts';
import type { NewEntry, Registration, Row, TokenStore, Tokens, Where } from '../../stores/store.ts';
import type { GrantRun } from './grant-run.ts';
import { heldOf, registrationOf, shareToken, tokensOf } from './held.ts';
import { tellServer } from './steps/revoke.ts';

/** A token this close to its end may be refused on its way. */
const almost: Milliseconds = 5 * second;

const sealedName = (run: GrantRun): string => `next ${run.known.candidates + 1} `;

/** Records a pair as the new one, its tokens sealed. */
export async function takeAsNew(run: GrantRun, held: Held): Promise<void> {
  const sealed = `${sealedName(run)}${run.now}`;
  await run.seal(sealed, held);
  await recordNew(run, sealed, held);
}

/** A pair that was sealed, and the power was cut before the journal said so. */
export async function takeSealed(run: GrantRun): Promise<boolean> {
  const names = await (await run.ports.journal()).sealedNames(run.id);
  const sealed = names.filter((name) => name.startsWith(sealedName(run))).at(-1);
  const held = sealed === undefined ? undefined : await run.unseal(sealed);
  if (sealed === undefined || !held) return false;
  await run.seal(sealed, held);
  await recordNew(run, sealed, held);
  return true;
}

async function recordNew(run: GrantRun, sealed: string, held: Held): Promise<void> {
  const { expiresAt } = tokensOf(held);
  await run.record({
    kind: 'issued',
    fingerprint: await run.fingerprintOf(held),
    sealed,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
}

/** The client's entry for the server, when it holds tokens that are not the old ones. */
export async function landed(run: GrantRun): Promise<Holding | undefined> {
  const { store, key } = run.subject;
  const { url, server } = run.planned;
  return (await run.holdings()).find(({ store: its, stale, entry }) => {
    if (its.id !== store || stale !== undefined || !entry.tokens?.access) return false;
    // A client that was started in a project may know another server by this name.
    const isOurs = (entry.key === key || entry.server === server) && sameAddress(entry.url ?? url, url);
    return isOurs && !run.isOld(entry.tokens);
  });
}

/** The same, with the journal following it; undefined when the client keeps nothing new. */
export async function followed(run: GrantRun): Promise<Holding | undefined> {
  const holding = await landed(run);
  const tokens = holding?.entry.tokens;
  if (!holding || !tokens) return undefined;
  const next = await run.nextOrFail();
  const known = tokensOf(next);
  if (!shareToken(tokens, known) && !(await isHeir(run, holding, next))) return undefined;
  const sameRefresh = tokens.refresh === undefined ? known.refresh === undefined : known.refresh?.equals(tokens.refresh);
  if (sameRefresh !== true || tokens.access?.equals(known.access ?? tokens.access) !== true) {
    const registration = holding.entry.registration ?? registrationOf(next);
    await takeAsNew(run, heldOf({ ...run.subject, issuer: (await run.discovery()).issuer }, tokens, registration));
    run.note('verify', `${run.planned.client} has refreshed meanwhile`);
  }
  return holding;
}

/**
 * Is a pair that is not the new one its refreshed self, or another sign-in of the client's own? Then the grant that was made for
 * it is ended: nobody keeps it. A session whose refresh of the old grant was on its way when that was revoked writes a dead one.
 */
async function isHeir(run: GrantRun, { entry }: Holding, next: Held): Promise<boolean> {
  const { access } = entry.tokens ?? {};
  if (!access || !entry.tokens) return false;
  if (!isOver(run, entry.tokens)) {
    const { alive } = await accessStanding(run.wire, await run.discovery(), access);
    if (alive === 'no' && (await run.takeYounger())) return false;
  }
  const clientId = entry.registration?.clientId;
  if (clientId !== undefined && clientId !== registrationOf(next)?.clientId) {
    await run.effect('update', 'revoke new', {}, () => tellServer(run, next));
  }
  return true;
}

/** The spot where the client kept the old ones: it reads there. */
export function target({ store, subject }: GrantRun): {
  readonly row: Row;
  readonly where: readonly Where[];
  readonly key: string;
} {
  const row = store.rows[Number(subject.row)];
  if (!row) throw new Error(`${store.id} has no such row any more`);
  return { row, where: JSON.parse(subject.where) as Where[], key: subject.key };
}

export async function entryFor(run: GrantRun, registration: Registration, tokens: NewEntry['tokens']): Promise<NewEntry> {
  const discovery = await run.discovery();
  const tokenEndpoint = discovery.metadata['token_endpoint'];
  return {
    server: run.planned.server,
    url: run.planned.url,
    issuer: discovery.issuer,
    registration,
    tokens,
    tokenEndpoint: typeof tokenEndpoint === 'string' ? tokenEndpoint : '',
    resource: discovery.resource,
    writtenAt: run.now,
  };
}

export const isOver = (run: GrantRun, { expiresAt }: Tokens): boolean => expiresAt !== undefined && expiresAt <= run.now + almost;

/**
 * Refreshes an access token that is past its time (the rotation was left for a while), once, under the client's own locks. Only
 * where we may write; answers whether there is a younger pair now.
 */
export async function refreshed(run: GrantRun, holding: Holding): Promise<boolean> {
  const { store, row, where, entry } = holding;
  const registration = entry.registration ?? registrationOf(await run.nextOrFail());
  const { tokens } = entry;
  if (!store.put || !registration || !tokens?.refresh) return false;
  const discovery = await run.discovery();
  const effect = 'refresh new';
  const found = await refreshOnce({
    wire: run.wire,
    discovery,
    registration,
    seen: tokens,
    disk: run.ports.disk,
    locks: locksOf(run.ports, store, row, where, entry.key),
    lease: (work) => work(),
    read: async () => (await currentEntry(run.ports, holding))?.tokens,
    wasSent: async () => run.known.pending.has(effect),
    intent: () => run.record({ kind: 'intent', step: 'verify', effect, detail: { file: holdingLabel(holding) } }),
    keep: (issued) => keep(run, holding, registration, issued),
    settled: () => run.record({ kind: 'outcome', step: 'verify', effect, result: 'done', detail: {} }),
    ...(run.signal ? { signal: run.signal } : {}),
  });
  return found.kind === 'refreshed' || found.kind === 'already';
}

async function keep(run: GrantRun, holding: Holding, registration: Registration, issued: Issued): Promise<void> {
  const { store, row, where, entry } = holding;
  const tokens = { ...issued.tokens, refresh: issued.tokens.refresh ?? entry.tokens?.refresh };
  // Sealed first: what the server gave is not lost with a write that fails.
  await takeAsNew(run, heldOf({ ...run.subject, issuer: (await run.discovery()).issuer }, tokens, registration));
  // The locks are held already, by whoever refreshes.
  const unlocked: TokenStore = { ...store, locks: [] };
  await putEntry(run.ports, unlocked, row, where, entry.key, await entryFor(run, registration, tokens), entry.tokens);
}
