/** Rewrites, and says what it is at. */
import type { Rewritten } from '../../../leaks/rewrite.ts';
import type { Terminal } from '../../../ports/terminal.ts';
import { withInterrupts } from '../../drive.ts';
import { progressLine } from '../../looking.ts';
import type { Repositories, RewriteInput } from '../repositories.ts';

export async function run(
  repositories: Repositories,
  terminal: Terminal,
  input: Omit<RewriteInput, 'onStep' | 'signal'>,
): Promise<Rewritten> {
  let step = 'searching';
  const end = progressLine(terminal, (seconds) => `${step}: ${seconds} s`);
  const onStep = (text: string): void => {
    step = text;
  };
  try {
    return await withInterrupts(terminal, { pause: end }, 'stopping; the repository is as it was', (signal) =>
      repositories.rewrite({ ...input, onStep, signal }),
    );
  } finally {
    end();
  }
}
