/**
 * One sign-in by the tool alone: asked for, proven by listing the server's tools, and put where a client reads it, or taken back.
 *
 * What could fail without a person is tried first. From the moment a token is issued there is always an owner of it: the client
 * whose store it went to, or we, who revoke it again and delete our registration, whatever went wrong.
 */
import { Problem } from '../../../base/problem.ts';
import { isoSeconds, type Milliseconds } from '../../../base/time.ts';
import type { Adapters } from '../../../inventory/adapters.ts';
import { bearerOf, readChallenges, scopesOf } from '../../../oauth/challenges.ts';
import { discover } from '../../../oauth/discover.ts';
import { holdingLabel, putEntry, readHoldings, sameTokens } from '../../../oauth/holdings.ts';
import type { Discovery, SignedIn, SignInRequest, SignInTalk } from '../../../oauth/oauth.ts';
import { OwnRegistrations } from '../../../oauth/own-registrations.ts';
import { sweep } from '../../../oauth/own-registrations-end.ts';
import { signInUntil } from '../../../oauth/step-up.ts';
import { type TakenBack, takeBack } from '../../../oauth/take-back.ts';
import { launchWith } from '../../../oauth/token-requests.ts';
import { toolsList } from '../../../oauth/tools-list.ts';
import type { Ports } from '../../../ports/ports.ts';
import { createSealer } from '../../../rotation/seal.ts';
import { byHand } from '../../../stores/by-hand.ts';
import { addressOf, shownAddress } from '../servers.ts';
import { type Target, targetFor } from './target.ts';

export interface SignInOptions {
  /** Address of the server, or its name in a client. */
  readonly server: string;
  readonly client: string | undefined;
  readonly scopes: readonly string[] | undefined;
  /** An id, or the https address of a client id metadata document. */
  readonly clientId: string | undefined;
  readonly noBrowser: boolean;
  readonly withinMs: Milliseconds;
  readonly signal: AbortSignal;
}

export interface SignInResult {
  readonly url: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly registeredBy: SignedIn['registeredBy'];
  /** As granted; null when the server did not say. */
  readonly scopes: readonly string[] | null;
  /** Shortened. */
  readonly account: string | null;
  readonly expiresAt: string | null;
  readonly refreshable: boolean;
  /** How many tools the server listed to the new token. */
  readonly tools: number;
  /** Where it is kept; null when it was thrown away. */
  readonly kept: { readonly client: string; readonly server: string; readonly where: string } | null;
  readonly takenBack: TakenBack | null;
}

const listsWithin: Milliseconds = 30_000;

export async function run(ports: Ports, adapters: Adapters, options: SignInOptions, talk: SignInTalk): Promise<SignInResult> {
  const { signal } = options;
  const url = await addressOf(ports, adapters.clients, options.server);
  const target = options.client === undefined ? undefined : await targetFor(ports, adapters, options.client, url);
  // An id that was given is known to one server alone.
  const discovery = await discover(ports, url, { signal, orNext: options.clientId === undefined });
  const own = new OwnRegistrations(ports, () => createSealer(ports));
  const owner = { issuer: discovery.issuer, client: target?.store.client ?? '', server: target?.server.server ?? '' };
  const ledger = own.ledger(owner);
  const request = { ...requestFor(discovery, options, target), ledger };

  let last: SignedIn | undefined;
  let tools = 0;
  try {
    const signedIn = await signInUntil(
      ports,
      request,
      talk,
      async (each) => {
        const seen = await listTools(ports, discovery, each, target, signal);
        if (typeof seen !== 'number') return seen;
        tools = seen;
        return undefined;
      },
      (each) => {
        last = each;
      },
    );
    const kept = target ? await keep(ports, target, discovery, signedIn) : null;
    const takenBack = kept ? null : await takeBack(ports, discovery, signedIn, ledger);
    await sweepUnused(ports, adapters, discovery, own, talk);
    return { ...resultOf(url, signedIn), issuer: discovery.issuer, tools, kept, takenBack };
  } catch (error) {
    if (!last) throw error;
    const told = whatIsLeft(await takeBack(ports, discovery, last, ledger));
    throw error instanceof Problem ? error.with({ state: told }) : error;
  }
}

