/**
 * Addresses that a server on the net names to us: which of them may be asked at all.
 *
 * The one idea: a hostile MCP server must not make this machine talk to what only this machine can reach (its own ports, the
 * home or company network, a cloud's metadata service). So an address is looked at twice: here as text, and by the net port when
 * it connects, since a harmless name may lead anywhere. How near an address may be depends on where the MCP server itself is.
 * A name in a public domain that leads into a private network (split DNS) is refused as well, unless it is the MCP server's own:
 * we cannot tell it from an attack.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { HttpRequest } from '../ports/net.ts';

type Nearness = 'loopback' | 'private' | 'public';

/** Longer ones are no address of a person's server; some servers behind ours refuse half of it. */
const mostCharacters = 2048;

/** Whitespace and control characters, which URL parsers drop or move, and the backslash that they take for a slash. */
const odd = /[\s\\\p{Cc}\p{Cf}]/u;

/**
 * `text` as an address that may be asked: https, or plain http between loopback and loopback; no user name or password in it.
 *
 * `what`: what it is the address of, e.g. `token endpoint`. `from`: the MCP server's own address; undefined for an address that
 * a person or a config gave, which may be as near as it likes. Problem: oauth/unsafe-address.
 */
export function safeAddress(text: string, what: string, from: URL | undefined): URL {
  if (text.length > mostCharacters || odd.test(text) || !URL.canParse(text)) throw unsafe(what, 'is not a valid address');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unsafe(what, 'is neither https nor http');
  if (url.username !== '' || url.password !== '') throw unsafe(what, 'has a user name or password in it');
  const where = printable(url.host, 100);
  const near = nearness(url.hostname);
  const own = from === undefined ? near : nearness(from.hostname);
  if (url.protocol === 'http:' && near !== 'loopback') {
    throw unsafe(what, `(${where}) is plain http: what is sent there can be read and changed on the way`);
  }
  if (rank[near] < rank[own]) {
    const place = near === 'loopback' ? 'is on this machine' : 'is in a private network';
    throw unsafe(what, `(${where}) ${place}, and the MCP server that names it is not`);
  }
  return url;
}

const rank: Readonly<Record<Nearness, number>> = { loopback: 0, private: 1, public: 2 };

function unsafe(what: string, why: string): Problem {
  return new Problem('oauth/unsafe-address', {
    what: `the address of the ${what} ${why}`,
    state: 'nothing was sent there',
    next: 'look whether the address of the MCP server is right, and ask whoever runs it',
  });
}

/** What the net port must not connect to on behalf of this MCP server. */
export function neverFor(server: URL): HttpRequest['never'] {
  const near = nearness(server.hostname);
  if (near === 'loopback') return undefined;
  return near === 'private' ? ['loopback'] : ['loopback', 'private'];
}

/**
 * The MCP server as `resource` of RFC 8707 names it: scheme and host in lower case, no fragment, no slash after a bare origin,
 * the path as given (MCP 2025-06-18 and later, "Canonical Server URI").
 */
export function canonicalResource(url: string): string {
  const parsed = new URL(url);
  parsed.hash = '';
  parsed.username = '';
  parsed.password = '';
  // a lone `?` goes; and the slash that a bare origin has in `href`, which nobody meant
  if (parsed.search === '') parsed.search = '';
  return parsed.pathname === '/' && parsed.search === '' ? parsed.origin : parsed.href;
}

/** By name and literal address alone; where a name leads is seen when connecting. `hostname` as URL gives it. */
function nearness(hostname: string): Nearness {
  const name = hostname.replace(/\.$/, '');
  if (name.startsWith('[')) return nearnessOfIpv6(name.slice(1, -1));
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name);
  if (parts) return nearnessOfIpv4(Number(parts[1]), Number(parts[2]));
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  // names that no public DNS gives out: without a dot, or of the suffixes reserved or in use for home and company networks
  if (!name.includes('.') || /\.(local|internal|lan|home|corp|intranet|private|home\.arpa)$/.test(name)) return 'private';
  return 'public';
}

/** IANA's special-purpose ranges; URL has already turned octal, hexadecimal and short forms into four numbers. */
function nearnessOfIpv4(a: number, b: number): Nearness {
  // 0.0.0.0/8 is "this host": a connection to it arrives here
  if (a === 127 || a === 0) return 'loopback';
  const isPrivate =
    a === 10 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || b === 0)) ||
    (a === 198 && (b === 18 || b === 19)) ||
    a >= 224;
  return isPrivate ? 'private' : 'public';
}

/** `text` as URL gives it: lower case, compressed, an embedded IPv4 address in hexadecimal. */
function nearnessOfIpv6(text: string): Nearness {
  if (text === '::1' || text === '::') return 'loopback';
  // IPv4 in IPv6: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96)
  const embedded = /^(?:::ffff:|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (embedded) {
    const high = Number.parseInt(embedded[1] ?? '', 16);
    return nearnessOfIpv4(high >> 8, high & 255);
  }
  // global unicast is 2000::/3; everything else is unspecified, unique local, link-local, multicast or reserved
  const first = Number.parseInt(text.split(':')[0] || '0', 16);
  // 2002::/16 (6to4) embeds any IPv4 address, 2001:0::/32 (Teredo) too
  const tunnel = text.startsWith('2002:') || /^2001:0?:/.test(text);
  return first >= 0x2000 && first < 0x4000 && !tunnel ? 'public' : 'private';
}

/** A slash at the end is no difference: clients keep addresses with and without. */
export const sameAddress = (a: string, b: string): boolean => a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
