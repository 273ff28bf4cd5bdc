/** `guard ci`: looks at the commits of a range. Prints nothing. */
import type { Adapters } from '../../../inventory/adapters.ts';
import { repositoryHere } from '../../../leaks/guard-git.ts';
import { guardRange, type RangeGuarded } from '../../../leaks/guard-range.ts';
import type { FilePath } from '../../../ports/disk.ts';
import type { Ports } from '../../../ports/ports.ts';
import { knownNow } from '../known.ts';

export async function range(
  ports: Ports,
  adapters: () => Promise<Adapters>,
  program: FilePath | undefined,
  text: string,
  folder: FilePath | undefined,
): Promise<RangeGuarded> {
  const at = await repositoryHere(ports, folder);
  const { sought } = await knownNow(ports, adapters, program, at);
  return guardRange(ports, at, text, sought);
}
