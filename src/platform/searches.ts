/**
 * The real Searches: objects of git's stores and files of folders, looked at on all cores, and bytes in hand.
 */
import type { Host } from '../ports/host.ts';
import type { Searches, Sought } from '../ports/searches.ts';
import { Kernel } from '../search/kernel.ts';
import { matchBytes, type SoughtBytes } from '../search/match.ts';
import { Needles } from '../search/needles.ts';
import { searchFiles } from './search-files.ts';
import { searchObjects } from './search-objects.ts';
import { createUnpack } from './unpack.ts';

export function createSearches(_host: Host): Searches {
  const unpack = createUnpack();
  return {
    objects: searchObjects,
    files: searchFiles,
    bytes: async (bytes, sought, name = '') => {
      const { matches, gaps } = matchBytes(bytes, soughtOf(sought), { unpack });
      return { matches, gaps: gaps.map((gap) => ({ ...gap, where: [name, gap.where].filter((one) => one !== '').join(' > ') })) };
    },
  };
}

const made = new WeakMap<Needles, { readonly kernel: Kernel; readonly needles: SoughtBytes['needles'] }>();

/** The kernel of a set of secrets is made once. */
function soughtOf({ known, formats }: Sought): SoughtBytes {
  let one = made.get(known);
  if (one === undefined) {
    const needles = Needles.listOf(known);
    one = { kernel: new Kernel(needles), needles };
    made.set(known, one);
  }
  return { ...one, formats };
}
