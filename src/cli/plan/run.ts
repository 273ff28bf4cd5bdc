/** Asks the engine for the plan: a value, of which nothing is applied. */
import { Problem } from '../../base/problem.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Plan, RotateOptions, Rotations } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';
import { whileWaiting } from '../looking.ts';

export async function run(useCases: UseCases, terminal: Terminal, id: string, options: RotateOptions): Promise<Plan> {
  return planned(await useCases.rotations(), terminal, id, options);
}

/** A provider that could not be asked says nothing of what a plan is: that nothing was changed, and where to look. */
export async function planned(rotations: Rotations, terminal: Terminal, id: string, options: RotateOptions): Promise<Plan> {
  try {
    return await whileWaiting(terminal, 'planning, asking the provider', () => rotations.plan(id, options));
  } catch (error) {
    if (!(error instanceof Problem) || !error.code.startsWith('provider/')) throw error;
    throw error.with({ state: error.state ?? 'nothing was changed', next: error.next ?? nextAfter(error, id) });
  }
}

function nextAfter({ code }: Problem, id: string): string {
  return code === 'provider/refused'
    ? `look at what was refused: mcp-rotate show ${id}, mcp-rotate issuer list`
    : `mcp-rotate plan ${id}, when the provider can be reached`;
}
