/**
 * Goal: each scenario of the hostile server does the harm that its name says, and the others stay as `plain` is.
 * Method: the whole sign-in by plain requests, without any of the care that a client should take; what differs from `plain`
 * is written down for each scenario.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { consent } from './consent.ts';
import {
  type HostileScenario,
  type HostileServer,
  hostileScenarios,
  hugeBytes,
  startHostileServer,
} from './hostile-authorization-server.ts';

let server: HostileServer;
afterEach(() => server[Symbol.asyncDispose]());

const elsewhere = 'http://127.0.0.1:9/elsewhere';
const callback = 'http://127.0.0.1:9/callback';

/** What a client without any care comes to know on its way to a token. */
async function careless(name: HostileScenario): Promise<Readonly<Record<string, string>>> {
  server = await startHostileServer(name, elsewhere);
  const patienceMs = /never ends|hangs/.test(name) ? 500 : 20_000;
  const ask = async (address: string, init: RequestInit = {}): Promise<string> => {
    try {
      const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(patienceMs), ...init });
      const text = await response.text();
      return text.length > 5000 ? `${text.length} characters` : (response.headers.get('location') ?? text);
    } catch {
      return 'no answer';
    }
  };
  const refused = await fetch(server.url);
  const resource = await ask(`${server.issuer}/.well-known/oauth-protected-resource/mcp`);
  const metadata = await ask(`${server.issuer}/.well-known/oauth-authorization-server`);
  const address = `${server.issuer}/authorize?redirect_uri=${encodeURIComponent(callback)}&state=mine`;
  const fields = { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code: 'a-code' }) };
  const all = {
    pointer: refused.headers.get('www-authenticate') ?? '',
    resource,
    metadata,
    redirect: (await consent(address)).replace(callback, ''),
    token: await ask(`${server.issuer}/token`, fields),
    again: await ask(`${server.issuer}/token`, fields),
  };
  return Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      key,
      value.replaceAll(server.issuer, 'ISSUER').replaceAll(encodeURIComponent(server.issuer), 'ISSUER'),
    ]),
  );
}

const another = encodeURIComponent('https://another.example.com');

/** What differs from `plain`, and a part of how. */
const differs: Readonly<Record<Exclude<HostileScenario, 'plain'>, Readonly<Record<string, string>>>> = {
  'resource metadata elsewhere': { pointer: `"${elsewhere}"` },
  'resource metadata by another scheme': { pointer: '"file:///etc/hostname"' },
  'resource metadata redirects elsewhere': { resource: elsewhere },
  'resource of another server': { resource: '"resource":"https://mcp.example.com/mcp"' },
  'authorization server elsewhere': { resource: `"authorization_servers":["${elsewhere}"]` },
  'authorization server by another scheme': { resource: '["file:///etc"]' },
  'metadata redirects elsewhere': { metadata: elsewhere },
  'token endpoint elsewhere': { metadata: `"token_endpoint":"${elsewhere}/token"` },
  'registration endpoint elsewhere': { metadata: `"registration_endpoint":"${elsewhere}/register"` },
  'revocation endpoint elsewhere': { metadata: `"revocation_endpoint":"${elsewhere}/revoke"` },
  'endless redirects': { resource: '?step=1', metadata: '?step=1' },
  'huge metadata': { metadata: `${hugeBytes + 13} characters` },
  'metadata that never ends': { metadata: 'no answer' },
  'authorization by javascript:': { metadata: '"authorization_endpoint":"javascript:' },
  'authorization by file:': { metadata: '"authorization_endpoint":"file:///etc/passwd"' },
  'authorization by plain http elsewhere': { metadata: '"authorization_endpoint":"http://login.example.com/authorize"' },
  'authorization with shell text': { metadata: "/authorize?$(touch$IFS'pwned')&a=`id`;x" },
  'authorization that begins with a dash': { metadata: '"authorization_endpoint":"--help"' },
  'issuer of another': { metadata: '"issuer":"https://another.example.com"' },
  'issuer with a slash more': { metadata: '"issuer":"ISSUER/"' },
  'iss of another': { redirect: `?code=a-code&state=mine&iss=${another}` },
  'iss missing': { redirect: '?code=a-code&state=mine' },
  'iss twice': { redirect: `&iss=ISSUER&iss=${another}` },
  'state of another': { redirect: 'state=a-state-that-nobody-sent&' },
  'state missing': { redirect: '?code=a-code&iss=' },
  'code missing': { redirect: '?state=mine&iss=' },
  'error with markup': { redirect: 'error=access_denied&error_description=%3Cscript' },
  'scope widened': { token: '"scope":"mcp:read mcp:write admin"', again: 'admin' },
  'old token again': { again: '"access_token":"hostile-access-1"' },
  'token answer as HTML': { token: '<!doctype html>', again: '<!doctype html>' },
  'token of another type': { token: '"token_type":"mac"', again: 'mac' },
  'token answer without access token': { token: '{"refresh_token":', again: '{"refresh_token":' },
  'token answer with an empty access token': { token: '"access_token":""', again: '""' },
  'token with a line break': { token: '\\r\\nx-evil', again: '\\r\\nx-evil' },
  'huge token answer': { token: `${hugeBytes + 13} characters`, again: 'characters' },
  'token endpoint redirects elsewhere': { token: elsewhere, again: elsewhere },
  'token endpoint hangs': { token: 'no answer', again: 'no answer' },
  'token answer is cut': { token: 'no answer', again: 'no answer' },
};

describe('the hostile server', () => {
  it.each(hostileScenarios.filter((name) => name !== 'plain'))('does this and no other harm: %s', async (name) => {
    const plain = await careless('plain');
    await server[Symbol.asyncDispose]();
    expect(plain['token']).toContain('"access_token":"hostile-access-1"');
    expect(plain['again']).toContain('"access_token":"hostile-access-2"');
    const found = await careless(name);
    const expected = differs[name as Exclude<HostileScenario, 'plain'>];
    for (const [key, value] of Object.entries(found)) {
      const wanted = expected[key];
      if (wanted === undefined) expect([key, value]).toEqual([key, plain[key]]);
      else {
        expect(value).toContain(wanted);
        expect(value).not.toBe(plain[key]);
      }
    }
  });

  it('pours no more than is taken', async () => {
    server = await startHostileServer('huge metadata');
    const response = await fetch(`${server.issuer}/.well-known/oauth-authorization-server`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => server.poured).toBeGreaterThan(0);
    expect(server.poured).toBeLessThan(hugeBytes / 4);
  });

  it('opens its tools to every token, and to nobody without one', async () => {
    server = await startHostileServer('plain');
    const list = { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }) };
    expect((await fetch(server.url, list)).status).toBe(401);
    const response = await fetch(server.url, { ...list, headers: { authorization: 'Bearer hostile-access-1' } });
    expect(await response.json()).toMatchObject({ result: { tools: [{ name: 'whoami' }] } });
  });
});
