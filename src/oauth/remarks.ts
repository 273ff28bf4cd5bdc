/** What is noticed of a server while it is asked: each with a stable code, a sentence, and where it is laid down. */
import { listed, offersPkce } from './metadata.ts';
import type { Remark, ServerMetadata } from './oauth.ts';

const remarks = {
  'challenge-missing': ['the server refuses without naming a way in (no WWW-Authenticate)', 'RFC 9728 5.1'],
  'challenge-unreadable': ['its WWW-Authenticate is not in the form that HTTP lays down, and was not used', 'RFC 9110 11.6.1'],
  'open-without-token': ['it lists its tools without any token, so a listing proves nothing of a token', 'MCP, authorization'],
  'prm-missing': [
    'it has no protected resource metadata, and is taken for its own authorization server as in 2025-03-26',
    'MCP 2025-06-18, authorization server discovery',
  ],
  'prm-pointer-broken': ['the resource metadata is not where the 401 says', 'RFC 9728 5.1'],
  'prm-at-root': ['the resource metadata lies at the root only, not under the path of the server', 'RFC 9728 3.1'],
  'prm-resource-parent': ['the resource metadata names a parent of the address as the resource', 'RFC 9728 3.3'],
  'prm-without-issuer': [
    'the resource metadata names no authorization server; the server is taken for its own',
    'MCP 2025-06-18, authorization server location',
  ],
  'several-issuers': [
    'the resource names several authorization servers; that which issued what the client has is used, else the first',
    'RFC 9728 7.6',
  ],
  'issuer-passed-over': [
    'an authorization server that the resource names could not be asked; another that it names is used',
    'RFC 9728 7.6',
  ],
  'metadata-redirected': ['metadata is answered with a redirect within the same origin', 'RFC 8414 3.2'],
  'metadata-content-type': ['metadata is not called application/json', 'RFC 8414 3.2'],
  'openid-metadata': [
    'only OpenID Connect metadata is there, not that of OAuth',
    'MCP 2025-11-25, authorization server metadata',
  ],
  'issuer-trailing-slash': ['the issuer has a slash at its end in one document and none in the other', 'RFC 8414 3.3'],
  'default-endpoints': [
    'it has no authorization server metadata; its endpoints are taken to be /authorize, /token and /register',
    'MCP 2025-03-26, fallbacks for servers without metadata discovery',
  ],
  'pkce-not-advertised': [
    'the authorization server does not say that it takes PKCE with S256, so nobody may sign in there',
    'MCP 2025-11-25, authorization code protection',
  ],
  'no-revocation': ['the authorization server has no way to revoke a token', 'RFC 7009'],
  'no-introspection': ['the authorization server has no way to ask about a token', 'RFC 7662'],
  'no-registration': ['the authorization server takes only clients that were registered by hand', 'RFC 7591'],
  'iss-not-advertised': ['the redirect does not name the issuer, so a mix-up of servers is harder to notice', 'RFC 9207'],
} as const satisfies Record<string, readonly [string, string]>;

export type RemarkCode = keyof typeof remarks;

export function remark(code: RemarkCode): Remark {
  const [text, basis] = remarks[code];
  return { code, text, basis };
}

export function remarksOnServer(metadata: ServerMetadata): readonly RemarkCode[] {
  const codes: RemarkCode[] = [];
  if (!offersPkce({ metadata })) codes.push('pkce-not-advertised');
  if (typeof metadata['revocation_endpoint'] !== 'string') codes.push('no-revocation');
  if (typeof metadata['introspection_endpoint'] !== 'string') codes.push('no-introspection');
  if (typeof metadata['registration_endpoint'] !== 'string' && metadata['client_id_metadata_document_supported'] !== true) {
    codes.push('no-registration');
  }
  if (metadata['authorization_response_iss_parameter_supported'] !== true) codes.push('iss-not-advertised');
  return codes;
}

/** Ways in which a client that nobody registered by hand can introduce itself, in the order of MCP 2025-11-25. */
export type RegistrationKind = 'client id metadata document' | 'dynamic registration';

export function kindsOf(metadata: ServerMetadata): readonly RegistrationKind[] {
  const kinds: RegistrationKind[] = [];
  const methods = listed(metadata['token_endpoint_auth_methods_supported']);
  // such a client has no secret: a server that takes none of that kind could not let it in
  if (metadata['client_id_metadata_document_supported'] === true && (methods?.includes('none') ?? true)) {
    kinds.push('client id metadata document');
  }
  if (typeof metadata['registration_endpoint'] === 'string') kinds.push('dynamic registration');
  return kinds;
}
