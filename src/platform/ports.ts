/**
 * The real ports, put together.
 *
 * `status` needs files, time and the process list's `run`; drivers, SDKs, the keyring and SQLite are loaded by the first
 * call that needs them. All methods of a lazy port answer promises, so a caller sees no difference.
 */
import type { Host } from '../ports/host.ts';
import { type JournalStore, journalFile } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import { createClock } from './clock.ts';
import { createDisk, systemCalls } from './disk.ts';
import { createHost } from './host.ts';
import { createRandom } from './random.ts';

type Methods<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...given: never[]) => Promise<unknown> ? Port[Name] : never;
};

/** A port whose module is loaded at its first call. Every method must be named: the type says so. */
function lazy<Port extends Methods<Port>>(load: () => Promise<Port>, names: { readonly [Name in keyof Port]: true }): Port {
  let loaded: Promise<Port> | undefined;
  const port: Partial<Record<keyof Port, unknown>> = {};
  for (const name of Object.keys(names) as (keyof Port)[]) {
    port[name] = async (...given: never[]) => {
      loaded ??= load();
      const real = await loaded;
      return (real[name] as (...given: never[]) => Promise<unknown>)(...given);
    };
  }
  return port as Port;
}

export interface PortsOptions {
  readonly host?: Host;
}

export function createPorts({ host = createHost() }: PortsOptions = {}): Ports {
  let journal: Promise<JournalStore> | undefined;
  const clock = createClock();
  const processes = lazy(async () => (await import('./processes.ts')).createProcesses(), {
    self: true,
    list: true,
    holding: true,
    run: true,
    runAsPerson: true,
    which: true,
    quit: true,
    launchOf: true,
    relaunch: true,
  });
  return {
    host,
    disk: createDisk(systemCalls, { folder: host.join(host.stateFolder, 'locks'), processes }),
    clock,
    random: createRandom(),
    net: lazy(async () => (await import('./net.ts')).createNet(), { send: true }),
    databases: lazy(async () => (await import('./databases.ts')).createDatabases(), {
      postgresql: true,
      mysql: true,
      redis: true,
    }),
    processes,
    keyring: lazy(async () => (await import('./keyring.ts')).createKeyring(host, processes), {
      list: true,
      get: true,
      set: true,
      remove: true,
    }),
    browser: lazy(async () => (await import('./browser.ts')).createBrowser({ host, processes, clock }), { open: true }),
    callbacks: lazy(async () => (await import('./callback.ts')).createCallbacks(), { listen: true }),
    git: lazy(async () => (await import('./git.ts')).createGit(host), {
      version: true,
      run: true,
      objects: true,
      asPerson: true,
    }),
    searches: lazy(async () => (await import('./searches.ts')).createSearches(host), { objects: true, files: true, bytes: true }),
    mcp: lazy(async () => (await import('./mcp.ts')).createMcp(), { call: true, tools: true }),
    journal: () => {
      journal ??= (async () => (await import('./journal-store.ts')).openJournalStore(journalFile(host)))();
      return journal;
    },
  };
}
