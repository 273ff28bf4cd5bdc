/**
 * The dossier of one leaked key: what it is, whether it lives, what it can do, where it stands, since when and for whom it was
 * to be seen, and which way ends it. A plain value without secrets, made before anything is done. Pure.
 */
import type { Instant } from '../base/time.ts';
import type { Credential } from '../inventory/inventory.ts';
import type { Provider, Standing } from '../providers/provider.ts';
import type { Exposure } from './exposure.ts';

/**
 * `replace`: the leak playbook, revoke first. `end`: a lone key that is revoked and proven dead. `attended`: a lone key that
 * only a person can end. `by-hand`: as that, and it stands in clients' configs, where a person replaces it. `nothing`: dead, and
 * in no client's config.
 */
export type Way = 'replace' | 'end' | 'attended' | 'by-hand' | 'nothing';

export interface Dossier {
  /** Id by which it is planned. */
  readonly credential: string;
  readonly provider: string;
  /** The provider's name and the kind of key, for people. */
  readonly what: string;
  readonly alive: 'yes' | 'no' | 'unknown';
  /** How that was found out, or why it was not asked. */
  readonly how: string;
  readonly account?: string;
  readonly rights?: readonly string[];
  readonly expiresAt?: Instant;
  /** What whoever has it can do, in plain words. */
  readonly can: readonly string[];
  /** Clients' configs that hold it. */
  readonly places: readonly { readonly client: string; readonly server: string; readonly file: string | undefined }[];
  readonly exposure: Exposure;
  readonly way: Way;
}

export interface About {
  readonly id: string;
  /** undefined: no folder knows it. */
  readonly provider: Provider | undefined;
  readonly providerId: string;
  /** Of the provider, for people. */
  readonly name: string;
  readonly kind: string;
  readonly held: Credential['held'];
  /** It stands in these places; undefined when in none. */
  readonly credential: Credential | undefined;
  /** What a client got by signing in: its rotation ends it at its authorization server. */
  readonly grant?: true;
}

const protects: Readonly<Record<Provider['valueClass'], string>> = {
  money: 'reach money',
  production: 'reach what runs in production',
  code: 'reach code',
  data: 'read and change data',
  quota: 'use up what you pay for',
};

export function dossierOf(about: About, standing: Standing, exposure: Exposure): Dossier {
  const { account, rights, expiresAt } = standing;
  const places = (about.credential?.places ?? []).map(({ use, spot }) => ({
    client: use.client,
    server: use.server,
    file: spot?.file,
  }));
  return {
    credential: about.id,
    provider: about.providerId,
    what: about.kind.startsWith(about.name) ? about.kind : `${about.name}, ${about.kind}`,
    alive: standing.alive,
    how: standing.how,
    ...(account === undefined ? {} : { account }),
    ...(rights === undefined ? {} : { rights }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    can: standing.alive === 'no' ? [] : wordsOf(about, standing),
    places: [...new Map(places.map((place) => [JSON.stringify(place), place])).values()],
    exposure,
    way: wayOf(about, standing),
  };
}

/** Rights that no table puts into words are shown as the provider names them, a few of them. */
const mostRights = 6;

function wordsOf({ provider, held, grant }: About, { rights }: Standing): readonly string[] {
  if (grant) return ['use the server that it was signed in for, as you, with what you agreed to'];
  if (!provider) return ['what it may do only its provider knows: take it for everything that the account can'];
  if (provider.inWords) return provider.inWords(held, rights === undefined ? {} : { rights });
  const named = (rights ?? []).slice(0, mostRights).join(', ');
  const more = (rights?.length ?? 0) > mostRights ? ` and ${(rights?.length ?? 0) - mostRights} more` : '';
  return [protects[provider.valueClass], ...(named === '' ? [] : [`by these rights: ${named}${more}`])];
}

function wayOf({ provider, credential, grant }: About, { alive }: Standing): Way {
  if (grant) return 'replace';
  if (!provider) return credential ? 'by-hand' : 'attended';
  if (credential) return 'replace';
  return alive === 'no' ? 'nothing' : 'end';
}
