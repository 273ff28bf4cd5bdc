/**
 * A scratch machine that is signed in to a real remote MCP server, and the whole engine over it: real files, real HTTP, a real
 * authorization server (oidc-provider). The browser is a person who agrees at its forms; the client's own programs are played.
 */

import { Secret } from '../../src/base/secret.ts';
import { collect } from '../../src/inventory/collect.ts';
import { discover } from '../../src/oauth/discover.ts';
import { collectGrants } from '../../src/oauth/grants.ts';
import { readHoldings } from '../../src/oauth/holdings.ts';
import type { Grants, Issued } from '../../src/oauth/oauth.ts';
import { signIn } from '../../src/oauth/sign-in.ts';
import { createCallbacks } from '../../src/platform/callback.ts';
import { openJournalStore } from '../../src/platform/journal-store.ts';
import { createNet } from '../../src/platform/net.ts';
import { journalFile } from '../../src/ports/journal-store.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { ProcessInfo } from '../../src/ports/processes.ts';
import { clients, providers, stores } from '../../src/registry.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import type { AdvanceOptions, Event, Need, PersonAnswer, Plan, Progress, RotateOptions } from '../../src/rotation/rotation.ts';
import type { NewEntry } from '../../src/stores/store.ts';
import { hurriedClock } from '../kits/hurried-clock.ts';
import { type Machine, scratchMachine } from '../kits/machine.ts';
import type { Shape } from '../toys/authorization-server.ts';
import { consent, type Person } from '../toys/consent.ts';
import { type PlainTokens, refresh } from '../toys/plain-client.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { twinKeyring } from '../twins/keyring.ts';
import { noGit, noSearches } from '../twins/searches.ts';

export const self: ProcessInfo = { pid: 10, parent: 1, name: 'mcp-rotate', startedAt: 0, identity: '10:self', terminal: true };

export interface SignInsOptions {
  readonly shape?: Partial<Shape>;
  /** Whose store is signed in. */
  readonly client?: 'gemini-cli' | 'opencode' | 'claude-code';
  readonly person?: Person;
  /** What the client's own command does; absent: the client is not installed. */
  readonly runAsPerson?: Ports['processes']['runAsPerson'];
  readonly scopes?: readonly string[];
}

export interface SignIns extends AsyncDisposable {
  readonly machine: Machine;
  readonly ports: Ports;
  readonly lab: Lab;
  readonly first: Issued;
  /** Programs that run; a test adds to it. */
  readonly running: ProcessInfo[];
  /** Who agrees from now on; undefined: nobody comes to the browser. */
  person: Person | undefined;
  readonly events: Event[];
  readonly file: string;
  text(): Promise<string>;
  grants(): Promise<Grants>;
  /** As a running client does when it likes: refreshes what it keeps and writes the younger pair. */
  refreshAsClient(): Promise<Issued['tokens']>;
  /** Signs in and puts the entry where the client reads it, beside what is there. */
  signInAs(server: string): Promise<Issued>;
  engine(): ReturnType<typeof createRotations>;
  plan(more?: Partial<RotateOptions>): Promise<Plan>;
  rotate(
    more?: Partial<RotateOptions>,
    answer?: (need: Need) => PersonAnswer | undefined,
  ): Promise<{ readonly progress: Progress; readonly needs: readonly Need['kind'][] }>;
  resume(progress: Pick<Progress, 'rotation'>, answer?: (need: Need) => PersonAnswer | undefined): Promise<Progress>;
}

const configs = {
  'gemini-cli': ['~/.gemini/settings.json', (url: string) => ({ mcpServers: { lab: { httpUrl: url } } })],
  opencode: ['~/.config/opencode/opencode.json', (url: string) => ({ mcp: { lab: { type: 'remote', url } } })],
  'claude-code': ['~/.claude.json', (url: string) => ({ mcpServers: { lab: { type: 'http', url } } })],
} as const;

const files = {
  'gemini-cli': '~/.gemini/mcp-oauth-tokens.json',
  opencode: '~/.local/share/opencode/mcp-auth.json',
  'claude-code': '~/.claude/.credentials.json',
} as const;

const mostAdvances = 12;
/** Waiting for a server that never comes round is not to take a test's time. */
const hurry = 20;

