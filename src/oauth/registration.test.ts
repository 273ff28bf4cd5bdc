/**
 * Goal: we register as a native client without a secret wherever that is possible, keep what it takes to delete it again, and say
 * truly what became of a deletion.
 * Method: a real authorization server in its shapes; a made-up one for the odd answers that servers were seen to give.
 */
import { describe, expect, it } from 'vitest';
import { loopbackWire, type PageAnswer, web } from '../../test/kits/oauth-web.ts';
import { startLab } from '../../test/toys/remote-mcp.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { discover } from './discover.ts';
import type { Discovery } from './oauth.ts';
import { deleteRegistration, isExpired, register, registrationKinds } from './registration.ts';

const server = new URL('https://mcp.example.com/mcp');
const endpoint = 'https://auth.example.com/register';
const discovery = (metadata: Readonly<Record<string, unknown>> = {}): Discovery => ({
  url: server.href,
  resource: server.href,
  resourceMetadata: undefined,
  challengedScopes: undefined,
  issuer: 'https://auth.example.com',
  metadata: { issuer: 'https://auth.example.com', registration_endpoint: endpoint, ...metadata },
  metadataAddress: 'https://auth.example.com/.well-known/oauth-authorization-server',
  otherIssuers: [],
  scopes: undefined,
  remarks: [],
});
const redirectUris = ['http://127.0.0.1:9/callback'];

async function registered(answer: PageAnswer, metadata?: Readonly<Record<string, unknown>>) {
  const at = web({ [endpoint]: answer });
  const registration = await register(at, discovery(metadata), { redirectUris, scopes: ['a', 'b'], name: 'Claude Code' });
  return { registration, sent: JSON.parse(at.log[0]?.body ?? '') as Record<string, unknown>, log: at.log };
}
async function refusal(answer: PageAnswer, metadata?: Readonly<Record<string, unknown>>): Promise<Problem> {
  const end = await registered(answer, metadata).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (end instanceof Problem) return end;
  throw end ?? new Error('it was registered');
}

describe('with a real server', () => {
  it.each(['dynamic', 'answers-200'] as const)('registers (%s) and deletes', async (shape) => {
    await using lab = await startLab({ registration: shape });
    const wire = loopbackWire();
    const found = await discover(wire, lab.remote.url);
    const registration = await register(wire, found, { redirectUris });
    expect([...lab.authorizationServer.registered]).toEqual([registration.clientId]);
    expect(registration.clientSecret).toBeUndefined();
    expect(registration.redirectUris).toEqual(redirectUris);
    expect(registration.managementToken).toBeInstanceOf(Secret);
    const at = new URL(lab.remote.url);
    expect(await deleteRegistration(wire, registration, at)).toBe('deleted');
    expect(lab.authorizationServer.registered.size).toBe(0);
    expect(await deleteRegistration(wire, registration, at)).toBe('gone');
  });

  it('says that nothing can be deleted where there is nothing to ask with, and does not claim it where the server refuses', async () => {
    for (const [registrationManagement, end] of [
      ['absent', 'not-supported'],
      ['refuses', 'unknown'],
    ] as const) {
      await using lab = await startLab({ registrationManagement });
      const wire = loopbackWire();
      const registration = await register(wire, await discover(wire, lab.remote.url), { redirectUris });
      expect(await deleteRegistration(wire, registration, new URL(lab.remote.url))).toBe(end);
      expect(lab.authorizationServer.registered.size).toBe(1);
    }
  });

  it('registers for the device flow without a redirect', async () => {
    await using lab = await startLab();
    const wire = loopbackWire();
    const registration = await register(wire, await discover(wire, lab.remote.url), { redirectUris: [] });
    expect([...lab.authorizationServer.registered]).toEqual([registration.clientId]);
  });

  it('is turned away where clients are registered by hand', async () => {
    await using lab = await startLab({ registration: 'none' });
    const wire = loopbackWire();
    const found = await discover(wire, lab.remote.url);
    expect(registrationKinds(found)).toEqual([]);
    await expect(register(wire, found, { redirectUris })).rejects.toMatchObject({ code: 'oauth/no-registration' });
  });
});

it('asks for a native client, without a secret when it can be', async () => {
  const answer = { status: 201, body: { client_id: 'c1' } };
  const { sent, log } = await registered(answer);
  expect(sent).toEqual({
    client_name: 'Claude Code',
    application_type: 'native',
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'a b',
  });
  expect(log.map(({ method, never }) => [method, never])).toEqual([['POST', ['loopback', 'private']]]);
  const methods = async (supported: string[]) =>
    (await registered(answer, { token_endpoint_auth_methods_supported: supported })).sent['token_endpoint_auth_method'];
  expect(await methods(['client_secret_basic', 'client_secret_post', 'none'])).toBe('none');
  expect(await methods(['client_secret_basic', 'client_secret_post'])).toBe('client_secret_post');
  expect(await methods(['client_secret_basic', 'private_key_jwt'])).toBe('client_secret_basic');
});

