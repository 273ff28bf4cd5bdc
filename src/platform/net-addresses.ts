/**
 * What an IP address leads to: this machine, a network that is not the public one, or the Internet.
 *
 * IPv4 by the ranges of the IANA special-purpose registry; IPv6 by the one range that is public (2000::/3) less what is
 * reserved in it. An IPv6 address that stands for an IPv4 one (mapped, NAT64) is judged as that. Multicast and unassigned
 * ranges count as private: nothing public answers there.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

export type Reach = 'loopback' | 'private' | 'public';

const loopback = ranges([
  // 0.0.0.0/8 is "this host": a connection to it arrives here.
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
]);

const reserved = ranges([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

const publicSix = ranges([['2000::', 3]]);
const reservedSix = ranges([
  // protocol assignments (Teredo, ORCHID), documentation, 6to4, documentation
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function ranges(list: readonly (readonly [string, number])[]): BlockList {
  const block = new BlockList();
  for (const [address, bits] of list) block.addSubnet(address, bits, isIPv4(address) ? 'ipv4' : 'ipv6');
  return block;
}

/** Of an address in any notation that the system gives; a text that is none counts as loopback, the strictest. */
export function reachOf(text: string): Reach {
  const address = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  switch (isIP(address)) {
    case 4:
      if (loopback.check(address)) return 'loopback';
      return reserved.check(address) ? 'private' : 'public';
    case 6: {
      const groups = groupsOf(address);
      const inside = fourIn(groups);
      if (inside !== undefined) return reachOf(inside);
      // :: and ::1, and the old IPv4-compatible form
      if (groups.slice(0, 6).every((group) => group === 0)) return 'loopback';
      return publicSix.check(address, 'ipv6') && !reservedSix.check(address, 'ipv6') ? 'public' : 'private';
    }
    default:
      return 'loopback';
  }
}

/** The eight groups, by way of the one form that URLs give an address. */
function groupsOf(address: string): readonly number[] {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (half: string): number[] => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [numbers(left), numbers(right ?? '')];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** ::ffff:0:0/96 (mapped) and 64:ff9b::/96 (NAT64, RFC 6052). */
function fourIn(groups: readonly number[]): string | undefined {
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== '0:0:0:0:0:65535' && prefix !== `${0x64}:${0xff9b}:0:0:0:0`) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
