/**
 * The real clients as people use them with a remote server that wants OAuth: each is told of the server, signs in by its own
 * command with a browser that is a script, and goes to the server by its own path with what it keeps.
 *
 * What is peculiar to each was seen on 2026-11-23 with the versions of package.json here.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { store as claudeCodeStore } from '../../src/stores/claude-code/store.ts';
import { store as codexStore } from '../../src/stores/codex/store.ts';
import { store as geminiCliStore } from '../../src/stores/gemini-cli/store.ts';
import { store as inspectorStore } from '../../src/stores/inspector/store.ts';
import { store as mcpRemoteStore } from '../../src/stores/mcp-remote/store.ts';
import { store as opencodeStore } from '../../src/stores/opencode/store.ts';
import type { Row, ServerRef, TokenStore } from '../../src/stores/store.ts';
import { type Machine, scratchMachine } from '../kits/machine.ts';
import type { Part } from '../parts.ts';
import { browserScript, consent } from '../toys/consent.ts';
import { dialogue } from './dialogue.ts';
import { type KeyringSession, startKeyringSession } from './keyring-session.ts';
import { clientEnv, programPath, runClient } from './parts.ts';
import { onTerminal } from './terminal.ts';

/** One scratch home in which one client lives. */
export interface Home extends AsyncDisposable {
  readonly machine: Machine;
  /** Executable for `$BROWSER`; its folder is on PATH, with the names of openers. */
  readonly browser: string;
  readonly keyring: KeyringSession | undefined;
  /** Free when the home was made, and used by nobody but mcp-remote. */
  readonly port: number;
}

export interface Server {
  readonly name: string;
  readonly url: string;
}

export interface RealClient {
  readonly name: string;
  readonly store: TokenStore;
  /** Of the store's rows, the one in which it keeps them here. */
  readonly kind: Row['kind'];
  /** What of an entry the store keeps besides tokens and registration. */
  readonly keeps: readonly ('server' | 'url' | 'issuer' | 'expiresAt')[];
  readonly parts: readonly Part[];
  /** Before anything else: its configuration names the server. */
  configure(home: Home, server: Server): Promise<void>;
  /** Its own sign-in, through the browser; ends when the client says that it is done. */
  signIn(home: Home, server: Server): Promise<void>;
  /** Whether it gets through to the server with what it keeps. Opens no browser. */
  connects(home: Home, server: Server): Promise<'yes' | 'no'>;
}

export function rowOf({ store, kind }: RealClient): Row {
  const row = store.rows.find((each) => each.kind === kind && (each.os === 'all' || each.os.includes('linux')));
  if (row === undefined || 'stale' in row) throw new Error(`${store.name} has no row of that kind here`);
  return row;
}

