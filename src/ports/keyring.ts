/** The OS credential store. A locked store is 'locked', never 'absent'; where there is none it is 'unavailable'. */
import type { Secret } from '../base/secret.ts';

export interface KeyringItem {
  readonly service: string;
  readonly account: string;
}

export interface Keyring {
  /**
   * The items of a service by name, no secret of any read, no prompt made. 'locked' when some may be there that cannot be
   * told; 'unavailable' where there is no such store, or none that can be listed.
   */
  list(service: string): Promise<readonly KeyringItem[] | 'locked' | 'unavailable'>;
  get(service: string, account: string): Promise<Secret | 'absent' | 'locked' | 'unavailable'>;
  /** Problems: store/locked, store/unavailable. */
  set(service: string, account: string, value: Secret): Promise<void>;
  /** Removing what is absent is no problem. Problems: store/locked, store/unavailable. */
  remove(service: string, account: string): Promise<void>;
}
