/**
 * Names of the credentials that macOS and Windows keep, by the system's own programs, which print no secret when asked so.
 *
 * Written from the programs' documentation and sample outputs; not run on those systems yet.
 */
import type { KeyringForm, KeyringItem } from '../ports/keyring.ts';

export interface Listing {
  readonly program: string;
  readonly args: readonly string[];
}

/** Attributes only: `-d` would ask for the secrets, with a prompt for each. */
export const macListing: Listing = { program: '/usr/bin/security', args: ['dump-keychain'] };

export const windowsListing: Listing = { program: 'cmdkey', args: ['/list'] };

/**
 * Generic passwords of a service, or internet passwords of a server: blocks that begin with `keychain:`, attributes as
 * `"acct"<blob>="name"`.
 */
export function readKeychain(text: string, service: string, form?: KeyringForm): readonly KeyringItem[] {
  const [kind, name] = form?.internet ? (['inet', 'srvr'] as const) : (['genp', 'svce'] as const);
  return itemsIn(
    text.split(/^keychain: /m).flatMap((block) => {
      const found = new RegExp(`^class: "?${kind}"?$`, 'm').test(block) ? blob(block, name) : undefined;
      const account = blob(block, 'acct');
      return found === undefined || account === undefined || !fits(service, found) ? [] : [{ service: found, account }];
    }),
  );
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
export function readCmdkey(text: string, service: string, form?: KeyringForm): readonly KeyringItem[] {
  if (form?.target !== undefined) return readTargets(text, service, form.target);
  const accounts = text.split(/\r?\n/).flatMap((line) => {
    const target = /\bLegacyGeneric:target=(.*\S)/.exec(line)?.[1] ?? '';
    if (target.endsWith(`.${service}`)) return [target.slice(0, -service.length - 1)];
    return target.startsWith(`${service}/`) ? [target.slice(service.length + 1)] : [];
  });
  return itemsOf(service, accounts);
}

/**
 * Targets of a form. The account is in the target, or two lines below, behind a word in the language of the system
 * (`Benutzer: name`).
 */
function readTargets(text: string, service: string, form: string): readonly KeyringItem[] {
  const literal = (part: string): string => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const named: Readonly<Record<string, string>> = {
    '<service>': `(?<service>${service.includes('*') ? '.+' : literal(service)})`,
    '<account>': '(?<account>.+)',
  };
  const pattern = new RegExp(
    `^${form
      .split(/(<service>|<account>)/)
      .map((part) => named[part] ?? literal(part))
      .join('')}$`,
    's',
  );
  const lines = text.split(/\r?\n/);
  return itemsIn(
    lines.flatMap((line, at) => {
      const found = pattern.exec(/\bLegacyGeneric:target=(.*\S)/.exec(line)?.[1] ?? '')?.groups;
      const account = found?.['account'] ?? /^\s*[^:]+: (.*\S)/.exec(lines[at + 2] ?? '')?.[1];
      const name = found?.['service'];
      return name === undefined || account === undefined || !fits(service, name) ? [] : [{ service: name, account }];
    }),
  );
}

/** Is it the service, or one of a pattern with a `*`? */
export function fits(service: string, name: string): boolean {
  const [before = '', after] = service.split('*');
  if (after === undefined) return name === service;
  return name.length >= service.length - 1 && name.startsWith(before) && name.endsWith(after);
}

/** Sorted, each once: an item may be kept twice, in another keychain or collection. */
export function itemsIn(items: readonly KeyringItem[]): readonly KeyringItem[] {
  const names = new Set(items.map(({ service, account }) => JSON.stringify([service, account])));
  return [...names].sort().map((name) => {
    const [service, account] = JSON.parse(name) as [string, string];
    return { service, account };
  });
}

export const itemsOf = (service: string, accounts: readonly string[]): readonly KeyringItem[] =>
  itemsIn(accounts.map((account) => ({ service, account })));
