/**
 * What the demo needs of the outside world: a scratch folder with a home in it, a real PostgreSQL, and stand-ins for
 * three clients that keep real MCP servers busy. Whatever was started or written is gone after `close`.
 */
import type { Secret } from '../base/secret.ts';
import type { FilePath } from './disk.ts';

export interface ScratchDatabase {
  readonly host: string;
  readonly port: number;
  readonly adminUser: string;
  readonly adminPassword: Secret;
}

export interface Calls {
  readonly made: number;
  readonly failed: number;
}

/** Plays one client: reads its config file, starts its server, calls a tool steadily. */
export interface StandIn {
  readonly client: string;
  /** Process id of the server that it uses now. */
  serverPid(): number | undefined;
  calls(): Calls;
  /** Reads the config again, starts a new server, moves the calls over, ends the old one: no call is lost. */
  restart(): Promise<void>;
}

export interface StandInOptions {
  readonly client: string;
  readonly configFile: FilePath;
  readonly format: 'json' | 'toml';
  /** Path to the map of servers in the file, and the server's name in it. */
  readonly servers: string;
  readonly server: string;
  /** Does it restart its server by itself when the file changes? */
  readonly watches: boolean;
}

export interface Scratch {
  readonly folder: FilePath;
  readonly home: FilePath;
  readonly stateFolder: FilePath;
  /** Program and first argument that start the PostgreSQL MCP server. */
  readonly serverCommand: { readonly program: FilePath; readonly script: FilePath };
  startDatabase(): Promise<ScratchDatabase>;
  startClient(options: StandInOptions): Promise<StandIn>;
  /** Ends every process that was started and removes the folder. Safe to call twice. */
  close(): Promise<void>;
}

export interface DemoWorld {
  /** Problem: usage/wrong when the parts of the demo are not installed (a packed install has none). */
  open(): Promise<Scratch>;
}
