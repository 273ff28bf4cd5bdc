/**
 * Goal: the registration is chosen in the order of the specification, and the redirect address is what a client insists on.
 * Method: the two choices alone, over metadata made by hand; nothing is sent but where it says so.
 */
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../ports/net.ts';
import type { Discovery, SignInRequest, Wire } from './oauth.ts';
import { redirectFor, registrationFor } from './sign-in-client.ts';

const issuer = 'https://as.example';
const url = 'https://mcp.example/mcp';
const document = 'https://client.example/oauth/client.json';

function discovery(metadata: object): Discovery {
  return {
    url,
    resource: url,
    resourceMetadata: undefined,
    challengedScopes: undefined,
    issuer,
    metadata: { issuer, ...metadata },
    metadataAddress: `${issuer}/.well-known/oauth-authorization-server`,
    otherIssuers: [],
    scopes: undefined,
    remarks: [],
  };
}

const documents = { client_id_metadata_document_supported: true };
const dynamic = { registration_endpoint: `${issuer}/register` };

async function chosen(metadata: object, more: Partial<SignInRequest> = {}) {
  const sent: HttpRequest[] = [];
  const wire: Wire = {
    clock: { now: () => 0, elapsed: () => 0, sleep: async () => {} },
    random: { bytes: (length) => new Uint8Array(length), sha256: () => '', hmacSha256: () => '' },
    net: {
      send: async (request) => {
        sent.push(request);
        return { status: 201, headers: {}, body: JSON.stringify({ client_id: 'registered' }) };
      },
    },
  };
  const request = { discovery: discovery(metadata), scopes: undefined, noBrowser: false, withinMs: 1, ...more };
  const { registration, registeredBy } = await registrationFor(wire, request, ['http://127.0.0.1:1/callback']);
  return { clientId: registration.clientId, registeredBy, sent: sent.length };
}

describe('the registration', () => {
  it.each([
    ['given', { ...documents, ...dynamic }, { registration: { clientId: 'mine' }, clientMetadataUrl: document }, 'mine', 0],
    ['client id metadata document', { ...documents, ...dynamic }, { clientMetadataUrl: document }, document, 0],
    ['dynamic registration', dynamic, { clientMetadataUrl: document }, 'registered', 1],
    ['dynamic registration', { ...documents, ...dynamic }, {}, 'registered', 1],
  ] as const)('is %s', async (registeredBy, metadata, more, clientId, sent) => {
    expect(await chosen(metadata, more)).toEqual({ registeredBy, clientId, sent });
  });

  it.each([
    [{}, {}],
    // A server that takes documents alone is of no use without one: we publish none.
    [documents, {}],
    [{}, { clientMetadataUrl: document }],
  ])('cannot be had, and how to give one is said', async (metadata, more) => {
    await expect(chosen(metadata, more)).rejects.toMatchObject({
      code: 'oauth/no-registration',
      next: expect.stringContaining('--client-id'),
    });
  });

  it.each([
    'http://client.example/c.json',
    'https://client.example/',
    'https://client.example/c.json#x',
    'https://a:b@client.example/c',
  ])('%s is no address of a client id metadata document', async (clientMetadataUrl) => {
    await expect(chosen(documents, { clientMetadataUrl })).rejects.toMatchObject({ code: 'usage/wrong' });
  });
});

describe('the redirect address', () => {
  it.each([
    ['none: a free port', {}, undefined, { path: '/callback' }],
    ['of the client', { redirectUri: 'http://localhost:3118/cb' }, 'http://localhost:3118/cb', { path: '/cb', port: 3118 }],
    [
      'of the client before that of the registration',
      { redirectUri: 'http://127.0.0.1:6276/a', registration: { clientId: 'c', redirectUris: ['http://127.0.0.1:1/b'] } },
      'http://127.0.0.1:6276/a',
      { path: '/a', port: 6276 },
    ],
    [
      'of the registration, the first that leads here',
      { registration: { clientId: 'c', redirectUris: ['https://app.example/cb', 'http://127.0.0.1:9/cb'] } },
      'http://127.0.0.1:9/cb',
      { path: '/cb', port: 9 },
    ],
    [
      'without a port: any (RFC 8252 7.3)',
      { registration: { clientId: 'c', redirectUris: ['http://127.0.0.1/oauth/callback'] } },
      undefined,
      { path: '/oauth/callback' },
    ],
    ['that leads elsewhere: to be pasted', { redirectUri: 'https://app.example/cb' }, 'https://app.example/cb', undefined],
  ] as const)('%s', (_what, given, uri, listen) => {
    expect(redirectFor(given as SignInRequest)).toEqual({ uri, listen });
  });
});