export async function makeHome(client: RealClient): Promise<Home> {
  const machine = await scratchMachine();
  const browser = await browserScript(machine.path('~/browser'));
  machine.env['PATH'] = `${dirname(browser)}${delimiter}${machine.env['PATH']}`;
  const keyring = client.kind === 'items' ? await startKeyringSession(machine.home) : undefined;
  Object.assign(machine.env, keyring?.env);
  return {
    machine,
    browser,
    keyring,
    port: await freePort(),
    async [Symbol.asyncDispose]() {
      await keyring?.[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const withBrowser = ({ machine, browser }: Home, more: Readonly<Record<string, string>> = {}): Machine => ({
  ...machine,
  env: { ...machine.env, BROWSER: browser, ...more },
});

/** As the store says that its client signs in; only a sign-in that the client calls one counts. */
async function byItsCommand(home: Home, store: TokenStore, server: Server, success: RegExp): Promise<void> {
  const { command } = store.signIn;
  if (command === undefined) throw new Error(`${store.name} has no command`);
  const machine = withBrowser(home, command.env);
  const args = filledIn(command.args, server);
  const output = command.needsTerminal
    ? await onTerminal([programPath(command.program), ...args], {
        env: clientEnv(machine),
        folder: machine.home,
        timeoutMs: 60_000,
      })
    : await runClient(machine, command.program, args);
  if (!success.test(output)) throw new Error(`the client did not sign in:\n${output.slice(-1500)}`);
}

const filledIn = (args: readonly string[], { name, url }: Server): string[] =>
  args.map((arg) => arg.replaceAll('<server>', name).replaceAll('<url>', url));

/**
 * What the store makes of its client's own look at what it keeps. It is given what came on standard output, or on standard
 * error where nothing did: Gemini CLI writes its list there, and the Inspector writes notes there beside its JSON.
 */
export async function storeSays(home: Home, store: TokenStore, server: Server): Promise<'yes' | 'no' | 'unknown'> {
  const { connects } = store;
  if (connects === undefined) throw new Error(`${store.name} offers no such look`);
  const machine = withoutBrowser(home);
  const ref: ServerRef = { server: server.name, url: server.url, headers: {}, transport: 'http' };
  const child = spawn(programPath(connects.program), filledIn(connects.args, server), {
    env: { ...clientEnv(machine), ...connects.env },
    cwd: machine.home,
  });
  const closed = once(child, 'close');
  const late = setTimeout(() => child.kill('SIGKILL'), connects.timeoutMs);
  let output = '';
  child.stdin.on('error', () => undefined);
  child.stdin.write(connects.input?.(ref) ?? '');
  if (connects.inputUntil === undefined) child.stdin.end();
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
    if (connects.inputUntil !== undefined && output.includes(connects.inputUntil)) child.stdin.end();
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += String(chunk);
  });
  await closed;
  clearTimeout(late);
  return connects.says(output.trim() === '' ? errors : output, ref);
}

/** Sees to it that nothing can be opened: a client that tries to is told apart from one that connects. */
const withoutBrowser = ({ machine, browser }: Home): Machine => ({
  ...machine,
  env: { ...machine.env, PATH: (machine.env['PATH'] ?? '').replace(`${dirname(browser)}${delimiter}`, '') },
});

const claudeCode: RealClient = {
  name: 'Claude Code',
  store: claudeCodeStore,
  kind: 'file',
  keeps: ['server', 'url', 'issuer', 'expiresAt'],
  parts: ['script'],
  async configure({ machine }, { name, url }) {
    await runClient(machine, 'claude', ['mcp', 'add', '-s', 'user', '--transport', 'http', name, url]);
  },
  signIn: (home, server) => byItsCommand(home, claudeCodeStore, server, /authenticated|connected|success/i),
  async connects(home, { name }) {
    return /✔ Connected/.test(await runClient(withoutBrowser(home), 'claude', ['mcp', 'get', name])) ? 'yes' : 'no';
  },
};

/** By a call of a tool: `codex mcp list` only looks at what is kept. */
const codex = (kept: 'file' | 'keyring'): RealClient => ({
  name: `Codex (${kept})`,
  store: codexStore,
  kind: kept === 'keyring' ? 'items' : 'file',
  keeps: ['server', 'url', 'issuer', 'expiresAt'],
  parts: kept === 'keyring' ? ['gnome-keyring-daemon', 'dbus-run-session', 'dbus-send', 'secret-tool'] : [],
  async configure({ machine }, { name, url }) {
    await machine.write(
      '~/.codex/config.toml',
      `mcp_oauth_credentials_store = "${kept}"\n\n[mcp_servers.${name}]\nurl = "${url}"\n`,
    );
  },
  signIn: (home, server) => byItsCommand(home, codexStore, server, /Successfully logged in/),
  async connects(home, server) {
    await using session = await codexSession(home, server);
    return (await session.call()).includes('ann by') ? 'yes' : 'no';
  },
});

/** A session that stays, without a screen; each call of it is a call of the server's tool, and answers what came of it. */
export async function codexSession(home: Home, { name }: Server): Promise<AsyncDisposable & { call(): Promise<string> }> {
  const server = dialogue(withoutBrowser(home), 'codex', ['app-server']);
  await server.call('initialize', { clientInfo: { name: 'test', version: '1' } });
  server.tell('initialized');
  const { thread } = (await server.call('thread/start', {})) as { thread: { id: string } };
  const params = { threadId: thread.id, server: name, tool: 'whoami', arguments: {} };
  return {
    call: async () => JSON.stringify(await server.call('mcpServer/tool/call', params).catch((error: Error) => error.message)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const opencode: RealClient = {
  name: 'opencode',
  store: opencodeStore,
  kind: 'file',
  keeps: ['server', 'url', 'expiresAt'],
  parts: [],
  async configure({ machine }, { name, url }) {
    await machine.write('~/.config/opencode/opencode.json', JSON.stringify({ mcp: { [name]: { type: 'remote', url } } }));
  },
  signIn: (home, server) => byItsCommand(home, opencodeStore, server, /successful/i),
  async connects(home, { name }) {
    const output = await runClient(withoutBrowser(home), 'opencode', ['mcp', 'list']);
    return new RegExp(`✓ +${name} +connected`).test(output) ? 'yes' : 'no';
  },
};

/** No command signs in: it is done inside, on a terminal. */
const geminiCli: RealClient = {
  name: 'Gemini CLI',
  store: geminiCliStore,
  kind: 'file',
  keeps: ['server', 'url', 'expiresAt'],
  parts: ['script'],
  async configure({ machine }, { name, url }) {
    machine.env['GEMINI_CLI_TRUST_WORKSPACE'] = 'true';
    machine.env['GEMINI_API_KEY'] = 'never-used';
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false },
      mcpServers: { [name]: { httpUrl: url } },
    };
    await machine.write('~/.gemini/settings.json', JSON.stringify(settings));
  },
  async signIn(home, { name }) {
    // It looks for a browser only where there is a screen; nothing talks to that.
    const machine = withBrowser(home, { DISPLAY: ':9' });
    // Its slash commands are there some time after its prompt; until then a command is taken for a question to the model.
    for (const afterMs of [1500, 4000, 10_000]) {
      const end = await onTerminal([programPath('gemini')], {
        env: clientEnv(machine),
        folder: machine.home,
        typing: [
          { when: /Type your message/, type: `/mcp auth ${name}`, afterMs },
          { when: /Do you want to continue/, type: '' },
        ],
        astray: /Thinking\.\.\.|MCP server '\w+' not found/,
        // Typing /quit is not sure: what is typed while it draws is lost in part.
        until: /successfully authenticated/i,
        timeoutMs: 60_000,
      });
      if (end !== 'astray') return;
    }
    throw new Error('Gemini CLI never took the command to sign in');
  },
  async connects(home, { name }) {
    const output = await runClient(withoutBrowser(home), 'gemini', ['mcp', 'list']);
    return new RegExp(`✓ ${name}.*- Connected`).test(output) ? 'yes' : 'no';
  },
};

/** Another client's config starts it; where no opener is found it prints the address, and whoever goes there signs it in. */
const mcpRemote: RealClient = {
  name: 'mcp-remote',
  store: mcpRemoteStore,
  kind: 'folder',
  keeps: ['issuer', 'expiresAt'],
  parts: [],
  async configure({ machine, port }, { name, url }) {
    const args = ['-y', 'mcp-remote', url, String(port), '--allow-http'];
    await machine.write('~/.cursor/mcp.json', JSON.stringify({ mcpServers: { [name]: { command: 'npx', args } } }));
  },
  async signIn(home, { url }) {
    const { machine, port } = home;
    const child = spawn(programPath('mcp-remote-client'), [url, String(port), '--allow-http'], {
      env: clientEnv(withoutBrowser(home)),
      cwd: machine.home,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close');
    let output = '';
    let visited: Promise<unknown> | undefined;
    const done = new Promise<void>((resolve) => {
      const keep = (chunk: Buffer): void => {
        output += String(chunk);
        const [address] = /http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/.exec(output) ?? [];
        if (address !== undefined && output.slice(output.indexOf(address) + address.length).startsWith('\n'))
          visited ??= consent(address).then((redirect) => fetch(redirect));
        if (/Connected successfully/.test(output)) resolve();
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
    });
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await Promise.race([done, closed]);
    clearTimeout(late);
    child.kill('SIGTERM');
    await closed;
    await visited;
    if (!/Connected successfully/.test(output)) throw new Error(`the client did not sign in:\n${output.slice(-1500)}`);
  },
  async connects(home, { url }) {
    await using proxy = dialogue(withoutBrowser(home), 'mcp-remote', [url, String(home.port), '--allow-http']);
    const clientInfo = { name: 'test', version: '1' };
    const begun = proxy.call('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    // Without good tokens it waits for a browser, for ever.
    const asks = (async () => {
      while (!/Please authorize this client/.test(proxy.errors())) await new Promise((resolve) => setTimeout(resolve, 50));
    })();
    const first = await Promise.race([
      begun.then(
        () => 'begun',
        () => 'failed',
      ),
      asks.then(() => 'asks'),
    ]);
    if (first !== 'begun') return 'no';
    proxy.tell('notifications/initialized');
    const said = await proxy.call('tools/call', { name: 'whoami', arguments: {} });
    return JSON.stringify(said).includes('ann by') ? 'yes' : 'no';
  },
};

const inspector = (kept: 'file' | 'keyring'): RealClient => {
  const call = (machine: Machine, url: string, ...args: string[]): Promise<string> =>
    runClient(machine, 'mcp-inspector', [
      '--cli',
      url,
      '--transport',
      'http',
      ...args,
      '--method',
      'tools/call',
      '--tool-name',
      'whoami',
    ]);
  return {
    name: `MCP Inspector (${kept})`,
    store: inspectorStore,
    kind: kept === 'keyring' ? 'items' : 'file',
    keeps: ['url', 'issuer'],
    parts: kept === 'keyring' ? ['gnome-keyring-daemon', 'dbus-run-session', 'dbus-send', 'secret-tool'] : [],
    async configure({ machine }) {
      machine.env['MCP_INSPECTOR_SECRET_STORE'] = kept;
      await whenFree(6276);
    },
    signIn: (home, server) => byItsCommand(home, inspectorStore, server, /whoami/),
    async connects(home, { url }) {
      const output = await call(withoutBrowser(home), url, '--stored-auth-only');
      if (/ann by/.test(output)) return 'yes';
      if (/auth_required/.test(output)) return 'no';
      throw new Error(`the Inspector could not tell whether it is signed in:\n${output.slice(-1500)}`);
    },
  };
};

/** Its redirect address is the same on the whole machine: two that sign in at once hinder each other, whoever started them. */
async function whenFree(port: number): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const server = createServer();
    const listens = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (listens) {
      await new Promise((resolve) => server.close(resolve));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`port ${port}, to which the client's browser comes back, is in use by another program`);
}

export const realClients: readonly RealClient[] = [
  claudeCode,
  codex('file'),
  codex('keyring'),
  opencode,
  geminiCli,
  mcpRemote,
  inspector('file'),
  inspector('keyring'),
];
