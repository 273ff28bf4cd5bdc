/**
 * Contract of a client folder: everything known about one MCP client, as data where it can be.
 *
 * A client never touches the disk. It says where its files are, how an entry is shaped, which references it resolves
 * and from where, how a change is picked up, and what a person must press. `inventory/` does the reading. "How a place
 * is updated" (config rows) and "how the client picks it up" (pickup) are two things.
 */
import type { Format, Tree } from '../documents/document.ts';
import type { Os } from '../ports/host.ts';

export type Scope = 'user' | 'local' | 'project' | 'profile' | 'managed' | 'plugin' | 'extension';

/**
 * One config file (or family of files).
 *
 * `path`: `~` is the home; `<project>` each project folder; `${NAME}` an environment variable (the row is skipped when
 * it is unset) and `${NAME:-text}` one with a default; `*` any part of one folder or file name; `**` up to six folders,
 * or none. Windows rows use `/`.
 */
export interface ConfigRow {
  readonly scope: Scope;
  readonly os: readonly Os[] | 'all';
  readonly path: string;
  readonly format: Format;
  /**
   * Path to the map of servers; `*` stands for any key (`['projects', '*', 'mcpServers']`). With scope 'local' that key
   * is the project folder.
   */
  readonly servers: readonly string[];
  /** The client also looks in every folder above the project, up to the home or the root. */
  readonly upwards?: true;
  /** References of this file, where they differ from the client's. */
  readonly references?: readonly Reference[];
  /** Set when the tool must not write here: what a person does instead. */
  readonly byHand?: string;
}

/** The field names of a server entry. A field that a client does not have is left out. */
export interface EntryShape {
  /** A string, or an array whose first item is the program. */
  readonly command: string;
  readonly args?: string;
  readonly env?: string;
  /** Path of an env file, relative to the project folder (or config's folder). */
  readonly envFile?: string;
  readonly folder?: string;
  readonly url?: readonly string[];
  readonly headers?: string;
  /** Names of variables passed through from the client's own environment. */
  readonly passThrough?: string;
  /** Name of the variable that holds a bearer token. */
  readonly bearerFrom?: string;
  /** Map of header name to variable name. */
  readonly headersFrom?: string;
  /** A command that prints the headers: what it prints cannot be seen or edited from here. */
  readonly headersHelper?: string;
  /** Paths of further fields that hold a secret (`['oauth', 'clientSecret']`). */
  readonly secrets?: readonly (readonly string[])[];
  /** Is this entry switched off? */
  readonly disabled?: (entry: ReadonlyMap<string, Tree>) => boolean;
  /** 'http' unless the entry says otherwise. */
  readonly transport?: (entry: ReadonlyMap<string, Tree>) => 'http' | 'sse';
}

/**
 * A reference inside a value. `${VAR}` 'brace'; `${VAR:-x}` 'brace-default'; `${env:VAR}` 'env-colon'; `{env:VAR}`
 * 'curly-env'; `$VAR` 'dollar'; `%VAR%` 'percent'; `${input:id}` 'input'; `${file:/p}` 'file-colon'; `{file:p}` 'curly-file';
 * `${user_config.KEY}` 'user-config'. 'input' and 'user-config' are answers that the client keeps in its own store.
 */
export type Reference =
  | 'brace'
  | 'brace-default'
  | 'env-colon'
  | 'curly-env'
  | 'dollar'
  | 'percent'
  | 'input'
  | 'file-colon'
  | 'curly-file'
  | 'user-config';

/**
 * Where a variable's literal may stand, in the order in which the client looks. 'process': its own environment, whose
 * literals we look for in the shell profiles and, failing that, report as a place that cannot be edited from outside.
 */
export type VariableSource =
  | { readonly kind: 'process' }
  /**
   * The first of these dotenv files that exists is read, no other. Paths as in config rows, without `*`; `upwards`: those
   * with `<project>` are looked for in the project, then in each folder above it. `only`: asked when a server is started,
   * for values of its env or headers; by then a reference with a default has taken the default.
   */
  | {
      readonly kind: 'env-file';
      readonly paths: readonly string[];
      readonly upwards?: true;
      readonly only?: readonly ('env' | 'header')[];
    }
  /** A map of names to values inside a JSON file, e.g. `env` of Claude Code's settings. */
  | {
      readonly kind: 'settings';
      readonly path: string;
      readonly format: Format;
      readonly at: readonly string[];
      /** As in config rows. */
      readonly byHand?: string;
    };

/** How a running client comes to use a changed file. */
export type Pickup =
  /** Watches the file and restarts the server by itself. */
  | 'watches'
  /** A person restarts that one server inside the client. */
  | 'server'
  /** The whole program must be ended and started again. */
  | 'program';

export type BuiltIn = 'home' | 'project' | 'project-name' | 'config-folder' | 'separator';

export interface ProgramNames {
  readonly linux: readonly string[];
  readonly macos: readonly string[];
  readonly windows: readonly string[];
}

export interface Client {
  /** The folder's name. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'cli' | 'ide' | 'desktop';
  readonly configs: readonly ConfigRow[];
  readonly entry: EntryShape;
  readonly references: readonly Reference[];
  readonly variables: readonly VariableSource[];
  /** Names that the client itself replaces, as written (`${workspaceFolder}`), and by what. */
  readonly builtIns: Readonly<Record<string, BuiltIn>>;
  /** Where a person changes an answer that the client keeps in its own store. One sentence. */
  readonly ownStore?: string;
  /** Project folders that the client itself lists, e.g. the keys of `projects`: file and path of the map. */
  readonly projectLists: readonly { readonly path: string; readonly format: Format; readonly at: readonly string[] }[];
  /** Where the client keeps which servers of a project the person approved: a list of names. A `*` is the project's folder. */
  readonly approvals?: { readonly path: string; readonly format: Format; readonly at: readonly string[] };
  /** Lock that the client takes on a config file before rewriting it; `<file>` is the file's path. */
  readonly locks: readonly { readonly file: string; readonly lock: string; readonly staleMs: number }[];
  readonly pickup: Pickup;
  /** A change of an environment variable (not of the file) always needs a new program, whatever `pickup` says. */
  readonly programs: ProgramNames;
  /** Which program may be quit and relaunched by `--restart`; terminal programs never are. */
  readonly restart: {
    readonly relaunch: boolean;
    /** What a person does, e.g. "end the session (Ctrl-D) and start claude again". One sentence. */
    readonly byHand: string;
  };
  /** Places where values spill: paths with `~`, `<project>` and `*`. */
  readonly spills: readonly string[];
}
