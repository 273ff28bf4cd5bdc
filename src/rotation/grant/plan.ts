/**
 * The plan of a grant's rotation: a value that says everything that will be done, where, and what cannot be promised.
 *
 * Making it asks the server what it is today (metadata that anybody may read) and changes nothing.
 */
import { Problem } from '../../base/problem.ts';
import { type Instant, isoSeconds } from '../../base/time.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import { discover } from '../../oauth/discover.ts';
import { holdingLabel, writable } from '../../oauth/holdings.ts';
import type { Discovery } from '../../oauth/oauth.ts';
import { leadsBack, listOwn, type OwnRegistration, ownFor, type Wanted } from '../../oauth/own-registrations.ts';
import { registrationKinds } from '../../oauth/registration.ts';
import { claimsOf } from '../../oauth/standing.ts';
import type { Ports } from '../../ports/ports.ts';
import { byHand } from '../../stores/by-hand.ts';
import type { TokenStore } from '../../stores/store.ts';
import { byTool } from '../receipt.ts';
import type { Plan, PlannedGrant, PlannedRestart, RotateOptions } from '../rotation.ts';
import type { FoundGrant } from './find.ts';
import { grantProvider, issuerOf } from './held.ts';
import { playbook } from './playbook.ts';

export async function planGrant(ports: Ports, adapters: Adapters, found: FoundGrant, options: RotateOptions): Promise<Plan> {
  const { grant, holding } = found;
  const { net, clock, random } = ports;
  const issuedBy = issuedByIn(found);
  const discovery = await discover({ net, clock, random }, found.url, { issuedBy });
  const own = await listOwn(ports);
  const planned = await plannedGrant(ports, found, discovery, options, own);
  return {
    schema: 'mcp-rotate/plan@1',
    credential: grant.id,
    fingerprint: grant.fingerprint,
    provider: grantProvider,
    because: options.because,
    method: planned.signIn === 'client' ? 'sign-in-through-client' : byTool,
    overlap: 'none',
    steps: playbook.steps.map(({ name }) => name),
    pointOfNoReturn: playbook.pointOfNoReturn,
    calls: callsOf(planned, discovery, found, own, clock.now()),
    edits: [],
    byHand: placesByHand(found),
    restarts: await restartsOf(ports, adapters, holding.store),
    downtime: 'from the revocation until you have agreed in the browser: a minute or two',
    warnings: [...warningsOf(found, planned, discovery), ...(await otherwise(ports, found, planned))],
    options,
    grant: planned,
  };
}

async function plannedGrant(
  { host, clock, processes }: Pick<Ports, 'host' | 'clock' | 'processes'>,
  found: FoundGrant,
  discovery: Discovery,
  options: RotateOptions,
  own: readonly OwnRegistration[],
): Promise<PlannedGrant> {
  const now = clock.now();
  const { grant, holding, server, url } = found;
  const { store, row } = holding;
  const mayWrite = store.put !== undefined && row.kind !== 'names' && writable(host, row);
  const anew = registersAnew(found, discovery, options, own, now);
  const orByTool = mayWrite && (!anew || registrationKinds(discovery).includes('dynamic registration'));
  const program = store.signIn.command?.program;
  const isHere = program !== undefined && (await processes.which(program)) !== undefined;
  // Without its program the client can do nothing by itself. Where nobody can register, only it can sign in all the same.
  const byClient = !mayWrite || (program !== undefined && (isHere || !orByTool));
  const signIn = options.signIn ?? (byClient ? 'client' : 'tool');
  if (signIn === 'tool' && !mayWrite) {
    throw new Problem('oauth/client-only', {
      what: `only ${store.name} itself writes where it keeps its tokens`,
      state: 'nothing was changed',
      next: `mcp-rotate rotate ${grant.id} --sign-in client`,
    });
  }
  return {
    url,
    issuer: issuerIn(found, discovery),
    client: store.client,
    server,
    signIn,
    revocation: typeof discovery.metadata['revocation_endpoint'] === 'string' ? 'endpoint' : 'none',
    clears: grant.holdings.map((one) => ({
      client: one.store.client,
      where: holdingLabel(one),
      ...(one.stale === undefined ? {} : { stale: one.stale }),
      ...(one.store.put || one.stale !== undefined || one.store.clearing.command
        ? {}
        : { byHand: byHand(one.store.clearing.byHand, { server: one.entry.server ?? server, url: one.entry.url ?? url }) }),
    })),
    newRegistration: signIn === 'tool' && anew,
    ...(signIn === 'client' && orByTool ? { orByTool: { newRegistration: anew } } : {}),
  };
}

const issuedByIn = ({ grant, holding }: FoundGrant) => ({
  issuer: grant.issuer ?? '',
  tokenEndpoint: holding.entry.tokenEndpoint ?? '',
});

const issuerIn = (found: FoundGrant, discovery: Discovery): string => issuerOf(issuedByIn(found), discovery);

/**
 * May the client's registration not be signed in with again? A leaked secret of the client is as bad as a leaked token; a
 * server that moved knows nothing of the old registration.
 */
function registersAnew(
  found: FoundGrant,
  discovery: Discovery,
  { because }: RotateOptions,
  own: readonly OwnRegistration[],
  now: Instant,
): boolean {
  const { holding } = found;
  const { registration } = holding.entry;
  if (!registration || issuerIn(found, discovery) !== discovery.issuer) return true;
  const ours = ownFor(own, { ...wantedBy(found, discovery.issuer, now), anew: false });
  const isKept = ours !== undefined && ours.clientId === registration.clientId;
  if (because === 'leak' && (registration.clientSecret !== undefined || (isKept && ours.hasSecret))) return true;
  return !(isKept || reusable(holding));
}

