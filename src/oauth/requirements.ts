/**
 * What the revisions of MCP authorization ask of a server, as data: one row each, with what is looked at to judge it. Pure.
 *
 * A row that no revision asks for (revocation, introspection) is there because a rotation depends on it: its cells say "not
 * asked", and what was seen is told all the same. What cannot be seen from where we stand is "could not tell", never "ok".
 */
import { duration } from '../base/time.ts';
import { covers } from './metadata.ts';
import type { Discovery } from './oauth.ts';
import type { Finding, Measured, Observations, Requirement, Told } from './report.ts';

const ok = (seen: string): Finding => ({ answer: 'ok', seen });
const fails = (seen: string): Finding => ({ answer: 'fails', seen });
const unknown = (seen: string): Finding => ({ answer: 'unknown', seen });
const when = (fine: boolean, good: string, bad: string): Finding => (fine ? ok(good) : fails(bad));

const must3 = { '2025-06-18': 'must', '2025-11-25': 'must', '2026-07-28': 'must' } as const;
const must2 = { '2025-11-25': 'must', '2026-07-28': 'must' } as const;
const should2 = { '2025-11-25': 'should', '2026-07-28': 'should' } as const;

/** Judges what only the authorization server's metadata can tell. */
const byServer =
  (judge: (discovery: Discovery) => Finding) =>
  ({ discovery, problem }: Observations): Finding =>
    discovery
      ? judge(discovery)
      : unknown(`the authorization server's metadata could not be used: ${problem?.what ?? 'unknown'}`);

const byGrant =
  (judge: (measured: Measured) => Finding) =>
  ({ measured }: Observations): Finding =>
    measured ? judge(measured) : unknown('only a grant shows it: --refresh-test');

const listOf = ({ metadata }: Discovery, name: string): readonly unknown[] | undefined => {
  const value = metadata[name];
  return Array.isArray(value) ? value : undefined;
};
const has = ({ metadata }: Discovery, name: string): boolean => typeof metadata[name] === 'string';
const named = (name: string) =>
  byServer((discovery) => when(has(discovery, name), `the metadata names the ${name}`, `the metadata names no ${name}`));

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const endpoints = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint'];

