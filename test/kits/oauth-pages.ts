/** A well-behaved remote MCP server and its authorization server as pages of a made-up web; tests change one thing at a time. */
import { Problem } from '../../src/base/problem.ts';
import type { PageAnswer } from './oauth-web.ts';

export const mcp = 'https://mcp.example.com/v1/mcp';
export const root = 'https://mcp.example.com';
export const auth = 'https://auth.example.com';
export const pathDocument = `${root}/.well-known/oauth-protected-resource/v1/mcp`;
export const rootDocument = `${root}/.well-known/oauth-protected-resource`;
export const authDocument = `${auth}/.well-known/oauth-authorization-server`;

export const challenged = (parameters = ''): PageAnswer => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer ${parameters}`.trim() },
});
export const resource = (more: object = {}): PageAnswer => ({
  body: { resource: mcp, authorization_servers: [auth], scopes_supported: ['mcp:read'], ...more },
});
export const good = (issuer = auth, more: object = {}): Record<string, unknown> => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  introspection_endpoint: `${issuer}/introspect`,
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  ...more,
});
export const plain = {
  [mcp]: challenged(`resource_metadata="${pathDocument}"`),
  [pathDocument]: resource(),
  [authDocument]: { body: good() },
};

/** The problem that some work ends with. */
export async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const end = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (end instanceof Problem) return end;
  throw end ?? new Error('it went well');
}
export const codesOf = (found: { remarks: readonly { code: string }[] }): string[] => found.remarks.map(({ code }) => code);
