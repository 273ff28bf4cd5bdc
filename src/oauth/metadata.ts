/**
 * Metadata documents of the resource (RFC 9728) and of the authorization server (RFC 8414, OpenID Connect Discovery 1.0): where
 * they lie, and what may be taken from them. Pure. Everything in them is a stranger's: it is looked at before it is used.
 */
import { Problem } from '../base/problem.ts';
import { asFields, type Fields, jsonOf, textOf } from '../providers/http.ts';
import { safeAddress } from './address.ts';
import type { Discovery, ServerMetadata } from './oauth.ts';

export const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'device_authorization_endpoint',
] as const;
export type EndpointName = (typeof endpointNames)[number];

const wordOf = (endpoint: EndpointName): string => endpoint.replaceAll('_', ' ');

/** Deeper documents are no metadata: a trap for programs that walk them. */
const mostDeep = 32;

/** A body that is a JSON object of a bearable depth; undefined for anything else. */
export function documentOf(body: string): Fields | undefined {
  return isTooDeep(body) ? undefined : asFields(jsonOf(body));
}

function isTooDeep(body: string): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < body.length; i++) {
    const c = body[i];
    if (inText) {
      if (c === '\\') i++;
      else if (c === '"') inText = false;
    } else if (c === '"') inText = true;
    else if (c === '{' || c === '[') {
      if (++depth > mostDeep) return true;
    } else if (c === '}' || c === ']') depth--;
  }
  return false;
}

/** A list of texts; undefined when it is anything else. */
export function listed(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) return undefined;
  return value;
}

/** RFC 9728 section 3.1: the well-known part goes between host and path. By the MCP order: with the path, then at the root. */
export function resourceMetadataAddresses(server: URL): readonly { address: URL; by: 'well-known' | 'well-known-root' }[] {
  const root = new URL('/.well-known/oauth-protected-resource', server);
  const path = server.pathname.replace(/\/$/, '');
  if (path === '') return [{ address: root, by: 'well-known-root' }];
  const own = new URL(`${root.pathname}${path}${server.search}`, server);
  return [
    { address: own, by: 'well-known' },
    { address: root, by: 'well-known-root' },
  ];
}

/** Where the metadata of an issuer may lie, in the order of MCP 2025-11-25 and later. */
export function issuerMetadataAddresses(issuer: URL): readonly URL[] {
  const path = issuer.pathname.replace(/\/$/, '');
  const at = (text: string): URL => new URL(text, issuer);
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  if (path === '') return [at(oauth), at(openid)];
  return [at(`${oauth}${path}`), at(`${openid}${path}`), at(`${path}${openid}`)];
}

/**
 * Does a resource identifier stand for this server: same origin, and a path that is the server's or, segment by segment, the
 * beginning of it? RFC 9728 wants equality; servers name their root for everything below it, and clients take that.
 */
export function covers(resource: URL, server: URL): boolean {
  if (resource.origin !== server.origin || resource.hash !== '') return false;
  if (resource.search !== '' && resource.search !== server.search) return false;
  const [parent, own] = [resource, server].map(({ pathname }) => `${pathname.replace(/\/$/, '')}/`);
  return own?.startsWith(parent ?? '') ?? false;
}

/**
 * Is an issuer the one that was asked for? RFC 8414 section 3.3: identical, as plain text. One thing is forgiven, a slash after
 * a bare origin: Google's, Indeed's, Expo's and JumpCloud's servers name themselves with it in one document and without it in the
 * other (python-sdk issue 1919, opencode issue 50036, expo issue 49053; 2026-08 and -09). It names no other server.
 */
export function issuerMatch(told: string, wanted: string): 'same' | 'slash' | 'other' {
  if (told === wanted) return 'same';
  const [shorter, longer] = told.length < wanted.length ? [told, wanted] : [wanted, told];
  return longer === `${shorter}/` && URL.canParse(shorter) && new URL(shorter).origin === shorter ? 'slash' : 'other';
}

/** The document as metadata of `issuer`, its endpoints looked at. Problems: oauth/issuer-mismatch, oauth/metadata, oauth/unsafe-address. */
export function serverMetadata(fields: Fields, issuer: string, server: URL, host: string): ServerMetadata {
  const told = textOf(fields['issuer']);
  if (told === undefined) throw broken(host, 'names no issuer (RFC 8414 section 2)');
  if (issuerMatch(told, issuer) === 'other') {
    throw new Problem('oauth/issuer-mismatch', {
      what: `the authorization server metadata of ${host} is of another issuer than the one that was asked for`,
      state: 'nothing but metadata was asked for',
      next: 'do not sign in there before whoever runs the server has explained it: a mix-up of servers looks like this',
    });
  }
  for (const name of endpointNames) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw broken(host, `has a ${wordOf(name)} that is not a text`);
    safeAddress(value, wordOf(name), server);
  }
  if (fields['token_endpoint'] === undefined) throw broken(host, 'names no token endpoint');
  if (fields['authorization_endpoint'] === undefined && fields['device_authorization_endpoint'] === undefined) {
    throw broken(host, 'names no endpoint at which a person could sign in');
  }
  return { ...fields, issuer: told };
}

export function broken(host: string, why: string): Problem {
  return new Problem('oauth/metadata', {
    what: `the metadata of ${host} ${why}`,
    state: 'nothing but metadata was asked for',
    next: 'ask whoever runs the server to mend it',
  });
}

/** An endpoint, looked at once more since a discovery may come from anywhere; undefined when the server has none. */
export function endpointOf(discovery: Discovery, name: EndpointName): URL | undefined {
  const value = discovery.metadata[name];
  if (typeof value !== 'string') return undefined;
  return safeAddress(value, wordOf(name), new URL(discovery.url));
}

/**
 * Does the server say that it takes PKCE with S256? Where it says nothing a client must refuse to go on (MCP 2025-11-25,
 * authorization code protection): whoever signs in asks this.
 */
export function offersPkce({ metadata }: Pick<Discovery, 'metadata'>): boolean {
  return listed(metadata['code_challenge_methods_supported'])?.includes('S256') ?? false;
}