describe('odd answers', () => {
  it('takes a secret that does not say when it ends, or never does', async () => {
    const ends = async (more: object) => {
      const { registration } = await registered({ status: 201, body: { client_id: 'c1', client_secret: 'word', ...more } });
      return [registration.clientSecret?.reveal(), registration.clientSecretExpiresAt];
    };
    expect(await ends({})).toEqual(['word', undefined]);
    expect(await ends({ client_secret_expires_at: 0 })).toEqual(['word', undefined]);
    expect(await ends({ client_secret_expires_at: 1_800_000_000 })).toEqual(['word', 1_800_000_000_000]);
    expect(await ends({ token_endpoint_auth_method: 'none' })).toEqual([undefined, undefined]);
  });

  it.each<[string, PageAnswer, string, string]>([
    ['no client id', { status: 201, body: {} }, 'oauth/wrong-answer', 'unknown'],
    ['a client id that is no text', { status: 201, body: { client_id: 7 } }, 'oauth/wrong-answer', 'unknown'],
    ['a client id with a line break', { status: 201, body: { client_id: 'a\r\nx-evil: 1' } }, 'oauth/wrong-answer', 'unknown'],
    ['a web page', { status: 201, body: '<html>' }, 'oauth/wrong-answer', 'unknown'],
    [
      'a refusal',
      { status: 400, body: { error: 'invalid_redirect_uri', error_description: 'FOREIGN' } },
      'oauth/no-registration',
      'none',
    ],
    ['a refusal in other words', { status: 403, body: { error: 'FOREIGN' } }, 'oauth/no-registration', 'none'],
    ['a redirect', { status: 302, headers: { location: 'https://evil.example.com' } }, 'oauth/no-registration', 'none'],
    ['an odd status', { status: 999 }, 'provider/garbled', 'unknown'],
    ['trouble', { status: 500 }, 'provider/unavailable', 'unknown'],
    ['come again', { status: 503, headers: { 'retry-after': '3' } }, 'provider/rate-limited', 'none'],
  ])('%s', async (_title, answer, code, effect) => {
    const problem = await refusal(answer);
    expect([problem.code, problem.effect]).toEqual([code, effect]);
    expect(problem.message).not.toMatch(/FOREIGN|evil/);
  });
});

describe('deletion', () => {
  const kept = (managementUri: string) => ({ clientId: 'c1', managementUri, managementToken: new Secret('management') });
  it.each([
    [200, 'deleted'],
    [204, 'deleted'],
    [401, 'gone'],
    [403, 'not-supported'],
    [405, 'not-supported'],
    [404, 'unknown'],
    [302, 'unknown'],
    [500, 'unknown'],
  ] as const)('answered with %i is %s', async (status, end) => {
    const at = web({ 'DELETE https://auth.example.com/r/c1': { status } });
    expect(await deleteRegistration(at, kept('https://auth.example.com/r/c1'), server)).toBe(end);
    expect(at.log[0]?.headers['authorization']).toBe('Bearer management');
  });

  it('sends its token to no unsafe address', async () => {
    for (const address of ['http://auth.example.com/r', 'https://127.0.0.1/r', 'file:///r', 'nowhere']) {
      const at = web({});
      await expect(deleteRegistration(at, kept(address), server)).rejects.toMatchObject({ code: 'oauth/unsafe-address' });
      expect(at.log).toEqual([]);
    }
  });

  it('could not tell when no answer comes', async () => {
    const at = web({
      'DELETE https://auth.example.com/r/c1': () => {
        throw new Problem('provider/timeout', { what: 'late', effect: 'unknown' });
      },
    });
    expect(await deleteRegistration(at, kept('https://auth.example.com/r/c1'), server)).toBe('unknown');
  });
});

it('knows the ways to introduce a client, best first', () => {
  const kinds = (more: object): unknown => registrationKinds({ metadata: { issuer: 'https://a', ...more } });
  expect(kinds({ registration_endpoint: endpoint, client_id_metadata_document_supported: true })).toEqual([
    'client id metadata document',
    'dynamic registration',
  ]);
  expect(
    kinds({ client_id_metadata_document_supported: true, token_endpoint_auth_methods_supported: ['private_key_jwt'] }),
  ).toEqual([]);
  expect(kinds({ registration_endpoint: endpoint })).toEqual(['dynamic registration']);
});

it('knows when a client secret is over', () => {
  expect(isExpired({ clientId: 'c' }, 5)).toBe(false);
  expect(isExpired({ clientId: 'c', clientSecretExpiresAt: 6 }, 5)).toBe(false);
  expect(isExpired({ clientId: 'c', clientSecretExpiresAt: 5 }, 5)).toBe(true);
});
