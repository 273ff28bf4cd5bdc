/**
 * From the address of an MCP server to the authorization server that guards it, asked afresh each time.
 *
 * The server says where its metadata is (RFC 9728: in its 401, else at a well-known address), that names the authorization
 * server, and its metadata must name itself by the very same issuer. Servers of MCP 2025-03-26 are their own authorization server.
 * All of it is a stranger's word: every address is looked at before it is asked, redirects go at most once and never to another
 * origin, documents are small JSON, and the whole takes a bounded time. "Not there" is a 4xx; a server in trouble (5xx, 429,
 * no answer) proves nothing and ends the discovery.
 */
import { type Code, Problem } from '../base/problem.ts';
import { duration, type Milliseconds, second } from '../base/time.ts';
import { type Fields, textOf } from '../providers/http.ts';
import { canonicalResource, safeAddress } from './address.ts';
import { bearerOf, type Challenge, readChallenges, scopeList, scopesOf } from './challenges.ts';
import {
  broken,
  covers,
  documentOf,
  issuerMatch,
  issuerMetadataAddresses,
  listed,
  resourceMetadataAddresses,
  serverMetadata,
} from './metadata.ts';
import type { Discovery, Remark, ServerMetadata, Wire } from './oauth.ts';
import { type RemarkCode, remark, remarksOnServer } from './remarks.ts';
import { toolsList } from './tools-list.ts';
import { send, unexpectedReply } from './wire.ts';

const allWithin: Milliseconds = 60 * second;
const eachWithin: Milliseconds = 15 * second;

/** Why a document is not where it might be. `clean`: a plain "there is nothing here". */
interface Miss {
  readonly status: number;
  readonly clean: boolean;
  readonly why: string;
}
type Found = { readonly fields: Fields; readonly address: URL } | Miss;

interface Search {
  readonly server: URL;
  readonly remarks: Remark[];
  remark(code: RemarkCode): void;
  /** The JSON document at an address of a stranger, which was looked at. */
  document(address: URL, name: string): Promise<Found>;
  left(): Milliseconds;
}

interface ResourceDocument {
  readonly address: string;
  readonly by: 'header' | 'well-known' | 'well-known-root';
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly scopes: readonly string[] | undefined;
}

export interface DiscoverOptions {
  readonly signal?: AbortSignal;
  /**
   * Who issued what the client has, as its store says: the issuer, or else the address at which the tokens were got; empty: not
   * known. Where the resource names several authorization servers it is that one.
   */
  readonly issuedBy?: { readonly issuer: string; readonly tokenEndpoint: string };
  /** For who has nothing at any of them: the next that the resource names, when the metadata of one cannot be had. */
  readonly orNext?: boolean;
}

/**
 * Problems: oauth/not-oauth (no token is asked for there, or there is no MCP server), oauth/unsafe-address, oauth/metadata,
 * oauth/issuer-mismatch, provider/rate-limited, provider/unavailable, and those of the net port.
 */
export async function discover(wire: Wire, url: string, options: DiscoverOptions = {}): Promise<Discovery> {
  const server = safeAddress(url, 'MCP server', undefined);
  const search = startSearch(wire, server, options.signal);
  const probe = await probeServer(wire, search, options.signal);
  const found = await resourceDocument(search, probe.challenge);
  if (found === undefined && !probe.asksForToken) {
    const why = probe.open ? 'lists its tools without any token' : `answers ${probe.status} where MCP servers ask for a token`;
    throw notOauth(server, why);
  }
  if (found === undefined) search.remark('prm-missing');
  const [first, ...others] = inOrder(found?.issuers ?? [], options.issuedBy);
  const { metadata, metadataAddress, named } =
    first === undefined
      ? { ...(await metadataAtRoot(search, probe)), named: undefined }
      : await metadataOfOne(search, first, options.orNext ? others : []);
  for (const code of remarksOnServer(metadata)) search.remark(code);
  const challengedScopes = scopesOf(probe.challenge?.parameters.get('scope'));
  return {
    url,
    resource: found?.resource ?? canonicalResource(url),
    resourceMetadata: found && { address: found.address, by: found.by, scopes: found.scopes },
    challengedScopes,
    issuer: metadata.issuer,
    metadata,
    metadataAddress,
    otherIssuers: found?.issuers.filter((issuer) => issuer !== named) ?? [],
    scopes: challengedScopes ?? found?.scopes,
    remarks: search.remarks,
  };
}

/** RFC 9728 section 7.6 leaves the choice to the client: that which issued what is in hand goes first. */
function inOrder(issuers: readonly string[], by: DiscoverOptions['issuedBy']): readonly string[] {
  if (!by) return issuers;
  const origin = URL.canParse(by.tokenEndpoint) ? new URL(by.tokenEndpoint).origin : undefined;
  const its = issuers.find((issuer) =>
    by.issuer === '' ? URL.canParse(issuer) && new URL(issuer).origin === origin : issuerMatch(issuer, by.issuer) !== 'other',
  );
  return its === undefined ? issuers : [its, ...issuers.filter((issuer) => issuer !== its)];
}

