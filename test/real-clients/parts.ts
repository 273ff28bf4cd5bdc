/**
 * The real clients, and a gate whose keeper we are. The clients run in a home of their own, with no way out but loopback.
 *
 * They are large, so nothing installs them but `npm ci` in this folder (or in the copy of it that MCP_ROTATE_CLIENTS
 * names). Where they are missing the tests fail: this suite has no other purpose.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from '../kits/machine.ts';

const here = dirname(fileURLToPath(import.meta.url));

export function programPath(name: string): string {
  const path = join(process.env['MCP_ROTATE_CLIENTS'] ?? here, 'node_modules', '.bin', name);
  if (!existsSync(path))
    throw new Error(`${name} is not installed: run "npm install --no-save" in test/real-clients (or set MCP_ROTATE_CLIENTS)`);
  return path;
}

/** What a client is started with: the machine's environment, the node that runs the tests, no way out but loopback. */
export function clientEnv(machine: Pick<Machine, 'env' | 'home'>): Record<string, string> {
  const nowhere = 'http://127.0.0.1:9';
  return {
    ...machine.env,
    HOME: machine.home,
    PATH: `${dirname(process.execPath)}${delimiter}${machine.env['PATH'] ?? ''}`,
    NO_COLOR: '1',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
    // Claude Code with a sign-in of its own would try for a quarter of a minute to reach home.
    ANTHROPIC_BASE_URL: nowhere,
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  };
}

/** Runs a client to its end in the machine's home; both outputs together, colours taken out. */
export function runClient(machine: Machine, name: string, args: readonly string[], folder = machine.home): Promise<string> {
  const env = clientEnv(machine);
  return new Promise((resolve, reject) => {
    const child = execFile(programPath(name), [...args], { env, cwd: folder, timeout: 45_000 }, (error, output, errors) => {
      if (error?.killed) reject(new Error(`${name} ${args[0]} ${args[1]} did not end`));
      // The codes begin with the escape character.
      else resolve(`${output}\n${errors}`.replaceAll(/\u001b\[[0-9;]*m/g, ''));
    });
    child.stdin?.end();
  });
}

/** Lets in whoever has the wanted token: a stdio server's start, and an MCP server over HTTP. */
export interface Gate extends AsyncDisposable {
  readonly command: readonly string[];
  readonly url: string;
  want(token: string): Promise<void>;
  /** What came since the last look: `stdio open`, `http shut`, … */
  seen(): Promise<readonly string[]>;
}

export async function openGate(machine: Machine, token: string): Promise<Gate> {
  const folder = join(machine.home, 'gate');
  await machine.write('~/gate/wanted', token);
  await machine.write('~/gate/log', '');
  let wanted = token;
  const http: string[] = [];
  const server = createServer((request, response) => {
    const open = request.headers.authorization === `Bearer ${wanted}`;
    http.push(`http ${open ? 'open' : 'shut'}`);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (!open) response.writeHead(403).end();
      else if (request.method !== 'POST') response.writeHead(405).end();
      else answer(body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    command: [process.execPath, join(here, 'gate-server.mjs'), folder],
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async want(next) {
      wanted = next;
      await writeFile(join(folder, 'wanted'), next);
    },
    async seen() {
      const log = (await readFile(join(folder, 'log'), 'utf8')).split('\n').filter((line) => line !== '');
      await rm(join(folder, 'log'));
      await writeFile(join(folder, 'log'), '');
      return [...log, ...http.splice(0)];
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

function answer(body: string, response: import('node:http').ServerResponse): void {
  const message = JSON.parse(body) as { id?: number; method?: string; params?: { protocolVersion?: string } };
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const result =
    message.method === 'initialize'
      ? {
          protocolVersion: message.params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'gate', version: '1' },
        }
      : message.method === 'tools/list'
        ? { tools: [] }
        : {};
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Ids of processes whose home is the machine's: whatever a client left running. */
export async function leftRunning(machine: Machine): Promise<readonly string[]> {
  const home = `HOME=${await realpath(machine.home)}`;
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(home)) found.push(pid);
  }
  return found;
}
