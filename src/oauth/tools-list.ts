/**
 * The one question put to an MCP server itself: `tools/list`, with a token or without, as plain HTTP.
 *
 * It has no effect and needs no model, and what matters here is the status and the challenge, which MCP libraries hide. Asked
 * first as revision 2026-07-28 has it (no session, everything in one request); a server that does not take that is asked with the
 * older handshake: initialize, then tools/list in its session. Servers look at the token before anything else, so a server of
 * either era answers the first request with its 401.
 */
import type { Secret } from '../base/secret.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { HttpAnswer, HttpRequest } from '../ports/net.ts';
import { asFields, jsonOf } from '../providers/http.ts';
import type { Wire } from './oauth.ts';
import { send } from './wire.ts';

export interface ToolsListAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What was asked last: `POST tools/list`, `POST initialize`, `GET`. */
  readonly asked: string;
  /** It listed its tools. A 200 alone may hold an error of JSON-RPC. */
  readonly listed: boolean;
}

const modern = '2026-07-28';
const legacy = '2025-11-25';
const client = { name: 'mcp-rotate', version: '1' };

export interface ToolsListOptions {
  readonly timeoutMs?: Milliseconds;
  readonly signal?: AbortSignal;
}

/** Problems of the net port. */
export async function toolsList(
  wire: Wire,
  server: URL,
  access: Secret | undefined,
  options: ToolsListOptions = {},
): Promise<ToolsListAnswer> {
  const ask = async (
    method: 'POST' | 'GET' | 'DELETE',
    asked: string,
    headers: Readonly<Record<string, string>>,
    message?: object,
  ): Promise<ToolsListAnswer> => {
    const request: HttpRequest = {
      method,
      url: withoutFragment(server),
      headers: {
        accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(message === undefined ? {} : { 'content-type': 'application/json' }),
        ...(access === undefined ? {} : { authorization: `Bearer ${access.reveal()}` }),
        ...headers,
      },
      timeoutMs: Math.min(options.timeoutMs ?? 15 * second, method === 'GET' ? 5 * second : 15 * second),
      ...(message === undefined ? {} : { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const answer = await send(wire, server, `${server.host}: ${asked}`, request, 'none');
    return { ...answer, asked, listed: listsTools(answer) };
  };

  const first = await ask('POST', 'POST tools/list', { 'mcp-protocol-version': modern, 'mcp-method': 'tools/list' }, modernList);
  if (first.listed || isDecisive(first)) return first;
  const greeting = await ask('POST', 'POST initialize', {}, initialize);
  if (isDecisive(greeting)) return greeting;
  // Servers of the transport of 2024-11-05 (HTTP with SSE) take no POST at their address.
  if (greeting.status === 404 || greeting.status === 405) return ask('GET', 'GET', {});
  if (!isOk(greeting)) return greeting;
  const session = greeting.headers['mcp-session-id'];
  const inSession = { 'mcp-protocol-version': legacy, ...(session === undefined ? {} : { 'mcp-session-id': session }) };
  await ask('POST', 'POST notifications/initialized', inSession, { method: 'notifications/initialized' });
  const answer = await ask('POST', 'POST tools/list', inSession, { id: 2, method: 'tools/list', params: {} });
  // A session left open is the server's memory; that it cannot be closed changes nothing of the answer.
  if (session !== undefined) await ask('DELETE', 'DELETE', inSession).catch(() => undefined);
  return answer;
}

const modernList = {
  id: 1,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': modern,
      'io.modelcontextprotocol/clientInfo': client,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

const initialize = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: legacy, capabilities: {}, clientInfo: client },
};

const isOk = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;

/** Another form of the question would be answered the same: about the token, by a redirect, or by a server in trouble. */
function isDecisive({ status }: HttpAnswer): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500 || (status >= 300 && status < 400);
}

function withoutFragment(server: URL): string {
  return server.href.split('#')[0] ?? server.href;
}

/** A JSON-RPC answer with a list of tools, as JSON or as events of a stream. */
function listsTools(answer: HttpAnswer): boolean {
  if (!isOk(answer)) return false;
  const isStream = /^text\/event-stream\b/i.test(answer.headers['content-type'] ?? '');
  const messages = isStream
    ? answer.body.split(/\r\n|[\r\n]/).flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? [])
    : [answer.body];
  return messages.some((text) => Array.isArray(asFields(asFields(jsonOf(text))?.['result'])?.['tools']));
}
