/**
 * Contract of a store folder: where one client keeps what it got by signing in to remote MCP servers, and in which form.
 *
 * A store never touches the disk or the keyring. It says where its texts lie and reads and changes them as texts; `oauth/`
 * does the rest, under the locks named here. Changing one entry leaves every other byte of the text as it is: in one blob lie
 * other servers' grants, and the client's own sign-in. What only its client may write is said to be so, and is cleared and
 * written by the client's own command.
 */
import type { Secret } from '../base/secret.ts';
import type { Instant, Milliseconds } from '../base/time.ts';
import type { FilePath, LockRule } from '../ports/disk.ts';
import type { Host, Os } from '../ports/host.ts';
import type { KeyringForm } from '../ports/keyring.ts';

/** What an authorization server issued in one answer, as a client keeps it. */
export interface Tokens {
  readonly access: Secret | undefined;
  readonly refresh: Secret | undefined;
  /** Of the access token; undefined when the store does not keep it. */
  readonly expiresAt: Instant | undefined;
  readonly scopes: readonly string[] | undefined;
}

/** Under which name the client is known to the authorization server. */
export interface Registration {
  readonly clientId: string;
  readonly clientSecret?: Secret;
  readonly clientSecretExpiresAt?: Instant;
  readonly redirectUris?: readonly string[];
  /** RFC 7592; clients of others never keep them. */
  readonly managementUri?: string;
  readonly managementToken?: Secret;
}

/** One entry of a text: what one client keeps for one server. */
export interface Entry {
  /** The store's own name for it: a map's key, a server's name in a list, a keyring account, a hash. Unique in its text. */
  readonly key: string;
  /** The client's name of the server; undefined when the store does not keep it. */
  readonly server: string | undefined;
  /** Address of the MCP server, as kept. */
  readonly url: string | undefined;
  readonly issuer: string | undefined;
  /** Where they were got, of a store that keeps this in place of the issuer. */
  readonly tokenEndpoint?: string | undefined;
  readonly registration: Registration | undefined;
  /** undefined: only a registration, or what a failed sign-in left. */
  readonly tokens: Tokens | undefined;
}

/** What is written for a server: both are there, so a client finds everything that it looks for. */
export interface NewEntry {
  readonly server: string;
  readonly url: string;
  readonly issuer: string;
  readonly registration: Registration;
  readonly tokens: Tokens & { readonly access: Secret };
  /** Token endpoint and resource, which some clients keep. */
  readonly tokenEndpoint: string;
  readonly resource: string;
  readonly writtenAt: Instant;
}

/** A server entry of the client's config, as far as names of entries are made from it. */
export interface ServerRef {
  readonly server: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: 'http' | 'sse';
}

/**
 * Where texts lie. `path` as in config rows (src/clients/client.ts: `~`, `${NAME:-text}`, `*`); one `*` in a 'folder' stands
 * for what differs from entry to entry.
 */
export type Row =
  /** One file with the entries of many servers. */
  | {
      readonly kind: 'file';
      readonly os: readonly Os[] | 'all';
      readonly path: string;
      /** Why it is no longer read: an older version's, a fallback. */
      readonly stale?: string;
      readonly beside?: Beside;
    }
  /** One file per server (a file without entries, beside others, is left alone). */
  | { readonly kind: 'folder'; readonly os: readonly Os[] | 'all'; readonly path: string; readonly stale?: string }
  /** One keyring item per server: all items of a service. */
  | {
      readonly kind: 'items';
      readonly os: readonly Os[] | 'all';
      /** One `*` in it: each item has a service of its own, which is then its text's name. */
      readonly service: string;
      /** Of a new item with a service of its own. */
      readonly account?: string;
      readonly form?: KeyringForm;
      readonly stale?: string;
      readonly beside?: Beside;
    }
  /** One keyring item with the entries of many servers. */
  | {
      readonly kind: 'blob';
      readonly os: readonly Os[] | 'all';
      readonly service: string;
      /** Made from the machine: Claude Code names it after the user. */
      account(host: Pick<Host, 'userName' | 'env'>): string;
      readonly form?: KeyringForm;
      readonly stale?: string;
    }
  /**
   * Names alone, in clear beside values that only the client can open (Electron's safeStorage, in an SQLite file that the
   * client keeps in memory): listed, never opened, cleared by a person in the client.
   */
  | { readonly kind: 'names'; readonly os: readonly Os[] | 'all'; readonly path: string };

