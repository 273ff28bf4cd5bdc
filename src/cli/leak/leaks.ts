/**
 * The use cases of a leak before anything is done: from ids, a text, alerts or repositories to keys in hand, and from each of
 * these to its dossier. Keys stay in this process: what is shown is the dossier.
 */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import { collect } from '../../inventory/collect.ts';
import type { Credential } from '../../inventory/inventory.ts';
import { keyOfSecret, keysInText, type PastedKey } from '../../inventory/pasted.ts';
import { isPlainAway, isThisMachine, type ProjectHost } from '../../inventory/project-hosts.ts';
import { unknownPart, unknownProvider } from '../../inventory/unknown.ts';
import type { Exposure } from '../../leaks/exposure.ts';
import { type About, type Dossier, dossierOf } from '../../leaks/intake.ts';
import { ofAlerts, ofPerson, ofSearch, type Told } from '../../leaks/intake-exposure.ts';
import type { Finding } from '../../leaks/leaks.ts';
import { revocationPage } from '../../leaks/pages.ts';
import { type Recommendation, recommend } from '../../leaks/recommend.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SearchControl } from '../../ports/searches.ts';
import type { Alert, Held, Provider, Standing } from '../../providers/provider.ts';
import type { Batches } from '../../rotation/batch.ts';
import { isGrant } from '../../rotation/grant/held.ts';
import { assertAgreed } from '../../rotation/hosts.ts';
import { lentNow } from '../../rotation/issuers.ts';
import type { LoneKey, Rotations } from '../../rotation/rotation.ts';
import { hiddenIn } from '../../search/hide.ts';
import { type KnownSecret, Needles } from '../../search/needles.ts';
import { knownSecrets } from './known.ts';
import type { RepositorySearch } from './search-repositories.ts';

/** A key in hand, with what is known of it. */
export interface Leaked {
  readonly about: About;
  readonly exposure: Exposure;
  /** Hosts that are not the provider's own, to which it would be sent. */
  readonly hosts: readonly ProjectHost[];
}

export interface LeakAt extends Told {
  /** Folders for project configs. */
  readonly folders: readonly string[];
}

export interface Leaks {
  /** The engine in which these keys are known. */
  readonly rotations: Rotations;
  /** How several of its rotations meet in one call. */
  readonly batches: Pick<Batches, 'await' | 'gone'>;
  /** Which of these words are ids of the inventory. Problem: state/* when nothing can be told apart. */
  known(words: readonly string[], at: LeakAt): Promise<readonly string[]>;
  byIds(ids: readonly string[], at: LeakAt): Promise<readonly Leaked[]>;
  /** `from`: what the text is, for people: `the pasted text`. */
  inText(text: string, from: string, at: LeakAt): Promise<readonly Leaked[]>;
  /** As `inText`, of what was typed hidden. */
  inSecret(text: Secret, from: string, at: LeakAt): Promise<readonly Leaked[]>;
  /** Does a word of the command line hold a key of a known shape? */
  holdsKey(word: string): boolean;
  inAlerts(
    provider: string,
    repository: string,
    at: LeakAt,
  ): Promise<{ readonly leaked: readonly Leaked[]; readonly notes: readonly string[] }>;
  inRepositories(
    paths: readonly string[],
    at: LeakAt,
    control: SearchControl,
  ): Promise<{ readonly leaked: readonly Leaked[]; readonly notes: readonly string[] }>;
  /** `ask`: send it to its provider to learn whether it lives. Problem: HostNotAgreed, rotation/plain-http. */
  dossier(leaked: Leaked, ask: boolean, allowHosts: readonly string[]): Promise<Dossier>;
}

interface Given {
  readonly key: PastedKey;
  readonly exposure: (credential: Credential | undefined) => Exposure;
  /** What names a host for it. */
  readonly from: string;
  /** A page that its finder names. */
  readonly page?: string;
}

export interface LeakParts {
  /** Of the adapters that `batches` holds. */
  readonly rotations: Rotations;
  readonly batches: Batches;
  readonly search: RepositorySearch;
}

