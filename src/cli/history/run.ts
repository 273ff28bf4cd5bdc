/** The journal's rotations, newest first. */
import type { HistoryRow } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';

export async function run(useCases: UseCases): Promise<HistoryRow[]> {
  const rotations = await useCases.rotations();
  return [...(await rotations.history())].sort((a, b) => b.startedAt - a.startedAt);
}