/** Somebody may be away, or have gone; what looks like a mix-up of servers ends it, whoever else is named. */
const away = new Set<Code>([
  'oauth/metadata',
  'provider/rate-limited',
  'provider/unavailable',
  'provider/unreachable',
  'provider/timeout',
  'provider/garbled',
]);

async function metadataOfOne(
  search: Search,
  issuer: string,
  others: readonly string[],
): Promise<{ metadata: ServerMetadata; metadataAddress: string; named: string }> {
  try {
    return { ...(await metadataOf(search, issuer)), named: issuer };
  } catch (error) {
    const [next, ...rest] = others;
    if (next === undefined || !(error instanceof Problem) || !away.has(error.code)) throw error;
    search.remark('issuer-passed-over');
    // Of several that are away the first is told.
    return metadataOfOne(search, next, rest).catch((other: unknown) => {
      throw other instanceof Problem && away.has(other.code) ? error : other;
    });
  }
}

/**
 * The same server as it is at another issuer, one that it named before: old tokens can be revoked only where they were issued.
 * Problems: as of discover.
 */
export async function discoverIssuer(
  wire: Wire,
  now: Discovery,
  issuer: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Discovery> {
  const search = startSearch(wire, safeAddress(now.url, 'MCP server', undefined), options.signal);
  return { ...now, ...(await metadataOf(search, issuer)), issuer, otherIssuers: [], remarks: search.remarks };
}

function startSearch(wire: Wire, server: URL, signal: AbortSignal | undefined): Search {
  const from = wire.clock.elapsed();
  const remarks: Remark[] = [];
  const left = (): Milliseconds => {
    const rest = allWithin - (wire.clock.elapsed() - from);
    if (rest > 0) return rest;
    throw new Problem('provider/timeout', {
      what: `to find out how ${server.host} is signed in to took longer than ${duration(allWithin)}`,
      state: 'nothing but metadata was asked for',
    });
  };
  const get = (address: URL, name: string) => {
    const request = {
      method: 'GET' as const,
      url: address.href,
      headers: { accept: 'application/json' },
      timeoutMs: Math.min(left(), eachWithin),
      ...(signal === undefined ? {} : { signal }),
    };
    return send(wire, server, `${address.host}: ${name}`, request, 'none');
  };
  return {
    server,
    remarks,
    left,
    remark(code) {
      if (!remarks.some((each) => each.code === code)) remarks.push(remark(code));
    },
    async document(address, name) {
      let at = address;
      let answer = await get(at, name);
      if (isRedirect(answer.status)) {
        const next = redirected(at, answer.headers['location'], server);
        if (next === undefined) return miss(answer.status, 'redirects to another server or to no valid address');
        at = next;
        answer = await get(at, name);
        this.remark('metadata-redirected');
      }
      const { status, headers, body } = answer;
      if (status === 429 || status >= 500) throw unexpectedReply(wire, `${at.host}: ${name}`, answer, false);
      if (status !== 200) return miss(status, `answers ${status}`);
      const fields = documentOf(body);
      if (fields === undefined) return miss(status, 'is no JSON object of a usual form');
      if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '')) this.remark('metadata-content-type');
      return { fields, address: at };
    },
  };
}

const miss = (status: number, why: string): Miss => ({ status, clean: status >= 400, why });
const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** Where a redirect within one origin leads; undefined for any other. */
function redirected(from: URL, location: string | undefined, server: URL): URL | undefined {
  if (location === undefined || !URL.canParse(location, from.href)) return undefined;
  const to = new URL(location, from);
  return to.origin === from.origin ? safeAddress(to.href, 'redirect of the metadata', server) : undefined;
}

interface Probe {
  readonly status: number;
  readonly challenge: Challenge | undefined;
  /** 401, or a 403 that names a way in. */
  readonly asksForToken: boolean;
  /** It lists its tools to anybody. */
  readonly open: boolean;
}

async function probeServer(wire: Wire, search: Search, signal: AbortSignal | undefined): Promise<Probe> {
  const { server } = search;
  const answer = await toolsList(wire, server, undefined, {
    timeoutMs: search.left(),
    ...(signal === undefined ? {} : { signal }),
  });
  const { status, asked } = answer;
  if (isRedirect(status)) {
    throw new Problem('oauth/metadata', {
      what: `${server.host} redirects ${asked} to another address`,
      state: 'the redirect was not followed',
      next: 'put the final address into the config of the client',
    });
  }
  if (status === 429 || status >= 500) throw unexpectedReply(wire, `${server.host}: ${asked}`, answer, false);
  if (status === 404 || status === 410) throw notOauth(server, `answers ${status}: there is no MCP server at that address`);
  const challenges = readChallenges(answer.headers['www-authenticate']);
  if (challenges === undefined) search.remark('challenge-unreadable');
  const challenge = bearerOf(challenges ?? []);
  if (answer.listed) search.remark('open-without-token');
  else if (challenges?.length === 0) search.remark('challenge-missing');
  const asksForToken = (status === 401 || status === 403) && (challenge !== undefined || challenges?.length === 0);
  return { status, challenge, asksForToken, open: answer.listed };
}

