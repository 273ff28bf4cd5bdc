/**
 * The failing world: a made-up machine with three clients that share one key, a toy upstream, a person, and a power
 * supply that can be cut around every effect. The promises of the design are asserted after each of them.
 *
 * What is durable (files, journal, upstream, running programs) outlives a cut; what was in memory does not. The engine,
 * inventory, documents, clients and verification are the real ones; only the ports have twins.
 */
import { expect } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { client as claudeCode } from '../../src/clients/claude-code/client.ts';
import { client as codex } from '../../src/clients/codex/client.ts';
import { client as cursor } from '../../src/clients/cursor/client.ts';
import type { Adapters } from '../../src/inventory/adapters.ts';
import { collect } from '../../src/inventory/collect.ts';
import type { Mcp, ServerLaunch } from '../../src/ports/mcp.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { ProcessInfo } from '../../src/ports/processes.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import type { Because, Need, PersonAnswer, Rotations } from '../../src/rotation/rotation.ts';
import { twinClock } from '../twins/clock.ts';
import { twinHost } from '../twins/host.ts';
import { journalMemory, twinJournalStore } from '../twins/journal-store.ts';
import { twinKeyring } from '../twins/keyring.ts';
import { createProcessesTwin } from '../twins/processes.ts';
import { twinRandom } from '../twins/random.ts';
import { Power } from './power.ts';
import { type Kind, toyProvider, toyText } from './toy-providers.ts';
import { toySealer } from './toy-sealer.ts';
import { type Key, ToyUpstream } from './upstream.ts';
import { createWorldDisk } from './world-disk.ts';

const home = '/home/ada';

/** A config file as its client writes it: with the key, and with a counter that the client itself counts up. */
interface ConfigFile {
  readonly path: string;
  readonly client: string;
  readonly terminal: boolean;
  /** Takes a change up by itself. */
  readonly watches: boolean;
  text(key: string, counter: number): string;
}

const configs: readonly ConfigFile[] = [
  {
    path: `${home}/.claude.json`,
    client: 'claude',
    terminal: true,
    watches: false,
    text: (key, counter) =>
      `{\n\t"numStartups": ${counter},\r\n  "mcpServers": {"one": {"type": "stdio", "command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],\n` +
      `    "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${key}"}}},  "tipsHistory": {}}`,
  },
  {
    path: `${home}/.codex/config.toml`,
    client: 'codex',
    terminal: true,
    watches: false,
    text: (key, counter) =>
      `# kept by hand ${counter}\nmodel = "x"\n\n[mcp_servers.two]\ncommand = "npx"\nargs = ["-y", "@modelcontextprotocol/server-github"]\n` +
      `env = { GITHUB_PERSONAL_ACCESS_TOKEN = "${key}" } # do not lose\n`,
  },
  {
    path: `${home}/.cursor/mcp.json`,
    client: 'cursor',
    terminal: false,
    watches: true,
    text: (key, counter) =>
      `﻿{"counter":${counter},"mcpServers":{"three":{"command":"npx","args":["-y","@modelcontextprotocol/server-github"],"env":{"GITHUB_PERSONAL_ACCESS_TOKEN":"${key}"}}}}\n`,
  },
];

export interface WorldOptions {
  readonly kind: Kind;
  readonly because: Because;
  readonly seed: number;
  readonly soakMs?: number;
}

export class World {
  readonly options: WorldOptions;
  readonly power = new Power();
  readonly clock = twinClock();
  readonly upstream: ToyUpstream;
  readonly old: Key;
  readonly ports: Ports;
  readonly adapters: Adapters;
  readonly disk: ReturnType<typeof createWorldDisk>;
  readonly processes: ReturnType<typeof createProcessesTwin>;
  readonly memory = journalMemory();
  /** Everything that was shown, for the search for secrets. */
  readonly shown: string[] = [];
  readonly #counters = new Map<string, number>(configs.map((config) => [config.path, 1]));
  readonly #programs = new Map<string, { program: ProcessInfo; server: ProcessInfo }>();
  readonly #random: ReturnType<typeof twinRandom>;
  #boots = 0;
  #restarts = 0;
  /** Was the old key revoked in an overlapping playbook while everything was proven? Set by the promise check. */
  revokedOld = false;

