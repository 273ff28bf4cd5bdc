/**
 * What can be seen of a remote server without a token: its refusal, its metadata, the metadata of its authorization server.
 *
 * Reads only, and judges nothing (src/oauth/requirements.ts does). A part that cannot be seen is left out, with the problem.
 */
import { Problem } from '../base/problem.ts';
import { neverFor, safeAddress } from './address.ts';
import { discover } from './discover.ts';
import type { Discovery, Wire } from './oauth.ts';
import type { Observations } from './requirements.ts';
import { askWithoutToken } from './token-requests.ts';

/** Problems: those of reaching the server at all. */
export async function observe(wire: Wire, url: string, options: { readonly signal?: AbortSignal } = {}): Promise<Observations> {
  const refusal = await askWithoutToken(wire, url, options.signal);
  const header = refusal.headers['www-authenticate'];
  const found = await discovered(wire, url, options);
  const discovery = found instanceof Problem ? undefined : found;
  return {
    url,
    refusal: {
      status: refusal.status,
      challenged: header !== undefined && /(?:^|,)\s*bearer\b/i.test(header),
      namesMetadata: header !== undefined && /\bresource_metadata\s*=/i.test(header),
      scopes: discovery?.challengedScopes,
    },
    document: discovery?.resourceMetadata && (await documentAt(wire, discovery, discovery.resourceMetadata.address, options)),
    discovery,
    problem: found instanceof Problem ? { code: found.code, what: found.what } : undefined,
    measured: undefined,
  };
}

async function discovered(wire: Wire, url: string, options: { readonly signal?: AbortSignal }): Promise<Discovery | Problem> {
  try {
    return await discover(wire, url, options);
  } catch (error) {
    if (error instanceof Problem && error.code !== 'oauth/not-oauth') return error;
    throw error;
  }
}

/** Read once more for two fields that a sign-in does not need. */
async function documentAt(
  wire: Wire,
  { url }: Discovery,
  address: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<Observations['document']> {
  const server = new URL(url);
  const never = neverFor(server);
  const { body } = await wire.net.send({
    method: 'GET',
    url: safeAddress(address, 'protected resource metadata', server).href,
    headers: { accept: 'application/json' },
    mostBytes: 256 * 1024,
    ...(never ? { never } : {}),
    ...(signal ? { signal } : {}),
  });
  const read = asObject(body);
  const servers = read['authorization_servers'];
  return {
    resource: typeof read['resource'] === 'string' ? read['resource'] : undefined,
    servers: Array.isArray(servers) ? servers.length : 0,
  };
}

function asObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