export const requirements: readonly Requirement[] = [
  {
    id: 'refuses-with-401',
    text: 'a request without a token is refused with 401',
    asked: must3,
    basis: 'MCP authorization, error handling',
    judge: ({ refusal: { status } }) => when(status === 401, 'it answered 401', `it answered ${status}`),
  },
  {
    id: 'challenge-names-metadata',
    text: 'the refusal names the protected resource metadata',
    // Since 2025-11-25 a well-known address does as well (SEP-985).
    asked: { '2025-06-18': 'must' },
    basis: 'MCP 2025-06-18 authorization; RFC 9728 5.1',
    judge: ({ refusal }) =>
      when(
        refusal.challenged && refusal.namesMetadata,
        'WWW-Authenticate: Bearer with resource_metadata',
        refusal.challenged ? 'WWW-Authenticate: Bearer without resource_metadata' : 'no WWW-Authenticate: Bearer',
      ),
  },
  {
    id: 'resource-metadata',
    text: 'protected resource metadata is found',
    asked: must3,
    basis: 'MCP authorization, authorization server location; RFC 9728 3',
    judge: ({ discovery, problem }) => {
      if (!discovery) return unknown(`it could not be used: ${problem?.what ?? 'unknown'}`);
      const { resourceMetadata } = discovery;
      const how = { header: 'by the header', 'well-known': 'at the well-known address', 'well-known-root': 'at the root' };
      return resourceMetadata ? ok(`found ${how[resourceMetadata.by]}`) : fails('there is none');
    },
  },
  {
    id: 'names-authorization-server',
    text: 'the metadata names at least one authorization server',
    asked: must3,
    basis: 'MCP authorization, authorization server location',
    judge: ({ document }) =>
      document
        ? when(document.servers > 0, `it names ${document.servers}`, 'it names none')
        : unknown('there is no metadata to look at'),
  },
  {
    id: 'resource-is-this-server',
    text: 'the metadata is about this very server',
    asked: must3,
    basis: 'RFC 9728 3.3',
    judge: ({ document, discovery, url }) => {
      if (!document || !discovery) return unknown('there is no metadata to look at');
      if (document.resource === undefined) return fails('it names no resource');
      const same = URL.canParse(document.resource) && covers(new URL(document.resource), new URL(url));
      return when(same, 'its resource is this address, or holds it', 'its resource is another address');
    },
  },
  {
    id: 'server-metadata-rfc8414',
    text: 'authorization server metadata at the address of RFC 8414',
    // Since 2025-11-25 OpenID discovery does as well (SEP-797).
    asked: { '2025-06-18': 'must' },
    basis: 'MCP 2025-06-18 authorization, server metadata discovery; RFC 8414 3',
    judge: byServer(({ metadataAddress }) =>
      when(
        new URL(metadataAddress).pathname.startsWith('/.well-known/oauth-authorization-server'),
        'found there',
        'found by OpenID discovery only',
      ),
    ),
  },
  {
    id: 'server-metadata',
    text: 'authorization server metadata by RFC 8414 or OpenID discovery',
    asked: must2,
    basis: 'MCP 2025-11-25 authorization, overview 5',
    judge: ({ discovery, problem }) =>
      discovery
        ? ok('found')
        : problem?.code === 'oauth/metadata'
          ? fails(problem.what)
          : unknown(problem?.what ?? 'not looked at'),
  },
  {
    id: 'issuer-identical',
    text: 'the issuer in the metadata is the one by which it was found',
    asked: must3,
    basis: 'RFC 8414 3.3; MCP 2026-07-28, authorization server metadata discovery',
    judge: ({ discovery, problem }) => {
      if (problem?.code === 'oauth/issuer-mismatch') return fails(problem.what);
      if (!discovery) return unknown('there is no metadata to look at');
      const remark = discovery.remarks.find(({ code }) => code === 'issuer-trailing-slash');
      return remark ? fails(remark.text) : ok('character by character');
    },
  },
  {
    id: 'pkce-s256',
    text: 'the metadata says that PKCE with S256 is taken',
    asked: must2,
    basis: 'MCP 2025-11-25 authorization, code protection; RFC 7636',
    judge: byServer((discovery) => {
      const methods = listOf(discovery, 'code_challenge_methods_supported');
      return methods
        ? when(methods.includes('S256'), 'S256 is listed', 'S256 is not listed')
        : fails('it says nothing about PKCE');
    }),
  },
  {
    id: 'no-plain-pkce',
    text: 'PKCE without hashing is not offered',
    asked: {},
    basis: 'RFC 9700 2.1.1',
    judge: byServer((discovery) =>
      when(
        listOf(discovery, 'code_challenge_methods_supported')?.includes('plain') !== true,
        'plain is not listed',
        'plain is listed as well',
      ),
    ),
  },
  {
    id: 'https',
    text: 'every endpoint of the authorization server is https (or on this machine)',
    asked: must3,
    basis: 'MCP authorization, communication security; OAuth 2.1 1.5',
    judge: byServer(({ metadata, issuer }) => {
      const plain = ['issuer', ...endpoints].filter((name) => isPlain(name === 'issuer' ? issuer : metadata[name]));
      return when(plain.length === 0, 'all of them', `plain http: ${plain.join(', ')}`);
    }),
  },
  {
    id: 'registration-dynamic',
    text: 'clients can register by themselves',
    // MAY since 2025-11-25, deprecated in 2026-07-28.
    asked: { '2025-06-18': 'should' },
    basis: 'MCP 2025-06-18 authorization, dynamic client registration; RFC 7591',
    judge: named('registration_endpoint'),
  },
  {
    id: 'registration-document',
    text: 'client id metadata documents are taken',
    asked: should2,
    basis: 'MCP 2025-11-25 authorization, client id metadata documents (SEP-991)',
    judge: byServer(({ metadata }) =>
      when(metadata['client_id_metadata_document_supported'] === true, 'it says so', 'it does not say so'),
    ),
  },
  {
    id: 'iss-parameter',
    text: 'answers to sign-ins name their issuer',
    asked: { '2026-07-28': 'should' },
    basis: 'MCP 2026-07-28 authorization, authorization response validation (SEP-2468); RFC 9207',
    judge: byServer(({ metadata }) =>
      when(metadata['authorization_response_iss_parameter_supported'] === true, 'it says so', 'it does not say so'),
    ),
  },
  {
    id: 'challenge-scope',
    text: 'the refusal says which scopes are needed',
    asked: should2,
    basis: 'MCP 2025-11-25 authorization, scope selection strategy (SEP-835)',
    judge: ({ refusal: { scopes } }) =>
      when(scopes !== undefined, `${scopes?.length} in the challenge`, 'no scope in the challenge'),
  },
  {
    id: 'no-offline-access-asked',
    text: 'the resource does not ask for offline_access itself',
    asked: { '2026-07-28': 'should' },
    basis: 'MCP 2026-07-28 authorization, refresh tokens (SEP-2207)',
    judge: ({ refusal, discovery }) => {
      if (!discovery) return unknown('there is no metadata to look at');
      const asked = [...(refusal.scopes ?? []), ...(discovery.resourceMetadata?.scopes ?? [])];
      return when(!asked.includes('offline_access'), 'neither challenge nor metadata list it', 'it is listed');
    },
  },
  {
    id: 'resource-bound',
    text: 'tokens are bound to the resource that was asked for',
    asked: must3,
    basis: 'MCP authorization, token audience binding; RFC 8707',
    judge: byGrant(({ audience }) =>
      audience === undefined
        ? unknown('the token does not show its audience')
        : when(audience === 'this server', 'the token names this server as its audience', 'the token names another audience'),
    ),
  },
  {
    id: 'refresh-rotates',
    text: 'refreshing gives a new refresh token to a public client',
    asked: must3,
    basis: 'MCP authorization, token theft; OAuth 2.1 4.3.1',
    judge: byGrant(({ refreshable, rotates }) =>
      !refreshable ? unknown('no refresh token was issued') : toldAs(rotates, 'a new one each time', 'the same one again'),
    ),
  },
  {
    id: 'old-refresh-refused',
    text: 'a refresh token that was used up is refused',
    asked: must3,
    basis: 'OAuth 2.1 4.3.1; RFC 9700 4.14.2',
    judge: byGrant(({ oldRefused, graceMs, rotates }) => {
      if (rotates === 'no') return unknown('refresh tokens do not rotate');
      const grace = graceMs === undefined ? '' : `, after it still worked for about ${duration(graceMs)}`;
      return toldAs(oldRefused, `refused${grace}`, 'it still worked for as long as we looked');
    }),
  },
  {
    id: 'reuse-ends-grant',
    text: 'use of an old refresh token ends the grant',
    asked: {},
    basis: 'RFC 9700 4.14.2',
    judge: byGrant(({ reuseEndsGrant }) => toldAs(reuseEndsGrant, 'the new refresh token was refused too', 'the grant lives on')),
  },
  {
    id: 'revocation',
    text: 'tokens can be revoked',
    asked: {},
    basis: 'RFC 7009; no revision of MCP mentions it',
    judge: named('revocation_endpoint'),
  },
  {
    id: 'revocation-ends-refresh',
    text: 'a revoked refresh token is refused',
    asked: {},
    basis: 'RFC 7009 2',
    judge: byGrant(({ refreshDead }) => toldAs(refreshDead, 'refused', 'it still works')),
  },
  {
    id: 'revocation-ends-access',
    text: 'an access token dies with its grant',
    asked: {},
    basis: 'RFC 7009 2.1',
    judge: byGrant(({ accessDead, accessDeadAfterMs, access }) =>
      toldAs(
        accessDead,
        `refused within ${duration(accessDeadAfterMs ?? 0)}`,
        access === 'jwt' ? 'it works on: it is checked offline, until it expires' : 'it works on',
      ),
    ),
  },
  {
    id: 'introspection',
    text: 'tokens can be asked about',
    asked: {},
    basis: 'RFC 7662; no revision of MCP mentions it',
    judge: named('introspection_endpoint'),
  },
];

function toldAs(told: Told, yes: string, no: string): Finding {
  return told === 'unknown' ? unknown('the server gave no clear answer') : when(told === 'yes', yes, no);
}

const isPlain = (address: unknown): boolean => {
  if (typeof address !== 'string' || !URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol !== 'https:' && !loopbackNames.has(hostname);
};
