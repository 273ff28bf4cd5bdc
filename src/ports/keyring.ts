/** The OS credential store. A locked store is 'locked', never 'absent'; where there is none it is 'unavailable'. */
import type { Secret } from '../base/secret.ts';

export interface Keyring {
  get(service: string, account: string): Promise<Secret | 'absent' | 'locked' | 'unavailable'>;
  /** Problems: store/locked, store/unavailable. */
  set(service: string, account: string, value: Secret): Promise<void>;
  /** Removing what is absent is no problem. Problems: store/locked, store/unavailable. */
  remove(service: string, account: string): Promise<void>;
}
