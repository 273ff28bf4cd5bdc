/**
 * Words of OAuth as the rest of the product uses them. Plain values; the modules beside this one make and use them.
 *
 * A *grant* is what a person once allowed a client at an authorization server; access and refresh tokens belong to one.
 * Whoever revokes it ends all tokens of it, wherever they lie. A *registration* is the client's name at that server.
 */
import type { CredentialId, Fingerprint } from '../base/ids.ts';
import type { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { Ports } from '../ports/ports.ts';
import type { Entry, Protection, Registration, Row, TokenStore, Tokens, Where } from '../stores/store.ts';

/** What the protocol may use: the network, time and chance; no file, no keyring. */
export type Wire = Pick<Ports, 'net' | 'clock' | 'random'>;

/** Authorization server metadata (RFC 8414, OpenID Connect Discovery), as received, with the issuer checked. */
export type ServerMetadata = Readonly<Record<string, unknown>> & { readonly issuer: string };

export interface Discovery {
  /** Address of the MCP server, as given. */
  readonly url: string;
  /** What is sent as `resource` (RFC 8707): canonical, no fragment. */
  readonly resource: string;
  /** Of the protected resource metadata (RFC 9728); how it was found. Absent for servers of revision 2025-03-26. */
  readonly resourceMetadata:
    | {
        readonly address: string;
        readonly by: 'header' | 'well-known' | 'well-known-root';
        readonly scopes: readonly string[] | undefined;
      }
    | undefined;
  /** From the 401's challenge. */
  readonly challengedScopes: readonly string[] | undefined;
  readonly issuer: string;
  readonly metadata: ServerMetadata;
  readonly metadataAddress: string;
  /** Other authorization servers that the resource names; the first is used. */
  readonly otherIssuers: readonly string[];
  /** In the order of the newest revision: challenge, else resource metadata, else none. */
  readonly scopes: readonly string[] | undefined;
  /** What departs from a revision but does not stop a sign-in: for `oauth check` and warnings. */
  readonly remarks: readonly Remark[];
}

export interface Remark {
  /** Stable: `prm-missing`, `issuer-trailing-slash`, `pkce-not-advertised`, `no-revocation`, … */
  readonly code: string;
  readonly text: string;
  /** Where it is laid down: `MCP 2025-11-25, authorization`, `RFC 8414 3.3`. */
  readonly basis: string;
}

export interface Issued {
  readonly tokens: Tokens & { readonly access: Secret };
  readonly tokenType: string;
  readonly grantedAt: Instant;
  /** As the server told it; undefined when it did not (then as asked). */
  readonly scopes: readonly string[] | undefined;
  /** Who signed in, as far as the server tells: `sub` of an id token or of introspection. Compared, shown shortened. */
  readonly account: string | undefined;
}

/** What an authorization server says of a revocation. An accepted one proves nothing (RFC 7009: 200 for unknown tokens too). */
export type Revocation = 'accepted' | 'not-supported' | 'client-refused';

export interface Standing {
  readonly alive: 'yes' | 'no' | 'unknown';
  /** `POST tools/list answered 401 invalid_token`. No foreign text. */
  readonly how: string;
  readonly retryAfterMs?: Milliseconds;
}

/** One spot that keeps a grant's tokens. */
export interface Holding {
  readonly store: TokenStore;
  readonly row: Row;
  readonly where: readonly Where[];
  readonly entry: Entry;
  /** Why no client reads it any more; undefined when one does. */
  readonly stale: string | undefined;
  readonly protection: Protection;
  /** One of its files can be read by other users. */
  readonly readableByOthers?: true;
}

export const grantFindings = [
  'plain-text',
  'weakly-encrypted',
  'stale-copy',
  'orphan',
  'shared',
  'no-refresh',
  'expired',
  'readable-by-others',
] as const;
export type GrantFinding = (typeof grantFindings)[number];

/** An OAuth credential: one access and refresh pair, wherever it is kept. */
export interface Grant {
  /** `oauth-7c1e` */
  readonly id: CredentialId;
  readonly fingerprint: Fingerprint;
  readonly url: string | undefined;
  readonly issuer: string | undefined;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly expiresAt: Instant | undefined;
  /** The access token is past its time; a refresh token gets another. */
  readonly expired: boolean;
  readonly refreshable: boolean;
  readonly holdings: readonly Holding[];
  /** Ids of other grants with the same issuer and client id: to revoke one may end them all. */
  readonly sharedWith: readonly CredentialId[];
  readonly findings: readonly { readonly code: GrantFinding; readonly text: string }[];
}

/** A store that could not be looked into, or only by name. Never taken for an empty one. */
export interface UnseenStore {
  readonly store: string;
  readonly client: string;
  readonly why: 'locked' | 'unavailable' | 'names-only' | 'not-readable' | 'needs-consent';
  readonly where: string;
  /** Names that are seen without opening anything. */
  readonly names: readonly string[];
  readonly todo: string;
}

export interface Grants {
  readonly grants: readonly Grant[];
  readonly unseen: readonly UnseenStore[];
  /** Stores that could not be read, and the like: the rest is shown all the same. */
  readonly problems: readonly Problem[];
  /** Registrations with which nobody is signed in. */
  readonly registrations: readonly UnusedRegistration[];
  /** Those that may stand at their servers all the same, since the answer to asking for them never arrived. */
  readonly lostRegistrations: readonly LostRegistration[];
}

export interface LostRegistration {
  readonly issuer: string;
  /** What its name there holds. */
  readonly marker: string;
  readonly since: Instant;
}

/** Without tokens, or replaced by a newer one. */
export interface UnusedRegistration {
  readonly issuer: string | undefined;
  readonly clientId: string;
  /** The store that keeps it; undefined when none does. */
  readonly where: string | undefined;
  readonly ours: boolean;
  /** 'next': by our next rotation or sign-in at that server. 'no': we cannot, or a client may still want it. */
  readonly deleted: 'next' | 'no';
}

/** Of an attempt to delete a registration. 'gone': the server knows neither it nor its token. 'unknown': could not tell. */
export type Ended = 'deleted' | 'gone' | 'not-supported' | 'unknown';

/** Asks for a registration by a name with this marker in it, by which it can be found at its server. */
export type RegistrationAsk = (marker: string) => Promise<Registration>;

/** Where a registration is written down before it is asked for and before it is used, and struck off when it is gone. */
export interface RegistrationLedger {
  make(ask: RegistrationAsk, undo: (made: Registration) => Promise<Ended>): Promise<Registration>;
  ended(registration: Pick<Registration, 'clientId'>, how: Ended): Promise<void>;
}

/** So that who was cut off knows whether there may be a grant whose tokens never arrived. */
export interface Redeeming {
  /** Before the first request with a code: from here on there may be. */
  begins(): Promise<void>;
  /** The server certainly gave no token for it. */
  none(): Promise<void>;
}

/** What a sign-in needs, and how it ends. */
export interface SignInRequest {
  readonly discovery: Discovery;
  /** To be used when given; else as the server supports: a client id metadata document, or dynamic registration. */
  readonly registration?: Registration;
  /** Address of a public document that describes the client (CIMD): taken when the server supports it and no registration is given. */
  readonly clientMetadataUrl?: string;
  /** undefined: those that the discovery found. */
  readonly scopes: readonly string[] | undefined;
  /** What the sign-in replaces: tokens that the server must not hand out again, and who held them. */
  readonly old?: { readonly tokens: readonly Secret[]; readonly account?: string };
  /** Redirect address that a client insists on; absent: 127.0.0.1 with a free port. */
  readonly redirectUri?: string;
  /** The registration that is given was made for redirects: a sign-in by code would be refused under it. */
  readonly onlyRedirect?: true;
  /** Of the registrations that are made on the way. Absent: nobody remembers them. */
  readonly ledger?: RegistrationLedger;
  /** Told of requests that may bring tokens. */
  readonly redeeming?: Redeeming;
  /** Print the address only. */
  readonly noBrowser: boolean;
  readonly withinMs: Milliseconds;
  readonly signal?: AbortSignal;
}

/** Told while it goes on, and asked: how the address reaches the person, and how a pasted redirect comes back. */
export interface SignInTalk {
  /** `opened`: a browser took it. Otherwise the person opens it somewhere, perhaps on another machine. */
  address(address: string, opened: boolean): void;
  /** For the device flow. */
  code(code: string, address: string): void;
  note(text: string): void;
  /** A redirect address that the person pasted; undefined when nobody can paste. Ends early, unanswered, when the signal fires. */
  pasted?(signal: AbortSignal): Promise<string | undefined>;
}

export interface SignedIn {
  readonly issued: Issued;
  readonly registration: Registration;
  /** How the registration came about. */
  readonly registeredBy: 'given' | 'client id metadata document' | 'dynamic registration';
}
