/**
 * What can be seen of a remote server without a token: its refusal, its metadata, the metadata of its authorization server.
 *
 * Reads only, and judges nothing (src/oauth/report.ts does). A part that cannot be seen is left out, with the problem.
 */
import { Problem } from '../base/problem.ts';
import { safeAddress } from './address.ts';
import { bearerOf, readChallenges, scopesOf } from './challenges.ts';
import { discover } from './discover.ts';
import { documentOf } from './metadata.ts';
import type { Discovery, Wire } from './oauth.ts';
import type { Observations } from './report.ts';
import { toolsList } from './tools-list.ts';
import { send } from './wire.ts';

/** Problems: those of reaching the server at all. */
export async function observe(wire: Wire, url: string, options: { readonly signal?: AbortSignal } = {}): Promise<Observations> {
  const refusal = await toolsList(wire, new URL(url), undefined, options);
  const challenge = bearerOf(readChallenges(refusal.headers['www-authenticate']) ?? []);
  const found = await discovered(wire, url, options);
  const discovery = found instanceof Problem ? undefined : found;
  return {
    url,
    refusal: {
      status: refusal.status,
      challenged: challenge !== undefined,
      namesMetadata: challenge?.parameters.has('resource_metadata') === true,
      scopes: scopesOf(challenge?.parameters.get('scope')),
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
  const request = {
    method: 'GET' as const,
    url: safeAddress(address, 'protected resource metadata', server).href,
    headers: { accept: 'application/json' },
    ...(signal ? { signal } : {}),
  };
  const { body } = await send(wire, server, `${server.host}: protected resource metadata`, request, 'none');
  const read = documentOf(body) ?? {};
  const servers = read['authorization_servers'];
  return {
    resource: typeof read['resource'] === 'string' ? read['resource'] : undefined,
    servers: Array.isArray(servers) ? servers.length : 0,
  };
}
