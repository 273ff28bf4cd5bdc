/**
 * A real remote MCP server (the SDK's streamable HTTP) that takes the access tokens of an authorization server.
 *
 * It trusts exactly one issuer, and can be moved to another one while it runs, as servers that change their provider do.
 * Opaque tokens are introspected at every request; signed ones are checked offline, so it does not notice a revocation.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { type AuthorizationServer, fingerprintOf, paths, type Shape, startAuthorizationServer } from './authorization-server.ts';

export interface RemoteShape {
  /** Where the 401 says that the metadata is. */
  readonly resourceMetadata: 'header and well-known' | 'well-known' | 'well-known at the root' | 'none';
  /** `scope` in the 401's challenge. */
  readonly challengedScope?: string;
  readonly scopesSupported?: readonly string[];
}

export const plainRemote: RemoteShape = { resourceMetadata: 'header and well-known', scopesSupported: ['mcp:read'] };

/** One request to the MCP address. */
export interface Call {
  readonly status: number;
  /** JSON-RPC method, and the tool's name of a tools/call. */
  readonly method: string | undefined;
  readonly tool?: string;
  /** `fingerprintOf` of the bearer token. */
  readonly token: string | undefined;
}

export interface RemoteMcp extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly Call[];
  /** From now on only tokens of this server are taken, and the metadata names it. */
  trust(server: AuthorizationServer): void;
}

type Verdict = { readonly subject: string; readonly clientId: string; readonly scopes: readonly string[] };

const metadataPath = '/.well-known/oauth-protected-resource';

export async function startRemoteMcp(options: {
  readonly issuer: AuthorizationServer;
  readonly shape?: Partial<RemoteShape>;
}): Promise<RemoteMcp> {
  const shape: RemoteShape = { ...plainRemote, ...options.shape };
  const calls: Call[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  let trusted = options.issuer;
  let verify = verifier(trusted, url);

  const challenge = (response: ServerResponse, status: 401 | 403, parameters: Readonly<Record<string, string | undefined>>) => {
    const address = shape.resourceMetadata === 'header and well-known' ? `${origin}${metadataPath}/mcp` : undefined;
    const all = Object.entries({ ...parameters, resource_metadata: address }).filter(([, value]) => value !== undefined);
    const words = all.map(([name, value]) => `${name}="${value}"`).join(', ');
    response.writeHead(status, { 'www-authenticate': `Bearer ${words}`.trim(), 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: parameters['error'] ?? 'unauthorized' }));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', origin);
    if (pathname.startsWith(metadataPath)) {
      const root = pathname === metadataPath;
      const there =
        shape.resourceMetadata === 'well-known at the root'
          ? root
          : shape.resourceMetadata !== 'none' && (root || pathname === `${metadataPath}/mcp`);
      if (!there) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          resource: url,
          authorization_servers: [trusted.issuer],
          ...(shape.scopesSupported === undefined ? {} : { scopes_supported: shape.scopesSupported }),
          bearer_methods_supported: ['header'],
        }),
      );
      return;
    }
    if (pathname !== '/mcp') return void response.writeHead(404).end();
    const message = await jsonOf(request);
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const tool = message?.method === 'tools/call' ? message.params?.name : undefined;
    response.on('finish', () =>
      calls.push({
        status: response.statusCode,
        method: message?.method,
        ...(tool === undefined ? {} : { tool }),
        token: token === undefined ? undefined : fingerprintOf(token),
      }),
    );
    if (token === undefined) return challenge(response, 401, { scope: shape.challengedScope });
    const verdict = await verify(token);
    if (verdict === undefined) return challenge(response, 401, { error: 'invalid_token', scope: shape.challengedScope });
    if (tool === 'write' && !verdict.scopes.includes('mcp:write'))
      return challenge(response, 403, { error: 'insufficient_scope', scope: 'mcp:write' });
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end();
    await answer(request, response, message, verdict);
  };

  server.on('request', (request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  trusted.guard(url);
  return {
    url,
    calls,
    trust(next) {
      trusted = next;
      verify = verifier(next, url);
      next.guard(url);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function verifier(server: AuthorizationServer, audience: string): (token: string) => Promise<Verdict | undefined> {
  const { issuer, resourceServer, shape } = server;
  const verdict = (claims: Readonly<Record<string, unknown>>): Verdict => ({
    subject: String(claims['sub']),
    clientId: String(claims['client_id']),
    scopes: String(claims['scope'] ?? '').split(' '),
  });
  if (shape.accessTokens === 'jwt') {
    const keys = createRemoteJWKSet(new URL(issuer + paths.keys));
    return (token) =>
      jwtVerify(token, keys, { issuer, audience }).then(
        ({ payload }) => verdict(payload),
        () => undefined,
      );
  }
  const authorization = `Basic ${btoa(`${resourceServer.clientId}:${resourceServer.clientSecret}`)}`;
  return async (token) => {
    const body = new URLSearchParams({ token });
    const response = await fetch(issuer + paths.introspection, { method: 'POST', headers: { authorization }, body });
    const claims = (await response.json()) as Record<string, unknown>;
    return claims['active'] === true && claims['aud'] === audience ? verdict(claims) : undefined;
  };
}

interface Message {
  readonly method?: string;
  readonly params?: { readonly name?: string };
}

async function jsonOf(request: IncomingMessage): Promise<Message | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message;
  } catch {
    return undefined;
  }
}

/** Stateless: a server and a transport for one request. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  message: Message | undefined,
  { subject, clientId }: Verdict,
): Promise<void> {
  const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
  const mcp = new McpServer({ name: 'lab', version: '1.0.0' });
  const readOnly = { readOnlyHint: true };
  mcp.registerTool('whoami', { description: 'Who signed in, and by which client', annotations: readOnly }, () =>
    text(`${subject} by ${clientId}`),
  );
  mcp.registerTool(
    'add',
    { description: 'Adds two numbers', inputSchema: { a: z.number(), b: z.number() }, annotations: readOnly },
    ({ a, b }) => text(String(a + b)),
  );
  mcp.registerTool('write', { description: 'Needs the scope mcp:write' }, () => text('written'));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on('close', () => {
    void transport.close();
    void mcp.close();
  });
  await mcp.connect(transport as never);
  await transport.handleRequest(request, response, message);
}

export interface Lab extends AsyncDisposable {
  readonly authorizationServer: AuthorizationServer;
  readonly remote: RemoteMcp;
  /** Another authorization server takes over, which knows nobody; the old one stays up and its grants live on. */
  migrate(shape?: Partial<Shape>): Promise<AuthorizationServer>;
}

/** An authorization server and an MCP server that trusts it. */
export async function startLab(shape: Partial<Shape> = {}, remoteShape: Partial<RemoteShape> = {}): Promise<Lab> {
  const servers = [await startAuthorizationServer(shape)];
  const [authorizationServer] = servers as [AuthorizationServer];
  const remote = await startRemoteMcp({ issuer: authorizationServer, shape: remoteShape });
  return {
    authorizationServer,
    remote,
    async migrate(next = shape) {
      const server = await startAuthorizationServer(next);
      servers.push(server);
      remote.trust(server);
      return server;
    },
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}
