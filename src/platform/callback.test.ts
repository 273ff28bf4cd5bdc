/**
 * Goal: exactly the browser's answer comes through, whatever else is sent to the port, and its page repeats nothing.
 * Method: the contract kit on the real listener (with fetch as the browser) and on the twin; requests written by hand on a
 * socket; a flood; a connection that never ends its request.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { callbacksKit } from '../../test/kits/callback.ts';
import { type Page, twinCallbacks } from '../../test/twins/callback.ts';
import { twinClock } from '../../test/twins/clock.ts';
import type { Callback } from '../ports/callback.ts';
import { createCallbacks } from './callback.ts';

const pages: Readonly<Record<string, Page>> = {
  'Signed in': 'signed-in',
  'Not signed in': 'refused',
  'Not this sign-in': 'not-ours',
  'Nothing here': 'nothing',
};

async function visit(address: string): Promise<Page | 'nobody'> {
  try {
    const body = await (await fetch(address)).text();
    return pages[/<h1>(.*)<\/h1>/.exec(body)?.[1] ?? ''] ?? 'nobody';
  } catch {
    return 'nobody';
  }
}

callbacksKit('real', () => ({ callbacks: createCallbacks(), visit }));
callbacksKit('twin', () => {
  const callbacks = twinCallbacks(twinClock());
  return { callbacks, visit: (address) => callbacks.visit(address) };
});

const open: Callback[] = [];
afterEach(async () => {
  for (const callback of open.splice(0)) await callback.close();
});
async function listening(path = '/callback'): Promise<{ callback: Callback; port: number }> {
  const callback = await createCallbacks().listen({ path });
  open.push(callback);
  return { callback, port: Number(new URL(callback.address).port) };
}

/** What comes back for bytes that no browser would be made to send. */
async function raw(port: number, request: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host);
  socket.write(request);
  return text(socket);
}

describe('requests by hand', () => {
  it.each([
    [
      'another site that leads its name here',
      (port: number) => `GET /callback?code=1 HTTP/1.1\r\nHost: evil.example:${port}\r\n\r\n`,
    ],
    ['the right name and another port', () => 'GET /callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n'],
    ['an empty host', () => 'GET /callback?code=1 HTTP/1.1\r\nHost:\r\n\r\n'],
    ['HEAD', (port: number) => `HEAD /callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`],
    ['POST', (port: number) => `POST /callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\n\r\n`],
    [
      'OPTIONS',
      (port: number) => `OPTIONS /callback HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: https://evil.example\r\n\r\n`,
    ],
    ['a whole address', (port: number) => `GET http://evil.example/callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`],
    ['another way to write the path', (port: number) => `GET /x/../callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`],
  ])('%s is no answer', async (_what, request) => {
    const { callback, port } = await listening();
    const next = callback.next({ withinMs: 200 });
    expect(await raw(port, request(port))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await next).toBeUndefined();
  });

  it('by the name localhost are answers: some clients register that', async () => {
    const { callback, port } = await listening();
    const page = raw(port, `GET /callback?code=1 HTTP/1.1\r\nHost: LocalHost:${port}\r\n\r\n`);
    const answer = await callback.next({ withinMs: 5000 });
    await answer?.answer('signed-in');
    expect(answer?.parameters.get('code')).toBe('1');
    expect(await page).toContain('<h1>Signed in</h1>');
  });

  it('get a page that no cache keeps, no other site frames or learns of, and that repeats nothing', async () => {
    const { callback, port } = await listening();
    const sent = raw(port, `GET /callback?code=c0de&error=%3Cscript%3E HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await (await callback.next({ withinMs: 5000 }))?.answer('refused');
    const page = await sent;
    for (const line of [
      'cache-control: no-store',
      'referrer-policy: no-referrer',
      "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options: nosniff',
      'content-type: text/html; charset=utf-8',
    ]) {
      expect(page).toContain(`\r\n${line}\r\n`);
    }
    expect(page).not.toMatch(/c0de|script/);
    expect(page).not.toMatch(/access-control/i);
  });

  it('reach this machine on 127.0.0.1 alone', async () => {
    const { port } = await listening();
    await expect(raw(port, 'GET / HTTP/1.1\r\n\r\n', '127.0.0.2')).rejects.toThrow('ECONNREFUSED');
    await expect(raw(port, 'GET / HTTP/1.1\r\n\r\n', '::1')).rejects.toThrow(/ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT/);
  });
});

describe('a listener', () => {
  it('holds a bounded number of requests, and turns the rest away', async () => {
    const { callback, port } = await listening();
    const answers = Array.from({ length: 40 }, (_none, n) =>
      raw(port, `GET /callback?n=${n} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    let taken = 0;
    for (let answer = await callback.next({ withinMs: 100 }); answer; answer = await callback.next({ withinMs: 100 })) {
      taken++;
      await answer.answer('not-ours');
    }
    const statuses = (await Promise.all(answers)).map((answer) => answer.slice(9, 12));
    expect(taken).toBe(32);
    expect(statuses.filter((status) => status === '503')).toHaveLength(8);
  });

  it('closes in time when somebody holds a connection open', async () => {
    const { callback, port } = await listening();
    const slow = connect(port, '127.0.0.1');
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    slow.write('GET /callback HTTP/1.1\r\nHost: ');
    const held = raw(port, `GET /callback?n=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`).catch(() => '');
    await callback.next({ withinMs: 5000 });
    const begun = performance.now();
    await callback.close();
    expect(performance.now() - begun).toBeLessThan(3000);
    await held;
    slow.destroy();
  });

  it('may be answered after the browser has gone', async () => {
    const { callback, port } = await listening();
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /callback?code=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const answer = await callback.next({ withinMs: 5000 });
    socket.destroy();
    await once(socket, 'close');
    await answer?.answer('signed-in');
    expect(answer?.parameters.get('code')).toBe('1');
  });
});