  constructor(options: WorldOptions) {
    this.options = options;
    this.#random = twinRandom(options.seed);
    this.upstream = new ToyUpstream(this.power, this.clock);
    this.old = this.upstream.add({ text: toyText(this.#random), label: '', madeBy: 'somebody' });
    const files = Object.fromEntries(configs.map((config) => [config.path, config.text(this.old.text, 1)]));
    const hooks = { before: (name: string) => this.power.before(name), after: (name: string) => this.power.after(name) };
    this.disk = createWorldDisk(files, hooks, this.clock);
    this.processes = createProcessesTwin({
      clock: this.clock,
      around: async (name, act) => {
        this.power.before(name);
        const result = await act();
        this.power.after(name);
        return result;
      },
    });
    const host = twinHost();
    const store = twinJournalStore(this.memory, hooks);
    this.ports = {
      host,
      disk: this.disk,
      clock: this.clock,
      random: this.#random,
      net: { send: () => Promise.reject(new Error('no toy speaks HTTP')) },
      databases: {
        postgresql: () => Promise.reject(new Error('no toy is a database')),
        mysql: () => Promise.reject(new Error('no toy is a database')),
        redis: () => Promise.reject(new Error('no toy is a database')),
      },
      processes: { ...this.processes, self: async () => this.#self() },
      keyring: twinKeyring(),
      mcp: this.#mcp(),
      journal: async () => store,
    };
    this.adapters = {
      clients: [claudeCode, codex, cursor],
      providers: [toyProvider(options.kind, this.upstream, this.#random)],
    };
    for (const config of configs) this.#startProgram(config);
    this.power.onEffect = (name) => this.assertPromises(name);
  }

  engine(): Rotations {
    return createRotations(this.ports, this.adapters, { createSealer: async () => toySealer });
  }

  /** After a cut: what was in memory is gone, programs run on. */
  reboot(): void {
    this.#boots++;
    this.power.restore();
  }

  #self(): ProcessInfo {
    const pid = 10 + this.#boots;
    return { pid, parent: 1, name: 'mcp-rotate', startedAt: 0, identity: `${pid}:self`, terminal: true };
  }

  keyIn(config: ConfigFile): string {
    const match = /tok_[a-z0-9]{16}/.exec(this.disk.text(config.path));
    return match?.[0] ?? '';
  }

  /** A client rewrites its own file, as clients do at any time: takes the file as it is and counts up. */
  clientWrites(index: number): void {
    const config = configs[index % configs.length];
    if (!config) return;
    const counter = (this.#counters.get(config.path) ?? 0) + 1;
    this.#counters.set(config.path, counter);
    this.disk.put(config.path, config.text(this.keyIn(config), counter));
  }

  #startProgram(config: ConfigFile): void {
    const running = this.#programs.get(config.client);
    if (running) this.processes.end(running.program.pid);
    const program = this.processes.start({ name: config.client, terminal: config.terminal });
    const pickUp = () => ({ env: { GITHUB_PERSONAL_ACCESS_TOKEN: this.keyIn(config) }, args: [] });
    const server = this.processes.start({ name: 'node', parent: program.pid, pickUp });
    this.#programs.set(config.client, { program, server });
  }

  restartPrograms(): void {
    for (const config of configs) this.#startProgram(config);
  }

  #mcp(): Mcp {
    const keyOf = (launch: ServerLaunch): string =>
      launch.kind === 'stdio' ? (launch.env['GITHUB_PERSONAL_ACCESS_TOKEN'] ?? '') : '';
    return {
      call: async (launch) => {
        const works = this.upstream.look(() => this.upstream.works(keyOf(launch)));
        const startedAt = this.clock.now();
        if (works === undefined) return { outcome: { kind: 'timeout', stage: 'call' }, startedAt, tookMs: 1 };
        if (works) return { outcome: { kind: 'answered', isError: false, text: '{"login":"ada"}' }, startedAt, tookMs: 1 };
        return { outcome: { kind: 'rpc-error', code: -32603, text: 'Bad credentials' }, startedAt, tookMs: 1 };
      },
      tools: async () => ['get_me', 'search_repositories'],
    };
  }

  /** What a person does when asked; honest and able. */
  async person(need: Need): Promise<PersonAnswer> {
    this.shown.push(JSON.stringify(need));
    if (need.kind === 'new-credential') {
      const key = this.upstream.add({ text: toyText(this.#random), label: 'by hand', madeBy: 'person' });
      return { kind: 'new-credential', parts: { token: new Secret(key.text) } };
    }
    if (need.kind === 'revoke-by-hand') {
      for (const key of this.upstream.keys) if (need.page.steps.includes(`Revoke the key ${key.id}.`)) this.upstream.revoke(key);
      return { kind: 'done' };
    }
    if (need.kind === 'restart-by-hand') {
      this.restartPrograms();
      // A clock that was set back makes every program look older than the write: after a while a person says so.
      return { kind: this.#restarts++ < 3 ? 'done' : 'accept' };
    }
    if (need.kind === 'confirm-strays' && need.strays.length === 0) {
      const used = new Set([...this.configKeys(), this.old.text]);
      for (const key of this.upstream.keys) if (key.madeBy === 'us' && !used.has(key.text)) this.upstream.revoke(key);
      return { kind: 'done' };
    }
    if (need.kind === 'edit-by-hand') return { kind: 'done' };
    return { kind: 'accept' };
  }

  /** The id that a person types. */
  async credentialId(): Promise<string> {
    const { credentials } = await collect(this.ports, this.adapters, { folders: [] });
    const id = credentials.find((credential) => credential.provider === 'toy')?.id;
    if (id === undefined) throw new Error('no client holds a toy key');
    return id;
  }

  configKeys(): string[] {
    return configs.map((config) => this.keyIn(config));
  }

  /** The promises, after every effect. */
  assertPromises(effect: string): void {
    for (const config of configs) {
      if (config.watches && effect.includes('replace')) this.#startProgram(config);
      this.#assertWhole(config, effect);
    }
    const { because, kind } = this.options;
    const overlapping = because !== 'leak' && !kind.startsWith('replaces');
    if (overlapping) this.#assertNotLockedOut(effect);
    if (overlapping && this.old.deadFrom !== undefined && !this.revokedOld) this.#assertProvenBeforeRevoked(effect);
    this.revokedOld ||= this.old.deadFrom !== undefined;
  }

  /** Promise 5 and 7: every byte but the key, and nothing that the client wrote meanwhile is lost. */
  #assertWhole(config: ConfigFile, effect: string): void {
    const text = this.disk.text(config.path);
    const expected = config.text(this.keyIn(config), this.#counters.get(config.path) ?? 0);
    if (text !== expected) throw new Error(`after "${effect}" ${config.path} is not as it was but for the key`);
  }

  /** Promise 1. */
  #assertNotLockedOut(effect: string): void {
    for (const config of configs) {
      if (!this.upstream.works(this.keyIn(config))) {
        throw new Error(`after "${effect}" ${config.client} holds a key that does not work`);
      }
    }
  }

  /** Promise 2. */
  #assertProvenBeforeRevoked(effect: string): void {
    for (const config of configs) {
      if (this.keyIn(config) === this.old.text) throw new Error(`"${effect}" ended the old key while ${config.client} held it`);
    }
    for (const config of configs) {
      const server = this.#programs.get(config.client)?.server;
      const held = JSON.stringify(server && this.processes.held(server.pid));
      if (held?.includes(this.old.text)) throw new Error(`"${effect}" ended the old key while ${config.client} ran with it`);
    }
  }

  /** At the end of a rotation that is complete or rolled back. */
  assertEnd(state: 'complete' | 'rolled-back'): void {
    const keys = new Set(this.configKeys());
    expect(keys.size, 'all clients hold one key').toBe(1);
    const [key = ''] = keys;
    expect(this.upstream.works(key), 'the key in the clients works').toBe(true);
    if (state === 'complete') {
      expect(key, 'the clients hold a new key').not.toBe(this.old.text);
      expect(this.upstream.works(this.old.text), 'the old key is dead').toBe(false);
    } else {
      expect(key, 'the clients hold the old key').toBe(this.old.text);
    }
    // A key whose text was lost cannot be tried: it counts as ended when it was revoked.
    const strays = this.upstream
      .live()
      .filter((one) => one.text !== key && one.madeBy !== 'person' && one.deadFrom === undefined);
    expect(
      strays.map((one) => one.id),
      'no unknown live key',
    ).toEqual([]);
    expect(
      [...this.memory.sealed.values()].flatMap((names) => [...names.keys()]),
      'sealed values are shredded',
    ).toEqual([]);
    this.assertNothingSpilled();
  }

  /** Promise 6. */
  assertNothingSpilled(): void {
    const texts = [...this.memory.entries.map((entry) => entry.body), ...this.shown, ...this.disk.stateTexts()];
    for (const { text } of this.upstream.keys) {
      const spill = texts.find((one) => one.includes(text));
      if (spill !== undefined) throw new Error(`a key was spilled: ${spill.replaceAll(text, '[the key]').slice(0, 200)}`);
    }
  }
}