export async function signIns(options: SignInsOptions = {}): Promise<SignIns> {
  const lab = await startLab(options.shape);
  const machine = await scratchMachine();
  const client = options.client ?? 'gemini-cli';
  const journal = openJournalStore(journalFile(machine.ports.host));
  const running: ProcessInfo[] = [];
  /** What people do at the browser. */
  const visits: Promise<unknown>[] = [];
  const unused = async (): Promise<never> => {
    throw new Error('no such port here');
  };
  const clock = hurriedClock(hurry);
  const ports: Ports = {
    ...machine.ports,
    clock,
    net: createNet(),
    databases: { postgresql: unused, mysql: unused, redis: unused },
    keyring: twinKeyring(),
    mcp: { call: unused, tools: unused },
    processes: {
      ...machine.ports.processes,
      list: async () => [...running],
      self: async () => self,
      which: async (program) => (options.runAsPerson ? `/usr/bin/${program}` : undefined),
      runAsPerson: options.runAsPerson ?? unused,
    },
    callbacks: createCallbacks(),
    git: noGit,
    searches: noSearches,
    browser: {
      open: async (address) => {
        const { person } = it;
        if (!person) return 'none';
        // What the browser is left with when whoever opened it has gone is no failure: the sign-in that does not end is.
        visits.push(
          consent(address, person).then(
            (redirect) => fetch(redirect).catch(() => undefined),
            () => undefined,
          ),
        );
        return 'opened';
      },
    },
    journal: () => journal,
  };
  const adapters = { clients, providers, stores };
  const wire = { net: ports.net, clock, random: ports.random };
  const [config, entryOf] = configs[client];
  await machine.write(config, JSON.stringify(entryOf(lab.remote.url)));
  const store = stores.find(({ id }) => id === client);
  if (!store?.put) throw new Error(`no store of ${client} that can be written`);

  /** Puts an entry where the client reads it, as the client itself would. */
  async function write(entry: NewEntry): Promise<void> {
    const row = store?.rows.find(({ kind, os }) => kind === 'file' && (os === 'all' || os.includes('linux')));
    if (!row) throw new Error('no row');
    const file = machine.path(files[client]);
    const text = await machine.text(file).catch(() => '');
    const key = store?.keyFor(row, { server: entry.server, url: entry.url, headers: {}, transport: 'http' }) ?? entry.server;
    const changes = store?.put?.(row, [{ name: file, text }], key, entry) ?? [];
    for (const change of changes) await machine.write(change.name, change.text ?? '');
  }

  async function refreshAsClient(): Promise<Issued['tokens']> {
    const { holdings } = await readHoldings(ports, stores, { consent: true });
    const entry = holdings.find((one) => one.entry.server === 'lab')?.entry;
    const old = entry?.tokens;
    if (!old?.refresh || !entry?.registration) throw new Error('nothing to refresh');
    const discovery = await discover(wire, lab.remote.url);
    const answer = await refresh({
      issuer: discovery.issuer,
      clientId: entry.registration.clientId,
      refresh: old.refresh.reveal(),
    } as PlainTokens);
    const tokens = {
      access: new Secret(String(answer.body['access_token'])),
      refresh: new Secret(String(answer.body['refresh_token'])),
      expiresAt: clock.now() + Number(answer.body['expires_in']) * 1000,
      scopes: old.scopes,
    };
    const { issuer, metadata, resource } = discovery;
    const tokenEndpoint = String(metadata['token_endpoint']);
    const { registration } = entry;
    await write({
      server: 'lab',
      url: lab.remote.url,
      issuer,
      registration,
      tokens,
      tokenEndpoint,
      resource,
      writtenAt: clock.now(),
    });
    return tokens;
  }

  async function signInAs(server: string): Promise<Issued> {
    const discovery = await discover(wire, lab.remote.url);
    const quiet = { address: () => undefined, code: () => undefined, note: () => undefined };
    const scopes = options.scopes ?? discovery.scopes;
    const signedIn = await signIn(ports, { discovery, scopes, noBrowser: false, withinMs: 20_000 * hurry }, quiet);
    const entry: NewEntry = {
      server,
      url: lab.remote.url,
      issuer: discovery.issuer,
      registration: signedIn.registration,
      tokens: signedIn.issued.tokens,
      tokenEndpoint: String(discovery.metadata['token_endpoint']),
      resource: discovery.resource,
      writtenAt: clock.now(),
    };
    await write(entry);
    return signedIn.issued;
  }

  async function drive(
    rotation: string,
    answer: (need: Need) => PersonAnswer | undefined,
  ): Promise<{ progress: Progress; needs: Need['kind'][] }> {
    const engine = it.engine();
    const needs: Need['kind'][] = [];
    const onEvent: AdvanceOptions['onEvent'] = (event) => void it.events.push(event);
    let progress = await engine.advance(rotation, { onEvent });
    for (let i = 0; progress.state === 'waiting' && i < mostAdvances; i++) {
      needs.push(progress.need.kind);
      const given = answer(progress.need);
      if (!given) break;
      progress = await engine.advance(rotation, { onEvent, answer: given });
    }
    return { progress, needs };
  }

  const patient = (need: Need): PersonAnswer => (need.kind === 'accept-unproven' ? { kind: 'accept' } : { kind: 'done' });
  const it: SignIns = {
    machine,
    ports,
    lab,
    first: undefined as unknown as Issued,
    running,
    person: options.person ?? {},
    events: [],
    file: machine.path(files[client]),
    text: () => machine.text(files[client]),
    grants: async () =>
      collectGrants(ports, adapters, (await collect(ports, adapters, { folders: [] })).remotes, { consent: true }),
    refreshAsClient,
    signInAs,
    engine: () => createRotations(ports, adapters),
    async plan(more = {}) {
      const { grants } = await it.grants();
      const [grant, ...others] = grants.filter(({ holdings }) => holdings.some(({ entry }) => entry.server === 'lab'));
      if (!grant || others.length > 0) throw new Error(`not one grant: ${others.length + (grant ? 1 : 0)}`);
      return it
        .engine()
        .plan(grant.id, { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [], ...more });
    },
    async rotate(more = {}, answer = patient) {
      const rotation = await it.engine().start(await it.plan(more));
      return drive(rotation, answer);
    },
    resume: async ({ rotation }, answer = patient) => (await drive(rotation, answer)).progress,
    async [Symbol.asyncDispose]() {
      await Promise.all(visits);
      await (await journal).close();
      await machine[Symbol.asyncDispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
  return Object.assign(it, { first: await signInAs('lab') });
}

/** What a store keeps now for a server. */
export async function keptFor({ ports }: Pick<SignIns, 'ports'>, server: string) {
  const { holdings } = await readHoldings(ports, stores, { consent: true });
  return holdings.filter(({ entry }) => entry.server === server);
}
