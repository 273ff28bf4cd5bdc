/**
 * The real MCP port: starts or reaches a server, makes one call, ends it, and answers only then.
 *
 * Both ends are hostile until proven otherwise: every wait has a deadline of ours (real servers hang in connect), every
 * output is bounded, and the given secrets are taken out of every text before it leaves, also when the server prints
 * them itself. An unreachable remote server is 'exited' at 'connect', with the system's error word as text.
 */
import type { CallToolResult, Client, Transport } from '@modelcontextprotocol/client';
import type { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';
import { redacted } from '../documents/secret-forms.ts';
import type { Mcp, ServerLaunch, ToolCall, ToolOutcome } from '../ports/mcp.ts';
import { startServer } from './mcp-stdio.ts';

const mostText = 256 * 1024;
const mostAnswer = 32 * 1024 * 1024;
/** Ending a remote session is a courtesy, and gets no more time than this. */
const farewellMs = 1000;
const listMs = 5000;

interface Options {
  readonly timeoutMs: Milliseconds;
  readonly redact: readonly Secret[];
  readonly signal?: AbortSignal;
}

export function createMcp(): Mcp {
  return {
    async call(launch, call, options) {
      const startedAt = Date.now();
      const from = performance.now();
      const outcome = await converse(launch, options, (client, deadline) => callTool(client, call, deadline, options));
      return { outcome, startedAt, tookMs: performance.now() - from };
    },
    tools: (launch, options) =>
      converse(launch, options, async (client, deadline) => toolNames(client, deadline, options.redact)),
  };
}

/** Time that is left until an absolute end, as options of a request. */
type Deadline = () => { readonly timeout: number; readonly signal: AbortSignal };

async function converse<T>(
  launch: ServerLaunch,
  options: Options,
  use: (client: Client, deadline: Deadline) => Promise<T>,
): Promise<T | ToolOutcome> {
  options.signal?.throwIfAborted();
  const until = performance.now() + options.timeoutMs;
  const late = AbortSignal.timeout(Math.ceil(options.timeoutMs));
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
  const deadline: Deadline = () => ({ timeout: Math.max(1, until - performance.now()), signal });

  const line = await open(launch, signal);
  if ('kind' in line) return line;
  let stage: 'connect' | 'call' = 'connect';
  const { Client } = await import('@modelcontextprotocol/client');
  // On stdio the library would probe the protocol's era with a second process: a server is started once here.
  const versionNegotiation = { mode: launch.kind === 'stdio' ? ('legacy' as const) : ('auto' as const) };
  const client = new Client({ name: 'mcp-rotate', version: '1' }, { versionNegotiation });
  // What a server does on its own account (bad messages, broken streams) shows in the outcome of the call.
  client.onerror = () => {};
  try {
    const work = (async () => {
      await client.connect(line.transport, deadline());
      stage = 'call';
      return await use(client, deadline);
    })();
    return await orAborted(work, signal);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (late.aborted) return { kind: 'timeout', stage };
    return await outcomeOf(error, stage, (word) => bounded(word, options.redact) + line.errors(options.redact));
  } finally {
    await line.end(client);
  }
}

/** Rejects when the signal fires, whatever the promise does. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

interface Line {
  readonly transport: Transport;
  /** The last of what a server wrote to standard error, redacted. */
  errors(redact: readonly Secret[]): string;
  end(client: Client): Promise<void>;
}

async function open(launch: ServerLaunch, signal: AbortSignal): Promise<Line | ToolOutcome> {
  if (launch.kind === 'stdio') {
    const server = await startServer(launch);
    if ('kind' in server) return server;
    return {
      transport: server.transport,
      errors: server.errors,
      async end(client) {
        await client.close().catch(() => {});
        await server.end();
      },
    };
  }
  const { StreamableHTTPClientTransport, SSEClientTransport } = await import('@modelcontextprotocol/client');
  if (!URL.canParse(launch.url)) return { kind: 'not-started', why: 'no-such-program' };
  const url = new URL(launch.url);
  const requestInit = { headers: { ...launch.headers } };
  const fetch = boundedFetch(signal);
  if (launch.transport === 'sse') {
    const transport = new SSEClientTransport(url, { requestInit, fetch });
    return { transport, errors: () => '', end: async (client) => void (await client.close().catch(() => {})) };
  }
  const transport = new StreamableHTTPClientTransport(url, { requestInit, fetch });
  return {
    transport,
    errors: () => '',
    async end(client) {
      if (!signal.aborted) {
        const patience = new Promise((resolve) => setTimeout(resolve, farewellMs));
        await Promise.race([transport.terminateSession().catch(() => {}), patience]);
      }
      await client.close().catch(() => {});
    },
  };
}