export function createLeaks(ports: Ports, adapters: Adapters, { rotations, batches, search }: LeakParts): Leaks {
  const providerOf = (id: string): Provider | undefined => adapters.providers.find((one) => one.id === id);

  async function inventory({ folders }: LeakAt): Promise<readonly Credential[]> {
    const { credentials, problems } = await collect(ports, adapters, { folders });
    const state = problems.find(({ code }) => code.startsWith('state/'));
    if (state) throw state;
    return credentials;
  }

  /** A file or a branch may be named by one of them. */
  const secrets: KnownSecret[] = [];
  let sought: { readonly count: number; readonly needles: Needles } | undefined;
  function withoutSecrets(exposure: Exposure): Exposure {
    if (exposure.found.length === 0) return exposure;
    if (sought?.count !== secrets.length) sought = { count: secrets.length, needles: new Needles(secrets) };
    return hiddenIn(exposure, [sought.needles]);
  }
  function remember({ held }: Pick<PastedKey, 'held'>, provider: Provider | undefined): void {
    for (const [name, secret] of Object.entries(held.parts))
      if (provider?.parts.find((part) => part.name === name)?.secret ?? true) secrets.push({ id: name, secret });
  }

  /** Under ids of the engine, each key once. */
  async function taken(given: readonly Given[], at: LeakAt): Promise<readonly Leaked[]> {
    const credentials = await inventory(at);
    for (const { key } of given) remember(key, providerOf(key.provider));
    const lone = given.map(({ key, from, page }) => loneOf(key, from, page));
    const ids = await rotations.takeLone(lone, at.folders);
    const found = new Map<string, Leaked>();
    for (const [index, { key, exposure }] of given.entries()) {
      const [id, as] = [ids[index], lone[index]];
      if (id === undefined || as === undefined || found.has(id)) continue;
      const credential = credentials.find((one) => one.id === id) ?? credentials.find((one) => isUnknownCopy(one, key));
      found.set(id, {
        about: aboutOf(id, key, as, credential),
        exposure: exposure(credential),
        hosts: credential?.projectHosts ?? as.hosts ?? [],
      });
    }
    return [...found.values()];
  }

  function aboutOf(id: string, key: PastedKey, { attended }: LoneKey, credential: Credential | undefined): About {
    const provider = key.format === undefined ? providerOf(key.provider) : undefined;
    const name = provider?.name ?? attended?.name ?? key.provider;
    const held = credential && provider ? credential.held : key.held;
    return { id, provider, providerId: key.provider, name, kind: key.format ?? key.held.kind, held, credential };
  }

  function loneOf({ provider, held, format, besideKey }: PastedKey, from: string, page?: string): LoneKey {
    if (format !== undefined) return { provider, held, attended: revocationPage(provider, format, page) };
    return { provider, held, hosts: hostsOf(providerOf(provider), held, besideKey, from) };
  }

  function ofCredential(credential: Credential, exposure: Exposure): Leaked {
    const { id, provider: providerId, held } = credential;
    const provider = providerOf(providerId);
    return {
      about: { id, provider, providerId, name: provider?.name ?? providerId, kind: held.kind, held, credential },
      exposure,
      hosts: credential.projectHosts,
    };
  }

  const foreign = (key: PastedKey, findings: readonly Finding[], at: LeakAt): Given => ({
    key,
    from: 'the repository',
    exposure: () => advised(findings, at, providerOf(key.provider)),
  });

  async function byIds(ids: readonly string[], at: LeakAt): Promise<readonly Leaked[]> {
    const credentials = await inventory(at);
    const all = await Promise.all(
      [...new Set(ids)].map(async (id): Promise<readonly Leaked[]> => {
        const credential = credentials.find((one) => one.id === id);
        if (!credential) {
          if (isGrant(id)) return [grantOf(id, ofPerson('unknown', undefined, at))];
          throw new Problem('usage/unknown-credential', {
            what: `no credential ${printable(id)} was found`,
            next: 'mcp-rotate status',
          });
        }
        remember(credential, providerOf(credential.provider));
        const exposure = ofPerson('unknown', credential, at);
        if (credential.provider !== unknownProvider) return [ofCredential(credential, exposure)];
        const value = credential.held.parts[unknownPart];
        if (!value) throw new Error('an unknown key without its text');
        const key = keyOfSecret(adapters, value, { provider: unknownProvider, name: 'key of a provider that is not known' });
        return taken([{ key, exposure: () => exposure, from: 'a config' }], at);
      }),
    );
    return all.flat();
  }

  const inText: Leaks['inText'] = (text, from, at) =>
    taken(
      keysInText(adapters, text).map((key) => ({ key, from, exposure: (credential) => ofPerson('pasted', credential, at) })),
      at,
    );

  return {
    rotations,
    batches,
    async known(words, at) {
      const ids = new Set((await inventory(at)).map(({ id }) => id));
      return words.filter((word) => ids.has(word) || isGrant(word));
    },
    byIds,
    inText,
    inSecret: (text, from, at) => inText(text.reveal(), from, at),
    holdsKey: (word) => keysInText(adapters, word).some(({ provider }) => provider !== unknownProvider),
    async inAlerts(id, repository, at) {
      const provider = providerOf(id);
      const lender = provider?.issuer?.borrow.find(({ kind }) => kind === 'command');
      if (!provider?.alerts || !lender) {
        const able = adapters.providers.flatMap((one) => (one.alerts ? `${one.id}:OWNER/REPO` : []));
        throw new Problem('usage/wrong', { what: `--from-alerts takes ${able.join(', ')}`, next: 'mcp-rotate leak --help' });
      }
      const issuer = await lentNow(ports, provider, lender.name);
      if (!issuer) {
        throw new Problem('rotation/needs-issuer', {
          what: `alerts of ${provider.name} are read with the sign-in of ${lender.name}, which is not installed or not signed in`,
          state: 'nothing was changed',
          next: `${lender.name} auth login, then the command again; or paste the key: mcp-rotate leak --stdin`,
        });
      }
      const { alerts, complete } = await provider.alerts(ports, issuer, repository);
      const withKey = alerts.flatMap((alert) => (alert.secret ? [{ alert, secret: alert.secret }] : []));
      const keys = withKey.map(({ alert, secret }) => ({
        alert,
        key: keyOfSecret(adapters, secret, { provider: plainName(alert.type), name: alert.what }),
      }));
      const of = (key: PastedKey): readonly Alert[] => keys.flatMap((each) => (sameKey(each.key, key) ? each.alert : []));
      const leaked = await taken(
        keys.map(({ key, alert }) => ({
          key,
          from: `alert ${alert.number}`,
          page: alert.url,
          exposure: () => ofAlerts(repository, of(key), at),
        })),
        at,
      );
      const without = alerts.length - withKey.length;
      return {
        leaked,
        notes: [
          ...(complete ? [] : ['not every alert, or not every spot of each, could be read']),
          ...(without === 0 ? [] : [`of ${without} alerts GitHub does not show the key to this sign-in`]),
        ],
      };
    },
    async inRepositories(paths, at, control) {
      const ids = new Set((await inventory(at)).map(({ id }) => id));
      const { known, gaps: unsought } = await knownSecrets(ports, adapters, at.folders);
      const { keys, gaps } = await search(ports, paths, known, control);
      const sought = keys.flatMap(({ of, findings }) => ('known' in of ? [{ id: of.known, findings }] : []));
      const placed = sought.filter(({ id }) => ids.has(id));
      const inPlaces = await Promise.all(
        placed.map(async ({ id, findings }) =>
          (await byIds([id], at)).map((leaked) => ({ ...leaked, exposure: advised(findings, at, leaked.about.provider) })),
        ),
      );
      const others = await taken(
        keys.flatMap(({ of, findings }) => ('secret' in of ? [foreign(keyOfSecret(adapters, of.secret, of), findings, at)] : [])),
        at,
      );
      const ending = sought.filter(({ id }) => !ids.has(id));
      const notes = [
        ...ending.map(
          ({ id }) => `an old value of ${id}, whose rotation has not ended, was found too: mcp-rotate resume ends it`,
        ),
        ...[...unsought, ...gaps].map(({ where, why }) => `not searched: ${printable(where)}: ${printable(why)}`),
      ];
      return { leaked: eachOnce([...inPlaces.flat(), ...others]), notes };
    },
    async dossier({ about, exposure: told, hosts }, ask, allowHosts) {
      const exposure = withoutSecrets(told);
      const unasked = (how: string): Standing => ({ alive: 'unknown', how });
      if (!about.provider)
        return dossierOf(about, unasked(about.grant ? 'not asked' : `mcp-rotate cannot ask ${about.name}`), exposure);
      if (!ask) return dossierOf(about, unasked('not asked: you did not agree that it is sent'), exposure);
      assertAgreed({ id: about.id, projectHosts: hosts }, { allowHosts });
      return dossierOf(about, await about.provider.check(ports, about.held), exposure);
    },
  };
}

