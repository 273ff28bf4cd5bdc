/**
 * Kit for whole leaks: the program's `leak` over every real part (disk, journal's file, sealer, inventory, clients, provider,
 * batching, git) and the toy GitHub, in a scratch home with real repositories. Only the clock, the keyring, the process table
 * and the MCP servers are twins. Each command has ports of its own over the same journal file, as processes of a person have.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createUseCases } from '../../src/cli/use-cases.ts';
import { openJournalStore } from '../../src/platform/journal-store.ts';
import { journalFile } from '../../src/ports/journal-store.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { clients, providers } from '../../src/registry.ts';
import { quietMs } from '../../src/rotation/batch.ts';
import { openJournal } from '../../src/rotation/journal/journal.ts';
import type { Receipt } from '../../src/rotation/rotation.ts';
import { type Recorded, runCommand, type WorldOptions } from '../cli/world.ts';
import { scratchMachine } from '../kits/machine.ts';
import { findSpill } from '../kits/spills.ts';
import { ToyGitHub } from '../toys/github.ts';
import { routed } from '../toys/server.ts';
import { twinBrowser } from '../twins/browser.ts';
import { twinCallbacks } from '../twins/callback.ts';
import { twinKeyring } from '../twins/keyring.ts';
import { createMcpTwin, upstreamServers } from '../twins/mcp.ts';
import { createProcessesTwin } from '../twins/processes.ts';
import { noGit, noSearches } from '../twins/searches.ts';
import { WholeClock } from './clock.ts';

export interface LeakHome extends AsyncDisposable {
  readonly toy: ToyGitHub;
  readonly clock: WholeClock;
  readonly home: string;
  readonly env: Record<string, string>;
  readonly ran: readonly (readonly string[])[];
  write(path: string, text: string, mode?: number): Promise<string>;
  text(path: string): Promise<string>;
  /** A config of a client that holds this token. */
  config(client: 'claude' | 'cursor', servers: Readonly<Record<string, string>>): Promise<void>;
  leak(words: readonly string[], options?: WorldOptions): Promise<Recorded>;
  run(words: readonly string[], options?: WorldOptions): Promise<Recorded>;
  /** Pages that were opened, in order. */
  readonly opened: readonly string[];
  /** A git repository in the home. */
  repository(name: string): Promise<{ readonly path: string; git(...args: string[]): string }>;
  receipts(): Promise<readonly Receipt[]>;
  /** Nothing of these stands in state folder, outputs, journal or the arguments of programs that were run. */
  assertNoSpill(secrets: readonly string[], outputs: readonly Recorded[]): Promise<void>;
  /** Names of what is still sealed. */
  sealed(): Promise<readonly string[]>;
}

/** While rotations gather for one call real time counts: on a busy machine they come late. */
class LeakClock extends WholeClock {
  override async sleep(length: number, signal?: AbortSignal): Promise<void> {
    if (length === quietMs) await new Promise((resolve) => setTimeout(resolve, 10 * quietMs));
    return super.sleep(length, signal);
  }
}

export async function leakHome(searches?: (host: Ports['host']) => Pick<Ports, 'git' | 'searches'>): Promise<LeakHome> {
  const machine = await scratchMachine();
  const clock = new LeakClock();
  const toy = await ToyGitHub.start(clock);
  const twin = createProcessesTwin({ clock });
  const journal = openJournalStore(journalFile(machine.ports.host));
  const keyring = twinKeyring();
  const browser = twinBrowser();
  const knows = (launch: unknown): boolean => toy.live().some(({ text }) => JSON.stringify(launch).includes(text));
  const ports: Ports = {
    ...machine.ports,
    clock,
    net: routed({ 'https://api.github.com': toy.server.url }),
    databases: {
      postgresql: () => Promise.reject(new Error('none here')),
      mysql: () => Promise.reject(new Error('none here')),
      redis: () => Promise.reject(new Error('none here')),
    },
    keyring,
    browser,
    callbacks: twinCallbacks(clock),
    git: noGit,
    searches: noSearches,
    ...searches?.(machine.ports.host),
    processes: { ...twin, run: machine.ports.processes.run, which: machine.ports.processes.which },
    mcp: createMcpTwin({ clock, world: upstreamServers({ knows: async (launch) => (knows(launch) ? 'yes' : 'no') }) }),
    journal: () => journal,
  };
  const run: LeakHome['run'] = (words, options = {}) =>
    runCommand(words, {
      ...options,
      useCases: createUseCases(ports, async () => ({ clients, providers, stores: [] }), { version: () => '1.2.3' }),
    });
  return {
    toy,
    clock,
    home: machine.home,
    env: machine.env,
    ran: machine.ran,
    opened: browser.opened,
    write: (path, text, mode) => machine.write(path, text, mode),
    text: (path) => machine.text(path),
    async config(client, servers) {
      const entries = Object.entries(servers).map(([name, token]) => [
        name,
        { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'], env: { GITHUB_PERSONAL_ACCESS_TOKEN: token } },
      ]);
      const path = client === 'claude' ? '~/.claude.json' : '~/.cursor/mcp.json';
      await machine.write(path, `${JSON.stringify({ mcpServers: Object.fromEntries(entries) }, null, 2)}\n`);
    },
    run,
    leak: (words, options) => run(['leak', ...words], options),
    async repository(name) {
      const path = join(machine.home, name);
      await mkdir(path, { recursive: true });
      const git = (...args: string[]): string =>
        execFileSync(
          'git',
          ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'init.defaultBranch=main', ...args],
          {
            cwd: path,
            encoding: 'utf8',
            env: { PATH: process.env['PATH'] ?? '', HOME: machine.home, GIT_CONFIG_NOSYSTEM: '1' },
          },
        );
      git('init', '--quiet');
      return { path, git };
    },
    async receipts() {
      const entries = await openJournal(await journal, machine.ports.random).all();
      return entries.flatMap((entry) => (entry.kind === 'closed' ? [entry.receipt] : []));
    },
    async assertNoSpill(secrets, outputs) {
      const hidden = secrets.map((text) => new Secret(text));
      const state = join(machine.home, '.local/state/mcp-rotate');
      const files = readdirSync(state, { recursive: true, withFileTypes: true })
        .filter((each) => each.isFile())
        .map((each) => readFileSync(join(each.parentPath, each.name)).toString('latin1'));
      const entries = await openJournal(await journal, machine.ports.random).all();
      for (const seen of [files, entries, outputs, machine.ran]) expect(findSpill(seen, hidden)).toBeUndefined();
    },
    async sealed() {
      return (await journal).sealedRotations();
    },
    async [Symbol.asyncDispose]() {
      await (await journal).close();
      await toy.server.close();
      await machine[Symbol.asyncDispose]();
    },
  };
}
