/** Consent, then the engine's own rolling back. Here 'rolled-back' is what was asked for. */
import { type Exit, Problem } from '../../base/problem.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Progress } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';
import { exitOfProgress, resumable, stopping, withInterrupts } from '../drive.ts';
import { createProgress } from '../progress.ts';
import { needsYes } from '../rotate/run.ts';

export async function run(useCases: UseCases, terminal: Terminal, rotation: string, yes: boolean): Promise<Progress> {
  if (!yes) {
    if (!terminal.ask) throw needsYes('undo');
    if (!(await terminal.ask.confirm(`Roll ${rotation} back?`))) {
      throw new Problem('rotation/interrupted', {
        what: 'not confirmed',
        state: 'nothing was changed',
        next: `mcp-rotate resume ${rotation}`,
      });
    }
  }
  const rotations = await useCases.rotations();
  const view = createProgress(terminal, useCases.clock);
  return withInterrupts(terminal, view, stopping, async (signal) => {
    try {
      return await rotations.undo(rotation, { signal, onEvent: view.onEvent });
    } catch (error) {
      throw resumable(error, rotation);
    } finally {
      view.end();
    }
  });
}

export function exitFor(progress: Progress): Exit {
  return progress.state === 'rolled-back' ? 'done' : exitOfProgress(progress);
}
