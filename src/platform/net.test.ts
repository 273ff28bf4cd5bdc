/**
 * Goal: every way in which an exchange can go wrong becomes the right problem, with the right word on whether it may have
 * had an effect, and no problem shows what was sent.
 * Method: a real server on the loopback that misbehaves on its raw socket; the real port.
 */
import { execFile } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Problem } from '../base/problem.ts';
import type { HttpRequest } from '../ports/net.ts';
import { createNet } from './net.ts';

const hidden = 'very-hidden-value';
const seen: string[] = [];
let server: Server;
let base: string;

const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  '/ok': (s) => s.end('HTTP/1.1 200 OK\r\nX-Two: b\r\nContent-Length: 5\r\n\r\nhello'),
  '/empty': (s) => s.end('HTTP/1.1 204 No Content\r\n\r\n'),
  '/gzip': (s) => {
    const body = gzipSync('packed');
    s.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
    s.end(body);
  },
  '/bad-gzip': (s) => s.end('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello'),
  '/moved': (s) => s.end(`HTTP/1.1 302 Found\r\nLocation: ${base}/ok\r\nContent-Length: 0\r\n\r\n`),
  '/hang': () => undefined,
  '/hang-body': (s) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello'),
  '/reset': (s) => s.resetAndDestroy(),
  '/close': (s) => s.end(),
  '/garbage': (s) => s.end('SSH-2.0-OpenSSH_9.2\r\n'),
  '/truncated': (s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello'),
  '/truncated-chunks': (s) => s.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n32\r\nhello'),
  '/large': (s) => {
    s.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const mib = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    for (let i = 0; i < 5; i++) s.write(mib);
    s.end('0\r\n\r\n');
  },
};

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const head = /^(\S+) (\S+) [\s\S]*?\r\n\r\n/.exec(text);
      if (head === null) return;
      const length = Number(/content-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
      if (text.length < head[0].length + length) return;
      seen.push(text);
      text = '';
      const path = head[2] ?? '';
      const status = /^\/status\/(\d+)$/.exec(path)?.[1];
      if (status === undefined && answers[path] === undefined) socket.end('HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n');
      else if (status === undefined) answers[path]?.(socket);
      else socket.end(`HTTP/1.1 ${status} Refused\r\nWWW-Authenticate: Basic\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => {
  server.close();
});

let always: Partial<HttpRequest> = {};

function post(path: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    url: `${base}${path}`,
    headers: { authorization: `Bearer ${hidden}` },
    body: `{"key":"${hidden}"}`,
    timeoutMs: 5000,
    ...always,
    ...more,
  };
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(hidden);
  return error as Problem;
}

const net = createNet({});

/** Both clients keep one contract: fetch, and the one that looks at addresses when it connects. */
describe.each<[string, Partial<HttpRequest>]>([
  ['fetch', {}],
  ['with forbidden addresses', { never: ['private'] }],
])('%s', (title, how) => {
  beforeAll(() => {
    always = how;
  });
  describe('answers', () => {
    it('come whole, with header names in lower case', async () => {
      const answer = await net.send({ method: 'GET', url: `${base}/ok`, headers: {}, ...always });
      expect(answer).toMatchObject({ status: 200, body: 'hello', headers: { 'x-two': 'b' } });
    });

    it('are unpacked, and may be empty', async () => {
      expect((await net.send(post('/gzip'))).body).toBe('packed');
      expect(await net.send(post('/empty'))).toMatchObject({ status: 204, body: '' });
    });

    it.each([401, 403, 408, 429, 500, 503])('of refusal are answers, asked for once: %i', async (status) => {
      seen.length = 0;
      expect((await net.send(post(`/status/${status}`))).status).toBe(status);
      expect(seen).toHaveLength(1);
    });

    it('that redirect are not followed', async () => {
      seen.length = 0;
      const answer = await net.send(post('/moved'));
      expect(answer).toMatchObject({ status: 302, headers: { location: `${base}/ok` } });
      expect(seen).toHaveLength(1);
    });

    it('are as long as the asker allows', async () => {
      expect((await net.send(post('/ok', { mostBytes: 5 }))).body).toBe('hello');
      expect((await problemOf(net.send(post('/ok', { mostBytes: 4 })))).what).toContain('larger than 1 KiB');
      expect((await net.send(post('/large', { mostBytes: 6 * 1024 * 1024 }))).body).toHaveLength(5 * 1024 * 1024);
    });

    it('come over a connection of their own', async () => {
      seen.length = 0;
      await net.send(post('/gzip'));
      expect(seen[0]?.toLowerCase()).toContain('connection: close');
      expect(seen[0]).toContain(`Bearer ${hidden}`);
    });
  });

  describe('problems', () => {
    it.each(['/reset', '/close', '/truncated', '/truncated-chunks', '/garbage', '/bad-gzip', '/large'])(
      'a broken answer may have had an effect: %s',
      async (path) => {
        expect(await problemOf(net.send(post(path)))).toMatchObject({ code: 'provider/garbled', effect: 'unknown' });
      },
    );

    it.each(['/hang', '/hang-body'])('no answer in time may have had an effect: %s', async (path) => {
      const problem = await problemOf(net.send(post(path, { timeoutMs: 150 })));
      expect(problem).toMatchObject({ code: 'provider/timeout', effect: 'unknown' });
      expect(problem.what).toContain('150 ms');
    });

    it('nobody listening had no effect', async () => {
      const free = createServer();
      await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
      const address = free.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await new Promise((resolve) => free.close(resolve));
      const problem = await problemOf(net.send(post('/', { url: `http://127.0.0.1:${port}/?q=${hidden}` })));
      expect(problem).toMatchObject({ code: 'provider/unreachable', effect: 'none', next: undefined });
      // A name of several addresses: one error for each.
      expect(await problemOf(net.send(post('/', { url: `http://localhost:${port}/` })))).toMatchObject({
        code: 'provider/unreachable',
        effect: 'none',
      });
      const proxied = createNet({ HTTPS_PROXY: `http://user:${hidden}@proxy:1` });
      expect((await problemOf(proxied.send(post('/', { url: `http://127.0.0.1:${port}/` })))).next).toContain(
        title === 'fetch' ? 'NODE_USE_ENV_PROXY=1' : 'only asked directly',
      );
    });

    if (title === 'fetch')
      it('a name none of whose addresses answers had no effect, even when one timed out', async () => {
        const failed = (code: string) => Object.assign(new Error(`connect ${code} ${hidden}`), { code });
        const fails = (cause: Error) => vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause })));
        try {
          fails(new AggregateError([failed('ETIMEDOUT'), failed('ENETUNREACH')]));
          expect(await problemOf(net.send(post('/ok')))).toMatchObject({ code: 'provider/unreachable', effect: 'none' });
          fails(failed('ETIMEDOUT'));
          expect(await problemOf(net.send(post('/ok')))).toMatchObject({ code: 'provider/garbled', effect: 'unknown' });
          fails(failed('DEPTH_ZERO_SELF_SIGNED_CERT'));
          const problem = await problemOf(net.send(post('/ok')));
          expect(problem).toMatchObject({ code: 'provider/unreachable', effect: 'none' });
          expect(problem.what).toContain('certificate');
        } finally {
          vi.unstubAllGlobals();
        }
      });

    it('an unknown name had no effect', async () => {
      expect(await problemOf(net.send(post('/', { url: 'http://nowhere.invalid/' })))).toMatchObject({
        code: 'provider/unreachable',
        effect: 'none',
      });
    });

    it.each([
      ['a line break in a header', { headers: { authorization: `Bearer ${hidden}\nx` } }],
      ['a letter beyond Latin-1 in a header', { headers: { authorization: `Bearer ${hidden}“` } }],
      ['an address that is none', { url: `not an address ${hidden}` }],
      ['a user in the address', { url: `http://user:${hidden}@127.0.0.1/` }],
      ['another protocol', { url: `ftp://127.0.0.1/${hidden}` }],
    ])('%s is refused before anything is sent', async (_what, more) => {
      seen.length = 0;
      expect(await problemOf(net.send(post('/ok', more)))).toMatchObject({ effect: 'none' });
      expect(seen).toEqual([]);
    });

    it('a signal ends it with its own reason', async () => {
      const stop = new AbortController();
      const sent = net.send(post('/hang', { signal: stop.signal }));
      const reason = new Error('stopped by the person');
      setTimeout(() => stop.abort(reason), 50);
      await expect(sent).rejects.toBe(reason);
      await expect(net.send(post('/ok', { signal: stop.signal }))).rejects.toBe(reason);
    });
  });
});

describe('a proxy in the environment', () => {
  const script = (url: string) => `
    import { createNet } from ${JSON.stringify(new URL('./net.ts', import.meta.url).href)};
    const answer = await createNet().send({ method: 'GET', url: ${JSON.stringify(url)}, headers: {}, timeoutMs: 5000 })
      .catch((problem) => ({ status: problem.code, body: problem.next }));
    console.log(answer.status, answer.body);`;
  const runWith = (env: Record<string, string>) =>
    new Promise<string>((resolve, reject) => {
      const args = ['--no-warnings', '--input-type=module-typescript', '--eval', script('http://nowhere.invalid/ok')];
      execFile(process.execPath, args, { env, timeout: 20_000 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.trim()),
      );
    });

  it('is used when Node is told to, and named when it is not', async () => {
    seen.length = 0;
    const plain = await runWith({ HTTP_PROXY: base });
    expect(plain).toMatch(/^provider\/unreachable HTTP_PROXY is set/);
    expect(seen).toEqual([]);
    await runWith({ HTTP_PROXY: base, NODE_USE_ENV_PROXY: '1' });
    expect(seen[0]).toMatch(/^(CONNECT nowhere\.invalid:80|GET http:\/\/nowhere\.invalid\/ok) /);
  });
});