/**
 * Path of a file that holds what belongs to a row's entries (the registrations, beside tokens in a keyring). Its text is given
 * with the row's texts under its path as name, and is changed with them; it has no entry of its own.
 */
type Beside = string;

/** How well a text is protected where it lies. 'weak': under a key that lies beside it or can be worked out. */
export type Protection = 'plain' | 'weak' | 'os';

/** Texts belong together when an entry is spread over several (mcp-remote: tokens in one file, registration in another). */
export interface Text {
  /** File path, or keyring account. */
  readonly name: string;
  readonly text: string;
}

/** The text as it shall be; undefined: the file or item is to be removed. Only texts that change are answered. */
export interface Change {
  readonly name: string;
  readonly text: string | undefined;
}

/** A client's own command, run without a shell. `<server>`, `<url>` in arguments are replaced. */
export interface ClientCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Set on top of the person's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** It refuses to run without a terminal. */
  readonly needsTerminal?: true;
}

export interface TokenStore {
  /** The folder's name. */
  readonly id: string;
  /** The client whose store it is: an id of src/clients, or a name of its own where there is no such folder (`mcp-remote`). */
  readonly client: string;
  readonly name: string;
  readonly rows: readonly Row[];
  protection(row: Row, host: Pick<Host, 'os'>): Protection;
  /** Names of running programs that keep tokens in memory and may write them back; as in Client.programs. */
  readonly programs: Readonly<Record<Os, readonly string[]>>;
  /** Locks to be held around read, change and write, in this order; `<file>`, `<folder>` and `<key>` are replaced. */
  readonly locks: readonly LockRule[];
  /**
   * What `<key>` stands for in the locks of an entry, where the client makes a name of its own for it; absent: the key itself.
   * `file` is where the entry lies, undefined for a keyring item.
   */
  lockName?(key: string, file: FilePath | undefined): string;
  /**
   * All entries of the texts of one row. Total: a text that is not in the store's form yields none of them and is named in
   * `odd`. Never throws.
   */
  read(row: Row, texts: readonly Text[]): { readonly entries: readonly Entry[]; readonly odd: readonly string[] };
  /** Which key the client will look under for this server; undefined when only the client can tell. */
  keyFor(row: Row, server: ServerRef): string | undefined;
  /**
   * The texts without the tokens of an entry, and without its registration when `whole`. Neighbours keep every byte. An
   * entry that is not there changes nothing.
   */
  clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[];
  /**
   * The texts with an entry put in (or put in place of the one with that key), all else untouched; fields of an old entry that
   * we do not know are kept. Absent: only the client writes here, and it or a person clears what it still reads; a stale copy
   * may be cleared by us.
   */
  put?(row: Row, texts: readonly Text[], key: string, entry: NewEntry): readonly Change[];
  /** Redirect addresses that a registration must name for the client to take an entry of ours up; absent: any. */
  redirectUris?(old: Entry | undefined): readonly string[];
  readonly signIn: {
    /** Signs in by itself and opens the browser. Absent: a person does it inside the client. */
    readonly command?: ClientCommand;
    /** One sentence for a person: "in Claude Code, type /mcp, choose <server>, then Authenticate". */
    readonly byHand: string;
    /** It revokes the old grant by itself before it asks for a new one. */
    readonly revokes: boolean;
    /** 'new': registers anew each time, so the old registration is left behind. 'kept': uses the one in the store. */
    readonly registration: 'new' | 'kept';
  };
  /** The client's own way to clear an entry, where we must not write; absent: a person does it (`byHand`). */
  readonly clearing: { readonly command?: ClientCommand; readonly byHand: string };
  /**
   * The client's own path to the server with what it keeps: exits by itself and opens no browser. `says` judges its output;
   * 'unknown' for what it does not know. Absent: the client offers none.
   */
  readonly connects?: ClientCommand & {
    readonly timeoutMs: Milliseconds;
    /** Lines for standard input (a protocol). */
    readonly input?: (server: ServerRef) => string;
    /** Standard input is to stay open until this text has come: the client gives up what it has not answered when it ends. */
    readonly inputUntil?: string;
    /** `output` is standard output, and standard error behind it. */
    says(output: string, server: ServerRef): 'yes' | 'no' | 'unknown';
  };
}

/** Where a text was found: what a change is written back to. */
export type Where =
  | { readonly kind: 'file'; readonly file: FilePath }
  | { readonly kind: 'item'; readonly service: string; readonly account: string };
