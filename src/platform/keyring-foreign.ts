/**
 * Names of the credentials that macOS and Windows keep, by the system's own programs, which print no secret when asked so.
 *
 * Written from the programs' documentation and sample outputs; not run on those systems yet.
 */
import type { KeyringItem } from '../ports/keyring.ts';

export interface Listing {
  readonly program: string;
  readonly args: readonly string[];
}

/** Attributes only: `-d` would ask for the secrets, with a prompt for each. */
export const macListing: Listing = { program: '/usr/bin/security', args: ['dump-keychain'] };

export const windowsListing: Listing = { program: 'cmdkey', args: ['/list'] };

/** Generic passwords of a service: blocks that begin with `keychain:`, attributes as `"acct"<blob>="name"`. */
export function readKeychain(text: string, service: string): readonly KeyringItem[] {
  const accounts = text.split(/^keychain: /m).flatMap((block) => {
    if (!/^class: "?genp"?$/m.test(block) || blob(block, 'svce') !== service) return [];
    const account = blob(block, 'acct');
    return account === undefined ? [] : [account];
  });
  return itemsOf(service, accounts);
}

/** `="text"`, or `=0x6E61C3AF  "na\303\257"` for what is not plain ASCII; `=<NULL>` for none. */
function blob(block: string, name: string): string | undefined {
  const value = new RegExp(`^\\s*"${name}"<blob>=(.*)$`, 'm').exec(block)?.[1];
  const hex = /^0x((?:[0-9A-F]{2})+)\b/i.exec(value ?? '')?.[1];
  if (hex !== undefined) return Buffer.from(hex, 'hex').toString('utf8');
  return /^"(.*)"$/.exec(value ?? '')?.[1];
}

/**
 * Targets of generic credentials. The words around them are in the language of the system, the targets are not. Who wrote one
 * shows in its form: `account.service` (the Rust library, ours too) or `service/account` (keytar).
 */
export function readCmdkey(text: string, service: string): readonly KeyringItem[] {
  const accounts = text.split(/\r?\n/).flatMap((line) => {
    const target = /\bLegacyGeneric:target=(.*\S)/.exec(line)?.[1] ?? '';
    if (target.endsWith(`.${service}`)) return [target.slice(0, -service.length - 1)];
    return target.startsWith(`${service}/`) ? [target.slice(service.length + 1)] : [];
  });
  return itemsOf(service, accounts);
}

/** Sorted, each once: an account may be kept twice, in another keychain or collection. */
export function itemsOf(service: string, accounts: readonly string[]): readonly KeyringItem[] {
  return [...new Set(accounts)].sort().map((account) => ({ service, account }));
}
