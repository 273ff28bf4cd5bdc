/** All ports together, as main.ts puts them and as tests replace them. */
import type { Browser } from './browser.ts';
import type { Callbacks } from './callback.ts';
import type { Clock } from './clock.ts';
import type { Databases } from './databases.ts';
import type { Disk } from './disk.ts';
import type { Git } from './git.ts';
import type { Host } from './host.ts';
import type { JournalStore } from './journal-store.ts';
import type { Keyring } from './keyring.ts';
import type { Mcp } from './mcp.ts';
import type { Net } from './net.ts';
import type { Processes } from './processes.ts';
import type { Random } from './random.ts';
import type { Searches } from './searches.ts';

export interface Ports {
  readonly host: Host;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly net: Net;
  readonly databases: Databases;
  readonly processes: Processes;
  readonly keyring: Keyring;
  readonly mcp: Mcp;
  readonly browser: Browser;
  readonly callbacks: Callbacks;
  readonly git: Git;
  readonly searches: Searches;
  /** Opened at first use: `status` on a fresh machine makes no journal. */
  journal(): Promise<JournalStore>;
}

/** What a provider may use: nothing that touches this machine's files, keyring or processes. */
export type Upstream = Pick<Ports, 'clock' | 'random' | 'net' | 'databases'>;