const grantOf = (id: string, exposure: Exposure): Leaked => ({
  about: {
    id,
    provider: undefined,
    providerId: 'oauth',
    name: 'sign-in to a remote server',
    kind: 'OAuth grant',
    held: { kind: 'grant', parts: {}, context: {} },
    credential: undefined,
    grant: true,
  },
  exposure,
  hosts: [],
});

/** Addresses that the text names, and not the provider: whoever wrote it chose where the key would go. */
function hostsOf(provider: Provider | undefined, held: Held, besideKey: (host: string) => boolean, from: string): ProjectHost[] {
  const away = [...new Set(provider?.hosts?.(held.context) ?? [])].filter((host) => !isThisMachine(host));
  const plainHttp = Object.values(held.context).some(isPlainAway);
  return away.map((host) => ({ host, file: from, besideKey: besideKey(host), plainHttp }));
}

/** A key that a config holds and that no provider's folder knows. */
function isUnknownCopy({ provider, held }: Credential, key: PastedKey): boolean {
  const [mine, theirs] = [held.parts[unknownPart], key.held.parts[unknownPart]];
  return provider === unknownProvider && mine !== undefined && theirs !== undefined && mine.equals(theirs);
}

function sameKey(one: PastedKey, other: PastedKey): boolean {
  if (one.provider !== other.provider) return false;
  const names = Object.keys(one.held.parts);
  return names.every((name) => {
    const [mine, theirs] = [one.held.parts[name], other.held.parts[name]];
    return mine !== undefined && theirs !== undefined && mine.equals(theirs);
  });
}

