/**
 * The failing world: a made-up machine with three clients that share one key, a toy upstream, a person, and a power
 * supply that can be cut around every effect. The promises of the design are asserted after each of them.
 *
 * What is durable (files, journal, upstream, running programs) outlives a cut; what was in memory does not. The engine,
 * inventory, documents, clients and verification are the real ones; only the ports have twins.
 */
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { client as claudeCode } from '../../src/clients/claude-code/client.ts';
import { client as codex } from '../../src/clients/codex/client.ts';
import { client as cursor } from '../../src/clients/cursor/client.ts';
import type { Adapters } from '../../src/inventory/adapters.ts';
import { collect } from '../../src/inventory/collect.ts';
import { unknownHeld } from '../../src/inventory/unknown.ts';
import type { Mcp, ServerLaunch, ToolOutcome } from '../../src/ports/mcp.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { ProcessInfo } from '../../src/ports/processes.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import type { Because, LoneKey, Need, PersonAnswer, Rotations } from '../../src/rotation/rotation.ts';
import { createSealer } from '../../src/rotation/seal.ts';
import { twinBrowser } from '../twins/browser.ts';
import { twinCallbacks } from '../twins/callback.ts';
import { twinClock } from '../twins/clock.ts';
import { createDiskTwin, type DiskTwin } from '../twins/disk.ts';
import { twinHost } from '../twins/host.ts';
import { journalMemory, twinJournalStore } from '../twins/journal-store.ts';
import { keyringMemory, twinKeyring } from '../twins/keyring.ts';
import { createProcessesTwin, type Held } from '../twins/processes.ts';
import { type TwinRandom, twinRandom } from '../twins/random.ts';
import { noGit, noSearches } from '../twins/searches.ts';
import { type ConfigFile, configs, keyOf } from './configs.ts';
import { answerOf } from './person.ts';
import { Power } from './power.ts';
import { assertAfter, assertEnd, assertMayIssue, assertMayRevoke } from './promises.ts';
import { type Kind, toyProvider, toyText } from './toy-providers.ts';
import { toySealer } from './toy-sealer.ts';
import { type Key, ToyUpstream } from './upstream.ts';

export interface WorldParts {
  readonly ports: Ports;
  readonly adapters: Adapters;
}

export interface WorldOptions {
  readonly kind: Kind;
  readonly because: Because;
  readonly seed: number;
  readonly soakMs?: number;
  /** Quit and relaunch desktop programs. */
  readonly restart?: boolean;
  /** 'real': age, with its key in the keyring. */
  readonly seal?: 'toy' | 'real';
  /** Programs that go on when asked to quit. */
  readonly quits?: 'ends' | 'refuses';
  /**
   * The old key leaked, and no client holds it: they share another one. 'attended': no folder knows its provider, and only
   * the person can end it.
   */
  readonly lone?: 'known' | 'attended';
  /** Where a test plants a bug. */
  readonly plant?: (parts: WorldParts) => WorldParts;
}