function wantedBy({ holding, server }: FoundGrant, issuer: string, now: Instant): Omit<Wanted, 'anew'> {
  const { entry, store } = holding;
  const redirectUris = store.redirectUris?.(entry) ?? [];
  return { issuer, client: store.client, server, clientId: entry.registration?.clientId, redirectUris, now };
}

/** A registration is the client's: we can sign in under it only at an address that it names. */
function reusable({ entry, store }: FoundGrant['holding']): boolean {
  const named = entry.registration?.redirectUris ?? store.redirectUris?.(entry) ?? [];
  return leadsBack(named, []);
}

function callsOf(
  planned: PlannedGrant,
  { issuer }: Discovery,
  found: FoundGrant,
  own: readonly OwnRegistration[],
  now: Instant,
): string[] {
  const revoke =
    planned.revocation === 'endpoint'
      ? `revoke the refresh token, then the access token, at ${planned.issuer}`
      : `${planned.issuer} cannot revoke: you end the grant on its page of connected applications`;
  const how = planned.signIn === 'client' ? `${planned.client} signs in again at ${issuer}` : `sign in again at ${issuer}`;
  const { registration } = found.holding.entry;
  const ours = ownFor(own, { ...wantedBy(found, issuer, now), anew: planned.newRegistration });
  const under =
    planned.signIn === 'client'
      ? []
      : ours
        ? [`use the registration ${ours.clientId}, which mcp-rotate made there`]
        : planned.newRegistration
          ? [`register anew at ${issuer}`]
          : [];
  const replaced = planned.newRegistration && registration;
  const isMade = own.some((row) => row.deletable && row.clientId === registration?.clientId);
  const ends = replaced && (isMade || registration.managementToken);
  return [revoke, ...under, how, ...(ends ? [`delete the registration ${registration.clientId}, which it replaces`] : [])];
}

function placesByHand({ grant, server, url }: FoundGrant): Plan['byHand'] {
  return grant.holdings
    .filter(({ store, stale }) => !store.put && stale === undefined && !store.clearing.command)
    .map((one) => ({
      client: one.store.client,
      server: one.entry.server ?? one.entry.key,
      where: holdingLabel(one),
      todo: byHand(one.store.clearing.byHand, { server: one.entry.server ?? server, url: one.entry.url ?? url }),
    }));
}

async function restartsOf(ports: Ports, { clients }: Adapters, store: TokenStore): Promise<PlannedRestart[]> {
  const names = new Set(store.programs[ports.host.os]);
  const running = (await ports.processes.list()).filter(({ name }) => names.has(name)).map(({ pid, name }) => ({ pid, name }));
  const byHandWords = clients.find(({ id }) => id === store.client)?.restart.byHand ?? `end ${store.name} and start it again`;
  return running.length === 0 ? [] : [{ client: store.client, how: 'by a person', byHand: byHandWords, running }];
}

/** Why the client's own command does not sign in, where it has one: who does in its place. */
async function otherwise(
  { processes }: Ports,
  { folder, holding }: FoundGrant,
  { signIn, orByTool, newRegistration }: PlannedGrant,
): Promise<string[]> {
  const { store } = holding;
  const program = store.signIn.command?.program;
  if (program === undefined) return [];
  if (signIn === 'tool') {
    if ((await processes.which(program)) !== undefined) return [];
    const name = newRegistration ? ', under a registration of its own' : '';
    return [
      `${program} is not on the PATH: mcp-rotate signs in${name}, and writes the tokens where ${store.name} reads them; ` +
        `with --sign-in client you sign in inside ${store.name}`,
    ];
  }
  const instead = orByTool ? '; with --sign-in tool it is done here' : '';
  if (folder === '') {
    return [`only a project names this server, so ${program} is not run there: you sign in inside ${store.name}${instead}`];
  }
  if ((await processes.which(program)) !== undefined) return [];
  return [`${program} is not on the PATH: you sign in inside ${store.name}${instead}`];
}

function warningsOf({ grant, holding }: FoundGrant, planned: PlannedGrant, discovery: Discovery): string[] {
  const warnings: string[] = [];
  const { access } = holding.entry.tokens ?? {};
  const claims = access && claimsOf(access);
  if (planned.revocation === 'none') {
    warnings.push('this server cannot revoke: the old grant stays a debt until it is refused or has expired');
  } else if (claims) {
    const until = claims.expiresAt === undefined ? 'it expires' : isoSeconds(claims.expiresAt);
    warnings.push(`the access token may be checked without asking the server: then it stays valid until ${until}`);
  }
  if (grant.sharedWith.length > 0) {
    warnings.push(`other sign-ins use the same registration and may end with this one: ${grant.sharedWith.join(', ')}`);
  }
  if (planned.issuer !== discovery.issuer) {
    warnings.push(`the server has moved its sign-in from ${planned.issuer} to ${discovery.issuer}`);
  } else if (grant.issuer === undefined && holding.entry.tokenEndpoint === undefined && planned.revocation === 'endpoint') {
    const { host } = new URL(planned.url);
    warnings.push(
      `${holding.store.name} does not keep who issued the tokens: they go to ${planned.issuer}, which ${host} names today`,
    );
  }
  if (!grant.refreshable) warnings.push('there is no refresh token: the grant may live on at the server unseen');
  const others = grant.holdings.filter(({ store, stale }) => stale === undefined && store.id !== holding.store.id);
  for (const { store } of others)
    warnings.push(`${store.name} keeps the same tokens: it is cleared, and signs in for itself afterwards`);
  return warnings;
}
