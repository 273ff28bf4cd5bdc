/** The inventory, sorted by urgency, with the exit status that follows from it. */
import type { Exit } from '../../base/problem.ts';
import type { Credential, Inventory } from '../../inventory/inventory.ts';
import type { UseCases } from '../context.ts';

export async function run(
  useCases: UseCases,
  folders: readonly string[],
  onProgress: (files: number) => void,
): Promise<{ readonly inventory: Inventory; readonly exit: Exit }> {
  const found = await useCases.inventory({ folders, onProgress });
  const inventory = { ...found, credentials: [...found.credentials].sort(byUrgency) };
  return { inventory, exit: exitFor(inventory) };
}

/** What is overdue is certain even when a file could not be read, so it comes first. */
export function exitFor({ credentials, problems }: Inventory): Exit {
  if (credentials.some(isOverdue)) return 'found';
  return problems[0]?.exit ?? 'done';
}

export function isOverdue({ findings }: Credential): boolean {
  return findings.some(({ code }) => code === 'overdue');
}

function byUrgency(a: Credential, b: Credential): number {
  const days = (credential: Credential): number => credential.dueInDays ?? Number.MAX_SAFE_INTEGER;
  return days(a) - days(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
