/** One search of the bench's repository in a process of its own, so that its memory is its own: prints what came of it as JSON. */
import { argv, resourceUsage, stdout } from 'node:process';
import { searchObjects } from '../../src/platform/search-objects.ts';
import { Needles } from '../../src/search/needles.ts';
import { benchSecrets } from './leak-search-repository.ts';

async function run(objects: string, what: string): Promise<void> {
  const searched = await searchObjects({
    known: new Needles(benchSecrets()),
    formats: what === 'formats',
    folders: [objects],
    hash: 'sha1',
    exhaustive: false,
  });
  const found = searched.matches.flatMap(({ object, of, partial }) =>
    'known' in of && partial !== true ? [[object, of.known] as const] : [],
  );
  const peakBytes = resourceUsage().maxRSS * 1024;
  stdout.write(
    JSON.stringify({ found, objects: searched.objects, bytes: searched.bytes, gaps: searched.gaps.length, peakBytes }),
  );
}

void run(argv[2] ?? '', argv[3] ?? 'known');
