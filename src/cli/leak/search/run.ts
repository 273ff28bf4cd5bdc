/** Searches, shows how far it is, and says how it ended: 3 when something was found, 5 when not everything could be looked at. */
import type { Exit } from '../../../base/problem.ts';
import type { LeakSearch } from '../../../leaks/leaks.ts';
import type { SearchProgress } from '../../../ports/searches.ts';
import type { Terminal } from '../../../ports/terminal.ts';
import { withInterrupts } from '../../drive.ts';
import { progressLine } from '../../looking.ts';
import type { Repositories, SearchInput } from '../repositories.ts';

export async function run(
  repositories: Repositories,
  terminal: Terminal,
  input: Omit<SearchInput, 'onProgress' | 'signal'>,
): Promise<LeakSearch> {
  let latest: SearchProgress | undefined;
  const end = progressLine(terminal, (seconds) => words(latest, seconds));
  const onProgress = (progress: SearchProgress): void => {
    latest = progress;
  };
  try {
    return await withInterrupts(terminal, { pause: end }, 'stopping; nothing was changed', (signal) =>
      repositories.search({ ...input, onProgress, signal }),
    );
  } finally {
    end();
  }
}

export function exitOfSearch({ findings, notSearched }: LeakSearch): Exit {
  if (findings.length > 0) return 'found';
  return notSearched.length > 0 ? 'upstream' : 'done';
}

const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;

export function words(progress: SearchProgress | undefined, seconds: number): string {
  if (!progress) return `searching: ${seconds} s`;
  const { doneBytes, allBytes, objects, found } = progress;
  const so = `searching: ${mib(doneBytes)}${allBytes === undefined ? '' : ` of ${mib(allBytes)}`}, ${objects} objects, ${found} found`;
  if (allBytes === undefined || doneBytes <= 0) return `${so}, ${seconds} s`;
  return `${so}, ${Math.max(0, Math.ceil((seconds * (allBytes - doneBytes)) / doneBytes))} s left`;
}