function notOauth(server: URL, why: string): Problem {
  return new Problem('oauth/not-oauth', {
    what: `${server.host} ${why}`,
    state: 'nothing was changed',
    next: 'look whether the address is right; a server without OAuth has no sign-in to rotate',
  });
}

/** By the header, then at the well-known addresses. Undefined: the server has none. */
async function resourceDocument(search: Search, challenge: Challenge | undefined): Promise<ResourceDocument | undefined> {
  const name = 'protected resource metadata';
  const pointer = challenge?.parameters.get('resource_metadata');
  const candidates: { address: URL; by: ResourceDocument['by'] }[] = [...resourceMetadataAddresses(search.server)];
  if (pointer !== undefined) candidates.unshift({ address: safeAddress(pointer, name, search.server), by: 'header' });
  for (const { address, by } of candidates) {
    const found = await search.document(address, name);
    if ('fields' in found) {
      if (by === 'well-known-root' && search.server.pathname !== '/') search.remark('prm-at-root');
      return readResource(search, found.fields, found.address, by);
    }
    if (by === 'header') {
      if (!found.clean) throw broken(address.host, `(${name}) ${found.why}`);
      search.remark('prm-pointer-broken');
    }
  }
  return undefined;
}

/** RFC 9728 section 3.3: metadata that is about another resource must not be used. */
function readResource(search: Search, fields: Fields, address: URL, by: ResourceDocument['by']): ResourceDocument {
  const { server } = search;
  const resource = textOf(fields['resource']);
  if (resource === undefined) throw broken(address.host, 'names no resource (RFC 9728 section 2)');
  const named = URL.canParse(resource) ? new URL(resource) : undefined;
  if (named === undefined || /\s/.test(resource) || !covers(named, server)) {
    throw broken(address.host, `is about another resource than ${server.host}`);
  }
  if (canonicalResource(resource) !== canonicalResource(server.href)) search.remark('prm-resource-parent');
  const issuers = listed(fields['authorization_servers'] ?? []);
  if (issuers === undefined) throw broken(address.host, 'has authorization servers that are not a list of texts');
  if (issuers.length === 0) search.remark('prm-without-issuer');
  if (issuers.length > 1) search.remark('several-issuers');
  // The resource goes out as its server spells it: tokens are made for that spelling and compared with it.
  return { address: address.href, by, resource, issuers, scopes: scopeList(fields['scopes_supported']) };
}

/** Metadata of the issuer that the resource names, in the order of MCP 2025-11-25. */
async function metadataOf(search: Search, issuer: string): Promise<{ metadata: ServerMetadata; metadataAddress: string }> {
  const { server } = search;
  const name = 'authorization server metadata';
  const address = safeAddress(issuer, 'authorization server', server);
  if (address.search !== '' || address.hash !== '') throw broken(address.host, '(its issuer) has a query or a fragment');
  let last: Miss | undefined;
  for (const candidate of issuerMetadataAddresses(address)) {
    const found = await search.document(candidate, name);
    if ('fields' in found) {
      const metadata = serverMetadata(found.fields, issuer, server, address.host);
      if (issuerMatch(metadata.issuer, issuer) === 'slash') search.remark('issuer-trailing-slash');
      if (candidate.pathname.includes('openid-configuration')) search.remark('openid-metadata');
      return { metadata, metadataAddress: found.address.href };
    }
    if (last === undefined || !found.clean) last = found;
  }
  throw broken(address.host, `(authorization server) is not there: its well-known address ${last?.why ?? 'is unknown'}`);
}

/**
 * MCP 2025-03-26: the server is its own authorization server, with metadata at the root of its origin, or else with endpoints at
 * fixed paths. Nothing tells of those, so the first is looked at: without parameters it does nothing, but it is there.
 */
async function metadataAtRoot(search: Search, probe: Probe): Promise<{ metadata: ServerMetadata; metadataAddress: string }> {
  const { origin, host } = search.server;
  let dirty: Miss | undefined;
  for (const address of issuerMetadataAddresses(new URL(origin))) {
    const found = await search.document(address, 'authorization server metadata');
    if ('fields' in found) {
      const metadata = serverMetadata(found.fields, origin, search.server, host);
      return { metadata, metadataAddress: found.address.href };
    }
    if (!found.clean) dirty = found;
  }
  if (dirty !== undefined) throw broken(host, `(authorization server) ${dirty.why}`);
  const authorize = new URL('/authorize', origin);
  const there = await search.document(authorize, 'authorization endpoint');
  if (!('fields' in there) && [404, 405, 410].includes(there.status)) {
    throw notOauth(search.server, `answers ${probe.status} and tells of no way to sign in`);
  }
  search.remark('default-endpoints');
  const metadata = {
    issuer: origin,
    authorization_endpoint: authorize.href,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    // "PKCE is REQUIRED for all clients" (2025-03-26): that revision has no metadata that could say so
    code_challenge_methods_supported: ['S256'],
  };
  // no document was found, so there is no address of one
  return { metadata, metadataAddress: '' };
}
