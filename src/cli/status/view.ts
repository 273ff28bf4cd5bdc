/** What `status` tells, made from the inventory: plain values without a secret, sorted by urgency. Pure. */
import type { Exit } from '../../base/problem.ts';
import type { AgeBasis, Credential, FindingCode, Inventory, ServerUse, Unseen } from '../../inventory/inventory.ts';
import { holdingLabel } from '../../oauth/holdings.ts';
import type { Grant, GrantFinding, Grants, UnseenStore, UnusedRegistration } from '../../oauth/oauth.ts';
import type { Protection } from '../../stores/store.ts';
import { type ProblemJson, problemJson } from '../failure.ts';
import { pointer } from '../text.ts';

export interface StatusJson {
  readonly schema: 'mcp-rotate/status@1';
  readonly credentials: readonly {
    readonly id: string;
    readonly provider: string;
    readonly kind: string;
    readonly fingerprint: string;
    readonly class: string;
    readonly ageDays: number | null;
    readonly ageBasis: AgeBasis;
    readonly dueInDays: number | null;
    readonly findings: readonly FindingCode[];
    readonly places: readonly {
      readonly client: string;
      readonly scope: string;
      readonly server: string;
      readonly file: string | null;
      readonly path: string | null;
      readonly part: string;
      readonly editable: boolean;
    }[];
  }[];
  /** Values that cannot be seen from outside the client: which credential each is, only a person can tell. */
  readonly unseen: readonly {
    readonly client: string;
    readonly scope: string;
    readonly server: string;
    readonly name: string;
    readonly reference: string;
    readonly why: Unseen['why'];
    readonly todo: string;
  }[];
  /** What clients got by signing in to remote servers: one row for each pair of tokens, wherever it is kept. */
  readonly grants: readonly {
    readonly id: string;
    readonly fingerprint: string;
    readonly servers: readonly string[];
    readonly clients: readonly string[];
    readonly issuer: string | null;
    /** Where the tokens were got, of a store that keeps no issuer but this: an origin, which need not be the issuer. */
    readonly tokensFrom: string | null;
    readonly scopes: readonly string[] | null;
    /** ISO 8601; of the access token. */
    readonly expiresAt: string | null;
    /** The access token is past its time. */
    readonly expired: boolean;
    readonly refreshable: boolean;
    readonly sharedWith: readonly string[];
    readonly findings: readonly GrantFinding[];
    readonly copies: readonly {
      readonly client: string;
      readonly store: string;
      readonly where: string;
      readonly server: string | null;
      readonly protection: Protection;
      /** Why its client no longer reads it; null when it does. */
      readonly stale: string | null;
    }[];
  }[];
  /** Clients' names at authorization servers, with which nobody is signed in. */
  readonly registrations: readonly {
    readonly issuer: string | null;
    readonly clientId: string;
    /** The store that keeps it; null when none does. */
    readonly where: string | null;
    /** mcp-rotate made it. */
    readonly ours: boolean;
    readonly deleted: UnusedRegistration['deleted'];
  }[];
  /** What may stand at its server as well, since the answer to asking for it never arrived. */
  readonly lostRegistrations: readonly {
    readonly issuer: string;
    /** What its name there holds. */
    readonly marker: string;
    /** ISO 8601. */
    readonly since: string | null;
  }[];
  /** Stores that could not be looked into, or only by name. */
  readonly unseenStores: readonly UnseenStore[];
  readonly problems: readonly Omit<ProblemJson, 'schema'>[];
}

export interface Status {
  readonly json: StatusJson;
  /** Seen in all, with or without a credential. */
  readonly servers: number;
  readonly clients: number;
  readonly exit: Exit;
}

