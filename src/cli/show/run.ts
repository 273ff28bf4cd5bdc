/** Finds one credential or grant by its id, or by a start of the id that fits no other. */
import { Problem } from '../../base/problem.ts';
import type { Credential } from '../../inventory/inventory.ts';
import type { Grant } from '../../oauth/oauth.ts';
import type { UseCases } from '../context.ts';

export type Shown = { readonly credential: Credential } | { readonly grant: Grant };

export async function run(useCases: UseCases, id: string, folders: readonly string[]): Promise<Shown> {
  const { inventory, grants } = await useCases.look({ folders });
  const all = [
    ...inventory.credentials.map((credential) => ({ id: credential.id, credential })),
    ...grants.grants.map((grant) => ({ id: grant.id, grant })),
  ];
  const exact = all.find((each) => each.id === id);
  if (exact) return exact;
  const [found, ...others] = all.filter((each) => id !== '' && each.id.startsWith(id));
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
