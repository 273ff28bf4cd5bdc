/**
 * The scratch home of one lane of the kill storm of grants: a client that is signed in to a real server, a neighbour beside its
 * entry, and a browser that agrees.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { browserScript } from '../toys/consent.ts';
import { type PlainTokens, signIn } from '../toys/plain-client.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';

export type KilledClient = 'gemini-cli' | 'claude-code';

export interface Pair {
  readonly access: string;
  readonly refresh: string;
}

interface Form {
  readonly config: string;
  readonly store: string;
  readonly settings: (url: string) => unknown;
  /** The store's text around the pair, as the client writes it. */
  readonly text: (url: string, tokens: PlainTokens) => string;
  /** Stands in that text, in a writing of its own. */
  readonly neighbour: string;
  /** The pairs that stand in a text for the server; throws when it is torn. */
  readonly pairs: (text: string) => readonly Pair[];
}

type Fields = Readonly<Record<string, unknown>>;

const pairOf = (fields: Fields | undefined): readonly Pair[] => {
  const [access, refresh] = [fields?.['accessToken'], fields?.['refreshToken']];
  return typeof access === 'string' && access !== '' ? [{ access, refresh: String(refresh) }] : [];
};

const forms: Readonly<Record<KilledClient, Form>> = {
  'gemini-cli': {
    config: '.gemini/settings.json',
    store: '.gemini/mcp-oauth-tokens.json',
    settings: (url) => ({ mcpServers: { lab: { httpUrl: url } } }),
    neighbour: `{"serverName" : "other","token":{"accessToken":"neighbour-access","tokenType":"Bearer"},  "odd":[1,{"x":null}]}`,
    text(url, { issuer, clientId, access, refresh, scope, expiresInS }) {
      const token = {
        accessToken: access,
        tokenType: 'Bearer',
        refreshToken: refresh,
        scope,
        expiresAt: Date.now() + expiresInS * 1000,
      };
      const entry = { serverName: 'lab', token, clientId, tokenUrl: `${issuer}/token`, mcpServerUrl: url, updatedAt: Date.now() };
      return `[\n ${this.neighbour} ,${JSON.stringify(entry, null, 2)}]\n`;
    },
    pairs: (text) =>
      (JSON.parse(text) as { serverName: string; token: Fields }[])
        .filter(({ serverName }) => serverName === 'lab')
        .flatMap(({ token }) => pairOf(token)),
  },
  'claude-code': {
    config: '.claude.json',
    store: '.claude/.credentials.json',
    settings: (url) => ({ mcpServers: { lab: { type: 'http', url } } }),
    neighbour: `"other|0123456789abcdef" :  {"serverName":"other","accessToken":"neighbour-access","odd":[1, {"x":null}]}`,
    text(url, { issuer, clientId, access, refresh, scope, expiresInS, redirectUri }) {
      // As Claude Code 2.1.330 names it (seen on 2026-11-23).
      const hash = createHash('sha256')
        .update(JSON.stringify({ type: 'http', url, headers: {} }))
        .digest('hex')
        .slice(0, 16);
      const tokens = { accessToken: access, refreshToken: refresh, expiresAt: Date.now() + expiresInS * 1000, scope };
      const entry = { serverName: 'lab', serverUrl: url, ...tokens, clientId, issuer, redirectUri };
      return `{"mcpOAuth": {\n  ${this.neighbour} ,${JSON.stringify(`lab|${hash}`)}:${JSON.stringify(entry)}}, "more": [ ]}`;
    },
    pairs: (text) =>
      Object.values((JSON.parse(text) as { mcpOAuth?: Record<string, Fields> }).mcpOAuth ?? {})
        .filter((entry) => entry['serverName'] === 'lab')
        .flatMap(pairOf),
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface SignInHome extends AsyncDisposable {
  readonly folder: string;
  readonly state: string;
  readonly lab: Lab;
  readonly env: Readonly<Record<string, string>>;
  readonly neighbour: string;
  text(): string;
  pairs(): readonly Pair[];
  /** Every file but receipts, what `status` remembers of its last look, and the program's compiled code. */
  files(): readonly string[];
  /** Everything in the state folder, as bytes. */
  stateBytes(): readonly Buffer[];
}

export async function signInHome(folder: string, client: KilledClient): Promise<SignInHome> {
  const form = forms[client];
  const lab = await startLab();
  const { url } = lab.remote;
  const { issuer } = lab.authorizationServer;
  const redirectUri = `http://127.0.0.1:${await freePort()}/callback`;
  const tokens = await signIn({ issuer, resource: url, redirectUri });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, path), text, { mode: 0o600 });
  };
  write(form.config, JSON.stringify(form.settings(url)));
  write(form.store, form.text(url, tokens));
  const browser = await browserScript(`${folder}-browser`);
  const state = join(folder, '.local/state/mcp-rotate');
  const all = (below: string): string[] =>
    readdirSync(below, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) => join(parentPath, name));
  const read = (): string => readFileSync(join(folder, form.store), 'utf8');
  return {
    folder,
    state,
    lab,
    env: { BROWSER: browser },
    neighbour: form.neighbour,
    text: read,
    pairs: () => form.pairs(read()),
    files: () =>
      all(folder)
        .map((path) => path.slice(folder.length + 1))
        .filter((path) => !path.startsWith('.cache') && !/\/receipts\/r-|\/look\.json$|-wal$|-shm$/.test(path))
        .sort(),
    stateBytes: () =>
      all(state)
        .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
        .map((path) => readFileSync(path)),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}
