/** Asks the engine for the plan: a value, of which nothing is applied. */
import type { Plan, RotateOptions } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';

export async function run(useCases: UseCases, id: string, options: RotateOptions): Promise<Plan> {
  const rotations = await useCases.rotations();
  return rotations.plan(id, options);
}
