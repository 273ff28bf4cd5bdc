/** The guard over what is staged: each changed file as the index has it, against HEAD and, while merging, the other sides. */
import type { GitAt } from '../ports/git.ts';
import type { Ports } from '../ports/ports.ts';
import { allowlistPath, type Contents, type Guarded, guard, type SoughtSecrets } from './guard.ts';
import { type Blob, fewObjectsOf, mergedIn, stagedChanges } from './guard-git.ts';

type StagedPorts = Pick<Ports, 'git' | 'disk' | 'host' | 'searches' | 'random' | 'clock'>;

/** Problems: git/failed, git/absent. */
export async function guardStaged(ports: StagedPorts, at: GitAt, known: () => Promise<SoughtSecrets>): Promise<Guarded> {
  // The secrets are made ready while git is at work.
  const ready = known();
  ready.catch(() => {});
  const [changes, sides] = await Promise.all([stagedChanges(ports, at), mergedIn(ports, at)]);
  if (changes.length === 0) return { findings: [], faults: [], gaps: [], files: 0 };
  const allow = `:${allowlistPath}`;
  const [blobs, sought] = await Promise.all([fewObjectsOf(ports, at, [...changes.map(({ after }) => after), allow]), ready]);
  const text = blobs.get(allow);
  const contents: Contents = {
    after: async ({ after }) => blobs.get(after),
    before: async ({ before, path }) => {
      const names = [...before, ...sides.map((side) => `${side}:${path}`)];
      const found = await fewObjectsOf(ports, at, names);
      return [...found.values()].filter((blob): blob is Blob => typeof blob === 'object');
    },
  };
  return guard(ports, changes, contents, sought, typeof text === 'object' ? new TextDecoder().decode(text.bytes) : undefined);
}
