/** One search of the bench's repository in a process of its own, so that its memory is its own: prints what came of it as JSON. */
import { readFileSync } from 'node:fs';
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
  const peakBytes = peakKib() * 1024;
  stdout.write(
    JSON.stringify({ found, objects: searched.objects, bytes: searched.bytes, gaps: searched.gaps.length, peakBytes }),
  );
}

/** What `resourceUsage` says also holds the peak of the process that this one was made from, before it became this one. */
function peakKib(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return resourceUsage().maxRSS;
  }
}

void run(argv[2] ?? '', argv[3] ?? 'known');
