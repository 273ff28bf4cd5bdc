/**
 * Goal: whatever an MCP server does, one call ends in one of the known outcomes, within its time, with no secret in any
 * text, and nobody of the server's process group is left.
 * Method: a hostile fixture server in every mode over stdio, one over HTTP, and the reference server `everything`. That
 * processes are gone is asked of the system by their ids.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mcpKit } from '../../test/kits/mcp.ts';
import { answerTo, type Mode, modes } from '../../test/kits/mcp-server.ts';
import { Secret } from '../base/secret.ts';
import type { ServerLaunch, ToolOutcome } from '../ports/mcp.ts';
import { createMcp } from './mcp.ts';
import { windowsStart } from './mcp-windows.ts';
import { ownChildren } from './processes-own.ts';

const mcp = createMcp();
const fixture = join(import.meta.dirname, '../../test/kits/mcp-server.ts');
const everything = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const key = `right-key-/+=&"${randomBytes(12).toString('hex')}`;
const whoami = { tool: 'whoami', arguments: {} };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the port', () => {
  mcpKit(() => ({
    mcp,
    launch: (mode, token) => ({
      kind: 'stdio',
      command: process.execPath,
      args: [fixture],
      env: { MODE: mode, TOKEN: token },
      folder,
    }),
  }));
});

let count = 0;
async function callIn(mode: Mode, options: { token?: string; timeoutMs?: number; signal?: AbortSignal } = {}) {
  const pids = join(folder, `pids-${++count}`);
  writeFileSync(pids, '');
  const token = options.token ?? key;
  const launch: ServerLaunch = {
    kind: 'stdio',
    command: process.execPath,
    args: [fixture],
    env: { MODE: mode, TOKEN: token, PIDS: pids },
    folder,
  };
  const { timeoutMs = 10_000, signal } = options;
  const answer = await mcp
    .call(launch, whoami, { timeoutMs, redact: [new Secret(token)], ...(signal ? { signal } : {}) })
    .catch((error: unknown) => ({ error }));
  return { answer, pids: readFileSync(pids, 'utf8').trim().split('\n').map(Number) };
}

async function outcomeIn(mode: Mode, options: { token?: string; timeoutMs?: number } = {}): Promise<ToolOutcome> {
  const { answer, pids } = await callIn(mode, options);
  expect(pids.filter(runs)).toEqual([]);
  expect(pids.length).toBe(mode === 'leaves-a-child' ? 2 : 1);
  expect(ownChildren().size).toBe(0);
  if ('error' in answer) throw answer.error;
  const shown = JSON.stringify(answer);
  for (const form of [
    key,
    JSON.stringify(key).slice(1, -1),
    encodeURIComponent(key),
    Buffer.from(key).toString('base64').slice(0, -4),
  ])
    expect(shown).not.toContain(form);
  return answer.outcome;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const expected: Record<Mode, object> = {
  good: { kind: 'answered', isError: false, text: 'you are ada' },
  exits: { kind: 'exited', stage: 'connect', text: expect.stringContaining('starting with [secret] and [secret]') },
  'floods-then-exits': {
    kind: 'exited',
    stage: 'connect',
    text: expect.stringMatching(/^(?!.*right-key-\/\+=&".)(?:.{0,5}\[secret\])+.{0,5}$/),
  },
  'exits-at-call': { kind: 'exited', stage: 'call' },
  'hangs-at-connect': { kind: 'timeout', stage: 'connect' },
  'hangs-at-call': { kind: 'timeout', stage: 'call' },
  'refuses-to-end': { kind: 'answered', isError: false },
  'floods-errors': { kind: 'answered', isError: false },
  'floods-output': { kind: expect.stringMatching(/answered|exited/) },
  'one-huge-line': { kind: 'exited', stage: 'connect' },
  garbage: { kind: 'answered', isError: false },
  'error-result': { kind: 'answered', isError: true, text: 'Unauthorized: [secret]' },
  'error-text': { kind: 'answered', isError: false, text: expect.stringContaining('"key":"[secret]"') },
  'rpc-error': { kind: 'rpc-error', code: -32603, text: expect.stringContaining('authentication failed for [secret]') },
  'leaves-a-child': { kind: 'answered', isError: false },
};

describe('a server over stdio', () => {
  it.each(modes)('that %s ends in the right outcome and is gone (failure modes 22, 26, 52)', async (mode) => {
    const timeoutMs = mode.startsWith('hangs') ? 1500 : 20_000;
    expect(await outcomeIn(mode, { timeoutMs })).toMatchObject(expected[mode]);
  });

  it('is told apart by its key', async () => {
    expect(await outcomeIn('good', { token: 'wrong-key-123456' })).toEqual({
      kind: 'answered',
      isError: true,
      text: 'Bad credentials',
    });
  });

  it('that is ended by the caller rejects with the reason and is gone', async () => {
    const reason = new Error('interrupted');
    const { answer, pids } = await callIn('hangs-at-call', { signal: abortIn(1000, reason) });
    expect(answer).toEqual({ error: reason });
    expect(pids.filter(runs)).toEqual([]);
  });

  it('that does not exist, or may not be run, is not started', async () => {
    const launch = (command: string): ServerLaunch => ({ kind: 'stdio', command, args: [], env: {}, folder });
    const options = { timeoutMs: 5000, redact: [] };
    const plain = join(folder, 'plain.txt');
    writeFileSync(plain, 'text', { mode: 0o600 });
    expect((await mcp.call(launch(join(folder, 'nothing')), whoami, options)).outcome).toEqual({
      kind: 'not-started',
      why: 'no-such-program',
    });
    expect((await mcp.call(launch(plain), whoami, options)).outcome).toEqual({ kind: 'not-started', why: 'not-permitted' });
  });

  it('whose command no system can take is not started', async () => {
    const options = { timeoutMs: 5000, redact: [] };
    const odd: ServerLaunch[] = [
      { kind: 'stdio', command: '', args: [], env: {} },
      { kind: 'stdio', command: process.execPath, args: ['a\0b'], env: {} },
      { kind: 'remote', url: 'no url', headers: {}, transport: 'http' },
    ];
    for (const launch of odd) {
      expect((await mcp.call(launch, whoami, options)).outcome).toEqual({ kind: 'not-started', why: 'no-such-program' });
    }
  });

  it('without the tool says which it has', async () => {
    const launch: ServerLaunch = { kind: 'stdio', command: process.execPath, args: [fixture], env: {}, folder };
    const { outcome } = await mcp.call(launch, { tool: 'other', arguments: {} }, { timeoutMs: 10_000, redact: [] });
    expect(outcome).toEqual({ kind: 'no-such-tool', tools: ['whoami'] });
    expect(await mcp.tools(launch, { timeoutMs: 10_000, redact: [] })).toEqual(['whoami']);
  });

  it('of the reference implementation works, and gets nothing of our environment', async () => {
    process.env['MCP_TEST_LEAK'] = 'leaked-value';
    const launch: ServerLaunch = {
      kind: 'stdio',
      command: process.execPath,
      args: [everything],
      env: { GIVEN: 'given-value' },
      folder,
    };
    const echo = { tool: 'echo', arguments: { message: `hello ${key}` } };
    const { outcome } = await mcp.call(launch, echo, { timeoutMs: 20_000, redact: [new Secret(key)] });
    expect(outcome).toEqual({ kind: 'answered', isError: false, text: 'Echo: hello [secret]' });
    const env = await mcp.call(launch, { tool: 'get-env', arguments: {} }, { timeoutMs: 20_000, redact: [] });
    delete process.env['MCP_TEST_LEAK'];
    expect(env.outcome).toMatchObject({ kind: 'answered', isError: false });
    expect(env.outcome).toMatchObject({ text: expect.stringContaining('given-value') });
    expect(JSON.stringify(env.outcome)).not.toContain('leaked-value');
  });
});

function abortIn(length: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), length);
  return controller.signal;
}

describe('a remote server', () => {
  let server: Server;
  let url: string;
  let status = 200;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.url === '/hangs') return;
      if (status !== 200 || request.method !== 'POST') return void response.writeHead(status === 200 ? 405 : status).end(key);
      const token = String(request.headers.authorization).replace('Bearer ', '');
      if (request.url === '/guarded' && token !== key) return void response.writeHead(401).end(token);
      const answer = answerTo(JSON.parse(body), token, 'good');
      if (answer === undefined) return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const reach = async (path: string, token: string, timeoutMs = 10_000, transport: 'http' | 'sse' = 'http') =>
    (
      await mcp.call({ kind: 'remote', url: `${url}${path}`, headers: { authorization: `Bearer ${token}` }, transport }, whoami, {
        timeoutMs,
        redact: [new Secret(token)],
      })
    ).outcome;

  it('answers with the right header, and refuses another', async () => {
    expect(await reach('/guarded', key)).toEqual({ kind: 'answered', isError: false, text: 'you are ada' });
    expect(await reach('/guarded', 'other-key')).toEqual({ kind: 'http', status: 401 });
    expect(await reach('/open', 'other-key')).toEqual({ kind: 'answered', isError: true, text: 'Bad credentials' });
  });

  it.each([401, 403, 429, 503])('that says %i over SSE or HTTP', async (code) => {
    status = code;
    try {
      expect(await reach('/', key)).toEqual({ kind: 'http', status: code });
      expect(await reach('/', key, 10_000, 'sse')).toEqual({ kind: 'http', status: code });
    } finally {
      status = 200;
    }
  });

  it('that hangs, or is not there', async () => {
    expect(await reach('/hangs', key, 500)).toEqual({ kind: 'timeout', stage: 'connect' });
    const gone = await mcp.call({ kind: 'remote', url: 'http://127.0.0.1:9/', headers: {}, transport: 'http' }, whoami, {
      timeoutMs: 5000,
      redact: [],
    });
    expect(gone.outcome).toMatchObject({ kind: 'exited', stage: 'connect' });
  });
});

describe.each([
  ['streamableHttp', 'http', '/mcp'],
  ['sse', 'sse', '/sse'],
] as const)('the reference server over %s', (mode, transport, path) => {
  let server: ChildProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    server = spawn(process.execPath, [everything, mode], { env: { PORT: String(port) }, stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      server.once('exit', () => reject(new Error('the server ended')));
      server.stderr?.on('data', (chunk: Buffer) => /port|listening|running/i.test(chunk.toString()) && resolve());
    });
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  });

  it('answers a call', async () => {
    const launch: ServerLaunch = { kind: 'remote', url: `http://127.0.0.1:${port}${path}`, headers: {}, transport };
    const echo = { tool: 'echo', arguments: { message: `hello ${key}` } };
    const { outcome } = await mcp.call(launch, echo, { timeoutMs: 20_000, redact: [new Secret(key)] });
    expect(outcome).toEqual({ kind: 'answered', isError: false, text: 'Echo: hello [secret]' });
    expect(await mcp.tools(launch, { timeoutMs: 20_000, redact: [] })).toContain('echo');
  });
});

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

describe('a command on Windows', () => {
  it('runs a program as it is, and a batch file through cmd.exe', () => {
    expect(windowsStart('C:\\node.exe', ['a b'])).toEqual({ program: 'C:\\node.exe', args: ['a b'], verbatim: false });
    expect(windowsStart('C:\\npx.cmd', ['-y', 'a&b "c"\\'])).toEqual({
      program: 'cmd.exe',
      args: ['/d', '/s', '/c', '"C:\\npx.cmd ^^^"-y^^^" ^^^"a^^^&b^^^ \\^^^"c\\^^^"\\\\^^^""'],
      verbatim: true,
    });
  });
});
