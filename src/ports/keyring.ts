/** The OS credential store. A locked store is 'locked', never 'absent'; where there is none it is 'unavailable'. */
import type { Secret } from '../base/secret.ts';

/**
 * How the system's store names an item that is not a plain one of service and account. Each part is for one system; a system
 * without one has plain items.
 */
export interface KeyringForm {
  /** Secret Service: the attributes that hold service and account, where they are not `service` and `username`. */
  readonly attributes?: readonly [service: string, account: string];
  /** macOS: an internet password, whose server is the service. */
  readonly internet?: true;
  /** Windows: the credential's target; `<service>` and `<account>` are replaced. Its text is UTF-8. */
  readonly target?: string;
}

export interface KeyringItem {
  readonly service: string;
  readonly account: string;
}

/** With a form, items of that form alone are meant; where it cannot be served all are 'unavailable', never 'absent'. */
export interface Keyring {
  /**
   * The items of a service (in a form: or of all that a pattern with one `*` fits) by name, no secret of any read, no prompt made. 'locked' when some may be there that cannot be
   * told; 'unavailable' where there is no such store, or none that can be listed.
   */
  list(service: string, form?: KeyringForm): Promise<readonly KeyringItem[] | 'locked' | 'unavailable'>;
  get(service: string, account: string, form?: KeyringForm): Promise<Secret | 'absent' | 'locked' | 'unavailable'>;
  /** An item that is there stays the same one, with a new text. Problems: store/locked, store/unavailable. */
  set(service: string, account: string, value: Secret, form?: KeyringForm): Promise<void>;
  /** Removing what is absent is no problem. Problems: store/locked, store/unavailable. */
  remove(service: string, account: string, form?: KeyringForm): Promise<void>;
}
