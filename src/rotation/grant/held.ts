/**
 * A grant as the journal seals it: tokens and registration as parts, what else is known as context. Pure.
 *
 * `identity` is what its fingerprint is made from: the refresh token, which is the grant; the access token where there is
 * none.
 */
import { Secret } from '../../base/secret.ts';
import type { Discovery, Holding, SignedIn } from '../../oauth/oauth.ts';
import type { Held } from '../../providers/provider.ts';
import type { Registration, Tokens } from '../../stores/store.ts';

/** What stands as provider in plans and ids. */
export const grantProvider = 'oauth';

export const isGrant = (id: string): boolean => id.startsWith(`${grantProvider}-`);

/** Of one entry of a store, for the server that it is for. */
export interface Subject {
  readonly store: string;
  readonly key: string;
  readonly client: string;
  readonly server: string;
  readonly url: string;
  /** Empty: not known. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** Number of the store's row, and the spots of its texts, as JSON. */
  readonly row: string;
  readonly where: string;
  /** Where the client's own commands are run; empty: nowhere. */
  readonly folder: string;
}

export function heldOf(subject: Subject, tokens: Tokens, registration: Registration | undefined): Held {
  const parts: Record<string, Secret | undefined> = {
    access: tokens.access,
    refresh: tokens.refresh,
    'client secret': registration?.clientSecret,
    'management token': registration?.managementToken,
  };
  const context: Record<string, string | undefined> = {
    ...subject,
    scopes: tokens.scopes?.join(' '),
    expires: tokens.expiresAt?.toString(),
    'client id': registration?.clientId,
    'client secret expires': registration?.clientSecretExpiresAt?.toString(),
    'redirect uris': registration?.redirectUris && JSON.stringify(registration.redirectUris),
    'management uri': registration?.managementUri,
  };
  return { kind: 'grant', parts: defined(parts), context: defined(context) };
}

export function heldFrom(holding: Holding, subject: Pick<Subject, 'server' | 'url' | 'issuer' | 'folder'>): Held {
  const { store, entry, row, where } = holding;
  const none: Tokens = { access: undefined, refresh: undefined, expiresAt: undefined, scopes: undefined };
  const spot = { row: String(store.rows.indexOf(row)), where: JSON.stringify(where) };
  const about = {
    ...subject,
    ...spot,
    store: store.id,
    client: store.client,
    key: entry.key,
    tokenEndpoint: entry.tokenEndpoint ?? '',
  };
  return heldOf(about, entry.tokens ?? none, entry.registration);
}

export const heldSignedIn = (subject: Subject, { issued, registration }: SignedIn): Held =>
  heldOf(subject, { ...issued.tokens, scopes: issued.scopes ?? issued.tokens.scopes }, registration);

export function subjectOf({ context }: Held): Subject {
  const { store = '', key = '', client = '', server = '', url = '', issuer = '', row = '0', where = '[]', folder = '' } = context;
  return { store, key, client, server, url, issuer, tokenEndpoint: context['tokenEndpoint'] ?? '', row, where, folder };
}

/**
 * Who issued it: only there does its refresh token go. A server that was taken over could name an authorization server of its
 * own today; where the store keeps no issuer, the address at which the tokens were got says whether it is the same one.
 */
export function issuerOf({ issuer, tokenEndpoint }: Pick<Subject, 'issuer' | 'tokenEndpoint'>, now: Discovery): string {
  if (issuer !== '') return issuer;
  if (!URL.canParse(tokenEndpoint)) return now.issuer;
  const { origin } = new URL(tokenEndpoint);
  const today = now.metadata['token_endpoint'];
  return typeof today === 'string' && new URL(today).origin === origin ? now.issuer : origin;
}

export function tokensOf({ parts, context }: Held): Tokens {
  return {
    access: parts['access'],
    refresh: parts['refresh'],
    expiresAt: instant(context['expires']),
    scopes: context['scopes']?.split(' ').filter((scope) => scope !== ''),
  };
}

export function registrationOf({ parts, context }: Held): Registration | undefined {
  const clientId = context['client id'];
  if (clientId === undefined) return undefined;
  const redirectUris = context['redirect uris'];
  const { 'client secret': clientSecret, 'management token': managementToken } = parts;
  const expires = instant(context['client secret expires']);
  const managementUri = context['management uri'];
  return {
    clientId,
    ...(clientSecret ? { clientSecret } : {}),
    ...(expires === undefined ? {} : { clientSecretExpiresAt: expires }),
    ...(redirectUris === undefined ? {} : { redirectUris: JSON.parse(redirectUris) as string[] }),
    ...(managementUri === undefined ? {} : { managementUri }),
    ...(managementToken ? { managementToken } : {}),
  };
}

export function identity(tokens: Tokens): string | undefined {
  return (tokens.refresh ?? tokens.access)?.reveal();
}

/** Is either token of the one a token of the other? */
export function shareToken(one: Tokens, other: Tokens): boolean {
  const theirs = [other.access, other.refresh].filter((token) => token instanceof Secret);
  return [one.access, one.refresh].some((token) => token !== undefined && theirs.some((each) => each.equals(token)));
}

const instant = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

function defined<Value>(values: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, Value] => pair[1] !== undefined));
}