export class World {
  readonly options: WorldOptions;
  readonly power = new Power();
  readonly clock = twinClock();
  readonly random: TwinRandom;
  readonly upstream: ToyUpstream;
  readonly old: Key;
  /** What the clients hold at the beginning. */
  readonly used: Key;
  readonly disk: DiskTwin;
  readonly processes: ReturnType<typeof createProcessesTwin>;
  readonly memory = journalMemory();
  readonly keyring = keyringMemory();
  readonly browser = twinBrowser();
  readonly callbacks = twinCallbacks(this.clock);
  readonly ports: Ports;
  readonly adapters: Adapters;
  /** Everything that was shown, for the search for secrets. */
  readonly shown: string[] = [];
  /** Processes of ours that run now; a cut ends them and others come after it. */
  readonly ours = new Set([10]);
  /** Texts of the keys that the person made and gave to the tool. */
  readonly handedOver = new Set<string>();
  /** Somebody else revoked the old key: what still holds it is no fault of ours. */
  oldLost = false;
  /** So many of the next program starts use what the program had read before, not the file (failure mode 20). */
  cachedStarts = 0;
  /** How the MCP servers take a call. */
  server: (key: string) => ToolOutcome = (key) => honestServer(key, this);
  readonly #counters = new Map<string, number>(configs.map((config) => [config.path, 1]));
  readonly #programs = new Map<string, { program: ProcessInfo; server: ProcessInfo }>();
  readonly #asked = new Map<Need['kind'], number>();
  #boots = 0;
  #id: string | undefined;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = twinRandom(options.seed);
    this.upstream = new ToyUpstream(this.power, this.clock);
    this.old = this.upstream.add({ text: toyText(this.random), label: '', madeBy: 'somebody' });
    this.used = options.lone ? this.upstream.add({ text: toyText(this.random), label: '', madeBy: 'somebody' }) : this.old;
    const files = Object.fromEntries(configs.map((config) => [config.path, config.text(this.used.text, 1)]));
    this.disk = createDiskTwin({ files, onEffect: (effect) => this.power.disk(effect), now: () => this.clock.now() });
    this.processes = createProcessesTwin({
      clock: this.clock,
      around: async (name, act) => {
        this.power.before(name);
        const result = await act();
        this.power.after(name);
        return result;
      },
    });
    this.ports = this.portsOf(10);
    this.adapters = {
      clients: [claudeCode, codex, cursor],
      providers: [toyProvider(options.kind, this.upstream, this.random)],
      stores: [],
    };
    for (const config of configs) this.#startProgram(config);
    this.power.onEffect = (name) => this.#after(name);
    this.upstream.onIssue = (text) => assertMayIssue(this, text);
    this.upstream.onRevoke = (key, by) => assertMayRevoke(this, key, by);
  }

  /** The ports as one process of ours sees them, by its process id. */
  portsOf(pid: number): Ports {
    const unused = (): Promise<never> => Promise.reject(new Error('no toy is reached this way'));
    const store = twinJournalStore(this.memory, {
      before: (name) => {
        this.power.before(name);
        if (name === 'journal.renew' || name === 'journal.release') return;
        if (!this.power.refuses(name, this.power.count)) return;
        throw new Problem('state/unusable', { what: 'the journal cannot be written: the disk is full' });
      },
      after: (name) => this.power.after(name),
    });
    return {
      host: twinHost(),
      disk: this.disk,
      clock: this.clock,
      random: this.random,
      net: { send: unused },
      databases: { postgresql: unused, mysql: unused, redis: unused },
      processes: {
        ...this.processes,
        self: async () => this.#self(pid),
        list: async () => [
          ...(await this.processes.list()),
          ...[...this.ours].filter((other) => other !== pid).map((other) => this.#self(other)),
        ],
      },
      keyring: twinKeyring(this.keyring),
      browser: this.browser,
      callbacks: this.callbacks,
      git: noGit,
      searches: noSearches,
      mcp: this.#mcp(),
      journal: async () => store,
    };
  }

  #self(pid: number): ProcessInfo {
    const now = pid + this.#boots;
    return { pid: now, parent: 1, name: 'mcp-rotate', startedAt: 0, identity: `${now}:self`, terminal: true };
  }

  /** Is this one of our processes that run now? */
  runs(pid: number): boolean {
    return [...this.ours].some((each) => each + this.#boots === pid);
  }

  engine(ports: Ports = this.ports): Rotations {
    const parts = this.options.plant?.({ ports, adapters: this.adapters }) ?? { ports, adapters: this.adapters };
    const seal = this.options.seal === 'real' ? createSealer : async () => toySealer;
    return createRotations(parts.ports, parts.adapters, { createSealer: seal });
  }

  /** After a cut: what was in memory is gone, programs run on. */
  reboot(): void {
    this.#boots++;
    this.power.restore();
  }

  #after(effect: string): void {
    if (effect.startsWith('disk.rename')) for (const config of configs) if (config.watches) this.#startProgram(config);
    assertAfter(this, effect);
  }

  text(config: ConfigFile): string {
    return this.disk.text(config.path) ?? '';
  }

  keyIn(config: ConfigFile): string {
    return keyOf(this.text(config));
  }

  configKeys(): string[] {
    return configs.map((config) => this.keyIn(config));
  }

  counterOf(config: ConfigFile): number {
    return this.#counters.get(config.path) ?? 0;
  }

  heldByServerOf(config: ConfigFile): Held | undefined {
    const server = this.#programs.get(config.client)?.server;
    return server && this.processes.held(server.pid);
  }

  /** A client rewrites its own file, as clients do at any time: takes the file as it is and counts up. */
  clientWrites(index: number): void {
    const config = configs[index % configs.length];
    if (!config) return;
    const counter = this.counterOf(config) + 1;
    this.#counters.set(config.path, counter);
    this.disk.write(config.path, config.text(this.keyIn(config), counter));
  }

  /** A lock that a dead process left looks fresh to a clock that was set back: a person removes it. */
  removeLocks(): void {
    for (const config of configs) this.disk.delete(`${config.path}.lock`);
  }

  /** Somebody revokes the old key: the provider's partner scan, a colleague. */
  somebodyRevokesOld(): void {
    if (this.old.deadFrom === undefined) this.oldLost = true;
    this.upstream.revoke(this.old, 'somebody');
  }

  #startProgram(config: ConfigFile): void {
    const running = this.#programs.get(config.client);
    const cached = running && this.cachedStarts-- > 0 ? this.processes.held(running.server.pid) : undefined;
    if (running) this.processes.end(running.program.pid);
    const program = this.processes.start({
      name: config.client,
      executable: `/opt/${config.client}`,
      terminal: config.terminal,
      ...(this.options.quits ? { quits: this.options.quits } : {}),
    });
    const pickUp = (): Held => cached ?? { env: { GITHUB_PERSONAL_ACCESS_TOKEN: this.keyIn(config) }, args: [] };
    const server = this.processes.start({ name: 'node', parent: program.pid, pickUp });
    this.#programs.set(config.client, { program, server });
  }

  restartPrograms(): void {
    for (const config of configs) this.#startProgram(config);
  }

  #mcp(): Mcp {
    const keyOfLaunch = (launch: ServerLaunch): string =>
      launch.kind === 'stdio' ? (launch.env['GITHUB_PERSONAL_ACCESS_TOKEN'] ?? '') : '';
    return {
      call: async (launch) => {
        const key = keyOfLaunch(launch);
        const startedAt = this.clock.now();
        const answer = this.upstream.look(() => this.server(key));
        return { outcome: answer ?? { kind: 'timeout', stage: 'call' }, startedAt, tookMs: 1 };
      },
      tools: async () => ['get_me', 'search_repositories'],
    };
  }

  /** What a person does when asked. */
  async person(need: Need): Promise<PersonAnswer> {
    this.shown.push(JSON.stringify(need));
    const asked = this.#asked.get(need.kind) ?? 0;
    this.#asked.set(need.kind, asked + 1);
    return answerOf(this, need, asked);
  }

  /** The id that a person types; a lone key is handed over by its text. */
  async credentialId(engine: Rotations = this.engine()): Promise<string> {
    const { lone } = this.options;
    if (lone) return (await engine.takeLone([loneKey(this, lone)], []))[0] ?? '';
    if (this.#id !== undefined) return this.#id;
    const { credentials } = await collect(this.ports, this.adapters, { folders: [] });
    this.#id = credentials.find((credential) => credential.provider === 'toy')?.id;
    if (this.#id === undefined) throw new Error('no client holds a toy key');
    return this.#id;
  }

  /** After a look at the list: the id changes while the machine cannot keep the key of fingerprints. */
  forgetId(): void {
    this.#id = undefined;
  }

  assertEnd(state: 'complete' | 'rolled-back'): void {
    assertEnd(this, state);
  }
}

function loneKey({ old }: World, lone: 'known' | 'attended'): LoneKey {
  if (lone === 'known') return { provider: 'toy', held: { kind: 'token', parts: { token: new Secret(old.text) }, context: {} } };
  const page = { url: 'https://elsewhere.example/keys', steps: [`Revoke the key ${old.id}.`] };
  return { provider: 'elsewhere', held: unknownHeld(old.text), attended: { name: 'Elsewhere', page } };
}

/** What the server's call answers, by its recipe. */
export const githubAnswer = '{"total_count": 1, "items": []}';

export function honestServer(key: string, world: World): ToolOutcome {
  if (world.upstream.works(key)) return { kind: 'answered', isError: false, text: githubAnswer };
  return { kind: 'rpc-error', code: -32603, text: 'Bad credentials' };
}
