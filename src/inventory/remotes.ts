/**
 * The remote servers among the entries of the clients' configs: what a client signs in to.
 *
 * A stdio entry that runs mcp-remote is a remote server too: mcp-remote signs in, and keeps the tokens under its own name.
 * Pure.
 */
import type { ServerUse } from './inventory.ts';
import type { ResolvedServer } from './resolved.ts';

/** A client of its own in the table of token stores (src/stores). */
const proxy = 'mcp-remote';

export function remoteOf({ use, launch, slots }: ResolvedServer): ServerUse | undefined {
  const { client, server, scope, project } = use;
  const of = { scope, ...(project === undefined ? {} : { project }) };
  if (launch?.kind === 'remote') {
    return { client, server, url: launch.url, headers: launch.headers, transport: launch.transport, ...of };
  }
  if (launch) {
    const proxied = throughProxy(server, [launch.command, ...launch.args]);
    return proxied && { ...proxied, ...of };
  }
  const url = slots.find(({ where, dormant }) => where === 'url' && !dormant)?.value;
  return url === undefined ? undefined : { client, server, url, headers: {}, transport: 'http', unresolved: true, ...of };
}

/** `npx -y mcp-remote@latest https://… --header "Name: value" --transport sse-only` */
function throughProxy(server: string, words: readonly string[]): Omit<ServerUse, 'scope'> | undefined {
  const at = words.findIndex((word) =>
    /(?:^|[\\/])mcp-remote(?:@[\w.^~-]+)?$|[\\/]mcp-remote[\\/]dist[\\/]proxy\.js$/.test(word),
  );
  const args = at === -1 ? [] : words.slice(at + 1);
  const url = args.find((word) => /^https?:\/\//i.test(word));
  if (url === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const [index, word] of args.entries()) {
    const [, name, value] = word === '--header' ? (/^([^:]+):\s*(.*)$/s.exec(args[index + 1] ?? '') ?? []) : [];
    if (name !== undefined && value !== undefined) headers[name] = value;
  }
  const transport = args[args.indexOf('--transport') + 1]?.startsWith('sse') && args.includes('--transport') ? 'sse' : 'http';
  return { client: proxy, server, url, headers, transport };
}
