/** `guard run`: looks at what is staged, and notes what was stopped or let pass. Prints nothing. */
import { Problem } from '../../../base/problem.ts';
import type { Adapters } from '../../../inventory/adapters.ts';
import { repositoryHere } from '../../../leaks/guard-git.ts';
import { note } from '../../../leaks/guard-log.ts';
import { guardStaged } from '../../../leaks/guard-staged.ts';
import type { FilePath } from '../../../ports/disk.ts';
import type { Ports } from '../../../ports/ports.ts';
import type { Staged } from '../guard.ts';
import { knownNow } from '../known.ts';

export async function staged(ports: Ports, adapters: () => Promise<Adapters>, program: FilePath | undefined): Promise<Staged> {
  const at = await repositoryHere(ports);
  const problems: Problem[] = [];
  const guarded = await guardStaged(ports, at, async () => {
    const known = await knownNow(ports, adapters, program, at);
    // References that lead nowhere are no files that may hold something.
    problems.push(...known.problems.filter(({ code }) => !code.startsWith('inventory/')));
    return known.sought;
  });
  try {
    await note(ports, at.workTree ?? at.gitDir, ports.clock.now(), guarded.findings);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problems.push(error);
  }
  return { ...guarded, problems };
}