/** `stripe_api_key` → `stripe`: the name under which a page may be known. */
const plainName = (type: string): string => /^[a-z0-9]+/.exec(type.toLowerCase())?.[0] ?? unknownProvider;

const advice: Readonly<Record<Recommendation['what'], string | undefined>> = {
  rewrite: 'rewrite the history',
  amend: 'rewrite the history before it is pushed',
  leave: 'leave the history as it is',
  ask: 'whether to rewrite the history depends on what is not known',
  nothing: undefined,
};

/** What is advised for the time when the key is dead, which is what follows. */
function advised(findings: readonly Finding[], at: LeakAt, provider: Provider | undefined): Exposure {
  const sensitive = provider?.valueClass === 'money' || provider?.valueClass === 'production';
  const { what, reasons, cannot } = recommend(findings, { dead: 'yes', sensitive });
  const exposure = ofSearch(findings, at);
  const words = advice[what];
  if (words === undefined) return exposure;
  const undone = cannot.length === 0 ? '' : `; it cannot undo that ${cannot.join(', that ')}`;
  return { ...exposure, recommendation: `once the key is dead, ${words}: ${reasons.join('; ')}${undone}` };
}

/** A key that was found both as one of the inventory and by its format. */
function eachOnce(all: readonly Leaked[]): readonly Leaked[] {
  const found = new Map<string, Leaked>();
  for (const each of all) {
    const before = found.get(each.about.id);
    if (!before) found.set(each.about.id, each);
    else found.set(each.about.id, { ...before, exposure: joined(before.exposure, each.exposure) });
  }
  return [...found.values()];
}

function joined(one: Exposure, other: Exposure): Exposure {
  const [first, second] =
    (other.since ?? Number.POSITIVE_INFINITY) < (one.since ?? Number.POSITIVE_INFINITY) ? [other, one] : [one, other];
  const found = [...new Map([...one.found, ...other.found].map((each) => [JSON.stringify(each), each])).values()];
  return { ...first, found, seenBy: [...new Set([...first.seenBy, ...second.seenBy])] };
}
