/** Issuing credentials as the commands see them: never with a secret in an answer. */
import type { Secret } from '../../base/secret.ts';

export interface IssuerRow {
  /** By which it is removed. */
  readonly id: string;
  readonly provider: string;
  /** `keyring`, or the tool that lends it. */
  readonly source: string;
  /** What it is for: host, account; nothing secret. */
  readonly context: Readonly<Record<string, string>>;
}

export interface Issuers {
  /** What a person pastes for a provider, and the tools it can be borrowed from. Problem: usage/wrong. */
  accepts(provider: string): Promise<{ readonly what: string; readonly borrow: readonly string[] }>;
  /** Problems: usage/wrong when the text is not such a credential, store/*. */
  add(provider: string, text: Secret): Promise<IssuerRow>;
  /** Allows a signed-in tool to lend its credential. */
  borrow(provider: string, tool: string): Promise<IssuerRow>;
  list(): Promise<readonly IssuerRow[]>;
  /** Problem: usage/wrong when there is none of that id. */
  remove(id: string): Promise<void>;
}
