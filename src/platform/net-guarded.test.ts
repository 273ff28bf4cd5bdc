/**
 * Goal: no notation of an address and no name leads a request to where it must not go, and nothing is sent before that is
 * known.
 * Method: a real server on the loopback that counts connections; names that a look-up of our own leads there; every forbidden
 * range by its first and last address and its neighbours outside. What both HTTP clients have in common is in net.test.ts.
 */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HttpRequest } from '../ports/net.ts';
import { createNet } from './net.ts';
import { reachOf } from './net-addresses.ts';

let server: Server;
let port = 0;
let connections = 0;
beforeAll(async () => {
  server = createServer((request, response) => response.end(`${request.method} ${request.url} ${request.headers.host}`));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());
beforeEach(() => {
  connections = 0;
});

/** Names and what they mean; several look-ups may get different answers. */
function netWith(names: Readonly<Record<string, readonly string[][]>>) {
  const asked: string[] = [];
  const net = createNet(
    {},
    {
      lookup(name, done) {
        asked.push(name);
        const all = names[name];
        const now = all?.[Math.min(asked.filter((each) => each === name).length, all.length) - 1] ?? [];
        done(
          null,
          now.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    },
  );
  return { net, asked };
}

const get = (host: string, never: NonNullable<HttpRequest['never']> = ['loopback', 'private']): HttpRequest => ({
  method: 'GET',
  url: `http://${host}:${port}/x`,
  headers: {},
  timeoutMs: 2000,
  never,
});
const unsafe = { code: 'oauth/unsafe-address', effect: 'none' };

describe('requests with forbidden addresses', () => {
  it.each([
    ...['127.0.0.1', '127.1', '127.9.9.9', '2130706433', '0x7f000001', '0177.0.0.1', '0x7f.1', '0.0.0.0', '0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[64:ff9b::127.0.0.1]'],
    ...['localhost', 'LOCALHOST', 'localhost.', '169.254.169.254', '[::ffff:169.254.169.254]', '[fe80::1]', '[fd00:ec2::254]'],
    ...['10.1.2.3', '100.64.0.1', '192.168.0.1', '172.31.255.255', '[64:ff9b::10.0.0.1]', '[fc00::1]', '0xa9fea9fe'],
  ])('do not reach %s', async (host) => {
    await expect(createNet({}).send(get(host))).rejects.toMatchObject(unsafe);
    expect(connections).toBe(0);
  });

  it('reach what is not forbidden, by the address that was looked at', async () => {
    const { net, asked } = netWith({ 'as.example': [['127.0.0.1'], ['10.0.0.1']] });
    expect((await net.send(get('as.example', ['private']))).body).toBe(`GET /x as.example:${port}`);
    expect(asked).toEqual(['as.example']);
    expect(connections).toBe(1);
    // The same name means another address now.
    await expect(net.send(get('as.example', ['private']))).rejects.toMatchObject(unsafe);
    expect(connections).toBe(1);
  });

  it('are refused for one bad address among good ones', async () => {
    const { net } = netWith({ mixed: [['93.184.215.14', '10.0.0.1']], six: [['::ffff:127.0.0.1']] });
    await expect(net.send(get('mixed'))).rejects.toMatchObject(unsafe);
    await expect(net.send(get('six'))).rejects.toMatchObject(unsafe);
    expect(connections).toBe(0);
  });

  it('tell this machine from a private network', async () => {
    const { net } = netWith({ here: [['127.0.0.1']], inside: [['10.0.0.1']] });
    await expect(net.send(get('here', ['loopback']))).rejects.toMatchObject(unsafe);
    expect((await net.send(get('127.0.0.1', ['private']))).status).toBe(200);
    await expect(net.send(get('inside', ['private']))).rejects.toMatchObject(unsafe);
    await expect(net.send(get('0.0.0.0', ['private']))).rejects.toMatchObject(unsafe);
  });

  it('are not wanted for an address that a person gave', async () => {
    const { never: _none, ...plain } = get('localhost');
    expect((await createNet({}).send(plain)).status).toBe(200);
    expect((await createNet({}).send(get('localhost', []))).status).toBe(200);
  });

  it('take no proxy, which could connect to anything', async () => {
    const script = `
      import { createNet } from ${JSON.stringify(new URL('./net.ts', import.meta.url).href)};
      const answer = await createNet().send({ method: 'GET', url: 'http://nowhere.invalid/', headers: {}, never: ['private'] })
        .catch((problem) => ({ status: problem.code }));
      console.log(answer.status);`;
    const env = { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: '1' };
    const output = await new Promise<string>((resolve, reject) => {
      const args = ['--no-warnings', '--input-type=module-typescript', '--eval', script];
      execFile(process.execPath, args, { env, timeout: 20_000 }, (error, out) => (error ? reject(error) : resolve(out.trim())));
    });
    expect(output).toBe('provider/unreachable');
    expect(connections).toBe(0);
  });
});

describe('an address', () => {
  it.each<[string, string, string, string]>([
    // [just before, first, last, just after]
    ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
    ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
    ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
    ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
    ['223.255.255.255', '224.0.0.0', '255.255.255.255', '8.8.8.8'],
    ['2001:200::', '2001:db8::', '2001:db8:ffff::1', '2001:db9::'],
    ['2606:4700::1111', '2002:7f00:1::', '2002:ffff::', '2003::'],
    ['2a00::1', '2001::1', '2001:1ff::1', '2400:cb00::1'],
    ['3ffe::1', '3fff::', '3fff:fff::1', '3fff:1000::1'],
    ['2000::', 'fc00::', 'ff02::1', '3000::'],
    ['2000::', 'fe80::1%eth0', '64:ff9b:1::1', '2000::1'],
  ])('%s is public, %s to %s are not, %s is', (before, first, last, after) => {
    expect([before, first, last, after].map(reachOf)).toEqual(['public', 'private', 'private', 'public']);
  });

  it.each([
    '0.0.0.0',
    '0.255.255.255',
    '127.0.0.0',
    '127.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '[::1]',
    'none',
  ])('%s is this machine', (address) => {
    expect(reachOf(address)).toBe('loopback');
  });

  it('that stands for another is judged as that', () => {
    expect(['::ffff:8.8.8.8', '64:ff9b::808:808', '::ffff:10.0.0.1', '64:ff9b::a9fe:a9fe'].map(reachOf)).toEqual([
      'public',
      'public',
      'private',
      'private',
    ]);
  });
});
