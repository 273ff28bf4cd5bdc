/**
 * Goal: a server on the net cannot send us to this machine, to a private network, to plain http or to another scheme; and
 * people's own servers in such places still work.
 * Method: tables of addresses in all spellings that URL parsers forgive, and random paths for the canonical form.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../base/problem.ts';
import { canonicalResource, neverFor, safeAddress } from './address.ts';

const far = new URL('https://mcp.example.com/mcp');
const office = new URL('https://mcp.corp.internal/mcp');
const near = new URL('http://127.0.0.1:4445/mcp');

function refusal(text: string, from: URL | undefined): Problem | undefined {
  try {
    safeAddress(text, 'token endpoint', from);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

describe('addresses that a public server names', () => {
  it.each([
    'http://auth.example.com/token',
    'http://localhost:8080/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f.0.0.1/',
    'https://2130706433/',
    'https://0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::10.0.0.1]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:1::]/',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'http://169.254.169.254/latest/meta-data',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://router/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:alert(1)',
    'ftp://auth.example.com/',
    'https://user@auth.example.com/',
    'https://user:word@auth.example.com/',
    'https://auth.example.com\\@127.0.0.1/',
    'https:\\\\auth.example.com/',
    'ht\ntps://auth.example.com/',
    ' https://auth.example.com/',
    'https://auth.example.com/\u200b',
    '//auth.example.com/',
    '/token',
    '',
    `https://auth.example.com/${'a'.repeat(3000)}`,
  ])('refuses %j', (text) => {
    expect(refusal(text, far)?.code).toBe('oauth/unsafe-address');
  });

  it.each([
    'https://auth.example.com/token',
    'https://auth.example.com:8443/t1/token?x=1',
    'https://mcp.example.com/token',
    'https://8.8.8.8/',
    'https://172.32.0.1/',
    'https://100.128.0.1/',
    'https://[2606:4700::1111]/',
    'https://localhost.example.com/',
  ])('takes %j', (text) => {
    expect(refusal(text, far)).toBeUndefined();
  });
});

it('lets a server name what is as near as itself, and nothing nearer', () => {
  expect(refusal('https://login.corp.internal/', office)).toBeUndefined();
  expect(refusal('https://10.0.0.9/', office)).toBeUndefined();
  expect(refusal('https://auth.example.com/', office)).toBeUndefined();
  expect(refusal('https://127.0.0.1/', office)?.code).toBe('oauth/unsafe-address');
  expect(refusal('https://0.0.0.0/', office)?.code).toBe('oauth/unsafe-address');
  expect(refusal('https://[::]/', office)?.code).toBe('oauth/unsafe-address');
  expect(refusal('http://10.0.0.9/', office)?.code).toBe('oauth/unsafe-address');
  expect(refusal('http://localhost:4446/', near)).toBeUndefined();
  expect(refusal('http://[::1]:4446/', near)).toBeUndefined();
  expect(refusal('http://10.0.0.9/', near)?.code).toBe('oauth/unsafe-address');
  expect(refusal('http://auth.example.com/', near)?.code).toBe('oauth/unsafe-address');
});

it('takes a person at their word for their own server, but not for a password in the clear', () => {
  expect(refusal('http://127.0.0.1:4445/mcp', undefined)).toBeUndefined();
  expect(refusal('https://10.0.0.9/mcp', undefined)).toBeUndefined();
  expect(refusal('http://10.0.0.9/mcp', undefined)?.code).toBe('oauth/unsafe-address');
  expect(refusal('http://mcp.example.com/mcp', undefined)?.code).toBe('oauth/unsafe-address');
  const told = refusal('https://user:word@mcp.example.com/mcp', undefined);
  expect(told?.code).toBe('oauth/unsafe-address');
  expect(JSON.stringify([told?.message, told?.state, told?.next])).not.toContain('word@');
});

it('tells the net port what never to connect to', () => {
  expect(neverFor(far)).toEqual(['loopback', 'private']);
  expect(neverFor(office)).toEqual(['loopback']);
  expect(neverFor(new URL('https://192.168.1.7/mcp'))).toEqual(['loopback']);
  expect(neverFor(near)).toBeUndefined();
});

describe('the canonical resource', () => {
  it.each([
    ['HTTPS://MCP.Example.COM/Path', 'https://mcp.example.com/Path'],
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com/', 'https://mcp.example.com'],
    ['https://mcp.example.com:443/', 'https://mcp.example.com'],
    ['https://mcp.example.com:8443/#top', 'https://mcp.example.com:8443'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp/'],
    ['https://mcp.example.com/mcp?team=1#x', 'https://mcp.example.com/mcp?team=1'],
    ['https://mcp.example.com/?team=1', 'https://mcp.example.com/?team=1'],
  ])('of %s is %s', (url, resource) => {
    expect(canonicalResource(url)).toBe(resource);
  });

  it('is its own canonical form, whatever the address', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        const once = canonicalResource(url);
        expect(canonicalResource(once)).toBe(once);
        expect(once).not.toContain('#');
      }),
    );
  });
});
