/**
 * Addresses that only a project names.
 *
 * A project is somebody else's text. Where every config that holds a key is a project's, the address to which the key is
 * sent is the project's too: a hostile one could take the person's own key from a shell profile by reference, and name
 * its own machine beside it. An address that stands in the same literal as the key (a DSN) is no such choice: who wrote
 * the one wrote the other. Neither is this machine itself.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Held, Provider } from '../providers/provider.ts';
import type { HeldBy } from './recognise.ts';

export interface ProjectHost {
  readonly host: string;
  /** Config of the project that names it. */
  readonly file: FilePath;
  /** It stands in one literal with the key. */
  readonly besideKey: boolean;
  /** The key would go there without encryption. */
  readonly plainHttp: boolean;
}

export const isProjects = (held: HeldBy): boolean => held.places.every(({ use }) => use.scope === 'project');

/** `held`: every copy of one credential; `context`: that with which the provider would be asked. */
export function projectHosts(
  provider: Provider | undefined,
  held: readonly HeldBy[],
  context: Held['context'],
): readonly ProjectHost[] {
  const hostsOf = provider?.hosts;
  if (!hostsOf || !held.every(isProjects)) return [];
  const away = [...new Set(hostsOf(context))].filter((host) => !isThisMachine(host));
  const plainHttp = Object.values(context).some(isPlainAway);
  return away.flatMap((host): ProjectHost[] => {
    const naming = held.filter((each) => hostsOf(each.held.context).includes(host));
    const named = naming.find((each) => each.besideKey(host)) ?? naming[0];
    const file = named?.places[0]?.use.configFile;
    return named && file !== undefined ? [{ host, file, besideKey: named.besideKey(host), plainHttp }] : [];
  });
}

/** An address over http that is not this machine's own. */
export function isPlainAway(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && !isThisMachine(hostname);
}

/** Also a socket in the file system. */
export function isThisMachine(host: string): boolean {
  return host.startsWith('/') || /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