/** No answer of a remote server is read beyond a bound, and none outlives the deadline. */
function boundedFetch(signal: AbortSignal): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const signals = init?.signal ? [signal, init.signal] : [signal];
    const answer = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
    if (answer.body === null) return answer;
    let length = 0;
    const bound = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        length += chunk.length;
        if (length > mostAnswer) controller.error(new Error('an answer that is too long'));
        else controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = answer;
    return new Response(answer.body.pipeThrough(bound), { status, statusText, headers });
  };
}

async function callTool(client: Client, call: ToolCall, deadline: Deadline, options: Options): Promise<ToolOutcome> {
  const outcome = await attempt(client, call, deadline, options.redact);
  if (outcome.kind === 'answered' ? !outcome.isError : outcome.kind !== 'rpc-error') return outcome;
  // A refusal and a missing tool come in the same shapes: the list tells them apart.
  const left = deadline();
  const tools = await toolNames(client, () => ({ ...left, timeout: Math.min(left.timeout, listMs) }), options.redact).catch(
    (): readonly string[] => [],
  );
  return tools.length === 0 || tools.includes(call.tool) ? outcome : { kind: 'no-such-tool', tools };
}

async function attempt(client: Client, call: ToolCall, deadline: Deadline, redact: readonly Secret[]): Promise<ToolOutcome> {
  const { ProtocolError, SdkError, SdkErrorCode } = await import('@modelcontextprotocol/client');
  try {
    const result = await client.callTool({ name: call.tool, arguments: { ...call.arguments } }, deadline());
    return { kind: 'answered', isError: result.isError === true, text: bounded(textOf(result), redact) };
  } catch (error) {
    if (ProtocolError.isInstance(error)) return { kind: 'rpc-error', code: error.code, text: bounded(error.message, redact) };
    // An answer that is not one: the server did speak, so it is an error of its own.
    if (SdkError.isInstance(error) && error.code === SdkErrorCode.InvalidResult)
      return { kind: 'rpc-error', code: -32603, text: '' };
    throw error;
  }
}

const textOf = (result: CallToolResult): string =>
  (result.content ?? []).map((block) => (block.type === 'text' ? block.text : '')).join('\n');

async function toolNames(client: Client, deadline: Deadline, redact: readonly Secret[]): Promise<readonly string[]> {
  const { tools } = await client.listTools(undefined, deadline());
  return tools.map(({ name }) => bounded(name, redact));
}

function bounded(text: string, redact: readonly Secret[]): string {
  // Cut after redaction: of a secret that lies across the cut a part would otherwise stay.
  return redacted(text, redact).slice(0, mostText);
}

async function outcomeOf(error: unknown, stage: 'connect' | 'call', text: (text: string) => string): Promise<ToolOutcome> {
  const { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, SseError } = await import('@modelcontextprotocol/client');
  if (SdkHttpError.isInstance(error)) return { kind: 'http', status: error.status };
  if (error instanceof SseError && error.code !== undefined) return { kind: 'http', status: error.code };
  if (ProtocolError.isInstance(error)) return { kind: 'rpc-error', code: error.code, text: text(error.message) };
  if (SdkError.isInstance(error) && error.code === SdkErrorCode.RequestTimeout) return { kind: 'timeout', stage };
  return { kind: 'exited', stage, text: text(systemWord(error)) };
}

/** `ECONNREFUSED` and its like, from wherever fetch hides it; nothing else of a foreign error's text. */
function systemWord(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code;
  }
  return '';
}
