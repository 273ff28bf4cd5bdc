/** Finds one credential by its id, or by a start of the id that fits no other. */
import { Problem } from '../../base/problem.ts';
import type { Credential } from '../../inventory/inventory.ts';
import type { UseCases } from '../context.ts';

export async function run(useCases: UseCases, id: string, folders: readonly string[]): Promise<Credential> {
  const { credentials } = await useCases.inventory({ folders });
  const exact = credentials.find((credential) => credential.id === id);
  if (exact) return exact;
  const [found, ...others] = credentials.filter((credential) => id !== '' && credential.id.startsWith(id));
  if (found && others.length === 0) return found;
  throw new Problem('usage/unknown-credential', {
    what: found ? `${id} fits ${others.length + 1} credentials` : `there is no credential ${id}`,
    next: found
      ? [found, ...others]
          .map((each) => `mcp-rotate show ${each.id}`)
          .slice(0, 3)
          .join(' or ')
      : 'mcp-rotate status',
  });
}