/** Since we are at this server anyway; that it cannot be done now takes nothing from the sign-in. */
async function sweepUnused(
  ports: Ports,
  { stores }: Adapters,
  discovery: Discovery,
  own: OwnRegistrations,
  talk: Pick<SignInTalk, 'note'>,
): Promise<void> {
  try {
    const swept = await sweep(ports, discovery, own, await readHoldings(ports, stores, { consent: false }));
    if (swept.length > 0) talk.note(`deleted registrations of mcp-rotate that nobody used: ${swept.join(', ')}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    talk.note(`registrations that nobody uses were left alone: ${error.what}`);
  }
}

function requestFor(discovery: Discovery, options: SignInOptions, target: Target | undefined): SignInRequest {
  const { clientId, scopes, noBrowser, withinMs, signal } = options;
  const isDocument = clientId !== undefined && /^https:\/\//i.test(clientId);
  const redirectUri = target && redirectOf(target);
  return {
    discovery,
    scopes,
    noBrowser,
    withinMs,
    signal,
    ...(clientId === undefined ? {} : isDocument ? { clientMetadataUrl: clientId } : { registration: { clientId } }),
    ...(redirectUri === undefined ? {} : { redirectUri }),
  };
}

/** Some clients work the address out of the key, so an entry that is not there yet is named by it. */
function redirectOf({ store, old, key, server }: Target): string | undefined {
  const none = { key, server: server.server, url: server.url, issuer: undefined, registration: undefined, tokens: undefined };
  return store.redirectUris?.(old ?? none)[0];
}

/** The number of tools, or the scopes that the server lacks. Problem rotation/new-does-not-work. */
async function listTools(
  ports: Ports,
  discovery: Discovery,
  { issued }: SignedIn,
  target: Target | undefined,
  signal: AbortSignal,
): Promise<number | readonly string[]> {
  const { access, refresh } = issued.tokens;
  const url = target?.server.url ?? discovery.url;
  const outcome = await ports.mcp.tools(launchWith(url, access, target?.headers), {
    timeoutMs: listsWithin,
    redact: refresh ? [access, refresh] : [access],
    signal,
  });
  if (!('kind' in outcome)) return outcome.length;
  if (outcome.kind === 'http' && outcome.status === 403) {
    const { headers } = await toolsList(ports, new URL(url), access, { signal });
    const challenge = bearerOf(readChallenges(headers['www-authenticate']) ?? []);
    const scopes = scopesOf(challenge?.parameters.get('scope'));
    if (challenge?.parameters.get('error') === 'insufficient_scope' && scopes) return scopes;
  }
  throw new Problem('rotation/new-does-not-work', {
    what: `${new URL(url).host} does not list its tools to the new token: ${outcome.kind === 'http' ? `it answered ${outcome.status}` : outcome.kind}`,
    next: 'ask the operator of the server; mcp-rotate oauth check says what it does otherwise',
  });
}

async function keep(
  ports: Ports,
  { store, row, where, key, server, old }: Target,
  discovery: Discovery,
  { issued, registration }: SignedIn,
): Promise<NonNullable<SignInResult['kept']>> {
  const entry = {
    server: server.server,
    url: server.url,
    issuer: discovery.issuer,
    registration,
    tokens: { ...issued.tokens, scopes: issued.scopes ?? issued.tokens.scopes },
    tokenEndpoint: String(discovery.metadata['token_endpoint']),
    resource: discovery.resource,
    writtenAt: ports.clock.now(),
  };
  const wrote = await putEntry(ports, store, row, where, key, entry, old?.tokens);
  if (wrote === 'written') {
    // Read back by the store's own rules: what a client would not find is not kept.
    const { holdings } = await readHoldings(ports, [store], { consent: true });
    const found = holdings.find((each) => each.entry.key === key && sameTokens(each.entry.tokens, entry.tokens));
    if (found) return { client: store.client, server: server.server, where: holdingLabel(found) };
    throw new Problem('rotation/not-proven', {
      what: `the sign-in was written for ${store.name}, and is not found there`,
      next: byHand(store.signIn.byHand, server),
    });
  }
  throw new Problem('file/changed', {
    what: `${store.name} has signed in by itself meanwhile, and its sign-in was not replaced`,
    next: 'nothing, if that sign-in works; mcp-rotate status lists it',
  });
}

/** It is there to be compared by eye; some servers use a person's address. */
const shortened = (account: string): string => (account.length > 8 ? `${account.slice(0, 8)}…` : account);

function resultOf(url: string, { issued, registration, registeredBy }: SignedIn) {
  const { tokens, scopes, account } = issued;
  return {
    url: shownAddress(url),
    clientId: registration.clientId,
    registeredBy,
    scopes: scopes ?? null,
    account: account === undefined ? null : shortened(account),
    expiresAt: tokens.expiresAt === undefined ? null : isoSeconds(tokens.expiresAt),
    refreshable: tokens.refresh !== undefined,
  };
}

function whatIsLeft({ revocation, refusedAfterwards, registration }: TakenBack): string {
  const grant =
    refusedAfterwards === 'yes'
      ? 'the new grant was revoked again, and its token is refused'
      : revocation === 'accepted'
        ? 'the new grant was revoked again, but its access token is not refused yet'
        : 'the new grant could not be revoked: end it on the page of the authorization server';
  return registration === 'left' ? `${grant}; the registration made for it could not be deleted` : grant;
}