export function statusOf(inventory: Inventory, grants: Grants): Status {
  const { uses, credentials } = inventory;
  const problems = [...inventory.problems, ...grants.problems];
  return {
    json: {
      schema: 'mcp-rotate/status@1',
      credentials: credentialsJson([...credentials].sort(byUrgency)),
      unseen: unseenJson(inventory.unseen),
      grants: grants.grants.map((grant) => grantJson(grant, inventory.remotes)),
      registrations: grants.registrations.map(({ issuer, where, ...rest }) => ({
        ...rest,
        issuer: issuerText(issuer),
        where: where ?? null,
      })),
      lostRegistrations: grants.lostRegistrations.map(({ issuer, marker, since }) => ({
        issuer: issuerText(issuer) ?? '',
        marker,
        since: instantText(since),
      })),
      unseenStores: grants.unseen,
      problems: problems.map((problem) => {
        const { schema: _, ...rest } = problemJson(problem);
        return rest;
      }),
    },
    servers: uses.length,
    clients: distinct(uses.map(({ client }) => client)).length,
    exit: exitFor({ credentials, problems }),
  };
}

/** No address of a server: it can hold a key. An issuer's is public; what may hang on it is left out. */
export function grantJson(grant: Grant, remotes: readonly ServerUse[] = []): StatusJson['grants'][number] {
  const { holdings, expiresAt } = grant;
  const named = holdings.flatMap(({ entry }) => entry.server ?? []);
  const owners = new Set(holdings.map(({ store }) => store.client));
  const byAddress = remotes.filter(({ client, url }) => owners.has(client) && url === grant.url).map(({ server }) => server);
  return {
    id: grant.id,
    fingerprint: grant.fingerprint,
    servers: distinct(named.length > 0 ? named : byAddress),
    clients: [...owners],
    issuer: issuerText(grant.issuer),
    tokensFrom: holdings.map(({ entry }) => originText(entry.tokenEndpoint)).find((origin) => origin !== null) ?? null,
    scopes: grant.scopes ?? null,
    expiresAt: instantText(expiresAt),
    expired: grant.expired,
    refreshable: grant.refreshable,
    sharedWith: grant.sharedWith,
    findings: distinct(grant.findings.map(({ code }) => code)),
    copies: holdings.map((holding) => ({
      client: holding.store.client,
      store: holding.store.id,
      where: holdingLabel(holding),
      server: holding.entry.server ?? null,
      protection: holding.protection,
      stale: holding.stale ?? null,
    })),
  };
}

const issuerText = (issuer: string | undefined): string | null =>
  issuer === undefined ? null : issuer.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');

/** What may hang on the address is left out. */
function originText(address: string | undefined): string | null {
  if (address === undefined || !/^https?:/i.test(address) || !URL.canParse(address)) return null;
  return new URL(address).origin;
}

/** A store can hold any number; not every number is an instant. */
function instantText(instant: number | undefined): string | null {
  if (instant === undefined) return null;
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export function credentialsJson(credentials: readonly Credential[]): StatusJson['credentials'] {
  return credentials.map((credential) => ({
    id: credential.id,
    provider: credential.provider,
    kind: credential.held.kind,
    fingerprint: credential.fingerprint,
    class: credential.valueClass,
    ageDays: credential.age.days ?? null,
    ageBasis: credential.age.basis,
    dueInDays: credential.dueInDays ?? null,
    findings: distinct(credential.findings.map(({ code }) => code)),
    places: credential.places.map(({ use, spot, part, access }) => ({
      client: use.client,
      scope: use.scope,
      server: use.server,
      file: spot?.file ?? null,
      path: spot ? pointer(spot.path) : null,
      part,
      editable: access.editable,
    })),
  }));
}

function unseenJson(unseen: readonly Unseen[]): StatusJson['unseen'] {
  return unseen.map(({ use, name: variable, reference, why, todo }) => ({
    client: use.client,
    scope: use.scope,
    server: use.server,
    name: variable,
    reference,
    why,
    todo,
  }));
}

/** What is overdue is certain even when a file could not be read, so it comes first. */
function exitFor({ credentials, problems }: Pick<Inventory, 'credentials' | 'problems'>): Exit {
  if (credentials.some(({ findings }) => findings.some(({ code }) => code === 'overdue'))) return 'found';
  return problems[0]?.exit ?? 'done';
}

function byUrgency(a: Credential, b: Credential): number {
  const days = (credential: Credential): number => credential.dueInDays ?? Number.MAX_SAFE_INTEGER;
  return days(a) - days(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
