/** Reads one receipt from the journal. */
import type { Receipt } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';

export async function run(useCases: UseCases, rotation: string): Promise<Receipt> {
  const rotations = await useCases.rotations();
  return rotations.receipt(rotation);
}
