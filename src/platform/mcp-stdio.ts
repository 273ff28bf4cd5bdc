/**
 * One MCP server over stdio, as a transport of the MCP client library and as a process that surely ends.
 *
 * The library's own transport ends only the process that it started; `npx` and wrappers leave the real server behind.
 * Here a server gets its own process group, and `end` returns when nobody is left in it: standard input closed, then
 * SIGTERM, then SIGKILL, to that group alone. Standard error is always drained (an unread pipe stops the server) and the
 * last of it kept, because the reason why a server exits stands only there.
 */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { Secret } from '../base/secret.ts';
import { longestForm, redacted } from '../documents/secret-forms.ts';
import type { ServerLaunch, ToolOutcome } from '../ports/mcp.ts';
import { windowsStart } from './mcp-windows.ts';
import { ownChild } from './processes-own.ts';
import { endGroup, findProgram, run } from './processes-run.ts';

type StdioLaunch = Extract<ServerLaunch, { kind: 'stdio' }>;
type NotStarted = Extract<ToolOutcome, { kind: 'not-started' }>;

const mostErrors = 16 * 1024;
const mostOutput = 32 * 1024 * 1024;
const mostMessage = 8 * 1024 * 1024;
/** How long a server may take to end by itself, and then after SIGTERM. */
const stdinGrace = 500;
const termGrace = 1500;
const killGrace = 5000;

export interface StdioServer {
  readonly transport: Transport;
  /** The last of what it wrote to standard error, without the secrets. */
  errors(redact: readonly Secret[]): string;
  end(): Promise<void>;
}

export async function startServer(launch: StdioLaunch): Promise<StdioServer | NotStarted> {
  const [{ ReadBuffer, serializeMessage }, { getDefaultEnvironment }] = await Promise.all([
    import('@modelcontextprotocol/client'),
    import('@modelcontextprotocol/client/stdio'),
  ]);
  let child: Child | undefined;
  try {
    child = spawnServer(launch, { ...getDefaultEnvironment(), ...launch.env });
  } catch {
    // Node refuses what no system call could take: a NUL in an argument, an empty command.
  }
  if (child === undefined) return { kind: 'not-started', why: 'no-such-program' };
  const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined));
    child.once('error', resolve);
  });
  if (failed !== undefined) {
    const refused = failed.code === 'EACCES' || failed.code === 'EPERM';
    return { kind: 'not-started', why: refused ? 'not-permitted' : 'no-such-program' };
  }
  const forget = ownChild(child.pid ?? 0);
  const errors = lastOf(child.stderr, mostErrors);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => setTimeout(resolve, 300));
    child.once('close', () => resolve());
  });
  const buffer = new ReadBuffer({ maxBufferSize: mostMessage });
  let closed = false;
  let received = 0;
  const close = () => {
    if (closed) return;
    closed = true;
    transport.onclose?.();
  };
  const transport: Transport = {
    async start() {
      child.stdout.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (closed || received > mostOutput || !deliver(chunk)) close();
      });
      exited.then(close);
    },
    send: (message) =>
      new Promise((resolve) => {
        // A server that is gone is told by `onclose`.
        child.stdin.write(serializeMessage(message), () => resolve());
      }),
    async close() {
      close();
    },
  };
  /** false: a message larger than we take. */
  const deliver = (chunk: Buffer): boolean => {
    try {
      buffer.append(chunk);
    } catch {
      return false;
    }
    for (;;) {
      let message: JSONRPCMessage | null;
      try {
        message = buffer.readMessage();
      } catch {
        continue; // JSON, but no JSON-RPC: the buffer has already moved past it
      }
      if (message === null) return true;
      transport.onmessage?.(message);
    }
  };
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  return {
    transport,
    errors,
    async end() {
      try {
        await endServer(child);
      } finally {
        child.stdout.destroy();
        child.stderr.destroy();
        forget();
      }
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function spawnServer(launch: StdioLaunch, env: Record<string, string>): Child | undefined {
  const options = { env, cwd: launch.folder ?? homedir(), stdio: 'pipe' as const, windowsHide: true };
  if (process.platform !== 'win32') return spawn(launch.command, [...launch.args], { ...options, detached: true });
  const at = { windows: true, path: env['PATH'] ?? env['Path'] ?? '', endings: env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD' };
  const path = findProgram(launch.command, at);
  if (path === undefined) return undefined;
  const start = windowsStart(path, launch.args);
  return spawn(start.program, [...start.args], { ...options, windowsVerbatimArguments: start.verbatim });
}

function lastOf(stream: Readable, most: number): (redact: readonly Secret[]) => string {
  let kept = Buffer.alloc(0);
  let cut = false;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    cut ||= kept.length + chunk.length > most;
    kept = Buffer.concat([kept, chunk.subarray(-most)]).subarray(-most);
  });
  // Where the text was cut, the end of a secret may stand at its start, where nothing recognises it.
  return (redact) => redacted(kept.toString('utf8'), redact).slice(cut ? longestForm(redact) : 0);
}

async function endServer(child: Child): Promise<void> {
  child.stdin.end();
  if (await gone(child, stdinGrace)) return;
  if (process.platform === 'win32') {
    // There are no process groups: the system ends the tree below our own child.
    const env = { SystemRoot: process.env['SystemRoot'] ?? '' };
    await run('taskkill.exe', ['/PID', String(child.pid), '/T', '/F'], { env, timeoutMs: killGrace });
  } else {
    endGroup(child.pid, 'SIGTERM');
    if (await gone(child, termGrace)) return;
    endGroup(child.pid, 'SIGKILL');
  }
  if (!(await gone(child, killGrace))) throw new Error('a test server could not be ended');
}

async function gone(child: ChildProcess, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (alive(child)) {
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** The child, or anybody else in its group. */
function alive(child: ChildProcess): boolean {
  if (child.exitCode === null && child.signalCode === null) return true;
  if (process.platform === 'win32') return false;
  try {
    process.kill(-(child.pid ?? 0), 0);
    return true;
  } catch {
    return false;
  }
}
